/*
 * The loop of net: listeners, accepting, time, snapshots. Process: serve (net, once it is its own).
 *
 * Limits: ACCEPTS_MAX connections and EVENTS_MAX events a turn, so that no part starves the others.
 */
#include "role/net.h"

#include "base/clock.h"
#include "base/mem.h"
#include "role/net_parts.h"
#include "sys/tcp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    ACCEPTS_MAX = 64,
    EVENTS_MAX = 256,
    BACKLOG = 4096,
    DEFER_ACCEPT_S = 10,
    TICK_MS = 250,
    RETRY_MS = 1000,
    TROUBLE_MS = 10 * 1000,
    FRESH_MS = 1000,
};

int64_t net_now_ms(const struct net *net) {
    return (int64_t)uv_now(net->config.loop);
}

const char *net_date(struct net *net) {
    int64_t now_ms = clock_now_ms();
    if (now_ms / CLOCK_SECOND_MS != net->date_s || net->date[0] == '\0') {
        net->date_s = now_ms / CLOCK_SECOND_MS;
        clock_format_http(now_ms, net->date);
    }
    return net->date;
}

static void tell_trouble(const struct net *net, const struct err *error) {
    if (net->config.callbacks.trouble != NULL) {
        net->config.callbacks.trouble(net->config.callbacks.ctx, error);
    }
}

/* --- deadlines ----------------------------------------------------------------------------------
 */

static void unqueue(struct net_connection *c) {
    struct net_queue *queue = &c->net->queues[c->deadline];
    if (c->deadline == NET_DEADLINE_NONE) {
        return;
    }
    *(c->earlier == NULL ? &queue->first : &c->earlier->later) = c->later;
    *(c->later == NULL ? &queue->last : &c->later->earlier) = c->earlier;
    c->earlier = c->later = NULL;
    c->deadline = NET_DEADLINE_NONE;
}

void net_set_deadline(struct net_connection *c, enum net_deadline deadline) {
    unqueue(c);
    if (deadline == NET_DEADLINE_NONE) {
        return;
    }
    struct net_queue *queue = &c->net->queues[deadline];
    c->deadline = deadline;
    c->expires_ms = net_now_ms(c->net) + queue->duration_ms;
    c->earlier = queue->last;
    *(queue->last == NULL ? &queue->first : &queue->last->later) = c;
    queue->last = c;
}

static void expire(struct net *net) {
    int64_t now_ms = net_now_ms(net);
    for (unsigned i = NET_DEADLINE_HANDSHAKE; i < NET_DEADLINE_COUNT; i++) {
        struct net_connection *c = NULL;
        while ((c = net->queues[i].first) != NULL && c->expires_ms <= now_ms) {
            unqueue(c);
            net_connection_expire(c);
        }
    }
}

/* --- what is over
 * ---------------------------------------------------------------------------------- */

/*
 * A connection's memory stays until the turn's events are handled, for one of them may point to it,
 * and until it is out of the ready list.
 */
static void bury(struct net *net) {
    struct net_connection **at = &net->dead;
    while (*at != NULL) {
        struct net_connection *c = *at;
        if (c->is_ready) {
            at = &c->later;
            continue;
        }
        *at = c->later;
        mem_free(c);
    }
}

/*
 * Those without a request under way. One that has not asked for anything yet has just been made,
 * and its request is on its way: it is waited for a moment.
 */
static void close_idle(struct net *net) {
    struct net_connection *c = net->queues[NET_DEADLINE_IDLE].first;
    while (c != NULL) {
        struct net_connection *later = c->later;
        bool is_waited_for = !c->has_answered && net->is_stopping &&
                             net_now_ms(net) - net->stopping_since_ms < FRESH_MS;
        if ((net->is_stopping || c->listener->index == SNAPSHOT_NONE) && !is_waited_for &&
            net_connection_is_idle(c)) {
            net_connection_close(c);
        }
        c = later;
    }
}

static void close_all(struct net *net) {
    for (unsigned i = NET_DEADLINE_HANDSHAKE; i < NET_DEADLINE_COUNT; i++) {
        while (net->queues[i].first != NULL) {
            net_connection_close(net->queues[i].first);
        }
    }
}

static void check_stopped(struct net *net) {
    if (!net->is_stopping || net->stopped == NULL) {
        return;
    }
    close_idle(net);
    bury(net);
    if (net_figure(net->figures, NET_OPEN) > 0 && net_now_ms(net) >= net->stop_ms) {
        close_all(net);
    }
    if (net_figure(net->figures, NET_OPEN) == 0) {
        void (*stopped)(void *ctx) = PL_TAKE(net->stopped);
        stopped(net->stopped_ctx);
    }
}

/* --- listeners
 * ------------------------------------------------------------------------------------ */

static bool watch_listener(struct net *net, struct net_listener *listener, int operation) {
    struct epoll_event event = {.events = net->is_paused ? 0 : EPOLLIN, .data.ptr = listener};
    return epoll_ctl(net->epoll_fd, operation, listener->fd, &event) == 0;
}

/*
 * Not only closed: other processes have the same socket, and as long as one has it open, its
 * connections would go on being told of here, for a listener that is no more.
 */
static void stop_listening(struct net *net, struct net_listener *listener) {
    if (listener->fd >= 0) {
        (void)epoll_ctl(net->epoll_fd, EPOLL_CTL_DEL, listener->fd, NULL);
        (void)close(listener->fd);
        listener->fd = -1;
    }
}

static void set_paused(struct net *net, bool is_paused) {
    net->is_paused = is_paused;
    for (struct net_listener *l = net->listeners; l != NULL; l = l->next) {
        if (l->fd >= 0) {
            (void)watch_listener(net, l, EPOLL_CTL_MOD);
        }
    }
}

void net_listener_drop(struct net_listener *listener) {
    if (--listener->users > 0) {
        return;
    }
    if (listener->fd >= 0) {
        (void)close(listener->fd);
    }
    mem_free(listener);
}

static bool open_default(const struct snapshot_listener *about, int *out_fd, struct err *e) {
    struct tcp_listen_options options = {.backlog = BACKLOG, .defer_accept_s = DEFER_ACCEPT_S};
    socklen_t len = about->address.any.sa_family == AF_INET6 ? sizeof(about->address.ip6)
                                                             : sizeof(about->address.ip4);
    return tcp_listen(&about->address.any, len, &options, out_fd, e);
}

static bool open_listener(struct net *net, struct net_listener *listener, struct err *e) {
    const struct net_callbacks *callbacks = &net->config.callbacks;
    bool ok = callbacks->open_listener != NULL
                  ? callbacks->open_listener(callbacks->ctx, &listener->about, &listener->fd, e)
                  : open_default(&listener->about, &listener->fd, e);
    if (!ok) {
        return false;
    }
    if (!watch_listener(net, listener, EPOLL_CTL_ADD)) {
        int reason = errno;
        (void)close(listener->fd);
        listener->fd = -1;
        return err_set_errno(e, ERR_NET_LISTEN, reason, "cannot watch %s", listener->about.text);
    }
    return true;
}

/* Opens what is not open. The first failure is e's; each is told once. */
static bool open_listeners(struct net *net, struct err *e) {
    bool all = true;
    for (struct net_listener *l = net->listeners; l != NULL; l = l->next) {
        struct err fault = {0};
        if (l->fd >= 0 || open_listener(net, l, &fault)) {
            l->is_told = false;
            continue;
        }
        if (all && e != NULL) {
            *e = fault;
        }
        if (!l->is_told) {
            tell_trouble(net, &fault);
        }
        l->is_told = true;
        all = false;
    }
    net->retry_ms = all ? 0 : net_now_ms(net) + RETRY_MS;
    return all;
}

static struct net_listener *find_listener(const struct net *net, uint32_t index) {
    struct net_listener *l = net->listeners;
    while (l != NULL && l->index != index) {
        l = l->next;
    }
    return l;
}

static bool make_listener(struct net *net, const struct snapshot_listener *about, uint32_t index,
                          struct net_listener **list, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct net_listener), &memory, e)) {
        return false;
    }
    struct net_listener *made = memory;
    made->source.kind = NET_SOURCE_LISTENER;
    made->net = net;
    made->about = *about;
    made->index = index;
    made->fd = -1;
    made->users = 1;
    made->next = *list;
    *list = made;
    return true;
}

static bool has_listener(const struct net *net, const struct snapshot_listener *about) {
    for (const struct net_listener *l = net->listeners; l != NULL; l = l->next) {
        if (strcmp(l->about.text, about->text) == 0) {
            return true;
        }
    }
    return false;
}

static void drop_listeners(struct net_listener *list) {
    while (list != NULL) {
        struct net_listener *next = list->next;
        net_listener_drop(list);
        list = next;
    }
}

/* Listeners of the snapshot that are not there yet; nothing is changed when memory runs out. */
static bool make_listeners(struct net *net, const struct snapshot *snapshot,
                           struct net_listener **out, struct err *e) {
    struct net_listener *made = NULL;
    for (uint32_t i = 0; i < snapshot_listener_count(snapshot); i++) {
        const struct snapshot_listener *about = snapshot_listener_at(snapshot, i);
        if (about->is_services == net->config.is_services && !has_listener(net, about) &&
            !make_listener(net, about, i, &made, e)) {
            drop_listeners(made);
            return false;
        }
    }
    *out = made;
    return true;
}

/* Those that the snapshot has no more stop accepting; their connections keep them until they end.
 */
static void renumber_listeners(struct net *net, const struct snapshot *snapshot) {
    struct net_listener **at = &net->listeners;
    while (*at != NULL) {
        struct net_listener *l = *at;
        l->index = snapshot_find_listener(snapshot, &l->about);
        if (l->index != SNAPSHOT_NONE &&
            snapshot_listener_at(snapshot, l->index)->is_services == net->config.is_services) {
            l->about = *snapshot_listener_at(snapshot, l->index);
            at = &l->next;
            continue;
        }
        *at = l->next;
        l->index = SNAPSHOT_NONE;
        stop_listening(net, l);
        net_listener_drop(l);
    }
}

bool net_apply(struct net *net, struct snapshot *snapshot, struct err *e) {
    struct net_listener *made = NULL;
    if (!make_listeners(net, snapshot, &made, e)) {
        return false;
    }
    struct snapshot *old = net->snapshot;
    net->snapshot = snapshot_ref(snapshot);
    renumber_listeners(net, snapshot);
    struct net_listener **end = &net->listeners;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = made;
    snapshot_free(old);
    close_idle(net);
    bury(net);
    bool all = open_listeners(net, e);
    net_start_tick(net);
    return all;
}

uint16_t net_listener_port(const struct net *net, uint32_t listener) {
    const struct net_listener *l = find_listener(net, listener);
    union snapshot_address address = {0};
    socklen_t len = sizeof(address);
    if (l == NULL || l->fd < 0 || getsockname(l->fd, &address.any, &len) != 0) {
        return 0;
    }
    return ntohs(address.ip4.sin_port); /* at the same place in both families */
}

/* --- accepting
 * ------------------------------------------------------------------------------------- */

static void pause_for(struct net *net, int64_t time_ms) {
    net->paused_until_ms = net_now_ms(net) + time_ms;
    set_paused(net, true);
    net_start_tick(net);
}

static void tell_accept_trouble(struct net *net, int reason) {
    struct err trouble = {0};
    if (net_now_ms(net) < net->trouble_ms) {
        return;
    }
    net->trouble_ms = net_now_ms(net) + TROUBLE_MS;
    (void)err_set_errno(&trouble, ERR_NET_LISTEN, reason,
                        "cannot accept connections for the moment");
    (void)err_hint(&trouble, "raise the limit on open files (LimitNOFILE=, ulimit -n)");
    tell_trouble(net, &trouble);
}

void net_limit_met(struct net *net, enum net_figure limit, const union snapshot_address *client,
                   const struct net_listener *listener) {
    net_figure_add(net->figures, limit, 1);
    net_log_refusal(net, limit, client, listener);
}

bool net_count_client(struct net *net, const union snapshot_address *client,
                      const struct net_listener *listener, struct net_client **out_client) {
    uint32_t max = net->config.per_client_max;
    *out_client = NULL;
    if (max == UINT32_MAX || (!net->config.counts_loopback && net_clients_is_loopback(client)) ||
        net_clients_enter(net->clients, client, max == 0 ? NET_PER_CLIENT_DEFAULT : max,
                          out_client)) {
        return true;
    }
    net_limit_met(net, NET_LIMIT_PER_CLIENT, client, listener);
    return false;
}

/* The first in its queue, when it has been there for at least this long. */
static struct net_connection *find_oldest(const struct net *net, enum net_deadline deadline,
                                          int64_t age_ms) {
    const struct net_queue *queue = &net->queues[deadline];
    bool is_old = queue->first != NULL &&
                  queue->first->expires_ms - queue->duration_ms + age_ms <= net_now_ms(net);
    return is_old ? queue->first : NULL;
}

/*
 * Of too many handshakes, the oldest gives way when it has had time enough: who only opens
 * connections keeps nobody out. When all are young they are real, and finishing them comes first.
 */
static bool has_room_for_handshake(struct net *net, const struct net_listener *listener,
                                   const union snapshot_address *peer) {
    uint32_t max = net->config.handshakes_max;
    if (listener->about.scheme != SNAPSHOT_HTTPS ||
        net_figure(net->figures, NET_HANDSHAKING) < (max == 0 ? NET_HANDSHAKES_DEFAULT : max)) {
        return true;
    }
    struct net_connection *oldest = find_oldest(net, NET_DEADLINE_HANDSHAKE, NET_DAWDLE_MS);
    if (oldest == NULL) {
        net_limit_met(net, NET_LIMIT_HANDSHAKES, peer, listener);
        return false;
    }
    net_limit_met(net, NET_LIMIT_OLDEST_HANDSHAKE, &oldest->peer, oldest->listener);
    net_connection_close(oldest);
    return true;
}

static size_t connections_max(const struct net *net) {
    return net->config.connections_max == 0 ? NET_CONNECTIONS_DEFAULT : net->config.connections_max;
}

static bool is_full(const struct net *net) {
    return net_figure(net->figures, NET_OPEN) >= connections_max(net);
}

/* The connection that is idle longest, which may give way at any time (RFC 9112 §9.5); or NULL. */
static struct net_connection *find_idle(const struct net *net) {
    struct net_connection *idle = find_oldest(net, NET_DEADLINE_IDLE, NET_IDLE_MIN_MS);
    return idle != NULL && net_connection_is_idle(idle) ? idle : NULL;
}

/* For a connection that is there already. */
static void make_room(struct net *net) {
    struct net_connection *idle = is_full(net) ? find_idle(net) : NULL;
    if (idle != NULL) {
        net_limit_met(net, NET_LIMIT_OLDEST_IDLE, &idle->peer, idle->listener);
        net_connection_expire(idle);
    }
}

/* A proxy is let in for what it is; its client is counted when it has said who that is. */
static bool may_come(struct net *net, const struct net_listener *listener,
                     const union snapshot_address *peer, struct net_client **out_client) {
    if (!listener->about.is_proxied) {
        return net_count_client(net, peer, listener, out_client);
    }
    bool is_trusted = net_proxy_is_trusted(net, listener, peer);
    if (!is_trusted) {
        net_limit_met(net, NET_PROXY_REFUSED, peer, listener);
    }
    return is_trusted;
}

/* False when there is nothing more to accept now. */
static bool accept_one(struct net *net, struct net_listener *listener) {
    union snapshot_address peer = {0};
    socklen_t len = sizeof(peer);
    int fd = accept4(listener->fd, &peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        bool is_client_s =
            errno == ECONNABORTED || errno == EINTR || errno == EPERM || errno == EPROTO;
        if (!is_client_s && errno != EAGAIN) {
            tell_accept_trouble(net, errno);
            pause_for(net, RETRY_MS);
        }
        return is_client_s;
    }
    net_figure_add(net->figures, NET_ACCEPTED, 1);
    struct net_client *client = NULL;
    if (!has_room_for_handshake(net, listener, &peer) || !may_come(net, listener, &peer, &client)) {
        (void)close(fd);
        return true;
    }
    make_room(net);
    if (!net_connection_open(net, listener, fd, &peer, client, NULL)) {
        tell_accept_trouble(net, ENOMEM);
    }
    return true;
}

static void accept_all(struct net *net, struct net_listener *listener) {
    for (unsigned i = 0; i < ACCEPTS_MAX && listener->fd >= 0 && !net->is_paused; i++) {
        if (is_full(net) && find_idle(net) == NULL) {
            pause_for(net, 0); /* the backlog waits until a connection ends */
            return;
        }
        if (!accept_one(net, listener)) {
            return;
        }
    }
}

static void resume(struct net *net) {
    bool has_room = !is_full(net) || find_idle(net) != NULL;
    if (net->is_paused && has_room && net_now_ms(net) >= net->paused_until_ms) {
        set_paused(net, false);
    }
}

/* --- the loop
 * -------------------------------------------------------------------------------------- */

static void handle_event(struct net *net, const struct epoll_event *event) {
    struct net_source *source = event->data.ptr;
    if (source->kind == NET_SOURCE_LISTENER) {
        accept_all(net, (struct net_listener *)source);
        return;
    }
    struct net_connection *c = (struct net_connection *)source;
    if (c->state == NET_STATE_CLOSED) {
        return;
    }
    c->can_read =
        c->can_read || (event->events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    c->has_hung_up = c->has_hung_up || (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    net_connection_run(c);
}

static void after_turn(struct net *net) {
    bury(net);
    resume(net);
    check_stopped(net);
}

void *net_current(const struct net *net) {
    return net->current;
}

void net_resume(struct net *net, void *connection) {
    struct net_connection *c = connection;
    c->awaits_signature = false;
    net_connection_run(c);
    after_turn(net);
}

void net_answer(struct net *net, void *connection, struct http_response *response) {
    net_connection_answered(connection, response);
    after_turn(net);
}

static void on_events(uv_poll_t *poll, int status, int events) {
    struct net *net = poll->data;
    struct epoll_event list[EVENTS_MAX];
    (void)status;
    (void)events;
    int count = epoll_wait(net->epoll_fd, list, EVENTS_MAX, 0);
    for (int i = 0; i < count; i++) {
        handle_event(net, &list[i]);
    }
    after_turn(net);
}

/* Connections that had more to do than one turn may take. */
static void on_idle(uv_idle_t *idle) {
    struct net *net = idle->data;
    struct net_connection *c = PL_TAKE(net->ready);
    (void)uv_idle_stop(idle);
    while (c != NULL) {
        struct net_connection *next = PL_TAKE(c->next_ready);
        c->is_ready = false;
        if (c->state != NET_STATE_CLOSED) {
            net_connection_run(c);
        }
        c = next;
    }
    after_turn(net);
}

void net_make_ready(struct net_connection *c) {
    if (c->is_ready) {
        return;
    }
    c->is_ready = true;
    c->next_ready = c->net->ready;
    c->net->ready = c;
    (void)uv_idle_start(&c->net->idle, on_idle);
}

static void on_tick(uv_timer_t *tick) {
    struct net *net = tick->data;
    expire(net);
    if (net->retry_ms != 0 && net_now_ms(net) >= net->retry_ms && !net->is_stopping) {
        (void)open_listeners(net, NULL);
    }
    after_turn(net);
    bool is_needed = net_figure(net->figures, NET_OPEN) > 0 || net->retry_ms != 0 ||
                     net->is_paused || net->stopped != NULL;
    if (!is_needed) {
        (void)uv_timer_stop(tick);
    }
}

void net_start_tick(struct net *net) {
    if (!uv_is_active((const uv_handle_t *)&net->tick)) {
        (void)uv_timer_start(&net->tick, on_tick, TICK_MS, TICK_MS);
    }
}

/* --- beginning and end
 * -------------------------------------------------------------------------------- */

static void set_durations(struct net *net) {
    const struct net_config *config = &net->config;
    const int64_t durations[NET_DEADLINE_COUNT] = {
        [NET_DEADLINE_HANDSHAKE] =
            config->handshake_ms != 0 ? config->handshake_ms : NET_HANDSHAKE_MS,
        [NET_DEADLINE_HEADER] = config->header_ms != 0 ? config->header_ms : NET_HEADER_MS,
        [NET_DEADLINE_IDLE] = config->idle_ms != 0 ? config->idle_ms : NET_IDLE_MS,
        [NET_DEADLINE_STALL] = config->stall_ms != 0 ? config->stall_ms : NET_STALL_MS,
        [NET_DEADLINE_CONTENT] = config->content_ms != 0 ? config->content_ms : NET_CONTENT_MS,
        [NET_DEADLINE_LINGER] = NET_LINGER_MS,
    };
    for (unsigned i = 0; i < NET_DEADLINE_COUNT; i++) {
        net->queues[i].duration_ms = durations[i];
    }
}

static void free_memory(struct net *net) {
    buf_clear(&net->out);
    buf_clear(&net->first);
    net_clients_free(net->clients);
    file_cache_free(net->files);
    mem_free(net);
}

static void on_closed(uv_handle_t *handle) {
    struct net *net = handle->data;
    if (--net->handles == 0) {
        free_memory(net);
    }
}

static bool start_loop(struct net *net, struct err *e) {
    uv_loop_t *loop = net->config.loop;
    net->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    int failed = net->epoll_fd < 0 ? -errno : uv_poll_init(loop, &net->poll, net->epoll_fd);
    if (failed != 0) {
        return err_set(e, ERR_NET_LOOP, "cannot make the event loop: %s", uv_strerror(failed));
    }
    /* Neither of these can fail. */
    (void)uv_timer_init(loop, &net->tick);
    (void)uv_idle_init(loop, &net->idle);
    net->poll.data = net->tick.data = net->idle.data = net;
    net->handles = 3;
    failed = uv_poll_start(&net->poll, UV_READABLE, on_events);
    return failed == 0 ||
           err_set(e, ERR_NET_LOOP, "cannot start the event loop: %s", uv_strerror(failed));
}

bool net_new(const struct net_config *config, struct net **out_net, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct net), &memory, e)) {
        return false;
    }
    struct net *net = memory;
    net->config = *config;
    net->epoll_fd = -1;
    net->figures = config->figures == NULL ? &net->own_figures : config->figures;
    buf_init(&net->out, NET_OUT_MAX);
    buf_init(&net->first, HTTP_RESPONSE_FIELDS_MAX + NET_PLAIN_SIZE + 1024);
    set_durations(net);
    if (!net_clients_new(&net->clients, e) || !file_cache_new(&net->files, e) ||
        !start_loop(net, e)) {
        net_free(net);
        return false;
    }
    *out_net = net;
    return true;
}

static void close_listeners(struct net *net) {
    struct net_listener *list = PL_TAKE(net->listeners);
    for (struct net_listener *l = list; l != NULL; l = l->next) {
        l->index = SNAPSHOT_NONE;
        stop_listening(net, l);
    }
    drop_listeners(list);
    net->retry_ms = 0;
}

void net_stop(struct net *net, int64_t timeout_ms, void (*done)(void *ctx), void *ctx) {
    net->is_stopping = true;
    net->stopping_since_ms = net_now_ms(net);
    net->stop_ms = net_now_ms(net) + timeout_ms;
    net->stopped = done;
    net->stopped_ctx = ctx;
    close_listeners(net);
    close_idle(net);
    bury(net);
    net_start_tick(net);
}

void net_free(struct net *net) {
    if (net == NULL) {
        return;
    }
    net->stopped = NULL;
    close_listeners(net);
    close_all(net);
    for (struct net_connection *c = PL_TAKE(net->ready); c != NULL; c = c->next_ready) {
        c->is_ready = false;
    }
    bury(net);
    snapshot_free(net->snapshot);
    net_exchange_free(net->spare);
    bool has_handles = net->handles > 0;
    if (has_handles) {
        uv_close((uv_handle_t *)&net->poll, on_closed);
        uv_close((uv_handle_t *)&net->tick, on_closed);
        uv_close((uv_handle_t *)&net->idle, on_closed);
    }
    if (net->epoll_fd >= 0) {
        (void)close(net->epoll_fd);
    }
    if (!has_handles) {
        free_memory(net);
    }
}

const struct net_figures *net_figures(const struct net *net) {
    return net->figures;
}
