/*
 * Installed certificates: what can be bound and served.
 * The common functions: store/row.h. Text for find: id, friendly name, fingerprint (SHA-256,
 * hexadecimal), or exact name.
 */
#ifndef PL_STORE_CERTS_H
#define PL_STORE_CERTS_H

#include "store/store.h"

struct cert_row {
    STORE_ROW_HEAD;
    const char *friendly_name;
    struct id key_id;     /* zero: no private key here */
    struct id request_id; /* zero: imported */
    struct bytes der;
    uint8_t sha256[32]; /* of der; unique among live certificates */
    uint8_t spki_sha256[32];
    const char *subject; /* RFC 4514 */
    const char *issuer;
    const char *serial; /* hexadecimal */
    struct texts names; /* subject alternative names, lower case, one line each */
    int64_t not_before_ms;
    int64_t not_after_ms;
    const char *key_spec; /* "ec:p256" */
    bool is_ca;
};
struct cert_rows {
    struct cert_row **items;
    size_t count;
    char *next; /* for page.after; NULL: that was all */
};
void cert_row_free(struct cert_row *row);
PL_DEFINE_FREEP(cert_row_freep, struct cert_row, cert_row_free)
void cert_rows_clear(struct cert_rows *rows);

bool store_cert_insert(struct store *store, struct cert_row *row, struct err *e) PL_MUST_USE;
bool store_cert_get(struct store *store, const struct id *id, struct cert_row **out_row,
                    struct err *e) PL_MUST_USE;
bool store_cert_update(struct store *store, struct cert_row *row, struct err *e) PL_MUST_USE;
bool store_cert_delete(struct store *store, struct cert_row *row, struct err *e) PL_MUST_USE;
bool store_cert_find(struct store *store, const char *text, struct cert_rows *out, struct err *e)
    PL_MUST_USE;
/* NULL when no live certificate has this fingerprint. */
bool store_cert_find_sha256(struct store *store, const uint8_t sha256[32],
                            struct cert_row **out_row, struct err *e) PL_MUST_USE;

enum cert_sort { CERT_SORT_EXPIRY, CERT_SORT_NAME /* friendly name */, CERT_SORT_AGE };
enum cert_want { CERT_ANY, CERT_WITH, CERT_WITHOUT };

struct cert_filter {
    const char *name;   /* exactly this subject alternative name, lower case */
    const char *domain; /* this name or any below it */
    const char *friendly_name_prefix;
    const char *issuer;         /* exactly this text */
    const uint8_t *spki_sha256; /* 32 bytes */
    int64_t expires_before_ms;  /* 0: any; not_after_ms < this */
    int64_t expires_from_ms;    /* 0: any; not_after_ms >= this */
    enum cert_want key;         /* has its private key here */
    enum cert_want binding;     /* is bound */
};
/*
 * Filters are joined by AND; NULL, 0 or CERT_ANY leaves one out; name and domain are not given
 * together. Any page is read along an index: name, domain and spki_sha256 with each sort, issuer
 * and expiry by expiry, the friendly name's prefix by name; others are tested along the way.
 */
bool store_cert_list(struct store *store, const struct cert_filter *filter, enum cert_sort sort,
                     const struct page *page, struct cert_rows *out, struct err *e) PL_MUST_USE;

#endif
