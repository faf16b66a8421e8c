/*
 * The key detective's eyes: what any file is, and the objects in it.
 *
 * Nothing is trusted and nothing is refused: garbage is described as garbage, and a
 * certificate that cannot be decoded among good ones costs only itself. Of a plain private key its
 * public half alone is kept. What needs a password is recognised, not opened: see keys/unpack.h.
 *
 * Put up with: UTF-8 with and without byte order mark, UTF-16, CRLF, text around the armour, base64
 * without armour, PKCS #7 under the label CERTIFICATE.
 */
#ifndef PL_PKI_DETECT_H
#define PL_PKI_DETECT_H

#include "codec/pem.h"
#include "codec/sniff.h"
#include "pki/cert.h"
#include "pki/chain.h"
#include "pki/crl.h"
#include "pki/request.h"

enum { DETECT_INPUT_MAX = 4 * 1024 * 1024, DETECT_ITEMS_MAX = 1000, DETECT_DETAIL_SIZE = 128 };

enum key_format {
    KEY_FORMAT_NONE,  /* no private key */
    KEY_FORMAT_PKCS8, /* RFC 5208, plain or encrypted */
    KEY_FORMAT_PKCS1, /* RFC 8017: "RSA PRIVATE KEY" */
    KEY_FORMAT_SEC1,  /* RFC 5915: "EC PRIVATE KEY" */
    KEY_FORMAT_DSA,   /* OpenSSL's own */
    KEY_FORMAT_OPENSSH,
};

struct detected_item {
    enum sniff_kind kind;
    char label[PEM_LABEL_MAX + 1]; /* of its PEM block; "" when it was not armoured */
    size_t line;                   /* of its PEM block, from 1; 0 when it was not armoured */
    char *friendly_name;           /* of the PEM block's Bag Attributes; NULL when there is none */
    bool is_from_bundle;           /* a certificate out of a .p7b */
    struct cert *cert;             /* NULL unless it is one that can be read; so are the next two */
    struct csr *csr;
    struct crl *crl;
    EVP_PKEY *public_key;       /* of a public or plain private key; NULL otherwise */
    enum key_format key_format; /* of a private key */
    bool has_spki;              /* spki_sha256 and key_spec are known */
    uint8_t spki_sha256[KEY_SPKI_SHA256_LEN];
    struct key_spec key_spec;
    bool needs_password;
    char detail[DETECT_DETAIL_SIZE]; /* "PKCS #8", "MAC SHA-256, 2048 iterations"; "" when nothing
                                        is to say */
    char problem[ERR_TEXT_MAX];      /* why it cannot be read further; "" when it can */
};

/* Clear works on a zeroed struct. */
struct detected {
    struct detected_item *items; /* owned, in the order of the file; at least one */
    size_t count;
    size_t capacity;
    bool was_armoured; /* PEM */
    bool was_bare_base64;
    bool was_utf16;
    bool has_other_text;            /* visible text around the PEM blocks */
    struct cert_list certs;         /* of all items */
    struct chain_sorting sorting;   /* of certs, from the one that a key in the file belongs to */
    char description[ERR_TEXT_MAX]; /* one sentence for people, lower case, no full stop */
};
void detected_clear(struct detected *detected);

/*
 * Looks at a file's bytes. Texts in the result may hold bytes from the file: whoever prints them
 * escapes them.
 *
 * bytes         borrowed; 0..DETECT_INPUT_MAX
 * at_ms         for choosing among certificates, see chain_build()
 * out_detected  caller owns, detected_clear()
 * Fails         base.limit (also above DETECT_ITEMS_MAX), base.oom
 */
bool detect(const void *bytes, size_t len, int64_t at_ms, struct detected *out_detected,
            struct err *e) PL_MUST_USE;

/* The first item of that kind, borrowed; NULL when there is none. */
const struct detected_item *detected_find(const struct detected *detected, enum sniff_kind kind);

#endif
