/* role/metrics_page: Prometheus' text, and health. */
#include "unit.h"

#include "role/metrics_page.h"

#include <stdio.h>

static const struct metrics_facts facts = {
    .figures = {[NET_ACCEPTED] = 7, [NET_OPEN] = 3, [NET_FAILED_NAME] = 2},
    .roles = {{.name = "keys", .wanted = 1, .running = 1, .restarts = 4},
              {.name = "net", .wanted = 2, .running = 2}},
    .role_count = 2,
    .has_world = true,
    .store_seq = 41,
    .applied_seq = 40,
    .bindings = 9,
    .first_expiry_ms = 1800000000999,
};

static void expect(const char *page, const char *line) {
    if (strstr(page, line) == NULL) {
        fail_msg("not on the page: %s", line);
    }
}

static void test_every_line_is_there_once(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf page = {.max = METRICS_PAGE_MAX};
    assert_ok(metrics_page_write(&facts, &page, &e), &e);
    const char *text = buf_string(&page);
    expect(text, "# HELP padlock_connections_accepted_total Connections accepted.\n"
                 "# TYPE padlock_connections_accepted_total counter\n"
                 "padlock_connections_accepted_total 7\n");
    expect(text, "# TYPE padlock_connections_open gauge\npadlock_connections_open 3\n");
    expect(text, "\npadlock_handshakes_failed_total{reason=\"name\"} 2\n");
    expect(text, "\npadlock_processes{role=\"net\"} 2\n");
    expect(text, "\npadlock_process_restarts_total{role=\"keys\"} 4\n");
    expect(text, "\npadlock_bindings 9\n");
    expect(text, "\npadlock_store_seq 41\n");
    expect(text, "\npadlock_applied_seq 40\n");
    expect(text, "\npadlock_first_expiry_timestamp_seconds 1800000000\n");
    /* One TYPE for each family, and every figure has a row. */
    size_t rows = 0;
    for (unsigned i = 0; i < NET_FIGURE_COUNT; i++) {
        char type[200];
        const char *family = net_figure_row((enum net_figure)i)->family;
        (void)snprintf(type, sizeof(type), "\n# TYPE %s ", family);
        const char *first = strstr(text, type);
        assert_non_null(first);
        assert_null(strstr(first + 1, type));
        rows++;
    }
    assert_int_equal(rows, NET_FIGURE_COUNT);
}

static void test_what_is_not_known_is_not_told(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf page = {.max = METRICS_PAGE_MAX};
    struct metrics_facts some = facts;
    some.first_expiry_ms = 0;
    assert_ok(metrics_page_write(&some, &page, &e), &e);
    assert_null(strstr(buf_string(&page), "first_expiry"));
    some.has_world = false;
    buf_reset(&page);
    assert_ok(metrics_page_write(&some, &page, &e), &e);
    assert_null(strstr(buf_string(&page), "padlock_bindings"));
}

static void test_a_page_beyond_its_limit_fails(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf page = {.max = 1000};
    assert_false(metrics_page_write(&facts, &page, &e));
    assert_int_equal(e.code, ERR_BASE_LIMIT);
}

static void test_health(void **state) {
    (void)state;
    const char *why = NULL;
    struct metrics_facts some = facts;
    assert_true(metrics_is_healthy(&some, &why));
    assert_string_equal(why, "serving");
    some.roles[1].running = 1;
    assert_true(metrics_is_healthy(&some, &why));
    assert_string_equal(why, "serving, with fewer processes than it should");
    some.roles[1].running = 0;
    assert_false(metrics_is_healthy(&some, &why));
    some = facts;
    some.is_stopping = true;
    assert_false(metrics_is_healthy(&some, &why));
    assert_string_equal(why, "the server is stopping");
    some = (struct metrics_facts){0};
    assert_false(metrics_is_healthy(&some, &why));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_line_is_there_once),
        cmocka_unit_test(test_what_is_not_known_is_not_told),
        cmocka_unit_test(test_a_page_beyond_its_limit_fails),
        cmocka_unit_test(test_health),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
