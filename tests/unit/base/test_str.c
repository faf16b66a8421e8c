/* base/str: small helpers, never the locale. */
#include "unit.h"

#include "base/str.h"

static void test_letters_compare_in_either_case(void **state) {
    (void)state;
    assert_true(str_equal("a", "a"));
    assert_false(str_equal("a", "A"));
    assert_true(str_equal_nocase("Example.COM", "eXAMPLE.com"));
    assert_true(str_equal_nocase("", ""));
    assert_false(str_equal_nocase("a", "ab"));
    assert_false(str_equal_nocase("ab", "a"));
    /* Neighbours of the letters, and letters that are not ASCII, are no letters. */
    assert_false(str_equal_nocase("@", "`"));
    assert_false(str_equal_nocase("[", "{"));
    assert_false(str_equal_nocase("É", "é"));
}

static void test_only_ascii_letters_change(void **state) {
    (void)state;
    int changed = 0;
    for (int c = -128; c < 128; c++) {
        char lower = str_lower_char((char)c);
        changed += lower != (char)c ? 1 : 0;
        assert_int_equal(str_is_alpha((char)c), (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'));
        assert_int_equal(str_is_digit((char)c), c >= '0' && c <= '9');
        assert_int_equal(str_is_space((char)c), c == ' ' || (c >= 9 && c <= 13));
    }
    assert_int_equal(changed, 26);
    char text[] = "WWW.É-1.Z";
    str_lower(text);
    assert_string_equal(text, "www.É-1.z");
}

static void test_one_line(void **state) {
    (void)state;
    char text[] = "a\nb\r\n c";
    str_one_line(text);
    assert_string_equal(text, "a b   c");
}

static void test_beginnings_and_ends(void **state) {
    (void)state;
    assert_true(str_starts_with("abc", "ab"));
    assert_true(str_starts_with("abc", ""));
    assert_true(str_starts_with("abc", "abc"));
    assert_false(str_starts_with("abc", "abcd"));
    assert_false(str_starts_with("", "a"));
    assert_true(str_ends_with("abc", "bc"));
    assert_true(str_ends_with("abc", ""));
    assert_true(str_ends_with("abc", "abc"));
    assert_false(str_ends_with("abc", "zabc"));
    assert_false(str_ends_with("abc", "ab"));
}

static void test_a_copy_is_cut_and_says_so(void **state) {
    (void)state;
    char out[4];
    assert_true(str_copy(out, sizeof(out), "abc"));
    assert_string_equal(out, "abc");
    assert_false(str_copy(out, sizeof(out), "abcd"));
    assert_string_equal(out, "abc");
    assert_true(str_copy(out, 1, ""));
    assert_string_equal(out, "");
    assert_false(str_copy(out, 1, "a"));
    assert_string_equal(out, "");
}

static void test_numbers_are_digits_within_a_maximum(void **state) {
    (void)state;
    uint64_t value = 7;
    assert_true(str_to_u64("0", 10, &value));
    assert_int_equal(value, 0);
    assert_true(str_to_u64("00010", 10, &value));
    assert_int_equal(value, 10);
    assert_true(str_to_u64("18446744073709551615", UINT64_MAX, &value));
    assert_true(value == UINT64_MAX);
    value = 7;
    static const char *const texts[] = {"",
                                        "11",
                                        "-1",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "0x1",
                                        "1.0",
                                        "1e1",
                                        "a",
                                        "18446744073709551616",
                                        "99999999999999999999999"};
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        assert_false(str_to_u64(texts[i], 10, &value));
        assert_int_equal(value, 7);
    }
    assert_false(str_to_u64("18446744073709551616", UINT64_MAX, &value));
    assert_false(str_to_u64("18446744073709551620", UINT64_MAX, &value));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_line),
        cmocka_unit_test(test_letters_compare_in_either_case),
        cmocka_unit_test(test_only_ascii_letters_change),
        cmocka_unit_test(test_beginnings_and_ends),
        cmocka_unit_test(test_a_copy_is_cut_and_says_so),
        cmocka_unit_test(test_numbers_are_digits_within_a_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
