/* ca/reason: the reasons that a server certificate may be revoked for. */
#include "unit.h"

#include "ca/reason.h"

static void test_only_the_allowed_reasons_are_listed(void **state) {
    (void)state;
    static const int listed[] = {1, 3, 4, 5, 9}; /* BR §7.2.2 */
    size_t count = 0;
    const struct ca_reason *all = ca_reason_all(&count);
    for (size_t i = 0; i < count; i++) {
        bool is_expected = false;
        for (size_t at = 0; at < PL_ARRAY_LEN(listed); at++) {
            is_expected = is_expected || listed[at] == all[i].code;
        }
        assert_int_equal(all[i].is_listed, is_expected);
        assert_int_equal(all[i].is_allowed, is_expected || all[i].code == 0);
        assert_int_equal(all[i].deadline_hours > 0, all[i].is_allowed);
        assert_ptr_equal(ca_reason_get(all[i].code), &all[i]);
    }
    assert_int_equal(count, 10);
    assert_null(ca_reason_get(7));
    assert_null(ca_reason_get(11));
    assert_null(ca_reason_get(-1));
}

static void test_key_compromise_is_published_within_a_day(void **state) {
    (void)state;
    assert_int_equal(ca_reason_get(1)->deadline_hours, 24);
    assert_int_equal(ca_reason_get(4)->deadline_hours, 5 * 24);
}

static void test_reason_is_read_by_name_or_number(void **state) {
    (void)state;
    struct err e = {0};
    static const struct {
        const char *text;
        int code;
    } right[] = {{"keyCompromise", 1},
                 {"key-compromise", 1},
                 {"KEYCOMPROMISE", 1},
                 {"superseded", 4},
                 {"4", 4},
                 {"0", 0},
                 {"unspecified", 0},
                 {"privilege-withdrawn", 9},
                 {"cessation-of-operation", 5},
                 {"affiliationchanged", 3}};
    for (size_t i = 0; i < PL_ARRAY_LEN(right); i++) {
        const struct ca_reason *reason = NULL;
        assert_ok(ca_reason_parse(right[i].text, &reason, &e), &e);
        assert_int_equal(reason->code, right[i].code);
    }
}

static void test_other_reasons_are_refused(void **state) {
    (void)state;
    struct err e = {0};
    static const char *const wrong[] = {
        "", "key", "keyCompromised", "certificateHold", "6", "7", "11", "-1", "2"};
    const struct ca_reason *reason = NULL;
    for (size_t i = 0; i < PL_ARRAY_LEN(wrong); i++) {
        assert_fails(ca_reason_parse(wrong[i], &reason, &e), &e, ERR_CA_REVOKE_REASON);
        assert_non_null(strstr(e.hint, "keyCompromise"));
    }
    assert_null(reason);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_the_allowed_reasons_are_listed),
        cmocka_unit_test(test_key_compromise_is_published_within_a_day),
        cmocka_unit_test(test_reason_is_read_by_name_or_number),
        cmocka_unit_test(test_other_reasons_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
