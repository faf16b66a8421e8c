/* role/net_figures: which figure counts what. */
#include "unit.h"

#include "role/net_figures.h"

static void test_status_classes(void **state) {
    (void)state;
    assert_int_equal(net_figure_of_status(101), NET_REQUESTS_1XX);
    assert_int_equal(net_figure_of_status(200), NET_REQUESTS_2XX);
    assert_int_equal(net_figure_of_status(304), NET_REQUESTS_3XX);
    assert_int_equal(net_figure_of_status(499), NET_REQUESTS_4XX);
    assert_int_equal(net_figure_of_status(503), NET_REQUESTS_5XX);
    assert_int_equal(net_figure_of_status(0), NET_REQUESTS_5XX);
    assert_int_equal(net_figure_of_status(999), NET_REQUESTS_5XX);
}

static void test_versions(void **state) {
    (void)state;
    assert_int_equal(net_figure_of_version("TLS 1.3"), NET_HANDSHAKES_TLS_1_3);
    assert_int_equal(net_figure_of_version("TLS 1.2"), NET_HANDSHAKES_TLS_1_2);
    assert_int_equal(net_figure_of_version("TLS 1.0"), NET_HANDSHAKES_OLDER);
}

static void test_failures(void **state) {
    (void)state;
    assert_int_equal(net_figure_of_failure(ERR_TLS_HANDSHAKE_NAME), NET_FAILED_NAME);
    assert_int_equal(net_figure_of_failure(ERR_TLS_SIGNER), NET_FAILED_SIGNER);
    assert_int_equal(net_figure_of_failure(ERR_BASE_OOM), NET_FAILED_OTHER);
}

static void test_sums(void **state) {
    (void)state;
    struct net_figures figures = {0};
    net_figure_add(&figures, NET_FAILED_ALERT, 2);
    net_figure_add(&figures, NET_FAILED_TIMEOUT, 3);
    net_figure_add(&figures, NET_SIGNATURES, 9);
    net_figure_add(&figures, NET_HANDSHAKES_OLDER, 4);
    net_figure_add(&figures, NET_REQUESTS_1XX, 1);
    net_figure_add(&figures, NET_REQUESTS_5XX, 5);
    net_figure_sub(&figures, NET_REQUESTS_5XX, 2);
    assert_int_equal(net_figures_failed(&figures), 5);
    assert_int_equal(net_figures_handshakes(&figures), 4);
    assert_int_equal(net_figures_requests(&figures), 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status_classes),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
