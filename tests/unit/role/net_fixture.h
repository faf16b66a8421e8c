/* The whole server on loopback with OpenSSL's client, both in one thread on one loop. */
#ifndef PL_TESTS_NET_FIXTURE_H
#define PL_TESTS_NET_FIXTURE_H

#include "tls_fixture.h"

#include "base/clock.h"
#include "base/str.h"
#include "role/net.h"
#include "snapshot_fixture.h"
#include "tls/connection.h"

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
    unsigned refusals;
    char refusal[256];
    bool is_stopped;
};

/* --- the server
 * ------------------------------------------------------------------------------------ */

static inline void on_access(void *ctx, const struct net_access *access) {
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

static inline void on_failure(void *ctx, const struct net_failure *failure) {
    struct world *w = ctx;
    (void)str_copy(w->failure, sizeof(w->failure), failure->error->step[0]);
    w->failure_code = failure->error->code;
}

static inline void on_trouble(void *ctx, const struct err *error) {
    (void)error;
    ((struct world *)ctx)->troubles++;
}

static inline void on_refusal(void *ctx, const struct net_refusal *refusal) {
    struct world *w = ctx;
    w->refusals++;
    (void)str_copy(w->refusal, sizeof(w->refusal), refusal->reason);
}

static inline void on_stopped(void *ctx) {
    ((struct world *)ctx)->is_stopped = true;
}

static inline void write_file(const char *folder, const char *name, const char *content,
                              size_t len) {
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, len), (ssize_t)len);
    (void)close(fd);
}

static inline uint8_t large_byte(size_t i) {
    return (uint8_t)(i * 31 >> 5);
}

static inline void make_roots(struct world *w) {
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

static inline void remove_roots(struct world *w) {
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

static inline uint32_t add_site(struct snapshot_builder *b, const char *name, uint8_t number,
                                const char *root) {
    struct err e = {0};
    uint32_t site = 0;
    struct snapshot_site_wish wish = {.name = name};
    wish.id.bytes[0] = number;
    wish.root_path = root;
    assert_ok(snapshot_builder_add_site(b, &wish, &site, &e), &e);
    return site;
}

static inline struct snapshot *build(struct world *w, const struct setting *setting) {
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

static inline void apply(struct world *w, const struct setting *setting) {
    struct err e = {0};
    PL_AUTO(snapshot_freep) struct snapshot *snapshot = build(w, setting);
    assert_ok(net_apply(w->net, snapshot, &e), &e);
}

static inline void start(struct world *w, struct net_config config) {
    struct err e = {0};
    config.loop = &w->loop;
    config.engine = w->engine;
    config.callbacks = (struct net_callbacks){.ctx = w,
                                              .access = on_access,
                                              .failure = on_failure,
                                              .refusal = on_refusal,
                                              .trouble = on_trouble};
    assert_ok(net_new(&config, &w->net, &e), &e);
    apply(w, &(struct setting){.root = w->root, .has_two_sites = true});
    w->line_count = 0;
    w->failure[0] = '\0';
    w->troubles = 0;
    w->refusals = 0;
    w->is_stopped = false;
}

static inline void stop(struct world *w) {
    net_free(w->net);
    w->net = NULL;
    while (uv_run(&w->loop, UV_RUN_NOWAIT) != 0) {
    }
}

static inline int set_up(void **state) {
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

static inline int tear_down(void **state) {
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

static inline void turn(struct world *w) {
    (void)uv_run(&w->loop, UV_RUN_NOWAIT);
}

static inline struct client *dial(struct world *w, uint32_t listener) {
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

static inline void hang_up(struct client *c) {
    SSL_free(c->ssl);
    (void)close(c->fd);
    free(c->got);
    free(c);
}

static inline bool wants_more(const struct client *c, int result) {
    int reason = SSL_get_error(c->ssl, result);
    return reason == SSL_ERROR_WANT_READ || reason == SSL_ERROR_WANT_WRITE;
}

static inline bool shake_hands(struct client *c, const char *host, bool verifies) {
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

static inline struct client *dial_tls(struct world *w, const char *host) {
    struct client *c = dial(w, HTTPS);
    assert_true(shake_hands(c, host, false));
    return c;
}

static inline void say(struct client *c, const char *text) {
    size_t len = strlen(text);
    if (c->ssl != NULL) {
        assert_int_equal(SSL_write(c->ssl, text, (int)len), (int)len);
    } else {
        assert_int_equal(send(c->fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
    }
}

/* Reads what is there. */
static inline void listen_once(struct client *c) {
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
static inline void listen_for(struct client *c, size_t len) {
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (c->len < len && !c->has_ended && clock_monotonic_ms() < end_ms) {
        turn(c->world);
        listen_once(c);
    }
}

static inline size_t count_of(const char *text, const char *word) {
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++) {
        count++;
    }
    return count;
}

/* Until a text has come so many times. */
static inline void listen_until(struct client *c, const char *word, size_t times) {
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (count_of(c->got, word) < times && !c->has_ended && clock_monotonic_ms() < end_ms) {
        turn(c->world);
        listen_once(c);
    }
    if (count_of(c->got, word) < times) {
        fail_msg("\"%s\" did not come %zu times: %.600s", word, times, c->got);
    }
}

static inline void listen_to_end(struct client *c) {
    listen_for(c, SIZE_MAX);
    assert_true(c->has_ended);
}

static inline void forget(struct client *c) {
    c->len = 0;
    c->got[0] = '\0';
}

static inline void wait_until(struct world *w, const bool *condition) {
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (!*condition && clock_monotonic_ms() < end_ms) {
        turn(w);
    }
    assert_true(*condition);
}

static inline void wait_for_open(struct world *w, uint64_t count) {
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (net_figure(net_figures(w->net), NET_OPEN) != count && clock_monotonic_ms() < end_ms) {
        turn(w);
    }
    assert_int_equal(net_figure(net_figures(w->net), NET_OPEN), count);
}

static inline uint64_t figure(const struct world *w, enum net_figure which) {
    return net_figure(net_figures(w->net), which);
}

static inline void wait_for_figure(struct world *w, enum net_figure which, uint64_t value) {
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (figure(w, which) != value && clock_monotonic_ms() < end_ms) {
        turn(w);
    }
    assert_int_equal(figure(w, which), value);
}

static inline void turn_for(struct world *w, int64_t time_ms) {
    int64_t end_ms = clock_monotonic_ms() + time_ms;
    while (clock_monotonic_ms() < end_ms) {
        turn(w);
    }
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

#endif
