/* pki/name: subject alternative names. */
#include "unit.h"

#include "pki/name.h"
#include "pki/openssl.h"

#include <stdio.h>

PL_DEFINE_FREEP(general_names_freep, GENERAL_NAMES, GENERAL_NAMES_free)

static void check_text(const struct san_list *list, const char *expected) {
    struct err e = {0};
    PL_AUTO(mem_freep) char *text = NULL;
    assert_ok(san_list_format(list, &text, &e), &e);
    assert_string_equal(text, expected);
}

static void add_typed(struct san_list *list, const char *text) {
    struct err e = {0};
    assert_ok(san_list_add_typed(list, text, &e), &e);
}

static void test_typed_names_and_addresses_become_canonical(void **state) {
    (void)state;
    PL_AUTO(san_list_clear) struct san_list list = {0};
    check_text(&list, "");
    add_typed(&list, " WWW.Example.com\n");
    add_typed(&list, "*.Straße.de");
    add_typed(&list, "192.0.2.1");
    add_typed(&list, "[2001:DB8::0:1]");
    add_typed(&list, "localhost");
    check_text(&list, "www.example.com, *.xn--strae-oqa.de, 192.0.2.1, 2001:db8::1, localhost");
    assert_int_equal(list.items[0].kind, SAN_DNS);
    assert_int_equal(list.items[2].kind, SAN_IP);
    assert_int_equal(list.items[3].kind, SAN_IP);
}

static void test_typed_slips_are_refused(void **state) {
    (void)state;
    struct {
        const char *typed;
        enum err_code code;
    } cases[] = {
        {"", ERR_PKI_NAME_INVALID},          {"  ", ERR_PKI_NAME_INVALID},
        {"256.1.1.1", ERR_PKI_NAME_INVALID}, {"xn--zzzzzz.com", ERR_PKI_NAME_IDN},
        {"*.com", ERR_PKI_NAME_WILDCARD},    {"a.*.com", ERR_PKI_NAME_WILDCARD},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        PL_AUTO(san_list_clear) struct san_list list = {0};
        assert_fails(san_list_add_typed(&list, cases[i].typed, &e), &e, cases[i].code);
        assert_int_equal(list.count, 0);
    }
}

static void test_typed_text_has_a_limit(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(san_list_clear) struct san_list list = {0};
    char text[SAN_TEXT_MAX + 2];
    memset(text, 'a', sizeof(text));
    text[SAN_TEXT_MAX + 1] = '\0';
    assert_fails(san_list_add_typed(&list, text, &e), &e, ERR_PKI_NAME_TOO_LONG);
}

static void test_equal_names_are_kept_once(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(san_list_clear) struct san_list list = {0};
    assert_ok(san_list_add(&list, SAN_DNS, "www.example.com", &e), &e);
    assert_ok(san_list_add(&list, SAN_DNS, "WWW.example.com", &e), &e);
    assert_ok(san_list_add(&list, SAN_URI, "www.example.com", &e), &e);
    assert_int_equal(list.count, 2);
    assert_true(san_list_has(&list, SAN_DNS, "www.EXAMPLE.com"));
    assert_false(san_list_has(&list, SAN_URI, "www.EXAMPLE.com"));
    assert_false(san_list_has(&list, SAN_IP, "www.example.com"));
}

static void test_a_list_holds_its_maximum(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(san_list_clear) struct san_list list = {0};
    for (int i = 0; i < SAN_MAX; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "n%d.example.com", i);
        assert_ok(san_list_add(&list, SAN_DNS, name, &e), &e);
    }
    assert_ok(san_list_add(&list, SAN_DNS, "N0.example.com", &e), &e);
    assert_fails(san_list_add(&list, SAN_DNS, "example.com", &e), &e, ERR_PKI_NAME_TOO_MANY);
    assert_int_equal(list.count, SAN_MAX);
}

static void test_the_extension_reads_back(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(san_list_clear) struct san_list list = {0};
    PL_AUTO(san_list_clear) struct san_list back = {0};
    PL_AUTO(san_list_clear) struct san_list copy = {0};
    add_typed(&list, "www.example.com");
    add_typed(&list, "192.0.2.1");
    add_typed(&list, "2001:db8::1");
    assert_ok(san_list_add(&list, SAN_EMAIL, "a@example.com", &e), &e);
    assert_ok(san_list_add(&list, SAN_URI, "https://example.com/", &e), &e);
    PL_AUTO(x509_extension_freep) X509_EXTENSION *extension = NULL;
    assert_ok(san_list_to_extension(&list, true, &extension, &e), &e);
    assert_int_equal(X509_EXTENSION_get_critical(extension), 1);
    PL_AUTO(general_names_freep) GENERAL_NAMES *names = X509V3_EXT_d2i(extension);
    assert_ok(san_list_from_general_names(names, &back, &e), &e);
    assert_ok(san_list_copy(&back, &copy, &e), &e);
    check_text(&copy,
               "www.example.com, 192.0.2.1, 2001:db8::1, a@example.com, https://example.com/");
    for (size_t i = 0; i < list.count; i++) {
        assert_int_equal(copy.items[i].kind, list.items[i].kind);
    }
}

static void test_what_has_no_encoding_is_refused(void **state) {
    (void)state;
    struct {
        enum san_kind kind;
        const char *text;
    } cases[] = {
        {SAN_OTHER, "other name 1.2.3"},
        {SAN_DNS, "ä.com"},
        {SAN_DNS, ""},
        {SAN_DNS, "a b"},
        {SAN_IP, "1.2.3"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        PL_AUTO(san_list_clear) struct san_list list = {0};
        assert_ok(san_list_add(&list, cases[i].kind, cases[i].text, &e), &e);
        X509_EXTENSION *extension = NULL;
        assert_fails(san_list_to_extension(&list, false, &extension, &e), &e, ERR_PKI_NAME_INVALID);
    }
    struct err e = {0};
    X509_EXTENSION *extension = NULL;
    const struct san_list empty = {0};
    assert_fails(san_list_to_extension(&empty, false, &extension, &e), &e, ERR_PKI_NAME_INVALID);
}

/* The names that DER of a GeneralNames holds. */
static void read_names(const char *der, long len, struct san_list *out_list) {
    struct err e = {0};
    const unsigned char *at = (const unsigned char *)der;
    PL_AUTO(general_names_freep) GENERAL_NAMES *names = d2i_GENERAL_NAMES(NULL, &at, len);
    assert_non_null(names);
    assert_ok(san_list_from_general_names(names, out_list, &e), &e);
}

static void test_malformed_names_never_look_like_names(void **state) {
    (void)state;
    struct {
        const char *der;
        long len;
        const char *text;
    } cases[] = {
        {"\x30\x05\x82\x03"
         "a\0b",
         7, "malformed host name"},
        {"\x30\x05\x82\x03"
         "a b",
         7, "malformed host name"},
        {"\x30\x02\x82\x00", 4, "malformed host name"},
        {"\x30\x04\x82\x02\xC3\xA4", 6, "malformed host name"},
        {"\x30\x05\x87\x03\x01\x02\x03", 7, "malformed IP address"},
        {"\x30\x03\x81\x01\x07", 5, "malformed e-mail address"},
        {"\x30\x03\x86\x01\n", 5, "malformed URI"},
        {"\x30\x05\x88\x03\x2A\x03\x04", 7, "registered id 1.2.3.4"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        PL_AUTO(san_list_clear) struct san_list list = {0};
        read_names(cases[i].der, cases[i].len, &list);
        assert_int_equal(list.count, 1);
        assert_int_equal(list.items[0].kind, SAN_OTHER);
        assert_string_equal(list.items[0].text, cases[i].text);
    }
}

static void test_other_kinds_are_described(void **state) {
    (void)state;
    PL_AUTO(general_names_freep) GENERAL_NAMES *names = NULL;
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    PL_AUTO(x509_extension_freep)
    X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name,
                            "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:a@b.c,RID:1.2.3.4");
    assert_non_null(extension);
    names = X509V3_EXT_d2i(extension);
    struct err e = {0};
    PL_AUTO(san_list_clear) struct san_list list = {0};
    assert_ok(san_list_from_general_names(names, &list, &e), &e);
    check_text(&list, "other name 1.3.6.1.4.1.311.20.2.3, registered id 1.2.3.4");
    PL_AUTO(san_list_clear) struct san_list empty = {0};
    assert_ok(san_list_from_general_names(NULL, &empty, &e), &e);
    assert_int_equal(empty.count, 0);
}

static void test_directory_names_are_described(void **state) {
    (void)state;
    PL_AUTO(san_list_clear) struct san_list list = {0};
    read_names("\x30\x10\xA4\x0E\x30\x0C\x31\x0A\x30\x08\x06\x03\x55\x04\x03\x0C\x01"
               "a",
               18, &list);
    check_text(&list, "directory name CN=a");
}

static bool walk(struct err *e) {
    PL_AUTO(san_list_clear) struct san_list list = {0};
    PL_AUTO(san_list_clear) struct san_list back = {0};
    PL_AUTO(x509_extension_freep) X509_EXTENSION *extension = NULL;
    PL_AUTO(mem_freep) char *text = NULL;
    if (!san_list_add_typed(&list, "www.example.com", e) || !san_list_add_typed(&list, "::1", e) ||
        !san_list_to_extension(&list, false, &extension, e)) {
        return false;
    }
    PL_AUTO(general_names_freep) GENERAL_NAMES *names = X509V3_EXT_d2i(extension);
    return san_list_from_general_names(names, &back, e) && san_list_format(&back, &text, e);
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(walk(&e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_typed_names_and_addresses_become_canonical),
        cmocka_unit_test(test_typed_slips_are_refused),
        cmocka_unit_test(test_typed_text_has_a_limit),
        cmocka_unit_test(test_equal_names_are_kept_once),
        cmocka_unit_test(test_a_list_holds_its_maximum),
        cmocka_unit_test(test_the_extension_reads_back),
        cmocka_unit_test(test_what_has_no_encoding_is_refused),
        cmocka_unit_test(test_malformed_names_never_look_like_names),
        cmocka_unit_test(test_other_kinds_are_described),
        cmocka_unit_test(test_directory_names_are_described),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
