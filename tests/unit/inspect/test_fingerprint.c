/* wire/fingerprint: published examples, what is left out, hostile lists. */
#include "inspect_fixture.h"

#include "inspect/wire/fingerprint.h"
#include "pki/openssl.h"

static const uint8_t given_random[32] = {1};

static struct wire_server_hello hello_of(uint16_t version, uint16_t suite, const uint8_t *list,
                                         size_t len) {
    return (struct wire_server_hello){.legacy_version = 0x0303,
                                      .version = version,
                                      .random = given_random,
                                      .suite = suite,
                                      .extensions = {list, len}};
}

static void assert_prints(const struct wire_server_hello *hello, const char *ja3s_text,
                          const char *ja4s, const char *ja4s_text) {
    struct err e = {0};
    struct wire_server_print print;
    struct buf of_ja3s = {.max = 4096};
    struct buf of_ja4s = {.max = 4096};
    assert_ok(wire_fingerprint_server(hello, &print, &of_ja3s, &of_ja4s, &e), &e);
    assert_string_equal(buf_string(&of_ja3s), ja3s_text);
    assert_string_equal(print.ja4s, ja4s);
    assert_string_equal(buf_string(&of_ja4s), ja4s_text);
    assert_int_equal(strlen(print.ja3s), 32);
    buf_clear(&of_ja3s);
    buf_clear(&of_ja4s);
}

/* The example of FoxIO's description of JA4S. */
static void test_the_published_example(void **state) {
    (void)state;
    static const uint8_t list[] = {0, 5, 0, 0, 0, 0x17, 0, 0, 0xFF, 1, 0, 1, 0, 0, 0, 0, 0};
    struct wire_server_hello hello = hello_of(0x0303, 0xC030, list, sizeof(list));
    assert_prints(&hello, "771,49200,5-23-65281-0", "t120400_c030_4e8089b08790",
                  "t120400_c030_0005,0017,ff01,0000");
}

/* RFC 8448 §3; "t130200_1301_234ea6891581" stands in FoxIO's list of known fingerprints. */
static void test_tls13(void **state) {
    (void)state;
    static const uint8_t list[] = {0, 0x33, 0, 2, 0, 0x1D, 0, 0x2B, 0, 2, 3, 4};
    struct err e = {0};
    struct wire_server_print print;
    struct wire_server_hello hello = hello_of(0x0304, 0x1301, list, sizeof(list));
    assert_prints(&hello, "771,4865,51-43", "t130200_1301_234ea6891581", "t130200_1301_0033,002b");
    assert_ok(wire_fingerprint_server(&hello, &print, NULL, NULL, &e), &e);
    /* printf 771,4865,51-43 | md5sum */
    assert_string_equal(print.ja3s, "eb1d94daa7e0344597e756a1fb6e7054");
}

static void test_what_is_chosen_inside_and_grease(void **state) {
    (void)state;
    static const uint8_t list[] = {0x1A, 0x1A, 0, 0, 0, 0x10, 0, 0};
    struct wire_server_hello hello = hello_of(0x0300, 0x0035, list, sizeof(list));
    hello.protocol = (struct wire_span){(const uint8_t *)"http/1.1", 8};
    assert_prints(&hello, "771,53,16", "ts301h1_0035_0b08e3dcc50f", "ts301h1_0035_0010");
    hello.extensions = (struct wire_span){0};
    hello.protocol = (struct wire_span){0};
    assert_prints(&hello, "771,53,", "ts30000_0035_000000000000", "ts30000_0035_");
}

static void test_more_extensions_than_two_digits_say(void **state) {
    (void)state;
    struct err e = {0};
    struct wire_server_print print;
    static uint8_t list[4 * (WIRE_PRINT_EXTENSIONS_MAX + 9) + 1]; /* the last one is cut */
    struct wire_server_hello hello = hello_of(0x0303, 0x002F, list, sizeof(list));
    assert_ok(wire_fingerprint_server(&hello, &print, NULL, NULL, &e), &e);
    assert_int_equal(strncmp(print.ja4s, "t129900_002f_", 13), 0);
    hello.extensions.len = 4 * WIRE_PRINT_EXTENSIONS_MAX;
    struct wire_server_print same;
    assert_ok(wire_fingerprint_server(&hello, &same, NULL, NULL, &e), &e);
    assert_string_equal(print.ja4s, same.ja4s);
}

static void test_a_text_that_has_no_room(void **state) {
    (void)state;
    struct err e = {0};
    static const uint8_t list[] = {0, 5, 0, 0};
    struct wire_server_print print;
    struct buf small = {.max = 4};
    struct wire_server_hello hello = hello_of(0x0303, 0xC030, list, sizeof(list));
    assert_fails(wire_fingerprint_server(&hello, &print, &small, NULL, &e), &e, ERR_BASE_LIMIT);
    buf_clear(&small);
}

/* --- certificates --------------------------------------------------------------------------------
 */

static void add_extension(X509 *x509, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(x509, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* Attributes by their OpenSSL names, "" for none. */
static struct cert *make(const char *const *attributes, size_t count, bool has_extensions) {
    struct err e = {0};
    struct cert *cert = NULL;
    X509 *x509 = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    assert_true(x509 != NULL && key != NULL);
    assert_int_equal(X509_set_version(x509, X509_VERSION_3), 1);
    X509_NAME *name = X509_get_subject_name(x509);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(X509_NAME_add_entry_by_txt(name, attributes[i], MBSTRING_ASC,
                                                    (const unsigned char *)"DE", -1, -1, 0),
                         1);
    }
    assert_int_equal(X509_set_issuer_name(x509, name), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x509), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x509), 3600));
    assert_int_equal(X509_set_pubkey(x509, key), 1);
    if (has_extensions) {
        add_extension(x509, NID_key_usage, "digitalSignature");
        add_extension(x509, NID_ext_key_usage, "serverAuth");
        add_extension(x509, NID_subject_alt_name, "DNS:www.example.com");
    }
    assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
    assert_ok(cert_from_x509(x509, &cert, &e), &e);
    X509_free(x509);
    EVP_PKEY_free(key);
    return cert;
}

/* The example of FoxIO's description of JA4X. */
static void test_the_published_certificate(void **state) {
    (void)state;
    static const char *const attributes[] = {"CN", "C", "ST", "O"};
    struct err e = {0};
    char ja4x[WIRE_JA4X_SIZE];
    struct buf text = {.max = 4096};
    struct cert *cert = make(attributes, PL_ARRAY_LEN(attributes), true);
    assert_ok(wire_fingerprint_certificate(cert, ja4x, &text, &e), &e);
    assert_string_equal(ja4x, "96a6439c8f5c_96a6439c8f5c_aae71e8db6d7");
    assert_string_equal(buf_string(&text), "550403,550406,550408,55040a_550403,550406,550408,"
                                           "55040a_551d0f,551d25,551d11");
    buf_clear(&text);
    cert_free(cert);
}

static void test_a_certificate_of_nothing(void **state) {
    (void)state;
    struct err e = {0};
    char ja4x[WIRE_JA4X_SIZE];
    struct cert *cert = make(NULL, 0, false);
    assert_ok(wire_fingerprint_certificate(cert, ja4x, NULL, &e), &e);
    assert_string_equal(ja4x, "000000000000_000000000000_000000000000");
    cert_free(cert);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_published_example),
        cmocka_unit_test(test_tls13),
        cmocka_unit_test(test_what_is_chosen_inside_and_grease),
        cmocka_unit_test(test_more_extensions_than_two_digits_say),
        cmocka_unit_test(test_a_text_that_has_no_room),
        cmocka_unit_test(test_the_published_certificate),
        cmocka_unit_test(test_a_certificate_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
