/* role/net_clients: connections by client address. */
#include "unit.h"

#include "role/net_clients.h"

#include <arpa/inet.h>

static union snapshot_address address(const char *text) {
    union snapshot_address made = {0};
    if (inet_pton(AF_INET, text, &made.ip4.sin_addr) == 1) {
        made.ip4.sin_family = AF_INET;
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &made.ip6.sin6_addr), 1);
        made.ip6.sin6_family = AF_INET6;
    }
    return made;
}

static bool enter(struct net_clients *clients, const char *text, struct net_client **out) {
    union snapshot_address from = address(text);
    return net_clients_enter(clients, &from, 2, out);
}

static struct net_clients *make(void) {
    struct err e = {0};
    struct net_clients *clients = NULL;
    assert_ok(net_clients_new(&clients, &e), &e);
    return clients;
}

static void expect_same(const char *a, const char *b, bool is_same) {
    struct net_clients *clients = make();
    struct net_client *entered[3] = {0};
    assert_true(enter(clients, a, &entered[0]));
    assert_true(enter(clients, a, &entered[1]));
    assert_int_equal(enter(clients, b, &entered[2]), !is_same);
    assert_int_equal(net_clients_count(clients), is_same ? 1 : 2);
    for (size_t i = 0; i < 3; i++) {
        net_clients_leave(clients, entered[i]);
    }
    assert_int_equal(net_clients_count(clients), 0);
    net_clients_free(clients);
}

static void test_what_one_client_is(void **state) {
    (void)state;
    expect_same("192.0.2.1", "192.0.2.1", true);
    expect_same("192.0.2.1", "192.0.2.2", false);
    expect_same("192.0.2.1", "::ffff:192.0.2.1", true);
    expect_same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true);
    expect_same("2001:db8:1:2::1", "2001:db8:1:3::1", false);
}

static void test_one_that_leaves_makes_room(void **state) {
    (void)state;
    struct net_clients *clients = make();
    struct net_client *one = NULL;
    struct net_client *two = NULL;
    struct net_client *three = NULL;
    assert_true(enter(clients, "192.0.2.1", &one) && enter(clients, "192.0.2.1", &two));
    assert_false(enter(clients, "192.0.2.1", &three));
    assert_null(three);
    net_clients_leave(clients, one);
    assert_true(enter(clients, "192.0.2.1", &three));
    net_clients_free(clients); /* with what is still there */
}

static void test_other_families_are_not_counted(void **state) {
    (void)state;
    struct net_clients *clients = make();
    struct net_client *client = NULL;
    const union snapshot_address local = {.any.sa_family = AF_UNIX};
    for (int i = 0; i < 5; i++) {
        assert_true(net_clients_enter(clients, &local, 2, &client));
        assert_null(client);
    }
    net_clients_leave(clients, NULL);
    net_clients_free(clients);
}

static void test_what_is_loopback(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_loopback;
    } rows[] = {{"127.0.0.1", true}, {"127.9.9.9", true},        {"::1", true},
                {"::2", false},      {"::ffff:127.0.0.1", true}, {"192.0.2.1", false},
                {"10.0.0.1", false}, {"::ffff:192.0.2.1", false}};
    for (size_t i = 0; i < PL_ARRAY_LEN(rows); i++) {
        union snapshot_address from = address(rows[i].text);
        assert_int_equal(net_clients_is_loopback(&from), rows[i].is_loopback);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_one_client_is),
        cmocka_unit_test(test_one_that_leaves_makes_room),
        cmocka_unit_test(test_other_families_are_not_counted),
        cmocka_unit_test(test_what_is_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
