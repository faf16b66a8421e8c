/*
 * The CA's own certificates and their revocation lists.
 * The common functions: store/row.h. Text for find: id or name.
 */
#ifndef PL_STORE_ISSUERS_H
#define PL_STORE_ISSUERS_H

#include "store/store.h"

enum issuer_kind { ISSUER_ROOT, ISSUER_ISSUING };
const char *issuer_kind_text(enum issuer_kind kind); /* "root", "issuing" */

struct issuer_row {
    STORE_ROW_HEAD;
    enum issuer_kind kind;
    const char *name; /* unique among live issuers, letters in either case */
    struct id key_id;
    struct id parent_id;      /* zero for a root */
    struct bytes certificate; /* DER */
    const char *subject;      /* RFC 4514 */
    uint8_t spki_sha256[32];
    const char *key_hash; /* in URLs: /ca/KEYHASH.crt; unique */
    const char *base_url; /* of AIA and CRL addresses, "" for none */
    int64_t not_before_ms;
    int64_t not_after_ms;
    unsigned crl_shard_count;     /* fixed for the issuer's life */
    int64_t crl_number;           /* last one given out; update leaves it alone */
    int64_t crl_lifetime_ms;      /* this update to next update */
    int64_t leaf_lifetime_max_ms; /* policy inside the key's own limit */
    int64_t backdate_ms;          /* not_before lies this much before now */
    bool is_active;               /* issues; one that does not still signs its CRLs */
};
struct issuer_rows {
    struct issuer_row **items;
    size_t count;
    char *next; /* for page.after; NULL: that was all */
};
void issuer_row_free(struct issuer_row *row);
PL_DEFINE_FREEP(issuer_row_freep, struct issuer_row, issuer_row_free)
void issuer_rows_clear(struct issuer_rows *rows);

bool store_issuer_insert(struct store *store, struct issuer_row *row, struct err *e) PL_MUST_USE;
bool store_issuer_get(struct store *store, const struct id *id, struct issuer_row **out_row,
                      struct err *e) PL_MUST_USE;
bool store_issuer_update(struct store *store, struct issuer_row *row, struct err *e) PL_MUST_USE;
bool store_issuer_delete(struct store *store, struct issuer_row *row, struct err *e) PL_MUST_USE;
bool store_issuer_find(struct store *store, const char *text, struct issuer_rows *out,
                       struct err *e) PL_MUST_USE;
bool store_issuer_find_key_hash(struct store *store, const char *key_hash,
                                struct issuer_row **out_row, struct err *e) PL_MUST_USE;
/* The newest active issuing CA; NULL when there is none. */
bool store_issuer_find_active(struct store *store, struct issuer_row **out_row, struct err *e)
    PL_MUST_USE;
/* By age. */
bool store_issuer_list(struct store *store, const struct page *page, struct issuer_rows *out,
                       struct err *e) PL_MUST_USE;
/*
 * The next CRL number, for one CRL. Inside an operation; the issuer's version stays. Fails
 * store.missing_row.
 */
bool store_issuer_next_crl_number(struct store *store, const struct id *issuer_id,
                                  int64_t *out_number, struct err *e) PL_MUST_USE;

/* The current CRL of one shard. */
struct crl_row {
    STORE_ROW_HEAD;
    struct id issuer_id;
    unsigned shard; /* 0 … crl_shard_count - 1 */
    int64_t number;
    int64_t this_update_ms;
    int64_t next_update_ms;
    struct bytes der;
};
struct crl_rows {
    struct crl_row **items;
    size_t count;
    char *next; /* for page.after; NULL: that was all */
};
void crl_row_free(struct crl_row *row);
PL_DEFINE_FREEP(crl_row_freep, struct crl_row, crl_row_free)
void crl_rows_clear(struct crl_rows *rows);

/*
 * Adds it, or puts it in the place of the shard's older one. Fails store.version when the one there
 * has a higher number.
 */
bool store_crl_put(struct store *store, struct crl_row *row, struct err *e) PL_MUST_USE;
/* NULL when there is none yet. */
bool store_crl_find(struct store *store, const struct id *issuer_id, unsigned shard,
                    struct crl_row **out_row, struct err *e) PL_MUST_USE;
/* By next update: those that are due come first. */
bool store_crl_list(struct store *store, const struct page *page, struct crl_rows *out,
                    struct err *e) PL_MUST_USE;

#endif
