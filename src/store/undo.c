/*
 * Undo: the inverse of each change of an operation, last first, while what it left still stands.
 *
 * A new row is marked deleted; a changed or deleted one gets back the columns of its image before.
 * Bytes outside images (of rows that were new) are still in the row: nothing is removed for good
 * while an operation can be undone (see store_clean).
 */
#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"
#include "store/changes.h"
#include "store/table_write.h"

#include <jansson.h>
#include <string.h>

static void json_freep(json_t **json) {
    json_decref(*json);
    *json = NULL;
}

static bool short_of_memory(struct err *e) {
    return err_set(e, ERR_BASE_OOM, "out of memory");
}

/* --- may it be undone ----------------------------------------------------------------------------
 */

static bool check_operation(const struct operation_row *operation, struct err *e) {
    if (operation == NULL) {
        return err_set(e, ERR_STORE_MISSING_ROW, "there is no such operation");
    }
    if (!id_is_zero(&operation->undone_by)) {
        return err_set(e, ERR_STORE_UNDO_DONE, "it was undone already");
    }
    return operation->is_undoable ||
           err_set(e, ERR_STORE_UNDO_NEVER,
                   "it cannot be undone: issuing, revoking, exporting and purging are for good");
}

/*
 * Fails when the row was changed after that change by an operation that stands. A later operation
 * that was undone, and what undid it, cancel out: what was before them is there again.
 */
static bool check_not_stale(struct store *store, const struct table *table,
                            const struct change_row *change, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    PL_AUTO(db_releasep) struct db_statement *statement = NULL;
    bool is_stale = false;
    query_init(&q, e);
    query_sql(&q, "SELECT o.title FROM changes c JOIN operations o ON o.id = c.operation_id "
                  "WHERE o.undone_by IS NULL AND c.row_id = ");
    query_id(&q, &change->row_id);
    query_sql(&q, " AND c.after_version > ");
    query_int64(&q, change->after_version);
    query_sql(&q, " AND c.operation_id <> ");
    query_id(&q, &change->operation_id);
    query_sql(&q, " AND NOT EXISTS (SELECT 1 FROM changes p WHERE p.operation_id = o.undoes "
                  "AND p.row_id = c.row_id AND p.after_version > ");
    query_int64(&q, change->after_version);
    query_sql(&q, ") ORDER BY c.after_version LIMIT 1");
    if (!query_start(&q, store->db, &statement, e) || !db_step(statement, &is_stale, e)) {
        return false;
    }
    if (!is_stale) {
        return true;
    }
    const char *title = db_column_text(statement, 0);
    (void)err_set(e, ERR_STORE_UNDO_STALE, "a %s that it left was changed since, by \"%.300s\"",
                  table->noun, title == NULL ? "another operation" : title);
    return err_hint(e, "undo that first");
}

static bool find_table(const struct change_row *change, const struct table **out_table,
                       struct err *e) {
    *out_table = table_by_name(change->table_name);
    return *out_table != NULL ||
           err_set(e, ERR_STORE_CORRUPT, "a change is of a table that is not known");
}

static bool check_change(struct store *store, const struct change_row *change, struct err *e) {
    const struct table *table = NULL;
    PL_AUTO(mem_freep) void *row = NULL;
    if (!find_table(change, &table, e) || !table_get(store, table, &change->row_id, &row, e)) {
        return false;
    }
    if (row == NULL || (change->kind != CHANGE_INSERT && change->before_image[0] == '\0')) {
        return err_set(e, ERR_STORE_UNDO_OLD, "it is too old: what was before is not kept");
    }
    return check_not_stale(store, table, change, e);
}

/* --- the inverse ---------------------------------------------------------------------------------
 */

static bool blob_value(const char *digits, struct arena *memory, struct value *out, struct err *e) {
    size_t len = strlen(digits);
    void *bytes = NULL;
    if (!arena_alloc(memory, len / 2 + 1, &bytes, e)) {
        return false;
    }
    if (!hex_decode(digits, len, bytes)) {
        return err_set(e, ERR_STORE_CORRUPT, "an image of a change is damaged");
    }
    *out = (struct value){.kind = VALUE_BLOB, .data = bytes, .len = len / 2};
    return true;
}

static bool is_blob_column(const struct column *column) {
    return column->kind == COLUMN_ID || column->kind == COLUMN_ID_OPTIONAL ||
           column->kind == COLUMN_BYTES || column->kind == COLUMN_BYTES_OPTIONAL ||
           column->kind == COLUMN_FIXED;
}

static bool image_value(const struct column *column, const json_t *json, struct arena *memory,
                        struct value *out, struct err *e) {
    const char *text = json_string_value(json);
    if (json_is_null(json)) {
        *out = (struct value){.kind = VALUE_NULL};
        return true;
    }
    if (json_is_integer(json)) {
        *out = (struct value){.kind = VALUE_INT64, .number = json_integer_value(json)};
        return true;
    }
    if (text == NULL) {
        return err_set(e, ERR_STORE_CORRUPT, "an image of a change is damaged");
    }
    *out = (struct value){.kind = VALUE_TEXT, .data = text, .len = json_string_length(json)};
    return !is_blob_column(column) || blob_value(text, memory, out, e);
}

static bool put_image_columns(struct query *q, const struct table *table, json_t *image,
                              struct err *e) {
    const char *name = NULL;
    json_t *content = NULL;
    json_object_foreach(image, name, content) {
        const struct column *column = table_column(table, name);
        struct value value;
        if (column == NULL) {
            return err_set(e, ERR_STORE_CORRUPT, "an image of a change is damaged");
        }
        query_sql(q, ", ");
        query_sql(q, column->name);
        query_sql(q, " = ");
        if (!image_value(column, content, &q->memory, &value, e)) {
            return false;
        }
        query_value(q, &value);
    }
    return true;
}

static bool put_before(struct query *q, const struct table *table, const struct change_row *change,
                       struct err *e) {
    if (change->kind == CHANGE_INSERT) {
        query_sql(q, ", deleted_ms = ");
        query_int64(q, clock_now_ms());
        return true;
    }
    json_error_t where;
    PL_AUTO(json_freep) json_t *image = json_loads(change->before_image, 0, &where);
    if (image == NULL) {
        return json_error_code(&where) == json_error_out_of_memory
                   ? short_of_memory(e)
                   : err_set(e, ERR_STORE_CORRUPT, "an image of a change is damaged");
    }
    return put_image_columns(q, table, image, e);
}

static bool write_inverse(struct store *store, const struct table *table,
                          const struct change_row *change, const struct row_head *now,
                          struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_init(&q, e);
    query_sql(&q, "UPDATE ");
    query_sql(&q, table->name);
    query_sql(&q, " SET version = ");
    query_int64(&q, now->version + 1);
    query_sql(&q, ", updated_ms = ");
    query_int64(&q, clock_now_ms());
    query_sql(&q, ", node_id = ");
    query_id(&q, &store->node_id);
    if (!put_before(&q, table, change, e)) {
        return false;
    }
    query_sql(&q, " WHERE id = ");
    query_id(&q, &change->row_id);
    query_sql(&q, " AND version = ");
    query_int64(&q, now->version);
    return table_run_update(&q, store, table, e);
}

static bool undo_change(struct store *store, const struct change_row *change, struct err *e) {
    const struct table *table = NULL;
    PL_AUTO(mem_freep) void *before = NULL;
    PL_AUTO(mem_freep) void *after = NULL;
    struct row_head now;
    if (!find_table(change, &table, e) || !table_get(store, table, &change->row_id, &before, e)) {
        return false;
    }
    if (before == NULL) {
        return err_set(e, ERR_STORE_UNDO_OLD, "it is too old: what was before is not kept");
    }
    memcpy(&now, before, sizeof(now));
    if (!write_inverse(store, table, change, &now, e) ||
        !table_get(store, table, &change->row_id, &after, e) ||
        !table_written(store, table, after, e)) {
        return false;
    }
    const struct change inverse = {.table = table,
                                   .kind = change->kind == CHANGE_INSERT ? CHANGE_DELETE
                                                                         : CHANGE_UPDATE,
                                   .before = before,
                                   .after = after,
                                   .row_id = change->row_id,
                                   .before_version = now.version,
                                   .after_version = now.version + 1};
    return change_record(store, &inverse, e);
}

static bool each_change_backward(struct store *store, const struct id *operation_id,
                                 bool (*visit)(struct store *store, const struct change_row *change,
                                               struct err *e),
                                 struct err *e) {
    PL_AUTO(mem_freep) char *after = NULL;
    bool is_more = true;
    while (is_more) {
        PL_AUTO(change_rows_clear) struct change_rows rows = {0};
        if (!change_rows_backward(store, operation_id, after, &rows, e)) {
            return false;
        }
        for (size_t i = 0; i < rows.count; i++) {
            if (!visit(store, rows.items[i], e)) {
                return false;
            }
        }
        mem_free(after);
        after = PL_TAKE(rows.next);
        is_more = after != NULL;
    }
    return true;
}

/* --- bookkeeping ---------------------------------------------------------------------------------
 */

static bool set_undone_by(struct store *store, const struct id *operation_id,
                          const struct id *undone_by, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_init(&q, e);
    query_sql(&q, "UPDATE operations SET undone_by = ");
    if (undone_by == NULL) {
        query_sql(&q, "NULL");
    } else {
        query_id(&q, undone_by);
    }
    query_sql(&q, " WHERE id = ");
    query_id(&q, operation_id);
    return query_run(&q, store->db, NULL, e);
}

/* An undo that is undone itself lets the first operation stand again. */
static bool keep_books(struct store *store, const struct operation_row *undone, struct err *e) {
    struct operation_record *record = NULL;
    return store_require_operation(store, &record, e) &&
           set_undone_by(store, &undone->id, &record->id, e) &&
           (id_is_zero(&undone->undoes) || set_undone_by(store, &undone->undoes, NULL, e));
}

static bool undo_inside(struct store *store, const struct id *operation_id, struct err *e) {
    PL_AUTO(operation_row_freep) struct operation_row *operation = NULL;
    struct operation_record *record = NULL;
    if (!store_require_operation(store, &record, e) ||
        !store_operation_get(store, operation_id, &operation, e) ||
        !check_operation(operation, e)) {
        return false;
    }
    record->undoes = operation->id;
    return each_change_backward(store, operation_id, check_change, e) &&
           each_change_backward(store, operation_id, undo_change, e) &&
           keep_books(store, operation, e);
}

bool store_undo(struct store *store, const struct id *operation_id, const char *actor,
                struct err *e) {
    PL_AUTO(operation_rollback) struct operation op = {0};
    PL_AUTO(operation_row_freep) struct operation_row *operation = NULL;
    PL_AUTO(mem_freep) char *title = NULL;
    if (!store_operation_get(store, operation_id, &operation, e) ||
        !check_operation(operation, e) || !mem_printf(&title, e, "undo %s", operation->title)) {
        return false;
    }
    const struct operation_wish wish = {.title = title, .actor = actor, .is_undoable = true};
    return operation_begin(&op, store, &wish, e) && undo_inside(store, operation_id, e) &&
           operation_commit(&op, e);
}
