/*
 * The process "net": one of those that serve. It has the listeners and the document roots that the
 * supervisor hands it, the bindings in shared memory, and a connection to keys; no private key, no
 * store, no other file and no connection of its own making.
 */
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "role/forwarder.h"
#include "role/log_gate.h"
#include "role/net.h"
#include "role/signer.h"
#include "role/workers.h"
#include "sys/folder.h"
#include "sys/memory_file.h"
#include "tls/async_stack.h"
#include "tls/segment.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    GATE_TICK_MS = 1000,
    STOP_TIMEOUT_MS = 10 * 1000,
    ACCESS_LINE_MAX = 16 * 1024,
    ACCESS_BATCH_MAX = 256 * 1024
};

struct held_root {
    struct held_root *next;
    struct folder *folder;
    char path[];
};

struct held_listener {
    struct held_listener *next;
    int fd;
    char text[SNAPSHOT_ADDRESS_TEXT];
};

struct net_process {
    struct worker *worker;
    struct signer *signer;
    struct forwarder *forwarder; /* NULL but for net-services */
    struct tls_engine *engine;
    struct net *net;
    struct snapshot *snapshot; /* the newest */
    uint64_t generation;
    struct segment *segments[SNAPSHOT_SEGMENTS_MAX];
    size_t segment_count;
    struct held_root *roots;
    struct held_listener *listeners;
    int *folders;                /* of the roots, for the sandbox */
    struct net_figures *figures; /* shared; the supervisor has the descriptor */
    int figures_fd;
    uv_timer_t gate_timer; /* runs while lines are missed */
    struct log_gate failures;
    struct log_gate refusals;
    uv_prepare_t flusher;
    struct buf access; /* lines of the turn */
};

/* --- what net tells ------------------------------------------------------------------------------
 */

static void write_access(struct net_process *process) {
    struct buf *lines = &process->access;
    size_t at = 0;
    while (at < lines->len) {
        ssize_t written = write(STDOUT_FILENO, lines->data + at, lines->len - at);
        if (written <= 0) {
            break; /* nobody reads it: serving goes on */
        }
        at += (size_t)written;
    }
    buf_reset(lines);
}

static void on_flush(uv_prepare_t *flusher) {
    (void)uv_prepare_stop(flusher);
    write_access(flusher->data);
}

static void on_access(void *ctx, const struct net_access *access) {
    struct net_process *process = ctx;
    if (process->access.len > ACCESS_BATCH_MAX - ACCESS_LINE_MAX) {
        write_access(process);
    }
    (void)!(net_access_format(access, &process->access, NULL) &&
            buf_append_byte(&process->access, '\n', NULL));
    (void)uv_prepare_start(&process->flusher, on_flush);
}

/* What an attack would have filled the log with, in a line. */
static void tell_missed(struct log_gate *gate, const char *event, bool is_last) {
    char count[24];
    uint64_t missed = log_gate_take_missed(gate, clock_monotonic_ms(), is_last);
    if (missed > 0) {
        (void)snprintf(count, sizeof(count), "%" PRIu64, missed);
        log_event(LOG_WARNING, event, "more", count, NULL);
    }
}

static void on_gate_timer(uv_timer_t *timer) {
    struct net_process *process = timer->data;
    tell_missed(&process->failures, "handshake-failed", false);
    tell_missed(&process->refusals, "connection-refused", false);
    if (process->failures.missed == 0 && process->refusals.missed == 0) {
        (void)uv_timer_stop(timer);
    }
}

static bool may_log(struct net_process *process, struct log_gate *gate) {
    bool may = log_gate_passes(gate, clock_monotonic_ms());
    if (!may && !uv_is_active((const uv_handle_t *)&process->gate_timer)) {
        (void)uv_timer_start(&process->gate_timer, on_gate_timer, GATE_TICK_MS, GATE_TICK_MS);
    }
    return may;
}

static void on_refusal(void *ctx, const struct net_refusal *refusal) {
    struct net_process *process = ctx;
    if (may_log(process, &process->refusals)) {
        log_event(LOG_WARNING, "connection-refused", "client", refusal->client, "listener",
                  refusal->listener, "reason", refusal->reason, NULL);
    }
}

static void on_failure(void *ctx, const struct net_failure *failure) {
    struct net_process *process = ctx;
    const struct err *e = failure->error;
    if (!may_log(process, &process->failures)) {
        return;
    }
    log_event(LOG_WARNING, "handshake-failed", "client", failure->client, "listener",
              failure->listener, "name", failure->server_name, "code", err_code_text(e->code),
              "reason", e->step[0], NULL);
}

/* A listener that the supervisor has not opened yet is told there, and not once by each of us. */
static void on_trouble(void *ctx, const struct err *error) {
    (void)ctx;
    if (error->code != ERR_NET_LISTENER_WAITS) {
        log_error(error, "trouble");
    }
}

/* --- requests to the services --------------------------------------------------------------------
 */

static bool on_forward(void *ctx, void *connection, bool is_safe, struct buf *request,
                       uint32_t *out_ticket) {
    const struct net_process *process = ctx;
    return forwarder_forward(process->forwarder, connection, is_safe, request, out_ticket);
}

static void on_forget(void *ctx, uint32_t ticket) {
    const struct net_process *process = ctx;
    forwarder_forget(process->forwarder, ticket);
}

/* --- listeners and roots -------------------------------------------------------------------------
 */

static struct held_listener *find_listener(const struct net_process *process, const char *text) {
    struct held_listener *l = process->listeners;
    while (l != NULL && !str_equal(l->text, text)) {
        l = l->next;
    }
    return l;
}

static bool open_listener(void *ctx, const struct snapshot_listener *listener, int *out_fd,
                          struct err *e) {
    const struct net_process *process = ctx;
    const struct held_listener *held = find_listener(process, listener->text);
    int fd = held == NULL ? -1 : fcntl(held->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0) {
        return err_set(e, ERR_NET_LISTENER_WAITS, "%s is not open yet", listener->text);
    }
    *out_fd = fd;
    return true;
}

static bool read_listener(const struct ipc_message *message, char out[SNAPSHOT_ADDRESS_TEXT]) {
    struct unpack_reader r;
    unpack_init(&r, message->bytes, message->len);
    unpack_text_into(&r, out, SNAPSHOT_ADDRESS_TEXT);
    return unpack_is_done(&r);
}

static bool apply(struct net_process *process);

static bool on_listener(struct net_process *process, struct ipc_message *message) {
    char text[SNAPSHOT_ADDRESS_TEXT];
    void *memory = NULL;
    if (!read_listener(message, text) || find_listener(process, text) != NULL ||
        !mem_alloc(sizeof(struct held_listener), &memory, NULL)) {
        return false;
    }
    struct held_listener *held = memory;
    (void)str_copy(held->text, sizeof(held->text), text);
    held->fd = ipc_take_fd(message);
    held->next = process->listeners;
    process->listeners = held;
    /* One that could not be opened before. */
    return process->snapshot == NULL || process->net == NULL || apply(process);
}

static bool on_not_listening(struct net_process *process, const struct ipc_message *message) {
    char text[SNAPSHOT_ADDRESS_TEXT];
    if (!read_listener(message, text)) {
        return false;
    }
    for (struct held_listener **at = &process->listeners; *at != NULL; at = &(*at)->next) {
        struct held_listener *held = *at;
        if (str_equal(held->text, text)) {
            *at = held->next;
            (void)close(held->fd);
            mem_free(held);
            return true;
        }
    }
    return true;
}

static bool on_root(struct net_process *process, struct ipc_message *message) {
    struct unpack_reader r;
    struct folder *folder = NULL;
    void *memory = NULL;
    unpack_init(&r, message->bytes, message->len);
    const char *path = unpack_text(&r, message->len);
    if (!unpack_is_done(&r) || path == NULL || process->net != NULL) {
        return false;
    }
    size_t size = strlen(path) + 1;
    if (!folder_from_fd(ipc_take_fd(message), &folder, NULL)) {
        return false;
    }
    if (!mem_alloc(sizeof(struct held_root) + size, &memory, NULL)) {
        folder_free(folder);
        return false;
    }
    struct held_root *held = memory;
    memcpy(held->path, path, size);
    held->folder = folder;
    held->next = process->roots;
    process->roots = held;
    return true;
}

static struct folder *find_root(void *ctx, const char *path) {
    const struct net_process *process = ctx;
    for (const struct held_root *held = process->roots; held != NULL; held = held->next) {
        if (str_equal(held->path, path)) {
            return folder_ref(held->folder);
        }
    }
    return NULL;
}

/* --- versions of the bindings --------------------------------------------------------------------
 */

static void forget_segments(struct net_process *process) {
    for (size_t i = 0; i < process->segment_count; i++) {
        segment_free(process->segments[i]);
    }
    process->segment_count = 0;
}

static bool on_segment(struct net_process *process, const struct ipc_message *message) {
    struct unpack_reader r;
    unpack_init(&r, message->bytes, message->len);
    uint64_t generation = unpack_u64(&r);
    uint32_t number = unpack_u32(&r);
    if (!unpack_is_done(&r)) {
        return false;
    }
    if (generation != process->generation) {
        forget_segments(process); /* versions in use have references of their own */
        process->generation = generation;
    }
    if (number != process->segment_count || number >= SNAPSHOT_SEGMENTS_MAX ||
        !segment_map(message->fd, &process->segments[number], NULL)) {
        return false;
    }
    process->segment_count++;
    return true;
}

static void tell_applied(const struct net_process *process) {
    int64_t seq = snapshot_seq(process->snapshot);
    worker_send(process->worker, IPC_APPLIED, &seq, sizeof(seq), -1);
}

/* Serves the newest version. A listener that waits is no failure. */
static bool apply(struct net_process *process) {
    struct err e = {0};
    bool ok = net_apply(process->net, process->snapshot, &e);
    if (!ok && e.code != ERR_NET_LISTENER_WAITS) {
        log_error(&e, "not-applied");
    }
    tell_applied(process);
    return true;
}

static bool on_index(struct net_process *process, const struct ipc_message *message) {
    struct unpack_reader r;
    struct err e = {0};
    struct snapshot *snapshot = NULL;
    unpack_init(&r, message->bytes, message->len);
    uint64_t generation = unpack_u64(&r);
    uint32_t segment_count = unpack_u32(&r);
    if (!unpack_is_done(&r) || segment_count > process->segment_count ||
        (generation != process->generation && segment_count > 0)) {
        return false;
    }
    const struct snapshot_source source = {.index_fd = message->fd,
                                           .segments = process->segments,
                                           .segment_count = segment_count,
                                           .before = process->snapshot,
                                           .root = find_root,
                                           .root_ctx = process};
    if (!snapshot_open(&source, &snapshot, &e)) {
        log_error(&e, "bindings-refused"); /* the last ones go on being served */
        return true;
    }
    snapshot_free(process->snapshot);
    process->snapshot = snapshot;
    return process->net == NULL || apply(process);
}

/* --- stopping ------------------------------------------------------------------------------------
 */

static void on_stopped(void *ctx) {
    struct net_process *process = ctx;
    worker_stop(process->worker);
}

static bool on_stop(struct net_process *process) {
    net_stop(process->net, STOP_TIMEOUT_MS, on_stopped, process);
    return true;
}

static bool on_peer(struct net_process *process, struct ipc_message *message) {
    struct worker_peer about;
    if (!worker_peer_read(message, &about)) {
        return false;
    }
    if (about.role == IPC_KEYS) {
        return signer_connect(process->signer, message);
    }
    return about.role == IPC_CONTROL && process->forwarder != NULL &&
           forwarder_connect(process->forwarder, message);
}

static bool on_message(struct worker *worker, struct ipc_message *message) {
    struct net_process *process = worker->own;
    switch ((unsigned)message->type) {
    case IPC_PEER:
        return on_peer(process, message);
    case IPC_ROOT:
        return on_root(process, message);
    case IPC_LISTENER:
        return on_listener(process, message);
    case IPC_NOT_LISTENING:
        return on_not_listening(process, message);
    case IPC_SEGMENT:
        return on_segment(process, message);
    case IPC_INDEX:
        return on_index(process, message);
    case IPC_STOP:
        return process->net != NULL && on_stop(process);
    default:
        return false;
    }
}

/* --- beginning and end ---------------------------------------------------------------------------
 */

static void on_ticket_key(void *ctx, const struct ticket_key *key) {
    const struct net_process *process = ctx;
    tls_engine_add_ticket_key(process->engine, key);
}

static bool make_figures(struct net_process *process, struct err *e) {
    void *figures = NULL;
    if (!memory_file_new("padlock-figures", sizeof(struct net_figures), &process->figures_fd,
                         &figures, e)) {
        return false;
    }
    process->figures = figures;
    return true;
}

static bool is_services(const struct worker *worker) {
    return worker->kind->role == IPC_NET_SERVICES;
}

static bool begin(struct worker *worker, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct net_process), &memory, e)) {
        return false;
    }
    struct net_process *process = worker->own = memory;
    process->worker = worker;
    process->figures_fd = -1;
    buf_init(&process->access, ACCESS_BATCH_MAX);
    (void)uv_timer_init(&worker->loop, &process->gate_timer); /* cannot fail */
    process->gate_timer.data = process;
    (void)uv_prepare_init(&worker->loop, &process->flusher); /* cannot fail */
    process->flusher.data = process;
    if (!make_figures(process, e) || !async_stack_install(e) ||
        !signer_new(worker, process->figures, &process->signer, e) ||
        (is_services(worker) && !forwarder_new(worker, &process->forwarder, e))) {
        return false;
    }
    signer_on_ticket_key(process->signer, on_ticket_key, process);
    const struct tls_engine_config config = {.signer = signer_remote(process->signer),
                                             .is_signer_async = true,
                                             .has_shared_tickets = true};
    return tls_engine_new(&config, &process->engine, e);
}

static void keep(struct worker *worker, struct sandbox_wish *wish) {
    struct net_process *process = worker->own;
    size_t count = 0;
    void *memory = NULL;
    for (const struct held_root *held = process->roots; held != NULL; held = held->next) {
        count++;
    }
    if (count > 0 && mem_array(count, sizeof(int), &memory, NULL)) {
        process->folders = memory;
        for (const struct held_root *held = process->roots; held != NULL; held = held->next) {
            process->folders[wish->folder_count++] = folder_fd(held->folder);
        }
    }
    wish->folders = process->folders;
    wish->rights = SANDBOX_ACCEPT | SANDBOX_READ;
}

static void ready(struct worker *worker) {
    struct net_process *process = worker->own;
    struct err e = {0};
    struct net_config config = {.is_services = is_services(worker),
                                .loop = &worker->loop,
                                .engine = process->engine,
                                .callbacks = {.ctx = process,
                                              .failure = on_failure,
                                              .refusal = on_refusal,
                                              .trouble = on_trouble,
                                              .open_listener = open_listener},
                                .figures = process->figures,
                                .connections_max = worker->start.limits.connections,
                                .per_client_max = worker->start.limits.per_client,
                                .proxies = worker->start.proxies.networks,
                                .proxy_count = worker->start.proxies.count,
                                .handshakes_max = worker->start.limits.handshakes};
    worker_send(worker, IPC_FIGURES, NULL, 0, process->figures_fd);
    config.callbacks.access = worker->start.has_access_log ? on_access : NULL;
    if (process->forwarder != NULL) {
        config.callbacks.forward = on_forward;
        config.callbacks.forget = on_forget;
    }
    if (!net_new(&config, &process->net, &e)) {
        worker_send_error(worker, &e);
        worker_stop(worker);
        return;
    }
    signer_set_net(process->signer, process->net);
    if (process->forwarder != NULL) {
        forwarder_set_net(process->forwarder, process->net);
    }
    if (process->snapshot != NULL) {
        (void)apply(process);
    }
}

static void free_held(struct net_process *process) {
    while (process->roots != NULL) {
        struct held_root *next = process->roots->next;
        folder_free(process->roots->folder);
        mem_free(process->roots);
        process->roots = next;
    }
    while (process->listeners != NULL) {
        struct held_listener *next = process->listeners->next;
        (void)close(process->listeners->fd);
        mem_free(process->listeners);
        process->listeners = next;
    }
}

static void end(struct worker *worker) {
    struct net_process *process = worker->own;
    if (process == NULL) {
        return;
    }
    write_access(process);
    net_free(process->net);
    tell_missed(&process->failures, "handshake-failed", true);
    tell_missed(&process->refusals, "connection-refused", true);
    uv_close((uv_handle_t *)&process->gate_timer, NULL);
    (void)uv_run(&worker->loop, UV_RUN_NOWAIT); /* closes what net had */
    tls_engine_free(process->engine);
    signer_free(process->signer);
    forwarder_free(process->forwarder);
    snapshot_free(process->snapshot);
    forget_segments(process);
    free_held(process);
    buf_clear(&process->access);
    mem_free(process->folders);
    memory_file_unmap(process->figures, sizeof(struct net_figures));
    if (process->figures_fd >= 0) {
        (void)close(process->figures_fd);
    }
    uv_close((uv_handle_t *)&process->flusher, NULL);
    (void)uv_run(&worker->loop, UV_RUN_NOWAIT);
    mem_free(process);
}

const struct worker_kind net_kind = {
    .role = IPC_NET,
    .begin = begin,
    .message = on_message,
    .keep = keep,
    .ready = ready,
    .end = end,
};

/* The same for the site "services" alone: what administrators send never passes a process that
 * serves sites. */
const struct worker_kind net_services_kind = {
    .role = IPC_NET_SERVICES,
    .begin = begin,
    .message = on_message,
    .keep = keep,
    .ready = ready,
    .end = end,
};
