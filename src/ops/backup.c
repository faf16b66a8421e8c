/* Backup and restore. What is unpacked has its own folder in the data directory until it is good.
 */
#include "ops/backup.h"

#include "base/clock.h"
#include "base/mem.h"
#include "ops/backup_file.h"
#include "ops/context.h"
#include "sys/file.h"
#include "sys/file_stream.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_STEP = BACKUP_CHUNK_MAX, LENGTH_LEN = 4 };

/* A folder in the data directory for what is not ready: removed with what may be in it. */
struct work_folder {
    char *path;
    bool is_made;
};

static void remove_in(const char *folder, const char *name) {
    PL_AUTO(mem_freep) char *path = NULL;
    if (file_join(folder, name, &path, NULL)) {
        (void)unlink(path);
    }
}

static void work_folder_clear(struct work_folder *work) {
    static const char *const names[] = {OPS_SEALING_KEY_NAME, STORE_FILE_NAME,
                                        STORE_FILE_NAME "-wal", STORE_FILE_NAME "-shm",
                                        STORE_CHANGED_NAME};
    for (size_t i = 0; work->is_made && i < PL_ARRAY_LEN(names); i++) {
        remove_in(work->path, names[i]);
    }
    if (work->is_made) {
        (void)rmdir(work->path);
    }
    mem_free(work->path);
    *work = (struct work_folder){0};
}

static bool work_folder_make(struct work_folder *work, const char *data_dir, struct err *e) {
    struct id tag;
    char text[ID_TEXT_LEN + 1];
    if (!id_new(clock_now_ms(), &tag, e)) {
        return false;
    }
    id_format(&tag, text);
    if (!mem_printf(&work->path, e, "%s/.backup-%s", data_dir, text)) {
        return false;
    }
    if (mkdir(work->path, 0700) != 0) {
        return err_set_errno(e, ERR_SYS_FILE_WRITE, errno, "cannot make the folder \"%.300s\"",
                             work->path);
    }
    work->is_made = true;
    return true;
}

/* --- backup ---------------------------------------------------------------------------------- */

static bool record(struct ops *ops, const char *path, struct err *e) {
    PL_AUTO(operation_rollback) struct operation op = {0};
    return ops_begin(ops, &op, "backup", false, e) &&
           ops_audit(ops, "store.backup", "store", NULL, path, e) && ops_end(ops, &op, e);
}

static bool read_sealing_key(const char *data_dir, struct secret *out_key, struct err *e) {
    PL_AUTO(mem_freep) char *path = NULL;
    if (!file_join(data_dir, OPS_SEALING_KEY_NAME, &path, e) ||
        !file_read_secret(path, out_key, e)) {
        return err_wrap(e, "cannot read the sealing key");
    }
    return out_key->len <= BACKUP_SEALING_KEY_MAX ||
           err_set(e, ERR_KEYS_SEALING_MALFORMED, "the sealing key is larger than %d bytes",
                   BACKUP_SEALING_KEY_MAX);
}

static bool write_sealing_key(struct backup_writer *writer, const struct secret *key,
                              struct err *e) {
    const uint8_t length[LENGTH_LEN] = {(uint8_t)(key->len >> 24), (uint8_t)(key->len >> 16),
                                        (uint8_t)(key->len >> 8), (uint8_t)key->len};
    return backup_writer_write(writer, length, LENGTH_LEN, e) &&
           backup_writer_write(writer, key->bytes, key->len, e);
}

static bool write_store(struct backup_writer *writer, const char *copy, int64_t *out_len,
                        struct err *e) {
    PL_AUTO(file_reader_clear) struct file_reader reader = {0};
    uint8_t step[COPY_STEP];
    size_t got = COPY_STEP;
    int64_t len = 0;
    if (!file_reader_open(&reader, copy, e)) {
        return false;
    }
    while (got == COPY_STEP) {
        if (!file_reader_read(&reader, step, COPY_STEP, &got, e) ||
            !backup_writer_write(writer, step, got, e)) {
            return false;
        }
        len += (int64_t)got;
    }
    *out_len = len;
    return true;
}

/* A consistent copy of the store in the work folder. */
static bool copy_store(struct ops *ops, struct work_folder *work, char **out_copy, struct err *e) {
    return work_folder_make(work, ops->data_dir, e) &&
           file_join(work->path, STORE_FILE_NAME, out_copy, e) &&
           store_backup_to(ops->store, *out_copy, e);
}

bool ops_backup(struct ops *ops, const char *path, const struct secret *passphrase, bool is_over,
                int64_t *out_len, struct err *e) {
    PL_AUTO(secret_clear) struct secret key = {0};
    PL_AUTO(work_folder_clear) struct work_folder work = {0};
    PL_AUTO(mem_freep) char *copy = NULL;
    PL_AUTO(backup_writer_freep) struct backup_writer *writer = NULL;
    if (!is_over && file_exists(path)) {
        return err_set(e, ERR_SYS_FILE_EXISTS, "\"%.300s\" is already there", path);
    }
    return read_sealing_key(ops->data_dir, &key, e) &&
           backup_writer_new(path, passphrase, &writer, e) && record(ops, path, e) &&
           copy_store(ops, &work, &copy, e) && write_sealing_key(writer, &key, e) &&
           write_store(writer, copy, out_len, e) && backup_writer_finish(writer, is_over, e);
}

/* --- restore --------------------------------------------------------------------------------- */

static bool damaged(struct err *e) {
    return err_set(e, ERR_OPS_BACKUP_DAMAGED, "the backup does not hold a sealing key and a store");
}

static bool unpack_sealing_key(struct backup_reader *reader, const char *path, struct err *e) {
    uint8_t length[LENGTH_LEN];
    size_t got = 0;
    PL_AUTO(secret_clear) struct secret key = {0};
    if (!backup_reader_read(reader, length, LENGTH_LEN, &got, e)) {
        return false;
    }
    size_t len = (size_t)length[0] << 24 | (size_t)length[1] << 16 | (size_t)length[2] << 8 |
                 (size_t)length[3];
    if (got < LENGTH_LEN || len == 0 || len > BACKUP_SEALING_KEY_MAX) {
        return damaged(e);
    }
    if (!secret_init(&key, len, e) || !backup_reader_read(reader, key.bytes, len, &got, e)) {
        return false;
    }
    return got == len ? file_create(path, key.bytes, len, 0600, e) : damaged(e);
}

static bool unpack_store(struct backup_reader *reader, const char *path, int64_t *out_len,
                         struct err *e) {
    PL_AUTO(file_writer_clear) struct file_writer writer = {0};
    uint8_t step[COPY_STEP];
    size_t got = COPY_STEP;
    int64_t len = 0;
    if (!file_writer_open(&writer, path, e)) {
        return false;
    }
    while (got == COPY_STEP) {
        if (!backup_reader_read(reader, step, COPY_STEP, &got, e) ||
            !file_writer_write(&writer, step, got, e)) {
            return false;
        }
        len += (int64_t)got;
    }
    *out_len = len;
    return len > 0 ? file_writer_finish(&writer, 0600, false, e) : damaged(e);
}

/* Where the two files are while they are looked through, and where they belong. */
struct restore {
    struct work_folder work;
    char *key_from;
    char *store_from;
    char *key_to;
    char *store_to;
    bool has_key;       /* the same sealing key is there already */
    bool is_new_folder; /* the data directory was made for this */
    const char *data_dir;
    bool is_done;
};

static void restore_clear(struct restore *restore) {
    work_folder_clear(&restore->work);
    if (restore->is_new_folder && !restore->is_done) {
        (void)rmdir(restore->data_dir);
    }
    mem_free(restore->key_from);
    mem_free(restore->store_from);
    mem_free(restore->key_to);
    mem_free(restore->store_to);
}

static bool restore_begin(struct restore *restore, struct err *e) {
    const char *data_dir = restore->data_dir;
    restore->is_new_folder = !file_exists(data_dir);
    return file_make_folder(data_dir, 0700, e) && work_folder_make(&restore->work, data_dir, e) &&
           file_join(restore->work.path, OPS_SEALING_KEY_NAME, &restore->key_from, e) &&
           file_join(restore->work.path, STORE_FILE_NAME, &restore->store_from, e) &&
           file_join(data_dir, OPS_SEALING_KEY_NAME, &restore->key_to, e) &&
           file_join(data_dir, STORE_FILE_NAME, &restore->store_to, e);
}

/* The sealing key opens a key of the store: they belong together. */
static bool check_keys(struct ops *ops, struct err *e) {
    const struct key_filter any = {0};
    const struct page first = {.limit = 1};
    struct keys *keys = NULL;
    PL_AUTO(key_rows_clear) struct key_rows rows = {0};
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    PL_AUTO(buf_clear) struct buf spki = {.max = KEY_DER_MAX};
    if (!ops_keys(ops, &keys, e) || !store_key_list(ops->store, &any, &first, &rows, e)) {
        return false;
    }
    return rows.count == 0 ||
           (ops_key_load(ops, &rows.items[0]->id, &key, e) && keys_public(keys, &key, &spki, e));
}

static bool check_unpacked(const char *folder, int64_t *out_operation, struct err *e) {
    PL_AUTO(ops_closep) struct ops *ops = NULL;
    bool ok = ops_open(folder, &ops, e) && store_check(ops->store, e) && check_keys(ops, e) &&
              store_change_seq(ops->store, out_operation, e);
    return ok || err_wrap(e, "what is in the backup cannot be used");
}

/* Bringing an older store forward writes to its log: all of it must be in the file that is kept. */
static bool check_log_is_empty(const char *folder, struct err *e) {
    PL_AUTO(mem_freep) char *path = NULL;
    struct stat about;
    if (!file_join(folder, STORE_FILE_NAME "-wal", &path, e)) {
        return false;
    }
    return stat(path, &about) != 0 || about.st_size == 0 ||
           err_set(e, ERR_STORE_IO, "the restored store could not be written to its end");
}

static bool check_sealing_key_there(struct restore *restore, struct err *e) {
    PL_AUTO(secret_clear) struct secret ours = {0};
    PL_AUTO(secret_clear) struct secret there = {0};
    if (!file_exists(restore->key_to)) {
        return true;
    }
    if (!file_read_secret(restore->key_from, &ours, e) ||
        !file_read_secret(restore->key_to, &there, e)) {
        return false;
    }
    restore->has_key = ours.len == there.len && secret_equal(ours.bytes, there.bytes, ours.len);
    return restore->has_key ||
           err_set(e, ERR_KEYS_SEALING_EXISTS, "another sealing key is already at \"%.300s\"",
                   restore->key_to);
}

static bool put_there(const char *from, const char *to, enum err_code exists, struct err *e) {
    if (link(from, to) == 0) {
        return true;
    }
    return err_set_errno(e, errno == EEXIST ? exists : ERR_SYS_FILE_WRITE, errno,
                         "cannot make \"%.300s\"", to);
}

/* The store comes last: with it, the data directory is one. */
static bool put_in_place(struct restore *restore, struct err *e) {
    if (!restore->has_key &&
        !put_there(restore->key_from, restore->key_to, ERR_KEYS_SEALING_EXISTS, e)) {
        return false;
    }
    if (file_sync_folder_of(restore->key_to, e) &&
        put_there(restore->store_from, restore->store_to, ERR_STORE_EXISTS, e)) {
        restore->is_done = true;
        return file_sync_folder_of(restore->store_to, e);
    }
    if (!restore->has_key) {
        (void)unlink(restore->key_to);
    }
    return false;
}

static bool refuse_existing(const char *data_dir, struct err *e) {
    if (!ops_store_exists(data_dir)) {
        return true;
    }
    (void)err_set(e, ERR_STORE_EXISTS, "there is a store in \"%.300s\" already", data_dir);
    return err_hint(e, "--data DIR names another place; a backup is never restored over a store");
}

bool ops_restore(const char *data_dir, const char *path, const struct secret *passphrase,
                 bool is_dry_run, struct restored *out_restored, struct err *e) {
    PL_AUTO(backup_reader_freep) struct backup_reader *reader = NULL;
    PL_AUTO(restore_clear) struct restore restore = {.data_dir = data_dir};
    struct restored restored = {0};
    if (!refuse_existing(data_dir, e) || !backup_reader_new(path, passphrase, &reader, e) ||
        !restore_begin(&restore, e) || !unpack_sealing_key(reader, restore.key_from, e) ||
        !unpack_store(reader, restore.store_from, &restored.store_len, e) ||
        !check_unpacked(restore.work.path, &restored.operation, e) ||
        !check_log_is_empty(restore.work.path, e) || !check_sealing_key_there(&restore, e) ||
        (!is_dry_run && !put_in_place(&restore, e))) {
        return false;
    }
    *out_restored = restored;
    return true;
}
