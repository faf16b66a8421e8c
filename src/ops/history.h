/* What was done, and taking it back. */
#ifndef PL_OPS_HISTORY_H
#define PL_OPS_HISTORY_H

#include "ops/ops.h"
#include "store/operation.h"

/* Whether an operation could be taken back, by what its row says. */
enum undo_state {
    UNDO_POSSIBLE,
    UNDO_DONE,  /* it was undone already */
    UNDO_NEVER, /* issue, revoke, export, purge */
    UNDO_OLD,   /* what was before it is kept for 90 days */
};
enum undo_state operation_undo_state(const struct operation_row *row, int64_t now_ms);
const char *undo_state_text(enum undo_state state); /* "yes", "no: …" */

/*
 * The operation that text (an id, or its short form) names; NULL: the newest that can be undone.
 * Caller owns. Fails ops.undo.missing, ops.undo.ambiguous, store.*.
 */
bool ops_undo_pick(struct ops *ops, const char *text, struct operation_row **out_row, struct err *e)
    PL_MUST_USE;

/* Takes it back. A dry run says whether it could be. Fails as store_undo() does. */
bool ops_undo(struct ops *ops, const struct operation_row *row, struct err *e) PL_MUST_USE;

#endif
