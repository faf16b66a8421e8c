/* role/net: the whole server on loopback with OpenSSL's client, both in one thread on one loop. */
#include "tls_fixture.h"

#include "base/clock.h"
#include "base/str.h"
#include "role/net.h"
#include "snapshot_fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 10 * 1000, LARGE = 3 * 1000 * 1000, LINES_MAX = 64 };

struct world {
    uv_loop_t loop;
    struct fixture_signer signer;
    struct tls_engine *engine;
    struct net *net;
    char root[64];
    char other_root[64];
    char lines[LINES_MAX][1024]; /* of the access log */
    size_t line_count;
    char failure[512];
    enum err_code failure_code;
    unsigned troubles;
    bool is_stopped;
};

/* --- the server
 * ------------------------------------------------------------------------------------ */

static void on_access(void *ctx, const struct net_access *access) {
    struct world *w = ctx;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf line;
    buf_init(&line, 4096);
    assert_ok(net_access_format(access, &line, &e), &e);
    if (w->line_count == LINES_MAX) {
        return;
    }
    (void)str_copy(w->lines[w->line_count++], sizeof(w->lines[0]), buf_string(&line));
}

static void on_failure(void *ctx, const struct net_failure *failure) {
    struct world *w = ctx;
    (void)str_copy(w->failure, sizeof(w->failure), failure->error->step[0]);
    w->failure_code = failure->error->code;
}

static void on_trouble(void *ctx, const struct err *error) {
    (void)error;
    ((struct world *)ctx)->troubles++;
}

static void on_stopped(void *ctx) {
    ((struct world *)ctx)->is_stopped = true;
}

static void write_file(const char *folder, const char *name, const char *content, size_t len) {
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, len), (ssize_t)len);
    (void)close(fd);
}

static uint8_t large_byte(size_t i) {
    return (uint8_t)(i * 31 >> 5);
}

static void make_roots(struct world *w) {
    static char large[LARGE];
    (void)snprintf(w->root, sizeof(w->root), "/tmp/padlock-net-XXXXXX");
    (void)snprintf(w->other_root, sizeof(w->other_root), "/tmp/padlock-net-XXXXXX");
    assert_non_null(mkdtemp(w->root));
    assert_non_null(mkdtemp(w->other_root));
    write_file(w->root, "index.html", "<p>one", 6);
    write_file(w->other_root, "index.html", "<p>two", 6);
    for (size_t i = 0; i < LARGE; i++) {
        large[i] = (char)large_byte(i);
    }
    write_file(w->root, "large.bin", large, LARGE);
}

static void remove_roots(struct world *w) {
    static const char *const names[] = {"index.html", "large.bin"};
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        char path[128];
        (void)snprintf(path, sizeof(path), "%s/%s", w->root, names[i]);
        (void)unlink(path);
        (void)snprintf(path, sizeof(path), "%s/%s", w->other_root, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(w->root);
    (void)rmdir(w->other_root);
}

struct setting {
    const char *root;
    bool has_no_https;
    bool has_two_sites; /* two.example is another site */
    uint16_t https_port;
};

static uint32_t add_site(struct snapshot_builder *b, const char *name, uint8_t number,
                         const char *root) {
    struct err e = {0};
    uint32_t site = 0;
    struct snapshot_site_wish wish = {.name = name};
    wish.id.bytes[0] = number;
    wish.root_path = root;
    assert_ok(snapshot_builder_add_site(b, &wish, &site, &e), &e);
    return site;
}

static struct snapshot *build(struct world *w, const struct setting *setting) {
    struct err e = {0};
    struct snapshot_builder *b = NULL;
    uint32_t https = 0;
    uint32_t http = 0;
    uint32_t certificate = 0;
    const struct fixture_key *key = w->signer.keys[0];
    assert_ok(snapshot_builder_new(1, &b, &e), &e);
    assert_ok(snapshot_builder_add_listener(b, SNAPSHOT_HTTP, "127.0.0.1", 0, false, &http, &e),
              &e);
    uint32_t site = add_site(b, "shop", 1, setting->root);
    struct snapshot_binding_wish wish = {.listener = http, .site = site};
    assert_ok(snapshot_builder_add_binding(b, &wish, &e), &e);
    if (setting->has_no_https) {
        return fixture_finish(b);
    }
    assert_ok(snapshot_builder_add_listener(b, SNAPSHOT_HTTPS, "127.0.0.1", setting->https_port,
                                            false, &https, &e),
              &e);
    struct snapshot_certificate_wish leaf = {
        .leaf = key->der, .leaf_len = key->der_len, .family = KEY_EC, .key = key->handle};
    assert_ok(snapshot_builder_add_certificate(b, &leaf, &certificate, &e), &e);
    wish = (struct snapshot_binding_wish){
        .listener = https, .site = site, .certificates = &certificate, .certificate_count = 1};
    assert_ok(snapshot_builder_add_binding(b, &wish, &e), &e);
    if (setting->has_two_sites) {
        wish.host = "two.example";
        wish.site = add_site(b, "other", 2, w->other_root);
        assert_ok(snapshot_builder_add_binding(b, &wish, &e), &e);
    }
    return fixture_finish(b);
}

/* The index of the listener with that scheme, in the order of build(). */
enum { HTTP = 0, HTTPS = 1 };

static void apply(struct world *w, const struct setting *setting) {
    struct err e = {0};
    PL_AUTO(snapshot_freep) struct snapshot *snapshot = build(w, setting);
    assert_ok(net_apply(w->net, snapshot, &e), &e);
}

static void start(struct world *w, struct net_config config) {
    struct err e = {0};
    config.loop = &w->loop;
    config.engine = w->engine;
    config.callbacks = (struct net_callbacks){
        .ctx = w, .access = on_access, .failure = on_failure, .trouble = on_trouble};
    assert_ok(net_new(&config, &w->net, &e), &e);
    apply(w, &(struct setting){.root = w->root, .has_two_sites = true});
    w->line_count = 0;
    w->failure[0] = '\0';
    w->troubles = 0;
    w->is_stopped = false;
}

static void stop(struct world *w) {
    net_free(w->net);
    w->net = NULL;
    while (uv_run(&w->loop, UV_RUN_NOWAIT) != 0) {
    }
}

static int set_up(void **state) {
    struct err e = {0};
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    assert_int_equal(uv_loop_init(&w->loop), 0);
    w->signer.keys[0] = fixture_key_new("ec:p256", "localhost", 0);
    struct tls_engine_config config = {.signer = {.sign = fixture_sign, .ctx = &w->signer}};
    assert_ok(tls_engine_new(&config, &w->engine, &e), &e);
    make_roots(w);
    *state = w;
    return 0;
}

static int tear_down(void **state) {
    struct world *w = *state;
    tls_engine_free(w->engine);
    fixture_key_free(w->signer.keys[0]);
    remove_roots(w);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    free(w);
    return 0;
}

/* --- the client
 * --------------------------------------------------------------------------------------- */

struct client {
    struct world *world;
    int fd;
    SSL *ssl; /* NULL: plain */
    bool has_ended;
    char *got;
    size_t len;
    size_t size;
};

static void turn(struct world *w) {
    (void)uv_run(&w->loop, UV_RUN_NOWAIT);
}

static struct client *dial(struct world *w, uint32_t listener) {
    struct client *c = calloc(1, sizeof(*c));
    assert_non_null(c);
    c->world = w;
    c->size = LARGE + 100 * 1000;
    c->got = calloc(1, c->size);
    assert_non_null(c->got);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    address.sin_port = htons(net_listener_port(w->net, listener));
    assert_int_equal(connect(c->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(fcntl(c->fd, F_SETFL, O_NONBLOCK), 0);
    return c;
}

static void hang_up(struct client *c) {
    SSL_free(c->ssl);
    (void)close(c->fd);
    free(c->got);
    free(c);
}

static bool wants_more(const struct client *c, int result) {
    int reason = SSL_get_error(c->ssl, result);
    return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
}

static bool shake_hands(struct client *c, const char *host, bool verifies) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    c->ssl = SSL_new(context);
    SSL_CTX_free(context);
    char name[100];
    (void)str_copy(name, sizeof(name), host);
    (void)SSL_set_tlsext_host_name(c->ssl, name);
    SSL_set_verify(c->ssl, verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    assert_int_equal(SSL_set_fd(c->ssl, c->fd), 1);
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (clock_monotonic_ms() < end_ms) {
        ERR_clear_error();
        int result = SSL_connect(c->ssl);
        if (result == 1) {
            return true;
        }
        if (!wants_more(c, result)) {
            break;
        }
        turn(c->world);
    }
    ERR_clear_error();
    return false;
}

static struct client *dial_tls(struct world *w, const char *host) {
    struct client *c = dial(w, HTTPS);
    assert_true(shake_hands(c, host, false));
    return c;
}

static void say(struct client *c, const char *text) {
    size_t len = strlen(text);
    if (c->ssl != NULL) {
        assert_int_equal(SSL_write(c->ssl, text, (int)len), (int)len);
    } else {
        assert_int_equal(send(c->fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
    }
}

/* Reads what is there. */
static void listen_once(struct client *c) {
    assert_true(c->len < c->size - 1);
    size_t room = c->size - 1 - c->len;
    if (c->ssl != NULL) {
        ERR_clear_error();
        int got = SSL_read(c->ssl, c->got + c->len, (int)(room < 16384 ? room : 16384));
        c->len += got > 0 ? (size_t)got : 0;
        c->has_ended = got <= 0 && !wants_more(c, got);
    } else {
        ssize_t got = recv(c->fd, c->got + c->len, room, 0);
        c->len += got > 0 ? (size_t)got : 0;
        c->has_ended = got == 0 || (got < 0 && errno != EAGAIN);
    }
    c->got[c->len] = '\0';
}

/* Until so many bytes have come, or the end. */
static void listen_for(struct client *c, size_t len) {
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (c->len < len && !c->has_ended && clock_monotonic_ms() < end_ms) {
        turn(c->world);
        listen_once(c);
    }
}

static size_t count_of(const char *text, const char *word) {
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++) {
        count++;
    }
    return count;
}

/* Until a text has come so many times. */
static void listen_until(struct client *c, const char *word, size_t times) {
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (count_of(c->got, word) < times && !c->has_ended && clock_monotonic_ms() < end_ms) {
        turn(c->world);
        listen_once(c);
    }
    if (count_of(c->got, word) < times) {
        fail_msg("\"%s\" did not come %zu times: %.600s", word, times, c->got);
    }
}

static void listen_to_end(struct client *c) {
    listen_for(c, SIZE_MAX);
    assert_true(c->has_ended);
}

static void forget(struct client *c) {
    c->len = 0;
    c->got[0] = '\0';
}

static void wait_until(struct world *w, const bool *condition) {
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (!*condition && clock_monotonic_ms() < end_ms) {
        turn(w);
    }
    assert_true(*condition);
}

static void wait_for_open(struct world *w, uint64_t count) {
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (net_counts(w->net).open != count && clock_monotonic_ms() < end_ms) {
        turn(w);
    }
    assert_int_equal(net_counts(w->net).open, count);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

/* --- requests
 * --------------------------------------------------------------------------------------- */

static void test_a_page_is_served_over_tls_and_logged(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){0});
    struct client *c = dial_tls(w, "localhost");
    say(c, GET("/"));
    listen_until(c, "<p>one", 1);
    assert_true(str_starts_with(c->got, "HTTP/1.1 200 OK\r\nDate: "));
    assert_non_null(strstr(c->got, "\r\nContent-Length: 6\r\n"));
    assert_non_null(strstr(c->got, "\r\nContent-Type: text/html; charset=utf-8\r\n"));
    assert_null(strstr(c->got, "\r\nConnection:"));
    assert_int_equal(w->line_count, 1);
    assert_non_null(strstr(w->lines[0], " 127.0.0.1:"));
    assert_non_null(strstr(w->lines[0], " GET / 200 6 "));
    assert_true(str_ends_with(w->lines[0], " \"TLS 1.3\" TLS_AES_128_GCM_SHA256 localhost shop"));
    forget(c);
    say(c, "HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    listen_to_end(c);
    assert_true(str_ends_with(c->got, "\r\n\r\n"));
    assert_non_null(strstr(c->got, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(c->got, "\r\nContent-Length: 6\r\n"));
    assert_int_equal(SSL_get_shutdown(c->ssl) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
    hang_up(c);
    assert_int_equal(net_counts(w->net).requests, 2);
    stop(w);
}

static void test_requests_in_a_row_are_answered_in_order(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){0});
    for (uint32_t listener = HTTP; listener <= HTTPS; listener++) {
        struct client *c = listener == HTTPS ? dial_tls(w, "localhost") : dial(w, HTTP);
        say(c, GET("/") GET("/none") GET("/index.html") "GET / HT");
        listen_until(c, "<p>one", 2);
        say(c, "TP/1.1\r\nHost: local");
        turn(w);
        say(c, "host\r\n\r\n");
        listen_until(c, "<p>one", 3);
        assert_true(strstr(c->got, "404 Not Found") > strstr(c->got, "<p>one"));
        hang_up(c);
    }
    stop(w);
}

static void test_many_requests_in_one_write(void **state) {
    enum { COUNT = 600 };
    struct world *w = *state;
    start(w, (struct net_config){0});
    struct client *c = dial(w, HTTP);
    PL_AUTO(buf_clear) struct buf all;
    buf_init(&all, 1024 * 1024);
    for (int i = 0; i < COUNT; i++) {
        assert_true(buf_append_string(&all, "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n", NULL));
    }
    for (size_t at = 0, sent = 0; at < all.len; at += sent) {
        ssize_t n = send(c->fd, all.data + at, all.len - at, MSG_NOSIGNAL);
        sent = n > 0 ? (size_t)n : 0;
        turn(w);
        listen_once(c);
    }
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (count_of(c->got, "200 OK") < COUNT && clock_monotonic_ms() < end_ms) {
        turn(w);
        listen_once(c);
    }
    assert_int_equal(count_of(c->got, "200 OK"), COUNT);
    hang_up(c);
    stop(w);
}

static void assert_large(const struct client *c) {
    const char *body = strstr(c->got, "\r\n\r\n");
    assert_non_null(body);
    body += 4;
    for (size_t i = 0; i < LARGE; i++) {
        if ((uint8_t)body[i] != large_byte(i)) {
            fail_msg("byte %zu is wrong", i);
        }
    }
}

static void test_a_large_file_is_whole_for_a_slow_client(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){0});
    for (uint32_t listener = HTTP; listener <= HTTPS; listener++) {
        struct client *c = listener == HTTPS ? dial_tls(w, "localhost") : dial(w, HTTP);
        say(c, GET("/large.bin"));
        for (int i = 0; i < 200; i++) {
            turn(w);
        }
        size_t waiting = (size_t)net_counts(w->net).bytes_sent;
        assert_true(listener == HTTPS || waiting < LARGE + 300); /* it waits for the client */
        say(c, GET("/"));
        listen_until(c, "Content-Length: 3000000", 1);
        const char *body = strstr(c->got, "\r\n\r\n");
        listen_for(c, (size_t)(body - c->got) + 4 + LARGE);
        assert_large(c);
        memmove(c->got, body + 4 + LARGE, c->len - (size_t)(body + 4 - c->got) - LARGE + 1);
        c->len -= (size_t)(body + 4 - c->got) + LARGE;
        listen_until(c, "<p>one", 1);
        hang_up(c);
    }
    stop(w);
}

static void test_a_client_that_leaves_in_the_middle_is_logged(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){0});
    struct client *c = dial_tls(w, "localhost");
    say(c, GET("/large.bin"));
    listen_until(c, "HTTP/1.1 200", 1);
    hang_up(c);
    wait_for_open(w, 0);
    assert_int_equal(w->line_count, 1);
    assert_non_null(strstr(w->lines[0], "\"the connection ended before the response\""));
    stop(w);
}

static void test_bodies_are_read_over(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){0});
    struct client *c = dial_tls(w, "localhost");
    say(c, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n01234");
    listen_until(c, "405 Method Not Allowed", 1);
    say(c, "56789" GET("/"));
    listen_until(c, "<p>one", 1);
    say(c, "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
           "4\r\nGET \r\n0\r\n\r\n" GET("/none"));
    listen_until(c, "<p>one", 2);
    listen_until(c, "404 Not Found", 1);
    hang_up(c);
    c = dial_tls(w, "localhost");
    say(c, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 65537\r\n\r\n");
    listen_to_end(c);
    assert_non_null(strstr(c->got, "413 Content Too Large"));
    hang_up(c);
    c = dial_tls(w, "localhost");
    say(c, "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nG\r\n");
    listen_to_end(c); /* a broken chunk ends the connection */
    hang_up(c);
    stop(w);
}

static void test_smuggling_ends_the_connection(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){0});
    struct client *c = dial(w, HTTP);
    say(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
           "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" GET("/"));
    listen_to_end(c);
    assert_true(str_starts_with(c->got, "HTTP/1.1 400 "));
    assert_int_equal(count_of(c->got, "HTTP/1.1"), 1);
    assert_non_null(strstr(w->lines[0], " - - 400 "));
    assert_non_null(strstr(w->lines[0], "\"the request's length is said in two ways\""));
    hang_up(c);
    stop(w);
}

static void test_the_host_must_be_the_connection_s(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){0});
    struct client *c = dial_tls(w, "two.example");
    say(c, "GET / HTTP/1.1\r\nHost: two.example\r\n\r\n");
    listen_until(c, "<p>two", 1);
    say(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    listen_until(c, "421 Misdirected Request", 1);
    listen_to_end(c);
    hang_up(c);
    c = dial_tls(w, "localhost");
    say(c, "GET / HTTP/1.1\r\nHost: two.example:8443\r\n\r\n");
    listen_until(c, "421 Misdirected Request", 1);
    hang_up(c);
    stop(w);
}

/* --- what is not TLS, or fails
 * ------------------------------------------------------------------------- */

static void test_other_protocols_get_an_answer(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){0});
    struct client *c = dial(w, HTTPS);
    say(c, GET("/"));
    listen_to_end(c);
    assert_true(str_starts_with(c->got, "HTTP/1.1 400 Bad Request\r\n"));
    assert_non_null(strstr(c->got, "This port speaks HTTPS"));
    assert_int_equal(w->failure_code, ERR_TLS_HANDSHAKE_HTTP);
    hang_up(c);
    c = dial(w, HTTP);
    assert_false(shake_hands(c, "localhost", false));
    assert_non_null(strstr(w->lines[0], "\"the bytes are not HTTP\""));
    hang_up(c);
    stop(w);
}

static void test_failed_handshakes_are_told_with_their_reason(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){0});
    struct client *c = dial(w, HTTPS);
    assert_false(shake_hands(c, "localhost", true));
    wait_for_open(w, 0);
    assert_non_null(strstr(w->failure, "does not trust the certificate's issuer"));
    assert_int_equal(net_counts(w->net).handshakes_failed, 1);
    hang_up(c);
    c = dial(w, HTTPS);
    say(c, "\x16\x03\x01");
    while (net_counts(w->net).accepted < 2) {
        turn(w);
    }
    turn(w);
    (void)shutdown(c->fd, SHUT_WR);
    wait_for_open(w, 0);
    assert_string_equal(w->failure, "the client closed the connection during the handshake");
    hang_up(c);
    stop(w);
}

/* --- times and limits
 * --------------------------------------------------------------------------------------- */

static void test_slow_clients_are_let_go(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){
                 .handshake_ms = 100, .header_ms = 100, .idle_ms = 100, .stall_ms = 100});
    struct client *shaking = dial(w, HTTPS);
    say(shaking, "\x16\x03\x01");
    struct client *writing = dial_tls(w, "localhost");
    say(writing, "GET / HTTP/1.1\r\nHo");
    struct client *idle = dial_tls(w, "localhost");
    say(idle, GET("/"));
    struct client *stalling = dial_tls(w, "localhost");
    say(stalling, GET("/large.bin"));
    listen_to_end(writing);
    assert_non_null(strstr(writing->got, "408 Request Timeout"));
    listen_to_end(idle);
    assert_non_null(strstr(idle->got, "<p>one"));
    wait_for_open(w, 0);
    assert_string_equal(w->failure, "the client did not finish the handshake in time");
    hang_up(shaking);
    hang_up(writing);
    hang_up(idle);
    hang_up(stalling);
    stop(w);
}

static void test_connections_above_the_limit_wait(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){.connections_max = 2});
    struct client *one = dial_tls(w, "localhost");
    struct client *two = dial_tls(w, "localhost");
    struct client *three = dial(w, HTTP);
    say(three, GET("/"));
    for (int i = 0; i < 50; i++) {
        turn(w);
    }
    assert_int_equal(net_counts(w->net).open, 2);
    hang_up(one);
    listen_until(three, "<p>one", 1);
    hang_up(two);
    hang_up(three);
    stop(w);
}

/* --- snapshots
 * --------------------------------------------------------------------------------------
 */

static void test_a_new_snapshot_is_served_on_open_connections(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){0});
    struct client *c = dial_tls(w, "localhost");
    say(c, GET("/"));
    listen_until(c, "<p>one", 1);
    uint16_t port = net_listener_port(w->net, HTTPS);
    apply(w, &(struct setting){.root = w->other_root});
    assert_int_equal(net_listener_port(w->net, HTTPS), port); /* the listener stayed open */
    say(c, GET("/"));
    listen_until(c, "<p>two", 1);
    hang_up(c);
    stop(w);
}

static void test_a_listener_that_goes_ends_its_connections(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){0});
    struct client *idle = dial_tls(w, "localhost");
    struct client *busy = dial_tls(w, "localhost");
    say(idle, GET("/"));
    listen_until(idle, "<p>one", 1);
    say(busy, GET("/large.bin"));
    listen_until(busy, "\r\n\r\n", 1);
    apply(w, &(struct setting){.root = w->root, .has_no_https = true});
    assert_int_equal(net_listener_port(w->net, HTTPS), 0);
    listen_to_end(idle);
    listen_for(busy, LARGE); /* what is under way is finished */
    assert_false(busy->has_ended);
    hang_up(idle);
    hang_up(busy);
    struct client *plain = dial(w, HTTP); /* the other one stays */
    say(plain, GET("/"));
    listen_until(plain, "<p>one", 1);
    hang_up(plain);
    apply(w, &(struct setting){.root = w->root}); /* and it comes back */
    struct client *again = dial_tls(w, "localhost");
    hang_up(again);
    stop(w);
}

static void test_a_busy_port_is_named_and_tried_again(void **state) {
    struct world *w = *state;
    struct err e = {0};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    start(w, (struct net_config){0});
    PL_AUTO(snapshot_freep)
    struct snapshot *snapshot =
        build(w, &(struct setting){.root = w->root, .https_port = ntohs(address.sin_port)});
    char expected[100];
    (void)snprintf(expected, sizeof(expected),
                   "cannot listen on 127.0.0.1:%u: another program does already",
                   ntohs(address.sin_port));
    assert_fails(net_apply(w->net, snapshot, &e), &e, ERR_NET_PORT_BUSY);
    assert_string_equal(e.step[0], expected);
    assert_int_equal(w->troubles, 1);
    struct client *plain = dial(w, HTTP); /* the rest is served */
    say(plain, GET("/"));
    listen_until(plain, "<p>one", 1);
    hang_up(plain);
    (void)close(fd);
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (net_listener_port(w->net, HTTPS) == 0 && clock_monotonic_ms() < end_ms) {
        turn(w);
    }
    struct client *c = dial_tls(w, "localhost");
    hang_up(c);
    assert_int_equal(w->troubles, 1);
    stop(w);
}

static void test_stopping_finishes_what_is_under_way(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){0});
    struct client *idle = dial_tls(w, "localhost");
    struct client *busy = dial_tls(w, "localhost");
    say(idle, GET("/"));
    listen_until(idle, "<p>one", 1);
    say(busy, GET("/large.bin"));
    listen_until(busy, "\r\n\r\n", 1);
    net_stop(w->net, WAIT_MS, on_stopped, w);
    listen_to_end(idle);
    assert_false(w->is_stopped);
    listen_to_end(busy);
    assert_true(busy->len > LARGE);
    wait_until(w, &w->is_stopped);
    hang_up(busy);
    hang_up(idle);
    stop(w);
}

/* A client that has just connected is about to ask. */
static void test_stopping_answers_a_new_connection(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){0});
    struct client *fresh = dial_tls(w, "localhost");
    struct client *silent = dial_tls(w, "localhost");
    net_stop(w->net, WAIT_MS, on_stopped, w);
    say(fresh, GET("/"));
    listen_until(fresh, "<p>one", 1);
    listen_to_end(fresh);
    assert_false(w->is_stopped);
    listen_to_end(silent);
    wait_until(w, &w->is_stopped);
    hang_up(fresh);
    hang_up(silent);
    stop(w);
}

static void test_stopping_does_not_wait_for_ever(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){0});
    struct client *stalling = dial_tls(w, "localhost");
    say(stalling, GET("/large.bin"));
    listen_until(stalling, "\r\n\r\n", 1);
    net_stop(w->net, 100, on_stopped, w);
    wait_until(w, &w->is_stopped);
    assert_int_equal(net_counts(w->net).open, 0);
    hang_up(stalling);
    stop(w);
}

static void test_freeing_with_open_connections(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){0});
    struct client *idle = dial_tls(w, "localhost");
    struct client *busy = dial_tls(w, "localhost");
    say(busy, GET("/large.bin"));
    listen_until(busy, "\r\n\r\n", 1);
    stop(w);
    hang_up(idle);
    hang_up(busy);
}

static void test_the_access_line_escapes_what_comes_from_outside(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf line;
    buf_init(&line, 4096);
    struct net_access access = {.time_ms = 0,
                                .client = "192.0.2.1:1",
                                .method = {"GET", 3},
                                .target = {"/a b\n\x1b[31m\"", 11},
                                .status = 200,
                                .version = "",
                                .suite = "",
                                .server_name = "\xe2\x80\xae.example",
                                .site = "two words"};
    assert_ok(net_access_format(&access, &line, &e), &e);
    assert_string_equal(
        buf_string(&line),
        "1970-01-01T00:00:00Z 192.0.2.1:1 GET \"/a b\\x0a\\x1b[31m\\x22\" 200 0 0ms - - "
        "\\u{202e}.example \"two words\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_page_is_served_over_tls_and_logged),
        cmocka_unit_test(test_requests_in_a_row_are_answered_in_order),
        cmocka_unit_test(test_many_requests_in_one_write),
        cmocka_unit_test(test_a_large_file_is_whole_for_a_slow_client),
        cmocka_unit_test(test_a_client_that_leaves_in_the_middle_is_logged),
        cmocka_unit_test(test_bodies_are_read_over),
        cmocka_unit_test(test_smuggling_ends_the_connection),
        cmocka_unit_test(test_the_host_must_be_the_connection_s),
        cmocka_unit_test(test_other_protocols_get_an_answer),
        cmocka_unit_test(test_failed_handshakes_are_told_with_their_reason),
        cmocka_unit_test(test_slow_clients_are_let_go),
        cmocka_unit_test(test_connections_above_the_limit_wait),
        cmocka_unit_test(test_a_new_snapshot_is_served_on_open_connections),
        cmocka_unit_test(test_a_listener_that_goes_ends_its_connections),
        cmocka_unit_test(test_a_busy_port_is_named_and_tried_again),
        cmocka_unit_test(test_stopping_finishes_what_is_under_way),
        cmocka_unit_test(test_stopping_answers_a_new_connection),
        cmocka_unit_test(test_stopping_does_not_wait_for_ever),
        cmocka_unit_test(test_freeing_with_open_connections),
        cmocka_unit_test(test_the_access_line_escapes_what_comes_from_outside),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
