/* role/net: who wants too much is refused, gives way or is let go; and all is counted. */
#include "net_fixture.h"

static void test_a_client_with_too_many_connections_is_refused(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){.per_client_max = 2, .counts_loopback = true});
    struct client *one = dial_tls(w, "localhost");
    struct client *two = dial_tls(w, "localhost");
    struct client *three = dial(w, HTTP);
    say(three, GET("/"));
    listen_to_end(three);
    assert_int_equal(three->len, 0);
    assert_int_equal(w->refusals, 1);
    assert_non_null(strstr(w->refusal, "as many connections open as one address may have"));
    assert_int_equal(figure(w, NET_LIMIT_PER_CLIENT), 1);
    assert_int_equal(figure(w, NET_ACCEPTED), 3);
    hang_up(one);
    hang_up(three);
    wait_for_open(w, 1);
    three = dial(w, HTTP);
    say(three, GET("/"));
    listen_until(three, "<p>one", 1);
    hang_up(two);
    hang_up(three);
    stop(w);
}

static void test_this_machine_s_own_clients_are_not_counted(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){.per_client_max = 1});
    struct client *one = dial_tls(w, "localhost");
    struct client *two = dial_tls(w, "localhost");
    assert_int_equal(figure(w, NET_OPEN), 2);
    hang_up(one);
    hang_up(two);
    stop(w);
}

static void test_of_too_many_handshakes_the_oldest_gives_way(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){.handshakes_max = 2});
    struct client *slow[2];
    for (size_t i = 0; i < 2; i++) {
        slow[i] = dial(w, HTTPS);
        say(slow[i], "\x16\x03\x01");
    }
    wait_for_figure(w, NET_HANDSHAKING, 2);
    struct client *early = dial(w, HTTPS); /* the others had no time yet: it is refused */
    say(early, "\x16");
    wait_for_figure(w, NET_LIMIT_HANDSHAKES, 1);
    hang_up(early);
    turn_for(w, NET_DAWDLE_MS + 50);
    struct client *real = dial_tls(w, "localhost");
    assert_int_equal(figure(w, NET_LIMIT_OLDEST_HANDSHAKE), 1);
    say(real, GET("/"));
    listen_until(real, "<p>one", 1);
    assert_int_equal(figure(w, NET_HANDSHAKING), 1);
    listen_to_end(slow[0]);
    hang_up(slow[0]);
    hang_up(slow[1]);
    hang_up(real);
    stop(w);
}

static void test_an_idle_connection_gives_way_to_a_new_one(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){.connections_max = 2});
    struct client *oldest = dial_tls(w, "localhost");
    struct client *younger = dial_tls(w, "localhost");
    turn_for(w, NET_IDLE_MIN_MS + 50);
    struct client *three = dial(w, HTTP);
    say(three, GET("/"));
    listen_until(three, "<p>one", 1);
    listen_to_end(oldest);
    assert_int_equal(SSL_get_shutdown(oldest->ssl) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
    assert_int_equal(figure(w, NET_LIMIT_OLDEST_IDLE), 1);
    say(younger, GET("/"));
    listen_until(younger, "<p>one", 1);
    hang_up(oldest);
    hang_up(younger);
    hang_up(three);
    stop(w);
}

/* Reads a few bytes at a time, so that the socket is never without movement. */
static bool sip(struct client *c, size_t bytes, int64_t pause_ms) {
    char some[4096];
    ssize_t got = recv(c->fd, some, bytes < sizeof(some) ? bytes : sizeof(some), 0);
    turn_for(c->world, pause_ms);
    return got > 0 || (got < 0 && errno == EAGAIN);
}

static void test_who_sips_a_response_is_let_go(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){.stall_ms = 300});
    struct client *c = dial(w, HTTP);
    int small = 4096; /* else the kernel takes it all for the client */
    assert_int_equal(setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
    say(c, "GET /large.bin HTTP/1.1\r\nHost: localhost\r\n\r\n");
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (figure(w, NET_LIMIT_SLOW_READER) == 0 && clock_monotonic_ms() < end_ms) {
        (void)sip(c, 64, 5); /* 12,800 bytes a second: 3,840 in the time for 16 KiB */
    }
    assert_int_equal(figure(w, NET_LIMIT_SLOW_READER), 1);
    assert_non_null(strstr(w->lines[0], "\"the client takes the response too slowly\""));
    hang_up(c);
    stop(w);
}

static void test_who_takes_enough_of_a_response_gets_all(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){.stall_ms = 100});
    struct client *c = dial(w, HTTP);
    say(c, "GET /large.bin HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    size_t total = 0;
    for (bool goes_on = true; goes_on;) {
        char some[16384];
        ssize_t got = recv(c->fd, some, sizeof(some), 0);
        goes_on = got > 0 || (got < 0 && errno == EAGAIN);
        total += got > 0 ? (size_t)got : 0;
        turn_for(w, 4); /* more than a second for all of it */
    }
    assert_true(total > LARGE);
    assert_int_equal(figure(w, NET_LIMIT_SLOW_READER), 0);
    hang_up(c);
    stop(w);
}

static void test_bytes_that_trickle_do_not_renew_a_request_s_time(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){.header_ms = 300});
    struct client *head = dial_tls(w, "localhost");
    struct client *body = dial_tls(w, "localhost");
    say(head, "GET / HTTP/1.1\r\nHost: localhost\r\nX: ");
    say(body, "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n");
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (figure(w, NET_LIMIT_REQUEST_TIME) < 2 && clock_monotonic_ms() < end_ms) {
        (void)SSL_write(head->ssl, "x", 1);
        (void)SSL_write(body->ssl, "x", 1);
        ERR_clear_error();
        turn_for(w, 20);
    }
    assert_int_equal(figure(w, NET_LIMIT_REQUEST_TIME), 2);
    hang_up(head);
    hang_up(body);
    stop(w);
}

static void test_key_updates_are_counted(void **state) {
    struct world *w = *state;
    start(w, (struct net_config){0});
    struct client *c = dial_tls(w, "localhost");
    for (int i = 0; i < TLS_POST_HANDSHAKE_MAX; i++) {
        assert_int_equal(SSL_key_update(c->ssl, SSL_KEY_UPDATE_REQUESTED), 1);
        assert_int_equal(SSL_do_handshake(c->ssl), 1);
    }
    say(c, GET("/"));
    listen_until(c, "<p>one", 1);
    assert_int_equal(SSL_key_update(c->ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
    say(c, GET("/"));
    listen_to_end(c);
    assert_int_equal(w->failure_code, ERR_TLS_RECORD_FLOOD);
    assert_int_equal(figure(w, NET_LIMIT_POST_HANDSHAKE), 1);
    assert_int_equal(figure(w, NET_BROKEN), 1);
    hang_up(c);
    stop(w);
}

static void test_all_is_counted(void **state) {
    struct world *w = *state;
    static struct net_figures figures;
    start(w, (struct net_config){.figures = &figures});
    struct client *c = dial_tls(w, "localhost");
    say(c, GET("/") GET("/none") GET("/"));
    listen_until(c, "<p>one", 2);
    hang_up(c);
    c = dial(w, HTTPS);
    assert_false(shake_hands(c, "localhost", true));
    hang_up(c);
    wait_for_open(w, 0);
    assert_int_equal(net_figure(&figures, NET_ACCEPTED), 2);
    assert_int_equal(net_figure(&figures, NET_HANDSHAKES_TLS_1_3), 1);
    assert_int_equal(net_figures_handshakes(&figures), 1);
    assert_int_equal(net_figure(&figures, NET_FAILED_ALERT), 1);
    assert_int_equal(net_figure(&figures, NET_HANDSHAKING), 0);
    assert_int_equal(net_figure(&figures, NET_REQUESTS_2XX), 2);
    assert_int_equal(net_figure(&figures, NET_REQUESTS_4XX), 1);
    assert_int_equal(net_figure(&figures, NET_OPEN), 0);
    assert_true(net_figure(&figures, NET_BYTES_SENT) > 1000);
    assert_true(net_figure(&figures, NET_BYTES_RECEIVED) > 300);
    stop(w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_client_with_too_many_connections_is_refused),
        cmocka_unit_test(test_this_machine_s_own_clients_are_not_counted),
        cmocka_unit_test(test_of_too_many_handshakes_the_oldest_gives_way),
        cmocka_unit_test(test_an_idle_connection_gives_way_to_a_new_one),
        cmocka_unit_test(test_who_sips_a_response_is_let_go),
        cmocka_unit_test(test_who_takes_enough_of_a_response_gets_all),
        cmocka_unit_test(test_bytes_that_trickle_do_not_renew_a_request_s_time),
        cmocka_unit_test(test_key_updates_are_counted),
        cmocka_unit_test(test_all_is_counted),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
