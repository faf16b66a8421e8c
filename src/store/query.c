/* SELECT statements put together piece by piece, and pages of them. */
#include "store/query.h"

#include "base/hex.h"
#include "base/str.h"
#include "store/handle.h"

#include <stdio.h>
#include <string.h>

void query_init(struct query *q, struct err *e) {
    q->value_count = 0;
    q->has_failed = false;
    q->e = e;
    buf_init(&q->sql, QUERY_SQL_MAX);
    arena_init(&q->memory, 4 * (size_t)STORE_BYTES_MAX);
}

void query_select(struct query *q, const struct table *table, struct err *e) {
    query_init(q, e);
    query_sql(q, "SELECT ");
    query_columns(q, table, "t");
    query_sql(q, " FROM ");
    query_sql(q, table->name);
    query_sql(q, " t WHERE TRUE");
}

void query_select_live(struct query *q, const struct table *table, struct err *e) {
    query_select(q, table, e);
    query_sql(q, " AND t.deleted_ms IS NULL");
}

void query_clear(struct query *q) {
    buf_clear(&q->sql);
    arena_clear(&q->memory);
}

static void step_done(struct query *q, bool ok) {
    q->has_failed |= !ok;
}

void query_sql(struct query *q, const char *sql) {
    if (!q->has_failed) {
        step_done(q, buf_append_string(&q->sql, sql, q->e));
    }
}

void query_columns(struct query *q, const struct table *table, const char *alias) {
    for (size_t i = 0; i < table->column_count && !q->has_failed; i++) {
        query_sql(q, i == 0 ? "" : ", ");
        query_sql(q, alias);
        query_sql(q, ".");
        query_sql(q, table->columns[i].name);
    }
}

void query_value(struct query *q, const struct value *value) {
    if (q->has_failed) {
        return;
    }
    PL_BUG_UNLESS(q->value_count < QUERY_VALUES_MAX);
    struct value *kept = &q->values[q->value_count];
    *kept = *value;
    if (value->kind == VALUE_TEXT || value->kind == VALUE_BLOB) {
        char *copy = NULL;
        step_done(q, arena_string(&q->memory, value->data, value->len, &copy, q->e));
        kept->data = copy;
    }
    if (!q->has_failed) {
        q->value_count++;
        step_done(q, buf_printf(&q->sql, q->e, "?%zu", q->value_count));
    }
}

void query_int64(struct query *q, int64_t value) {
    query_value(q, &(struct value){.kind = VALUE_INT64, .number = value});
}

void query_text(struct query *q, const char *value) {
    query_value(q, &(struct value){.kind = VALUE_TEXT, .data = value, .len = strlen(value)});
}

void query_blob(struct query *q, const void *bytes, size_t len) {
    query_value(q, &(struct value){.kind = VALUE_BLOB, .data = bytes, .len = len});
}

void query_id(struct query *q, const struct id *id) {
    query_blob(q, id->bytes, ID_LEN);
}

void query_column(struct query *q, const struct column *column, const void *row) {
    struct value value;
    if (q->has_failed) {
        return;
    }
    step_done(q, column_value(column, row, &q->memory, &value, q->e));
    if (!q->has_failed) {
        query_value(q, &value);
    }
}

void query_insert(struct query *q, const struct table *table, const void *row) {
    query_sql(q, "INSERT INTO ");
    query_sql(q, table->name);
    for (size_t i = 0; i < table->column_count; i++) {
        query_sql(q, i == 0 ? " (" : ", ");
        query_sql(q, table->columns[i].name);
    }
    for (size_t i = 0; i < table->column_count; i++) {
        query_sql(q, i == 0 ? ") VALUES (" : ", ");
        query_column(q, &table->columns[i], row);
    }
    query_sql(q, ")");
}

static void bind(struct db_statement *statement, int index, const struct value *value) {
    switch (value->kind) {
    case VALUE_NULL:
        db_bind_null(statement, index);
        return;
    case VALUE_INT64:
        db_bind_int64(statement, index, value->number);
        return;
    case VALUE_TEXT:
        db_bind_text(statement, index, value->data);
        return;
    case VALUE_BLOB:
        db_bind_blob(statement, index, value->data, value->len);
        return;
    }
}

bool query_start(struct query *q, struct db *db, struct db_statement **out_statement,
                 struct err *e) {
    if (q->has_failed || !db_prepare(db, buf_string(&q->sql), out_statement, e)) {
        return false;
    }
    for (size_t i = 0; i < q->value_count; i++) {
        bind(*out_statement, (int)i + 1, &q->values[i]);
    }
    return true;
}

bool query_run(struct query *q, struct db *db, int64_t *out_changed, struct err *e) {
    PL_AUTO(db_releasep) struct db_statement *statement = NULL;
    return query_start(q, db, &statement, e) && db_run(statement, out_changed, e);
}

bool query_one(struct query *q, struct store *store, const struct table *table, void **out_row,
               struct err *e) {
    PL_AUTO(db_releasep) struct db_statement *statement = NULL;
    bool has_row = false;
    *out_row = NULL;
    return query_start(q, store->db, &statement, e) && db_step(statement, &has_row, e) &&
           (!has_row || row_read(statement, table, out_row, e));
}

static struct rows take_rows(struct rows *from) {
    struct rows taken = *from;
    *from = (struct rows){0};
    return taken;
}

bool query_many(struct query *q, struct store *store, const struct table *table, size_t max,
                struct rows *out, struct err *e) {
    PL_AUTO(db_releasep) struct db_statement *statement = NULL;
    PL_AUTO(rows_clear) struct rows rows = {0};
    void *items = NULL;
    bool has_row = true;
    if (!query_start(q, store->db, &statement, e) || !mem_array(max, sizeof(void *), &items, e)) {
        return false;
    }
    rows.items = items;
    while (rows.count < max) {
        if (!db_step(statement, &has_row, e)) {
            return false;
        }
        if (!has_row) {
            break;
        }
        if (!row_read(statement, table, &rows.items[rows.count], e)) {
            return false;
        }
        rows.count++;
    }
    *out = take_rows(&rows);
    return true;
}

void query_where(struct query *q, enum query_use use, const char *column,
                 const char *operator_sql) {
    if (q->has_failed) {
        return;
    }
    step_done(q, use == QUERY_LOOKED_UP
                     ? buf_printf(&q->sql, q->e, " AND t.%s %s ", column, operator_sql)
                     : buf_printf(&q->sql, q->e, " AND COALESCE(t.%s, t.%s) %s ", column, column,
                                  operator_sql));
}

/* --- pages ---------------------------------------------------------------------------------------
 */

void query_page_begin(struct query *q, const struct listing *listing) {
    query_sql(q, "SELECT ");
    query_columns(q, listing->table, "t");
    query_sql(q, " FROM ");
    query_sql(q, listing->from);
    query_sql(q, " WHERE TRUE");
}

static const struct column *key_column(const struct listing *listing) {
    return listing->key == NULL ? NULL : table_column(listing->table, listing->key);
}

/* The place of a row in the order: the id's digits, then the key as text. */
static bool place_of(const struct listing *listing, const void *row, char **out_place,
                     struct err *e) {
    const struct column *key = key_column(listing);
    struct value value = {0};
    char id[2 * ID_LEN + 1];
    hex_encode(row, ID_LEN, id);
    if (key == NULL) {
        return mem_strdup(id, out_place, e);
    }
    if (!column_value(key, row, NULL, &value, e)) {
        return false;
    }
    return value.kind == VALUE_TEXT
               ? mem_printf(out_place, e, "%s%s", id, (const char *)value.data)
               : mem_printf(out_place, e, "%s%lld", id, (long long)value.number);
}

static bool place_number(const char *text, int64_t *out_number) {
    uint64_t number = 0;
    bool is_negative = text[0] == '-';
    if (!str_to_u64(text + (is_negative ? 1 : 0), INT64_MAX, &number)) {
        return false;
    }
    *out_number = is_negative ? -(int64_t)number : (int64_t)number;
    return true;
}

static bool place_read(const struct listing *listing, const char *place, struct id *out_id,
                       struct value *out_key) {
    const struct column *key = key_column(listing);
    size_t len = strlen(place);
    if (len < 2 * ID_LEN || len > 2 * ID_LEN + STORE_TEXT_MAX ||
        !hex_decode(place, 2 * ID_LEN, out_id->bytes)) {
        return false;
    }
    const char *text = place + 2 * ID_LEN;
    if (key == NULL) {
        return *text == '\0';
    }
    if (key->kind == COLUMN_TEXT) {
        *out_key = (struct value){.kind = VALUE_TEXT, .data = text, .len = strlen(text)};
        return true;
    }
    out_key->kind = VALUE_INT64;
    return place_number(text, &out_key->number);
}

static void put_after(struct query *q, const struct listing *listing, const struct page *page) {
    const char *than = page->is_descending ? "<" : ">";
    struct id id;
    struct value key = {0};
    if (!place_read(listing, page->after, &id, &key)) {
        step_done(q, err_set(q->e, ERR_STORE_PAGE, "the place to go on from is malformed"));
        return;
    }
    if (listing->key == NULL) {
        step_done(q, buf_printf(&q->sql, q->e, " AND %s.%s %s ", listing->alias, listing->id_column,
                                than));
        query_id(q, &id);
        return;
    }
    if (listing->is_key_unique) {
        step_done(q,
                  buf_printf(&q->sql, q->e, " AND %s.%s %s ", listing->alias, listing->key, than));
        query_value(q, &key);
        return;
    }
    step_done(q, buf_printf(&q->sql, q->e, " AND (%s.%s, %s.%s) %s (", listing->alias, listing->key,
                            listing->alias, listing->id_column, than));
    query_value(q, &key);
    query_sql(q, ", ");
    query_id(q, &id);
    query_sql(q, ")");
}

static void put_order(struct query *q, const struct listing *listing, const struct page *page) {
    const char *direction = page->is_descending ? " DESC" : "";
    bool has_key = listing->key != NULL;
    bool has_id = !has_key || !listing->is_key_unique;
    query_sql(q, " ORDER BY ");
    if (has_key && !q->has_failed) {
        step_done(q, buf_printf(&q->sql, q->e, "%s.%s%s%s", listing->alias, listing->key, direction,
                                has_id ? ", " : ""));
    }
    if (has_id && !q->has_failed) {
        step_done(
            q, buf_printf(&q->sql, q->e, "%s.%s%s", listing->alias, listing->id_column, direction));
    }
    query_sql(q, " LIMIT ");
}

bool query_page_end(struct query *q, struct store *store, const struct listing *listing,
                    const struct page *page, struct rows *out, struct err *e) {
    static const struct page whole = {0};
    page = page == NULL ? &whole : page;
    size_t limit = page->limit == 0 ? STORE_PAGE_DEFAULT : page->limit;
    limit = limit > STORE_PAGE_MAX ? STORE_PAGE_MAX : limit;
    if (page->after != NULL && page->after[0] != '\0' && !q->has_failed) {
        put_after(q, listing, page);
    }
    put_order(q, listing, page);
    query_int64(q, (int64_t)limit + 1);
    PL_AUTO(rows_clear) struct rows rows = {0};
    if (!query_many(q, store, listing->table, limit + 1, &rows, e)) {
        return false;
    }
    if (rows.count > limit) {
        mem_free(rows.items[--rows.count]);
        if (!place_of(listing, rows.items[limit - 1], &rows.next, e)) {
            return false;
        }
    }
    *out = take_rows(&rows);
    return true;
}
