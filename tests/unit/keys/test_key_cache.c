/* keys/key_cache: the keys used last stay, and only exactly what was sealed is found. */
#include "unit.h"

#include "keys/key_cache.h"
#include "pki/openssl.h"

static struct id id_of(uint8_t number) {
    return (struct id){{number}};
}

static struct buf fields_of(const char *text) {
    struct err e = {0};
    struct buf fields;
    buf_init(&fields, 64);
    assert_ok(buf_append_string(&fields, text, &e), &e);
    return fields;
}

static const uint8_t blob[] = {1, 2, 3};

static bool put(struct key_cache *cache, uint8_t number, struct cached_key **out_key,
                struct err *e) {
    struct id id = id_of(number);
    PL_AUTO(buf_clear) struct buf fields = fields_of("fields");
    return key_cache_put(cache, &id, &fields, blob, sizeof(blob),
                         EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), out_key, e);
}

static struct cached_key *get(struct key_cache *cache, uint8_t number) {
    struct id id = id_of(number);
    PL_AUTO(buf_clear) struct buf fields = fields_of("fields");
    return key_cache_get(cache, &id, &fields, blob, sizeof(blob));
}

static void test_the_key_not_used_for_longest_goes(void **state) {
    (void)state;
    struct err e = {0};
    struct key_cache *cache = NULL;
    struct cached_key *key = NULL;
    assert_ok(key_cache_new(3, &cache, &e), &e);
    for (uint8_t i = 1; i <= 3; i++) {
        assert_ok(put(cache, i, &key, &e), &e);
        assert_int_equal(key->spec.family, KEY_ED25519);
    }
    assert_non_null(get(cache, 1)); /* now 2 is the oldest */
    assert_ok(put(cache, 4, &key, &e), &e);
    assert_int_equal(key_cache_count(cache), 3);
    assert_null(get(cache, 2));
    assert_non_null(get(cache, 1));
    assert_non_null(get(cache, 3));
    assert_non_null(get(cache, 4));
    key_cache_free(cache);
}

static void test_a_key_is_found_by_all_of_its_bytes(void **state) {
    (void)state;
    struct err e = {0};
    struct key_cache *cache = NULL;
    struct cached_key *key = NULL;
    struct id id = id_of(1);
    const uint8_t other_blob[] = {1, 2, 4};
    PL_AUTO(buf_clear) struct buf fields = fields_of("fields");
    PL_AUTO(buf_clear) struct buf others = fields_of("fieldz");
    PL_AUTO(buf_clear) struct buf shorter = fields_of("field");
    assert_ok(key_cache_new(1, &cache, &e), &e);
    assert_ok(put(cache, 1, &key, &e), &e);
    assert_ptr_equal(key_cache_get(cache, &id, &fields, blob, sizeof(blob)), key);
    assert_null(key_cache_get(cache, &id, &others, blob, sizeof(blob)));
    assert_null(key_cache_get(cache, &id, &fields, other_blob, sizeof(other_blob)));
    assert_null(key_cache_get(cache, &id, &fields, blob, sizeof(blob) - 1));
    assert_null(key_cache_get(cache, &id, &shorter, (const uint8_t *)"s\1\2\3", 4));
    assert_null(get(cache, 2));
    key_cache_free(cache);
}

static void test_a_key_put_again_takes_the_place(void **state) {
    (void)state;
    struct err e = {0};
    struct key_cache *cache = NULL;
    struct cached_key *key = NULL;
    assert_ok(key_cache_new(2, &cache, &e), &e);
    assert_ok(put(cache, 1, &key, &e), &e);
    assert_ok(put(cache, 1, &key, &e), &e);
    assert_int_equal(key_cache_count(cache), 1);
    assert_ptr_equal(get(cache, 1), key);
    key_cache_free(cache);
    key_cache_free(NULL);
}

static bool fill(const struct buf *fields, struct err *e) {
    struct key_cache *cache = NULL;
    struct cached_key *key = NULL;
    struct id first = id_of(1);
    struct id second = id_of(2);
    bool ok = key_cache_new(1, &cache, e) &&
              key_cache_put(cache, &first, fields, blob, sizeof(blob),
                            EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), &key, e) &&
              key_cache_put(cache, &second, fields, blob, sizeof(blob),
                            EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), &key, e);
    key_cache_free(cache);
    return ok;
}

static void test_no_memory_is_told(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf fields = fields_of("fields");
    assert_survives_oom(fill(&fields, &e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_key_not_used_for_longest_goes),
        cmocka_unit_test(test_a_key_is_found_by_all_of_its_bytes),
        cmocka_unit_test(test_a_key_put_again_takes_the_place),
        cmocka_unit_test(test_no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
