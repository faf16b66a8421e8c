/* keys/key_table: sealed keys found in shared memory, across generations. */
#include "make_keys.h"
#include "unit.h"

#include "keys/key_table.h"

enum { KEYS = 40 };

static struct made_keys ring;
static struct sealed_key keys[KEYS];

static void share(struct key_table *table, const struct key_list *list, uint64_t generation,
                  uint32_t first) {
    struct err e = {0};
    for (uint32_t i = first; i < list->count; i++) {
        assert_ok(key_table_map(table, generation, i, list->segments[i]->fd, &e), &e);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        assert_ok(key_table_grow(table, generation, i, list->segments[i]->used, &e), &e);
    }
}

static bool has(const struct key_table *table, const struct sealed_key *key) {
    struct err e = {0};
    PL_AUTO(sealed_key_clear) struct sealed_key found = {0};
    if (!key_table_find(table, &key->id, &found, &e)) {
        assert_int_equal(e.code, ERR_PKI_KEY_MISSING);
        return false;
    }
    assert_int_equal(found.blob_len, key->blob_len);
    assert_memory_equal(found.blob, key->blob, key->blob_len);
    assert_int_equal(found.purpose, key->purpose);
    return true;
}

static void test_keys_are_found_as_they_are_added(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(key_table_freep) struct key_table *table = NULL;
    PL_AUTO(key_list_clear) struct key_list list = {0};
    assert_ok(key_table_new(&table, &e), &e);
    uint32_t shared = 0;
    for (size_t i = 0; i < KEYS; i++) {
        assert_false(has(table, &keys[i]));
        assert_ok(key_list_add(&list, &keys[i], &e), &e);
        share(table, &list, 7, shared);
        shared = (uint32_t)list.count;
        assert_true(has(table, &keys[i]));
    }
    assert_true(has(table, &keys[0]));
    assert_int_equal(key_table_count(table), KEYS);
}

static void test_the_generation_before_is_kept_and_older_ones_go(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(key_table_freep) struct key_table *table = NULL;
    assert_ok(key_table_new(&table, &e), &e);
    for (size_t i = 0; i < 3; i++) {
        PL_AUTO(key_list_clear) struct key_list list = {0};
        assert_ok(key_list_add(&list, &keys[i], &e), &e);
        share(table, &list, 100 + i, 0);
    }
    assert_false(has(table, &keys[0]));
    assert_true(has(table, &keys[1]));
    assert_true(has(table, &keys[2]));
}

static void test_what_is_out_of_order_is_refused(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(key_table_freep) struct key_table *table = NULL;
    PL_AUTO(key_list_clear) struct key_list list = {0};
    assert_ok(key_table_new(&table, &e), &e);
    assert_ok(key_list_add(&list, &keys[0], &e), &e);
    const struct segment *segment = list.segments[0];
    assert_fails(key_table_grow(table, 1, 0, 8, &e), &e, ERR_IPC_MALFORMED);
    assert_fails(key_table_map(table, 1, 1, segment->fd, &e), &e, ERR_IPC_MALFORMED);
    assert_ok(key_table_map(table, 1, 0, segment->fd, &e), &e);
    assert_fails(key_table_map(table, 1, 0, segment->fd, &e), &e, ERR_IPC_MALFORMED);
    assert_fails(key_table_grow(table, 1, 0, segment->size + 1, &e), &e, ERR_IPC_MALFORMED);
    assert_fails(key_table_grow(table, 1, 0, segment->used - 1, &e), &e, ERR_IPC_MALFORMED);
    assert_fails(key_table_grow(table, 2, 0, segment->used, &e), &e, ERR_IPC_MALFORMED);
    assert_ok(key_table_grow(table, 1, 0, segment->used, &e), &e);
    assert_fails(key_table_grow(table, 1, 0, 4, &e), &e, ERR_IPC_MALFORMED);
}

static void test_any_changed_byte_is_survived(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(key_list_clear) struct key_list list = {0};
    assert_ok(key_list_add(&list, &keys[0], &e), &e);
    struct segment *segment = list.segments[0];
    for (size_t i = 0; i < segment->used; i++) {
        PL_AUTO(key_table_freep) struct key_table *table = NULL;
        PL_AUTO(sealed_key_clear) struct sealed_key found = {0};
        struct err ignored = {0};
        assert_ok(key_table_new(&table, &e), &e);
        segment->bytes[i] ^= 0xFF;
        assert_ok(key_table_map(table, 1, 0, segment->fd, &e), &e);
        if (key_table_grow(table, 1, 0, segment->used, &ignored)) {
            (void)!key_table_find(table, &keys[0].id, &found, &ignored);
        }
        segment->bytes[i] ^= 0xFF;
    }
}

static bool add_and_find(struct err *e) {
    PL_AUTO(key_table_freep) struct key_table *table = NULL;
    PL_AUTO(key_list_clear) struct key_list list = {0};
    PL_AUTO(sealed_key_clear) struct sealed_key found = {0};
    return key_table_new(&table, e) && key_list_add(&list, &keys[0], e) &&
           key_table_map(table, 1, 0, list.segments[0]->fd, e) &&
           key_table_grow(table, 1, 0, list.segments[0]->used, e) &&
           key_table_find(table, &keys[0].id, &found, e);
}

static void test_no_memory_is_told(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(add_and_find(&e), &e);
}

static int set_up(void **state) {
    (void)state;
    ring = make_keys();
    for (size_t i = 0; i < KEYS; i++) {
        keys[i] =
            make_sealed(ring.keys, i % 2 == 0 ? "ec:p256" : "ed25519", KEY_PURPOSE_TLS_SERVER);
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    for (size_t i = 0; i < KEYS; i++) {
        sealed_key_clear(&keys[i]);
    }
    made_keys_clear(&ring);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_are_found_as_they_are_added),
        cmocka_unit_test(test_the_generation_before_is_kept_and_older_ones_go),
        cmocka_unit_test(test_what_is_out_of_order_is_refused),
        cmocka_unit_test(test_any_changed_byte_is_survived),
        cmocka_unit_test(test_no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
