/* role/net: requests, failures, snapshots, stopping, over real sockets. */
#include "net_fixture.h"

#include <poll.h>

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
    assert_int_equal(net_figures_requests(net_figures(w->net)), 2);
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
        size_t waiting = (size_t)net_figure(net_figures(w->net), NET_BYTES_SENT);
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
    assert_int_equal(net_figures_failed(net_figures(w->net)), 1);
    hang_up(c);
    c = dial(w, HTTPS);
    say(c, "\x16\x03\x01");
    while (net_figure(net_figures(w->net), NET_ACCEPTED) < 2) {
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
    assert_int_equal(net_figure(net_figures(w->net), NET_OPEN), 2);
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
    assert_int_equal(net_figure(net_figures(w->net), NET_OPEN), 0);
    hang_up(stalling);
    stop(w);
}

/* Another descriptor of the socket that listens at the port. */
static int keep_listening(uint16_t port) {
    for (int fd = 3; fd < 1024; fd++) {
        int is_listening = 0;
        struct sockaddr_in address = {0};
        socklen_t len = sizeof(is_listening);
        socklen_t address_len = sizeof(address);
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &len) == 0 && is_listening &&
            getsockname(fd, (struct sockaddr *)&address, &address_len) == 0 &&
            ntohs(address.sin_port) == port) {
            return fcntl(fd, F_DUPFD_CLOEXEC, 0);
        }
    }
    return -1;
}

/* As under the supervisor, who hands out the same socket to others: what comes there afterwards is
 * not told of here, where the listener is gone. */
static void test_a_listener_that_others_keep(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){0});
    uint16_t port = net_listener_port(w->net, HTTPS);
    int kept = keep_listening(port);
    assert_true(kept >= 0);
    struct client *busy = dial_tls(w, "localhost");
    say(busy, GET("/large.bin"));
    listen_until(busy, "\r\n\r\n", 1);
    net_stop(w->net, WAIT_MS, on_stopped, w);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    address.sin_port = htons(port);
    int late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(late, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(send(late, "x", 1, 0), 1);
    listen_to_end(busy);
    assert_true(busy->len > LARGE);
    wait_until(w, &w->is_stopped);
    /* It waits for whoever has the socket now. */
    struct pollfd waiting = {.fd = kept, .events = POLLIN};
    assert_int_equal(poll(&waiting, 1, 0), 1);
    (void)close(late);
    (void)close(kept);
    hang_up(busy);
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
        cmocka_unit_test(test_a_listener_that_others_keep),
        cmocka_unit_test(test_freeing_with_open_connections),
        cmocka_unit_test(test_the_access_line_escapes_what_comes_from_outside),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
