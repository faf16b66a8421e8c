/* sys/tcp: each way in which listening fails, and addresses as text. */
#include "unit.h"

#include "sys/tcp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

static const struct tcp_listen_options options = {.backlog = 16, .defer_accept_s = 5};

static bool listen_on(const char *text, uint16_t port, int *out_fd, struct err *e) {
    struct sockaddr_in ip4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 ip6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    if (inet_pton(AF_INET, text, &ip4.sin_addr) == 1) {
        return tcp_listen((const struct sockaddr *)&ip4, sizeof(ip4), &options, out_fd, e);
    }
    assert_int_equal(inet_pton(AF_INET6, text, &ip6.sin6_addr), 1);
    return tcp_listen((const struct sockaddr *)&ip6, sizeof(ip6), &options, out_fd, e);
}

static uint16_t port_of(int fd) {
    struct sockaddr_in6 address = {0};
    socklen_t len = sizeof(address);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin6_port); /* at the same place in both families */
}

static int option_of(int fd, int level, int name) {
    int value = -1;
    socklen_t len = sizeof(value);
    assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
    return value;
}

static void test_listening_with_its_options(void **state) {
    (void)state;
    struct err e = {0};
    int fd = -1;
    assert_ok(listen_on("127.0.0.1", 0, &fd, &e), &e);
    assert_int_equal(option_of(fd, SOL_SOCKET, SO_ACCEPTCONN), 1);
    assert_true(option_of(fd, IPPROTO_TCP, TCP_NODELAY) != 0);
    assert_true(option_of(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT) > 0);
    (void)close(fd);
}

static void test_a_busy_port_is_named(void **state) {
    (void)state;
    struct err e = {0};
    int fd = -1;
    int other = -1;
    assert_ok(listen_on("127.0.0.1", 0, &fd, &e), &e);
    assert_fails(listen_on("127.0.0.1", port_of(fd), &other, &e), &e, ERR_NET_PORT_BUSY);
    char expected[100];
    (void)snprintf(expected, sizeof(expected),
                   "cannot listen on 127.0.0.1:%u: another program does already",
                   (unsigned)port_of(fd));
    assert_string_equal(e.step[0], expected);
    assert_true(e.hint[0] != '\0');
    (void)close(fd);
}

static void test_both_families_share_a_port(void **state) {
    (void)state;
    struct err e = {0};
    int ip6 = -1;
    int ip4 = -1;
    assert_ok(listen_on("::", 0, &ip6, &e), &e);
    assert_ok(listen_on("0.0.0.0", port_of(ip6), &ip4, &e), &e);
    (void)close(ip6);
    (void)close(ip4);
}

static void test_an_address_of_another_machine(void **state) {
    (void)state;
    struct err e = {0};
    int fd = -1;
    assert_fails(listen_on("192.0.2.1", 0, &fd, &e), &e, ERR_NET_ADDRESS);
    assert_fails(listen_on("2001:db8::1", 0, &fd, &e), &e, ERR_NET_ADDRESS);
    assert_int_equal(fd, -1);
}

static void test_a_port_below_1024_without_the_right(void **state) {
    (void)state;
    struct err e = {0};
    int fd = -1;
    bool is_root = geteuid() == 0;
    assert_int_equal(is_root ? seteuid(65534) : 0, 0);
    bool ok = listen_on("127.0.0.1", 99, &fd, &e);
    assert_int_equal(is_root ? seteuid(0) : 0, 0);
    if (ok) { /* net.ipv4.ip_unprivileged_port_start says that everybody may */
        (void)close(fd);
        return;
    }
    assert_string_equal(err_code_text(e.code), "net.port.denied");
}

static void test_addresses_as_text(void **state) {
    (void)state;
    char text[TCP_ADDRESS_TEXT];
    struct sockaddr_in ip4 = {.sin_family = AF_INET, .sin_port = htons(4711)};
    assert_int_equal(inet_pton(AF_INET, "192.0.2.1", &ip4.sin_addr), 1);
    tcp_format_address((const struct sockaddr *)&ip4, text);
    assert_string_equal(text, "192.0.2.1:4711");
    struct sockaddr_in6 ip6 = {.sin6_family = AF_INET6, .sin6_port = htons(65535)};
    assert_int_equal(
        inet_pton(AF_INET6, "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", &ip6.sin6_addr), 1);
    tcp_format_address((const struct sockaddr *)&ip6, text);
    assert_string_equal(text, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
    struct sockaddr other = {.sa_family = AF_UNIX};
    tcp_format_address(&other, text);
    assert_string_equal(text, "?");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listening_with_its_options),
        cmocka_unit_test(test_a_busy_port_is_named),
        cmocka_unit_test(test_both_families_share_a_port),
        cmocka_unit_test(test_an_address_of_another_machine),
        cmocka_unit_test(test_a_port_below_1024_without_the_right),
        cmocka_unit_test(test_addresses_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
