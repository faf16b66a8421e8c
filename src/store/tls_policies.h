/*
 * TLS policies of one's own; the built-in ones have no rows.
 * The common functions: store/row.h. Text for find: name.
 */
#ifndef PL_STORE_TLS_POLICIES_H
#define PL_STORE_TLS_POLICIES_H

#include "store/store.h"

struct tls_policy_row {
    STORE_ROW_HEAD;
    const char *name; /* unique among live policies, letters in either case; never changed */
    const char *about;
    int version_min; /* as on the wire: 0x0301 … 0x0304 */
    int version_max;
    struct texts suite_names; /* IANA's, in order of preference */
    struct texts group_names;
    struct texts scheme_names;
};
struct tls_policy_rows {
    struct tls_policy_row **items;
    size_t count;
    char *next; /* for page.after; NULL: that was all */
};
void tls_policy_row_free(struct tls_policy_row *row);
PL_DEFINE_FREEP(tls_policy_row_freep, struct tls_policy_row, tls_policy_row_free)
void tls_policy_rows_clear(struct tls_policy_rows *rows);

bool store_tls_policy_insert(struct store *store, struct tls_policy_row *row, struct err *e)
    PL_MUST_USE;
bool store_tls_policy_get(struct store *store, const struct id *id, struct tls_policy_row **out_row,
                          struct err *e) PL_MUST_USE;
bool store_tls_policy_update(struct store *store, struct tls_policy_row *row, struct err *e)
    PL_MUST_USE;
bool store_tls_policy_delete(struct store *store, struct tls_policy_row *row, struct err *e)
    PL_MUST_USE;
/* NULL when there is none. */
bool store_tls_policy_find_name(struct store *store, const char *name,
                                struct tls_policy_row **out_row, struct err *e) PL_MUST_USE;
/* By name. */
bool store_tls_policy_list(struct store *store, const struct page *page,
                           struct tls_policy_rows *out, struct err *e) PL_MUST_USE;

#endif
