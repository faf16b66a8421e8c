/* base/mem: the one place that allocates. */
#include "unit.h"

static void test_memory_is_zeroed(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(mem_freep) void *memory = NULL;
    assert_ok(mem_alloc(1000, &memory, &e), &e);
    const uint8_t *bytes = memory;
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(bytes[i], 0);
    }
}

static void test_a_product_that_overflows_is_refused(void **state) {
    (void)state;
    struct err e = {0};
    void *memory = NULL;
    assert_fails(mem_array(SIZE_MAX / 2, 3, &memory, &e), &e, ERR_BASE_OOM);
    assert_fails(mem_array(SIZE_MAX, SIZE_MAX, &memory, &e), &e, ERR_BASE_OOM);
    assert_null(memory);
    assert_ok(mem_array(10, 10, &memory, &e), &e);
    memset(memory, 1, 100);
    mem_free(memory);
    assert_ok(mem_array(0, 10, &memory, &e), &e);
    mem_free(memory);
}

static void test_resizing_keeps_the_content(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(mem_freep) void *memory = NULL;
    assert_ok(mem_resize(&memory, 4, &e), &e);
    memcpy(memory, "abcd", 4);
    assert_ok(mem_resize(&memory, 100000, &e), &e);
    assert_memory_equal(memory, "abcd", 4);
    mem_fail_at(1);
    bool ok = mem_resize(&memory, 200000, &e);
    mem_fail_at(0);
    assert_fails(ok, &e, ERR_BASE_OOM);
    assert_memory_equal(memory, "abcd", 4);
}

static void test_copies_are_terminated(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(mem_freep) void *bytes = NULL;
    assert_ok(mem_dup("a\0bc", 3, &bytes, &e), &e);
    assert_memory_equal(bytes, "a\0b\0", 4);
    PL_AUTO(mem_freep) void *nothing = NULL;
    assert_ok(mem_dup(NULL, 0, &nothing, &e), &e);
    assert_string_equal(nothing, "");
    PL_AUTO(mem_freep) char *string = NULL;
    assert_ok(mem_strdup("text", &string, &e), &e);
    assert_string_equal(string, "text");
    void *none = NULL;
    assert_fails(mem_dup("", SIZE_MAX, &none, &e), &e, ERR_BASE_OOM);
}

static void test_a_printed_text_has_a_limit(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(mem_freep) char *text = NULL;
    assert_ok(mem_printf(&text, &e, "%065536d", 1), &e);
    assert_int_equal(strlen(text), 65536);
    char *longer = NULL;
    assert_fails(mem_printf(&longer, &e, "%065537d", 1), &e, ERR_BASE_LIMIT);
    assert_null(longer);
}

static void test_exactly_the_nth_allocation_fails(void **state) {
    (void)state;
    struct err e = {0};
    for (uint64_t nth = 1; nth <= 3; nth++) {
        mem_fail_at(nth);
        for (uint64_t i = 1; i <= 5; i++) {
            PL_AUTO(mem_freep) void *memory = NULL;
            assert_int_equal(mem_alloc(1, &memory, &e), i != nth);
            assert_int_equal(mem_count(), i);
        }
    }
    mem_fail_at(0);
    assert_int_equal(mem_count(), 0);
}

static void test_hooks_are_counted_and_fail_too(void **state) {
    (void)state;
    mem_fail_at(2);
    void *memory = mem_hook_alloc(10);
    assert_non_null(memory);
    assert_null(mem_hook_resize(memory, 20));
    memory = mem_hook_resize(memory, 20);
    assert_non_null(memory);
    assert_int_equal(mem_count(), 3);
    mem_fail_at(0);
    mem_hook_free(memory);
    mem_free(NULL);
}

static bool use_all(struct err *e) {
    PL_AUTO(mem_freep) void *memory = NULL;
    PL_AUTO(mem_freep) void *array = NULL;
    PL_AUTO(mem_freep) char *copy = NULL;
    PL_AUTO(mem_freep) char *printed = NULL;
    return mem_alloc(1, &memory, e) && mem_array(2, 2, &array, e) && mem_resize(&array, 9, e) &&
           mem_strdup("x", &copy, e) && mem_printf(&printed, e, "%d", 1);
}

static void test_every_failed_allocation_is_told(void **state) {
    (void)state;
    struct err e;
    assert_survives_oom(use_all(&e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed),
        cmocka_unit_test(test_a_product_that_overflows_is_refused),
        cmocka_unit_test(test_resizing_keeps_the_content),
        cmocka_unit_test(test_copies_are_terminated),
        cmocka_unit_test(test_a_printed_text_has_a_limit),
        cmocka_unit_test(test_exactly_the_nth_allocation_fails),
        cmocka_unit_test(test_hooks_are_counted_and_fail_too),
        cmocka_unit_test(test_every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
