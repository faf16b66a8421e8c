/* keys/secret_column: secrets open only where they were put. */
#include "make_keys.h"
#include "unit.h"

#include <string.h>

static struct made_keys ring;
static const struct id row = {{1, 2, 3}};
static const struct id other_row = {{1, 2, 4}};

static struct buf seal(const char *text) {
    struct err e = {0};
    PL_AUTO(secret_clear) struct secret value = {0};
    struct buf blob;
    buf_init(&blob, 4096);
    assert_ok(secret_copy(&value, text, strlen(text), &e), &e);
    assert_ok(keys_seal_secret(ring.keys, "tickets", &row, "key", &value, &blob, &e), &e);
    return blob;
}

static bool opens(struct keys *keys, const char *table, const struct id *id, const char *column,
                  const uint8_t *blob, size_t len) {
    struct err e = {0};
    PL_AUTO(secret_clear) struct secret value = {0};
    bool ok = keys_open_secret(keys, table, id, column, blob, len, &value, &e);
    assert_true(ok || e.code == ERR_KEYS_SECRET_BROKEN);
    return ok;
}

static void test_a_secret_comes_back(void **state) {
    (void)state;
    const char *const texts[] = {"hunter2", "", "x"};
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        struct err e = {0};
        PL_AUTO(secret_clear) struct secret value = {0};
        PL_AUTO(buf_clear) struct buf blob = seal(texts[i]);
        assert_ok(
            keys_open_secret(ring.keys, "tickets", &row, "key", blob.data, blob.len, &value, &e),
            &e);
        assert_string_equal(secret_string(&value), texts[i]);
        assert_int_equal(value.len, strlen(texts[i]));
    }
}

static void test_the_same_secret_is_never_sealed_the_same(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf a = seal("hunter2");
    PL_AUTO(buf_clear) struct buf b = seal("hunter2");
    assert_int_equal(a.len, b.len);
    assert_memory_not_equal(a.data, b.data, a.len);
}

static void test_a_secret_that_was_moved_does_not_open(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf blob = seal("hunter2");
    assert_false(opens(ring.keys, "ticket", &row, "key", blob.data, blob.len));
    assert_false(opens(ring.keys, "tickets", &other_row, "key", blob.data, blob.len));
    assert_false(opens(ring.keys, "tickets", &row, "kez", blob.data, blob.len));
    assert_false(opens(ring.keys, "tickets", &row, "", blob.data, blob.len));
    assert_true(opens(ring.keys, "tickets", &row, "key", blob.data, blob.len));
}

static void test_any_flipped_bit_or_cut_is_found(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf blob = seal("hunter2");
    for (size_t bit = 0; bit < blob.len * 8; bit++) {
        blob.data[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        assert_false(opens(ring.keys, "tickets", &row, "key", blob.data, blob.len));
        blob.data[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    for (size_t len = 0; len < blob.len; len++) {
        assert_false(opens(ring.keys, "tickets", &row, "key", blob.data, len));
    }
}

static void test_another_sealing_key_does_not_open_it(void **state) {
    (void)state;
    struct made_keys other = make_keys();
    PL_AUTO(buf_clear) struct buf blob = seal("hunter2");
    assert_false(opens(other.keys, "tickets", &row, "key", blob.data, blob.len));
    made_keys_clear(&other);
}

static bool seal_and_open(struct err *e) {
    PL_AUTO(secret_clear) struct secret value = {0};
    PL_AUTO(secret_clear) struct secret back = {0};
    PL_AUTO(buf_clear) struct buf blob;
    buf_init(&blob, 4096);
    return secret_copy(&value, "hunter2", 7, e) &&
           keys_seal_secret(ring.keys, "tickets", &row, "key", &value, &blob, e) &&
           keys_open_secret(ring.keys, "tickets", &row, "key", blob.data, blob.len, &back, e);
}

static void test_no_memory_is_told(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(seal_and_open(&e), &e);
}

static int set_up(void **state) {
    (void)state;
    ring = make_keys();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    made_keys_clear(&ring);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_secret_comes_back),
        cmocka_unit_test(test_the_same_secret_is_never_sealed_the_same),
        cmocka_unit_test(test_a_secret_that_was_moved_does_not_open),
        cmocka_unit_test(test_any_flipped_bit_or_cut_is_found),
        cmocka_unit_test(test_another_sealing_key_does_not_open_it),
        cmocka_unit_test(test_no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
