/* Sealed secrets that are not keys. */
#include "store/secrets.h"

#include "store/aggregate.h"

static const struct column columns[] = {
    HEAD_COLUMNS(secret_row),
    COLUMN(secret_row, kind, COLUMN_TEXT),
    COLUMN(secret_row, name, COLUMN_TEXT),
    COLUMN(secret_row, not_before_ms, COLUMN_INT64),
    COLUMN(secret_row, not_after_ms, COLUMN_INT64),
    COLUMN(secret_row, sealing_key_id, COLUMN_FIXED),
    COLUMN_SEALED(secret_row, blob),
};

const struct table secrets_table = {
    .name = "secrets",
    .noun = "secret",
    .taken = "a secret of this name is already there",
    .columns = columns,
    .column_count = PL_ARRAY_LEN(columns),
    .row_size = sizeof(struct secret_row),
};

DEFINE_ROWS(secret, secrets_table)
DEFINE_GET(secret, secrets_table)
DEFINE_WRITE(secret, insert, secrets_table)
DEFINE_WRITE(secret, delete, secrets_table)

bool store_secret_find(struct store *store, const char *kind, const char *name,
                       struct secret_row **out_row, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &secrets_table, e);
    query_where(&q, QUERY_LOOKED_UP, "kind", "=");
    query_text(&q, kind);
    query_where(&q, QUERY_LOOKED_UP, "name", "=");
    query_text(&q, name);
    return secret_one(&q, store, out_row, e);
}

bool store_secret_list(struct store *store, const char *kind, const struct page *page,
                       struct secret_rows *out, struct err *e) {
    static const struct listing by_age = LISTING_BY_AGE(secrets_table, "secrets");
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &secrets_table, e);
    query_where(&q, QUERY_LOOKED_UP, "kind", "=");
    query_text(&q, kind);
    return secret_page(&q, store, &by_age, page, out, e);
}
