/* pki/key_strength: weak keys of tests/data/key (make_weak.py says how each was made) are refused.
 */
#include "unit.h"

#include "pki/key.h"
#include "pki/openssl.h"
#include "sys/file.h"

#include <openssl/pem.h>

static EVP_PKEY *read_key(const char *name) {
    struct err e = {0};
    PL_AUTO(mem_freep) char *path = NULL;
    PL_AUTO(buf_clear) struct buf pem;
    buf_init(&pem, 64 * 1024);
    assert_ok(mem_printf(&path, &e, "%s/key/%s.pem", PL_TEST_DATA, name), &e);
    assert_ok(file_read(path, &pem, &e), &e);
    PL_AUTO(bio_freep) BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    assert_non_null(key);
    return key;
}

static void assert_key_passes(const char *name) {
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = read_key(name);
    if (!key_strength_check(key, &e)) {
        fail_msg("%s: %s", name, e.step[0]);
    }
}

static void assert_key_refused(const char *name, enum err_code code) {
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = read_key(name);
    if (key_strength_check(key, &e) || e.code != code) {
        fail_msg("%s: expected %s, got %s", name, err_code_text(code), err_code_text(e.code));
    }
}

static void test_each_kind_we_make_passes(void **state) {
    (void)state;
    const struct key_spec specs[] = {
        {KEY_RSA, 2048}, {KEY_EC, 256}, {KEY_EC, 384}, {KEY_EC, 521}, {KEY_ED25519, 256}};
    for (size_t i = 0; i < PL_ARRAY_LEN(specs); i++) {
        struct err e = {0};
        PL_AUTO(evp_pkey_freep) EVP_PKEY *key = NULL;
        assert_ok(key_generate(&specs[i], &key, &e), &e);
        assert_ok(key_strength_check(key, &e), &e);
    }
}

static void test_rsa_size_has_two_ends_and_whole_bytes(void **state) {
    (void)state;
    assert_key_refused("rsa_2040", ERR_PKI_KEY_WEAK_SIZE);
    assert_key_refused("rsa_2047", ERR_PKI_KEY_WEAK_SIZE);
    assert_key_passes("rsa_good");
    assert_key_refused("rsa_2052", ERR_PKI_KEY_WEAK_SIZE);
    assert_key_passes("rsa_2056");
    assert_key_passes("rsa_8192");
    assert_key_refused("rsa_8200", ERR_PKI_KEY_WEAK_SIZE);
}

static void test_rsa_exponent_is_odd_and_bounded(void **state) {
    (void)state;
    assert_key_refused("rsa_exponent_1", ERR_PKI_KEY_WEAK_EXPONENT);
    assert_key_passes("rsa_exponent_3");
    assert_key_refused("rsa_exponent_4", ERR_PKI_KEY_WEAK_EXPONENT);
    assert_key_passes("rsa_exponent_256_bits");
    assert_key_refused("rsa_exponent_257_bits", ERR_PKI_KEY_WEAK_EXPONENT);
}

static void test_factors_up_to_751_are_found(void **state) {
    (void)state;
    assert_key_refused("rsa_even", ERR_PKI_KEY_WEAK_FACTOR);
    assert_key_refused("rsa_factor_3", ERR_PKI_KEY_WEAK_FACTOR);
    assert_key_refused("rsa_factor_751", ERR_PKI_KEY_WEAK_FACTOR);
    assert_key_passes("rsa_factor_757");
}

static void test_a_prime_and_its_powers_are_no_modulus(void **state) {
    (void)state;
    assert_key_refused("rsa_prime", ERR_PKI_KEY_WEAK_FACTOR);
    assert_key_refused("rsa_cube", ERR_PKI_KEY_WEAK_FACTOR);
    assert_key_refused("rsa_square", ERR_PKI_KEY_WEAK_CLOSE_PRIMES);
}

static void test_close_primes_are_found_in_a_hundred_rounds(void **state) {
    (void)state;
    assert_key_refused("rsa_close", ERR_PKI_KEY_WEAK_CLOSE_PRIMES);
    assert_key_refused("rsa_fermat_100", ERR_PKI_KEY_WEAK_CLOSE_PRIMES);
    assert_key_passes("rsa_fermat_101");
}

static void test_roca_needs_both_primes_of_the_form(void **state) {
    (void)state;
    assert_key_refused("rsa_roca", ERR_PKI_KEY_WEAK_ROCA);
    assert_key_passes("rsa_half_roca");
}

static void test_keys_printed_in_standards_are_refused(void **state) {
    (void)state;
    assert_key_refused("ec_rfc9500", ERR_PKI_KEY_WEAK_KNOWN);
    assert_key_refused("rsa_rfc9500", ERR_PKI_KEY_WEAK_KNOWN);
}

static void test_only_the_three_named_curves_pass(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *koblitz = EVP_EC_gen("secp256k1");
    PL_AUTO(evp_pkey_freep) EVP_PKEY *small = EVP_EC_gen("P-224");
    assert_fails(key_strength_check(koblitz, &e), &e, ERR_PKI_KEY_CURVE);
    assert_fails(key_strength_check(small, &e), &e, ERR_PKI_KEY_CURVE);
    assert_key_refused("ec_explicit", ERR_PKI_KEY_CURVE);
}

static void test_other_families_are_refused(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *x25519 = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    assert_fails(key_strength_check(x25519, &e), &e, ERR_PKI_KEY_FAMILY);
    assert_key_refused("rsa_pss", ERR_PKI_KEY_FAMILY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind_we_make_passes),
        cmocka_unit_test(test_rsa_size_has_two_ends_and_whole_bytes),
        cmocka_unit_test(test_rsa_exponent_is_odd_and_bounded),
        cmocka_unit_test(test_factors_up_to_751_are_found),
        cmocka_unit_test(test_a_prime_and_its_powers_are_no_modulus),
        cmocka_unit_test(test_close_primes_are_found_in_a_hundred_rounds),
        cmocka_unit_test(test_roca_needs_both_primes_of_the_form),
        cmocka_unit_test(test_keys_printed_in_standards_are_refused),
        cmocka_unit_test(test_only_the_three_named_curves_pass),
        cmocka_unit_test(test_other_families_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
