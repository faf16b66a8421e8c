/* base/list: a growing array of strings with a hard maximum. */
#include "unit.h"

#include "base/list.h"

#include <stdio.h>

static void test_items_are_copies_in_order(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(list_clear) struct list l;
    list_init(&l, 1000);
    char text[12];
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(text, sizeof(text), "%d", i);
        assert_ok(list_add(&l, text, &e), &e);
    }
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(text, sizeof(text), "%d", i);
        assert_string_equal(l.items[i], text);
    }
}

static void test_the_maximum_holds(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(list_clear) struct list l;
    list_init(&l, 2);
    assert_ok(list_add(&l, "a", &e), &e);
    assert_ok(list_printf(&l, &e, "%s%d", "b", 1), &e);
    assert_fails(list_add(&l, "c", &e), &e, ERR_BASE_LIMIT);
    assert_fails(list_printf(&l, &e, "c"), &e, ERR_BASE_LIMIT);
    assert_fails(list_add_new(&l, "c", &e), &e, ERR_BASE_LIMIT);
    assert_ok(list_add_new(&l, "B1", &e), &e);
    assert_int_equal(l.count, 2);
    list_clear(&l);
    assert_ok(list_add(&l, "again", &e), &e);
    struct list zeroed = {0};
    assert_fails(list_add(&zeroed, "a", &e), &e, ERR_BASE_LIMIT);
    list_clear(&zeroed);
}

static void test_a_printed_text_is_whole_or_refused(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(list_clear) struct list l;
    list_init(&l, 2);
    assert_ok(list_printf(&l, &e, "%065536d", 1), &e);
    assert_int_equal(strlen(l.items[0]), 65536);
    assert_fails(list_printf(&l, &e, "%065537d", 1), &e, ERR_BASE_LIMIT);
    assert_int_equal(l.count, 1);
}

static void test_equal_names_are_added_once(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(list_clear) struct list l;
    list_init(&l, 10);
    assert_ok(list_add_new(&l, "www.Example.com", &e), &e);
    assert_ok(list_add_new(&l, "WWW.example.COM", &e), &e);
    assert_ok(list_add_new(&l, "example.com", &e), &e);
    assert_int_equal(l.count, 2);
    assert_true(list_has(&l, "www.example.com"));
    assert_false(list_has(&l, "www.example.co"));
    assert_false(list_has(&l, ""));
}

static void test_items_are_joined(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(list_clear) struct list l;
    list_init(&l, 3);
    PL_AUTO(mem_freep) char *empty = NULL;
    assert_ok(list_join(&l, ", ", &empty, &e), &e);
    assert_string_equal(empty, "");
    assert_ok(list_add(&l, "a", &e), &e);
    assert_ok(list_add(&l, "", &e), &e);
    assert_ok(list_add(&l, "c", &e), &e);
    PL_AUTO(mem_freep) char *joined = NULL;
    assert_ok(list_join(&l, ", ", &joined, &e), &e);
    assert_string_equal(joined, "a, , c");
}

static void test_an_item_is_removed_from_any_place(void **state) {
    (void)state;
    static const char *const left[] = {"b,c", "a,c", "a,b"};
    for (size_t i = 0; i < PL_ARRAY_LEN(left); i++) {
        struct err e = {0};
        PL_AUTO(list_clear) struct list l;
        list_init(&l, 3);
        assert_ok(list_add(&l, "a", &e) && list_add(&l, "b", &e) && list_add(&l, "c", &e), &e);
        list_remove(&l, i);
        PL_AUTO(mem_freep) char *joined = NULL;
        assert_ok(list_join(&l, ",", &joined, &e), &e);
        assert_string_equal(joined, left[i]);
    }
}

static bool use_all(struct err *e) {
    PL_AUTO(list_clear) struct list l;
    PL_AUTO(mem_freep) char *joined = NULL;
    list_init(&l, 100);
    for (int i = 0; i < 20; i++) {
        if (!list_add(&l, "item", e) || !list_printf(&l, e, "%d", i)) {
            return false;
        }
    }
    return list_join(&l, ",", &joined, e);
}

static void test_every_failed_allocation_is_told(void **state) {
    (void)state;
    struct err e;
    assert_survives_oom(use_all(&e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items_are_copies_in_order),
        cmocka_unit_test(test_the_maximum_holds),
        cmocka_unit_test(test_a_printed_text_is_whole_or_refused),
        cmocka_unit_test(test_equal_names_are_added_once),
        cmocka_unit_test(test_items_are_joined),
        cmocka_unit_test(test_an_item_is_removed_from_any_place),
        cmocka_unit_test(test_every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
