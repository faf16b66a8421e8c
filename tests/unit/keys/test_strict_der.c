/* keys/strict_der: one reading, or none. */
#include "unit.h"

#include "base/hex.h"
#include "keys/strict_der.h"

#include <string.h>

static bool is_strict(const char *hex) {
    uint8_t bytes[256];
    size_t len = strlen(hex) / 2;
    assert_true(len <= sizeof(bytes));
    assert_true(hex_decode(hex, strlen(hex), bytes));
    return strict_der_check(bytes, len);
}

static void test_der_passes(void **state) {
    (void)state;
    const char *const values[] = {
        "0101ff",
        "010100",
        "020100",
        "02017f",
        "02020080",
        "0202ff7f",
        "0500",
        "0603550406",
        "030100",
        "030205a0",
        "0400",
        "3000",
        "300302017f",
        "3100",
        "3106020101020102",
        "a003020102",
        "800101",
        "0c0161",
        "170d3236303130313030303030305a",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(values); i++) {
        if (!is_strict(values[i])) {
            fail_msg("%s is DER", values[i]);
        }
    }
}

static void test_what_is_not_der_is_refused(void **state) {
    (void)state;
    const struct {
        const char *hex;
        const char *why;
    } values[] = {
        {"", "nothing"},
        {"05", "a cut length"},
        {"050000", "something behind"},
        {"05000500", "two values"},
        {"058100", "a long length for a short one"},
        {"30800201010000", "an indefinite length"},
        {"3003020200", "a value that reaches out"},
        {"010101", "a boolean of 01"},
        {"0100", "an empty boolean"},
        {"0200", "an empty integer"},
        {"0202007f", "an integer with a needless zero"},
        {"0202ff80", "an integer with a needless FF"},
        {"050100", "a NULL with content"},
        {"0600", "an empty object identifier"},
        {"06028001", "an arc with a needless octet"},
        {"060181", "a cut arc"},
        {"0300", "a bit string without its first octet"},
        {"030101", "unused bits of nothing"},
        {"030208a0", "eight unused bits"},
        {"030205a1", "a set bit among the unused"},
        {"240404020000", "a constructed octet string"},
        {"1000", "a primitive sequence"},
        {"3106020102020101", "a set out of order"},
        {"1f2100", "a long tag"},
        {"a003020200", "a bad value inside a tag"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(values); i++) {
        if (is_strict(values[i].hex)) {
            fail_msg("%s: %s", values[i].hex, values[i].why);
        }
    }
}

/* Nested sequences, the innermost empty. */
static bool is_strict_nested(size_t levels) {
    uint8_t bytes[128];
    size_t len = 0;
    for (size_t i = levels; i-- > 0;) {
        memmove(bytes + 2, bytes, len);
        bytes[0] = 0x30;
        bytes[1] = (uint8_t)len;
        len += 2;
    }
    return strict_der_check(bytes, len);
}

static void test_the_depth_has_a_limit(void **state) {
    (void)state;
    assert_true(is_strict_nested(STRICT_DER_DEPTH_MAX));
    assert_false(is_strict_nested(STRICT_DER_DEPTH_MAX + 1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_der_passes),
        cmocka_unit_test(test_what_is_not_der_is_refused),
        cmocka_unit_test(test_the_depth_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
