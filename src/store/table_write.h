/*
 * What follows every write of a row, by an aggregate or by undo. Private to src/store.
 */
#ifndef PL_STORE_TABLE_WRITE_H
#define PL_STORE_TABLE_WRITE_H

#include "store/query.h"

/*
 * A live row may not refer to a deleted one, nor a deleted one be referred to by a live one; then
 * derived rows follow. row is as it is in the store now. Fails store.reference.
 */
bool table_written(struct store *store, const struct table *table, const void *row, struct err *e)
    PL_MUST_USE;

/* After a failed write: says in the table's words why a constraint failed. Returns false. */
bool table_write_failed(const struct table *table, struct err *e);

/* Runs an UPDATE of one row with its conditions; none changed: store.version. */
bool table_run_update(struct query *q, struct store *store, const struct table *table,
                      struct err *e) PL_MUST_USE;

#endif
