/*
 * What a database driver answers for; store/db.c is its only caller. A driver maps its errors to
 * the codes of store/db.h and sets the library's own words as the note.
 */
#ifndef PL_STORE_DB_DRIVER_H
#define PL_STORE_DB_DRIVER_H

#include "store/db.h"

struct db_driver {
    void (*close)(void *connection);
    void (*set_busy_timeout)(void *connection, int busy_timeout_ms);
    bool (*exec)(void *connection, const char *sql, struct err *e);
    bool (*exec_schema)(void *connection, const char *sql, struct err *e);
    bool (*prepare)(void *connection, const char *sql, void **out_statement, struct err *e);
    void (*reset)(void *statement); /* ends the run and forgets what was bound */
    void (*finalize)(void *statement);
    bool (*bind_null)(void *statement, int index);
    bool (*bind_int64)(void *statement, int index, int64_t value);
    bool (*bind_text)(void *statement, int index, const char *text);
    bool (*bind_blob)(void *statement, int index, const void *bytes, size_t len);
    bool (*step)(void *connection, void *statement, bool *out_has_row, struct err *e);
    int64_t (*changed)(void *connection);
    bool (*is_null)(void *statement, int column);
    int64_t (*column_int64)(void *statement, int column);
    const char *(*column_text)(void *statement, int column);
    const uint8_t *(*column_blob)(void *statement, int column, size_t *out_len);
    bool (*in_transaction)(void *connection);
    bool (*copy_to)(void *connection, const char *path, struct err *e);
    bool (*check)(void *connection, struct err *e);
    const char *begin_write;
    const char *begin_read;
};

/* Takes the connection; closes it when there is no memory for the rest. */
bool db_new(const struct db_driver *driver, void *connection, struct db **out_db, struct err *e)
    PL_MUST_USE;

#endif
