/*
 * Operations, batches, and the transaction beneath them.
 *
 * The database may end a transaction by itself (a full disk, a lost file): every function looks
 * before it goes on, so that half an operation is never committed.
 */
#include "store/operation.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "store/handle.h"
#include "store/query.h"

#include <string.h>
#include <unistd.h>

enum { FIRST_RECORDS = 4 };

static bool transaction_is_lost(const struct store *store) {
    return store->is_writing && !db_in_transaction(store->db);
}

static bool fail_lost(struct err *e) {
    return err_set(e, ERR_STORE_IO, "the database took back what was done so far");
}

bool store_require_operation(struct store *store, struct operation_record **out_record,
                             struct err *e) {
    PL_BUG_UNLESS(store->is_recording);
    if (transaction_is_lost(store)) {
        return fail_lost(e);
    }
    *out_record = &store->records[store->record_count - 1];
    return true;
}

/* --- the transaction -----------------------------------------------------------------------------
 */

static bool transaction_begin(struct store *store, struct err *e) {
    PL_BUG_UNLESS(!store->is_reading && !store->is_writing);
    if (store->mode == STORE_READ) {
        (void)err_set(e, ERR_STORE_READONLY, "the store was opened for reading only");
        return false;
    }
    if (!db_begin_write(store->db, e)) {
        return false;
    }
    store->is_writing = true;
    store->savepoint_count = 0;
    store->record_count = 0;
    return true;
}

static void transaction_end(struct store *store) {
    store->is_writing = false;
    store->is_batch = false;
    store->is_recording = false;
    store->record_count = 0;
    store->savepoint_count = 0;
}

/* Takes as many numbers as there are operations; the counter's row is locked until the commit. */
static bool take_numbers(struct store *store, int64_t count, int64_t *out_first, struct err *e) {
    PL_AUTO(db_releasep) struct db_statement *take = NULL;
    bool has_row = false;
    if (!db_prepare(store->db,
                    "UPDATE counters SET value = value + ?1 WHERE name = 'changes' "
                    "RETURNING value",
                    &take, e)) {
        return false;
    }
    db_bind_int64(take, 1, count);
    if (!db_step(take, &has_row, e)) {
        return false;
    }
    if (!has_row) {
        return err_set(e, ERR_STORE_CORRUPT, "the store has no counter of changes");
    }
    *out_first = db_column_int64(take, 0) - count + 1;
    return db_run(take, NULL, e);
}

static bool number_operation(struct store *store, const struct operation_record *record,
                             int64_t seq, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_init(&q, e);
    query_sql(&q, "UPDATE operations SET seq = ");
    query_int64(&q, seq);
    query_sql(&q, ", is_undoable = ");
    query_int64(&q, record->is_undoable ? 1 : 0);
    query_sql(&q, " WHERE id = ");
    query_id(&q, &record->id);
    return query_run(&q, store->db, NULL, e);
}

static bool number_operations(struct store *store, struct err *e) {
    int64_t count = 0;
    int64_t seq = 0;
    for (size_t i = 0; i < store->record_count; i++) {
        count += store->records[i].change_count > 0 ? 1 : 0;
    }
    if (count == 0) {
        return true;
    }
    if (!take_numbers(store, count, &seq, e)) {
        return false;
    }
    for (size_t i = 0; i < store->record_count; i++) {
        const struct operation_record *record = &store->records[i];
        if (record->change_count > 0 && !number_operation(store, record, seq++, e)) {
            return false;
        }
    }
    return true;
}

/* Whoever misses the byte sees the number when it polls: a failure here loses nothing. */
static void tell_watchers(const struct store *store) {
    static const char byte = '1';
    ssize_t written = pwrite(store->changed_fd, &byte, 1, 0);
    (void)written;
}

static bool transaction_commit(struct store *store, struct err *e) {
    bool ok = transaction_is_lost(store) ? fail_lost(e)
                                         : number_operations(store, e) && db_commit(store->db, e);
    if (ok) {
        tell_watchers(store);
    } else {
        db_rollback(store->db);
    }
    transaction_end(store);
    return ok;
}

static void transaction_rollback(struct store *store) {
    db_rollback(store->db);
    transaction_end(store);
}

/* --- records -------------------------------------------------------------------------------------
 */

static bool reserve_record(struct store *store, struct err *e) {
    if (store->record_count < store->record_capacity) {
        return true;
    }
    if (store->record_count == STORE_BATCH_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "more than %d operations in a batch", STORE_BATCH_MAX);
    }
    size_t capacity = store->record_capacity == 0 ? FIRST_RECORDS : store->record_capacity * 2;
    void *records = store->records;
    if (!mem_resize(&records, capacity * sizeof(struct operation_record), e)) {
        return false;
    }
    store->records = records;
    store->record_capacity = capacity;
    return true;
}

/* text is UTF-8; a character that does not fit whole is left out. */
static void copy_cut(char *out, size_t size, const char *text) {
    if (str_copy(out, size, text == NULL ? "" : text)) {
        return;
    }
    size_t len = strlen(out);
    while (!utf8_is_valid(out, len)) {
        out[--len] = '\0';
    }
}

static bool begin_record(struct store *store, const struct operation_wish *wish, struct id *out_id,
                         struct err *e) {
    if (!utf8_is_valid(wish->title, strlen(wish->title)) ||
        (wish->actor != NULL && !utf8_is_valid(wish->actor, strlen(wish->actor)))) {
        return err_set(e, ERR_STORE_TEXT, "an operation's title or actor is not UTF-8");
    }
    if (!reserve_record(store, e) || !id_new(clock_now_ms(), out_id, e)) {
        return false;
    }
    struct operation_record *record = &store->records[store->record_count];
    *record = (struct operation_record){.id = *out_id, .is_undoable = wish->is_undoable};
    copy_cut(record->title, sizeof(record->title), wish->title);
    copy_cut(record->actor, sizeof(record->actor), wish->actor);
    store->record_count++;
    store->is_recording = true;
    return true;
}

/* --- operations ----------------------------------------------------------------------------------
 */

static bool begin_first(struct operation *op, struct store *store,
                        const struct operation_wish *wish, struct err *e) {
    if (!transaction_begin(store, e)) {
        return false;
    }
    if (!begin_record(store, wish, &op->id, e)) {
        transaction_rollback(store);
        return false;
    }
    return true;
}

static bool begin_savepoint(struct operation *op, struct store *store, struct err *e) {
    PL_BUG_UNLESS(store->savepoint_count < DB_SAVEPOINTS_MAX);
    if (transaction_is_lost(store)) {
        return fail_lost(e);
    }
    if (!db_savepoint(store->db, store->savepoint_count + 1, e)) {
        return false;
    }
    op->level = ++store->savepoint_count;
    return true;
}

static void end_savepoint(struct operation *op) {
    PL_BUG_UNLESS(op->store->savepoint_count == op->level);
    op->store->savepoint_count--;
}

static bool begin_joined(struct operation *op, struct store *store,
                         const struct operation_wish *wish, struct err *e) {
    if (!begin_savepoint(op, store, e)) {
        return false;
    }
    struct operation_record *record = &store->records[store->record_count - 1];
    op->id = record->id;
    op->mark = record->change_count;
    op->was_undoable = record->is_undoable;
    op->is_joined = true;
    record->is_undoable = record->is_undoable && wish->is_undoable;
    return true;
}

static bool begin_in_batch(struct operation *op, struct store *store,
                           const struct operation_wish *wish, struct err *e) {
    if (!begin_savepoint(op, store, e)) {
        return false;
    }
    if (!begin_record(store, wish, &op->id, e)) {
        db_savepoint_rollback(store->db, op->level);
        end_savepoint(op);
        return false;
    }
    return true;
}

bool operation_begin(struct operation *op, struct store *store, const struct operation_wish *wish,
                     struct err *e) {
    *op = (struct operation){.store = store};
    if (store->is_recording) {
        op->is_open = begin_joined(op, store, wish, e);
    } else if (store->is_batch) {
        op->is_open = begin_in_batch(op, store, wish, e);
    } else {
        op->is_open = begin_first(op, store, wish, e);
    }
    return op->is_open;
}

/* The outer operation as it was before this part began. */
static void forget_changes(struct operation *op) {
    struct store *store = op->store;
    if (op->is_joined) {
        struct operation_record *record = &store->records[store->record_count - 1];
        record->change_count = op->mark;
        record->is_undoable = op->was_undoable;
    } else {
        store->record_count--;
        store->is_recording = false;
    }
}

void operation_rollback(struct operation *op) {
    if (!op->is_open) {
        return;
    }
    op->is_open = false;
    if (op->level == 0) {
        transaction_rollback(op->store);
        return;
    }
    db_savepoint_rollback(op->store->db, op->level);
    end_savepoint(op);
    forget_changes(op);
}

bool operation_commit(struct operation *op, struct err *e) {
    struct store *store = op->store;
    PL_BUG_UNLESS(op->is_open);
    if (op->level == 0) {
        op->is_open = false;
        return transaction_commit(store, e);
    }
    if (transaction_is_lost(store) ? !fail_lost(e)
                                   : !db_savepoint_release(store->db, op->level, e)) {
        operation_rollback(op);
        return false;
    }
    op->is_open = false;
    end_savepoint(op);
    store->is_recording = op->is_joined;
    return true;
}

/* --- batches -------------------------------------------------------------------------------------
 */

bool batch_begin(struct batch *batch, struct store *store, struct err *e) {
    *batch = (struct batch){.store = store};
    batch->is_open = transaction_begin(store, e);
    store->is_batch = batch->is_open;
    return batch->is_open;
}

bool batch_commit(struct batch *batch, struct err *e) {
    PL_BUG_UNLESS(batch->is_open && !batch->store->is_recording);
    batch->is_open = false;
    return transaction_commit(batch->store, e);
}

void batch_rollback(struct batch *batch) {
    if (batch->is_open) {
        batch->is_open = false;
        transaction_rollback(batch->store);
    }
}
