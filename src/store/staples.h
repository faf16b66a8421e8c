/*
 * OCSP responses that are stapled to installed certificates, one for each.
 * The common functions: store/row.h.
 */
#ifndef PL_STORE_STAPLES_H
#define PL_STORE_STAPLES_H

#include "store/store.h"

struct staple_row {
    STORE_ROW_HEAD;
    struct id cert_id; /* unique among live staples */
    struct bytes der;
    int64_t this_update_ms;
    int64_t next_update_ms;
};
struct staple_rows {
    struct staple_row **items;
    size_t count;
    char *next; /* for page.after; NULL: that was all */
};
void staple_row_free(struct staple_row *row);
PL_DEFINE_FREEP(staple_row_freep, struct staple_row, staple_row_free)
void staple_rows_clear(struct staple_rows *rows);

bool store_staple_insert(struct store *store, struct staple_row *row, struct err *e) PL_MUST_USE;
bool store_staple_get(struct store *store, const struct id *id, struct staple_row **out_row,
                      struct err *e) PL_MUST_USE;
bool store_staple_update(struct store *store, struct staple_row *row, struct err *e) PL_MUST_USE;
bool store_staple_delete(struct store *store, struct staple_row *row, struct err *e) PL_MUST_USE;
/* The live one of a certificate; NULL when there is none. */
bool store_staple_find_cert(struct store *store, const struct id *cert_id,
                            struct staple_row **out_row, struct err *e) PL_MUST_USE;
/* By their end: those that are to be renewed come first. */
bool store_staple_list(struct store *store, const struct page *page, struct staple_rows *out,
                       struct err *e) PL_MUST_USE;

#endif
