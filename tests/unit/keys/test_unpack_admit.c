/* keys/unpack_admit: what a foreign file's encryption may cost, read before it is paid. */
#include "unit.h"

#include "keys/unpack_context.h"
#include "pki/openssl.h"

/* The answer to a PBES2 with so many iterations, after so many others. */
static enum err_code admit_pbkdf2(uint64_t left, int iterations) {
    struct err e = {0};
    char text[UNPACK_ALGORITHM_TEXT];
    struct secret none = {0};
    struct unpack_context context;
    assert_ok(unpack_context_init(&context, &none, &e), &e);
    context.iterations_left = left;
    X509_ALGOR *algorithm =
        PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), iterations, NULL, 0, NULL, NID_hmacWithSHA512);
    assert_non_null(algorithm);
    bool ok = unpack_admit_encryption(&context, algorithm, text, &e);
    assert_true(!ok || context.iterations_left == left - (uint64_t)iterations);
    X509_ALGOR_free(algorithm);
    unpack_context_clear(&context);
    return e.code;
}

static void test_iterations_have_a_limit_in_all(void **state) {
    (void)state;
    assert_int_equal(admit_pbkdf2(UNPACK_ITERATIONS_MAX, UNPACK_ITERATIONS_MAX), ERR_NONE);
    assert_int_equal(admit_pbkdf2(UNPACK_ITERATIONS_MAX, UNPACK_ITERATIONS_MAX + 1),
                     ERR_UNPACK_ITERATIONS);
    assert_int_equal(admit_pbkdf2(2048, 2048), ERR_NONE);
    assert_int_equal(admit_pbkdf2(2047, 2048), ERR_UNPACK_ITERATIONS);
}

/* The answer to a PBE of PKCS #12 with these parameters, DER. */
static enum err_code admit_pbe(int nid, const uint8_t *parameters, size_t len) {
    struct err e = {0};
    char text[UNPACK_ALGORITHM_TEXT];
    struct secret none = {0};
    struct unpack_context context;
    assert_ok(unpack_context_init(&context, &none, &e), &e);
    X509_ALGOR *algorithm = X509_ALGOR_new();
    ASN1_STRING *value = ASN1_STRING_new();
    assert_int_equal(ASN1_STRING_set(value, parameters, (int)len), 1);
    assert_int_equal(X509_ALGOR_set0(algorithm, OBJ_nid2obj(nid), V_ASN1_SEQUENCE, value), 1);
    bool ok = unpack_admit_encryption(&context, algorithm, text, &e);
    assert_int_equal(ok, e.code == ERR_NONE);
    X509_ALGOR_free(algorithm);
    unpack_context_clear(&context);
    return e.code;
}

#define ADMIT_3DES(bytes)                                                                          \
    admit_pbe(NID_pbe_WithSHA1And3_Key_TripleDES_CBC, (const uint8_t *)(bytes), sizeof(bytes) - 1)

static void test_parameters_have_their_form(void **state) {
    (void)state;
    assert_int_equal(ADMIT_3DES("\x30\x05\x04\x00\x02\x01\x01"), ERR_NONE);
    assert_int_equal(ADMIT_3DES("\x30\x05\x04\x00\x02\x01\x00"), ERR_UNPACK_MALFORMED);
    assert_int_equal(ADMIT_3DES("\x30\x05\x04\x00\x02\x01\xFF"), ERR_UNPACK_MALFORMED);
    assert_int_equal(ADMIT_3DES("\x30\x02\x04\x00"), ERR_UNPACK_MALFORMED);
    assert_int_equal(ADMIT_3DES("\x30\x05\x04\x00\x02\x01"), ERR_UNPACK_MALFORMED);
    assert_int_equal(ADMIT_3DES("\x30\x00"), ERR_UNPACK_MALFORMED);
    assert_int_equal(ADMIT_3DES("\x30\x0D\x04\x00\x02\x09\x7F\x01\x01\x01\x01\x01\x01\x01\x01"),
                     ERR_UNPACK_MALFORMED);
    assert_int_equal(ADMIT_3DES("\x30\x0C\x04\x00\x02\x08\x7F\x01\x01\x01\x01\x01\x01\x01"),
                     ERR_UNPACK_ITERATIONS);
}

static void test_what_is_no_password_encryption_is_refused(void **state) {
    (void)state;
    static const uint8_t parameters[] = {0x30, 0x05, 0x04, 0x00, 0x02, 0x01, 0x01};
    assert_int_equal(admit_pbe(NID_aes_256_cbc, parameters, sizeof(parameters)),
                     ERR_UNPACK_ALGORITHM);
    assert_int_equal(admit_pbe(NID_sha256, parameters, sizeof(parameters)), ERR_UNPACK_ALGORITHM);
    assert_int_equal(admit_pbe(NID_pbes2, parameters, sizeof(parameters)), ERR_UNPACK_MALFORMED);
}

static void assert_spellings(const char *password, size_t len, const char *const *expected,
                             size_t count) {
    struct err e = {0};
    struct secret secret = {0};
    struct unpack_context context;
    assert_ok(secret_copy(&secret, password, len, &e), &e);
    assert_ok(unpack_context_init(&context, &secret, &e), &e);
    assert_int_equal(context.spelling_count, count);
    for (size_t i = 0; i < count; i++) {
        if (expected[i] == NULL) {
            assert_null(context.spellings[i].text);
        } else {
            assert_string_equal(context.spellings[i].text, expected[i]);
            assert_int_equal(context.spellings[i].len, strlen(expected[i]));
        }
    }
    unpack_context_clear(&context);
    secret_clear(&secret);
}

static void test_a_password_is_spelt_in_every_usual_way(void **state) {
    (void)state;
    assert_spellings("", 0, (const char *[]){NULL, ""}, 2);
    assert_spellings("ascii", 5, (const char *[]){"ascii"}, 1);
    assert_spellings("\xC3\xA4", 2, (const char *[]){"\xC3\xA4", "\xC3\x83\xC2\xA4", "\xE4"}, 3);
    assert_spellings("\xE4", 1, (const char *[]){"\xE4", "\xC3\xA4"}, 2);
    /* U+20AC has no byte in Latin-1 */
    assert_spellings("\xE2\x82\xAC", 3,
                     (const char *[]){"\xE2\x82\xAC", "\xC3\xA2\xC2\x82\xC2\xAC"}, 2);
}

static void test_the_right_spelling_goes_first(void **state) {
    (void)state;
    struct err e = {0};
    struct secret secret = {0};
    struct unpack_context context;
    assert_ok(secret_copy(&secret, "\xC3\xA4", 2, &e), &e);
    assert_ok(unpack_context_init(&context, &secret, &e), &e);
    unpack_context_prefer(&context, 2);
    assert_string_equal(context.spellings[0].text, "\xE4");
    assert_string_equal(context.spellings[1].text, "\xC3\xA4");
    assert_string_equal(context.spellings[2].text, "\xC3\x83\xC2\xA4");
    unpack_context_clear(&context);
    secret_clear(&secret);
}

/* Nothing else in the process may get RC2 and its like through us. */
static void test_legacy_algorithms_stay_inside(void **state) {
    (void)state;
    struct err e = {0};
    struct secret none = {0};
    struct unpack_context context;
    assert_ok(unpack_context_init(&context, &none, &e), &e);
    EVP_CIPHER *inside = EVP_CIPHER_fetch(context.library, "RC2-40-CBC", NULL);
    EVP_CIPHER *outside = EVP_CIPHER_fetch(NULL, "RC2-40-CBC", NULL);
    assert_non_null(inside);
    assert_null(outside);
    EVP_CIPHER_free(inside);
    unpack_context_clear(&context);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_iterations_have_a_limit_in_all),
        cmocka_unit_test(test_parameters_have_their_form),
        cmocka_unit_test(test_what_is_no_password_encryption_is_refused),
        cmocka_unit_test(test_a_password_is_spelt_in_every_usual_way),
        cmocka_unit_test(test_the_right_spelling_goes_first),
        cmocka_unit_test(test_legacy_algorithms_stay_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
