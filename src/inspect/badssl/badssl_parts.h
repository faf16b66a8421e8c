/* Private to inspect/badssl/: the authorities, what a certificate is made by, and the set itself.
 */
#ifndef PL_INSPECT_BADSSL_BADSSL_PARTS_H
#define PL_INSPECT_BADSSL_BADSSL_PARTS_H

#include "inspect/badssl/badssl.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

enum badssl_authority {
    BADSSL_SELF, /* the certificate's own key */
    BADSSL_ROOT,
    BADSSL_ISSUING,
    BADSSL_RSA_ISSUING,
    BADSSL_OTHER_ROOT,
    BADSSL_OTHER_ISSUING,
    BADSSL_OLD_ISSUING,
    BADSSL_BOUND,
    BADSSL_SHORT,
    BADSSL_BELOW_SHORT,
    BADSSL_SERVER_AS_CA,
    BADSSL_MUTE,
    BADSSL_AUTHORITY_COUNT
};

/* Everything left out has a sound default. */
struct badssl_wish {
    const char *subject; /* common name */
    enum badssl_authority issuer;
    const char *key_type; /* "RSA-1024"; P-256 */
    const char *digest;   /* "SHA1"; SHA-256 */
    int start_days;       /* from now; default: yesterday */
    int end_days;         /* default: in 90 days */
    bool is_ca;
    const char *basic; /* basic constraints, as OpenSSL writes extensions; so are the next ones */
    const char *key_usage;
    const char *extended_usage;
    const char *names; /* "" leaves them out; NULL: the host's two */
    const char *constraints;
    const char *feature;
    bool has_critical; /* an extension that nobody knows */
    bool has_issuer_address;
    bool has_revocation_addresses;
};

struct badssl_pair {
    X509 *x509;
    EVP_PKEY *key;
};
void badssl_pair_clear(struct badssl_pair *pair);

/* issuer: NULL for BADSSL_SELF. out_pair is cleared by the caller, also on failure. Fails base.oom
 */
bool badssl_make(const struct badssl_wish *wish, const struct badssl_pair *issuer, uint16_t port,
                 int64_t now_ms, struct badssl_pair *out_pair, struct err *e) PL_MUST_USE;

enum { BADSSL_CHAIN_MAX = 3 };

struct badssl_row {
    struct badssl_host host;
    struct badssl_wish wish;
    enum badssl_authority chain[BADSSL_CHAIN_MAX]; /* as presented; ends with BADSSL_SELF */
    bool is_revoked;
    bool has_staple;
};
extern const struct badssl_row badssl_rows[];
extern const size_t badssl_row_count;
extern const struct badssl_wish badssl_authorities[BADSSL_AUTHORITY_COUNT];

enum { BADSSL_ROWS_MAX = 40 };

struct badssl {
    uint16_t port;
    int64_t now_ms;
    struct badssl_pair authorities[BADSSL_AUTHORITY_COUNT];
    struct badssl_pair hosts[BADSSL_ROWS_MAX];
    SSL_CTX *contexts[BADSSL_ROWS_MAX];
    SSL_CTX *context;
};

/* The row of "expired.localhost"; 0, which is "good", for every other name. */
size_t badssl_find(const char *host);

/* Appends the DER of an OCSP response: about the requested certificates, or about one host's (of
 * which request is NULL). Fails base.oom. */
bool badssl_append_ocsp(const struct badssl *lab, const uint8_t *request, size_t request_len,
                        size_t row, struct buf *out, struct err *e) PL_MUST_USE;
/* The issuing authority's list. Fails base.oom. */
bool badssl_append_crl(const struct badssl *lab, struct buf *out, struct err *e) PL_MUST_USE;

#endif
