/* base/buf: a growing run of bytes with a hard maximum. */
#include "unit.h"

#include "base/buf.h"

static void test_bytes_come_out_as_they_went_in(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf b;
    buf_init(&b, 10000);
    for (unsigned i = 0; i < 10000; i++) {
        assert_ok(buf_append_byte(&b, (uint8_t)(i * 7), &e), &e);
        assert_int_equal(b.data[b.len], 0);
    }
    assert_int_equal(b.len, 10000);
    for (unsigned i = 0; i < 10000; i++) {
        assert_int_equal(b.data[i], (uint8_t)(i * 7));
    }
}

static void test_the_maximum_holds_to_the_byte(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf b;
    buf_init(&b, 5);
    assert_fails(buf_append(&b, "abcdef", 6, &e), &e, ERR_BASE_LIMIT);
    assert_ok(buf_append(&b, "abc", 3, &e), &e);
    assert_fails(buf_append(&b, "def", 3, &e), &e, ERR_BASE_LIMIT);
    assert_string_equal(buf_string(&b), "abc");
    assert_fails(buf_reserve(&b, SIZE_MAX, &e), &e, ERR_BASE_LIMIT);
    assert_ok(buf_append(&b, "de", 2, &e), &e);
    assert_fails(buf_append_byte(&b, 'f', &e), &e, ERR_BASE_LIMIT);
    assert_fails(buf_append_string(&b, "f", &e), &e, ERR_BASE_LIMIT);
    assert_fails(buf_printf(&b, &e, "%d", 1), &e, ERR_BASE_LIMIT);
    assert_ok(buf_append(&b, NULL, 0, &e), &e);
    assert_string_equal(buf_string(&b), "abcde");
}

static void test_a_maximum_of_zero_holds_nothing(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf b;
    buf_init(&b, 0);
    assert_fails(buf_append_byte(&b, 'a', &e), &e, ERR_BASE_LIMIT);
    assert_string_equal(buf_string(&b), "");
}

static void test_printf_appends(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf b;
    buf_init(&b, 11);
    assert_ok(buf_append_string(&b, "a=", &e), &e);
    assert_ok(buf_printf(&b, &e, "%d;%s", 42, "text!!"), &e);
    assert_string_equal(buf_string(&b), "a=42;text!!");
}

static void test_consuming_keeps_the_rest(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf b;
    buf_init(&b, 100);
    buf_consume(&b, 0);
    assert_ok(buf_append_string(&b, "0123456789", &e), &e);
    buf_consume(&b, 3);
    assert_string_equal(buf_string(&b), "3456789");
    buf_consume(&b, 7);
    assert_string_equal(buf_string(&b), "");
    assert_int_equal(b.len, 0);
}

static void test_reset_empties_and_clear_frees(void **state) {
    (void)state;
    struct err e = {0};
    struct buf b;
    buf_init(&b, 100);
    buf_reset(&b);
    assert_ok(buf_append_string(&b, "abc", &e), &e);
    buf_reset(&b);
    assert_int_equal(b.len, 0);
    assert_non_null(b.data);
    assert_string_equal(buf_string(&b), "");
    buf_clear(&b);
    assert_null(b.data);
    assert_int_equal(b.max, 100);
    assert_ok(buf_append_string(&b, "again", &e), &e);
    buf_cleanse(&b);
    assert_null(b.data);
    buf_cleanse(&b);
    struct buf zeroed = {0};
    buf_clear(&zeroed);
}

static void test_the_string_is_taken_out(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf b;
    buf_init(&b, 3);
    PL_AUTO(mem_freep) char *empty = NULL;
    assert_ok(buf_take_string(&b, &empty, &e), &e);
    assert_string_equal(empty, "");
    assert_ok(buf_append_string(&b, "abc", &e), &e);
    PL_AUTO(mem_freep) char *string = NULL;
    assert_ok(buf_take_string(&b, &string, &e), &e);
    assert_string_equal(string, "abc");
    assert_int_equal(b.len, 0);
    assert_null(b.data);
}

static bool use_all(struct err *e) {
    PL_AUTO(buf_clear) struct buf b;
    buf_init(&b, 1000);
    PL_AUTO(mem_freep) char *string = NULL;
    return buf_append_string(&b, "0123456789", e) && buf_printf(&b, e, "%0100d", 1) &&
           buf_take_string(&b, &string, e);
}

static void test_every_failed_allocation_is_told(void **state) {
    (void)state;
    struct err e;
    assert_survives_oom(use_all(&e), &e);
}

static void test_a_failed_allocation_leaves_the_content(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf b;
    buf_init(&b, 1000);
    assert_ok(buf_append_string(&b, "kept", &e), &e);
    mem_fail_at(1);
    bool ok = buf_printf(&b, &e, "%0200d", 1);
    mem_fail_at(0);
    assert_fails(ok, &e, ERR_BASE_OOM);
    assert_string_equal(buf_string(&b), "kept");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_come_out_as_they_went_in),
        cmocka_unit_test(test_the_maximum_holds_to_the_byte),
        cmocka_unit_test(test_a_maximum_of_zero_holds_nothing),
        cmocka_unit_test(test_printf_appends),
        cmocka_unit_test(test_consuming_keeps_the_rest),
        cmocka_unit_test(test_reset_empties_and_clear_frees),
        cmocka_unit_test(test_the_string_is_taken_out),
        cmocka_unit_test(test_every_failed_allocation_is_told),
        cmocka_unit_test(test_a_failed_allocation_leaves_the_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
