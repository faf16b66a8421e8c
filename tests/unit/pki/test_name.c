/* pki/name: distinguished names, their encoding and their text. */
#include "unit.h"

#include "base/str.h"
#include "pki/name.h"
#include "pki/openssl.h"

#include <openssl/err.h>

static void add(struct dn *dn, int nid, const char *value) {
    struct err e = {0};
    assert_ok(dn_add(dn, nid, value, &e), &e);
}

static void check_text(const struct dn *dn, const char *expected) {
    struct err e = {0};
    PL_AUTO(mem_freep) char *text = NULL;
    assert_ok(dn_format(dn, &text, &e), &e);
    assert_string_equal(text, expected);
}

/* A name of one commonName of the ASN.1 type and bytes. */
static X509_NAME *name_of(int nid, int type, const void *bytes, int len) {
    X509_NAME *name = X509_NAME_new();
    assert_non_null(name);
    X509_NAME_ENTRY *entry =
        X509_NAME_ENTRY_create_by_OBJ(NULL, OBJ_nid2obj(nid), type, bytes, len);
    assert_non_null(entry);
    assert_int_equal(X509_NAME_add_entry(name, entry, -1, 0), 1);
    X509_NAME_ENTRY_free(entry);
    return name;
}

static void test_text_has_the_most_significant_part_last(void **state) {
    (void)state;
    PL_AUTO(dn_clear) struct dn dn = {0};
    check_text(&dn, "");
    add(&dn, NID_countryName, "US");
    add(&dn, NID_organizationName, "Example Inc.");
    add(&dn, NID_commonName, "www.example.com");
    check_text(&dn, "CN=www.example.com,O=Example Inc.,C=US");
    assert_string_equal(dn_get(&dn, NID_organizationName), "Example Inc.");
    assert_null(dn_get(&dn, NID_localityName));
}

static void test_text_is_escaped_by_rfc_4514(void **state) {
    (void)state;
    PL_AUTO(dn_clear) struct dn dn = {0};
    add(&dn, NID_organizationName, "James \"Jim\" Smith, III");
    add(&dn, NID_organizationalUnitName, " #a+b;<c>\\d=e ");
    add(&dn, NID_commonName, "#hash é");
    add(&dn, NID_localityName, " ");
    check_text(&dn, "L=\\ ,CN=\\#hash é,OU=\\ #a\\+b\\;\\<c\\>\\\\d=e\\ ,"
                    "O=James \\\"Jim\\\" Smith\\, III");
}

static void test_types_without_a_name_are_written_as_numbers(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(x509_name_freep) X509_NAME *name = X509_NAME_new();
    ASN1_OBJECT *object = OBJ_txt2obj("1.3.6.1.4.1.99999.7", 1);
    assert_int_equal(X509_NAME_add_entry_by_OBJ(name, object, V_ASN1_UTF8STRING,
                                                (const unsigned char *)"Lučić", -1, -1, 0),
                     1);
    ASN1_OBJECT_free(object);
    PL_AUTO(dn_clear) struct dn dn = {0};
    assert_ok(dn_from_x509_name(name, &dn, &e), &e);
    assert_int_equal(dn.parts[0].nid, NID_undef);
    assert_string_equal(dn.parts[0].oid, "1.3.6.1.4.1.99999.7");
    assert_string_equal(dn.parts[0].value, "Lučić");
    /* the encoding is the example of RFC 4514 §4 */
    check_text(&dn, "1.3.6.1.4.1.99999.7=#0c074c75c48d69c487");
}

static void test_every_string_type_becomes_utf8(void **state) {
    (void)state;
    struct {
        int type;
        const char *bytes;
        int len;
    } cases[] = {
        {V_ASN1_UTF8STRING, "M\xC3\xBCller", 7},
        {V_ASN1_T61STRING, "M\xFCller", 6},
        {V_ASN1_BMPSTRING, "\0M\0\xFC\0l\0l\0e\0r", 12},
        {V_ASN1_UNIVERSALSTRING, "\0\0\0M\0\0\0\xFC\0\0\0l\0\0\0l\0\0\0e\0\0\0r", 24},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        PL_AUTO(dn_clear) struct dn dn = {0};
        PL_AUTO(x509_name_freep)
        X509_NAME *name =
            name_of(NID_organizationName, cases[i].type, cases[i].bytes, cases[i].len);
        assert_ok(dn_from_x509_name(name, &dn, &e), &e);
        assert_string_equal(dn_get(&dn, NID_organizationName), "Müller");
    }
}

static void test_a_nul_or_bytes_that_are_no_text_never_pass_as_a_name(void **state) {
    (void)state;
    struct {
        int type;
        const char *bytes;
        int len;
        const char *value;
    } cases[] = {
        {V_ASN1_UTF8STRING, "good.com\0.evil.com", 18, "#0c12676f6f642e636f6d002e6576696c2e636f6d"},
        {V_ASN1_UTF8STRING, "\xFF\xFE", 2, "#0c02fffe"},
        {V_ASN1_UTF8STRING, "\xC0\xAF", 2, "#0c02c0af"},
        {V_ASN1_BMPSTRING, "\xD8\x00", 2, "#1e02d800"},
        {V_ASN1_BIT_STRING, "\x80", 1, "#03020780"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        PL_AUTO(dn_clear) struct dn dn = {0};
        PL_AUTO(x509_name_freep)
        X509_NAME *name = name_of(NID_commonName, cases[i].type, cases[i].bytes, cases[i].len);
        assert_ok(dn_from_x509_name(name, &dn, &e), &e);
        assert_string_equal(dn_get(&dn, NID_commonName), cases[i].value);
        assert_int_equal(ERR_peek_error(), 0);
    }
}

static void test_parts_have_their_string_types(void **state) {
    (void)state;
    struct {
        int nid;
        const char *value;
        int type;
    } cases[] = {
        {NID_countryName, "US", V_ASN1_PRINTABLESTRING},
        {NID_jurisdictionCountryName, "US", V_ASN1_PRINTABLESTRING},
        {NID_serialNumber, "HRB 1234", V_ASN1_PRINTABLESTRING},
        {NID_dnQualifier, "1", V_ASN1_PRINTABLESTRING},
        {NID_pkcs9_emailAddress, "a@example.com", V_ASN1_IA5STRING},
        {NID_domainComponent, "example", V_ASN1_IA5STRING},
        {NID_commonName, "www.example.com", V_ASN1_UTF8STRING},
        {NID_localityName, "Zürich", V_ASN1_UTF8STRING},
    };
    struct err e = {0};
    PL_AUTO(dn_clear) struct dn dn = {0};
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        add(&dn, cases[i].nid, cases[i].value);
    }
    PL_AUTO(x509_name_freep) X509_NAME *name = NULL;
    assert_ok(dn_to_x509_name(&dn, &name, &e), &e);
    assert_int_equal(X509_NAME_entry_count(name), PL_ARRAY_LEN(cases));
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, (int)i);
        assert_int_equal(ASN1_STRING_type(X509_NAME_ENTRY_get_data(entry)), cases[i].type);
        assert_int_equal(X509_NAME_ENTRY_set(entry), i);
    }
}

static void test_characters_outside_the_type_are_refused(void **state) {
    (void)state;
    struct {
        int nid;
        const char *value;
    } cases[] = {
        {NID_countryName, "U*"},
        {NID_serialNumber, "HRB_1"},
        {NID_pkcs9_emailAddress, "ü@example.com"},
        {NID_organizationName, "\xFF"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        PL_AUTO(dn_clear) struct dn dn = {0};
        add(&dn, cases[i].nid, cases[i].value);
        X509_NAME *name = NULL;
        assert_fails(dn_to_x509_name(&dn, &name, &e), &e, ERR_PKI_NAME_INVALID);
    }
}

static void test_encoding_and_reading_is_a_round_trip(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(dn_clear) struct dn dn = {0};
    PL_AUTO(dn_clear) struct dn back = {0};
    PL_AUTO(dn_clear) struct dn copy = {0};
    PL_AUTO(x509_name_freep) X509_NAME *name = NULL;
    add(&dn, NID_countryName, "CH");
    add(&dn, NID_organizationalUnitName, "first");
    add(&dn, NID_organizationalUnitName, "second");
    add(&dn, NID_commonName, " 日本語 ");
    assert_ok(dn_to_x509_name(&dn, &name, &e), &e);
    assert_ok(dn_from_x509_name(name, &back, &e), &e);
    assert_ok(dn_copy(&back, &copy, &e), &e);
    assert_int_equal(copy.count, dn.count);
    for (size_t i = 0; i < dn.count; i++) {
        assert_int_equal(copy.parts[i].nid, dn.parts[i].nid);
        assert_string_equal(copy.parts[i].value, dn.parts[i].value);
    }
}

static void test_empty_values_are_left_out(void **state) {
    (void)state;
    PL_AUTO(dn_clear) struct dn dn = {0};
    add(&dn, NID_commonName, "");
    add(&dn, NID_commonName, NULL);
    assert_int_equal(dn.count, 0);
}

static void test_names_have_their_limits(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(dn_clear) struct dn dn = {0};
    char value[DN_VALUE_MAX + 2];
    memset(value, '"', sizeof(value));
    value[DN_VALUE_MAX + 1] = '\0';
    assert_fails(dn_add(&dn, NID_commonName, value, &e), &e, ERR_PKI_NAME_TOO_LONG);
    value[DN_VALUE_MAX] = '\0';
    for (size_t i = 0; i < DN_PARTS_MAX; i++) {
        add(&dn, NID_commonName, value);
    }
    assert_fails(dn_add(&dn, NID_commonName, "x", &e), &e, ERR_PKI_NAME_TOO_MANY);
    PL_AUTO(mem_freep) char *text = NULL;
    assert_ok(dn_format(&dn, &text, &e), &e);
    assert_int_equal(strlen(text), DN_PARTS_MAX * (2 * DN_VALUE_MAX + 4) - 1);
}

static void test_encoded_names_have_the_same_limits(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(dn_clear) struct dn dn = {0};
    char value[DN_VALUE_MAX + 1];
    memset(value, 'a', sizeof(value));
    PL_AUTO(x509_name_freep)
    X509_NAME *name = name_of(NID_commonName, V_ASN1_UTF8STRING, value, DN_VALUE_MAX + 1);
    assert_fails(dn_from_x509_name(name, &dn, &e), &e, ERR_PKI_NAME_TOO_LONG);
    PL_AUTO(x509_name_freep) X509_NAME *many = X509_NAME_new();
    for (size_t i = 0; i < DN_PARTS_MAX + 1; i++) {
        assert_int_equal(X509_NAME_add_entry_by_NID(many, NID_domainComponent, V_ASN1_IA5STRING,
                                                    (const unsigned char *)"a", 1, -1, 0),
                         1);
    }
    assert_fails(dn_from_x509_name(many, &dn, &e), &e, ERR_PKI_NAME_TOO_MANY);
}

static bool walk(X509_NAME *name, struct err *e) {
    PL_AUTO(dn_clear) struct dn dn = {0};
    PL_AUTO(dn_clear) struct dn copy = {0};
    PL_AUTO(x509_name_freep) X509_NAME *back = NULL;
    PL_AUTO(mem_freep) char *text = NULL;
    return dn_from_x509_name(name, &dn, e) && dn_add(&dn, NID_countryName, "DE", e) &&
           dn_copy(&dn, &copy, e) && dn_to_x509_name(&copy, &back, e) && dn_format(&copy, &text, e);
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(x509_name_freep)
    X509_NAME *name = name_of(NID_commonName, V_ASN1_UTF8STRING, "a\0b", 3);
    assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_organizationName, V_ASN1_UTF8STRING,
                                                (const unsigned char *)"Example", 7, -1, 0),
                     1);
    ASN1_OBJECT *object = OBJ_txt2obj("1.3.6.1.4.1.99999.7", 1);
    assert_int_equal(X509_NAME_add_entry_by_OBJ(name, object, V_ASN1_UTF8STRING,
                                                (const unsigned char *)"x", 1, -1, 0),
                     1);
    ASN1_OBJECT_free(object);
    assert_survives_oom(walk(name, &e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_has_the_most_significant_part_last),
        cmocka_unit_test(test_text_is_escaped_by_rfc_4514),
        cmocka_unit_test(test_types_without_a_name_are_written_as_numbers),
        cmocka_unit_test(test_every_string_type_becomes_utf8),
        cmocka_unit_test(test_a_nul_or_bytes_that_are_no_text_never_pass_as_a_name),
        cmocka_unit_test(test_parts_have_their_string_types),
        cmocka_unit_test(test_characters_outside_the_type_are_refused),
        cmocka_unit_test(test_encoding_and_reading_is_a_round_trip),
        cmocka_unit_test(test_empty_values_are_left_out),
        cmocka_unit_test(test_names_have_their_limits),
        cmocka_unit_test(test_encoded_names_have_the_same_limits),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
