/* base/map: the hash map, against a model that is too simple to be wrong. */
#include "unit.h"

#include "base/map.h"

#include <stdio.h>

enum { KEYS = 600, OPERATIONS = 60000 };

static int values[KEYS];

/* One key a number; some share all but their length. */
static size_t key_of(unsigned number, char out[16]) {
    int len =
        number % 2 == 0 ? snprintf(out, 16, "key-%u", number) : snprintf(out, 16, "%08u", number);
    return (size_t)len;
}

static uint32_t next_random(uint32_t *random) {
    *random = *random * 1664525 + 1013904223;
    return *random >> 8;
}

static void assert_same_entries(const struct map *m, void *const model[KEYS]) {
    size_t expected = 0;
    for (unsigned i = 0; i < KEYS; i++) {
        char key[16];
        size_t len = key_of(i, key);
        assert_ptr_equal(map_get(m, key, len), model[i]);
        expected += model[i] != NULL ? 1 : 0;
    }
    assert_int_equal(map_count(m), expected);
    size_t cursor = 0;
    const void *key = NULL;
    size_t key_len = 0;
    void *value = NULL;
    bool seen[KEYS] = {false};
    while (map_next(m, &cursor, &key, &key_len, &value)) {
        size_t number = (size_t)((int *)value - values);
        assert_true(number < KEYS && !seen[number] && model[number] == value);
        seen[number] = true;
        expected--;
    }
    assert_int_equal(expected, 0);
}

static void test_random_operations_agree_with_a_model(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(map_freep) struct map *m = NULL;
    assert_ok(map_new(KEYS, &m, &e), &e);
    void *model[KEYS] = {NULL};
    uint32_t random = 20261123;
    for (unsigned i = 0; i < OPERATIONS; i++) {
        char key[16];
        unsigned number = next_random(&random) % KEYS;
        size_t len = key_of(number, key);
        if (next_random(&random) % 2 == 0) {
            void *old = &e;
            assert_ok(map_set(m, key, len, &values[number], &old, &e), &e);
            assert_ptr_equal(old, model[number]);
            model[number] = &values[number];
        } else {
            assert_ptr_equal(map_remove(m, key, len), model[number]);
            model[number] = NULL;
        }
        if (i % 5000 == 0) {
            assert_same_entries(m, model);
        }
    }
    assert_same_entries(m, model);
}

static void test_the_maximum_counts_keys(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(map_freep) struct map *m = NULL;
    assert_ok(map_new(2, &m, &e), &e);
    assert_ok(map_set(m, "a", 1, &values[0], NULL, &e), &e);
    assert_ok(map_set(m, "b", 1, &values[1], NULL, &e), &e);
    assert_fails(map_set(m, "c", 1, &values[2], NULL, &e), &e, ERR_BASE_LIMIT);
    assert_ok(map_set(m, "a", 1, &values[2], NULL, &e), &e);
    assert_ptr_equal(map_get(m, "a", 1), &values[2]);
    assert_ptr_equal(map_remove(m, "b", 1), &values[1]);
    assert_ok(map_set(m, "c", 1, &values[2], NULL, &e), &e);
    PL_AUTO(map_freep) struct map *none = NULL;
    assert_ok(map_new(0, &none, &e), &e);
    assert_fails(map_set(none, "a", 1, &values[0], NULL, &e), &e, ERR_BASE_LIMIT);
}

static void test_keys_are_bytes(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(map_freep) struct map *m = NULL;
    assert_ok(map_new(10, &m, &e), &e);
    assert_null(map_get(m, "", 0));
    assert_null(map_remove(m, "", 0));
    assert_ok(map_set(m, "", 0, &values[0], NULL, &e), &e);
    assert_ok(map_set(m, "a\0b", 3, &values[1], NULL, &e), &e);
    assert_ok(map_set(m, "a\0c", 3, &values[2], NULL, &e), &e);
    assert_ptr_equal(map_get(m, "", 0), &values[0]);
    assert_ptr_equal(map_get(m, "a\0b", 3), &values[1]);
    assert_ptr_equal(map_get(m, "a\0c", 3), &values[2]);
    assert_null(map_get(m, "a", 1));
    assert_null(map_get(m, "A\0b", 3));
    map_free(NULL);
}

static bool use_all(struct err *e) {
    PL_AUTO(map_freep) struct map *m = NULL;
    if (!map_new(KEYS, &m, e)) {
        return false;
    }
    for (unsigned i = 0; i < 40; i++) {
        char key[16];
        size_t len = key_of(i, key);
        if (!map_set(m, key, len, &values[i], NULL, e)) {
            /* What was there is still there. */
            assert_int_equal(map_count(m), i);
            return false;
        }
    }
    return true;
}

static void test_every_failed_allocation_is_told(void **state) {
    (void)state;
    struct err e;
    assert_survives_oom(use_all(&e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_operations_agree_with_a_model),
        cmocka_unit_test(test_the_maximum_counts_keys),
        cmocka_unit_test(test_keys_are_bytes),
        cmocka_unit_test(test_every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
