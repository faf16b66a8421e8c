/* Staples. */
#include "store/staples.h"

#include "store/aggregate.h"

static const struct column columns[] = {
    HEAD_COLUMNS(staple_row),
    COLUMN(staple_row, cert_id, COLUMN_ID),
    COLUMN(staple_row, der, COLUMN_BYTES),
    COLUMN(staple_row, this_update_ms, COLUMN_INT64),
    COLUMN(staple_row, next_update_ms, COLUMN_INT64),
};

const struct table staples_table = {
    .name = "staples",
    .noun = "OCSP response",
    .taken = "an OCSP response is already stapled to this certificate",
    .columns = columns,
    .column_count = PL_ARRAY_LEN(columns),
    .row_size = sizeof(struct staple_row),
};

DEFINE_ROWS(staple, staples_table)
DEFINE_GET(staple, staples_table)
DEFINE_WRITE(staple, insert, staples_table)
DEFINE_WRITE(staple, update, staples_table)
DEFINE_WRITE(staple, delete, staples_table)

bool store_staple_find_cert(struct store *store, const struct id *cert_id,
                            struct staple_row **out_row, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &staples_table, e);
    query_sql(&q, " AND t.cert_id = ");
    query_id(&q, cert_id);
    return staple_one(&q, store, out_row, e);
}

bool store_staple_list(struct store *store, const struct page *page, struct staple_rows *out,
                       struct err *e) {
    static const struct listing by_end = {.table = &staples_table,
                                          .from = "staples t",
                                          .alias = "t",
                                          .id_column = "id",
                                          .key = "next_update_ms"};
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &staples_table, e);
    return staple_page(&q, store, &by_end, page, out, e);
}
