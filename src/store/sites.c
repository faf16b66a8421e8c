/* Sites. */
#include "store/sites.h"

#include "base/str.h"
#include "store/aggregate.h"

enum { SITE_NAME_MAX = 255 };

static const char *const kind_words[] = {"static", "services"};

const char *site_kind_text(enum site_kind kind) {
    return kind_words[kind];
}

static const struct column columns[] = {
    HEAD_COLUMNS(site_row),
    COLUMN_OF_WORDS(site_row, kind, kind_words),
    COLUMN(site_row, name, COLUMN_TEXT),
    COLUMN(site_row, root_path, COLUMN_TEXT),
    COLUMN(site_row, index_names, COLUMN_TEXTS),
};

const struct table sites_table = {
    .name = "sites",
    .noun = "site",
    .taken = "a site of this name is already there",
    .columns = columns,
    .column_count = PL_ARRAY_LEN(columns),
    .row_size = sizeof(struct site_row),
};

DEFINE_ROWS(site, sites_table)
DEFINE_GET(site, sites_table)
DEFINE_WRITE(site, insert, sites_table)
DEFINE_WRITE(site, update, sites_table)
DEFINE_WRITE(site, delete, sites_table)

bool store_site_find_name(struct store *store, const char *name, struct site_row **out_row,
                          struct err *e) {
    char lower[SITE_NAME_MAX + 1];
    *out_row = NULL;
    if (!str_copy(lower, sizeof(lower), name)) {
        return true;
    }
    str_lower(lower);
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &sites_table, e);
    query_sql(&q, " AND lower(t.name) = ");
    query_text(&q, lower);
    return site_one(&q, store, out_row, e);
}

bool store_site_find(struct store *store, const char *text, struct site_rows *out, struct err *e) {
    struct rows by_id = {0};
    PL_AUTO(site_row_freep) struct site_row *named = NULL;
    if (!store_site_find_name(store, text, &named, e)) {
        return false;
    }
    if (named == NULL) {
        if (!table_find(store, &sites_table, text, &by_id, e)) {
            return false;
        }
        site_rows_take(&by_id, out);
        return true;
    }
    void *items = NULL;
    if (!mem_array(1, sizeof(struct site_row *), &items, e)) {
        return false;
    }
    *out = (struct site_rows){.items = items, .count = 1};
    out->items[0] = PL_TAKE(named);
    return true;
}

bool store_site_list(struct store *store, const struct page *page, struct site_rows *out,
                     struct err *e) {
    static const struct listing by_name = {
        .table = &sites_table, .from = "sites t", .alias = "t", .id_column = "id", .key = "name"};
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &sites_table, e);
    return site_page(&q, store, &by_name, page, out, e);
}
