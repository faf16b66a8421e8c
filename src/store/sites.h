/*
 * Sites: what is served once a binding has chosen it.
 * The common functions: store/row.h. Text for find: id or name.
 */
#ifndef PL_STORE_SITES_H
#define PL_STORE_SITES_H

#include "store/store.h"

enum site_kind { SITE_STATIC, SITE_SERVICES };
const char *site_kind_text(enum site_kind kind); /* "static", "services" */

struct site_row {
    STORE_ROW_HEAD;
    enum site_kind kind;
    const char *name;         /* unique among live sites, letters in either case */
    const char *root_path;    /* absolute; "" for services */
    struct texts index_names; /* tried in a folder, in order */
};
struct site_rows {
    struct site_row **items;
    size_t count;
    char *next; /* for page.after; NULL: that was all */
};
void site_row_free(struct site_row *row);
PL_DEFINE_FREEP(site_row_freep, struct site_row, site_row_free)
void site_rows_clear(struct site_rows *rows);

bool store_site_insert(struct store *store, struct site_row *row, struct err *e) PL_MUST_USE;
bool store_site_get(struct store *store, const struct id *id, struct site_row **out_row,
                    struct err *e) PL_MUST_USE;
bool store_site_update(struct store *store, struct site_row *row, struct err *e) PL_MUST_USE;
bool store_site_delete(struct store *store, struct site_row *row, struct err *e) PL_MUST_USE;
bool store_site_find(struct store *store, const char *text, struct site_rows *out, struct err *e)
    PL_MUST_USE;
/* NULL when there is none. */
bool store_site_find_name(struct store *store, const char *name, struct site_row **out_row,
                          struct err *e) PL_MUST_USE;
/* By name. */
bool store_site_list(struct store *store, const struct page *page, struct site_rows *out,
                     struct err *e) PL_MUST_USE;

#endif
