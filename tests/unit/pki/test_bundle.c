/* pki/bundle: reading what others wrote, writing what others read. */
#include "unit.h"

#include "make_cert.h"

#include "pki/bundle.h"
#include "pki/openssl.h"
#include "sys/file.h"

static struct buf load(const char *name) {
    struct err e = {0};
    PL_AUTO(mem_freep) char *path = NULL;
    assert_ok(mem_printf(&path, &e, "%s/detect/%s", PL_TEST_DATA, name), &e);
    struct buf bytes;
    buf_init(&bytes, 1024 * 1024);
    assert_ok(file_read(path, &bytes, &e), &e);
    return bytes;
}

static void test_every_dress_of_a_bundle_is_read(void **state) {
    (void)state;
    static const struct {
        const char *file;
        size_t count;
    } cases[] = {
        {"bundle.p7b", 3},          {"bundle.pem", 3}, {"bundle.certsrv.p7b", 3},
        {"bundle.certtool.p7b", 1}, {"signed.p7s", 1}, {"bundle.one.p7b", 1},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        PL_AUTO(buf_clear) struct buf bytes = load(cases[i].file);
        PL_AUTO(cert_list_clear) struct cert_list certs = {0};
        assert_ok(bundle_read(bytes.data, bytes.len, &certs, &e), &e);
        assert_int_equal(certs.count, cases[i].count);
        assert_string_equal(cert_display_name(certs.items[0]), "www.example.com");
    }
}

static void test_other_things_are_named(void **state) {
    (void)state;
    static const struct {
        const char *file;
        const char *reason;
    } cases[] = {
        {"leaf.pem", "this is a certificate, not a bundle of certificates"},
        {"leaf.der", "this is a certificate, not a bundle of certificates"},
        {"leaf.base64", "this is a certificate, not a bundle of certificates"},
        {"request.pem", "this is a certificate request (CSR), not a bundle of certificates"},
        {"store.pfx", "this is a PKCS #12 file (.pfx, .p12), not a bundle of certificates"},
        {"page.html", "this is a web page (HTML), not a bundle of certificates"},
        {"enveloped.p7m", "this is PKCS #7 data of another kind than a bundle of certificates"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        PL_AUTO(buf_clear) struct buf bytes = load(cases[i].file);
        PL_AUTO(cert_list_clear) struct cert_list certs = {0};
        assert_fails(bundle_read(bytes.data, bytes.len, &certs, &e), &e, ERR_PKI_BUNDLE_NOT_BUNDLE);
        assert_string_equal(e.step[0], cases[i].reason);
    }
}

static void test_damaged_bundles(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf bytes = load("bundle.p7b");
    struct err e = {0};
    PL_AUTO(cert_list_clear) struct cert_list certs = {0};
    assert_fails(bundle_from_der(bytes.data, bytes.len - 1, &certs, &e), &e,
                 ERR_PKI_BUNDLE_MALFORMED);
    err_init(&e);
    assert_fails(bundle_from_der(bytes.data, bytes.len + 1, &certs, &e), &e,
                 ERR_PKI_BUNDLE_MALFORMED);
    err_init(&e);
    assert_fails(bundle_from_der(bytes.data, 0, &certs, &e), &e, ERR_BASE_LIMIT);
    err_init(&e);
    assert_fails(bundle_read(bytes.data, BUNDLE_INPUT_MAX + 1, &certs, &e), &e, ERR_BASE_LIMIT);
    assert_int_equal(certs.count, 0);
}

static void test_bundle_round_trip_keeps_the_order(void **state) {
    (void)state;
    struct err e = {0};
    struct made root = make_cert((struct make_cert){.name = "Root", .is_ca = true});
    struct made leaf = make_cert((struct make_cert){.name = "leaf", .issuer = &root});
    PL_AUTO(cert_list_clear) struct cert_list certs = {0};
    assert_ok(cert_list_add(&certs, leaf.cert, &e) && cert_list_add(&certs, root.cert, &e), &e);
    for (size_t form = 0; form < 2; form++) {
        PL_AUTO(buf_clear) struct buf out;
        buf_init(&out, BUNDLE_INPUT_MAX);
        assert_ok(form == 0 ? bundle_append_der(&certs, &out, &e)
                            : bundle_append_pem(&certs, &out, &e),
                  &e);
        PL_AUTO(cert_list_clear) struct cert_list again = {0};
        assert_ok(bundle_read(out.data, out.len, &again, &e), &e);
        assert_int_equal(again.count, 2);
        assert_true(cert_equal(again.items[0], leaf.cert));
        assert_true(cert_equal(again.items[1], root.cert));
    }
    made_clear(&leaf);
    made_clear(&root);
}

/* RFC 5652's degenerate form: version 1, no digests, content of type data without content. */
static void test_written_bundle_is_certs_only(void **state) {
    (void)state;
    struct err e = {0};
    struct made root = make_cert((struct make_cert){.name = "Root", .is_ca = true});
    struct cert_list certs = {.items = &root.cert, .count = 1};
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, BUNDLE_INPUT_MAX);
    assert_ok(bundle_append_der(&certs, &out, &e), &e);
    const uint8_t *at = out.data;
    PL_AUTO(pkcs7_freep) PKCS7 *pkcs7 = d2i_PKCS7(NULL, &at, (long)out.len);
    assert_non_null(pkcs7);
    assert_int_equal(ASN1_INTEGER_get(pkcs7->d.sign->version), 1);
    assert_int_equal(sk_X509_ALGOR_num(pkcs7->d.sign->md_algs), 0);
    assert_int_equal(sk_PKCS7_SIGNER_INFO_num(pkcs7->d.sign->signer_info), 0);
    assert_true(PKCS7_type_is_data(pkcs7->d.sign->contents));
    assert_null(pkcs7->d.sign->contents->d.data);
    made_clear(&root);
}

static void test_nothing_makes_no_bundle(void **state) {
    (void)state;
    struct err e = {0};
    struct cert_list none = {0};
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, BUNDLE_INPUT_MAX);
    assert_fails(bundle_append_der(&none, &out, &e), &e, ERR_PKI_BUNDLE_EMPTY);
    assert_int_equal(out.len, 0);
}

static void test_bundle_of_lists_alone_is_empty(void **state) {
    (void)state;
    struct err e = {0};
    /* SignedData with an empty certificate set and no signer */
    static const uint8_t der[] = {0x30, 0x23, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
                                  0x01, 0x07, 0x02, 0xa0, 0x16, 0x30, 0x14, 0x02, 0x01, 0x01,
                                  0x31, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                  0xf7, 0x0d, 0x01, 0x07, 0x01, 0x31, 0x00};
    PL_AUTO(cert_list_clear) struct cert_list certs = {0};
    assert_fails(bundle_read(der, sizeof(der), &certs, &e), &e, ERR_PKI_BUNDLE_EMPTY);
}

static bool read_and_drop(const struct buf *bytes, struct err *e) {
    PL_AUTO(cert_list_clear) struct cert_list certs = {0};
    return bundle_read(bytes->data, bytes->len, &certs, e);
}

static void test_reading_survives_failing_memory(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf bytes = load("bundle.pem");
    assert_survives_oom(read_and_drop(&bytes, &e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_dress_of_a_bundle_is_read),
        cmocka_unit_test(test_other_things_are_named),
        cmocka_unit_test(test_damaged_bundles),
        cmocka_unit_test(test_bundle_round_trip_keeps_the_order),
        cmocka_unit_test(test_written_bundle_is_certs_only),
        cmocka_unit_test(test_nothing_makes_no_bundle),
        cmocka_unit_test(test_bundle_of_lists_alone_is_empty),
        cmocka_unit_test(test_reading_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
