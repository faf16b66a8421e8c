/* sys/tcp_connect: names, refusals and deadlines on the loopback interface. */
#include "unit.h"

#include "base/clock.h"
#include "sys/tcp.h"
#include "sys/tcp_connect.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

enum { WAIT_MS = 10 * 1000 };

static int listener;
static uint16_t port;

static int set_up(void **state) {
    const struct tcp_listen_options options = {.backlog = 16};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    struct err e = {0};
    (void)state;
    assert_ok(tcp_listen((const struct sockaddr *)&address, len, &options, &listener, &e), &e);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    port = ntohs(address.sin_port);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    (void)close(listener);
    return 0;
}

static enum tcp_connect_outcome dial(const char *host, uint16_t to, struct tcp_connection *out) {
    return tcp_connect(host, to, clock_monotonic_ms() + WAIT_MS, out);
}

static void test_names_of_this_machine_lead_to_it(void **state) {
    (void)state;
    static const char *const names[] = {"127.0.0.1", "localhost", "any.name.localhost"};
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        struct tcp_connection connection;
        assert_int_equal(dial(names[i], port, &connection), TCP_CONNECTED);
        assert_string_equal(connection.address, "127.0.0.1");
        assert_string_equal(connection.own_address, "127.0.0.1");
        assert_true(connection.own_port > 0);
        (void)close(connection.fd);
    }
}

static void test_what_does_not_answer_is_told_apart(void **state) {
    (void)state;
    struct tcp_connection connection;
    assert_int_equal(dial("no-such-name.invalid", port, &connection), TCP_NO_ADDRESS);
    assert_int_equal(dial("127.0.0.1", 1, &connection), TCP_REFUSED);
    assert_true(connection.errno_value != 0);
    assert_int_equal(connection.fd, -1);
    assert_int_equal(tcp_connect("127.0.0.1", port, clock_monotonic_ms() - 1, &connection),
                     TCP_TIMED_OUT);
}

static void test_waiting_ends_at_the_deadline(void **state) {
    (void)state;
    struct tcp_connection connection;
    assert_int_equal(dial("localhost", port, &connection), TCP_CONNECTED);
    assert_true(tcp_wait(connection.fd, POLLOUT, clock_monotonic_ms() + WAIT_MS));
    assert_false(tcp_wait(connection.fd, POLLIN, clock_monotonic_ms() + 20));
    (void)close(connection.fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_this_machine_lead_to_it),
        cmocka_unit_test(test_what_does_not_answer_is_told_apart),
        cmocka_unit_test(test_waiting_ends_at_the_deadline),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
