/*
 * The load client's connections: N slots, each with one connection at a time, on one epoll set.
 *
 * A connection ends as a browser's does: close_notify, then the end of the stream is read, so that
 * what the server still had to do is done before the next one begins.
 */
#include "load.h"

#include "base/mem.h"
#include "base/str.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENTS_MAX = 256,
    HEADER_MAX = 4096,
    READ_SIZE = 64 * 1024,
    REQUEST_MAX = 512,
    WAIT_MS = 100,
    GRACE_SECONDS = 5, /* after the end, for what is under way */
};

enum phase { PHASE_NONE, PHASE_HANDSHAKE, PHASE_RESPONSE, PHASE_IDLE, PHASE_END };

struct slot {
    struct run *run;
    SSL *ssl;
    SSL_SESSION *session; /* the newest ticket; LOAD_RESUMED */
    int fd;
    enum phase phase;
    bool is_done; /* its work is counted; only the end of the stream is waited for */
    bool has_header;
    uint64_t begun_us;
    uint64_t body_left;
    size_t header_len;
    char header[HEADER_MAX + 1];
    char *name;
};

struct run {
    const struct load_options *options;
    struct load_result *result;
    SSL_CTX *ctx;
    struct slot *slots;
    int epoll;
    uint64_t begun_us;
    uint64_t end_us;
    uint64_t started; /* pieces of work */
    uint64_t open;    /* connections */
    uint64_t idle;
    uint64_t random;
    uint64_t next_name;
    char buffer[READ_SIZE];
};

static uint64_t now_us(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* --- what is counted -----------------------------------------------------------------------------
 */

static void count_done(struct slot *slot) {
    struct load_result *result = slot->run->result;
    result->count++;
    result->resumed_count += (uint64_t)(SSL_session_reused(slot->ssl) != 0);
    if (result->micros_count < result->micros_max) {
        result->micros[result->micros_count++] = (uint32_t)(now_us() - slot->begun_us);
    }
}

static void count_error(struct slot *slot, const char *doing) {
    struct load_result *result = slot->run->result;
    if (result->error_count++ > 0) {
        return;
    }
    char reason[160];
    unsigned long code = ERR_peek_last_error();
    if (code != 0) {
        ERR_error_string_n(code, reason, sizeof(reason));
    } else {
        (void)snprintf(reason, sizeof(reason), "%s", errno == 0 ? "the end" : strerror(errno));
    }
    (void)snprintf(result->first_error, sizeof(result->first_error), "%s (%s): %s", doing,
                   slot->name, reason);
}

/* --- a connection --------------------------------------------------------------------------------
 */

static bool may_start(const struct run *run) {
    const struct load_options *options = run->options;
    return options->mode == LOAD_IDLE ||
           (options->count == 0 ? now_us() < run->end_us : run->started < options->count);
}

static char *choose_name(struct run *run) {
    const struct load_options *options = run->options;
    if (options->is_in_order) {
        return options->names[run->next_name++ % options->name_count];
    }
    run->random ^= run->random << 13;
    run->random ^= run->random >> 7;
    run->random ^= run->random << 17;
    return options->names[run->random % options->name_count];
}

static void slot_close(struct slot *slot) {
    if (slot->phase == PHASE_NONE) {
        return;
    }
    slot->run->idle -= slot->phase == PHASE_IDLE ? 1 : 0;
    SSL_free(slot->ssl);
    (void)close(slot->fd);
    slot->ssl = NULL;
    slot->phase = PHASE_NONE;
    slot->run->open--;
}

static bool connect_socket(struct slot *slot) {
    const struct run *run = slot->run;
    static const int on = 1;
    const struct sockaddr_in *server = &run->options->server;
    slot->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (slot->fd < 0) {
        return false;
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = slot};
    if (setsockopt(slot->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 &&
        (connect(slot->fd, (const struct sockaddr *)server, sizeof(*server)) == 0 ||
         errno == EINPROGRESS) &&
        epoll_ctl(run->epoll, EPOLL_CTL_ADD, slot->fd, &event) == 0) {
        return true;
    }
    (void)close(slot->fd);
    return false;
}

static bool make_ssl(struct slot *slot) {
    slot->ssl = SSL_new(slot->run->ctx);
    if (slot->ssl == NULL || SSL_set_fd(slot->ssl, slot->fd) != 1 ||
        SSL_set_tlsext_host_name(slot->ssl, slot->name) != 1 ||
        SSL_set_app_data(slot->ssl, slot) != 1) {
        return false;
    }
    SSL_set_connect_state(slot->ssl);
    return slot->session == NULL || SSL_set_session(slot->ssl, slot->session) == 1;
}

static void slot_start(struct slot *slot) {
    struct run *run = slot->run;
    slot->name = choose_name(run);
    slot->begun_us = now_us();
    slot->is_done = false;
    run->started++;
    errno = 0;
    ERR_clear_error();
    if (!connect_socket(slot)) {
        count_error(slot, "connect");
        return;
    }
    slot->phase = PHASE_HANDSHAKE;
    run->open++;
    if (!make_ssl(slot)) {
        count_error(slot, "start");
        slot_close(slot);
    }
}

/* --- requests ------------------------------------------------------------------------------------
 */

static bool send_request(struct slot *slot) {
    const struct load_options *options = slot->run->options;
    bool stays = options->mode == LOAD_REQUESTS || options->mode == LOAD_IDLE;
    char text[REQUEST_MAX];
    int len = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", options->path,
                       slot->name, stays ? "" : "Connection: close\r\n");
    slot->header_len = 0;
    slot->has_header = false;
    slot->phase = PHASE_RESPONSE;
    return len > 0 && len < REQUEST_MAX && SSL_write(slot->ssl, text, len) == len;
}

static bool read_length(const char *header, uint64_t *out_len) {
    static const char field[] = "content-length: ";
    for (const char *line = header; line != NULL; line = strstr(line, "\r\n")) {
        line += line == header ? 0 : 2;
        char name[sizeof(field)];
        char digits[24];
        (void)str_copy(name, sizeof(name), line);
        if (!str_equal_nocase(name, field)) {
            continue;
        }
        (void)str_copy(digits, sizeof(digits), line + sizeof(field) - 1);
        digits[strcspn(digits, "\r\n ")] = '\0';
        return str_to_u64(digits, UINT64_MAX / 2, out_len);
    }
    return false;
}

/* Takes the header's bytes out of what came; *used is how many those were. */
static bool take_header(struct slot *slot, const char *bytes, size_t len, size_t *used) {
    size_t before = slot->header_len;
    size_t room = HEADER_MAX - before;
    size_t taken = len < room ? len : room;
    memcpy(slot->header + before, bytes, taken);
    slot->header_len += taken;
    slot->header[slot->header_len] = '\0';
    const char *end = strstr(slot->header, "\r\n\r\n");
    if (end == NULL) {
        *used = taken;
        return slot->header_len < HEADER_MAX;
    }
    *used = (size_t)(end + 4 - slot->header) - before;
    slot->has_header = true;
    return str_starts_with(slot->header, "HTTP/1.1 200 ") &&
           read_length(slot->header, &slot->body_left);
}

/* False when the answer is not what was asked for. */
static bool take_bytes(struct slot *slot, const char *bytes, size_t len, bool *out_is_whole) {
    size_t used = 0;
    if (!slot->has_header && !take_header(slot, bytes, len, &used)) {
        return false;
    }
    if (!slot->has_header) {
        return true;
    }
    size_t body = len - used;
    if (body > slot->body_left) {
        return false;
    }
    slot->body_left -= body;
    *out_is_whole = slot->body_left == 0;
    return true;
}

/* --- what comes next -----------------------------------------------------------------------------
 */

static void begin_end(struct slot *slot) {
    slot->is_done = true;
    slot->phase = PHASE_END;
    (void)SSL_shutdown(slot->ssl);
}

/* The response is there. */
static bool on_response(struct slot *slot) {
    struct run *run = slot->run;
    count_done(slot);
    if (run->options->mode == LOAD_IDLE) {
        slot->phase = PHASE_IDLE;
        run->idle++;
        return true;
    }
    if (run->options->mode == LOAD_REQUESTS && may_start(run)) {
        slot->begun_us = now_us();
        run->started++;
        return send_request(slot);
    }
    begin_end(slot);
    return true;
}

static bool on_handshake(struct slot *slot) {
    if (slot->run->options->mode != LOAD_HANDSHAKE) {
        return send_request(slot);
    }
    count_done(slot);
    begin_end(slot);
    return true;
}

enum step { STEP_AGAIN, STEP_WAIT, STEP_CLOSED, STEP_FAILED };

static enum step after(struct slot *slot, int result) {
    int reason = SSL_get_error(slot->ssl, result);
    if (reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE) {
        return STEP_WAIT;
    }
    return slot->is_done ? STEP_CLOSED : STEP_FAILED;
}

static enum step step(struct slot *slot) {
    struct run *run = slot->run;
    errno = 0;
    ERR_clear_error();
    if (slot->phase == PHASE_HANDSHAKE) {
        int result = SSL_do_handshake(slot->ssl);
        return result != 1 ? after(slot, result) : on_handshake(slot) ? STEP_AGAIN : STEP_FAILED;
    }
    int count = SSL_read(slot->ssl, run->buffer, READ_SIZE);
    if (count <= 0) {
        return after(slot, count);
    }
    bool is_whole = false;
    if (slot->phase != PHASE_RESPONSE || !take_bytes(slot, run->buffer, (size_t)count, &is_whole)) {
        return slot->is_done ? STEP_AGAIN : STEP_FAILED;
    }
    return !is_whole || on_response(slot) ? STEP_AGAIN : STEP_FAILED;
}

static void slot_run(struct slot *slot) {
    static const char *const doing[] = {"", "handshake", "response", "idle", "end"};
    if (slot->phase == PHASE_NONE) {
        return;
    }
    enum step next = STEP_AGAIN;
    while (next == STEP_AGAIN) {
        next = step(slot);
    }
    if (next == STEP_WAIT) {
        return;
    }
    if (next == STEP_FAILED) {
        count_error(slot, doing[slot->phase]);
    }
    slot_close(slot);
    if (may_start(slot->run) && slot->run->options->mode != LOAD_IDLE) {
        slot_start(slot);
    }
}

/* --- all of them ---------------------------------------------------------------------------------
 */

static int on_session(SSL *ssl, SSL_SESSION *session) {
    struct slot *slot = SSL_get_app_data(ssl);
    if (slot->run->options->mode != LOAD_RESUMED) {
        return 0;
    }
    SSL_SESSION_free(slot->session);
    slot->session = session;
    return 1;
}

/* With whichever key the server has: the same cipher and hash as TLS_AES_128_GCM_SHA256. */
#define SUITES_TLS12 "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"

static bool make_ctx(struct run *run, struct err *e) {
    const struct load_options *options = run->options;
    int version = options->is_tls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
    run->ctx = SSL_CTX_new(TLS_client_method());
    if (run->ctx == NULL || SSL_CTX_set_min_proto_version(run->ctx, version) != 1 ||
        SSL_CTX_set_max_proto_version(run->ctx, version) != 1 ||
        SSL_CTX_set1_groups_list(run->ctx, options->group) != 1 ||
        SSL_CTX_set_cipher_list(run->ctx, SUITES_TLS12) != 1 ||
        SSL_CTX_set_ciphersuites(run->ctx, options->suite) != 1) {
        return err_set(e, ERR_TLS_POLICY_UNSUPPORTED,
                       "the TLS library takes no such version, group or suite");
    }
    SSL_CTX_set_verify(run->ctx, SSL_VERIFY_NONE, NULL);
    (void)SSL_CTX_set_session_cache_mode(run->ctx,
                                         SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(run->ctx, on_session);
    (void)SSL_CTX_set_mode(run->ctx, SSL_MODE_RELEASE_BUFFERS);
    return true;
}

static bool make_slots(struct run *run, struct err *e) {
    void *memory = NULL;
    if (!mem_array(run->options->connections, sizeof(struct slot), &memory, e)) {
        return false;
    }
    run->slots = memory;
    for (uint64_t i = 0; i < run->options->connections; i++) {
        run->slots[i].run = run;
    }
    return true;
}

static void turn(struct run *run) {
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(run->epoll, events, EVENTS_MAX, WAIT_MS);
    for (int i = 0; i < count; i++) {
        slot_run(events[i].data.ptr);
    }
}

/* Connections that were broken at their very start are tried again, until the end. */
static void start_missing(struct run *run) {
    for (uint64_t i = 0; i < run->options->connections && may_start(run); i++) {
        if (run->slots[i].phase == PHASE_NONE) {
            slot_start(&run->slots[i]);
        }
    }
}

static void run_work(struct run *run) {
    uint64_t give_up_us = run->end_us + GRACE_SECONDS * UINT64_C(1000000);
    start_missing(run);
    while (run->open > 0 && now_us() < give_up_us) {
        turn(run);
        start_missing(run);
    }
    run->result->error_count += run->open;
}

/* Some at a time: a listener's queue is short. Then they stay until standard input ends. */
static void run_idle(struct run *run, load_ready *ready) {
    uint64_t total = run->options->connections;
    uint64_t next = 0;
    char end;
    while (run->idle < total && run->result->error_count == 0) {
        while (next < total && next < run->idle + EVENTS_MAX / 4) {
            slot_start(&run->slots[next++]);
        }
        turn(run);
    }
    run->result->seconds = (double)(now_us() - run->begun_us) / 1e6;
    ready(run->result);
    while (read(STDIN_FILENO, &end, 1) > 0) {
    }
}

static void run_clear(struct run *run) {
    for (uint64_t i = 0; run->slots != NULL && i < run->options->connections; i++) {
        slot_close(&run->slots[i]);
        SSL_SESSION_free(run->slots[i].session);
    }
    mem_free(run->slots);
    SSL_CTX_free(run->ctx);
    (void)close(run->epoll);
}

bool load_run(const struct load_options *options, load_ready *ready, struct load_result *result,
              struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct run), &memory, e)) {
        return false;
    }
    struct run *run = memory;
    *run =
        (struct run){.options = options, .result = result, .random = UINT64_C(0x9E3779B97F4A7C15)};
    run->epoll = epoll_create1(EPOLL_CLOEXEC);
    run->begun_us = now_us();
    run->end_us = run->begun_us + options->seconds * UINT64_C(1000000);
    bool ok = run->epoll >= 0 && make_ctx(run, e) && make_slots(run, e);
    if (ok && options->mode == LOAD_IDLE) {
        run_idle(run, ready);
    } else if (ok) {
        run_work(run);
        result->seconds = (double)(now_us() - run->begun_us) / 1e6;
    }
    run_clear(run);
    mem_free(run);
    return ok;
}
