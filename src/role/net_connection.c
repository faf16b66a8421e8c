/*
 * One connection of net: handshake → request → response → the next request. All parsing and
 * encryption is in engines without I/O; here are the socket, the order of things and the times.
 *
 * A turn goes as far as the input in hand allows, then sends what was gathered in one write, then
 * reads again. When a client is slow to take its response, nothing more is read from it.
 * Limits: TURN_STEPS_MAX steps and TURN_FLUSHES_MAX × NET_OUT_FLUSH bytes a turn.
 */
#include "role/net_parts.h"

#include "base/mem.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TURN_STEPS_MAX = 256,
    TURN_FLUSHES_MAX = 8,
    KEPT_MAX = H1_HEAD_MAX + 2 * NET_IN_SIZE, /* plaintext that waits */
    PENDING_MAX = NET_OUT_MAX,
};

/* What a connection needs to go on. */
enum net_step {
    NET_STEP_AGAIN,
    NET_STEP_INPUT,
    NET_STEP_OUTPUT, /* room in the socket */
    NET_STEP_ANSWER, /* another process's: a signature, or what the services say */
    NET_STEP_PAUSE,  /* others' turn */
    NET_STEP_CLOSE,
};

/* --- states --------------------------------------------------------------------------------------
 */

static const bool may_follow[NET_STATE_COUNT][NET_STATE_COUNT] = {
    [NET_STATE_PROXY] =
        {[NET_STATE_HANDSHAKE] = true, [NET_STATE_READING] = true, [NET_STATE_CLOSED] = true},
    [NET_STATE_HANDSHAKE] =
        {[NET_STATE_READING] = true, [NET_STATE_CLOSING] = true, [NET_STATE_CLOSED] = true},
    [NET_STATE_READING] = {[NET_STATE_CONTENT] = true,
                           [NET_STATE_WAITING] = true,
                           [NET_STATE_RESPONDING] = true,
                           [NET_STATE_CLOSING] = true,
                           [NET_STATE_CLOSED] = true},
    [NET_STATE_CONTENT] = {[NET_STATE_WAITING] = true,
                           [NET_STATE_RESPONDING] = true,
                           [NET_STATE_CLOSING] = true,
                           [NET_STATE_CLOSED] = true},
    [NET_STATE_WAITING] = {[NET_STATE_RESPONDING] = true, [NET_STATE_CLOSED] = true},
    [NET_STATE_RESPONDING] = {[NET_STATE_READING] = true,
                              [NET_STATE_DISCARDING] = true,
                              [NET_STATE_CLOSING] = true,
                              [NET_STATE_CLOSED] = true},
    [NET_STATE_DISCARDING] =
        {[NET_STATE_READING] = true, [NET_STATE_CLOSING] = true, [NET_STATE_CLOSED] = true},
    [NET_STATE_CLOSING] = {[NET_STATE_LINGERING] = true, [NET_STATE_CLOSED] = true},
    [NET_STATE_LINGERING] = {[NET_STATE_CLOSED] = true},
};

static void set_state(struct net_connection *c, enum net_state state) {
    PL_BUG_UNLESS(may_follow[c->state][state]);
    if (c->state == NET_STATE_HANDSHAKE) {
        net_figure_sub(c->net->figures, NET_HANDSHAKING, 1);
    }
    net_figure_add(c->net->figures, NET_HANDSHAKING, state == NET_STATE_HANDSHAKE ? 1 : 0);
    c->state = state;
}

/* --- the socket
 * ------------------------------------------------------------------------------------- */

/* How much the socket takes of the bytes; false when it is broken. */
static bool send_some(struct net_connection *c, const uint8_t *bytes, size_t len,
                      size_t *out_sent) {
    *out_sent = 0;
    while (*out_sent < len) {
        ssize_t sent = send(c->fd, bytes + *out_sent, len - *out_sent, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0) {
            return errno == EAGAIN;
        }
        *out_sent += (size_t)sent;
        net_figure_add(c->net->figures, NET_BYTES_SENT, (uint64_t)sent);
    }
    return true;
}

static bool send_pending(struct net_connection *c) {
    size_t sent = 0;
    if (c->pending.len == 0) {
        return true;
    }
    if (!send_some(c, c->pending.data, c->pending.len, &sent)) {
        return false;
    }
    buf_consume(&c->pending, sent);
    if (c->pending.len == 0) {
        buf_clear(&c->pending);
    }
    return true;
}

/* Sends what the turn has gathered; what the socket does not take waits in pending. */
bool net_connection_flush(struct net_connection *c) {
    struct buf *out = &c->net->out;
    size_t sent = 0;
    if (!send_pending(c) || (c->pending.len == 0 && !send_some(c, out->data, out->len, &sent))) {
        return false;
    }
    bool is_kept =
        sent == out->len || buf_append(&c->pending, out->data + sent, out->len - sent, NULL);
    buf_reset(out);
    return is_kept;
}

/* Asks to be told when the socket takes bytes again; from then on for the connection's life. */
static void watch_output(struct net_connection *c) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
    if (!c->watches_output) {
        c->watches_output = epoll_ctl(c->net->epoll_fd, EPOLL_CTL_MOD, c->fd, &event) == 0;
    }
}

/* Reads once; true when there is something new: bytes, or their end. */
static bool receive(struct net_connection *c) {
    if (!c->can_read || c->has_ended) {
        return false;
    }
    ssize_t got = recv(c->fd, c->net->in, NET_IN_SIZE, 0);
    if (got < 0) {
        c->can_read = errno == EINTR;
        c->has_ended = errno != EINTR && errno != EAGAIN;
        return c->has_ended;
    }
    c->io.in = c->net->in;
    c->io.in_len = (size_t)got;
    c->has_ended = got == 0;
    net_figure_add(c->net->figures, NET_BYTES_RECEIVED, (uint64_t)got);
    c->has_received = c->has_received || got > 0;
    /* A short read has emptied the socket; what comes later is told anew. */
    c->can_read = got == NET_IN_SIZE || (got > 0 && c->has_hung_up);
    return true;
}

/* --- plaintext
 * -------------------------------------------------------------------------------------- */

static enum tls_status read_plain(struct net_connection *c, size_t *out_len, struct err *e) {
    if (c->tls != NULL) {
        return tls_connection_read(c->tls, &c->io, c->net->plain, NET_PLAIN_SIZE, out_len, e);
    }
    size_t len = c->io.in_len < NET_PLAIN_SIZE ? c->io.in_len : NET_PLAIN_SIZE;
    if (len == 0) {
        return TLS_WANT_INPUT;
    }
    memcpy(c->net->plain, c->io.in, len);
    c->io.in += len;
    c->io.in_len -= len;
    *out_len = len;
    return TLS_DONE;
}

static bool write_plain(struct net_connection *c, const void *bytes, size_t len, struct err *e) {
    return c->tls != NULL ? tls_connection_write(c->tls, &c->io, bytes, len, e)
                          : buf_append(c->io.out, bytes, len, e);
}

/* Input that this turn does not use must not be lost: the buffer it lies in is the loop's. */
static bool keep_input(struct net_connection *c) {
    if (c->io.in_len == 0) {
        return true;
    }
    if (c->tls != NULL) {
        return tls_connection_keep(c->tls, &c->io, NULL);
    }
    bool ok = buf_append(&c->head, c->io.in, c->io.in_len, NULL);
    c->io.in_len = 0;
    return ok;
}

/* --- the end
 * ---------------------------------------------------------------------------------------- */

/* A client whose end has been seen does not read a goodbye. */
static enum net_step begin_closing(struct net_connection *c) {
    if (c->tls != NULL && !c->has_hung_up) {
        tls_connection_close(c->tls, &c->io);
    }
    set_state(c, NET_STATE_CLOSING);
    return NET_STEP_AGAIN;
}

static enum net_step finish_closing(struct net_connection *c) {
    if (c->net->out.len > 0 || c->pending.len > 0) {
        return NET_STEP_OUTPUT;
    }
    if (!c->lingers || c->has_ended) {
        return NET_STEP_CLOSE;
    }
    (void)shutdown(c->fd, SHUT_WR);
    set_state(c, NET_STATE_LINGERING);
    return NET_STEP_AGAIN;
}

/* Closing with unread bytes would reset the connection, and the client might never see the answer.
 */
static enum net_step linger(struct net_connection *c) {
    c->io.in_len = 0;
    return c->has_ended ? NET_STEP_CLOSE : NET_STEP_INPUT;
}

/* --- exchanges
 * ---------------------------------------------------------------------------------------- */

static void start_reading(struct net_connection *c) {
    if (c->head.len == 0) {
        buf_clear(&c->head);
    }
    c->scanned = 0;
    c->has_progressed = true;
    set_state(c, NET_STATE_READING);
}

static void count_request(const struct net_connection *c) {
    net_figure_add(c->net->figures, net_figure_of_status(c->exchange->response.status), 1);
}

static enum net_step finish_exchange(struct net_connection *c) {
    net_log_access(c, c->exchange);
    count_request(c);
    c->has_answered = true;
    net_exchange_drop(c);
    if (!c->is_keep_alive) {
        return begin_closing(c);
    }
    if (c->has_body) {
        set_state(c, NET_STATE_DISCARDING);
    } else {
        start_reading(c);
    }
    return NET_STEP_AGAIN;
}

/* The file broke off: all that can be done is to end the connection before the promised length. */
static enum net_step abort_exchange(struct net_connection *c, const struct err *e) {
    c->exchange->reason = e->code == ERR_NONE ? "the response could not be written" : e->step[0];
    c->is_keep_alive = false;
    net_log_access(c, c->exchange);
    net_exchange_drop(c);
    return NET_STEP_CLOSE;
}

/* Fills records with the body until enough is gathered to be sent. */
static enum net_step send_body(struct net_connection *c) {
    struct net_exchange *exchange = c->exchange;
    struct err e = {0};
    while (!http_body_is_done(&exchange->response.body)) {
        size_t len = 0;
        if (c->pending.len > 0 || c->net->out.len >= NET_OUT_FLUSH) {
            return NET_STEP_OUTPUT;
        }
        if (!http_body_read(&exchange->response.body, c->net->plain, NET_PLAIN_SIZE, &len, &e) ||
            !write_plain(c, c->net->plain, len, &e)) {
            return abort_exchange(c, &e);
        }
        exchange->body_sent += len;
    }
    return finish_exchange(c);
}

/* The head and as much of the body as fits into one record with it. */
static bool send_head(struct net_connection *c, struct err *e) {
    struct http_response *response = &c->exchange->response;
    const struct h1_framing framing = {
        .is_keep_alive = c->is_keep_alive, .minor = c->exchange->minor, .date = net_date(c->net)};
    bool has_body = !c->exchange->is_head && response->status != 204 && response->status != 304;
    size_t body_len = 0;
    struct buf *first = &c->net->first;
    buf_reset(first);
    if (!buf_reserve(first, NET_PLAIN_SIZE, e) || !h1_write_head(response, &framing, first, e)) {
        return false;
    }
    if (!has_body) {
        response->body.part = response->body.part_count;
    } else if (first->len < NET_PLAIN_SIZE &&
               !http_body_read(&response->body, first->data + first->len,
                               NET_PLAIN_SIZE - first->len, &body_len, e)) {
        return false;
    }
    c->exchange->body_sent = body_len;
    return write_plain(c, first->data, first->len + body_len, e);
}

static bool may_keep_alive(const struct net_connection *c, const struct http_request *request) {
    bool is_read = !request->expects_continue || c->exchange->is_forwarded;
    return request->is_keep_alive && is_read && !c->exchange->response.must_close &&
           !c->net->is_stopping && c->listener->index != SNAPSHOT_NONE;
}

static enum net_step fail_exchange(struct net_connection *c, const struct err *e) {
    return c->exchange == NULL ? NET_STEP_CLOSE : abort_exchange(c, e);
}

/* The response may go on after the request's bytes are gone. */
static enum net_step begin_response(struct net_connection *c) {
    struct err e = {0};
    set_state(c, NET_STATE_RESPONDING);
    if (!send_head(c, &e)) {
        return fail_exchange(c, &e);
    }
    if (http_body_is_done(&c->exchange->response.body)) {
        return finish_exchange(c);
    }
    return net_exchange_own_texts(c->exchange, &e) ? NET_STEP_AGAIN : fail_exchange(c, &e);
}

/* The request was read in full, and its answer will come from another process. */
static enum net_step send_forward(struct net_connection *c) {
    struct err e = {0};
    if (net_forward_send(c, &e)) {
        set_state(c, NET_STATE_WAITING);
        return NET_STEP_ANSWER;
    }
    return e.code == ERR_NONE ? begin_response(c) : fail_exchange(c, &e);
}

static enum net_step begin_forwarding(struct net_connection *c,
                                      const struct http_request *request) {
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct err e = {0};
    bool is_asked = c->has_body && request->expects_continue && request->minor > 0;
    if (!net_exchange_own_texts(c->exchange, &e) ||
        (is_asked && !write_plain(c, go_on, sizeof(go_on) - 1, &e))) {
        return fail_exchange(c, &e);
    }
    if (!c->has_body) {
        return send_forward(c);
    }
    set_state(c, NET_STATE_CONTENT);
    return NET_STEP_AGAIN;
}

static enum net_step answer(struct net_connection *c, const struct http_request *request) {
    struct err e = {0};
    if (!net_exchange_new(c, &e)) {
        return fail_exchange(c, &e);
    }
    struct net_exchange *exchange = c->exchange;
    exchange->method = request->method_text;
    exchange->target = request->target;
    exchange->host = request->host;
    exchange->minor = request->minor;
    exchange->is_head = request->method == HTTP_HEAD;
    exchange->is_safe = exchange->is_head || request->method == HTTP_GET;
    if (!net_exchange_respond(c, request, &e)) {
        return fail_exchange(c, &e);
    }
    c->has_body = request->body_kind != HTTP_BODY_NONE;
    c->is_keep_alive = may_keep_alive(c, request);
    c->lingers = c->has_body;
    h1_body_init(&c->body, request);
    return exchange->is_forwarded ? begin_forwarding(c, request) : begin_response(c);
}

/* What is no request gets its status and an end. */
static enum net_step refuse(struct net_connection *c, const struct h1_refusal *refusal) {
    struct err e = {0};
    if (!net_exchange_new(c, &e)) {
        return NET_STEP_CLOSE;
    }
    c->exchange->reason = refusal->reason;
    c->is_keep_alive = false;
    c->lingers = true;
    if (!http_response_set_page(&c->exchange->response, refusal->status, refusal->reason, &e)) {
        return fail_exchange(c, &e);
    }
    return begin_response(c);
}

/* The content is not what it has to be: what was read of it goes, and the connection with it. */
static enum net_step refuse_content(struct net_connection *c, const struct h1_refusal *refusal) {
    struct err e = {0};
    c->exchange->reason = refusal->reason;
    c->exchange->response.must_close = true;
    c->is_keep_alive = false;
    c->lingers = true;
    if (!http_response_set_page(&c->exchange->response, refusal->status, refusal->reason, &e)) {
        return fail_exchange(c, &e);
    }
    return begin_response(c);
}

/* --- reading
 * ------------------------------------------------------------------------------------------ */

/* Tries the bytes for a whole head. They are c's head buffer, or (is_fresh) the loop's. */
static enum net_step try_head(struct net_connection *c, const uint8_t *bytes, size_t len,
                              bool is_fresh) {
    struct h1_refusal refusal = {0};
    size_t used = 0;
    enum h1_result result =
        h1_read_head(bytes, len, &c->scanned, &c->net->request, &used, &refusal);
    if (result == H1_REFUSED) {
        return refuse(c, &refusal);
    }
    enum net_step step = NET_STEP_INPUT;
    if (result == H1_WHOLE) {
        /* What follows the head is taken first: answering uses the same buffers. */
        if (is_fresh && used < len && !buf_append(&c->head, bytes + used, len - used, NULL)) {
            return NET_STEP_CLOSE;
        }
        step = answer(c, &c->net->request);
        if (!is_fresh && c->state != NET_STATE_CLOSED) {
            buf_consume(&c->head, used);
        }
        if (c->head.len == 0) {
            buf_clear(&c->head);
        }
    } else if (is_fresh && !buf_append(&c->head, bytes, len, NULL)) {
        return NET_STEP_CLOSE;
    }
    return step;
}

static void count_broken(struct net_connection *c, const struct err *e) {
    net_figure_add(c->net->figures, NET_BROKEN, 1);
    if (e->code == ERR_TLS_RECORD_FLOOD) {
        net_figure_add(c->net->figures, NET_LIMIT_POST_HANDSHAKE, 1);
    }
}

/* The client said nothing more will come, or broke the protocol. */
static enum net_step end_of_input(struct net_connection *c, enum tls_status status,
                                  const struct err *e) {
    if (status == TLS_BROKEN) {
        count_broken(c, e);
        net_log_failure(c, e);
        c->lingers = true;
    }
    c->has_ended = c->has_ended || status == TLS_ENDED;
    return begin_closing(c);
}

static enum net_step read_request(struct net_connection *c) {
    struct err e = {0};
    size_t len = 0;
    if (c->pending.len > 0 || c->net->out.len >= NET_OUT_FLUSH) {
        return NET_STEP_OUTPUT; /* answers to requests in a row are taken first */
    }
    if (c->head.len > 0 && c->scanned < c->head.len) {
        return try_head(c, c->head.data, c->head.len, false);
    }
    enum tls_status status = read_plain(c, &len, &e);
    if (status == TLS_WANT_INPUT) {
        return c->has_ended ? begin_closing(c) : NET_STEP_INPUT;
    }
    if (status != TLS_DONE) {
        return end_of_input(c, status, &e);
    }
    if (c->head.len == 0) {
        return try_head(c, c->net->plain, len, true);
    }
    return buf_append(&c->head, c->net->plain, len, NULL) ? NET_STEP_AGAIN : NET_STEP_CLOSE;
}

/* Sees to it that there is plaintext in hand; false, with what is needed, when there is none. */
static bool fill_head(struct net_connection *c, enum net_step *out_step) {
    struct err e = {0};
    size_t len = 0;
    if (c->head.len > 0) {
        return true;
    }
    enum tls_status status = read_plain(c, &len, &e);
    if (status == TLS_DONE) {
        *out_step = NET_STEP_CLOSE;
        return buf_append(&c->head, c->net->plain, len, NULL);
    }
    bool is_over = status != TLS_WANT_INPUT || c->has_ended;
    *out_step = status != TLS_WANT_INPUT ? end_of_input(c, status, &e)
                : is_over                ? begin_closing(c)
                                         : NET_STEP_INPUT;
    return false;
}

/* A request's content, for the services. */
static enum net_step read_content(struct net_connection *c) {
    enum net_step step = NET_STEP_CLOSE;
    struct h1_refusal refusal = {0};
    struct err e = {0};
    const uint8_t *data = NULL;
    size_t data_len = 0;
    size_t used = 0;
    if (!fill_head(c, &step)) {
        return step;
    }
    enum h1_result result =
        h1_body_read(&c->body, c->head.data, c->head.len, &used, &data, &data_len, &refusal);
    if (result == H1_REFUSED) {
        return refuse_content(c, &refusal);
    }
    switch (net_forward_add(c, data, data_len, &e)) {
    case NET_CONTENT_KEPT:
        break;
    case NET_CONTENT_TOO_LARGE:
        refusal = (struct h1_refusal){413, "The request's content is too large for this address."};
        return refuse_content(c, &refusal);
    case NET_CONTENT_NO_ROOM:
        refusal = (struct h1_refusal){503, "Too much is being sent here at the moment."};
        return refuse_content(c, &refusal);
    case NET_CONTENT_FAILED:
        return fail_exchange(c, &e);
    }
    buf_consume(&c->head, used);
    if (result != H1_WHOLE) {
        return NET_STEP_AGAIN;
    }
    c->has_body = c->lingers = false;
    return send_forward(c);
}

/* Takes the next bytes of a body from where they lie; *out_used of them. */
static enum net_step discard_some(struct net_connection *c, const uint8_t *bytes, size_t len,
                                  size_t *out_used) {
    struct h1_refusal refusal = {0};
    const uint8_t *data = NULL;
    size_t data_len = 0;
    enum h1_result result =
        h1_body_read(&c->body, bytes, len, out_used, &data, &data_len, &refusal);
    if (result == H1_REFUSED || c->body.total > NET_DISCARD_MAX) {
        c->lingers = true;
        return begin_closing(c);
    }
    return result == H1_WHOLE ? NET_STEP_AGAIN : NET_STEP_INPUT;
}

static enum net_step discard_body(struct net_connection *c) {
    enum net_step step = NET_STEP_CLOSE;
    size_t used = 0;
    if (!fill_head(c, &step)) {
        return step;
    }
    step = discard_some(c, c->head.data, c->head.len, &used);
    buf_consume(&c->head, used);
    if (step == NET_STEP_AGAIN && c->state == NET_STATE_DISCARDING) {
        c->lingers = false;
        start_reading(c);
    }
    return used > 0 ? NET_STEP_AGAIN : step;
}

/* --- the handshake
 * -------------------------------------------------------------------------------------- */

/* The end of the connection is the end of the answer. */
static bool greet_plain_http(struct net_connection *c) {
    static const char answer[] =
        "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n"
        "This port speaks HTTPS: use an address that begins with https://\r\n";
    return buf_append(c->io.out, answer, sizeof(answer) - 1, NULL);
}

static enum net_step fail_handshake(struct net_connection *c, const struct err *e) {
    net_figure_add(c->net->figures, net_figure_of_failure(e->code), 1);
    net_log_failure(c, e);
    c->lingers = true;
    bool is_http = e->code == ERR_TLS_HANDSHAKE_HTTP;
    return is_http && !greet_plain_http(c) ? NET_STEP_CLOSE : begin_closing(c);
}

/* A client that goes without a word is no failure: port scans and health checks do that all day. */
static enum net_step end_handshake(struct net_connection *c) {
    struct err e = {0};
    if (!c->has_received) {
        return NET_STEP_CLOSE;
    }
    (void)err_set(&e, ERR_TLS_HANDSHAKE_LEFT,
                  "the client closed the connection during the handshake");
    return fail_handshake(c, &e);
}

static void count_handshake(const struct net_connection *c) {
    net_figure_add(c->net->figures, net_figure_of_version(tls_connection_version(c->tls)), 1);
    if (tls_connection_is_resumed(c->tls)) {
        net_figure_add(c->net->figures, NET_HANDSHAKES_RESUMED, 1);
    }
}

static enum net_step shake_hands(struct net_connection *c) {
    struct err e = {0};
    switch (tls_connection_handshake(c->tls, &c->io, &e)) {
    case TLS_DONE:
        count_handshake(c);
        c->binding = tls_connection_binding(c->tls);
        start_reading(c);
        return NET_STEP_AGAIN;
    case TLS_WANT_INPUT:
        return c->has_ended ? end_handshake(c) : NET_STEP_INPUT;
    case TLS_WANT_SIGNATURE:
        c->awaits_signature = true;
        return NET_STEP_ANSWER;
    case TLS_ENDED:
    case TLS_BROKEN:
        break;
    }
    return fail_handshake(c, &e);
}

/* --- turns
 * ---------------------------------------------------------------------------------------------- */

/* What came with the header and after it is the client's. */
static enum net_step read_proxy(struct net_connection *c) {
    bool is_kept = buf_append(&c->head, c->io.in, c->io.in_len, NULL);
    c->io.in_len = 0;
    enum net_proxy result = is_kept ? net_proxy_read(c) : NET_HEADER_REFUSED;
    if (result == NET_HEADER_MORE) {
        return c->has_ended ? NET_STEP_CLOSE : NET_STEP_INPUT;
    }
    if (result == NET_HEADER_REFUSED) {
        return NET_STEP_CLOSE;
    }
    if (c->tls == NULL) {
        start_reading(c);
        return NET_STEP_AGAIN;
    }
    struct tls_io rest = {.in = c->head.data, .in_len = c->head.len, .out = c->io.out};
    if (!tls_connection_keep(c->tls, &rest, NULL)) {
        return NET_STEP_CLOSE;
    }
    c->has_received = c->head.len > 0;
    buf_clear(&c->head);
    set_state(c, NET_STATE_HANDSHAKE);
    return NET_STEP_AGAIN;
}

static enum net_step advance(struct net_connection *c) {
    switch (c->state) {
    case NET_STATE_PROXY:
        return read_proxy(c);
    case NET_STATE_HANDSHAKE:
        return shake_hands(c);
    case NET_STATE_READING:
        return read_request(c);
    case NET_STATE_CONTENT:
        return read_content(c);
    case NET_STATE_WAITING:
        return c->exchange->is_answered ? begin_response(c) : NET_STEP_ANSWER;
    case NET_STATE_RESPONDING:
        return send_body(c);
    case NET_STATE_DISCARDING:
        return discard_body(c);
    case NET_STATE_CLOSING:
        return finish_closing(c);
    case NET_STATE_LINGERING:
        return linger(c);
    case NET_STATE_CLOSED:
    case NET_STATE_COUNT:
        break;
    }
    return NET_STEP_CLOSE;
}

/* After advance() asked for something: what is gathered goes out, and perhaps what it asks for is
 * there. */
static bool may_go_on(struct net_connection *c, enum net_step step) {
    if (step == NET_STEP_CLOSE || !net_connection_flush(c)) {
        (void)net_connection_flush(c);
        net_connection_close(c);
        return false;
    }
    if (step == NET_STEP_OUTPUT && c->pending.len == 0) {
        return true;
    }
    if (c->pending.len > 0) {
        watch_output(c);
    }
    return step == NET_STEP_INPUT && receive(c);
}

void net_connection_run(struct net_connection *c) {
    unsigned steps = 0;
    unsigned flushes = 0;
    c->io = (struct tls_io){.out = &c->net->out};
    c->has_progressed = false;
    if (c->awaits_signature && !c->has_hung_up) {
        return; /* its job must not be resumed before */
    }
    c->net->current = c;
    if (!send_pending(c)) {
        net_connection_close(c);
        return;
    }
    for (;;) {
        enum net_step step = advance(c);
        flushes += step == NET_STEP_OUTPUT ? 1 : 0;
        bool is_over = steps++ >= TURN_STEPS_MAX || flushes >= TURN_FLUSHES_MAX;
        if (is_over && (step == NET_STEP_AGAIN || step == NET_STEP_OUTPUT)) {
            net_make_ready(c);
            step = NET_STEP_PAUSE;
        }
        if (step != NET_STEP_AGAIN && !may_go_on(c, step)) {
            break;
        }
    }
    if (c->state == NET_STATE_CLOSED) {
        return;
    }
    if (!keep_input(c)) {
        net_connection_close(c);
        return;
    }
    net_renew_deadline(c);
}

/* --- beginning and end
 * ------------------------------------------------------------------------------- */

static bool prepare(struct net_connection *c, struct err *e) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = c};
    if (c->listener->about.scheme == SNAPSHOT_HTTPS &&
        !tls_connection_new(c->net->config.engine, c->snapshot, c->listener->index, &c->tls, e)) {
        return false;
    }
    return epoll_ctl(c->net->epoll_fd, EPOLL_CTL_ADD, c->fd, &event) == 0 ||
           err_set_errno(e, ERR_NET_LOOP, errno, "cannot watch a connection");
}

bool net_connection_open(struct net *net, struct net_listener *listener, int fd,
                         const union snapshot_address *peer, struct net_client *client,
                         struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct net_connection), &memory, e)) {
        net_clients_leave(net->clients, client);
        (void)close(fd);
        return false;
    }
    struct net_connection *c = memory;
    bool is_https = listener->about.scheme == SNAPSHOT_HTTPS;
    *c = (struct net_connection){.source = {.kind = NET_SOURCE_CONNECTION},
                                 .state = listener->about.is_proxied ? NET_STATE_PROXY
                                          : is_https                 ? NET_STATE_HANDSHAKE
                                                                     : NET_STATE_READING,
                                 .fd = fd,
                                 .binding = SNAPSHOT_NONE,
                                 .net = net,
                                 .listener = listener,
                                 .listener_index = listener->index,
                                 .snapshot = snapshot_ref(net->snapshot),
                                 .peer = *peer,
                                 .client = client,
                                 .can_read = true};
    buf_init(&c->head, KEPT_MAX);
    buf_init(&c->pending, PENDING_MAX);
    listener->users++;
    net_figure_add(net->figures, NET_OPEN, 1);
    net_figure_add(net->figures, NET_HANDSHAKING, c->state == NET_STATE_HANDSHAKE ? 1 : 0);
    bool ok = prepare(c, e);
    net_set_deadline(c, net_deadline_of(c));
    net_start_tick(net);
    if (!ok) {
        net_connection_close(c);
        return false;
    }
    net_connection_run(c);
    return true;
}

void net_connection_close(struct net_connection *c) {
    struct net *net = c->net;
    if (c->exchange != NULL) {
        c->exchange->reason = c->exchange->reason != NULL
                                  ? c->exchange->reason
                                  : "the connection ended before the response";
        net_log_access(c, c->exchange);
        net_exchange_drop(c);
    }
    buf_reset(&net->out);
    net_set_deadline(c, NET_DEADLINE_NONE);
    set_state(c, NET_STATE_CLOSED);
    (void)close(c->fd);
    tls_connection_free(c->tls);
    snapshot_free(c->snapshot);
    buf_clear(&c->head);
    buf_clear(&c->pending);
    net_listener_drop(c->listener);
    net_clients_leave(net->clients, c->client);
    net_figure_sub(net->figures, NET_OPEN, 1);
    c->later = net->dead;
    net->dead = c;
}

bool net_connection_is_idle(const struct net_connection *c) {
    return c->state == NET_STATE_READING && c->head.len == 0 && c->pending.len == 0;
}

void net_connection_time_out(struct net_connection *c) {
    const struct h1_refusal refusal = {.status = 408, .reason = "the request did not come in time"};
    c->io = (struct tls_io){.out = &c->net->out};
    net_figure_add(c->net->figures, NET_LIMIT_REQUEST_TIME, 1);
    enum net_step step =
        c->state == NET_STATE_CONTENT ? refuse_content(c, &refusal) : refuse(c, &refusal);
    if (step == NET_STEP_CLOSE) {
        net_connection_close(c);
        return;
    }
    net_connection_run(c);
}

void net_connection_answered(struct net_connection *c, struct http_response *response) {
    struct net_exchange *exchange = c->exchange;
    PL_BUG_UNLESS(c->state == NET_STATE_WAITING);
    http_response_clear(&exchange->response);
    exchange->response = *response;
    http_response_init(response, 0);
    exchange->is_answered = true;
    c->is_keep_alive = c->is_keep_alive && !exchange->response.must_close && !c->net->is_stopping;
    net_connection_run(c);
}
