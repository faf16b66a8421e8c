/* Machines that share the store. */
#include "store/nodes.h"

#include "store/aggregate.h"
#include "store/handle.h"

static const struct column columns[] = {
    HEAD_COLUMNS(node_row),
    COLUMN(node_row, name, COLUMN_TEXT),
    COLUMN_COUNTER(node_row, applied_seq),
    COLUMN_COUNTER(node_row, settled_seq),
    COLUMN_COUNTER(node_row, seen_ms),
};

const struct table nodes_table = {
    .name = "nodes",
    .noun = "node",
    .taken = "a node of this name is already there",
    .columns = columns,
    .column_count = PL_ARRAY_LEN(columns),
    .row_size = sizeof(struct node_row),
};

DEFINE_ROWS(node, nodes_table)
DEFINE_GET(node, nodes_table)
DEFINE_WRITE(node, insert, nodes_table)

bool store_node_list(struct store *store, const struct page *page, struct node_rows *out,
                     struct err *e) {
    static const struct listing by_age = LISTING_BY_AGE(nodes_table, "nodes");
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &nodes_table, e);
    return node_page(&q, store, &by_age, page, out, e);
}

bool store_node_tell(struct store *store, const struct node_progress *progress, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_init(&q, e);
    query_sql(&q, "UPDATE nodes SET applied_seq = ");
    query_int64(&q, progress->applied_seq);
    query_sql(&q, ", settled_seq = ");
    query_int64(&q, progress->settled_seq);
    query_sql(&q, ", seen_ms = ");
    query_int64(&q, progress->seen_ms);
    query_sql(&q, " WHERE id = ");
    query_id(&q, &store->node_id);
    return query_run(&q, store->db, NULL, e);
}
