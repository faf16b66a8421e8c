/*
 * The store as a whole: made, opened, copied, watched.
 *
 * A new store is built beside its final name and linked to it when it is complete.
 */
#include "store/store.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "store/handle.h"
#include "store/nodes.h"
#include "store/query.h"
#include "store/schema.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NODE_SETTING "node.local"

/* --- the handle ----------------------------------------------------------------------------------
 */

static bool handle_new(const char *folder, enum store_mode mode, struct store **out_store,
                       struct err *e) {
    PL_AUTO(mem_freep) char *copy = NULL;
    void *memory = NULL;
    if (!mem_strdup(folder, &copy, e) || !mem_alloc(sizeof(struct store), &memory, e)) {
        return false;
    }
    struct store *store = memory;
    *store = (struct store){.folder = PL_TAKE(copy), .mode = mode, .changed_fd = -1};
    *out_store = store;
    return true;
}

void store_close(struct store *store) {
    if (store == NULL) {
        return;
    }
    if (store->db != NULL) {
        db_rollback(store->db);
        db_close(store->db);
    }
    if (store->changed_fd >= 0) {
        (void)close(store->changed_fd);
    }
    mem_free(store->records);
    mem_free(store->folder);
    mem_free(store);
}

bool store_is_read_only(const struct store *store) {
    return store->mode == STORE_READ;
}

int store_schema_number(const struct store *store) {
    return store->schema_number;
}

const struct id *store_node_id(const struct store *store) {
    return &store->node_id;
}

void store_set_busy_timeout(struct store *store, int busy_timeout_ms) {
    db_set_busy_timeout(store->db, busy_timeout_ms);
}

const char *store_folder(const struct store *store) {
    return store->folder;
}

/* --- making --------------------------------------------------------------------------------------
 */

/* The first rows: this machine, and which one it is. */
static bool add_first_rows(struct store *store, const char *node_name, struct err *e) {
    PL_AUTO(operation_rollback) struct operation op = {0};
    const struct operation_wish wish = {.title = "init store", .actor = "init"};
    char text[ID_TEXT_LEN + 1];
    struct node_row node = {.name = node_name};
    if (!id_new(clock_now_ms(), &store->node_id, e)) {
        return false;
    }
    node.id = store->node_id;
    id_format(&node.id, text);
    return operation_begin(&op, store, &wish, e) && store_node_insert(store, &node, e) &&
           store_setting_set(store, NODE_SETTING, text, e) && operation_commit(&op, e);
}

static bool build(const char *path, const char *folder, const struct store_new *wish,
                  struct err *e) {
    const struct db_options options = {.mode = DB_CREATE,
                                       .file_mode = wish->file_mode,
                                       .file_group = wish->file_group,
                                       .busy_timeout_ms = STORE_BUSY_TIMEOUT_MS};
    PL_AUTO(store_closep) struct store *store = NULL;
    return handle_new(folder, STORE_WRITE, &store, e) &&
           db_open_sqlite(path, &options, &store->db, e) &&
           schema_bring_forward(store->db, true, e) && add_first_rows(store, wish->node_name, e);
}

/* Gives the complete file its name, unless another has it. */
static bool put_in_place(const char *made, const char *path, struct err *e) {
    if (link(made, path) == 0) {
        return true;
    }
    return errno == EEXIST ? err_set(e, ERR_STORE_EXISTS, "\"%.300s\" is already there", path)
                           : err_set_errno(e, ERR_STORE_IO, errno, "cannot make \"%.300s\"", path);
}

bool store_create(const char *folder, const struct store_new *wish, struct store **out_store,
                  struct err *e) {
    PL_AUTO(mem_freep) char *path = NULL;
    PL_AUTO(mem_freep) char *made = NULL;
    struct id tag;
    char tag_text[ID_TEXT_LEN + 1];
    if (!file_join(folder, STORE_FILE_NAME, &path, e) || !id_new(clock_now_ms(), &tag, e)) {
        return false;
    }
    if (file_exists(path)) {
        return err_set(e, ERR_STORE_EXISTS, "\"%.300s\" is already there", path);
    }
    id_format(&tag, tag_text);
    if (!mem_printf(&made, e, "%s.%s.new", path, tag_text)) {
        return false;
    }
    bool ok = build(made, folder, wish, e) && put_in_place(made, path, e);
    (void)unlink(made);
    return ok && file_sync_folder_of(path, e) && store_open(folder, STORE_WRITE, out_store, e);
}

/* --- opening -------------------------------------------------------------------------------------
 */

/* Made with the mode and group of the store's own file, so that whoever may read one may watch the
 * other. */
static bool open_changed(struct store *store, const char *store_path, struct err *e) {
    PL_AUTO(mem_freep) char *path = NULL;
    struct stat about;
    if (!file_join(store->folder, STORE_CHANGED_NAME, &path, e)) {
        return false;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    store->changed_fd = fd;
    if (fd < 0 || stat(store_path, &about) != 0) {
        return err_set_errno(e, ERR_STORE_IO, errno, "cannot open \"%.300s\"", path);
    }
    (void)fchmod(fd, about.st_mode & 0666);
    ssize_t ignored = fchown(fd, (uid_t)-1, about.st_gid);
    (void)ignored;
    return true;
}

static bool check_schema(struct store *store, struct err *e) {
    if (!schema_read(store->db, &store->schema_number, e)) {
        return false;
    }
    if (store->schema_number == schema_newest()) {
        return true;
    }
    if (store->mode == STORE_READ) {
        (void)err_set(e, ERR_STORE_SCHEMA_OLDER, "the store was made by an older Padlock");
        return err_hint(e, "any command that writes brings it forward");
    }
    if (!schema_bring_forward(store->db, false, e)) {
        return false;
    }
    store->schema_number = schema_newest();
    return true;
}

static bool read_node_id(struct store *store, struct err *e) {
    PL_AUTO(mem_freep) char *text = NULL;
    if (!store_setting_get(store, NODE_SETTING, &text, e)) {
        return false;
    }
    return (text != NULL && id_parse(text, &store->node_id)) ||
           err_set(e, ERR_STORE_CORRUPT, "the store does not say which machine this is");
}

static bool open_handle(struct store *store, const char *path, struct err *e) {
    const struct db_options options = {.mode = store->mode == STORE_READ ? DB_READ : DB_WRITE,
                                       .busy_timeout_ms = STORE_BUSY_TIMEOUT_MS};
    return db_open_sqlite(path, &options, &store->db, e) && check_schema(store, e) &&
           read_node_id(store, e) && (store->mode == STORE_READ || open_changed(store, path, e));
}

bool store_open(const char *folder, enum store_mode mode, struct store **out_store, struct err *e) {
    PL_AUTO(mem_freep) char *path = NULL;
    PL_AUTO(store_closep) struct store *store = NULL;
    if (!file_join(folder, STORE_FILE_NAME, &path, e) || !handle_new(folder, mode, &store, e)) {
        return false;
    }
    if (!open_handle(store, path, e)) {
        return err_wrap(e, "cannot open the store in \"%.300s\"", folder);
    }
    *out_store = PL_TAKE(store);
    return true;
}

bool store_exists(const char *folder) {
    char path[4096];
    int len = snprintf(path, sizeof(path), "%s/%s", folder, STORE_FILE_NAME);
    return len > 0 && (size_t)len < sizeof(path) && file_exists(path);
}

/* --- the whole -----------------------------------------------------------------------------------
 */

bool store_change_seq(struct store *store, int64_t *out_seq, struct err *e) {
    PL_AUTO(db_releasep) struct db_statement *ask = NULL;
    bool has_row = false;
    if (!db_prepare(store->db, "SELECT value FROM counters WHERE name = 'changes'", &ask, e) ||
        !db_step(ask, &has_row, e)) {
        return false;
    }
    *out_seq = has_row ? db_column_int64(ask, 0) : 0;
    return has_row || err_set(e, ERR_STORE_CORRUPT, "the store has no counter of changes");
}

bool store_operation_id(struct store *store, int64_t seq, struct id *out_id, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    PL_AUTO(db_releasep) struct db_statement *ask = NULL;
    bool has_row = false;
    query_init(&q, e);
    query_sql(&q, "SELECT id FROM operations WHERE seq = ");
    query_int64(&q, seq);
    *out_id = ID_NONE;
    if (!query_start(&q, store->db, &ask, e) || !db_step(ask, &has_row, e)) {
        return false;
    }
    size_t len = 0;
    const uint8_t *bytes = has_row ? db_column_blob(ask, 0, &len) : NULL;
    if (bytes != NULL && len == ID_LEN) {
        memcpy(out_id->bytes, bytes, ID_LEN);
    }
    return true;
}

bool store_read_begin(struct store *store, struct err *e) {
    PL_BUG_UNLESS(!store->is_writing && !store->is_reading);
    store->is_reading = db_begin_read(store->db, e);
    return store->is_reading;
}

void store_read_end(struct store *store) {
    if (store->is_reading) {
        db_rollback(store->db);
        store->is_reading = false;
    }
}

bool store_backup_to(struct store *store, const char *path, struct err *e) {
    return db_copy_to(store->db, path, e);
}

bool store_check(struct store *store, struct err *e) {
    return db_check(store->db, e);
}
