/* TLS policies. */
#include "store/tls_policies.h"

#include "base/str.h"
#include "store/aggregate.h"

enum { POLICY_NAME_MAX = 255 };

static const struct column columns[] = {
    HEAD_COLUMNS(tls_policy_row),
    COLUMN(tls_policy_row, name, COLUMN_TEXT),
    COLUMN(tls_policy_row, about, COLUMN_TEXT),
    COLUMN(tls_policy_row, version_min, COLUMN_INT),
    COLUMN(tls_policy_row, version_max, COLUMN_INT),
    COLUMN(tls_policy_row, suite_names, COLUMN_TEXTS),
    COLUMN(tls_policy_row, group_names, COLUMN_TEXTS),
    COLUMN(tls_policy_row, scheme_names, COLUMN_TEXTS),
};

const struct table tls_policies_table = {
    .name = "tls_policies",
    .noun = "TLS policy",
    .taken = "a TLS policy of this name is already there",
    .columns = columns,
    .column_count = PL_ARRAY_LEN(columns),
    .row_size = sizeof(struct tls_policy_row),
};

DEFINE_ROWS(tls_policy, tls_policies_table)
DEFINE_GET(tls_policy, tls_policies_table)
DEFINE_WRITE(tls_policy, insert, tls_policies_table)
DEFINE_WRITE(tls_policy, update, tls_policies_table)
DEFINE_WRITE(tls_policy, delete, tls_policies_table)

bool store_tls_policy_find_name(struct store *store, const char *name,
                                struct tls_policy_row **out_row, struct err *e) {
    char lower[POLICY_NAME_MAX + 1];
    *out_row = NULL;
    if (!str_copy(lower, sizeof(lower), name)) {
        return true;
    }
    str_lower(lower);
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &tls_policies_table, e);
    query_sql(&q, " AND lower(t.name) = ");
    query_text(&q, lower);
    return tls_policy_one(&q, store, out_row, e);
}

bool store_tls_policy_list(struct store *store, const struct page *page,
                           struct tls_policy_rows *out, struct err *e) {
    static const struct listing by_name = {.table = &tls_policies_table,
                                           .from = "tls_policies t",
                                           .alias = "t",
                                           .id_column = "id",
                                           .key = "name"};
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &tls_policies_table, e);
    return tls_policy_page(&q, store, &by_name, page, out, e);
}
