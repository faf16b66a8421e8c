/*
 * The supervisor: "padlock serve" itself. It opens ports and document roots, starts the processes
 * that do the work (role/workers.h), hands them what they need, and starts again what ends. It
 * reads nothing that comes from the network. Its own end ends all of them.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "ops/ops.h"
#include "role/supervisor_parts.h"
#include "sys/tcp.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { METRICS_BACKLOG = 64, TICK_MS = 50, STOP_TIMEOUT_MS = 12 * 1000, FAILURE_MAX = 8192 };

/* --- failing and stopping ------------------------------------------------------------------------
 */

void supervisor_fail(struct supervisor *s, const struct err *error) {
    if (!s->has_failed) {
        s->has_failed = true;
        s->error = *error;
    }
    uv_stop(&s->loop);
}

/* First those that serve finish; control and the rest end with them. */
void supervisor_stop(struct supervisor *s) {
    s->is_stopping = true;
    s->stop_ms = clock_monotonic_ms() + STOP_TIMEOUT_MS;
    log_event(LOG_INFO, "stopping", NULL);
    if (!s->is_upgrading) { /* the service goes on in another process */
        service_notify("STOPPING=1\nSTATUS=finishing what is under way");
    }
    for (struct child *child = s->children; child != NULL; child = child->next) {
        if ((child->role & (IPC_BOTH_NET | IPC_CONTROL)) != 0) {
            child_drain(child);
        }
    }
    supervisor_tell_processes(s);
    supervisor_on_ended(s, IPC_NET);
}

void supervisor_on_ended(struct supervisor *s, enum ipc_role role) {
    supervisor_tell_processes(s);
    if (role == IPC_CONTROL && s->is_upgrading) {
        supervisor_continue_upgrade(s);
    }
    bool has_serving = false;
    for (const struct child *child = s->children; child != NULL; child = child->next) {
        has_serving = has_serving || (child->role & (IPC_BOTH_NET | IPC_CONTROL)) != 0;
    }
    if (s->is_stopping && !has_serving) {
        uv_stop(&s->loop);
    }
}

static void on_signal(uv_signal_t *handle, int number) {
    struct supervisor *s = handle->data;
    (void)number;
    if (s->is_stopping) {
        uv_stop(&s->loop);
        return;
    }
    supervisor_stop(s);
}

static void on_upgrade(uv_signal_t *handle, int number) {
    (void)number;
    supervisor_upgrade(handle->data);
}

static bool is_net(const struct child *child) {
    return (child->role & IPC_BOTH_NET) != 0;
}

/* --- what is served ------------------------------------------------------------------------------
 */

/* What nobody waits for while it begins to serve. */
static void start_later_ones(struct supervisor *s) {
    static const enum ipc_role roles[] = {IPC_PROBE, IPC_NET_SERVICES};
    for (size_t i = 0; i < PL_ARRAY_LEN(roles); i++) {
        struct err e = {0};
        if (child_find(s, roles[i]) == NULL && !child_start(s, roles[i], 0, &e)) {
            supervisor_fail(s, &e);
        }
    }
}

static void tell_ready(struct supervisor *s) {
    s->is_ready = true;
    if (s->wish->ready_fd >= 0) {
        (void)!write(s->wish->ready_fd, "1", 1);
        (void)close(s->wish->ready_fd);
    }
    log_event(LOG_INFO, "ready", NULL);
    service_notify("READY=1\nSTATUS=serving");
    start_later_ones(s);
}

/* What all of those that serve have applied; control is told when that grows. */
static void tell_applied(struct supervisor *s) {
    int64_t least = INT64_MAX;
    uint32_t count = 0;
    uint32_t wanted = s->net_count + (holdings_have_services(&s->holdings) ? 1 : 0);
    for (const struct child *child = s->children; child != NULL; child = child->next) {
        bool is_counted = child->role == IPC_NET || holdings_have_services(&s->holdings);
        if (is_net(child) && child->state == CHILD_SERVING && is_counted) {
            least = child->applied_seq < least ? child->applied_seq : least;
            count++;
        }
    }
    const struct child *control = child_find(s, IPC_CONTROL);
    if (count < wanted || least <= s->told_seq || control == NULL) {
        return;
    }
    s->told_seq = least;
    peer_send(control->peer, IPC_APPLIED, &least, sizeof(least), -1);
    if (!s->is_ready) {
        tell_ready(s);
    }
}

static void tell_socket(void *ctx, const struct held_socket *socket) {
    const struct supervisor *s = ctx;
    for (const struct child *child = s->children; child != NULL; child = child->next) {
        if (child_is_given(child)) {
            holdings_send_socket(child->peer, child->role, socket);
        }
    }
}

/* net has begun already; net-services is waited for when there is something for it. */
static void go_all_net(struct supervisor *s) {
    struct err e = {0};
    children_go(s);
    if (holdings_have_services(&s->holdings) && !child_start(s, IPC_NET_SERVICES, 0, &e)) {
        supervisor_fail(s, &e);
    }
}

/* Processes that have the newest roots get the version; the others go on with theirs and are
 * replaced. */
static void hand_out_index(struct supervisor *s) {
    for (const struct child *child = s->children; child != NULL; child = child->next) {
        bool has_roots =
            child->role == IPC_NET_SERVICES || child->roots_version == s->holdings.roots_version;
        if (child_is_given(child) && has_roots) {
            holdings_send_index(&s->holdings, child->peer);
        }
    }
    holdings_drop_sockets(&s->holdings, tell_socket, s);
    children_roll(s);
}

static bool on_index(struct supervisor *s, struct ipc_message *message) {
    struct err e = {0};
    if (!holdings_take_index(&s->holdings, message)) {
        return false;
    }
    bool is_first = !s->has_world;
    s->has_world = true;
    if (!holdings_open_sockets(&s->holdings, tell_socket, s, &e) && is_first) {
        supervisor_fail(s, &e); /* at the start, an address that cannot be had is an error */
        return true;
    }
    if (is_first) {
        holdings_drop_given(&s->holdings);
        go_all_net(s);
    } else {
        hand_out_index(s);
    }
    return true;
}

static bool on_segment(struct supervisor *s, struct ipc_message *message) {
    int fd = -1;
    if (!holdings_take_segment(&s->holdings, message, &fd)) {
        return false;
    }
    for (const struct child *child = s->children; child != NULL; child = child->next) {
        if (child_is_given(child)) {
            peer_send(child->peer, IPC_SEGMENT, message->bytes, message->len, fd);
        }
    }
    return true;
}

static bool on_key_segment(struct supervisor *s, struct ipc_message *message) {
    if (!holdings_take_key_segment(&s->holdings, message)) {
        return false;
    }
    const struct child *keys = child_find(s, IPC_KEYS);
    const struct held_keys *held = &s->holdings.keys;
    if (keys != NULL) {
        peer_send(keys->peer, IPC_KEY_SEGMENT, message->bytes, message->len,
                  held->segments[held->count - 1]);
    }
    return true;
}

static bool on_keys_added(struct supervisor *s, const struct ipc_message *message) {
    const struct child *keys = child_find(s, IPC_KEYS);
    if (!holdings_take_keys_added(&s->holdings, message)) {
        return false;
    }
    if (keys != NULL) {
        peer_send(keys->peer, IPC_KEYS_ADDED, message->bytes, message->len, -1);
        peer_flush(keys->peer); /* before any handshake that needs them */
    }
    return true;
}

static bool on_applied(struct child *child, const struct ipc_message *message) {
    struct unpack_reader r;
    unpack_init(&r, message->bytes, message->len);
    child->applied_seq = unpack_i64(&r);
    tell_applied(child->supervisor);
    return unpack_is_done(&r);
}

static bool on_failed(struct child *child, const struct ipc_message *message) {
    struct unpack_reader r;
    struct err error = {0};
    unpack_init(&r, message->bytes, message->len);
    unpack_err(&r, &error);
    if (!unpack_is_done(&r)) {
        return false;
    }
    if (child->supervisor->is_ready) {
        log_error(&error, "process-failed");
    } else {
        supervisor_fail(child->supervisor, &error);
    }
    return true;
}

bool supervisor_on_message(struct child *child, struct ipc_message *message) {
    struct supervisor *s = child->supervisor;
    switch ((unsigned)message->type) {
    case IPC_FAILED:
        return on_failed(child, message);
    case IPC_FIGURES:
        return supervisor_take_figures(child, message);
    case IPC_WORLD:
        return supervisor_take_world(s, message);
    case IPC_ROOTS:
        return holdings_take_roots(&s->holdings, message);
    case IPC_LISTENERS:
        return holdings_take_listeners(&s->holdings, message);
    case IPC_SEGMENT:
        return on_segment(s, message);
    case IPC_INDEX:
        return on_index(s, message);
    case IPC_KEY_SEGMENT:
        return on_key_segment(s, message);
    case IPC_KEYS_ADDED:
        return on_keys_added(s, message);
    case IPC_APPLIED:
        return on_applied(child, message);
    default:
        return false;
    }
}

/* A new net process takes over from the one with older roots. */
void supervisor_on_ready(struct child *child) {
    struct supervisor *s = child->supervisor;
    for (struct child *other = s->children; child->role == IPC_NET && other != NULL;
         other = other->next) {
        if (other != child && other->role == IPC_NET && other->number == child->number &&
            other->state != CHILD_DRAINING) {
            child_drain(other);
        }
    }
    /* A new control has to hear what is served. */
    s->told_seq = child->role == IPC_CONTROL ? -1 : s->told_seq;
    supervisor_tell_processes(s);
    tell_applied(s);
}

/* --- beginning and end ---------------------------------------------------------------------------
 */

static void on_child_ended(uv_signal_t *handle, int number) {
    (void)number;
    children_collect(handle->data);
}

static void on_tick(uv_timer_t *timer) {
    struct supervisor *s = timer->data;
    children_fill_vacancies(s);
    supervisor_check_upgrade(s);
    if (s->has_world && !s->is_stopping) {
        (void)holdings_open_sockets(&s->holdings, tell_socket, s, NULL);
    }
    if (s->is_stopping && clock_monotonic_ms() >= s->stop_ms) {
        uv_stop(&s->loop);
    }
}

static bool loop_failed(int code, struct err *e) {
    (void)err_set(e, ERR_ROLE_SERVE_LOOP, "the event loop cannot be set up");
    return err_note(e, "%s", uv_strerror(code));
}

static bool start_watching(struct supervisor *s, struct err *e) {
    const struct {
        uv_signal_t *handle;
        int number;
        uv_signal_cb call;
    } signals[] = {{&s->interrupt, SIGINT, on_signal},
                   {&s->terminate, SIGTERM, on_signal},
                   {&s->child_ended, SIGCHLD, on_child_ended},
                   {&s->upgrade_asked, SIGUSR2, on_upgrade}};
    int code = 0;
    for (size_t i = 0; i < PL_ARRAY_LEN(signals) && code == 0; i++) {
        code = uv_signal_init(&s->loop, signals[i].handle);
        signals[i].handle->data = s;
        code = code != 0 ? code
                         : uv_signal_start(signals[i].handle, signals[i].call, signals[i].number);
    }
    code = code != 0 ? code : uv_timer_init(&s->loop, &s->timer);
    s->timer.data = s;
    code = code != 0 ? code : uv_timer_start(&s->timer, on_tick, TICK_MS, TICK_MS);
    return code == 0 || loop_failed(code, e);
}

static uint32_t count_processors(void) {
    cpu_set_t set;
    CPU_ZERO(&set);
    int count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < 1 ? 1 : count > NET_PROCESSES_MAX ? NET_PROCESSES_MAX : (uint32_t)count;
}

/* Connections are descriptors: as many as we may have. */
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool warn_of_root(struct err *e) {
    struct user user;
    if (!user_for(USER_STORE, &user, e)) {
        return false;
    }
    if (user.uid == 0) {
        log_event(LOG_WARNING, "store-as-root", "hint",
                  "\"make install\" makes the users that the processes should run as", NULL);
    }
    return true;
}

/* All that has to be there before anything is served, side by side; control takes longest. */
static bool start_workers(struct supervisor *s, struct err *e) {
    bool ok = child_start(s, IPC_CONTROL, 0, e) && child_start(s, IPC_KEYS, 0, e) &&
              (s->metrics_fd < 0 || child_start(s, IPC_METRICS, 0, e));
    for (uint32_t i = 0; i < s->net_count && ok; i++) {
        ok = child_start(s, IPC_NET, i, e);
    }
    return ok;
}

/* At once, so that a busy port is an error and not a line in the log. */
static bool open_metrics(struct supervisor *s, struct err *e) {
    const union snapshot_address *address = &s->wish->metrics;
    const struct tcp_listen_options options = {.backlog = METRICS_BACKLOG};
    if (address->any.sa_family == AF_UNSPEC) {
        return true;
    }
    s->metrics_fd = holdings_find_given(&s->holdings, address);
    if (s->metrics_fd >= 0) {
        return true;
    }
    socklen_t len =
        address->any.sa_family == AF_INET6 ? sizeof(address->ip6) : sizeof(address->ip4);
    return tcp_listen(&address->any, len, &options, &s->metrics_fd, e) ||
           err_wrap(e, "cannot serve the metrics");
}

static void close_handle(uv_handle_t *handle, void *ctx) {
    (void)ctx;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void supervisor_close(struct supervisor *s) {
    children_end(s);
    upgrade_clear(&s->upgrade);
    holdings_clear(&s->holdings);
    if (s->metrics_fd >= 0) {
        (void)close(s->metrics_fd);
    }
    uv_walk(&s->loop, close_handle, NULL);
    (void)uv_run(&s->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&s->loop);
}

bool serve_run(const char *data_dir, const struct serve_wish *wish, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct supervisor), &memory, e)) {
        return false;
    }
    struct supervisor *s = memory;
    *s = (struct supervisor){.wish = wish, .data_dir = data_dir, .metrics_fd = -1, .told_seq = -1};
    holdings_init(&s->holdings);
    s->net_count = wish->net_count == 0 ? count_processors() : wish->net_count;
    int code = uv_loop_init(&s->loop);
    if (code != 0) {
        mem_free(s);
        return loop_failed(code, e);
    }
    log_open("serve", LOG_INFO, wish->is_json_log);
    raise_descriptor_limit();
    const struct sigaction ignored = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignored, NULL);
    bool ok = upgrade_init(&s->upgrade, e) && start_watching(s, e) && warn_of_root(e) &&
              open_metrics(s, e) && start_workers(s, e);
    if (ok) {
        (void)uv_run(&s->loop, UV_RUN_DEFAULT);
        ok = !s->has_failed;
        if (!ok) {
            *e = s->error;
        }
    }
    supervisor_close(s);
    mem_free(s);
    return ok;
}
