/*
 * The database interface above its drivers: kept statements, transactions, savepoints.
 *
 * Limits: DB_STATEMENTS_MAX kept statements. Knows no table and no SQL but that of transactions.
 */
#include "store/db.h"

#include "base/map.h"
#include "base/mem.h"
#include "store/db_driver.h"

#include <stdio.h>
#include <string.h>

struct db {
    const struct db_driver *driver;
    void *connection;
    struct map *statements; /* SQL text to struct db_statement */
    uint64_t uses;
};

struct db_statement {
    struct db *db;
    void *native;
    uint64_t last_use;
    char *sql;
    bool is_kept; /* in the map; others are made because the kept one was in use */
    bool is_in_use;
    bool has_bind_failed;
};

static void statement_free(struct db_statement *statement) {
    if (statement != NULL) {
        statement->db->driver->finalize(statement->native);
        mem_free(statement->sql);
        mem_free(statement);
    }
}
PL_DEFINE_FREEP(statement_freep, struct db_statement, statement_free)

bool db_new(const struct db_driver *driver, void *connection, struct db **out_db, struct err *e) {
    struct map *statements = NULL;
    void *memory = NULL;
    if (!map_new(DB_STATEMENTS_MAX, &statements, e) || !mem_alloc(sizeof(struct db), &memory, e)) {
        map_free(statements);
        driver->close(connection);
        return false;
    }
    struct db *db = memory;
    *db = (struct db){.driver = driver, .connection = connection, .statements = statements};
    *out_db = db;
    return true;
}

static struct db_statement *next_statement(const struct db *db, size_t *cursor) {
    const void *sql = NULL;
    size_t sql_len = 0;
    void *statement = NULL;
    return map_next(db->statements, cursor, &sql, &sql_len, &statement) ? statement : NULL;
}

void db_close(struct db *db) {
    if (db == NULL) {
        return;
    }
    size_t cursor = 0;
    struct db_statement *statement = NULL;
    while ((statement = next_statement(db, &cursor)) != NULL) {
        statement_free(statement);
    }
    map_free(db->statements);
    db->driver->close(db->connection);
    mem_free(db);
}

void db_set_busy_timeout(struct db *db, int busy_timeout_ms) {
    db->driver->set_busy_timeout(db->connection, busy_timeout_ms);
}

bool db_exec(struct db *db, const char *sql, struct err *e) {
    return db->driver->exec(db->connection, sql, e);
}

bool db_exec_schema(struct db *db, const char *sql, struct err *e) {
    return db->driver->exec_schema(db->connection, sql, e);
}

static bool statement_new(struct db *db, const char *sql, struct db_statement **out_statement,
                          struct err *e) {
    PL_AUTO(mem_freep) char *copy = NULL;
    void *memory = NULL;
    void *native = NULL;
    if (!mem_strdup(sql, &copy, e) || !db->driver->prepare(db->connection, sql, &native, e)) {
        return false;
    }
    if (!mem_alloc(sizeof(struct db_statement), &memory, e)) {
        db->driver->finalize(native);
        return false;
    }
    struct db_statement *statement = memory;
    *statement = (struct db_statement){.db = db, .native = native, .sql = PL_TAKE(copy)};
    *out_statement = statement;
    return true;
}

/* Makes room in the map; when every statement is in use, the new one is not kept. */
static void forget_oldest(struct db *db) {
    struct db_statement *oldest = NULL;
    struct db_statement *statement = NULL;
    size_t cursor = 0;
    while ((statement = next_statement(db, &cursor)) != NULL) {
        if (!statement->is_in_use && (oldest == NULL || statement->last_use < oldest->last_use)) {
            oldest = statement;
        }
    }
    if (oldest != NULL) {
        (void)map_remove(db->statements, oldest->sql, strlen(oldest->sql));
        statement_free(oldest);
    }
}

static bool keep(struct db *db, struct db_statement *statement, struct err *e) {
    if (map_count(db->statements) == DB_STATEMENTS_MAX) {
        forget_oldest(db);
    }
    size_t len = strlen(statement->sql);
    if (map_count(db->statements) == DB_STATEMENTS_MAX ||
        map_get(db->statements, statement->sql, len) != NULL) {
        return true;
    }
    statement->is_kept = map_set(db->statements, statement->sql, len, statement, NULL, e);
    return statement->is_kept;
}

bool db_prepare(struct db *db, const char *sql, struct db_statement **out_statement,
                struct err *e) {
    struct db_statement *kept = map_get(db->statements, sql, strlen(sql));
    if (kept == NULL || kept->is_in_use) {
        PL_AUTO(statement_freep) struct db_statement *made = NULL;
        if (!statement_new(db, sql, &made, e) || !keep(db, made, e)) {
            return false;
        }
        kept = PL_TAKE(made);
    }
    kept->is_in_use = true;
    kept->has_bind_failed = false;
    kept->last_use = ++db->uses;
    *out_statement = kept;
    return true;
}

void db_release(struct db_statement *statement) {
    if (statement == NULL) {
        return;
    }
    if (!statement->is_kept) {
        statement_free(statement);
        return;
    }
    statement->db->driver->reset(statement->native);
    statement->is_in_use = false;
}

void db_bind_null(struct db_statement *statement, int index) {
    bool ok = statement->db->driver->bind_null(statement->native, index);
    statement->has_bind_failed |= !ok;
}

void db_bind_int64(struct db_statement *statement, int index, int64_t value) {
    bool ok = statement->db->driver->bind_int64(statement->native, index, value);
    statement->has_bind_failed |= !ok;
}

void db_bind_text(struct db_statement *statement, int index, const char *text) {
    const char *bound = text == NULL ? "" : text;
    bool ok = statement->db->driver->bind_text(statement->native, index, bound);
    statement->has_bind_failed |= !ok;
}

void db_bind_blob(struct db_statement *statement, int index, const void *bytes, size_t len) {
    bool ok = statement->db->driver->bind_blob(statement->native, index, bytes, len);
    statement->has_bind_failed |= !ok;
}

bool db_step(struct db_statement *statement, bool *out_has_row, struct err *e) {
    if (statement->has_bind_failed) {
        return err_set(e, ERR_BASE_OOM, "out of memory");
    }
    struct db *db = statement->db;
    return db->driver->step(db->connection, statement->native, out_has_row, e);
}

bool db_run(struct db_statement *statement, int64_t *out_changed, struct err *e) {
    bool has_row = true;
    while (has_row) {
        if (!db_step(statement, &has_row, e)) {
            return false;
        }
    }
    if (out_changed != NULL) {
        *out_changed = statement->db->driver->changed(statement->db->connection);
    }
    return true;
}

bool db_column_is_null(const struct db_statement *statement, int column) {
    return statement->db->driver->is_null(statement->native, column);
}

int64_t db_column_int64(const struct db_statement *statement, int column) {
    return statement->db->driver->column_int64(statement->native, column);
}

const char *db_column_text(const struct db_statement *statement, int column) {
    return statement->db->driver->column_text(statement->native, column);
}

const uint8_t *db_column_blob(const struct db_statement *statement, int column, size_t *out_len) {
    return statement->db->driver->column_blob(statement->native, column, out_len);
}

bool db_begin_write(struct db *db, struct err *e) {
    return db_exec(db, db->driver->begin_write, e);
}

bool db_begin_read(struct db *db, struct err *e) {
    return db_exec(db, db->driver->begin_read, e);
}

bool db_commit(struct db *db, struct err *e) {
    if (!db_in_transaction(db)) {
        return err_set(e, ERR_STORE_IO, "the database took the change back by itself");
    }
    if (db_exec(db, "COMMIT", e)) {
        return true;
    }
    db_rollback(db);
    return false;
}

void db_rollback(struct db *db) {
    if (db_in_transaction(db)) {
        bool ended = db_exec(db, "ROLLBACK", NULL);
        (void)ended; /* a transaction that cannot be ended ends with the connection */
    }
}

bool db_in_transaction(const struct db *db) {
    return db->driver->in_transaction(db->connection);
}

static bool savepoint_exec(struct db *db, const char *verb, unsigned level, struct err *e) {
    char sql[64];
    (void)snprintf(sql, sizeof(sql), "%s level_%u", verb, level);
    return db_exec(db, sql, e);
}

bool db_savepoint(struct db *db, unsigned level, struct err *e) {
    return savepoint_exec(db, "SAVEPOINT", level, e);
}

bool db_savepoint_release(struct db *db, unsigned level, struct err *e) {
    return savepoint_exec(db, "RELEASE SAVEPOINT", level, e);
}

void db_savepoint_rollback(struct db *db, unsigned level) {
    if (db_in_transaction(db) && (!savepoint_exec(db, "ROLLBACK TO SAVEPOINT", level, NULL) ||
                                  !savepoint_exec(db, "RELEASE SAVEPOINT", level, NULL))) {
        db_rollback(db);
    }
}

bool db_copy_to(struct db *db, const char *path, struct err *e) {
    return db->driver->copy_to(db->connection, path, e);
}

bool db_check(struct db *db, struct err *e) {
    return db->driver->check(db->connection, e);
}
