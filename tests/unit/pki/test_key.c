/* pki/key: kinds of keys as texts, making keys, and their public half as DER. */
#include "unit.h"

#include "pki/key.h"
#include "pki/openssl.h"

static const char *const spec_texts[] = {"rsa:2048", "rsa:3072", "rsa:4096", "ec:p256",
                                         "ec:p384",  "ec:p521",  "ed25519"};

static void test_each_text_names_one_kind_and_comes_back(void **state) {
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(spec_texts); i++) {
        struct err e = {0};
        struct key_spec spec = {0};
        assert_ok(key_spec_parse(spec_texts[i], &spec, &e), &e);
        char text[KEY_SPEC_TEXT];
        key_spec_format(&spec, text);
        assert_string_equal(text, spec_texts[i]);
    }
}

static void test_letters_may_be_of_either_case(void **state) {
    (void)state;
    struct err e = {0};
    struct key_spec spec = {0};
    assert_ok(key_spec_parse("EC:P384", &spec, &e), &e);
    assert_int_equal(spec.family, KEY_EC);
    assert_int_equal(spec.bits, 384);
}

static void test_other_texts_are_no_kind(void **state) {
    (void)state;
    const char *const texts[] = {"",        "rsa",   "rsa:1024", "rsa:2048 ",
                                 "ec:p224", "ed448", "rsa:",     "x"};
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        struct err e = {0};
        struct key_spec spec = {0};
        assert_fails(key_spec_parse(texts[i], &spec, &e), &e, ERR_PKI_KEY_SPEC);
        assert_string_not_equal(e.hint, "");
    }
}

static void test_people_read_the_usual_names(void **state) {
    (void)state;
    char text[KEY_SPEC_TEXT];
    key_spec_describe(&(struct key_spec){KEY_EC, 256}, text);
    assert_string_equal(text, "ECDSA P-256");
    key_spec_describe(&(struct key_spec){KEY_RSA, 1024}, text);
    assert_string_equal(text, "RSA 1024");
    key_spec_describe(&(struct key_spec){KEY_EC, 0}, text);
    assert_string_equal(text, "other");
    key_spec_format(&(struct key_spec){KEY_RSA, 16384}, text);
    assert_string_equal(text, "rsa:16384");
}

static EVP_PKEY *make_key(const char *text) {
    struct err e = {0};
    struct key_spec spec = {0};
    EVP_PKEY *key = NULL;
    assert_ok(key_spec_parse(text, &spec, &e), &e);
    assert_ok(key_generate(&spec, &key, &e), &e);
    return key;
}

static void test_a_made_key_is_of_the_kind_asked_for(void **state) {
    (void)state;
    const char *const texts[] = {"rsa:2048", "ec:p256", "ec:p384", "ec:p521", "ed25519"};
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        PL_AUTO(evp_pkey_freep) EVP_PKEY *key = make_key(texts[i]);
        struct key_spec spec = key_spec_of(key);
        char text[KEY_SPEC_TEXT];
        key_spec_format(&spec, text);
        assert_string_equal(text, texts[i]);
    }
}

static void test_kinds_that_cannot_be_asked_for_are_not_made(void **state) {
    (void)state;
    const struct key_spec specs[] = {
        {KEY_RSA, 1024}, {KEY_RSA, 2047}, {KEY_EC, 224}, {KEY_OTHER, 0}};
    for (size_t i = 0; i < PL_ARRAY_LEN(specs); i++) {
        struct err e = {0};
        EVP_PKEY *key = NULL;
        assert_fails(key_generate(&specs[i], &key, &e), &e, ERR_PKI_KEY_GENERATE);
        assert_null(key);
    }
}

static void test_foreign_kinds_are_other(void **state) {
    (void)state;
    PL_AUTO(evp_pkey_freep) EVP_PKEY *x25519 = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    PL_AUTO(evp_pkey_freep) EVP_PKEY *koblitz = EVP_EC_gen("secp256k1");
    assert_int_equal(key_spec_of(x25519).family, KEY_OTHER);
    assert_int_equal(key_spec_of(koblitz).family, KEY_EC);
    assert_int_equal(key_spec_of(koblitz).bits, 0);
}

static void test_the_public_half_comes_back_from_its_der(void **state) {
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(spec_texts); i++) {
        if (i == 1 || i == 2) {
            continue; /* large RSA keys take seconds to make and add nothing here */
        }
        struct err e = {0};
        PL_AUTO(evp_pkey_freep) EVP_PKEY *key = make_key(spec_texts[i]);
        PL_AUTO(evp_pkey_freep) EVP_PKEY *back = NULL;
        PL_AUTO(buf_clear) struct buf der;
        buf_init(&der, KEY_DER_MAX);
        assert_ok(key_append_spki(key, &der, &e), &e);
        assert_ok(key_from_spki(der.data, der.len, &back, &e), &e);
        assert_int_equal(EVP_PKEY_eq(key, back), 1);
    }
}

static void test_a_public_key_fills_its_bytes(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = make_key("ed25519");
    PL_AUTO(evp_pkey_freep) EVP_PKEY *back = NULL;
    PL_AUTO(buf_clear) struct buf der;
    buf_init(&der, KEY_DER_MAX);
    assert_ok(key_append_spki(key, &der, &e), &e);
    for (size_t len = 0; len < der.len; len++) {
        assert_fails(key_from_spki(der.data, len, &back, &e), &e, ERR_PKI_KEY_INVALID);
    }
    assert_ok(buf_append_byte(&der, 0, &e), &e);
    assert_fails(key_from_spki(der.data, der.len, &back, &e), &e, ERR_PKI_KEY_INVALID);
    assert_null(back);
}

static void test_the_hash_is_that_of_the_der(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = make_key("ec:p256");
    PL_AUTO(buf_clear) struct buf der;
    buf_init(&der, KEY_DER_MAX);
    assert_ok(key_append_spki(key, &der, &e), &e);
    uint8_t expected[32];
    uint8_t got[KEY_SPKI_SHA256_LEN];
    assert_ok(sha256(der.data, der.len, expected, &e), &e);
    assert_ok(key_spki_sha256(key, got, &e), &e);
    assert_memory_equal(got, expected, sizeof(expected));
    assert_survives_oom(key_spki_sha256(key, got, &e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_text_names_one_kind_and_comes_back),
        cmocka_unit_test(test_letters_may_be_of_either_case),
        cmocka_unit_test(test_other_texts_are_no_kind),
        cmocka_unit_test(test_people_read_the_usual_names),
        cmocka_unit_test(test_a_made_key_is_of_the_kind_asked_for),
        cmocka_unit_test(test_kinds_that_cannot_be_asked_for_are_not_made),
        cmocka_unit_test(test_foreign_kinds_are_other),
        cmocka_unit_test(test_the_public_half_comes_back_from_its_der),
        cmocka_unit_test(test_a_public_key_fills_its_bytes),
        cmocka_unit_test(test_the_hash_is_that_of_the_der),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
