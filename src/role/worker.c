/* How the server's processes begin and end. */
#include "role/worker.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "role/workers.h"
#include "sys/process.h"

#include <openssl/crypto.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { START_TIMEOUT_MS = 60 * 1000 };

/* --- messages ------------------------------------------------------------------------------------
 */

void worker_start_pack(const struct worker_start *start, struct pack_writer *w) {
    pack_text(w, start->user.name);
    pack_u32(w, start->user.uid);
    pack_u32(w, start->user.gid);
    pack_bool(w, start->is_json_log);
    pack_bool(w, start->is_logging);
    pack_bool(w, start->has_access_log);
    pack_bool(w, start->fetches_from_loopback);
    pack_u32(w, start->number);
    pack_u32(w, start->limits.connections);
    pack_u32(w, start->limits.per_client);
    pack_u32(w, start->limits.handshakes);
    pack_u32(w, start->proxies.count);
    pack_raw(w, start->proxies.networks, sizeof(start->proxies.networks));
    pack_text(w, start->data_dir);
    pack_text(w, start->sealing_key);
}

bool worker_start_read(const struct ipc_message *message, struct worker_start *out_start) {
    struct unpack_reader r;
    unpack_init(&r, message->bytes, message->len);
    unpack_text_into(&r, out_start->user.name, sizeof(out_start->user.name));
    out_start->user.uid = unpack_u32(&r);
    out_start->user.gid = unpack_u32(&r);
    out_start->is_json_log = unpack_bool(&r);
    out_start->is_logging = unpack_bool(&r);
    out_start->has_access_log = unpack_bool(&r);
    out_start->fetches_from_loopback = unpack_bool(&r);
    out_start->number = unpack_u32(&r);
    out_start->limits.connections = unpack_u32(&r);
    out_start->limits.per_client = unpack_u32(&r);
    out_start->limits.handshakes = unpack_u32(&r);
    out_start->proxies.count = unpack_u32(&r);
    unpack_raw(&r, out_start->proxies.networks, sizeof(out_start->proxies.networks));
    unpack_text_into(&r, out_start->data_dir, sizeof(out_start->data_dir));
    unpack_text_into(&r, out_start->sealing_key, sizeof(out_start->sealing_key));
    return unpack_is_done(&r) && out_start->proxies.count <= WORKER_PROXIES_MAX;
}

bool worker_peer_read(const struct ipc_message *message, struct worker_peer *out_peer) {
    struct unpack_reader r;
    unpack_init(&r, message->bytes, message->len);
    out_peer->role = (enum ipc_role)unpack_u32(&r);
    out_peer->number = unpack_u32(&r);
    return unpack_is_done(&r);
}

void worker_send(struct worker *worker, enum ipc_type type, const void *bytes, size_t len, int fd) {
    peer_send(worker->parent, type, bytes, len, fd);
}

static void pack_error(const struct err *error, struct buf *out) {
    struct pack_writer w = {.out = out};
    pack_err(&w, error);
}

enum { ERROR_MAX = 8 * 1024 };

void worker_send_error(struct worker *worker, const struct err *error) {
    PL_AUTO(buf_clear) struct buf bytes = {.max = ERROR_MAX};
    pack_error(error, &bytes);
    worker_send(worker, IPC_FAILED, bytes.data, bytes.len, -1);
}

bool worker_connect(struct worker *worker, struct ipc_message *message, enum ipc_role other,
                    const struct peer_callbacks *callbacks, struct peer **out_peer, struct err *e) {
    struct ipc_channel *channel = NULL;
    return ipc_channel_new(ipc_take_fd(message), worker->kind->role, other, &channel, e) &&
           peer_new(&worker->loop, channel, callbacks, out_peer, e);
}

void worker_stop(struct worker *worker) {
    uv_stop(&worker->loop);
}

/* --- beginning -----------------------------------------------------------------------------------
 */

static const struct worker_kind *find_kind(enum ipc_role role) {
    static const struct worker_kind *const kinds[] = {&net_kind,    &net_services_kind, &keys_kind,
                                                      &unpack_kind, &control_kind,      &probe_kind,
                                                      &metrics_kind};
    for (size_t i = 0; i < PL_ARRAY_LEN(kinds); i++) {
        if (kinds[i]->role == role) {
            return kinds[i];
        }
    }
    return NULL;
}

static bool become_user(const struct worker *worker, struct err *e) {
    bool was_root = geteuid() == 0;
    if (!user_become(&worker->start.user, e)) {
        return false;
    }
    /* Changing users has reset it. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    return !was_root || sandbox_drop_capabilities(e);
}

static bool begin(struct worker *worker, struct err *e) {
    int failed = uv_loop_init(&worker->loop);
    if (failed != 0) {
        return err_set(e, ERR_ROLE_SERVE_LOOP, "the event loop cannot be set up: %s",
                       uv_strerror(failed));
    }
    const struct worker_kind *kind = worker->kind;
    return (kind->open == NULL || kind->open(worker, e)) && become_user(worker, e) &&
           kind->begin(worker, e);
}

/* Messages until go. */
static bool set_up(struct worker *worker, struct ipc_channel *channel, struct err *e) {
    struct ipc_message message;
    for (;;) {
        if (!ipc_wait(channel, START_TIMEOUT_MS, &message, e)) {
            return false;
        }
        if (message.type == IPC_GO) {
            return true;
        }
        if (!worker->kind->message(worker, &message)) {
            return err_set(e, ERR_IPC_MALFORMED, "the parent sent a malformed message");
        }
    }
}

static bool restrict_rights(struct worker *worker, struct err *e) {
    struct sandbox_wish wish = {0};
    worker->kind->keep(worker, &wish);
    return sandbox_enter(&wish, &worker->sandbox, e);
}

static bool on_message(void *ctx, struct peer *peer, struct ipc_message *message) {
    (void)peer;
    struct worker *worker = ctx;
    return worker->is_ending || worker->kind->message(worker, message);
}

static void on_parent_gone(void *ctx, struct peer *peer) {
    (void)peer;
    worker_stop(ctx);
}

static void run_loop(struct worker *worker) {
    worker_send(worker, IPC_READY, NULL, 0, -1);
    if (worker->kind->ready != NULL) {
        worker->kind->ready(worker);
    }
    (void)uv_run(&worker->loop, UV_RUN_DEFAULT);
}

static void close_handle(uv_handle_t *handle, void *ctx) {
    (void)ctx;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

/* A role's end runs the loop to close what it had: what it would hear there is of things gone. */
static void end(struct worker *worker) {
    worker->is_ending = true;
    worker->kind->end(worker);
    peer_free(worker->parent);
    /* Those with memory of their own are closing already; then the loop runs what is left. */
    uv_walk(&worker->loop, close_handle, NULL);
    (void)uv_run(&worker->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&worker->loop);
}

static void tell_failure(struct ipc_channel *channel, const struct err *error) {
    PL_AUTO(buf_clear) struct buf bytes = {.max = ERROR_MAX};
    struct ipc_message ignored;
    pack_error(error, &bytes);
    if (ipc_send(channel, IPC_FAILED, bytes.data, bytes.len, -1, NULL)) {
        (void)!ipc_wait(channel, 0, &ignored, NULL);
    }
}

static void open_log(const struct worker *worker) {
    log_open(ipc_role_name(worker->kind->role), worker->start.is_logging ? LOG_INFO : LOG_ERROR,
             worker->start.is_json_log);
}

/* The channel is the worker's, or freed. */
static int run(struct worker *worker, struct ipc_channel *channel) {
    struct err e = {0};
    const struct peer_callbacks parent = {
        .ctx = worker, .message = on_message, .gone = on_parent_gone};
    open_log(worker);
    bool ok = begin(worker, &e) && set_up(worker, channel, &e) && restrict_rights(worker, &e);
    if (!ok) {
        tell_failure(channel, &e);
        ipc_channel_free(channel);
    } else if (peer_new(&worker->loop, channel, &parent, &worker->parent, &e)) {
        run_loop(worker);
    } else {
        log_error(&e, "not-started");
        ok = false;
    }
    end(worker);
    return ok ? 0 : 1;
}

static bool find_parent(const char *name, enum ipc_role *out_parent) {
    return ipc_role_find(name, out_parent) &&
           (*out_parent == IPC_SUPERVISOR || *out_parent == IPC_CLIENT);
}

int worker_main(const char *role_name, const char *parent_name) {
    struct worker worker = {0};
    enum ipc_role role = IPC_SUPERVISOR;
    enum ipc_role parent = IPC_SUPERVISOR;
    struct ipc_channel *channel = NULL;
    struct ipc_message message;
    const struct sigaction ignored = {.sa_handler = SIG_IGN};
    if (!ipc_role_find(role_name, &role) || (worker.kind = find_kind(role)) == NULL ||
        !find_parent(parent_name, &parent)) {
        return 2;
    }
    process_begin(role_name);
    (void)sigaction(SIGPIPE, &ignored, NULL);
    (void)sigaction(SIGINT, &ignored,
                    NULL); /* Ctrl-C reaches the whole group; the parent decides */
    (void)sigaction(SIGTERM, &ignored, NULL);
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    if (!ipc_channel_new(PROCESS_PARENT_FD, role, parent, &channel, NULL)) {
        return 1;
    }
    if (!ipc_wait(channel, START_TIMEOUT_MS, &message, NULL) || message.type != IPC_START ||
        !worker_start_read(&message, &worker.start)) {
        ipc_channel_free(channel);
        return 2;
    }
    return run(&worker, channel);
}
