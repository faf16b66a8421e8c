/* ca/issuer: base URLs as people type them, addresses, the algorithm of each key. */
#include "unit.h"

#include "ca/issuer.h"

#include <openssl/obj_mac.h>

static void test_base_url_is_made_canonical(void **state) {
    (void)state;
    static const char *const forms[][2] = {
        {"http://pki.example.com", "http://pki.example.com"},
        {"http://PKI.Example.com/", "http://pki.example.com"},
        {"http://pki.example.com:80//", "http://pki.example.com"},
        {"http://localhost:8080", "http://localhost:8080"},
        {"http://pki.example.com/tls/", "http://pki.example.com/tls"},
        {"http://[::1]:8080/", "http://[::1]:8080"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(forms); i++) {
        struct err e = {0};
        PL_AUTO(mem_freep) char *url = NULL;
        assert_ok(ca_base_url_check(forms[i][0], &url, &e), &e);
        assert_string_equal(url, forms[i][1]);
    }
}

static void test_https_as_base_url_is_explained(void **state) {
    (void)state;
    struct err e = {0};
    char *url = NULL;
    assert_fails(ca_base_url_check("https://pki.example.com", &url, &e), &e,
                 ERR_CA_BASE_URL_INVALID);
    assert_non_null(strstr(e.step[0], "https"));
    assert_non_null(strstr(e.hint, "http://"));
    assert_null(url);
}

static void test_what_cannot_be_a_base_url_is_refused(void **state) {
    (void)state;
    struct err e = {0};
    char *url = NULL;
    assert_fails(ca_base_url_check("http://pki.example.com/?a=b", &url, &e), &e,
                 ERR_CA_BASE_URL_INVALID);
    static const char *const no_url[] = {"",
                                         "pki.example.com",
                                         "ftp://pki.example.com",
                                         "http://",
                                         "http://a b/",
                                         "http://pki.example.com/#x",
                                         "http://pki.example.com/\xc3\xa4"};
    for (size_t i = 0; i < PL_ARRAY_LEN(no_url); i++) {
        assert_false(ca_base_url_check(no_url[i], &url, &e));
        assert_null(url);
    }
}

static void test_base_url_has_a_longest_length(void **state) {
    (void)state;
    struct err e = {0};
    char text[CA_BASE_URL_MAX + 2] = "http://pki.example.com/";
    memset(text + strlen(text), 'a', CA_BASE_URL_MAX - strlen(text));
    PL_AUTO(mem_freep) char *url = NULL;
    assert_ok(ca_base_url_check(text, &url, &e), &e);
    assert_int_equal(strlen(url), CA_BASE_URL_MAX);
    text[CA_BASE_URL_MAX] = 'a';
    char *longer = NULL;
    assert_fails(ca_base_url_check(text, &longer, &e), &e, ERR_CA_BASE_URL_INVALID);
}

static void test_addresses_name_the_issuer_by_its_key(void **state) {
    (void)state;
    struct err e = {0};
    struct cert certificate = {.spki_sha256 = {0x01, 0xab, 0xff}};
    struct ca_issuer issuer = {.certificate = &certificate, .base_url = "http://pki.example.com"};
    PL_AUTO(mem_freep) char *certificate_url = NULL;
    PL_AUTO(mem_freep) char *crl_url = NULL;
    PL_AUTO(mem_freep) char *ocsp_url = NULL;
    assert_ok(ca_address_certificate(&issuer, &certificate_url, &e), &e);
    assert_ok(ca_address_crl(&issuer, 17, &crl_url, &e), &e);
    assert_ok(ca_address_ocsp(&issuer, &ocsp_url, &e), &e);
    assert_string_equal(certificate_url,
                        "http://pki.example.com/ca/01abff00000000000000000000000000.crt");
    assert_string_equal(crl_url,
                        "http://pki.example.com/ca/crl/01abff00000000000000000000000000-17.crl");
    assert_string_equal(ocsp_url, "http://pki.example.com/ca/ocsp");
}

static void test_each_key_signs_with_its_algorithm(void **state) {
    (void)state;
    static const struct {
        struct key_spec key;
        int nid;
    } keys[] = {{{KEY_RSA, 2048}, NID_sha256WithRSAEncryption},
                {{KEY_EC, 256}, NID_ecdsa_with_SHA256},
                {{KEY_EC, 384}, NID_ecdsa_with_SHA384},
                {{KEY_EC, 521}, NID_ecdsa_with_SHA512},
                {{KEY_EC, 0}, NID_undef},
                {{KEY_ED25519, 256}, NID_ED25519},
                {{KEY_OTHER, 0}, NID_undef}};
    for (size_t i = 0; i < PL_ARRAY_LEN(keys); i++) {
        assert_int_equal(ca_signature_nid(&keys[i].key), keys[i].nid);
    }
}

static void test_no_base_url_is_null_or_empty(void **state) {
    (void)state;
    assert_false(ca_issuer_has_base_url(&(struct ca_issuer){.base_url = NULL}));
    assert_false(ca_issuer_has_base_url(&(struct ca_issuer){.base_url = ""}));
    assert_true(ca_issuer_has_base_url(&(struct ca_issuer){.base_url = "http://a"}));
}

static bool check_and_free(struct err *e) {
    PL_AUTO(mem_freep) char *url = NULL;
    return ca_base_url_check("http://pki.example.com/", &url, e);
}

static void test_running_out_of_memory_is_told(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(check_and_free(&e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base_url_is_made_canonical),
        cmocka_unit_test(test_https_as_base_url_is_explained),
        cmocka_unit_test(test_what_cannot_be_a_base_url_is_refused),
        cmocka_unit_test(test_base_url_has_a_longest_length),
        cmocka_unit_test(test_addresses_name_the_issuer_by_its_key),
        cmocka_unit_test(test_each_key_signs_with_its_algorithm),
        cmocka_unit_test(test_no_base_url_is_null_or_empty),
        cmocka_unit_test(test_running_out_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
