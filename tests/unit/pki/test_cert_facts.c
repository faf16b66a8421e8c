/* pki/cert_facts: what extensions say, in words; absent, odd and hostile ones. */
#include "unit.h"

#include "make_cert.h"

#include "pki/cert_facts.h"

static void assert_lines(const struct list *lines, const char *joined) {
    struct err e = {0};
    PL_AUTO(mem_freep) char *text = NULL;
    assert_ok(list_join(lines, "|", &text, &e), &e);
    assert_string_equal(text, joined);
}

static void test_usages(void **state) {
    (void)state;
    struct err e = {0};
    struct made cert =
        make_cert((struct make_cert){.key_usage = "critical,digitalSignature,keyAgreement,cRLSign",
                                     .extended_key_usage = "serverAuth,clientAuth,1.2.3.4"});
    struct made none = make_cert((struct make_cert){.key_usage = "", .extended_key_usage = ""});
    PL_AUTO(mem_freep) char *key = NULL;
    PL_AUTO(mem_freep) char *extended = NULL;
    assert_ok(cert_key_usages(cert.cert, &key, &e), &e);
    assert_ok(cert_extended_usages(cert.cert, &extended, &e), &e);
    assert_string_equal(key, "digital signature, key agreement, signing revocation lists");
    assert_string_equal(extended, "TLS server, TLS client, 1.2.3.4");
    char *nothing = key;
    assert_ok(cert_key_usages(none.cert, &nothing, &e), &e);
    assert_null(nothing);
    nothing = key;
    assert_ok(cert_extended_usages(none.cert, &nothing, &e), &e);
    assert_null(nothing);
    made_clear(&cert);
    made_clear(&none);
}

static void test_constraints(void **state) {
    (void)state;
    struct err e = {0};
    struct made ca = make_cert((struct make_cert){
        .is_ca = true,
        .path_length = 3,
        .name_constraints = "critical,permitted;DNS:example.com,permitted;IP:10.0.0.0/255.240.0.0,"
                            "excluded;email:example.org,excluded;IP:2001:db8::/ffff:ffff::"});
    struct made plain = make_cert((struct make_cert){.is_ca = true});
    PL_AUTO(list_clear) struct list lines;
    PL_AUTO(list_clear) struct list none;
    list_init(&lines, CERT_FACTS_MAX);
    list_init(&none, CERT_FACTS_MAX);
    assert_ok(cert_name_constraints(ca.cert, &lines, &e), &e);
    assert_lines(&lines, "only DNS example.com|only IP 10.0.0.0/12|never e-mail example.org|"
                         "never IP 2001:db8::/32");
    assert_int_equal(cert_path_length(ca.cert), 2);
    assert_ok(cert_name_constraints(plain.cert, &none, &e), &e);
    assert_int_equal(none.count, 0);
    assert_int_equal(cert_path_length(plain.cert), -1);
    made_clear(&ca);
    made_clear(&plain);
}

static void test_validation(void **state) {
    (void)state;
    static const struct {
        const char *policies;
        enum cert_validation validation;
    } cases[] = {
        {NULL, CERT_VALIDATION_NONE},
        {"1.2.3.4", CERT_VALIDATION_NONE},
        {"1.2.3.4,2.23.140.1.2.1", CERT_VALIDATION_DOMAIN},
        {"2.23.140.1.2.2", CERT_VALIDATION_ORGANISATION},
        {"2.23.140.1.2.3", CERT_VALIDATION_INDIVIDUAL},
        {"2.23.140.1.1,2.23.140.1.2.1", CERT_VALIDATION_EXTENDED},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct made cert = make_cert((struct make_cert){.policies = cases[i].policies});
        assert_int_equal(cert_validation_of(cert.cert), cases[i].validation);
        made_clear(&cert);
    }
    struct err e = {0};
    struct made two = make_cert((struct make_cert){.policies = "1.2.3.4,2.23.140.1.2.1"});
    PL_AUTO(list_clear) struct list oids;
    list_init(&oids, CERT_FACTS_MAX);
    assert_ok(cert_policies(two.cert, &oids, &e), &e);
    assert_lines(&oids, "1.2.3.4|2.23.140.1.2.1");
    made_clear(&two);
}

static void test_addresses(void **state) {
    (void)state;
    struct err e = {0};
    struct made cert = make_cert((struct make_cert){
        .access = "OCSP;URI:http://o.example/,caIssuers;URI:http://i.example/ca.crt,"
                  "OCSP;email:a@example.com,OCSP;URI:http://p.example/",
        .crl_address = "URI:http://c.example/a.crl"});
    static const char *const wanted[] = {
        [CERT_ADDRESS_ISSUER] = "http://i.example/ca.crt",
        [CERT_ADDRESS_OCSP] = "http://o.example/|http://p.example/",
        [CERT_ADDRESS_CRL] = "http://c.example/a.crl",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(wanted); i++) {
        PL_AUTO(list_clear) struct list urls;
        list_init(&urls, CERT_FACTS_MAX);
        assert_ok(cert_addresses(cert.cert, (enum cert_address)i, &urls, &e), &e);
        assert_lines(&urls, wanted[i]);
    }
    assert_false(cert_wants_staple(cert.cert));
    made_clear(&cert);
    struct made eager = make_cert((struct make_cert){.tls_feature = "status_request"});
    assert_true(cert_wants_staple(eager.cert));
    made_clear(&eager);
}

static bool tell_all(const struct cert *cert, struct err *e) {
    PL_AUTO(mem_freep) char *key = NULL;
    PL_AUTO(mem_freep) char *extended = NULL;
    PL_AUTO(list_clear) struct list lines;
    list_init(&lines, CERT_FACTS_MAX);
    return cert_key_usages(cert, &key, e) && cert_extended_usages(cert, &extended, e) &&
           cert_name_constraints(cert, &lines, e) && cert_policies(cert, &lines, e) &&
           cert_addresses(cert, CERT_ADDRESS_CRL, &lines, e);
}

static void test_failing_memory(void **state) {
    (void)state;
    struct err e = {0};
    struct made ca = make_cert((struct make_cert){.is_ca = true,
                                                  .policies = "1.2.3.4",
                                                  .crl_address = "URI:http://c.example/",
                                                  .name_constraints = "permitted;DNS:example.com"});
    assert_survives_oom(tell_all(ca.cert, &e), &e);
    made_clear(&ca);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usages),         cmocka_unit_test(test_constraints),
        cmocka_unit_test(test_validation),     cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
