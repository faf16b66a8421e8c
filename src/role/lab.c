/*
 * The faulty servers' sockets. The first byte of a connection tells TLS from plain HTTP.
 *
 * Limits: VISITS_MAX connections, VISIT_MS for each, one request a connection, REQUEST_MAX bytes.
 */
#include "role/lab.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "http/h1.h"
#include "inspect/badssl/badssl.h"
#include "sys/file.h"
#include "sys/sandbox.h"
#include "sys/tcp.h"

#include <openssl/err.h>
#include <uv.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    VISITS_MAX = 256,
    VISIT_MS = 10 * 1000,
    TICK_MS = 500,
    BACKLOG = 128,
    REQUEST_MAX = 16 * 1024,
    CHUNK_SIZE = 4096,
    HOST_MAX = 256,
    TLS_HANDSHAKE = 0x16,
};

enum visit_state { VISIT_FRESH, VISIT_READING, VISIT_WRITING, VISIT_OVER };

struct lab {
    uv_loop_t loop;
    uv_poll_t listener;
    uv_timer_t tick;
    uv_signal_t signals[2];
    int fd;
    struct badssl *set;
    struct visit *visits;
    size_t visit_count;
    struct http_request request;
};

struct visit {
    uv_poll_t poll;
    struct lab *lab;
    struct visit *next;
    int fd;
    SSL *ssl; /* NULL: plain HTTP */
    enum visit_state stage;
    int64_t since_ms;
    size_t scanned;
    struct buf in;
    struct buf out;
    size_t sent;
};

/* --- a connection --------------------------------------------------------------------------------
 */

static void on_visit_closed(uv_handle_t *handle) {
    struct visit *visit = handle->data;
    struct visit **at = &visit->lab->visits;
    while (*at != visit) {
        at = &(*at)->next;
    }
    *at = visit->next;
    visit->lab->visit_count--;
    SSL_free(visit->ssl);
    (void)close(visit->fd);
    buf_clear(&visit->in);
    buf_clear(&visit->out);
    mem_free(visit);
}

static void leave(struct visit *visit) {
    if (!uv_is_closing((const uv_handle_t *)&visit->poll)) {
        uv_close((uv_handle_t *)&visit->poll, on_visit_closed);
    }
}

static void on_ready(uv_poll_t *poll, int status, int events);

static void wait_for(struct visit *visit, int events) {
    if (uv_poll_start(&visit->poll, events, on_ready) != 0) {
        leave(visit);
    }
}

/* Whether more can be done at once; else it waits, or the visit is over. */
static bool may_go_on(struct visit *visit, int got) {
    if (got > 0) {
        return true;
    }
    if (visit->ssl == NULL) {
        if (got < 0 && (errno == EAGAIN)) {
            wait_for(visit, visit->stage == VISIT_WRITING ? UV_WRITABLE : UV_READABLE);
        } else {
            leave(visit);
        }
        return false;
    }
    int why = SSL_get_error(visit->ssl, got);
    ERR_clear_error();
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        wait_for(visit, why == SSL_ERROR_WANT_READ ? UV_READABLE : UV_WRITABLE);
    } else {
        leave(visit);
    }
    return false;
}

/* TLS or not, by its first byte, which stays. */
static bool begin(struct visit *visit) {
    uint8_t first = 0;
    ssize_t got = recv(visit->fd, &first, 1, MSG_PEEK);
    if (!may_go_on(visit, (int)got)) {
        return false;
    }
    visit->stage = VISIT_READING;
    if (first != TLS_HANDSHAKE) {
        return true;
    }
    visit->ssl = SSL_new(badssl_context(visit->lab->set));
    if (visit->ssl == NULL || SSL_set_fd(visit->ssl, visit->fd) != 1) {
        leave(visit);
        return false;
    }
    SSL_set_accept_state(visit->ssl);
    return true;
}

static void copy_text(struct http_text text, char *out, size_t size) {
    size_t len = text.len < size - 1 ? text.len : size - 1;
    if (len > 0) {
        memcpy(out, text.at, len);
    }
    out[len] = '\0';
}

static void answer(struct visit *visit, const struct http_request *head, size_t head_len) {
    char host[HOST_MAX];
    char path[HOST_MAX];
    copy_text(head->host, host, sizeof(host));
    copy_text(head->path, path, sizeof(path));
    str_lower(host);
    const struct badssl_request request = {.host = host,
                                           .path = path,
                                           .is_tls = visit->ssl != NULL,
                                           .is_post = head->method == HTTP_POST,
                                           .body = visit->in.data + head_len,
                                           .body_len = visit->in.len - head_len};
    visit->stage = VISIT_WRITING;
    if (!badssl_answer(visit->lab->set, &request, &visit->out, NULL)) {
        leave(visit);
    }
}

/* Whether the request is whole; a body must have its length said before. */
static bool is_whole(struct visit *visit) {
    struct http_request *head = &visit->lab->request;
    struct h1_refusal refusal = {0};
    size_t head_len = 0;
    memset(head, 0, offsetof(struct http_request, fields));
    enum h1_result result =
        h1_read_head(visit->in.data, visit->in.len, &visit->scanned, head, &head_len, &refusal);
    uint64_t body_len = head->body_kind == HTTP_BODY_LENGTH ? head->body_len : 0;
    if (result == H1_REFUSED || (result == H1_WHOLE && (head->body_kind == HTTP_BODY_CHUNKED ||
                                                        body_len > BADSSL_BODY_MAX))) {
        leave(visit);
        return false;
    }
    if (result == H1_MORE || visit->in.len - head_len < body_len) {
        return false;
    }
    answer(visit, head, head_len);
    return visit->stage == VISIT_WRITING;
}

static bool read_some(struct visit *visit) {
    uint8_t chunk[CHUNK_SIZE];
    int got = visit->ssl != NULL ? SSL_read(visit->ssl, chunk, sizeof(chunk))
                                 : (int)recv(visit->fd, chunk, sizeof(chunk), 0);
    if (!may_go_on(visit, got)) {
        return false;
    }
    if (!buf_append(&visit->in, chunk, (size_t)got, NULL)) {
        leave(visit);
        return false;
    }
    (void)is_whole(visit);
    return !uv_is_closing((const uv_handle_t *)&visit->poll);
}

static bool write_some(struct visit *visit) {
    const uint8_t *at = visit->out.data + visit->sent;
    size_t left = visit->out.len - visit->sent;
    int sent = visit->ssl != NULL ? SSL_write(visit->ssl, at, (int)left)
                                  : (int)send(visit->fd, at, left, MSG_NOSIGNAL);
    if (!may_go_on(visit, sent)) {
        return false;
    }
    visit->sent += (size_t)sent;
    if (visit->sent < visit->out.len) {
        return true;
    }
    if (visit->ssl != NULL) {
        (void)SSL_shutdown(visit->ssl);
        ERR_clear_error();
    }
    (void)shutdown(visit->fd, SHUT_WR);
    visit->stage = VISIT_OVER;
    return true;
}

/* The client closes when it has read all. */
static bool drain(struct visit *visit) {
    uint8_t chunk[CHUNK_SIZE];
    ssize_t got = recv(visit->fd, chunk, sizeof(chunk), 0);
    if (got <= 0 && !(got < 0 && (errno == EAGAIN))) {
        leave(visit);
        return false;
    }
    if (got < 0) {
        wait_for(visit, UV_READABLE);
    }
    return got > 0;
}

static void on_ready(uv_poll_t *poll, int status, int events) {
    struct visit *visit = poll->data;
    bool goes_on = status == 0;
    (void)events;
    if (status != 0) {
        leave(visit);
    }
    while (goes_on) {
        switch (visit->stage) {
        case VISIT_FRESH:
            goes_on = begin(visit);
            break;
        case VISIT_READING:
            goes_on = read_some(visit);
            break;
        case VISIT_WRITING:
            goes_on = write_some(visit);
            break;
        case VISIT_OVER:
            goes_on = drain(visit);
            break;
        }
    }
}

/* --- the listener --------------------------------------------------------------------------------
 */

static void take(struct lab *lab, int fd) {
    void *memory = NULL;
    if (lab->visit_count >= VISITS_MAX || !mem_alloc(sizeof(struct visit), &memory, NULL)) {
        (void)close(fd);
        return;
    }
    struct visit *visit = memory;
    visit->lab = lab;
    visit->fd = fd;
    visit->since_ms = (int64_t)uv_now(&lab->loop);
    buf_init(&visit->in, REQUEST_MAX);
    buf_init(&visit->out, BADSSL_ANSWER_MAX);
    if (uv_poll_init(&lab->loop, &visit->poll, fd) != 0) {
        (void)close(fd);
        mem_free(visit);
        return;
    }
    visit->poll.data = visit;
    visit->next = lab->visits;
    lab->visits = visit;
    lab->visit_count++;
    wait_for(visit, UV_READABLE);
}

static void on_connection(uv_poll_t *poll, int status, int events) {
    struct lab *lab = poll->data;
    (void)events;
    if (status != 0) {
        return;
    }
    struct sockaddr_storage peer;
    socklen_t len = sizeof(peer);
    int fd = accept4(lab->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        take(lab, fd);
    }
}

static void on_tick(uv_timer_t *tick) {
    struct lab *lab = tick->data;
    int64_t now_ms = (int64_t)uv_now(&lab->loop);
    for (struct visit *visit = lab->visits; visit != NULL; visit = visit->next) {
        if (now_ms - visit->since_ms >= VISIT_MS) {
            leave(visit);
        }
    }
}

static void on_signal(uv_signal_t *signal, int number) {
    const struct lab *lab = signal->data;
    (void)number;
    uv_stop((uv_loop_t *)(uintptr_t)&lab->loop);
}

/* --- beginning and end ---------------------------------------------------------------------------
 */

static bool listen_at(struct lab *lab, uint16_t *port, struct err *e) {
    const struct tcp_listen_options options = {.backlog = BACKLOG};
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(*port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    if (!tcp_listen((const struct sockaddr *)&address, len, &options, &lab->fd, e)) {
        return false;
    }
    if (getsockname(lab->fd, (struct sockaddr *)&address, &len) != 0) {
        return err_set_errno(e, ERR_NET_LISTEN, errno, "cannot tell the port");
    }
    *port = ntohs(address.sin_port);
    return true;
}

static bool write_root(const struct lab *lab, const char *path, struct err *e) {
    PL_AUTO(buf_clear) struct buf pem = {.max = REQUEST_MAX};
    return path == NULL || (badssl_append_root(lab->set, &pem, e) &&
                            file_replace(path, pem.data, pem.len, 0644, e));
}

/* None of these can fail, but polling. */
static bool watch(struct lab *lab, struct err *e) {
    static const int numbers[] = {SIGINT, SIGTERM};
    const struct sigaction ignored = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignored, NULL); /* a client that is gone is no reason to end */
    for (size_t i = 0; i < PL_ARRAY_LEN(numbers); i++) {
        (void)uv_signal_init(&lab->loop, &lab->signals[i]);
        lab->signals[i].data = lab;
        (void)uv_signal_start(&lab->signals[i], on_signal, numbers[i]);
    }
    (void)uv_timer_init(&lab->loop, &lab->tick);
    lab->tick.data = lab;
    (void)uv_timer_start(&lab->tick, on_tick, TICK_MS, TICK_MS);
    if (uv_poll_init(&lab->loop, &lab->listener, lab->fd) != 0) {
        return err_set(e, ERR_ROLE_SERVE_LOOP, "the event loop does not take the listener");
    }
    lab->listener.data = lab;
    return uv_poll_start(&lab->listener, UV_READABLE, on_connection) == 0 ||
           err_set(e, ERR_ROLE_SERVE_LOOP, "the event loop does not watch the listener");
}

static bool serve(struct lab *lab, const struct lab_wish *wish, struct err *e) {
    uint16_t port = wish->port;
    struct sandbox_report report;
    const struct sandbox_wish rights = {.rights = SANDBOX_ACCEPT};
    if (!listen_at(lab, &port, e) || !badssl_new(port, clock_now_ms(), &lab->set, e) ||
        !write_root(lab, wish->root_path, e) || !watch(lab, e)) {
        return false;
    }
    wish->ready(wish->ctx, port);
    if (!sandbox_enter(&rights, &report, e)) {
        return false;
    }
    (void)uv_run(&lab->loop, UV_RUN_DEFAULT);
    return true;
}

static void close_handle(uv_handle_t *handle, void *ctx) {
    (void)ctx;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void end(struct lab *lab) {
    for (struct visit *visit = lab->visits; visit != NULL; visit = visit->next) {
        leave(visit);
    }
    uv_walk(&lab->loop, close_handle, NULL);
    (void)uv_run(&lab->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&lab->loop);
    if (lab->fd >= 0) {
        (void)close(lab->fd);
    }
    badssl_free(lab->set);
    mem_free(lab);
}

bool lab_badssl_run(const struct lab_wish *wish, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct lab), &memory, e)) {
        return false;
    }
    struct lab *lab = memory;
    lab->fd = -1;
    int failed = uv_loop_init(&lab->loop);
    if (failed != 0) {
        mem_free(lab);
        return err_set(e, ERR_ROLE_SERVE_LOOP, "the event loop cannot be set up: %s",
                       uv_strerror(failed));
    }
    bool ok = serve(lab, wish, e);
    end(lab);
    return ok;
}
