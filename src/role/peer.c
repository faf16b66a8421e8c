/* Channels on a loop. */
#include "role/peer.h"

#include "base/mem.h"

struct peer {
    uv_poll_t poll;
    uv_prepare_t prepare; /* active while something is queued */
    uv_idle_t wake;       /* while the end has to be told */
    unsigned handles;
    struct ipc_channel *channel;
    struct peer_callbacks callbacks;
    bool watches_output;
    bool is_freed;
    bool has_ended; /* to be told when what came is handed out */
    bool is_gone;
    bool is_busy; /* a callback is under way */
};

static void on_events(uv_poll_t *poll, int status, int events);

static void watch(struct peer *peer) {
    int events = UV_READABLE | (peer->watches_output ? UV_WRITABLE : 0);
    (void)uv_poll_start(&peer->poll, events, on_events);
}

static void tell_gone(struct peer *peer) {
    if (peer->is_gone || peer->is_freed) {
        return;
    }
    peer->is_gone = true;
    (void)uv_poll_stop(&peer->poll);
    (void)uv_prepare_stop(&peer->prepare);
    (void)uv_idle_stop(&peer->wake);
    peer->callbacks.gone(peer->callbacks.ctx, peer);
}

static void on_wake(uv_idle_t *wake);

/* The end is told from the loop, not from within a caller's peer_send(). */
static void end_later(struct peer *peer) {
    if (!peer->is_gone) {
        peer->has_ended = true;
        (void)uv_idle_start(&peer->wake, on_wake);
    }
}

void peer_flush(struct peer *peer) {
    if (peer->is_gone || peer->is_freed) {
        return;
    }
    enum ipc_status status = ipc_flush(peer->channel);
    if (status == IPC_ENDED) {
        end_later(peer);
        return;
    }
    bool is_blocked = status == IPC_BLOCKED;
    if (is_blocked != peer->watches_output) {
        peer->watches_output = is_blocked;
        watch(peer);
    }
}

static void on_prepare(uv_prepare_t *prepare) {
    struct peer *peer = prepare->data;
    (void)uv_prepare_stop(prepare);
    peer_flush(peer);
}

static void close_handles(struct peer *peer);

/* Hands out what has come whole; the end after it. */
static void deliver(struct peer *peer) {
    struct ipc_message message;
    peer->is_busy = true;
    while (!peer->is_freed && ipc_next(peer->channel, &message)) {
        if (!peer->callbacks.message(peer->callbacks.ctx, peer, &message)) {
            ipc_break(peer->channel);
        }
    }
    peer->is_busy = false;
    if (peer->is_freed) {
        close_handles(peer);
    } else if (peer->has_ended || ipc_broken_because(peer->channel) != NULL) {
        tell_gone(peer);
    }
}

static void on_wake(uv_idle_t *wake) {
    (void)uv_idle_stop(wake);
    deliver(wake->data);
}

static void free_memory(struct peer *peer) {
    ipc_channel_free(peer->channel);
    mem_free(peer);
}

static void on_closed(uv_handle_t *handle) {
    struct peer *peer = handle->data;
    if (--peer->handles == 0) {
        free_memory(peer);
    }
}

static void close_handles(struct peer *peer) {
    uv_close((uv_handle_t *)&peer->poll, on_closed);
    uv_close((uv_handle_t *)&peer->prepare, on_closed);
    uv_close((uv_handle_t *)&peer->wake, on_closed);
}

static void on_events(uv_poll_t *poll, int status, int events) {
    struct peer *peer = poll->data;
    (void)status;
    if ((events & UV_WRITABLE) != 0) {
        peer_flush(peer);
    }
    if (peer->is_gone || peer->is_freed) {
        return;
    }
    peer->has_ended = ipc_receive(peer->channel) == IPC_ENDED || peer->has_ended;
    deliver(peer);
}

void peer_drain(struct peer *peer) {
    if (!peer->is_gone && !peer->is_freed && !peer->is_busy) {
        peer->has_ended = ipc_receive(peer->channel) == IPC_ENDED || peer->has_ended;
        deliver(peer);
    }
}

bool peer_new(uv_loop_t *loop, struct ipc_channel *channel, const struct peer_callbacks *callbacks,
              struct peer **out_peer, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct peer), &memory, e)) {
        ipc_channel_free(channel);
        return false;
    }
    struct peer *peer = memory;
    peer->channel = channel;
    peer->callbacks = *callbacks;
    int failed = uv_poll_init(loop, &peer->poll, ipc_channel_fd(channel));
    if (failed != 0) {
        free_memory(peer);
        return err_set(e, ERR_IPC_BROKEN, "cannot wait for another process: %s",
                       uv_strerror(failed));
    }
    (void)uv_prepare_init(loop, &peer->prepare); /* neither of these can fail */
    (void)uv_idle_init(loop, &peer->wake);
    peer->poll.data = peer->prepare.data = peer->wake.data = peer;
    peer->handles = 3;
    watch(peer);
    /* What came before the loop began is not told by the socket again. */
    (void)uv_idle_start(&peer->wake, on_wake);
    *out_peer = peer;
    return true;
}

void peer_free(struct peer *peer) {
    if (peer == NULL || peer->is_freed) {
        return;
    }
    peer->is_freed = true;
    if (!peer->is_busy) {
        close_handles(peer);
    }
}

void peer_send(struct peer *peer, enum ipc_type type, const void *bytes, size_t len, int fd) {
    if (peer->is_gone || peer->is_freed) {
        return;
    }
    if (!ipc_send(peer->channel, type, bytes, len, fd, NULL)) {
        ipc_break(peer->channel);
        end_later(peer);
        return;
    }
    (void)uv_prepare_start(&peer->prepare, on_prepare);
}

enum ipc_role peer_role(const struct peer *peer) {
    return ipc_channel_other(peer->channel);
}

const char *peer_broken_because(const struct peer *peer) {
    return ipc_broken_because(peer->channel);
}
