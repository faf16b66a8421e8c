/*
 * Machines that share the store, and how far each has followed its changes.
 * The common functions: store/row.h.
 */
#ifndef PL_STORE_NODES_H
#define PL_STORE_NODES_H

#include "store/store.h"

struct node_row {
    STORE_ROW_HEAD;
    const char *name;    /* unique among live nodes */
    int64_t applied_seq; /* operations up to here are loaded */
    int64_t settled_seq; /* operations up to here are proven to be served, or taken back */
    int64_t seen_ms;     /* last sign of life; 0: nothing serves there */
};
struct node_rows {
    struct node_row **items;
    size_t count;
    char *next; /* for page.after; NULL: that was all */
};
void node_row_free(struct node_row *row);
PL_DEFINE_FREEP(node_row_freep, struct node_row, node_row_free)
void node_rows_clear(struct node_rows *rows);

bool store_node_insert(struct store *store, struct node_row *row, struct err *e) PL_MUST_USE;
bool store_node_get(struct store *store, const struct id *id, struct node_row **out_row,
                    struct err *e) PL_MUST_USE;
/* By age. */
bool store_node_list(struct store *store, const struct page *page, struct node_rows *out,
                     struct err *e) PL_MUST_USE;
struct node_progress {
    int64_t applied_seq;
    int64_t settled_seq;
    int64_t seen_ms;
};
/* How far this machine is. Not an operation: nobody else needs to follow it. */
bool store_node_tell(struct store *store, const struct node_progress *progress, struct err *e)
    PL_MUST_USE;

#endif
