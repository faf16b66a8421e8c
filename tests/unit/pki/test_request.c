/* pki/request: the article's six fields as people type them, and requests built of them. */
#include "unit.h"

#include "pki/openssl.h"
#include "pki/request.h"

enum { WARNINGS_MAX = 16 };

struct typed {
    const char *common_name;
    const char *country;
    const char *state;
    const char *city;
    const char *organization;
    const char *unit;
    const char *email;
};

static struct request_names names_of(const struct typed *typed) {
    struct err e = {0};
    struct request_names names = {0};
    assert_ok(dn_add(&names.subject, NID_countryName, typed->country, &e) &&
                  dn_add(&names.subject, NID_stateOrProvinceName, typed->state, &e) &&
                  dn_add(&names.subject, NID_localityName, typed->city, &e) &&
                  dn_add(&names.subject, NID_organizationName, typed->organization, &e) &&
                  dn_add(&names.subject, NID_organizationalUnitName, typed->unit, &e) &&
                  dn_add(&names.subject, NID_commonName, typed->common_name, &e) &&
                  dn_add(&names.subject, NID_pkcs9_emailAddress, typed->email, &e),
              &e);
    return names;
}

static bool check(const struct typed *typed, struct request_names *out_names, struct list *warnings,
                  struct err *e) {
    *out_names = names_of(typed);
    list_init(warnings, WARNINGS_MAX);
    return request_names_check(out_names, warnings, e);
}

static void check_text(const struct request_names *names, const char *subject, const char *sans) {
    struct err e = {0};
    PL_AUTO(mem_freep) char *dn = NULL;
    PL_AUTO(mem_freep) char *list = NULL;
    assert_ok(dn_format(&names->subject, &dn, &e), &e);
    assert_ok(san_list_format(&names->sans, &list, &e), &e);
    assert_string_equal(dn, subject);
    assert_string_equal(list, sans);
}

static void check_refused(const struct typed *typed, enum err_code code, const char *hint) {
    struct err e = {0};
    PL_AUTO(request_names_clear) struct request_names names = {0};
    PL_AUTO(list_clear) struct list warnings = {0};
    assert_fails(check(typed, &names, &warnings, &e), &e, code);
    if (strstr(e.hint, hint) == NULL) {
        fail_msg("hint: %s", e.hint);
    }
}

/* Accepted with this many warnings; the last one holds this text. */
static void check_warned(const struct typed *typed, size_t count, const char *part) {
    struct err e = {0};
    PL_AUTO(request_names_clear) struct request_names names = {0};
    PL_AUTO(list_clear) struct list warnings = {0};
    assert_ok(check(typed, &names, &warnings, &e), &e);
    if (warnings.count != count) {
        fail_msg("%zu warnings, first: %s", warnings.count,
                 warnings.count == 0 ? "" : warnings.items[0]);
    }
    assert_true(count == 0 || strstr(warnings.items[count - 1], part) != NULL);
}

static void test_six_fields_become_canonical(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(request_names_clear) struct request_names names = {0};
    PL_AUTO(list_clear) struct list warnings = {0};
    const struct typed typed = {.common_name = " WWW.Example.com ",
                                .country = "us",
                                .state = "Texas",
                                .city = " Houston",
                                .organization = "Example Inc.",
                                .unit = "Web",
                                .email = "admin@example.com"};
    assert_ok(check(&typed, &names, &warnings, &e), &e);
    assert_int_equal(warnings.count, 0);
    check_text(&names,
               "emailAddress=admin@example.com,CN=www.example.com,OU=Web,O=Example Inc.,"
               "L=Houston,ST=Texas,C=US",
               "www.example.com");
}

static void test_the_common_name_comes_first_among_the_names(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(request_names_clear)
    struct request_names names = names_of(&(struct typed){.common_name = "Straße.de"});
    PL_AUTO(list_clear) struct list warnings;
    list_init(&warnings, WARNINGS_MAX);
    assert_ok(san_list_add(&names.sans, SAN_DNS, "www.example.com", &e), &e);
    assert_ok(san_list_add(&names.sans, SAN_IP, "192.0.2.1", &e), &e);
    assert_ok(request_names_check(&names, &warnings, &e), &e);
    check_text(&names, "CN=xn--strae-oqa.de", "xn--strae-oqa.de, www.example.com, 192.0.2.1");
    /* a second time changes nothing */
    assert_ok(request_names_check(&names, &warnings, &e), &e);
    check_text(&names, "CN=xn--strae-oqa.de", "xn--strae-oqa.de, www.example.com, 192.0.2.1");
}

static void test_an_address_may_be_the_common_name(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(request_names_clear) struct request_names names = {0};
    PL_AUTO(list_clear) struct list warnings = {0};
    assert_ok(check(&(struct typed){.common_name = "[2001:DB8::1]"}, &names, &warnings, &e), &e);
    check_text(&names, "CN=2001:db8::1", "2001:db8::1");
    assert_int_equal(names.sans.items[0].kind, SAN_IP);
}

static void test_names_without_a_common_name_are_enough(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(request_names_clear) struct request_names names = {0};
    PL_AUTO(list_clear) struct list warnings;
    list_init(&warnings, WARNINGS_MAX);
    assert_fails(request_names_check(&names, &warnings, &e), &e, ERR_PKI_NAME_INVALID);
    assert_ok(san_list_add(&names.sans, SAN_DNS, "WWW.example.com", &e), &e);
    assert_ok(request_names_check(&names, &warnings, &e), &e);
    check_text(&names, "", "www.example.com");
}

static void test_failure_changes_nothing(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(request_names_clear)
    struct request_names names =
        names_of(&(struct typed){.common_name = "WWW.Example.com", .country = "xx"});
    PL_AUTO(list_clear) struct list warnings;
    list_init(&warnings, WARNINGS_MAX);
    assert_fails(request_names_check(&names, &warnings, &e), &e, ERR_REQUEST_COUNTRY);
    check_text(&names, "CN=WWW.Example.com,C=xx", "");
}

static void test_city_and_state_that_look_swapped_are_refused(void **state) {
    (void)state;
    struct typed typed = {
        .common_name = "a.example.com", .country = "US", .state = "Houston", .city = "Texas"};
    check_refused(&typed, ERR_REQUEST_FIELD_SWAPPED, "city \"Houston\" and state \"Texas\"");
    typed.city = "TX";
    check_refused(&typed, ERR_REQUEST_FIELD_SWAPPED, "city \"Houston\" and state \"Texas\"");
    typed = (struct typed){
        .common_name = "a.example.com", .country = "de", .state = "München", .city = "BAYERN"};
    check_refused(&typed, ERR_REQUEST_FIELD_SWAPPED, "city \"München\" and state \"Bayern\"");
    typed = (struct typed){
        .common_name = "a.example.com", .country = "IN", .state = "Mumbai", .city = "Maharashtra"};
    check_refused(&typed, ERR_REQUEST_FIELD_SWAPPED, "Mumbai");
}

static void test_cities_called_like_their_state_are_fine(void **state) {
    (void)state;
    const struct typed cases[] = {
        {.country = "US", .state = "New York", .city = "New York"},
        {.country = "US", .state = "New York State", .city = "New York"},
        {.country = "US", .state = "State of Washington", .city = "Washington"},
        {.country = "DE", .state = "Freistaat Bayern", .city = "München"},
        {.country = "DE", .state = "Berlin", .city = "Berlin"},
        {.country = "CH", .state = "Kanton Zürich", .city = "Zuerich"},
        {.country = "FR", .state = "Paris", .city = "Paris"},
        {.country = "IS", .city = "Texas"},
        {.country = "US", .city = "Texas"},
        {.state = "Houston", .city = "Texas"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct typed typed = cases[i];
        typed.common_name = "a.example.com";
        check_warned(&typed, 0, "");
    }
}

static void test_doubtful_places_are_warned_about(void **state) {
    (void)state;
    struct typed typed = {
        .common_name = "a.example.com", .country = "US", .state = "TX", .city = "Houston"};
    check_warned(&typed, 1, "written out: Texas");
    typed.state = "D.C.";
    typed.city = "Washington";
    check_warned(&typed, 1, "District of Columbia");
    typed.state = "Texsa";
    typed.city = "Houston";
    check_warned(&typed, 1, "spelling");
    typed.state = "Manhattan";
    typed.city = "New York";
    check_warned(&typed, 1, "swapped");
    typed = (struct typed){
        .common_name = "a.example.com", .country = "CH", .state = "Geneva", .city = "Genève"};
    check_warned(&typed, 1, "swapped");
}

static void test_countries_are_iso_3166_codes(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"USA", "write US for United States"},
        {"Germany", "write DE"},
        {"UK", "write GB"},
        {"deu", "write DE"},
        {"XX", "ISO 3166-1"},
        {"U", "ISO 3166-1"},
        {"Texas", "ISO 3166-1"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        check_refused(&(struct typed){.common_name = "a.example.com", .country = cases[i][0]},
                      ERR_REQUEST_COUNTRY, cases[i][1]);
    }
}

static void fill(char *text, size_t len) {
    memset(text, 'a', len);
    text[len] = '\0';
}

static void test_fields_have_their_lengths(void **state) {
    (void)state;
    char text[REQUEST_EMAIL_MAX + 2];
    struct typed typed = {.common_name = "a.example.com", .organization = text};
    fill(text, REQUEST_FIELD_MAX);
    check_warned(&typed, 0, "");
    fill(text, REQUEST_FIELD_MAX + 1);
    check_refused(&typed, ERR_REQUEST_FIELD_TOO_LONG, "64 bytes");
    typed = (struct typed){.common_name = "a.example.com", .email = text};
    fill(text, REQUEST_EMAIL_MAX);
    text[10] = '@';
    check_warned(&typed, 0, "");
    fill(text, REQUEST_EMAIL_MAX + 1);
    check_refused(&typed, ERR_REQUEST_FIELD_TOO_LONG, "255 bytes");
    typed = (struct typed){.common_name = text};
    fill(text, REQUEST_FIELD_MAX);
    text[32] = '.';
    check_warned(&typed, 0, "");
    fill(text, REQUEST_FIELD_MAX + 1);
    text[32] = '.';
    check_refused(&typed, ERR_REQUEST_FIELD_TOO_LONG, "subject alternative name");
}

static void test_texts_that_say_nothing_are_refused(void **state) {
    (void)state;
    static const char *const texts[] = {"   ",       "-",    ".",        " . - ", "a\nb",
                                        "a\x1b[31m", "\xFF", "a\u202Eb", "\u200B"};
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        check_refused(&(struct typed){.common_name = "a.example.com", .organization = texts[i]},
                      ERR_REQUEST_FIELD_INVALID, "");
    }
    static const char *const addresses[] = {"admin",           "@example.com", "admin@",
                                            "a b@example.com", "a@b@c",        "ü@example.com"};
    for (size_t i = 0; i < PL_ARRAY_LEN(addresses); i++) {
        check_refused(&(struct typed){.common_name = "a.example.com", .email = addresses[i]},
                      ERR_REQUEST_FIELD_INVALID, "name@example.com");
    }
}

static void test_common_names_are_host_names(void **state) {
    (void)state;
    check_refused(&(struct typed){.common_name = "John Doe"}, ERR_PKI_NAME_INVALID, "");
    check_refused(&(struct typed){.common_name = "https://www.example.com/"}, ERR_PKI_NAME_INVALID,
                  "www.example.com");
    check_refused(&(struct typed){.common_name = "*.com"}, ERR_PKI_NAME_WILDCARD, "");
    check_refused(&(struct typed){.common_name = "xn--zzzzzz.com"}, ERR_PKI_NAME_IDN, "");
}

static void test_placeholders_are_warned_about(void **state) {
    (void)state;
    check_warned(
        &(struct typed){.common_name = "a.example.com", .organization = "Internet Widgits Pty Ltd"},
        1, "placeholder");
    check_warned(&(struct typed){.common_name = "a.example.com", .unit = "Unknown"}, 1,
                 "placeholder");
}

static void test_fields_stand_once(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(list_clear) struct list warnings;
    list_init(&warnings, WARNINGS_MAX);
    PL_AUTO(request_names_clear)
    struct request_names names =
        names_of(&(struct typed){.common_name = "a.example.com", .unit = "one"});
    assert_ok(dn_add(&names.subject, NID_organizationalUnitName, "two", &e), &e);
    assert_ok(request_names_check(&names, &warnings, &e), &e);
    assert_ok(dn_add(&names.subject, NID_commonName, "b.example.com", &e), &e);
    assert_fails(request_names_check(&names, &warnings, &e), &e, ERR_REQUEST_FIELD_INVALID);
}

static void test_names_are_checked_too(void **state) {
    (void)state;
    struct {
        enum san_kind kind;
        const char *text;
        enum err_code code;
    } cases[] = {
        {SAN_DNS, "a b", ERR_PKI_NAME_INVALID},
        {SAN_EMAIL, "a", ERR_REQUEST_FIELD_INVALID},
        {SAN_OTHER, "other name 1.2.3", ERR_PKI_NAME_INVALID},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        PL_AUTO(list_clear) struct list warnings;
        list_init(&warnings, WARNINGS_MAX);
        PL_AUTO(request_names_clear) struct request_names names = {0};
        assert_ok(san_list_add(&names.sans, cases[i].kind, cases[i].text, &e), &e);
        assert_fails(request_names_check(&names, &warnings, &e), &e, cases[i].code);
    }
}

/* --- building --- */

static void test_a_request_reads_back_whatever_its_key(void **state) {
    (void)state;
    static const char *const specs[] = {"rsa:2048", "ec:p256", "ec:p384", "ec:p521", "ed25519"};
    static const int signatures[] = {NID_sha256WithRSAEncryption, NID_ecdsa_with_SHA256,
                                     NID_ecdsa_with_SHA384, NID_ecdsa_with_SHA512, NID_ED25519};
    for (size_t i = 0; i < PL_ARRAY_LEN(specs); i++) {
        struct err e = {0};
        struct key_spec spec;
        PL_AUTO(evp_pkey_freep) EVP_PKEY *key = NULL;
        PL_AUTO(buf_clear) struct buf der;
        PL_AUTO(csr_freep) struct csr *csr = NULL;
        PL_AUTO(list_clear) struct list warnings = {0};
        PL_AUTO(request_names_clear) struct request_names names = {0};
        buf_init(&der, CSR_DER_MAX);
        assert_ok(check(&(struct typed){.common_name = "www.example.com",
                                        .country = "US",
                                        .city = "Zürich"},
                        &names, &warnings, &e),
                  &e);
        assert_ok(key_spec_parse(specs[i], &spec, &e) && key_generate(&spec, &key, &e), &e);
        assert_ok(request_build(&names, key, &der, &e), &e);
        assert_ok(csr_read(der.data, der.len, &csr, &e), &e);
        assert_ok(csr_check(csr, &e), &e);
        assert_true(key_spec_equal(&csr->key_spec, &spec));
        assert_int_equal(X509_REQ_get_signature_nid(csr->req), signatures[i]);
        assert_int_equal(csr->notices.count, 0);
        check_text(&(struct request_names){csr->subject, csr->sans},
                   "CN=www.example.com,L=Zürich,C=US", "www.example.com");
    }
}

static EVP_PKEY *new_key(void) {
    struct err e = {0};
    EVP_PKEY *key = NULL;
    assert_ok(key_generate(&(struct key_spec){KEY_EC, 256}, &key, &e), &e);
    return key;
}

static void test_what_cannot_be_encoded_is_refused(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = new_key();
    PL_AUTO(buf_clear) struct buf der;
    buf_init(&der, CSR_DER_MAX);
    PL_AUTO(request_names_clear) struct request_names names = {0};
    assert_ok(san_list_add(&names.sans, SAN_DNS, "ä", &e), &e);
    assert_fails(request_build(&names, key, &der, &e), &e, ERR_PKI_NAME_INVALID);
    san_list_clear(&names.sans);
    assert_ok(dn_add(&names.subject, NID_countryName, "ä", &e), &e);
    assert_fails(request_build(&names, key, &der, &e), &e, ERR_PKI_NAME_INVALID);
    dn_clear(&names.subject);
    buf_init(&der, 32);
    assert_fails(request_build(&names, key, &der, &e), &e, ERR_BASE_LIMIT);
}

static void test_a_key_that_cannot_sign_is_refused(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *pair = new_key();
    PL_AUTO(evp_pkey_freep) EVP_PKEY *public_half = NULL;
    PL_AUTO(buf_clear) struct buf spki;
    PL_AUTO(buf_clear) struct buf der;
    PL_AUTO(request_names_clear) struct request_names names = {0};
    buf_init(&spki, KEY_DER_MAX);
    buf_init(&der, CSR_DER_MAX);
    assert_ok(key_append_spki(pair, &spki, &e) &&
                  key_from_spki(spki.data, spki.len, &public_half, &e),
              &e);
    assert_fails(request_build(&names, public_half, &der, &e), &e, ERR_PKI_CSR_BUILD);
}

static void test_a_signature_by_another_key_is_refused(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *own = new_key();
    PL_AUTO(evp_pkey_freep) EVP_PKEY *other = new_key();
    PL_AUTO(x509_req_freep) X509_REQ *req = X509_REQ_new();
    PL_AUTO(buf_clear) struct buf der;
    PL_AUTO(csr_freep) struct csr *csr = NULL;
    buf_init(&der, CSR_DER_MAX);
    assert_true(X509_REQ_set_pubkey(req, own) == 1 && X509_REQ_sign(req, other, EVP_sha256()) > 0);
    assert_ok(openssl_append_der(&der, (i2d_of_void *)i2d_X509_REQ, req, &e), &e);
    assert_ok(csr_read(der.data, der.len, &csr, &e), &e);
    assert_fails(csr_check(csr, &e), &e, ERR_PKI_CSR_SIGNATURE);
}

static bool walk(EVP_PKEY *key, struct err *e) {
    PL_AUTO(request_names_clear) struct request_names names = {0};
    PL_AUTO(list_clear) struct list warnings;
    PL_AUTO(buf_clear) struct buf der;
    list_init(&warnings, WARNINGS_MAX);
    buf_init(&der, CSR_DER_MAX);
    return dn_add(&names.subject, NID_countryName, "us", e) &&
           dn_add(&names.subject, NID_stateOrProvinceName, "TX", e) &&
           dn_add(&names.subject, NID_commonName, "www.example.com", e) &&
           san_list_add(&names.sans, SAN_IP, "::1", e) &&
           request_names_check(&names, &warnings, e) && request_build(&names, key, &der, e);
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = new_key();
    assert_survives_oom(walk(key, &e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_six_fields_become_canonical),
        cmocka_unit_test(test_the_common_name_comes_first_among_the_names),
        cmocka_unit_test(test_an_address_may_be_the_common_name),
        cmocka_unit_test(test_names_without_a_common_name_are_enough),
        cmocka_unit_test(test_failure_changes_nothing),
        cmocka_unit_test(test_city_and_state_that_look_swapped_are_refused),
        cmocka_unit_test(test_cities_called_like_their_state_are_fine),
        cmocka_unit_test(test_doubtful_places_are_warned_about),
        cmocka_unit_test(test_countries_are_iso_3166_codes),
        cmocka_unit_test(test_fields_have_their_lengths),
        cmocka_unit_test(test_texts_that_say_nothing_are_refused),
        cmocka_unit_test(test_common_names_are_host_names),
        cmocka_unit_test(test_placeholders_are_warned_about),
        cmocka_unit_test(test_fields_stand_once),
        cmocka_unit_test(test_names_are_checked_too),
        cmocka_unit_test(test_a_request_reads_back_whatever_its_key),
        cmocka_unit_test(test_what_cannot_be_encoded_is_refused),
        cmocka_unit_test(test_a_key_that_cannot_sign_is_refused),
        cmocka_unit_test(test_a_signature_by_another_key_is_refused),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
