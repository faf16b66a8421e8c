/* ca/tbs: what is to be signed says what it should, byte for byte the same each time. */
#include "unit.h"

#include "ca_fixture.h"

#include "base/hex.h"
#include "pki/key_id.h"

static int make_ca(void **state) {
    struct test_ca *ca = calloc(1, sizeof(*ca));
    test_ca_init(ca, "P-256", FIXTURE_NOW_MS);
    *state = ca;
    return 0;
}

static int drop_ca(void **state) {
    test_ca_clear(*state);
    free(*state);
    return 0;
}

/* The text form of one extension's value; "" when it is not there. Caller frees. */
static char *extension_text(const struct cert *cert, int nid) {
    int at = X509_get_ext_by_NID(cert->x509, nid, -1);
    if (at < 0) {
        return strdup("");
    }
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(X509V3_EXT_print(bio, X509_get_ext(cert->x509, at), 0, 0), 1);
    char *bytes = NULL;
    long len = BIO_get_mem_data(bio, &bytes);
    char *text = strndup(bytes, (size_t)len);
    BIO_free(bio);
    return text;
}

static void assert_extension(const struct cert *cert, int nid, bool is_critical,
                             const char *expected) {
    char *text = extension_text(cert, nid);
    assert_string_equal(text, expected);
    free(text);
    int at = X509_get_ext_by_NID(cert->x509, nid, -1);
    if (at >= 0) {
        assert_int_equal(X509_EXTENSION_get_critical(X509_get_ext(cert->x509, at)), is_critical);
    }
}

static void test_leaf_of_profile_server_says_what_the_rules_want(void **state) {
    struct test_ca *ca = *state;
    EVP_PKEY *key = test_key("P-256");
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf;
    test_leaf(&leaf, CA_PROFILE_SERVER, key, "www.example.com,example.com,8.8.8.8", FIXTURE_NOW_MS);
    PL_AUTO(cert_freep) struct cert *cert = test_issue(ca, &leaf);
    test_write(cert, "server_dv_p256");
    assert_true(cert_is_issued_by(cert, ca->issuing));
    assert_int_equal(X509_get_version(cert->x509), X509_VERSION_3);
    assert_string_equal(cert->signature_algorithm, "ecdsa-with-SHA256");
    assert_string_equal(cert->subject_text, "CN=www.example.com");
    assert_int_equal(cert->not_before_ms, FIXTURE_NOW_MS - CA_BACKDATE_MS);
    assert_int_equal(cert->not_after_ms - cert->not_before_ms, 90 * CLOCK_DAY_MS - 1000);
    assert_extension(cert, NID_key_usage, true, "Digital Signature");
    assert_extension(cert, NID_ext_key_usage, false, "TLS Web Server Authentication");
    assert_extension(cert, NID_basic_constraints, true, "CA:FALSE");
    assert_extension(cert, NID_subject_alt_name, false,
                     "DNS:www.example.com, DNS:example.com, IP Address:8.8.8.8");
    assert_extension(cert, NID_certificate_policies, false, "Policy: 2.23.140.1.2.1");
    assert_extension(cert, NID_subject_key_identifier, false, "");
    assert_int_equal(X509_get_ext_count(cert->x509), 8);
    EVP_PKEY_free(key);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaf_of_profile_server_says_what_the_rules_want),
    };
    return cmocka_run_group_tests(tests, make_ca, drop_ca);
}
