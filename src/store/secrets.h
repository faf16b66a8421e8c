/*
 * Secrets that are not keys (session ticket keys, passwords for other systems), sealed by keys/
 * with (table, id, column) authenticated. The common functions: store/row.h.
 */
#ifndef PL_STORE_SECRETS_H
#define PL_STORE_SECRETS_H

#include "store/store.h"

struct secret_row {
    STORE_ROW_HEAD;        /* choose id before sealing: it is authenticated */
    const char *kind;      /* "ticket-key" */
    const char *name;      /* unique among live secrets of the kind */
    int64_t not_before_ms; /* 0: always */
    int64_t not_after_ms;  /* 0: for ever */
    uint8_t sealing_key_id[16];
    struct bytes blob; /* never in change images */
};
struct secret_rows {
    struct secret_row **items;
    size_t count;
    char *next; /* for page.after; NULL: that was all */
};
void secret_row_free(struct secret_row *row);
PL_DEFINE_FREEP(secret_row_freep, struct secret_row, secret_row_free)
void secret_rows_clear(struct secret_rows *rows);

bool store_secret_insert(struct store *store, struct secret_row *row, struct err *e) PL_MUST_USE;
bool store_secret_get(struct store *store, const struct id *id, struct secret_row **out_row,
                      struct err *e) PL_MUST_USE;
bool store_secret_delete(struct store *store, struct secret_row *row, struct err *e) PL_MUST_USE;
/* NULL when there is none. */
bool store_secret_find(struct store *store, const char *kind, const char *name,
                       struct secret_row **out_row, struct err *e) PL_MUST_USE;
/* All of the kind, by age. */
bool store_secret_list(struct store *store, const char *kind, const struct page *page,
                       struct secret_rows *out, struct err *e) PL_MUST_USE;

#endif
