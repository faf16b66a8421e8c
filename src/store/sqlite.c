/*
 * The SQLite driver: WAL, synchronous=FULL, foreign keys, secure delete, nothing trusted that a
 * hostile file could carry (trusted_schema off, defensive, no quoted-string columns).
 *
 * -wal and -shm stay beside the file after the last close, so that someone who may only read the
 * folder can still open it. Needs SQLite 3.37 or later (STRICT).
 */
#include "base/mem.h"
#include "base/str.h"
#include "store/db_driver.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "PADL": what file(1) and we tell a store by. */
#define APPLICATION_ID 1346454604
#define APPLICATION_ID_PRAGMA "PRAGMA application_id = 1346454604"

/* --- errors --------------------------------------------------------------------------------------
 */

static enum err_code code_of_constraint(int extended) {
    return extended == SQLITE_CONSTRAINT_FOREIGNKEY ? ERR_STORE_REFERENCE : ERR_STORE_CONSTRAINT;
}

static enum err_code code_of_io(int extended, int system_errno) {
    if (extended == SQLITE_IOERR_NOMEM) {
        return ERR_BASE_OOM;
    }
    bool is_full = system_errno == EDQUOT || system_errno == ENOSPC || system_errno == EFBIG;
    return is_full ? ERR_STORE_FULL : ERR_STORE_IO;
}

static enum err_code code_of(int extended, int system_errno) {
    switch (extended & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_STORE_BUSY;
    case SQLITE_FULL:
        return ERR_STORE_FULL;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return ERR_STORE_READONLY;
    case SQLITE_CORRUPT:
        return ERR_STORE_CORRUPT;
    case SQLITE_NOTADB:
        return ERR_STORE_FOREIGN;
    case SQLITE_CONSTRAINT:
        return code_of_constraint(extended);
    case SQLITE_IOERR:
        return code_of_io(extended, system_errno);
    case SQLITE_CANTOPEN:
        return ERR_STORE_IO;
    case SQLITE_NOMEM:
        return ERR_BASE_OOM;
    case SQLITE_TOOBIG:
        return ERR_BASE_LIMIT;
    default:
        return ERR_STORE_SQL;
    }
}

struct reason {
    enum err_code code;
    const char *text;
    const char *hint;
};

static const struct reason reasons[] = {
    {ERR_STORE_BUSY, "another program holds the store", "try again when it is done"},
    {ERR_STORE_FULL, "there is no room for the store to grow",
     "make room on its disk or quota; what is stored is safe"},
    {ERR_STORE_READONLY, "the store cannot be written to",
     "check the owner and mode of its folder and files, and that the disk is not read-only"},
    {ERR_STORE_CORRUPT, "the store's file is damaged", "restore it from a backup"},
    {ERR_STORE_FOREIGN, "the file is not a store of Padlock", NULL},
    {ERR_STORE_CONSTRAINT, "something like it is already in the store", NULL},
    {ERR_STORE_REFERENCE, "it refers to something that is not in the store", NULL},
    {ERR_STORE_IO, "the store's file cannot be read or written",
     "check its disk, and that its folder may be read and written"},
    {ERR_STORE_SQL, "the store was asked wrongly", NULL},
    {ERR_BASE_OOM, "out of memory", NULL},
    {ERR_BASE_LIMIT, "a value is too large for the store", NULL},
};

static bool fail(sqlite3 *connection, int result, struct err *e) {
    int extended = connection == NULL ? result : sqlite3_extended_errcode(connection);
    int system_errno = connection == NULL ? 0 : sqlite3_system_errno(connection);
    enum err_code code = code_of(extended, system_errno);
    for (size_t i = 0; i < PL_ARRAY_LEN(reasons); i++) {
        if (reasons[i].code == code) {
            (void)err_set(e, code, "%s", reasons[i].text);
            if (reasons[i].hint != NULL) {
                (void)err_hint(e, "%s", reasons[i].hint);
            }
        }
    }
    return err_note(e, "sqlite %d, errno %d: %s", extended, system_errno,
                    connection == NULL ? sqlite3_errstr(result) : sqlite3_errmsg(connection));
}

/* --- statements ----------------------------------------------------------------------------------
 */

static bool sqlite_exec(void *connection, const char *sql, struct err *e) {
    int result = sqlite3_exec(connection, sql, NULL, NULL, NULL);
    return result == SQLITE_OK || fail(connection, result, e);
}

static bool sqlite_prepare(void *connection, const char *sql, void **out_statement, struct err *e) {
    sqlite3_stmt *statement = NULL;
    int result =
        sqlite3_prepare_v3(connection, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
    if (result != SQLITE_OK) {
        return fail(connection, result, e);
    }
    *out_statement = statement;
    return true;
}

static void sqlite_reset(void *statement) {
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
}

static void sqlite_finalize(void *statement) {
    (void)sqlite3_finalize(statement);
}

static bool sqlite_bind_null(void *statement, int index) {
    return sqlite3_bind_null(statement, index) == SQLITE_OK;
}

static bool sqlite_bind_int64(void *statement, int index, int64_t value) {
    return sqlite3_bind_int64(statement, index, value) == SQLITE_OK;
}

static bool sqlite_bind_text(void *statement, int index, const char *text) {
    return sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC) == SQLITE_OK;
}

static bool sqlite_bind_blob(void *statement, int index, const void *bytes, size_t len) {
    const void *bound = bytes == NULL ? "" : bytes; /* NULL would bind SQL's NULL */
    return sqlite3_bind_blob64(statement, index, bound, len, SQLITE_STATIC) == SQLITE_OK;
}

static bool sqlite_step(void *connection, void *statement, bool *out_has_row, struct err *e) {
    int result = sqlite3_step(statement);
    if (result != SQLITE_ROW && result != SQLITE_DONE) {
        return fail(connection, result, e);
    }
    *out_has_row = result == SQLITE_ROW;
    return true;
}

static int64_t sqlite_changed(void *connection) {
    return sqlite3_changes64(connection);
}

static bool sqlite_is_null(void *statement, int column) {
    return sqlite3_column_type(statement, column) == SQLITE_NULL;
}

static int64_t sqlite_column_int64(void *statement, int column) {
    return sqlite3_column_int64(statement, column);
}

static const char *sqlite_column_text(void *statement, int column) {
    return (const char *)sqlite3_column_text(statement, column);
}

static const uint8_t *sqlite_column_blob(void *statement, int column, size_t *out_len) {
    const uint8_t *bytes = sqlite3_column_blob(statement, column);
    *out_len = (size_t)sqlite3_column_bytes(statement, column);
    return bytes;
}

static bool sqlite_in_transaction(void *connection) {
    return sqlite3_get_autocommit(connection) == 0;
}

/* --- the whole database --------------------------------------------------------------------------
 */

static void sqlite_close(void *connection) {
    (void)sqlite3_close_v2(connection);
}

static void statement_finalizep(sqlite3_stmt **statement) {
    (void)sqlite3_finalize(*statement);
}

static void sqlite_set_busy_timeout(void *connection, int busy_timeout_ms) {
    (void)sqlite3_busy_timeout(connection, busy_timeout_ms);
}

static bool sqlite_check(void *connection, struct err *e) {
    PL_AUTO(statement_finalizep) sqlite3_stmt *check = NULL;
    int result = sqlite3_prepare_v2(connection, "PRAGMA quick_check(1)", -1, &check, NULL);
    if (result != SQLITE_OK || sqlite3_step(check) != SQLITE_ROW) {
        return fail(connection, result, e);
    }
    const char *verdict = (const char *)sqlite3_column_text(check, 0);
    if (verdict == NULL) {
        return fail(connection, SQLITE_NOMEM, e);
    }
    if (strcmp(verdict, "ok") == 0) {
        return true;
    }
    (void)err_set(e, ERR_STORE_CORRUPT, "the store's file is damaged: %.300s", verdict);
    return err_hint(e, "restore it from a backup");
}

static bool create_file(const char *path, mode_t mode, gid_t group, struct err *e) {
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST) {
        return err_set(e, ERR_STORE_EXISTS, "\"%.300s\" is already there", path);
    }
    if (fd < 0) {
        return err_set_errno(e, ERR_STORE_IO, errno, "cannot make \"%.300s\"", path);
    }
    bool ok = fchmod(fd, mode) == 0 && (group == (gid_t)-1 || fchown(fd, (uid_t)-1, group) == 0);
    int reason = errno;
    (void)close(fd);
    if (!ok) {
        (void)unlink(path);
        return err_set_errno(e, ERR_STORE_IO, reason, "cannot set mode and group of \"%.300s\"",
                             path);
    }
    return true;
}

/* Same owner's mode as the original; the copy is complete or not there. */
static bool sqlite_copy_to(void *connection, const char *path, struct err *e) {
    sqlite3 *copy = NULL;
    if (!create_file(path, 0600, (gid_t)-1, e)) {
        return false;
    }
    int result = sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE, NULL);
    sqlite3_backup *backup =
        result == SQLITE_OK ? sqlite3_backup_init(copy, "main", connection, "main") : NULL;
    bool ok = backup != NULL && sqlite3_backup_step(backup, -1) == SQLITE_DONE;
    result = backup == NULL ? result : sqlite3_backup_finish(backup);
    ok = ok && result == SQLITE_OK &&
         sqlite3_exec(copy, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) == SQLITE_OK;
    if (!ok) {
        (void)fail(copy, result == SQLITE_OK ? SQLITE_ERROR : result, e);
        (void)unlink(path);
    }
    (void)sqlite3_close_v2(copy);
    return ok;
}

static const struct db_driver sqlite_driver = {
    .close = sqlite_close,
    .set_busy_timeout = sqlite_set_busy_timeout,
    .exec = sqlite_exec,
    .exec_schema = sqlite_exec,
    .prepare = sqlite_prepare,
    .reset = sqlite_reset,
    .finalize = sqlite_finalize,
    .bind_null = sqlite_bind_null,
    .bind_int64 = sqlite_bind_int64,
    .bind_text = sqlite_bind_text,
    .bind_blob = sqlite_bind_blob,
    .step = sqlite_step,
    .changed = sqlite_changed,
    .is_null = sqlite_is_null,
    .column_int64 = sqlite_column_int64,
    .column_text = sqlite_column_text,
    .column_blob = sqlite_column_blob,
    .in_transaction = sqlite_in_transaction,
    .copy_to = sqlite_copy_to,
    .check = sqlite_check,
    .begin_write = "BEGIN IMMEDIATE",
    .begin_read = "BEGIN",
};

/* --- opening -------------------------------------------------------------------------------------
 */

static bool check_application_id(sqlite3 *connection, const char *path, struct err *e) {
    PL_AUTO(statement_finalizep) sqlite3_stmt *ask = NULL;
    int result = sqlite3_prepare_v2(connection, "PRAGMA application_id", -1, &ask, NULL);
    if (result == SQLITE_OK) {
        result = sqlite3_step(ask);
    }
    if (result != SQLITE_ROW) {
        return fail(connection, result, e);
    }
    if (sqlite3_column_int64(ask, 0) != APPLICATION_ID) {
        return err_set(e, ERR_STORE_FOREIGN, "\"%.300s\" is not a store of Padlock", path);
    }
    return true;
}

static bool set_up(sqlite3 *connection, const char *path, const struct db_options *options,
                   struct err *e) {
    static const char always[] = "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; "
                                 "PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON; "
                                 "PRAGMA temp_store = MEMORY; PRAGMA synchronous = FULL";
    int persist = 1;
    (void)sqlite3_extended_result_codes(connection, 1);
    (void)sqlite3_busy_timeout(connection, options->busy_timeout_ms);
    (void)sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    (void)sqlite3_file_control(connection, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
    if (!sqlite_exec(connection, always, e)) {
        return false;
    }
    switch (options->mode) {
    case DB_CREATE:
        return sqlite_exec(connection, APPLICATION_ID_PRAGMA, e);
    case DB_READ:
        return check_application_id(connection, path, e);
    case DB_WRITE:
        return check_application_id(connection, path, e) &&
               sqlite_exec(connection,
                           "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 8388608", e);
    }
    PL_BUG_UNLESS(false);
}

static bool find_file(const char *path, const struct db_options *options, struct err *e) {
    struct stat about;
    if (options->mode == DB_CREATE) {
        return create_file(path, options->file_mode, options->file_group, e);
    }
    if (stat(path, &about) == 0) {
        return true;
    }
    return errno == ENOENT || errno == ENOTDIR
               ? err_set(e, ERR_STORE_MISSING, "there is no store at \"%.300s\"", path)
               : err_set_errno(e, ERR_STORE_IO, errno, "cannot open \"%.300s\"", path);
}

bool db_open_sqlite(const char *path, const struct db_options *options, struct db **out_db,
                    struct err *e) {
    int flags = options->mode == DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    sqlite3 *connection = NULL;
    if (!find_file(path, options, e)) {
        return false;
    }
    int result = sqlite3_open_v2(path, &connection, flags | SQLITE_OPEN_NOMUTEX, NULL);
    bool ok = (result == SQLITE_OK || fail(connection, result, e)) &&
              set_up(connection, path, options, e);
    if (!ok) {
        (void)sqlite3_close_v2(connection);
        if (options->mode == DB_CREATE) {
            (void)unlink(path);
        }
        return false;
    }
    return db_new(&sqlite_driver, connection, out_db, e);
}
