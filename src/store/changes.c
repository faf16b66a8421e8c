/*
 * The record of changes: one row each, with images of what changed while it can be undone.
 *
 * An image is a JSON object of columns: numbers, texts, null, bytes in hexadecimal. Of a new row it
 * leaves out bytes (the row itself has them); sealed blobs are never in it.
 * Limits: CHANGE_IMAGE_MAX bytes an image.
 */
#include "store/changes.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/hex.h"
#include "store/aggregate.h"

#include <string.h>

enum { CHANGE_IMAGE_MAX = 16 * 1024 * 1024 };

static const char *const change_kind_words[] = {"insert", "update", "delete"};

static const struct column operation_columns[] = {
    COLUMN(operation_row, id, COLUMN_ID),
    COLUMN(operation_row, node_id, COLUMN_ID),
    COLUMN(operation_row, created_ms, COLUMN_INT64),
    COLUMN(operation_row, seq, COLUMN_INT64_OPTIONAL),
    COLUMN(operation_row, title, COLUMN_TEXT),
    COLUMN(operation_row, actor, COLUMN_TEXT),
    COLUMN(operation_row, is_undoable, COLUMN_BOOL),
    COLUMN(operation_row, undone_by, COLUMN_ID_OPTIONAL),
    COLUMN(operation_row, undoes, COLUMN_ID_OPTIONAL),
};

const struct table operations_table = {
    .name = "operations",
    .noun = "operation",
    .columns = operation_columns,
    .column_count = PL_ARRAY_LEN(operation_columns),
    .row_size = sizeof(struct operation_row),
};

static const struct column change_columns[] = {
    COLUMN(change_row, id, COLUMN_ID),
    COLUMN(change_row, operation_id, COLUMN_ID),
    COLUMN(change_row, ordinal, COLUMN_INT64),
    COLUMN(change_row, table_name, COLUMN_TEXT),
    COLUMN(change_row, row_id, COLUMN_ID),
    COLUMN_OF_WORDS(change_row, kind, change_kind_words),
    COLUMN(change_row, before_version, COLUMN_INT64),
    COLUMN(change_row, after_version, COLUMN_INT64),
    COLUMN(change_row, before_image, COLUMN_TEXT_OPTIONAL),
    COLUMN(change_row, after_image, COLUMN_TEXT_OPTIONAL),
};

static const struct table changes_table = {
    .name = "changes",
    .noun = "change",
    .columns = change_columns,
    .column_count = PL_ARRAY_LEN(change_columns),
    .row_size = sizeof(struct change_row),
};

DEFINE_ROWS(operation, operations_table)
DEFINE_GET(operation, operations_table)
DEFINE_FIND_ID(operation, operations_table)
DEFINE_ROWS(change, changes_table)

/* --- images --------------------------------------------------------------------------------------
 */

static bool append_hex(struct buf *image, const uint8_t *bytes, size_t len, struct err *e) {
    for (size_t i = 0; i < len; i++) {
        char digits[3];
        hex_encode(bytes + i, 1, digits);
        if (!buf_append(image, digits, 2, e)) {
            return false;
        }
    }
    return true;
}

static bool append_value(struct buf *image, const struct value *value, struct err *e) {
    switch (value->kind) {
    case VALUE_NULL:
        return buf_append_string(image, "null", e);
    case VALUE_INT64:
        return buf_printf(image, e, "%lld", (long long)value->number);
    case VALUE_TEXT:
        return buf_append_byte(image, '"', e) &&
               escape_append(image, ESCAPE_JSON, value->data, value->len, e) &&
               buf_append_byte(image, '"', e);
    case VALUE_BLOB:
        return buf_append_byte(image, '"', e) && append_hex(image, value->data, value->len, e) &&
               buf_append_byte(image, '"', e);
    }
    PL_BUG_UNLESS(false);
}

/* Head columns say themselves in the change; only the deletion is content. */
static bool is_imaged(const struct table *table, size_t index) {
    const struct column *column = &table->columns[index];
    return !column->is_sealed && !column->is_counter &&
           (index >= HEAD_COLUMN_COUNT || strcmp(column->name, "deleted_ms") == 0);
}

/* Whether the column is to be in the image: it differs from the other row's, or there is none. */
static bool column_differs(const struct column *column, const void *row, const void *other,
                           struct arena *memory, struct value *out_value, bool *out_differs,
                           struct err *e) {
    struct value other_value;
    if (!column_value(column, row, memory, out_value, e)) {
        return false;
    }
    if (other == NULL) {
        *out_differs = column->kind != COLUMN_BYTES && column->kind != COLUMN_BYTES_OPTIONAL;
        return true;
    }
    if (!column_value(column, other, memory, &other_value, e)) {
        return false;
    }
    *out_differs = !value_equal(out_value, &other_value);
    return true;
}

static bool append_image(struct buf *image, const struct table *table, const void *row,
                         const void *other, struct err *e) {
    PL_AUTO(arena_clear) struct arena memory;
    arena_init(&memory, CHANGE_IMAGE_MAX);
    const char *before = "{";
    for (size_t i = 0; i < table->column_count; i++) {
        struct value value;
        bool differs = false;
        if (is_imaged(table, i) &&
            !column_differs(&table->columns[i], row, other, &memory, &value, &differs, e)) {
            return false;
        }
        if (differs && (!buf_printf(image, e, "%s\"%s\":", before, table->columns[i].name) ||
                        !append_value(image, &value, e))) {
            return false;
        }
        before = differs ? "," : before;
    }
    return buf_append_string(image, before[0] == '{' ? "{}" : "}", e);
}

static bool put_image(struct query *q, const struct table *table, const void *row,
                      const void *other, struct err *e) {
    PL_AUTO(buf_clear) struct buf image;
    buf_init(&image, CHANGE_IMAGE_MAX);
    if (row == NULL) {
        query_value(q, &(struct value){.kind = VALUE_NULL});
        return true;
    }
    if (!append_image(&image, table, row, other, e)) {
        return false;
    }
    query_text(q, buf_string(&image));
    return true;
}

/* --- recording -----------------------------------------------------------------------------------
 */

/* The operation's own row is written with its first change. */
static bool insert_operation(struct store *store, const struct operation_record *record,
                             struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_init(&q, e);
    query_sql(&q, "INSERT INTO operations (id, node_id, created_ms, title, actor, is_undoable, "
                  "undoes) VALUES (");
    query_id(&q, &record->id);
    query_sql(&q, ", ");
    query_id(&q, &store->node_id);
    query_sql(&q, ", ");
    query_int64(&q, clock_now_ms());
    query_sql(&q, ", ");
    query_text(&q, record->title);
    query_sql(&q, ", ");
    query_text(&q, record->actor);
    query_sql(&q, ", 0, ");
    bool is_undo = !id_is_zero(&record->undoes);
    query_value(&q, &(struct value){.kind = is_undo ? VALUE_BLOB : VALUE_NULL,
                                    .data = record->undoes.bytes,
                                    .len = ID_LEN});
    query_sql(&q, ")");
    return query_run(&q, store->db, NULL, e);
}

static bool insert_change(struct store *store, const struct operation_record *record,
                          const struct change *change, struct err *e) {
    struct id id;
    PL_AUTO(query_clear) struct query q;
    query_init(&q, e);
    if (!id_new(clock_now_ms(), &id, e)) {
        return false;
    }
    query_sql(&q, "INSERT INTO changes (id, operation_id, ordinal, table_name, row_id, kind, "
                  "before_version, after_version, before_image, after_image) VALUES (");
    query_id(&q, &id);
    query_sql(&q, ", ");
    query_id(&q, &record->id);
    query_sql(&q, ", ");
    query_int64(&q, record->change_count + 1);
    query_sql(&q, ", ");
    query_text(&q, change->table->name);
    query_sql(&q, ", ");
    query_id(&q, &change->row_id);
    query_sql(&q, ", ");
    query_text(&q, change_kind_words[change->kind]);
    query_sql(&q, ", ");
    query_int64(&q, change->before_version);
    query_sql(&q, ", ");
    query_int64(&q, change->after_version);
    query_sql(&q, ", ");
    const void *before = record->is_undoable ? change->before : NULL;
    const void *after = record->is_undoable ? change->after : NULL;
    if (!put_image(&q, change->table, before, after, e)) {
        return false;
    }
    query_sql(&q, ", ");
    if (!put_image(&q, change->table, after, before, e)) {
        return false;
    }
    query_sql(&q, ")");
    return query_run(&q, store->db, NULL, e);
}

bool change_record(struct store *store, const struct change *change, struct err *e) {
    struct operation_record *record = NULL;
    if (!store_require_operation(store, &record, e) ||
        (record->change_count == 0 && !insert_operation(store, record, e)) ||
        !insert_change(store, record, change, e)) {
        return false;
    }
    record->change_count++;
    return true;
}

/* --- looking back --------------------------------------------------------------------------------
 */

static const struct listing operations_by_seq = {
    .table = &operations_table,
    .from = "operations t",
    .alias = "t",
    .id_column = "id",
    .key = "seq",
    .is_key_unique = true,
};

bool store_operation_list(struct store *store, const struct page *page, struct operation_rows *out,
                          struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_init(&q, e);
    query_page_begin(&q, &operations_by_seq);
    query_sql(&q, " AND t.seq IS NOT NULL AND NOT (t.is_undoable = 0 AND t.actor = "
                  "'" STORE_ACTOR_SERVER "')");
    return operation_page(&q, store, &operations_by_seq, page, out, e);
}

bool store_operation_newest_undoable(struct store *store, struct operation_row **out_row,
                                     struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_select(&q, &operations_table, e);
    query_sql(&q, " AND t.is_undoable = 1 AND t.undone_by IS NULL AND t.undoes IS NULL "
                  "AND t.seq IS NOT NULL ORDER BY t.seq DESC LIMIT 1");
    return operation_one(&q, store, out_row, e);
}

bool store_operation_of_seq(struct store *store, int64_t seq, struct operation_row **out_row,
                            struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_select(&q, &operations_table, e);
    query_sql(&q, " AND t.seq = ");
    query_int64(&q, seq);
    return operation_one(&q, store, out_row, e);
}

static const struct listing changes_in_order = {
    .table = &changes_table,
    .from = "changes t",
    .alias = "t",
    .id_column = "id",
    .key = "ordinal",
    .is_key_unique = true,
};

bool store_change_list(struct store *store, const struct id *operation_id, const struct page *page,
                       struct change_rows *out, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_init(&q, e);
    query_page_begin(&q, &changes_in_order);
    query_sql(&q, " AND t.operation_id = ");
    query_id(&q, operation_id);
    return change_page(&q, store, &changes_in_order, page, out, e);
}

bool change_rows_backward(struct store *store, const struct id *operation_id, const char *after,
                          struct change_rows *out, struct err *e) {
    const struct page page = {.limit = STORE_PAGE_MAX, .after = after, .is_descending = true};
    return store_change_list(store, operation_id, &page, out, e);
}

static bool read_changed(const struct db_statement *statement, struct changed *out, struct err *e) {
    const char *name = db_column_text(statement, 1);
    size_t len = 0;
    const uint8_t *id = db_column_blob(statement, 2, &len);
    if (name == NULL || id == NULL) {
        return err_set(e, ERR_BASE_OOM, "out of memory");
    }
    if (len != ID_LEN || strlen(name) >= sizeof(out->table_name)) {
        return err_set(e, ERR_STORE_CORRUPT, "a change in the store is damaged");
    }
    out->ordinal = db_column_int64(statement, 0);
    memcpy(out->table_name, name, strlen(name) + 1);
    memcpy(out->row_id.bytes, id, ID_LEN);
    return true;
}

/* Changes of one operation after that ordinal. */
static bool changed_in(struct store *store, const struct operation_row *operation, int64_t ordinal,
                       struct changed *out, size_t limit, size_t *out_count, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    PL_AUTO(db_releasep) struct db_statement *statement = NULL;
    query_init(&q, e);
    query_sql(&q, "SELECT ordinal, table_name, row_id FROM changes WHERE operation_id = ");
    query_id(&q, &operation->id);
    query_sql(&q, " AND ordinal > ");
    query_int64(&q, ordinal);
    query_sql(&q, " ORDER BY ordinal");
    if (!query_start(&q, store->db, &statement, e)) {
        return false;
    }
    size_t count = 0;
    bool has_row = true;
    while (count < limit && has_row) {
        if (!db_step(statement, &has_row, e) ||
            (has_row && !read_changed(statement, &out[count], e))) {
            return false;
        }
        if (has_row) {
            out[count++].seq = operation->seq;
        }
    }
    *out_count = count;
    return true;
}

bool store_changed_since(struct store *store, int64_t seq, int64_t ordinal, struct changed *out,
                         size_t limit, size_t *out_count, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    PL_AUTO(operation_rows_clear) struct operation_rows operations = {0};
    query_select(&q, &operations_table, e);
    query_sql(&q, " AND t.seq >= ");
    query_int64(&q, seq);
    query_sql(&q, " ORDER BY t.seq LIMIT ");
    query_int64(&q, STORE_PAGE_MAX);
    if (!operation_many(&q, store, STORE_PAGE_MAX, &operations, e)) {
        return false;
    }
    size_t count = 0;
    for (size_t i = 0; i < operations.count && count < limit; i++) {
        const struct operation_row *operation = operations.items[i];
        size_t found = 0;
        if (!changed_in(store, operation, operation->seq == seq ? ordinal : 0, out + count,
                        limit - count, &found, e)) {
            return false;
        }
        count += found;
    }
    *out_count = count;
    return true;
}
