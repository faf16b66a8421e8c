/* tls/policy: the table, and the contexts that it makes. */
#include "unit.h"

#include "tls/policy.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

static SSL_CTX *context_of(const struct tls_policy *policy) {
    struct err e = {0};
    SSL_CTX *context = NULL;
    assert_ok(tls_policy_new_context(policy, NULL, &context, &e), &e);
    return context;
}

static void test_intermediate_is_the_default(void **state) {
    (void)state;
    assert_string_equal(tls_policy_default()->name, "intermediate");
    assert_ptr_equal(tls_policy_find("intermediate"), tls_policy_default());
    assert_non_null(tls_policy_find("modern"));
    assert_null(tls_policy_find("Modern"));
    assert_null(tls_policy_find(""));
    assert_null(tls_policy_at(1000));
}

static void test_every_policy_becomes_a_context(void **state) {
    (void)state;
    for (size_t i = 0; tls_policy_at(i) != NULL; i++) {
        const struct tls_policy *policy = tls_policy_at(i);
        SSL_CTX *context = context_of(policy);
        assert_int_equal(SSL_CTX_get_min_proto_version(context), policy->version_min);
        assert_int_equal(SSL_CTX_get_max_proto_version(context), policy->version_max);
        assert_int_equal(SSL_CTX_get_num_tickets(context), 1);
        assert_int_equal(SSL_CTX_get_max_early_data(context), 0);
        assert_int_equal(SSL_CTX_get_session_cache_mode(context), SSL_SESS_CACHE_OFF);
        assert_int_equal(ERR_peek_error(), 0);
        SSL_CTX_free(context);
    }
}

static void test_aes_128_comes_before_aes_256(void **state) {
    (void)state;
    SSL_CTX *context = context_of(tls_policy_default());
    STACK_OF(SSL_CIPHER) *suites = SSL_CTX_get_ciphers(context);
    assert_string_equal(SSL_CIPHER_get_name(sk_SSL_CIPHER_value(suites, 0)),
                        "TLS_AES_128_GCM_SHA256");
    for (int i = 0; i < sk_SSL_CIPHER_num(suites); i++) {
        const SSL_CIPHER *suite = sk_SSL_CIPHER_value(suites, i);
        int exchange = SSL_CIPHER_get_kx_nid(suite);
        assert_true(exchange == NID_kx_any || exchange == NID_kx_ecdhe);
        assert_true(SSL_CIPHER_is_aead(suite));
    }
    SSL_CTX_free(context);
}

static void test_a_group_that_the_library_lacks_is_left_out(void **state) {
    (void)state;
    struct tls_policy policy = *tls_policy_default();
    policy.groups = "?NoSuchGroup:X25519";
    SSL_CTX_free(context_of(&policy));
    struct err e = {0};
    SSL_CTX *context = NULL;
    policy.groups = "?NoSuchGroup";
    assert_fails(tls_policy_new_context(&policy, NULL, &context, &e), &e,
                 ERR_TLS_POLICY_UNSUPPORTED);
    policy.groups = "NoSuchGroup:X25519";
    assert_fails(tls_policy_new_context(&policy, NULL, &context, &e), &e,
                 ERR_TLS_POLICY_UNSUPPORTED);
    policy = *tls_policy_default();
    policy.suites_tls12 = "NO-SUCH-SUITE";
    assert_fails(tls_policy_new_context(&policy, NULL, &context, &e), &e,
                 ERR_TLS_POLICY_UNSUPPORTED);
    assert_null(context);
}

static void test_fingerprint_follows_the_content(void **state) {
    (void)state;
    struct err e = {0};
    uint8_t one[TLS_POLICY_FINGERPRINT_LEN];
    uint8_t two[TLS_POLICY_FINGERPRINT_LEN];
    struct tls_policy policy = *tls_policy_default();
    assert_ok(tls_policy_fingerprint(&policy, one, &e), &e);
    policy.name = "renamed";
    policy.about = "other words";
    assert_ok(tls_policy_fingerprint(&policy, two, &e), &e);
    assert_memory_equal(one, two, sizeof(one));
    policy.suites_tls12 = "ECDHE-ECDSA-AES128-GCM-SHA256";
    assert_ok(tls_policy_fingerprint(&policy, two, &e), &e);
    assert_memory_not_equal(one, two, sizeof(one));
}

static void test_versions_have_names(void **state) {
    (void)state;
    assert_string_equal(tls_version_text(0x0304), "TLS 1.3");
    assert_string_equal(tls_version_text(0x0301), "TLS 1.0");
    assert_string_equal(tls_version_text(0x7f1c), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intermediate_is_the_default),
        cmocka_unit_test(test_every_policy_becomes_a_context),
        cmocka_unit_test(test_aes_128_comes_before_aes_256),
        cmocka_unit_test(test_a_group_that_the_library_lacks_is_left_out),
        cmocka_unit_test(test_fingerprint_follows_the_content),
        cmocka_unit_test(test_versions_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
