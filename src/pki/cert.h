/*
 * One X.509 certificate, read once, with what everyone asks of it.
 * Source: RFC 5280 §4.
 */
#ifndef PL_PKI_CERT_H
#define PL_PKI_CERT_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"
#include "pki/key.h"
#include "pki/name.h"

enum {
    CERT_DER_MAX = 256 * 1024,
    CERT_SERIAL_TEXT = 2 * 20 + 1,
    CERT_KEY_ID_MAX = 64,
    CERT_FINGERPRINT_TEXT = 3 * 32
};

/* len 0: there is none (or it is longer than any that CAs write). */
struct cert_key_id {
    uint8_t bytes[CERT_KEY_ID_MAX];
    size_t len;
};

/* From an OCTET STRING; NULL is none. out_id is zeroed before. */
void cert_key_id_read(struct cert_key_id *out_id, const ASN1_OCTET_STRING *id);

/* Whether a certificate's signature is that key's, as found out when it was last asked for. */
struct cert_signer {
    uint8_t spki_sha256[32];
    bool is_known;
    bool is_right;
};

struct cert {
    unsigned references; /* counted without locks: a certificate stays with one thread */
    X509 *x509;
    uint8_t *der;
    size_t der_len;
    uint8_t sha256[32]; /* fingerprint of the DER */
    uint8_t spki_sha256[32];
    struct dn subject;
    struct dn issuer;
    char *subject_text; /* RFC 4514 */
    char *issuer_text;
    struct san_list sans;
    char serial[CERT_SERIAL_TEXT]; /* hexadecimal, lower case; longer ones cut */
    int64_t not_before_ms;
    int64_t not_after_ms;     /* inclusive, to the second */
    struct key_spec key_spec; /* KEY_OTHER also for keys that OpenSSL cannot read */
    struct cert_key_id subject_key_id;
    struct cert_key_id authority_key_id;
    char signature_algorithm[48]; /* "ecdsa-with-SHA256", "sha256WithRSAEncryption"; dotted when
                                     unknown */
    bool is_ca;                   /* basicConstraints CA:TRUE */
    bool is_self_issued;          /* subject equals issuer */
    bool is_self_signed;          /* and its own key verifies it */
    struct cert_signer *signer;   /* owned; a signature is not checked twice with one key */
};

/*
 * Read one DER certificate.
 *
 * der       borrowed for the call; 1..CERT_DER_MAX bytes
 * out_cert  caller owns, cert_free()
 * Fails     pki.cert.malformed, pki.cert.trailing, base.limit, base.oom
 * Not done  no signature (but for is_self_signed), validity or name check: see pki/verify.h
 */
bool cert_from_der(const uint8_t *der, size_t der_len, struct cert **out_cert, struct err *e)
    PL_MUST_USE;
/* From an X509; a reference is taken. */
bool cert_from_x509(X509 *x509, struct cert **out_cert, struct err *e) PL_MUST_USE;
struct cert *cert_ref(struct cert *cert);
void cert_free(struct cert *cert); /* drops a reference */
PL_DEFINE_FREEP(cert_freep, struct cert, cert_free)

bool cert_equal(const struct cert *a, const struct cert *b);
/*
 * The common name, or the first alternative name, or the whole subject: what a list shows.
 * Borrowed.
 */
const char *cert_display_name(const struct cert *cert);
/* The issuer's common name, or organisation, or whole name. Borrowed. */
const char *cert_issuer_display_name(const struct cert *cert);
/* True when issuer's key verifies cert's signature and the names chain; not whether issuer may. */
bool cert_is_issued_by(const struct cert *cert, const struct cert *issuer);
/*
 * Host names and addresses by RFC 9525: alternative names only, never the common name; a wildcard
 * is the whole leftmost label and stands for one label above at least two; addresses are compared
 * exactly; IDN may be typed either way; a dot at the end of host is ignored. A wildcard as host is
 * covered by the same wildcard only.
 */
bool cert_covers_host(const struct cert *cert, const char *host);
/* Appends "-----BEGIN CERTIFICATE-----…". */
bool cert_append_pem(const struct cert *cert, struct buf *out, struct err *e) PL_MUST_USE;
/* Appends the text form of "openssl x509 -text", escaped for a terminal line by line. */
bool cert_append_text(const struct cert *cert, struct buf *out, struct err *e) PL_MUST_USE;
/* "AB:CD:…" of a SHA-256. */
void cert_format_fingerprint(const uint8_t sha256[32], char out[CERT_FINGERPRINT_TEXT]);

/* Certificates in order; owns a reference to each. Clear works on a zeroed struct. */
struct cert_list {
    struct cert **items;
    size_t count;
    size_t capacity;
};
enum { CERT_LIST_MAX = 10000 };
void cert_list_clear(struct cert_list *list);
/* Each takes a reference of its own and fails base.oom, base.limit. */
bool cert_list_add(struct cert_list *list, struct cert *cert, struct err *e) PL_MUST_USE;
/* Before the entry at index (≤ count). */
bool cert_list_insert(struct cert_list *list, size_t index, struct cert *cert, struct err *e)
    PL_MUST_USE;
/* Unless an equal one is there. */
bool cert_list_add_new(struct cert_list *list, struct cert *cert, struct err *e) PL_MUST_USE;
/* All of more, duplicates too; on failure some may have been added. */
bool cert_list_append(struct cert_list *list, const struct cert_list *more, struct err *e)
    PL_MUST_USE;
bool cert_list_has(const struct cert_list *list, const struct cert *cert);

#endif
