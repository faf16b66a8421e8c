/* base/arena: memory of one request. */
#include "unit.h"

#include "base/arena.h"

#include <stdalign.h>

static void test_pieces_are_zeroed_aligned_and_apart(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(arena_clear) struct arena a;
    arena_init(&a, 100000);
    uint8_t *before = NULL;
    size_t before_size = 0;
    for (size_t size = 1; size < 300; size++) {
        void *memory = NULL;
        assert_ok(arena_alloc(&a, size, &memory, &e), &e);
        assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
        const uint8_t *bytes = memory;
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(bytes[i], 0);
        }
        memset(memory, 0xA5, size);
        for (size_t i = 0; i < before_size; i++) {
            assert_int_equal(before[i], 0xA5);
        }
        before = memory;
        before_size = size;
    }
}

static void test_a_piece_may_be_larger_than_a_block(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(arena_clear) struct arena a;
    arena_init(&a, 1000000);
    void *memory = NULL;
    assert_ok(arena_alloc(&a, 4096, &memory, &e), &e);
    memset(memory, 1, 4096);
    assert_ok(arena_alloc(&a, 4097, &memory, &e), &e);
    memset(memory, 1, 4097);
    assert_ok(arena_alloc(&a, 500000, &memory, &e), &e);
    memset(memory, 1, 500000);
}

static void test_the_maximum_holds_to_the_byte(void **state) {
    (void)state;
    struct err e = {0};
    void *memory = NULL;
    PL_AUTO(arena_clear) struct arena a;
    arena_init(&a, 100);
    assert_fails(arena_alloc(&a, 101, &memory, &e), &e, ERR_BASE_LIMIT);
    assert_ok(arena_alloc(&a, 99, &memory, &e), &e);
    assert_fails(arena_alloc(&a, 2, &memory, &e), &e, ERR_BASE_LIMIT);
    assert_fails(arena_alloc(&a, SIZE_MAX, &memory, &e), &e, ERR_BASE_LIMIT);
    assert_ok(arena_alloc(&a, 1, &memory, &e), &e);
    assert_fails(arena_alloc(&a, 1, &memory, &e), &e, ERR_BASE_LIMIT);
}

static void test_a_cleared_arena_is_usable_again(void **state) {
    (void)state;
    struct err e = {0};
    void *memory = NULL;
    PL_AUTO(arena_clear) struct arena a;
    arena_init(&a, 10);
    assert_ok(arena_alloc(&a, 10, &memory, &e), &e);
    arena_clear(&a);
    assert_ok(arena_alloc(&a, 10, &memory, &e), &e);
    arena_clear(&a);
    arena_clear(&a);
}

static void test_a_string_is_a_terminated_copy(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(arena_clear) struct arena a;
    arena_init(&a, 7);
    char *string = NULL;
    assert_ok(arena_string(&a, "abcdef", 3, &string, &e), &e);
    assert_string_equal(string, "abc");
    assert_ok(arena_string(&a, NULL, 0, &string, &e), &e);
    assert_string_equal(string, "");
    assert_fails(arena_string(&a, "de", 2, &string, &e), &e, ERR_BASE_LIMIT);
}

static bool fill(struct err *e) {
    PL_AUTO(arena_clear) struct arena a;
    arena_init(&a, 100000);
    for (size_t i = 0; i < 20; i++) {
        char *string = NULL;
        if (!arena_string(&a, "0123456789", 10, &string, e)) {
            return false;
        }
        void *memory = NULL;
        if (!arena_alloc(&a, 1000, &memory, e)) {
            return false;
        }
    }
    return true;
}

static void test_every_failed_allocation_is_told(void **state) {
    (void)state;
    struct err e;
    assert_survives_oom(fill(&e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(test_a_piece_may_be_larger_than_a_block),
        cmocka_unit_test(test_the_maximum_holds_to_the_byte),
        cmocka_unit_test(test_a_cleared_arena_is_usable_again),
        cmocka_unit_test(test_a_string_is_a_terminated_copy),
        cmocka_unit_test(test_every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
