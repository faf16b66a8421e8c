/* role/log_gate: a few lines a period, and how many more. */
#include "unit.h"

#include "role/log_gate.h"

static void test_a_few_lines_pass_and_the_rest_is_counted(void **state) {
    (void)state;
    struct log_gate gate = {0};
    for (int i = 0; i < LOG_GATE_LINES; i++) {
        assert_true(log_gate_passes(&gate, 1000));
    }
    for (int i = 0; i < 7; i++) {
        assert_false(log_gate_passes(&gate, 1001));
    }
    assert_int_equal(log_gate_take_missed(&gate, 1000 + LOG_GATE_PERIOD_MS - 1, false), 0);
    assert_int_equal(log_gate_take_missed(&gate, 1000 + LOG_GATE_PERIOD_MS, false), 7);
    assert_int_equal(log_gate_take_missed(&gate, 1000 + LOG_GATE_PERIOD_MS, false), 0);
    assert_true(log_gate_passes(&gate, 1000 + LOG_GATE_PERIOD_MS));
}

static void test_what_was_missed_is_told_before_the_next_period(void **state) {
    (void)state;
    struct log_gate gate = {0};
    for (int i = 0; i < LOG_GATE_LINES + 1; i++) {
        (void)log_gate_passes(&gate, 1);
    }
    assert_false(log_gate_passes(&gate, 1 + 2 * LOG_GATE_PERIOD_MS));
    assert_int_equal(log_gate_take_missed(&gate, 1 + 2 * LOG_GATE_PERIOD_MS, false), 2);
    assert_true(log_gate_passes(&gate, 1 + 2 * LOG_GATE_PERIOD_MS));
}

static void test_at_the_end_all_is_told(void **state) {
    (void)state;
    struct log_gate gate = {0};
    for (int i = 0; i < LOG_GATE_LINES + 3; i++) {
        (void)log_gate_passes(&gate, 1);
    }
    assert_int_equal(log_gate_take_missed(&gate, 2, true), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_few_lines_pass_and_the_rest_is_counted),
        cmocka_unit_test(test_what_was_missed_is_told_before_the_next_period),
        cmocka_unit_test(test_at_the_end_all_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
