/* tls/certificates: kept while used, dropped when others come, intermediates parsed once. */
#include "tls_fixture.h"

#include "tls/certificates.h"
#include "snapshot_fixture.h"

enum { COUNT = 4, CHAIN = COUNT };

struct world {
    OSSL_LIB_CTX *library;
    struct remote_keys *keys;
    struct fixture_signer signer;
    struct snapshot *snapshot;
};

static struct snapshot *build(struct world *w, size_t chain_len) {
    struct err e = {0};
    struct snapshot_builder *b = NULL;
    assert_ok(snapshot_builder_new(1, &b, &e), &e);
    const struct fixture_key *ca = w->signer.keys[CHAIN];
    const struct snapshot_der chain = {ca->der, (uint32_t)chain_len};
    for (uint32_t i = 0; i < COUNT; i++) {
        const struct fixture_key *key = w->signer.keys[i];
        uint32_t index = 0;
        struct snapshot_certificate_wish wish = {.leaf = key->der,
                                                 .leaf_len = key->der_len,
                                                 .chain = &chain,
                                                 .chain_count = 1,
                                                 .family = KEY_EC,
                                                 .key = key->handle};
        assert_ok(snapshot_builder_add_certificate(b, &wish, &index, &e), &e);
    }
    return fixture_finish(b);
}

static int set_up(void **state) {
    struct err e = {0};
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    w->library = OSSL_LIB_CTX_new();
    const struct remote_signer signer = {.sign = fixture_sign, .ctx = &w->signer};
    assert_ok(remote_keys_new(w->library, &signer, &w->keys, &e), &e);
    for (uint32_t i = 0; i <= CHAIN; i++) {
        w->signer.keys[i] = fixture_key_new("ec:p256", "localhost", i);
    }
    w->snapshot = build(w, w->signer.keys[CHAIN]->der_len);
    *state = w;
    return 0;
}

static int tear_down(void **state) {
    struct world *w = *state;
    snapshot_free(w->snapshot);
    for (uint32_t i = 0; i <= CHAIN; i++) {
        fixture_key_free(w->signer.keys[i]);
    }
    remote_keys_free(w->keys);
    OSSL_LIB_CTX_free(w->library);
    free(w);
    return 0;
}

static struct certificates *new_cache(struct world *w, size_t max) {
    struct err e = {0};
    struct certificates *cache = NULL;
    assert_ok(certificates_new(w->library, w->keys, max, &cache, &e), &e);
    return cache;
}

static struct certificates_entry get(struct certificates *cache, const struct snapshot *snapshot,
                                     uint32_t index) {
    struct err e = {0};
    struct certificates_entry entry = {0};
    struct snapshot_certificate certificate = snapshot_certificate_at(snapshot, index);
    assert_ok(certificates_get(cache, snapshot, &certificate, &entry, &e), &e);
    return entry;
}

static void test_the_least_recently_used_goes_first(void **state) {
    struct world *w = *state;
    PL_AUTO(certificates_freep) struct certificates *cache = new_cache(w, 2);
    X509 *zero = get(cache, w->snapshot, 0).leaf;
    X509 *one = get(cache, w->snapshot, 1).leaf;
    (void)X509_up_ref(zero); /* so that its address is not used again */
    (void)X509_up_ref(one);
    assert_ptr_equal(get(cache, w->snapshot, 0).leaf, zero);
    (void)get(cache, w->snapshot, 2);
    assert_int_equal(certificates_count(cache), 2);
    assert_ptr_equal(get(cache, w->snapshot, 0).leaf, zero);
    assert_ptr_not_equal(get(cache, w->snapshot, 1).leaf, one);
    X509_free(zero);
    X509_free(one);
}

static void test_the_next_snapshot_finds_what_is_parsed(void **state) {
    struct world *w = *state;
    PL_AUTO(certificates_freep) struct certificates *cache = new_cache(w, 10);
    PL_AUTO(snapshot_freep) struct snapshot *next = build(w, w->signer.keys[CHAIN]->der_len);
    X509 *leaf = get(cache, w->snapshot, 3).leaf;
    assert_ptr_equal(get(cache, next, 3).leaf, leaf);
    assert_int_equal(certificates_count(cache), 1);
}

static void test_an_intermediate_is_parsed_once(void **state) {
    struct world *w = *state;
    PL_AUTO(certificates_freep) struct certificates *cache = new_cache(w, 2);
    struct certificates_entry zero = get(cache, w->snapshot, 0);
    struct certificates_entry one = get(cache, w->snapshot, 1);
    assert_int_equal(sk_X509_num(zero.chain), 1);
    assert_ptr_equal(sk_X509_value(zero.chain, 0), sk_X509_value(one.chain, 0));
    for (uint32_t i = 0; i < 20; i++) {
        (void)get(cache, w->snapshot, i % COUNT);
    }
}

static void test_a_broken_chain_is_remembered_as_broken(void **state) {
    struct world *w = *state;
    PL_AUTO(certificates_freep) struct certificates *cache = new_cache(w, 10);
    PL_AUTO(snapshot_freep) struct snapshot *broken = build(w, w->signer.keys[CHAIN]->der_len - 1);
    for (int i = 0; i < 2; i++) {
        struct err e = {0};
        struct certificates_entry entry;
        struct snapshot_certificate certificate = snapshot_certificate_at(broken, 0);
        assert_fails(certificates_get(cache, broken, &certificate, &entry, &e), &e,
                     ERR_TLS_CERTIFICATE_BROKEN);
        assert_string_equal(e.step[1], "its chain is broken");
        assert_int_equal(certificates_count(cache), 1);
    }
    (void)get(cache, w->snapshot, 0); /* the whole one is another */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_least_recently_used_goes_first),
        cmocka_unit_test(test_the_next_snapshot_finds_what_is_parsed),
        cmocka_unit_test(test_an_intermediate_is_parsed_once),
        cmocka_unit_test(test_a_broken_chain_is_remembered_as_broken),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
