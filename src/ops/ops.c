/* One open data directory: store, keys on demand, who acts. */
#include "ops/ops.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "ops/context.h"
#include "sys/file.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool ops_store_exists(const char *data_dir) {
    return store_exists(data_dir);
}

/* "cli:root@host": the account that ran the command, as the system knows it. */
static void name_actor(char out[OPS_ACTOR_MAX]) {
    char text[1024];
    char host[64] = "localhost";
    struct passwd entry;
    struct passwd *found = NULL;
    bool is_known = getpwuid_r(getuid(), &entry, text, sizeof(text), &found) == 0 && found != NULL;
    (void)gethostname(host, sizeof(host) - 1);
    if (is_known) {
        (void)snprintf(out, OPS_ACTOR_MAX, "cli:%.64s@%.63s", entry.pw_name, host);
    } else {
        (void)snprintf(out, OPS_ACTOR_MAX, "cli:uid %u@%.63s", (unsigned)getuid(), host);
    }
}

bool ops_open(const char *data_dir, struct ops **out_ops, struct err *e) {
    if (!store_exists(data_dir)) {
        (void)err_set(e, ERR_OPS_STORE_MISSING, "there is no store in \"%.300s\"", data_dir);
        return err_hint(e, "\"padlock init\" makes one; --data DIR names another place");
    }
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct ops), &memory, e)) {
        return false;
    }
    PL_AUTO(ops_closep) struct ops *ops = memory;
    if (!str_copy(ops->data_dir, sizeof(ops->data_dir), data_dir)) {
        return err_set(e, ERR_BASE_LIMIT, "the data directory's path is longer than %d bytes",
                       OPS_PATH_MAX);
    }
    name_actor(ops->actor);
    if (!store_open(data_dir, STORE_WRITE, &ops->store, e)) {
        return err_wrap(e, "cannot open the store in \"%.300s\"", data_dir);
    }
    *out_ops = PL_TAKE(ops);
    return true;
}

void ops_close(struct ops *ops) {
    if (ops != NULL) {
        keys_close(ops->keys);
        store_close(ops->store);
        mem_free(ops);
    }
}

void ops_set_dry_run(struct ops *ops, bool is_dry_run) {
    ops->is_dry_run = is_dry_run;
}

bool ops_is_dry_run(const struct ops *ops) {
    return ops->is_dry_run;
}

void ops_set_actor(struct ops *ops, const char *actor) {
    (void)str_copy(ops->actor, sizeof(ops->actor), actor);
}

const char *ops_actor(const struct ops *ops) {
    return ops->actor;
}

struct store *ops_store(struct ops *ops) {
    return ops->store;
}

const char *ops_data_dir(const struct ops *ops) {
    return ops->data_dir;
}

static struct ops_processes processes_in_use;

void ops_use_processes(const struct ops_processes *processes) {
    processes_in_use = *processes;
}

const struct ops_processes *ops_processes_in_use(void) {
    return &processes_in_use;
}

static bool open_own_keys(const char *data_dir, struct keys **out_keys, struct err *e) {
    PL_AUTO(mem_freep) char *path = NULL;
    return file_join(data_dir, OPS_SEALING_KEY_NAME, &path, e) && keys_open(path, out_keys, e);
}

bool ops_keys(struct ops *ops, struct keys **out_keys, struct err *e) {
    bool (*open)(const char *data_dir, struct keys **out, struct err *e) =
        processes_in_use.open_keys == NULL ? open_own_keys : processes_in_use.open_keys;
    if (ops->keys == NULL && !open(ops->data_dir, &ops->keys, e)) {
        return false;
    }
    *out_keys = ops->keys;
    return true;
}

bool ops_begin(struct ops *ops, struct operation *op, const char *title, bool is_undoable,
               struct err *e) {
    const struct operation_wish wish = {
        .title = title, .actor = ops->actor, .is_undoable = is_undoable};
    return operation_begin(op, ops->store, &wish, e);
}

bool ops_end(struct ops *ops, struct operation *op, struct err *e) {
    if (ops->is_dry_run) {
        operation_rollback(op);
        return true;
    }
    return operation_commit(op, e);
}

bool ops_audit(struct ops *ops, const char *action, const char *object_kind, const struct id *id,
               const char *details, struct err *e) {
    const struct audit_entry entry = {.actor = ops->actor,
                                      .action = action,
                                      .object_kind = object_kind,
                                      .object_id = id,
                                      .details = details};
    return store_audit_append(ops->store, &entry, e);
}
