/*
 * The store: all that Padlock knows, in one database. Opening, making, backup, and the sign by
 * which others notice a change. Rows are in one header per aggregate, writing is in
 * store/operation.h.
 *
 * A folder DIR holds store.db (SQLite, WAL, synchronous=FULL) with its -wal and -shm, and
 * "changed": after each commit the writer writes one byte there, for those who watch the file.
 *
 * One struct store is used by one thread; several processes may open one folder.
 */
#ifndef PL_STORE_STORE_H
#define PL_STORE_STORE_H

#include "store/row.h"

#include <sys/types.h>

enum { STORE_BUSY_TIMEOUT_MS = 10000 };
#define STORE_FILE_NAME "store.db"
#define STORE_CHANGED_NAME "changed"

enum store_mode {
    STORE_READ, /* works on read-only files too */
    STORE_WRITE,
};

struct store_new {
    mode_t file_mode;      /* of the files: 0600, or 0640, 0660 for a group that serves */
    gid_t file_group;      /* (gid_t)-1 leaves it */
    const char *node_name; /* of this machine's row in nodes */
};

/*
 * Makes a store in an existing folder, whole or not at all, and opens it for writing.
 * Fails store.exists, sys.file.*, store.*
 */
bool store_create(const char *folder, const struct store_new *wish, struct store **out_store,
                  struct err *e) PL_MUST_USE;

/*
 * Opens a store; STORE_WRITE brings an older schema forward.
 * Fails  store.missing, store.foreign (not a store), store.schema.newer (made by a newer Padlock),
 *        store.schema.older (older, and opened STORE_READ), store.busy, store.corrupt …
 */
bool store_open(const char *folder, enum store_mode mode, struct store **out_store, struct err *e)
    PL_MUST_USE;

/* Rolls back what is open. NULL is fine. */
void store_close(struct store *store);
PL_DEFINE_FREEP(store_closep, struct store, store_close)

bool store_exists(const char *folder);
bool store_is_read_only(const struct store *store);
int store_schema_number(const struct store *store);
/* This machine's row in nodes. */
const struct id *store_node_id(const struct store *store);
/* How long a writer waits for another, instead of STORE_BUSY_TIMEOUT_MS. */
void store_set_busy_timeout(struct store *store, int busy_timeout_ms);
/* Borrowed. */
const char *store_folder(const struct store *store);

/* Number of the newest committed operation, 0 for none: when it has not moved, nothing has changed.
 */
bool store_change_seq(struct store *store, int64_t *out_seq, struct err *e) PL_MUST_USE;
/*
 * The id of the operation of that number, zero when there is none: two stores with the same number
 * and id have the same past.
 */
bool store_operation_id(struct store *store, int64_t seq, struct id *out_id, struct err *e)
    PL_MUST_USE;

/*
 * One consistent view for several reads: nothing that others commit is seen until store_read_end().
 * Not inside an operation.
 */
bool store_read_begin(struct store *store, struct err *e) PL_MUST_USE;
void store_read_end(struct store *store);

/*
 * A consistent copy into a new file, while others go on working. Fails store.exists, store.full,
 * store.io.
 */
bool store_backup_to(struct store *store, const char *path, struct err *e) PL_MUST_USE;
/* Looks through the whole database for damage. Fails store.corrupt. */
bool store_check(struct store *store, struct err *e) PL_MUST_USE;

/* Settings, by name. *out_value: caller owns, mem_free(); NULL when it is not set. */
bool store_setting_get(struct store *store, const char *name, char **out_value, struct err *e)
    PL_MUST_USE;
/* Inside an operation. */
bool store_setting_set(struct store *store, const char *name, const char *value, struct err *e)
    PL_MUST_USE;

/*
 * Retention. Removes for good, in steps of at most STORE_CLEAN_STEP rows a transaction:
 *   images of operations older than STORE_UNDO_MS (they can no longer be undone);
 *   rows deleted longer ago than that: bindings, sites, chain links, certificates; key blobs are
 * emptied; cancelled requests and denied or failed submissions older than STORE_CLOSED_MS. Never:
 * issued certificates, issuers, audit records, operations (without their images). Not inside an
 * operation; not undoable. out_removed: rows removed or emptied.
 */
#define STORE_UNDO_MS (INT64_C(90) * 24 * 3600 * 1000)
#define STORE_CLOSED_MS (INT64_C(400) * 24 * 3600 * 1000)
enum { STORE_CLEAN_STEP = 500 };
bool store_clean(struct store *store, int64_t now_ms, int64_t *out_removed, struct err *e)
    PL_MUST_USE;

#endif
