/*
 * The thin interface to a database: what SQLite and PostgreSQL have in common and the store needs.
 * Placeholders are ?1, ?2 … (a libpq driver rewrites them to $1); SQL is the part that both speak.
 *
 * One struct db is used by one thread. Statements are prepared once per text and kept.
 * Limits: DB_STATEMENTS_MAX kept statements (the least recently used goes first).
 *
 * Errors of all functions, whatever the driver:
 *   store.busy (another writer holds the store for longer than the timeout), store.full (disk or
 *   quota), store.readonly, store.corrupt, store.constraint (unique or check), store.reference
 *   (foreign key), store.io, store.sql (a defect), base.oom
 */
#ifndef PL_STORE_DB_H
#define PL_STORE_DB_H

#include "base/compiler.h"
#include "base/err.h"

#include <sys/types.h>

enum { DB_STATEMENTS_MAX = 128, DB_SAVEPOINTS_MAX = 8 };

struct db;
struct db_statement;

enum db_mode {
    DB_READ, /* nothing is written; the files need not be writable */
    DB_WRITE,
    DB_CREATE, /* the file must not exist; it gets mode and group before anything is in it */
};

struct db_options {
    enum db_mode mode;
    mode_t file_mode; /* DB_CREATE: 0600 or wider for the group that serves */
    gid_t file_group; /* DB_CREATE: (gid_t)-1 leaves it */
    int busy_timeout_ms;
};

/* Fails store.missing, store.exists, store.foreign (no database, or another program's). */
bool db_open_sqlite(const char *path, const struct db_options *options, struct db **out_db,
                    struct err *e) PL_MUST_USE;
void db_close(struct db *db); /* rolls back what is open; NULL is fine */
PL_DEFINE_FREEP(db_closep, struct db, db_close)

void db_set_busy_timeout(struct db *db, int busy_timeout_ms);

/* Several statements without parameters. */
bool db_exec(struct db *db, const char *sql, struct err *e) PL_MUST_USE;
/*
 * The schema's text: INTEGER, BLOB and STRICT are SQLite's words for what a driver may call
 * otherwise.
 */
bool db_exec_schema(struct db *db, const char *sql, struct err *e) PL_MUST_USE;

/* --- one statement -------------------------------------------------------------------------------
 */

/* Ready to be bound; give it back with db_release(). */
bool db_prepare(struct db *db, const char *sql, struct db_statement **out_statement, struct err *e)
    PL_MUST_USE;
void db_release(struct db_statement *statement); /* NULL is fine */
PL_DEFINE_FREEP(db_releasep, struct db_statement, db_release)

/*
 * index from 1. Bytes are borrowed until the release. A bind that fails makes the next db_step()
 * fail.
 */
void db_bind_null(struct db_statement *statement, int index);
void db_bind_int64(struct db_statement *statement, int index, int64_t value);
void db_bind_text(struct db_statement *statement, int index, const char *text); /* NULL: "" */
void db_bind_blob(struct db_statement *statement, int index, const void *bytes, size_t len);

/* The next row, or none. */
bool db_step(struct db_statement *statement, bool *out_has_row, struct err *e) PL_MUST_USE;
/* For statements that answer nothing: steps to the end; out_changed (may be NULL): rows written. */
bool db_run(struct db_statement *statement, int64_t *out_changed, struct err *e) PL_MUST_USE;

/*
 * Of the current row, column from 0. Pointers are good until the next step. Reading them can run
 * out of memory: db_column_text and db_column_blob then answer NULL where is_null says false.
 */
bool db_column_is_null(const struct db_statement *statement, int column);
int64_t db_column_int64(const struct db_statement *statement, int column);
const char *db_column_text(const struct db_statement *statement, int column);
const uint8_t *db_column_blob(const struct db_statement *statement, int column, size_t *out_len);

/* --- transactions --------------------------------------------------------------------------------
 */

bool db_begin_write(struct db *db, struct err *e) PL_MUST_USE; /* takes the write lock at once */
bool db_begin_read(struct db *db, struct err *e) PL_MUST_USE;  /* one consistent view */
bool db_commit(struct db *db, struct err *e)
    PL_MUST_USE; /* on failure nothing is committed and none is open */
void db_rollback(struct db *db);
bool db_in_transaction(
    const struct db *db); /* false also after the database rolled back by itself */
/* Nested, at most DB_SAVEPOINTS_MAX deep; level counts from 1. */
bool db_savepoint(struct db *db, unsigned level, struct err *e) PL_MUST_USE;
bool db_savepoint_release(struct db *db, unsigned level, struct err *e) PL_MUST_USE;
void db_savepoint_rollback(struct db *db, unsigned level);

/* A consistent copy into a new file, without locking writers out. Fails store.exists, store.full …
 */
bool db_copy_to(struct db *db, const char *path, struct err *e) PL_MUST_USE;
/* SQLite's "PRAGMA quick_check": fails store.corrupt with the first complaint. */
bool db_check(struct db *db, struct err *e) PL_MUST_USE;

#endif
