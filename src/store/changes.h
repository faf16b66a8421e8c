/*
 * The record of what an operation changes. Private to src/store.
 */
#ifndef PL_STORE_CHANGES_H
#define PL_STORE_CHANGES_H

#include "store/handle.h"
#include "store/table.h"

/*
 * Records one change under the open operation. before and after are rows of the table (NULL: it was
 * not there, or no image is wanted); images are kept only while the operation can be undone.
 */
struct change {
    const struct table *table;
    enum change_kind kind;
    const void *before;
    const void *after;
    struct id row_id;
    int64_t before_version;
    int64_t after_version;
};
bool change_record(struct store *store, const struct change *change, struct err *e) PL_MUST_USE;

/* Of an operation, last first; for undo. */
bool change_rows_backward(struct store *store, const struct id *operation_id, const char *after,
                          struct change_rows *out, struct err *e) PL_MUST_USE;

extern const struct table operations_table;

#endif
