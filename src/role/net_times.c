/*
 * The times of net's connections: how long each state may last, and what becomes of a client that
 * is too slow. Bytes that trickle renew no deadline.
 */
#include "role/net_parts.h"
#include "sys/tcp.h"

enum net_deadline net_deadline_of(const struct net_connection *c) {
    switch (c->state) {
    case NET_STATE_PROXY:
    case NET_STATE_HANDSHAKE:
        return NET_DEADLINE_HANDSHAKE;
    case NET_STATE_READING:
        return c->pending.len > 0 ? NET_DEADLINE_STALL
               : c->head.len > 0  ? NET_DEADLINE_HEADER
                                  : NET_DEADLINE_IDLE;
    case NET_STATE_DISCARDING:
        return NET_DEADLINE_HEADER;
    case NET_STATE_CONTENT:
        return NET_DEADLINE_CONTENT;
    case NET_STATE_WAITING: /* whoever hands the request on has a shorter time for its answer */
    case NET_STATE_RESPONDING:
    case NET_STATE_CLOSING:
        return NET_DEADLINE_STALL;
    case NET_STATE_LINGERING:
        return NET_DEADLINE_LINGER;
    case NET_STATE_CLOSED:
    case NET_STATE_COUNT:
        break;
    }
    return NET_DEADLINE_NONE;
}

/*
 * Bytes that trickle do not move a deadline. Whether a response flows is looked at when its time is
 * over: takes_enough().
 */
void net_renew_deadline(struct net_connection *c) {
    enum net_deadline wanted = net_deadline_of(c);
    if (wanted != c->deadline || c->has_progressed) {
        net_set_deadline(c, wanted);
    }
}

static void expire_handshake(struct net_connection *c) {
    struct err e = {0};
    if (c->has_received) {
        (void)err_set(&e, ERR_TLS_HANDSHAKE_TIMEOUT,
                      "the client did not finish the handshake in time");
        net_figure_add(c->net->figures, NET_FAILED_TIMEOUT, 1);
        net_log_failure(c, &e);
    }
    net_figure_add(c->net->figures, NET_LIMIT_HANDSHAKE_TIME, 1);
    net_connection_close(c);
}

/* Says goodbye in TLS, too; what the socket does not take at once is lost. */
static void close_politely(struct net_connection *c) {
    c->io = (struct tls_io){.out = &c->net->out};
    if (c->tls != NULL) {
        tls_connection_close(c->tls, &c->io);
    }
    (void)net_connection_flush(c);
    net_connection_close(c);
}

/*
 * Whether the client took enough of what was sent since this was asked last. Where the kernel does
 * not tell, nobody does.
 */
static bool takes_enough(struct net_connection *c) {
    uint64_t taken = 0;
    if (!tcp_acknowledged(c->fd, &taken)) {
        return false;
    }
    bool is_enough = taken - c->taken >= NET_TAKEN_MIN;
    c->taken = taken;
    return is_enough;
}

/* The client does not take its response: there is no more to be said to it. */
static void expire_stalled(struct net_connection *c) {
    if (takes_enough(c)) {
        net_set_deadline(c, NET_DEADLINE_STALL);
        return;
    }
    net_figure_add(c->net->figures, NET_LIMIT_SLOW_READER, 1);
    if (c->exchange != NULL) {
        c->exchange->reason = "the client takes the response too slowly";
    }
    net_connection_close(c);
}

/* Content must come at a rate; that more than a byte comes now and then is not enough. */
static void expire_content(struct net_connection *c) {
    struct net_exchange *exchange = c->exchange;
    bool is_enough = exchange->content.len - exchange->content_seen >= NET_CONTENT_MIN;
    exchange->content_seen = exchange->content.len;
    if (is_enough) {
        net_set_deadline(c, NET_DEADLINE_CONTENT);
        return;
    }
    net_connection_time_out(c);
}

void net_connection_expire(struct net_connection *c) {
    if (net_deadline_of(c) == NET_DEADLINE_STALL && c->state != NET_STATE_WAITING) {
        expire_stalled(c);
        return;
    }
    switch (c->state) {
    case NET_STATE_HANDSHAKE:
        expire_handshake(c);
        return;
    case NET_STATE_READING:
        if (c->head.len > 0) {
            net_connection_time_out(c);
            return;
        }
        close_politely(c);
        return;
    case NET_STATE_DISCARDING:
        net_figure_add(c->net->figures, NET_LIMIT_REQUEST_TIME, 1);
        net_connection_close(c);
        return;
    case NET_STATE_CONTENT:
        expire_content(c);
        return;
    case NET_STATE_PROXY:
    case NET_STATE_WAITING:
    case NET_STATE_RESPONDING:
    case NET_STATE_CLOSING:
    case NET_STATE_LINGERING:
        net_connection_close(c);
        return;
    case NET_STATE_CLOSED:
    case NET_STATE_COUNT:
        return;
    }
}
