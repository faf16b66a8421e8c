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

enum { CERT_DER_MAX = 256 * 1024, CERT_SERIAL_TEXT = 2 * 20 + 1, CERT_KEY_ID_MAX = 64 };

struct cert {
    unsigned references;
    X509 *x509;
    uint8_t *der;
    size_t der_len;
    uint8_t sha256[32];       /* fingerprint of the DER */
    uint8_t spki_sha256[32];
    struct dn subject;
    struct dn issuer;
    char *subject_text;       /* RFC 4514 */
    char *issuer_text;
    struct san_list sans;
    char serial[CERT_SERIAL_TEXT]; /* hexadecimal, lower case; longer ones cut */
    int64_t not_before_ms;
    int64_t not_after_ms;     /* inclusive, to the second */
    struct key_spec key_spec;
    char signature_algorithm[48]; /* "ecdsa-with-SHA256" */
    bool is_ca;
    bool is_self_issued;      /* subject equals issuer */
    bool is_self_signed;      /* and its own key verifies it */
};

/*
 * Read one DER certificate.
 *
 * der       borrowed for the call; 1..CERT_DER_MAX bytes
 * out_cert  caller owns, cert_free()
 * Fails     pki.cert.malformed, pki.cert.trailing, base.limit, base.oom
 * Not done  no signature (but for is_self_signed), validity or name check: see pki/verify.h
 */
bool cert_from_der(const uint8_t *der, size_t der_len, struct cert **out_cert, struct err *e) PL_MUST_USE;
/* From an X509; a reference is taken. */
bool cert_from_x509(X509 *x509, struct cert **out_cert, struct err *e) PL_MUST_USE;
struct cert *cert_ref(struct cert *cert);
void cert_free(struct cert *cert); /* drops a reference */
PL_DEFINE_FREEP(cert_freep, struct cert, cert_free)

bool cert_equal(const struct cert *a, const struct cert *b);
/* "Padlock Issuing CA" / "www.example.com" / the whole name: what a list shows. Borrowed. */
const char *cert_display_name(const struct cert *cert);
/* The issuer's common name, or organisation, or whole name. Borrowed. */
const char *cert_issuer_display_name(const struct cert *cert);
/* True when issuer's key verifies cert's signature and the names chain. */
bool cert_is_issued_by(const struct cert *cert, const struct cert *issuer);
/* Host names and addresses by RFC 9525 (SAN only, wildcard = whole leftmost label, IP exact, IDN typed either way). */
bool cert_covers_host(const struct cert *cert, const char *host);
/* Appends "-----BEGIN CERTIFICATE-----…". */
bool cert_append_pem(const struct cert *cert, struct buf *out, struct err *e) PL_MUST_USE;
/* Appends the text form of "openssl x509 -text", escaped for a terminal line by line. */
bool cert_append_text(const struct cert *cert, struct buf *out, struct err *e) PL_MUST_USE;
/* "AB:CD:…" of SHA-256 (96 bytes) . */
void cert_format_fingerprint(const uint8_t sha256[32], char out[96]);

/* Certificates in order; owns a reference to each. Clear works on a zeroed struct. */
struct cert_list {
    struct cert **items;
    size_t count;
    size_t capacity;
};
enum { CERT_LIST_MAX = 10000 };
void cert_list_clear(struct cert_list *list);
/* Takes a reference of its own. Fails base.oom, base.limit. */
bool cert_list_add(struct cert_list *list, struct cert *cert, struct err *e) PL_MUST_USE;
bool cert_list_has(const struct cert_list *list, const struct cert *cert);

#endif
