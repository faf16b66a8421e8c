/*
 * Whole rows written, deleted and looked up by id: the same for every aggregate.
 *
 * Every write is inside an operation and recorded there. Updates and deletes are conditional on the
 * version that the caller has seen.
 */
#include "store/table_write.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/str.h"
#include "store/changes.h"
#include "store/handle.h"

#include <string.h>

/* --- what must stay together ---------------------------------------------------------------------
 */

/* A live row of `from` needs a live row of `to`. */
struct reference {
    const char *from;
    const char *column;
    const char *condition; /* on alias t, of rows of `from` to which this applies */
    const char *to;
};

static const struct reference references[] = {
    {"bindings", "site_id", "", "sites"},
    {"bindings", "tls_policy_id", " AND t.tls_policy_id IS NOT NULL", "tls_policies"},
    {"bindings", "rsa_cert_id", " AND t.rsa_cert_id IS NOT NULL", "certs"},
    {"bindings", "ec_cert_id", " AND t.ec_cert_id IS NOT NULL", "certs"},
    {"bindings", "ed25519_cert_id", " AND t.ed25519_cert_id IS NOT NULL", "certs"},
    {"certs", "key_id", " AND t.key_id IS NOT NULL", "keys"},
    {"requests", "key_id", " AND t.state = 'pending'", "keys"},
    {"issuers", "key_id", "", "keys"},
};

static bool has_answer(struct query *q, struct store *store, bool *out_has_row, struct err *e) {
    PL_AUTO(db_releasep) struct db_statement *statement = NULL;
    return query_start(q, store->db, &statement, e) && db_step(statement, out_has_row, e);
}

/* The live row refers to nothing that is gone. */
static bool check_referred(struct store *store, const struct reference *reference,
                           const struct id *id, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    bool is_dangling = false;
    query_init(&q, e);
    query_sql(&q, "SELECT 1 FROM ");
    query_sql(&q, reference->from);
    query_sql(&q, " t WHERE t.id = ");
    query_id(&q, id);
    query_sql(&q, reference->condition);
    query_sql(&q, " AND NOT EXISTS (SELECT 1 FROM ");
    query_sql(&q, reference->to);
    query_sql(&q, " r WHERE r.deleted_ms IS NULL AND r.id = t.");
    query_sql(&q, reference->column);
    query_sql(&q, ")");
    if (!has_answer(&q, store, &is_dangling, e)) {
        return false;
    }
    return !is_dangling ||
           err_set(e, ERR_STORE_REFERENCE, "the %s needs a %s that is not in the store any more",
                   table_by_name(reference->from)->noun, table_by_name(reference->to)->noun);
}

/* Nothing live refers to the deleted row. */
static bool check_unused(struct store *store, const struct reference *reference,
                         const struct id *id, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    bool is_used = false;
    query_init(&q, e);
    query_sql(&q, "SELECT 1 FROM ");
    query_sql(&q, reference->from);
    query_sql(&q, " t WHERE t.deleted_ms IS NULL AND t.");
    query_sql(&q, reference->column);
    query_sql(&q, " = ");
    query_id(&q, id);
    query_sql(&q, reference->condition);
    query_sql(&q, " LIMIT 1");
    if (!has_answer(&q, store, &is_used, e)) {
        return false;
    }
    return !is_used ||
           err_set(e, ERR_STORE_REFERENCE, "a %s still uses the %s",
                   table_by_name(reference->from)->noun, table_by_name(reference->to)->noun);
}

bool table_written(struct store *store, const struct table *table, const void *row, struct err *e) {
    struct row_head head;
    memcpy(&head, row, sizeof(head));
    for (size_t i = 0; i < PL_ARRAY_LEN(references); i++) {
        const struct reference *reference = &references[i];
        bool is_live = head.deleted_ms == 0;
        if ((is_live && strcmp(reference->from, table->name) == 0 &&
             !check_referred(store, reference, &head.id, e)) ||
            (!is_live && strcmp(reference->to, table->name) == 0 &&
             !check_unused(store, reference, &head.id, e))) {
            return false;
        }
    }
    return table->after_write == NULL || table->after_write(store, row, e);
}

bool table_write_failed(const struct table *table, struct err *e) {
    if (e == NULL || e->code != ERR_STORE_CONSTRAINT || table->taken == NULL) {
        return false;
    }
    char note[ERR_TEXT_MAX];
    memcpy(note, e->note, sizeof(note));
    (void)err_set(e, ERR_STORE_CONSTRAINT, "%s", table->taken);
    return err_note(e, "%s", note);
}

bool table_run_update(struct query *q, struct store *store, const struct table *table,
                      struct err *e) {
    int64_t changed = 0;
    if (!query_run(q, store->db, &changed, e)) {
        return table_write_failed(table, e);
    }
    return changed == 1 ||
           err_set(e, ERR_STORE_VERSION, "the %s was changed or deleted by another meanwhile",
                   table->noun);
}

/* --- reading -------------------------------------------------------------------------------------
 */

bool table_get(struct store *store, const struct table *table, const struct id *id, void **out_row,
               struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_select(&q, table, e);
    query_sql(&q, " AND t.id = ");
    query_id(&q, id);
    return query_one(&q, store, table, out_row, e);
}

bool table_find(struct store *store, const struct table *table, const char *text, struct rows *out,
                struct err *e) {
    struct id id;
    uint8_t tail[ID_SHORT_LEN / 2];
    bool is_long = id_parse(text, &id);
    if (!is_long && (strlen(text) != ID_SHORT_LEN || !hex_decode(text, ID_SHORT_LEN, tail))) {
        *out = (struct rows){0};
        return true;
    }
    PL_AUTO(query_clear) struct query q;
    query_select(&q, table, e);
    query_sql(&q, is_long ? " AND t.id = " : " AND substr(t.id, 13, 4) = ");
    query_blob(&q, is_long ? id.bytes : tail, is_long ? ID_LEN : sizeof(tail));
    query_sql(&q, table_column(table, "deleted_ms") == NULL ? "" : " AND t.deleted_ms IS NULL");
    query_sql(&q, " LIMIT 10");
    return query_many(&q, store, table, STORE_FIND_MAX, out, e);
}

/* --- writing -------------------------------------------------------------------------------------
 */

static bool insert(struct store *store, const struct table *table, const void *row, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_init(&q, e);
    query_insert(&q, table, row);
    return query_run(&q, store->db, NULL, e) || table_write_failed(table, e);
}

static bool fill_head(const struct store *store, struct row_head *head, struct err *e) {
    int64_t now_ms = clock_now_ms();
    if (id_is_zero(&head->id) && !id_new(now_ms, &head->id, e)) {
        return false;
    }
    head->version = 1;
    head->created_ms = now_ms;
    head->updated_ms = now_ms;
    head->deleted_ms = 0;
    head->node_id = store->node_id;
    return true;
}

bool table_insert(struct store *store, const struct table *table, void *row, struct err *e) {
    struct operation_record *record = NULL;
    struct row_head *head = row;
    if (!store_require_operation(store, &record, e) || !fill_head(store, head, e) ||
        !insert(store, table, row, e) || !table_written(store, table, row, e)) {
        return false;
    }
    const struct change change = {.table = table,
                                  .kind = CHANGE_INSERT,
                                  .after = row,
                                  .row_id = head->id,
                                  .after_version = 1};
    return change_record(store, &change, e);
}

/* The row's head as it will be after this write. */
static struct row_head next_head(const struct store *store, const void *row) {
    struct row_head head;
    memcpy(&head, row, sizeof(head));
    head.version++;
    head.updated_ms = clock_now_ms();
    head.node_id = store->node_id;
    return head;
}

static void put_head(struct query *q, const struct table *table, const struct row_head *head) {
    query_sql(q, "UPDATE ");
    query_sql(q, table->name);
    query_sql(q, " SET version = ");
    query_int64(q, head->version);
    query_sql(q, ", updated_ms = ");
    query_int64(q, head->updated_ms);
    query_sql(q, ", node_id = ");
    query_id(q, &head->node_id);
}

static void put_condition(struct query *q, const struct row_head *head) {
    query_sql(q, " WHERE id = ");
    query_id(q, &head->id);
    query_sql(q, " AND version = ");
    query_int64(q, head->version - 1);
    query_sql(q, " AND deleted_ms IS NULL");
}

static bool update(struct store *store, const struct table *table, const void *row,
                   const struct row_head *head, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_init(&q, e);
    put_head(&q, table, head);
    for (size_t i = HEAD_COLUMN_COUNT; i < table->column_count; i++) {
        if (!table->columns[i].is_counter) {
            query_sql(&q, ", ");
            query_sql(&q, table->columns[i].name);
            query_sql(&q, " = ");
            query_column(&q, &table->columns[i], row);
        }
    }
    put_condition(&q, head);
    return table_run_update(&q, store, table, e);
}

static bool mark_deleted(struct store *store, const struct table *table,
                         const struct row_head *head, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_init(&q, e);
    put_head(&q, table, head);
    query_sql(&q, ", deleted_ms = ");
    query_int64(&q, head->deleted_ms);
    put_condition(&q, head);
    return table_run_update(&q, store, table, e);
}

/* An update or delete between the images before and after. */
static bool change_row(struct store *store, const struct table *table, void *row,
                       enum change_kind kind, struct err *e) {
    struct operation_record *record = NULL;
    PL_AUTO(mem_freep) void *before = NULL;
    PL_AUTO(mem_freep) void *after = NULL;
    struct row_head head = next_head(store, row);
    head.deleted_ms = kind == CHANGE_DELETE ? head.updated_ms : 0;
    if (!store_require_operation(store, &record, e) ||
        (record->is_undoable && !table_get(store, table, &head.id, &before, e)) ||
        !(kind == CHANGE_DELETE ? mark_deleted(store, table, &head, e)
                                : update(store, table, row, &head, e)) ||
        !table_get(store, table, &head.id, &after, e) || !table_written(store, table, after, e)) {
        return false;
    }
    const struct change change = {.table = table,
                                  .kind = kind,
                                  .before = before,
                                  .after = after,
                                  .row_id = head.id,
                                  .before_version = head.version - 1,
                                  .after_version = head.version};
    if (!change_record(store, &change, e)) {
        return false;
    }
    memcpy(row, &head, sizeof(head));
    return true;
}

bool table_update(struct store *store, const struct table *table, void *row, struct err *e) {
    return change_row(store, table, row, CHANGE_UPDATE, e);
}

bool table_delete(struct store *store, const struct table *table, void *row, struct err *e) {
    return change_row(store, table, row, CHANGE_DELETE, e);
}
