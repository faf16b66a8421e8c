/* pki/cert: reading, host names, text forms, lists. */
#include "unit.h"

#include "make_cert.h"

#include "base/clock.h"
#include "pki/cert.h"

#include <openssl/err.h>
#include <openssl/pem.h>

static struct made root;
static struct made issuing;
static struct made leaf;

static int make_all(void **state) {
    (void)state;
    root = make_cert(
        (struct make_cert){.name = "Test Root", .organisation = "Example Inc.", .is_ca = true});
    issuing = make_cert((struct make_cert){
        .name = "Test Issuing", .issuer = &root, .is_ca = true, .path_length = 1});
    leaf = make_cert((struct make_cert){
        .name = "www.example.com",
        .issuer = &issuing,
        .serial = "00ab01",
        .sans = "DNS:www.example.com,DNS:*.shop.example.com,DNS:xn--mnchen-3ya.example,"
                "DNS:*.com,DNS:w*.example.com,IP:192.0.2.1,IP:2001:db8::1"});
    return 0;
}

static int clear_all(void **state) {
    (void)state;
    made_clear(&root);
    made_clear(&issuing);
    made_clear(&leaf);
    return 0;
}

static void test_fields_are_what_was_signed(void **state) {
    (void)state;
    const struct cert *cert = leaf.cert;
    assert_string_equal(cert->subject_text, "CN=www.example.com");
    assert_string_equal(cert->issuer_text, "CN=Test Issuing");
    assert_string_equal(cert->serial, "ab01");
    assert_int_equal(cert->not_before_ms, MAKE_CERT_NOT_BEFORE_MS);
    assert_int_equal(cert->not_after_ms, MAKE_CERT_NOT_AFTER_MS);
    assert_int_equal(cert->key_spec.family, KEY_EC);
    assert_int_equal(cert->key_spec.bits, 256);
    assert_string_equal(cert->signature_algorithm, "ecdsa-with-SHA256");
    assert_int_equal(cert->sans.count, 7);
    assert_false(cert->is_ca);
    assert_false(cert->is_self_issued);
    assert_false(cert->is_self_signed);
}

static void test_key_identifiers_join_leaf_and_issuer(void **state) {
    (void)state;
    assert_int_equal(leaf.cert->authority_key_id.len, 20);
    assert_int_equal(issuing.cert->subject_key_id.len, 20);
    assert_memory_equal(leaf.cert->authority_key_id.bytes, issuing.cert->subject_key_id.bytes, 20);
    assert_int_equal(root.cert->authority_key_id.len, 0);
}

static void test_spki_hash_is_the_keys(void **state) {
    (void)state;
    struct err e = {0};
    uint8_t hash[32];
    assert_ok(key_spki_sha256(leaf.key, hash, &e), &e);
    assert_memory_equal(hash, leaf.cert->spki_sha256, 32);
}

static void test_root_is_self_signed_and_a_ca(void **state) {
    (void)state;
    assert_true(root.cert->is_ca);
    assert_true(root.cert->is_self_issued);
    assert_true(root.cert->is_self_signed);
}

static void test_self_issued_under_another_key_is_not_self_signed(void **state) {
    (void)state;
    struct made rolled = make_cert((struct make_cert){
        .name = "Test Root", .organisation = "Example Inc.", .issuer = &root, .is_ca = true});
    assert_true(rolled.cert->is_self_issued);
    assert_false(rolled.cert->is_self_signed);
    made_clear(&rolled);
}

static void test_der_is_kept_byte_for_byte(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(cert_freep) struct cert *again = NULL;
    assert_ok(cert_from_der(leaf.cert->der, leaf.cert->der_len, &again, &e), &e);
    assert_int_equal(again->der_len, leaf.cert->der_len);
    assert_memory_equal(again->der, leaf.cert->der, again->der_len);
    assert_true(cert_equal(again, leaf.cert));
    assert_false(cert_equal(again, root.cert));
}

static void test_every_truncation_is_malformed(void **state) {
    (void)state;
    for (size_t len = 1; len < leaf.cert->der_len; len++) {
        struct err e = {0};
        struct cert *none = NULL;
        assert_fails(cert_from_der(leaf.cert->der, len, &none, &e), &e, ERR_PKI_CERT_MALFORMED);
        assert_null(none);
    }
    assert_int_equal(ERR_peek_error(), 0);
}

static void test_bytes_after_the_certificate_are_refused(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(mem_freep) uint8_t *longer = NULL;
    void *memory = NULL;
    assert_ok(mem_dup(leaf.cert->der, leaf.cert->der_len, &memory, &e), &e);
    longer = memory; /* the terminating NUL is the trailing byte */
    struct cert *none = NULL;
    assert_fails(cert_from_der(longer, leaf.cert->der_len + 1, &none, &e), &e,
                 ERR_PKI_CERT_TRAILING);
}

static void test_sizes_outside_the_limits_are_refused(void **state) {
    (void)state;
    struct err e = {0};
    struct cert *none = NULL;
    assert_fails(cert_from_der(leaf.cert->der, 0, &none, &e), &e, ERR_BASE_LIMIT);
    err_init(&e);
    void *huge = NULL;
    assert_ok(mem_alloc(CERT_DER_MAX + 1, &huge, &e), &e);
    assert_fails(cert_from_der(huge, CERT_DER_MAX + 1, &none, &e), &e, ERR_BASE_LIMIT);
    err_init(&e);
    assert_fails(cert_from_der(huge, CERT_DER_MAX, &none, &e), &e, ERR_PKI_CERT_MALFORMED);
    mem_free(huge);
}

static void test_long_serials_are_cut(void **state) {
    (void)state;
    struct made odd = make_cert(
        (struct make_cert){.name = "x", .serial = "0102030405060708090a0b0c0d0e0f10111213141516"});
    assert_string_equal(odd.cert->serial, "0102030405060708090a0b0c0d0e0f1011121314");
    made_clear(&odd);
}

static bool read_and_drop(struct err *e) {
    struct cert *cert = NULL;
    bool ok = cert_from_der(leaf.cert->der, leaf.cert->der_len, &cert, e);
    cert_free(cert);
    return ok;
}

static void test_reading_survives_failing_memory(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(read_and_drop(&e), &e);
}

static void test_issued_by_needs_name_and_signature(void **state) {
    (void)state;
    struct made impostor = make_cert((struct make_cert){.name = "Test Issuing", .is_ca = true});
    struct made renamed =
        make_cert((struct make_cert){.name = "Other", .key_of = &issuing, .is_ca = true});
    assert_true(cert_is_issued_by(leaf.cert, issuing.cert));
    assert_true(cert_is_issued_by(root.cert, root.cert));
    assert_false(cert_is_issued_by(leaf.cert, root.cert));
    assert_false(cert_is_issued_by(leaf.cert, impostor.cert));
    assert_false(cert_is_issued_by(leaf.cert, renamed.cert));
    made_clear(&impostor);
    made_clear(&renamed);
}

struct host_case {
    const char *host;
    bool is_covered;
};

static const struct host_case host_cases[] = {
    {"www.example.com", true},
    {"WWW.Example.COM", true},
    {"www.example.com.", true},
    {"example.com", false},
    {"wwww.example.com", false}, /* "w*" is not the whole label */
    {"a.shop.example.com", true},
    {"a.b.shop.example.com", false},
    {"shop.example.com", false},
    {".shop.example.com", false},
    {"*.shop.example.com", true},
    {"*.example.com", false},
    {"example.com.com", false},
    {"foo.com", false}, /* "*.com" stands for nothing */
    {"m\xc3\xbcnchen.example", true},
    {"xn--mnchen-3ya.example", true},
    {"192.0.2.1", true},
    {"192.0.2.10", false},
    {"2001:db8::1", true},
    {"2001:DB8:0:0::1", true},
    {"[2001:db8::1]", true},
    {"2001:db8::2", false},
    {"", false},
    {".", false},
};

static void test_hosts_by_rfc_9525(void **state) {
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(host_cases); i++) {
        if (cert_covers_host(leaf.cert, host_cases[i].host) != host_cases[i].is_covered) {
            fail_msg("host \"%s\"", host_cases[i].host);
        }
    }
}

static void test_common_name_covers_nothing(void **state) {
    (void)state;
    struct made old = make_cert((struct make_cert){.name = "www.example.com"});
    assert_false(cert_covers_host(old.cert, "www.example.com"));
    made_clear(&old);
}

static void test_address_as_dns_name_covers_no_address(void **state) {
    (void)state;
    struct made odd = make_cert((struct make_cert){.name = "x", .sans = "DNS:192.0.2.7"});
    assert_false(cert_covers_host(odd.cert, "192.0.2.7"));
    made_clear(&odd);
}

static void test_display_names_fall_back(void **state) {
    (void)state;
    struct made no_subject =
        make_cert((struct make_cert){.issuer = &root, .sans = "DNS:only.example.com"});
    struct made only_organisation = make_cert((struct make_cert){.organisation = "Example Inc."});
    assert_string_equal(cert_display_name(leaf.cert), "www.example.com");
    assert_string_equal(cert_display_name(no_subject.cert), "only.example.com");
    assert_string_equal(cert_display_name(only_organisation.cert), "O=Example Inc.");
    assert_string_equal(cert_issuer_display_name(leaf.cert), "Test Issuing");
    assert_string_equal(cert_issuer_display_name(only_organisation.cert), "Example Inc.");
    made_clear(&no_subject);
    made_clear(&only_organisation);
}

static void test_pem_round_trip(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf pem;
    buf_init(&pem, 64 * 1024);
    assert_ok(cert_append_pem(leaf.cert, &pem, &e), &e);
    assert_memory_equal(pem.data, "-----BEGIN CERTIFICATE-----\n", 28);
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    X509 *x509 = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    assert_non_null(x509);
    assert_int_equal(X509_cmp(x509, leaf.x509), 0);
    X509_free(x509);
    BIO_free(bio);
}

static void test_text_lets_no_escape_sequence_through(void **state) {
    (void)state;
    struct err e = {0};
    struct made evil = make_cert((struct make_cert){.name = "evil\x1b[2J\xe2\x80\xae"
                                                            "com"});
    PL_AUTO(buf_clear) struct buf text;
    buf_init(&text, 64 * 1024);
    assert_ok(cert_append_text(evil.cert, &text, &e), &e);
    assert_non_null(strstr(buf_string(&text), "Subject: CN = evil"));
    assert_non_null(strstr(buf_string(&text), "\n        Serial Number:"));
    assert_null(strchr(buf_string(&text), '\x1b'));
    assert_null(strstr(buf_string(&text), "\xe2\x80\xae"));
    made_clear(&evil);
}

static void test_fingerprint_form(void **state) {
    (void)state;
    uint8_t hash[32] = {0xab, 0x01};
    char text[CERT_FINGERPRINT_TEXT];
    cert_format_fingerprint(hash, text);
    assert_int_equal(strlen(text), 95);
    assert_memory_equal(text, "AB:01:00", 8);
}

static void test_list_holds_references_in_order(void **state) {
    (void)state;
    struct err e = {0};
    struct cert_list list = {0};
    assert_ok(cert_list_add(&list, leaf.cert, &e), &e);
    assert_ok(cert_list_insert(&list, 0, root.cert, &e), &e);
    assert_ok(cert_list_add_new(&list, leaf.cert, &e), &e);
    assert_int_equal(list.count, 2);
    assert_ptr_equal(list.items[0], root.cert);
    assert_true(cert_list_has(&list, leaf.cert));
    assert_false(cert_list_has(&list, issuing.cert));
    assert_int_equal(leaf.cert->references, 2);
    cert_list_clear(&list);
    assert_int_equal(leaf.cert->references, 1);
}

static void test_list_holds_its_maximum(void **state) {
    (void)state;
    struct err e = {0};
    struct cert_list list = {0};
    for (size_t i = 0; i < CERT_LIST_MAX; i++) {
        assert_ok(cert_list_add(&list, leaf.cert, &e), &e);
    }
    assert_fails(cert_list_add(&list, leaf.cert, &e), &e, ERR_BASE_LIMIT);
    cert_list_clear(&list);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_are_what_was_signed),
        cmocka_unit_test(test_key_identifiers_join_leaf_and_issuer),
        cmocka_unit_test(test_spki_hash_is_the_keys),
        cmocka_unit_test(test_root_is_self_signed_and_a_ca),
        cmocka_unit_test(test_self_issued_under_another_key_is_not_self_signed),
        cmocka_unit_test(test_der_is_kept_byte_for_byte),
        cmocka_unit_test(test_every_truncation_is_malformed),
        cmocka_unit_test(test_bytes_after_the_certificate_are_refused),
        cmocka_unit_test(test_sizes_outside_the_limits_are_refused),
        cmocka_unit_test(test_long_serials_are_cut),
        cmocka_unit_test(test_reading_survives_failing_memory),
        cmocka_unit_test(test_issued_by_needs_name_and_signature),
        cmocka_unit_test(test_hosts_by_rfc_9525),
        cmocka_unit_test(test_common_name_covers_nothing),
        cmocka_unit_test(test_address_as_dns_name_covers_no_address),
        cmocka_unit_test(test_display_names_fall_back),
        cmocka_unit_test(test_pem_round_trip),
        cmocka_unit_test(test_text_lets_no_escape_sequence_through),
        cmocka_unit_test(test_fingerprint_form),
        cmocka_unit_test(test_list_holds_references_in_order),
        cmocka_unit_test(test_list_holds_its_maximum),
    };
    return cmocka_run_group_tests(tests, make_all, clear_all);
}
