/* pki/crl: reading, whose it is, whom it is about, entries. */
#include "unit.h"

#include "make_cert.h"

#include "pki/crl.h"
#include "pki/openssl.h"

#include <openssl/err.h>

enum { DAY_MS = 24 * 3600 * 1000 };

static struct made root;
static struct made leaf;
static struct made revoked_leaf;

static int make_all(void **state) {
    (void)state;
    root = make_cert((struct make_cert){.name = "Root", .is_ca = true});
    leaf = make_cert((struct make_cert){
        .name = "good.example", .issuer = &root, .crl_address = "URI:http://crl.example/1.crl"});
    revoked_leaf =
        make_cert((struct make_cert){.name = "bad.example", .issuer = &root, .serial = "00f1a2"});
    return 0;
}

static int clear_all(void **state) {
    (void)state;
    made_clear(&root);
    made_clear(&leaf);
    made_clear(&revoked_leaf);
    return 0;
}

static struct buf crl_der(struct make_crl wish) {
    struct err e = {0};
    PL_AUTO(x509_crl_freep) X509_CRL *x509_crl = make_crl(wish);
    struct buf der;
    buf_init(&der, CRL_DER_MAX);
    assert_ok(openssl_append_der(&der, (i2d_of_void *)i2d_X509_CRL, x509_crl, &e), &e);
    return der;
}

static struct crl *read_made(struct make_crl wish) {
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf der = crl_der(wish);
    struct crl *crl = NULL;
    assert_ok(crl_from_der(der.data, der.len, &crl, &e), &e);
    return crl;
}

static struct make_revoked one_revoked(void) {
    return (struct make_revoked){
        .cert = &revoked_leaf, .reason = 1, .at_ms = MAKE_CERT_NOW_MS - 5 * (int64_t)DAY_MS};
}

static void test_fields_are_what_was_signed(void **state) {
    (void)state;
    struct make_revoked revoked = one_revoked();
    PL_AUTO(crl_freep)
    struct crl *crl =
        read_made((struct make_crl){.issuer = &root, .revoked = &revoked, .revoked_count = 1});
    assert_string_equal(crl->issuer_text, "CN=Root");
    assert_string_equal(crl->number, "07");
    assert_int_equal(crl->entry_count, 1);
    assert_int_equal(crl->this_update_ms, MAKE_CERT_NOW_MS - DAY_MS);
    assert_true(crl->has_next_update);
    assert_int_equal(crl->next_update_ms, MAKE_CERT_NOW_MS + DAY_MS);
    assert_string_equal(crl->signature_algorithm, "ecdsa-with-SHA256");
    assert_false(crl->is_delta);
}

static void test_next_update_may_be_missing(void **state) {
    (void)state;
    PL_AUTO(crl_freep)
    struct crl *crl = read_made((struct make_crl){.issuer = &root, .next_ms = -1});
    assert_false(crl->has_next_update);
    assert_int_equal(crl->entry_count, 0);
}

static void test_entry_is_found_by_certificate_and_serial(void **state) {
    (void)state;
    struct make_revoked revoked = one_revoked();
    PL_AUTO(crl_freep)
    struct crl *crl =
        read_made((struct make_crl){.issuer = &root, .revoked = &revoked, .revoked_count = 1});
    struct crl_entry entry = {0};
    assert_false(crl_has_cert(crl, leaf.cert, &entry));
    assert_true(crl_has_cert(crl, revoked_leaf.cert, &entry));
    assert_int_equal(entry.reason, 1);
    assert_int_equal(entry.revoked_ms, revoked.at_ms);
    assert_string_equal(crl_reason_text(entry.reason), "key compromise");
    assert_true(crl_has_serial(crl, "f1a2", &entry));
    assert_true(crl_has_serial(crl, "00F1A2", &entry));
    assert_false(crl_has_serial(crl, "f1a3", &entry));
    assert_false(crl_has_serial(crl, "f1a2zz", &entry));
    assert_false(crl_has_serial(crl, "", &entry));
}

static void test_reasons(void **state) {
    (void)state;
    static const struct {
        int reason;
        int read;
        bool is_revoked;
    } cases[] = {{-1, -1, true}, {4, 4, true}, {6, 6, true}, {8, 0, false}};
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct make_revoked revoked = one_revoked();
        revoked.reason = cases[i].reason;
        PL_AUTO(crl_freep)
        struct crl *crl =
            read_made((struct make_crl){.issuer = &root, .revoked = &revoked, .revoked_count = 1});
        struct crl_entry entry = {0};
        assert_int_equal(crl_has_cert(crl, revoked_leaf.cert, &entry), cases[i].is_revoked);
        assert_int_equal(entry.reason, cases[i].read);
    }
    assert_string_equal(crl_reason_text(-1), "no reason given");
    assert_string_equal(crl_reason_text(7), "no reason given");
    assert_string_equal(crl_reason_text(11), "no reason given");
    assert_string_equal(crl_reason_text(10), "attribute authority compromise");
}

static void test_signer_is_told(void **state) {
    (void)state;
    struct made impostor = make_cert((struct make_cert){.name = "Root", .is_ca = true});
    struct made no_crl_sign = make_cert((struct make_cert){
        .name = "Root", .key_of = &root, .is_ca = true, .key_usage = "critical,keyCertSign"});
    struct made renamed =
        make_cert((struct make_cert){.name = "Other", .key_of = &root, .is_ca = true});
    PL_AUTO(crl_freep) struct crl *crl = read_made((struct make_crl){.issuer = &root});
    assert_true(crl_is_signed_by(crl, root.cert));
    assert_false(crl_is_signed_by(crl, impostor.cert));
    assert_false(crl_is_signed_by(crl, no_crl_sign.cert));
    assert_false(crl_is_signed_by(crl, renamed.cert));
    made_clear(&impostor);
    made_clear(&no_crl_sign);
    made_clear(&renamed);
}

struct scope_case {
    const char *distribution_point;
    bool covers_leaf;
    bool covers_root;
};

static const struct scope_case scope_cases[] = {
    {NULL, true, true},
    {"critical,onlyuser:TRUE", true, false},
    {"critical,onlyCA:TRUE", false, true},
    {"critical,onlyAA:TRUE", false, false},
    {"critical,indirectCRL:TRUE", true, true},
    {"critical,onlysomereasons:keyCompromise", false, false},
    {"critical,fullname:URI:http://crl.example/1.crl", true, false},
    {"critical,fullname:URI:http://crl.example/2.crl", false, false},
};

static void test_scope_is_respected(void **state) {
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(scope_cases); i++) {
        const struct scope_case *c = &scope_cases[i];
        PL_AUTO(crl_freep)
        struct crl *crl = read_made(
            (struct make_crl){.issuer = &root, .distribution_point = c->distribution_point});
        if (crl_covers_cert(crl, leaf.cert) != c->covers_leaf ||
            crl_covers_cert(crl, root.cert) != c->covers_root) {
            fail_msg("%s", c->distribution_point);
        }
    }
    assert_int_equal(ERR_peek_error(), 0);
}

static void test_delta_and_foreign_lists_cover_nothing(void **state) {
    (void)state;
    struct made other = make_cert((struct make_cert){.name = "Other Root", .is_ca = true});
    PL_AUTO(crl_freep)
    struct crl *delta = read_made((struct make_crl){.issuer = &root, .is_delta = true});
    PL_AUTO(crl_freep) struct crl *foreign = read_made((struct make_crl){.issuer = &other});
    assert_true(delta->is_delta);
    assert_false(crl_covers_cert(delta, leaf.cert));
    assert_false(crl_covers_cert(foreign, leaf.cert));
    made_clear(&other);
}

static void test_every_truncation_is_malformed(void **state) {
    (void)state;
    struct make_revoked revoked = one_revoked();
    PL_AUTO(buf_clear)
    struct buf der =
        crl_der((struct make_crl){.issuer = &root, .revoked = &revoked, .revoked_count = 1});
    for (size_t len = 1; len < der.len; len++) {
        struct err e = {0};
        struct crl *none = NULL;
        assert_fails(crl_from_der(der.data, len, &none, &e), &e, ERR_PKI_CRL_MALFORMED);
    }
}

static void test_limits_and_trailing_bytes(void **state) {
    (void)state;
    struct err e = {0};
    struct crl *none = NULL;
    PL_AUTO(buf_clear) struct buf der = crl_der((struct make_crl){.issuer = &root});
    assert_fails(crl_from_der(der.data, 0, &none, &e), &e, ERR_BASE_LIMIT);
    err_init(&e);
    assert_fails(crl_from_der(der.data, (size_t)CRL_DER_MAX + 1, &none, &e), &e, ERR_BASE_LIMIT);
    err_init(&e);
    assert_fails(crl_from_der(der.data, der.len + 1, &none, &e), &e, ERR_PKI_CRL_TRAILING);
}

static bool read_and_drop(const struct buf *der, struct err *e) {
    PL_AUTO(crl_freep) struct crl *crl = NULL;
    return crl_from_der(der->data, der->len, &crl, e);
}

static void test_reading_survives_failing_memory(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf der = crl_der((struct make_crl){.issuer = &root});
    assert_survives_oom(read_and_drop(&der, &e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_are_what_was_signed),
        cmocka_unit_test(test_next_update_may_be_missing),
        cmocka_unit_test(test_entry_is_found_by_certificate_and_serial),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_signer_is_told),
        cmocka_unit_test(test_scope_is_respected),
        cmocka_unit_test(test_delta_and_foreign_lists_cover_nothing),
        cmocka_unit_test(test_every_truncation_is_malformed),
        cmocka_unit_test(test_limits_and_trailing_bytes),
        cmocka_unit_test(test_reading_survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, make_all, clear_all);
}
