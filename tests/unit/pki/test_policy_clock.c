/* pki/policy_clock: the table against the calendar. */
#include "unit.h"

#include "base/clock.h"
#include "pki/policy_clock.h"

static const struct {
    const char *from;
    unsigned days_max;
    unsigned days_default;
    unsigned reuse_days;
} expected[] = {{"2020-09-01", 398, 397, 398},
                {"2026-03-15", 200, 199, 200},
                {"2027-03-15", 100, 99, 100},
                {"2029-03-15", 47, 46, 10}};

static void test_rows_are_the_ballots_dates(void **state) {
    (void)state;
    size_t count = 0;
    const struct policy_clock_row *rows = policy_clock_rows(&count);
    assert_int_equal(count, PL_ARRAY_LEN(expected));
    for (size_t i = 0; i < count; i++) {
        struct err e = {0};
        int64_t from_ms = 0;
        assert_ok(clock_parse(expected[i].from, &from_ms, &e), &e);
        assert_int_equal(rows[i].from_ms, from_ms);
        assert_int_equal(rows[i].validity_days_max, expected[i].days_max);
        assert_int_equal(rows[i].validity_days_default, expected[i].days_default);
        assert_int_equal(rows[i].reuse_days_max, expected[i].reuse_days);
        assert_non_null(strstr(rows[i].name, expected[i].from));
    }
}

static void test_row_changes_with_the_millisecond(void **state) {
    (void)state;
    size_t count = 0;
    const struct policy_clock_row *rows = policy_clock_rows(&count);
    for (size_t i = 1; i < count; i++) {
        assert_ptr_equal(policy_clock_at(rows[i].from_ms - 1), &rows[i - 1]);
        assert_ptr_equal(policy_clock_at(rows[i].from_ms), &rows[i]);
    }
    assert_ptr_equal(policy_clock_at(INT64_MIN), &rows[0]);
    assert_ptr_equal(policy_clock_at(INT64_MAX), &rows[count - 1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_the_ballots_dates),
        cmocka_unit_test(test_row_changes_with_the_millisecond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
