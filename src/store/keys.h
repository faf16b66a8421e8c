/*
 * Private keys as the store keeps them: sealed blobs, and what is authenticated with them.
 *
 * A key's row never changes; what keys/ seals is the truth, the columns are for looking up.
 * The common functions: store/row.h.
 */
#ifndef PL_STORE_KEYS_H
#define PL_STORE_KEYS_H

#include "store/store.h"

struct key_row {
    STORE_ROW_HEAD;
    int purpose;          /* enum key_purpose of keys/keys.h */
    const char *provider; /* "software" */
    bool is_exportable;
    const char *spec;        /* "ec:p256" */
    uint8_t spki_sha256[32]; /* unique among live keys */
    bool may_sign_ca;        /* this and the next three: limits of CA keys */
    unsigned path_length_max;
    int64_t lifetime_max_ms;
    bool may_sign_crl;
    uint8_t sealing_key_id[16];
    unsigned blob_format; /* 1 */
    struct bytes blob;    /* never in change images; empty once retention removed it */
};
struct key_rows {
    struct key_row **items;
    size_t count;
    char *next; /* for page.after; NULL: that was all */
};
void key_row_free(struct key_row *row);
PL_DEFINE_FREEP(key_row_freep, struct key_row, key_row_free)
void key_rows_clear(struct key_rows *rows);

bool store_key_insert(struct store *store, struct key_row *row, struct err *e) PL_MUST_USE;
bool store_key_get(struct store *store, const struct id *id, struct key_row **out_row,
                   struct err *e) PL_MUST_USE;
bool store_key_delete(struct store *store, struct key_row *row, struct err *e) PL_MUST_USE;
/* The live key with this public key; NULL when there is none. */
bool store_key_find_spki(struct store *store, const uint8_t spki_sha256[32],
                         struct key_row **out_row, struct err *e) PL_MUST_USE;

struct key_filter {
    int purpose; /* 0: any */
};
/* By age. */
bool store_key_list(struct store *store, const struct key_filter *filter, const struct page *page,
                    struct key_rows *out, struct err *e) PL_MUST_USE;

#endif
