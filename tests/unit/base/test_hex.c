/* base/hex */
#include "unit.h"

#include "base/hex.h"

static void test_every_byte_comes_back(void **state) {
    (void)state;
    uint8_t bytes[256];
    for (unsigned i = 0; i < 256; i++) {
        bytes[i] = (uint8_t)i;
    }
    char text[513];
    hex_encode(bytes, sizeof(bytes), text);
    assert_int_equal(strlen(text), 512);
    assert_memory_equal(text, "000102", 6);
    assert_string_equal(text + 506, "fdfeff");
    uint8_t back[256];
    assert_true(hex_decode(text, 512, back));
    assert_memory_equal(back, bytes, 256);
}

static void test_either_case_is_read(void **state) {
    (void)state;
    uint8_t out[3];
    assert_true(hex_decode("aBCdeF", 6, out));
    assert_memory_equal(out, "\xab\xcd\xef", 3);
    assert_true(hex_decode("", 0, out));
}

static void test_anything_else_is_refused(void **state) {
    (void)state;
    uint8_t out[4];
    assert_false(hex_decode("abc", 3, out));
    assert_false(hex_decode("0x12", 4, out));
    assert_false(hex_decode("1 23", 4, out));
    assert_false(hex_decode("12g4", 4, out));
    assert_false(hex_decode("12\0", 4, out));
}

static void test_only_digits_have_a_value(void **state) {
    (void)state;
    int digits = 0;
    for (int c = -128; c < 128; c++) {
        int value = hex_value((char)c);
        assert_in_range(value + 1, 0, 16);
        digits += value >= 0 ? 1 : 0;
    }
    assert_int_equal(digits, 22);
    assert_int_equal(hex_value('9'), 9);
    assert_int_equal(hex_value('a'), 10);
    assert_int_equal(hex_value('F'), 15);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_comes_back),
        cmocka_unit_test(test_either_case_is_read),
        cmocka_unit_test(test_anything_else_is_refused),
        cmocka_unit_test(test_only_digits_have_a_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
