/* Sealed keys. */
#include "store/keys.h"

#include "store/aggregate.h"

static const struct column columns[] = {
    HEAD_COLUMNS(key_row),
    COLUMN(key_row, purpose, COLUMN_INT),
    COLUMN(key_row, provider, COLUMN_TEXT),
    COLUMN(key_row, is_exportable, COLUMN_BOOL),
    COLUMN(key_row, spec, COLUMN_TEXT),
    COLUMN(key_row, spki_sha256, COLUMN_FIXED),
    COLUMN(key_row, may_sign_ca, COLUMN_BOOL),
    COLUMN(key_row, path_length_max, COLUMN_UNSIGNED),
    COLUMN(key_row, lifetime_max_ms, COLUMN_INT64),
    COLUMN(key_row, may_sign_crl, COLUMN_BOOL),
    COLUMN(key_row, sealing_key_id, COLUMN_FIXED),
    COLUMN(key_row, blob_format, COLUMN_UNSIGNED),
    COLUMN_SEALED(key_row, blob),
};

const struct table keys_table = {
    .name = "keys",
    .noun = "key",
    .taken = "this key is already in the store",
    .columns = columns,
    .column_count = PL_ARRAY_LEN(columns),
    .row_size = sizeof(struct key_row),
};

DEFINE_ROWS(key, keys_table)
DEFINE_GET(key, keys_table)
DEFINE_WRITE(key, insert, keys_table)
DEFINE_WRITE(key, delete, keys_table)

bool store_key_find_spki(struct store *store, const uint8_t spki_sha256[32],
                         struct key_row **out_row, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &keys_table, e);
    query_sql(&q, " AND t.spki_sha256 = ");
    query_blob(&q, spki_sha256, 32);
    return key_one(&q, store, out_row, e);
}

bool store_key_list(struct store *store, const struct key_filter *filter, const struct page *page,
                    struct key_rows *out, struct err *e) {
    static const struct listing by_age = LISTING_BY_AGE(keys_table, "keys");
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &keys_table, e);
    if (filter != NULL && filter->purpose != 0) {
        query_where(&q, QUERY_LOOKED_UP, "purpose", "=");
        query_int64(&q, filter->purpose);
    }
    return key_page(&q, store, &by_age, page, out, e);
}
