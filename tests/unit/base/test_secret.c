/* base/secret: locked, not dumped, overwritten. */
#include "unit.h"

#include "base/secret.h"

#include <stdio.h>

static void test_a_secret_is_a_terminated_copy(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(secret_clear) struct secret s = {0};
    assert_ok(secret_copy(&s, "pass\0word", 9, &e), &e);
    assert_int_equal(s.len, 9);
    assert_memory_equal(s.bytes, "pass\0word\0", 10);
    assert_string_equal(secret_string(&s), "pass");
}

static void test_a_new_secret_is_zeroed(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(secret_clear) struct secret s;
    assert_ok(secret_init(&s, 5000, &e), &e);
    for (size_t i = 0; i <= 5000; i++) {
        assert_int_equal(s.bytes[i], 0);
    }
}

static void test_the_longest_secret(void **state) {
    (void)state;
    struct err e = {0};
    struct secret s;
    assert_ok(secret_init(&s, SECRET_MAX, &e), &e);
    memset(s.bytes, 1, SECRET_MAX);
    secret_clear(&s);
    assert_fails(secret_init(&s, SECRET_MAX + 1, &e), &e, ERR_BASE_LIMIT);
    assert_null(s.bytes);
    assert_fails(secret_copy(&s, "", SIZE_MAX, &e), &e, ERR_BASE_LIMIT);
}

static void test_an_empty_or_cleared_secret_is_an_empty_string(void **state) {
    (void)state;
    struct err e = {0};
    struct secret s = {0};
    assert_string_equal(secret_string(&s), "");
    secret_clear(&s);
    assert_ok(secret_copy(&s, NULL, 0, &e), &e);
    assert_string_equal(secret_string(&s), "");
    secret_clear(&s);
    secret_clear(&s);
    assert_null(s.bytes);
    assert_int_equal(s.len, 0);
}

static void test_cutting_overwrites_the_rest(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(secret_clear) struct secret s = {0};
    assert_ok(secret_copy(&s, "password", 8, &e), &e);
    secret_cut(&s, 8);
    assert_string_equal(secret_string(&s), "password");
    secret_cut(&s, 4);
    assert_int_equal(s.len, 4);
    assert_memory_equal(s.bytes, "pass\0\0\0\0", 8);
    secret_cut(&s, 0);
    assert_string_equal(secret_string(&s), "");
}

static void test_comparing_looks_at_every_byte(void **state) {
    (void)state;
    uint8_t a[40] = {0};
    uint8_t b[40] = {0};
    assert_true(secret_equal(a, b, sizeof(a)));
    for (size_t i = 0; i < sizeof(a); i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            b[i] = (uint8_t)(1U << bit);
            assert_false(secret_equal(a, b, sizeof(a)));
            assert_true(secret_equal(a, b, i));
        }
        b[i] = 0;
    }
    assert_true(secret_equal(NULL, NULL, 0));
}

static void test_cleansing_overwrites(void **state) {
    (void)state;
    uint8_t bytes[] = "password";
    secret_cleanse(bytes, sizeof(bytes) - 2);
    assert_memory_equal(bytes, "\0\0\0\0\0\0\0d", 9);
    secret_cleanse(NULL, 0);
}

/* The flags of the mapping that holds an address, from /proc/self/smaps. */
static void flags_of(const void *address, char out[256]) {
    FILE *file = fopen("/proc/self/smaps", "re");
    assert_non_null(file);
    char line[512];
    bool is_inside = false;
    out[0] = '\0';
    while (fgets(line, sizeof(line), file) != NULL) {
        uintptr_t first = 0;
        uintptr_t last = 0;
        if (sscanf(line, "%lx-%lx ", &first, &last) == 2) {
            is_inside = (uintptr_t)address >= first && (uintptr_t)address < last;
        } else if (is_inside && strncmp(line, "VmFlags:", 8) == 0) {
            (void)snprintf(out, 256, "%.255s", line + 8);
        }
    }
    (void)fclose(file);
}

static void test_a_secret_is_not_dumped(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(secret_clear) struct secret s = {0};
    char flags[256];
    assert_ok(secret_copy(&s, "x", 1, &e), &e);
    flags_of(s.bytes, flags);
    assert_non_null(strstr(flags, " dd"));
    int other = 0;
    flags_of(&other, flags);
    assert_null(strstr(flags, " dd"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_secret_is_a_terminated_copy),
        cmocka_unit_test(test_a_new_secret_is_zeroed),
        cmocka_unit_test(test_the_longest_secret),
        cmocka_unit_test(test_an_empty_or_cleared_secret_is_an_empty_string),
        cmocka_unit_test(test_cutting_overwrites_the_rest),
        cmocka_unit_test(test_comparing_looks_at_every_byte),
        cmocka_unit_test(test_cleansing_overwrites),
        cmocka_unit_test(test_a_secret_is_not_dumped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
