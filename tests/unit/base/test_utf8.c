/* base/utf8: RFC 3629, nothing looser. */
#include "unit.h"

#include "base/utf8.h"

static void test_every_code_point_comes_back(void **state) {
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        bool is_surrogate = c >= 0xD800 && c <= 0xDFFF;
        char text[4];
        uint32_t read = 0;
        size_t len = utf8_put(c, text);
        assert_int_equal(utf8_char((const uint8_t *)text, len, &read), len);
        assert_int_equal(read, is_surrogate ? 0xFFFD : c);
        assert_int_equal(len, c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
        assert_true(len == 1 || utf8_char((const uint8_t *)text, len - 1, &read) == 0);
    }
    char text[4];
    assert_int_equal(utf8_put(0x110000, text), 3);
    assert_memory_equal(text, "\xef\xbf\xbd", 3);
}

static void test_other_bytes_are_invalid(void **state) {
    (void)state;
    static const char *const texts[] = {"\x80",
                                        "\xbf",
                                        "\xc0\x80",
                                        "\xc1\xbf",
                                        "\xe0\x80\x80",
                                        "\xe0\x9f\xbf",
                                        "\xed\xa0\x80",
                                        "\xed\xbf\xbf",
                                        "\xf0\x80\x80\x80",
                                        "\xf0\x8f\xbf\xbf",
                                        "\xf4\x90\x80\x80",
                                        "\xf5\x80\x80\x80",
                                        "\xf8\x88\x80\x80\x80",
                                        "\xfe",
                                        "\xff",
                                        "\xc3",
                                        "\xe2\x80",
                                        "\xf0\x9f\x98",
                                        "\xc3\x28",
                                        "a\xe2\x28\xa1"};
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        assert_false(utf8_is_valid(texts[i], strlen(texts[i])));
    }
    assert_true(utf8_is_valid("", 0));
    assert_true(utf8_is_valid("a\0é\xf4\x8f\xbf\xbf", 8));
}

static void test_a_cut_string_stays_valid(void **state) {
    (void)state;
    static const char text[] = "aé€😀b";
    static const size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (size_t len = 0; len < PL_ARRAY_LEN(ends); len++) {
        char copy[sizeof(text)];
        memcpy(copy, text, sizeof(text));
        utf8_cut(copy, len);
        assert_int_equal(strlen(copy), ends[len]);
        assert_true(utf8_is_valid(copy, strlen(copy)));
        assert_memory_equal(copy, text, ends[len]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_point_comes_back),
        cmocka_unit_test(test_other_bytes_are_invalid),
        cmocka_unit_test(test_a_cut_string_stays_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
