/* What was done, and taking it back. */
#include "ops/history.h"

#include "base/mem.h"
#include "ops/context.h"

enum undo_state operation_undo_state(const struct operation_row *row, int64_t now_ms) {
    if (!id_is_zero(&row->undone_by)) {
        return UNDO_DONE;
    }
    if (!row->is_undoable) {
        return UNDO_NEVER;
    }
    return row->created_ms < now_ms - STORE_UNDO_MS ? UNDO_OLD : UNDO_POSSIBLE;
}

const char *undo_state_text(enum undo_state state) {
    switch (state) {
    case UNDO_POSSIBLE:
        return "yes";
    case UNDO_DONE:
        return "no: undone already";
    case UNDO_NEVER:
        return "no: for good";
    case UNDO_OLD:
        return "no: too old";
    }
    return "";
}

static bool pick_newest(struct ops *ops, struct operation_row **out_row, struct err *e) {
    PL_AUTO(operation_row_freep) struct operation_row *row = NULL;
    if (!store_operation_newest_undoable(ops->store, &row, e)) {
        return false;
    }
    if (row == NULL) {
        (void)err_set(e, ERR_OPS_UNDO_MISSING, "there is nothing that can be undone");
        return err_hint(e, "\"padlock undo --list\" shows what was done, and why it stands");
    }
    *out_row = PL_TAKE(row);
    return true;
}

bool ops_undo_pick(struct ops *ops, const char *text, struct operation_row **out_row,
                   struct err *e) {
    PL_AUTO(operation_rows_clear) struct operation_rows found = {0};
    if (text == NULL) {
        return pick_newest(ops, out_row, e);
    }
    if (!store_operation_find(ops->store, text, &found, e)) {
        return false;
    }
    if (found.count > 1) {
        (void)err_set(e, ERR_OPS_UNDO_AMBIGUOUS, "several operations have the id \"%.100s\"", text);
        return err_hint(e, "give the long id, from \"padlock undo --list --json\"");
    }
    if (found.count == 0) {
        (void)err_set(e, ERR_OPS_UNDO_MISSING, "there is no operation \"%.100s\"", text);
        return err_hint(e, "\"padlock undo --list\" shows their ids");
    }
    return store_operation_get(ops->store, &found.items[0]->id, out_row, e);
}

/* The undo joins the operation that has its audit record. */
bool ops_undo(struct ops *ops, const struct operation_row *row, struct err *e) {
    PL_AUTO(operation_rollback) struct operation op = {0};
    PL_AUTO(mem_freep) char *title = NULL;
    return mem_printf(&title, e, "undo %s", row->title) && ops_begin(ops, &op, title, true, e) &&
           store_undo(ops->store, &row->id, ops->actor, e) &&
           ops_audit(ops, "operation.undo", "operation", &row->id, row->title, e) &&
           ops_end(ops, &op, e);
}
