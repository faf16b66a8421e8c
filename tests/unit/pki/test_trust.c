/* pki/trust: trusted certificates from files. */
#include "unit.h"

#include "base/clock.h"
#include "pki/trust.h"
#include "pki/verify.h"
#include "sys/file.h"

static char *data_path(const char *name) {
    struct err e = {0};
    char *path = NULL;
    assert_ok(mem_printf(&path, &e, "%s/detect/%s", PL_TEST_DATA, name), &e);
    return path;
}

static void test_files_of_every_form_are_loaded(void **state) {
    (void)state;
    static const struct {
        const char *file;
        size_t count;
    } cases[] = {{"authorities.pem", 2}, {"bundle.p7b", 3}, {"leaf.der", 1}, {"leaf.mail.txt", 1}};
    PL_AUTO(cert_list_clear) struct cert_list anchors = {0};
    size_t count = 0;
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        PL_AUTO(mem_freep) char *path = data_path(cases[i].file);
        assert_ok(trust_load_file(path, &anchors, &e), &e);
        count += cases[i].count;
        assert_int_equal(anchors.count, count);
    }
}

static void test_other_files_are_named(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(cert_list_clear) struct cert_list anchors = {0};
    PL_AUTO(mem_freep) char *path = data_path("page.html");
    assert_fails(trust_load_file(path, &anchors, &e), &e, ERR_PKI_TRUST_EMPTY);
    assert_non_null(strstr(e.step[0], "page.html holds no certificate: it is a web page (HTML)"));
    err_init(&e);
    assert_fails(trust_load_file("/nonexistent/ca.pem", &anchors, &e), &e, ERR_SYS_FILE_MISSING);
    assert_int_equal(anchors.count, 0);
}

/* A system without a bundle must say so; one with it must have roots in it. */
static void test_system_bundle_holds_roots(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(cert_list_clear) struct cert_list anchors = {0};
    const char *path = NULL;
    if (!trust_load_system(&anchors, &path, &e)) {
        assert_int_equal(e.code, ERR_PKI_TRUST_NO_SYSTEM);
        return;
    }
    assert_true(file_exists(path));
    assert_true(anchors.count > 20);
    for (size_t i = 0; i < anchors.count; i++) {
        assert_true(anchors.items[i]->is_self_issued);
    }
}

/* What openssl made verifies as a whole, from files alone. */
static void test_files_verify_together(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(cert_list_clear) struct cert_list chain = {0};
    PL_AUTO(mem_freep) char *path = data_path("chain.pem");
    assert_ok(trust_load_file(path, &chain, &e), &e);
    struct cert_list anchors = {.items = chain.items + 2, .count = 1};
    struct verify_input input = {.leaf = chain.items[0],
                                 .presented = &chain,
                                 .anchors = &anchors,
                                 .host = "example.com",
                                 .at_ms = chain.items[0]->not_before_ms + CLOCK_DAY_MS};
    PL_AUTO(verdict_clear) struct verdict verdict = {0};
    assert_ok(verify_certificate(&input, &verdict, &e), &e);
    assert_int_equal(verdict.overall, VERIFY_PASS);
    assert_true(verdict.presentation.has_superfluous_root);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_of_every_form_are_loaded),
        cmocka_unit_test(test_other_files_are_named),
        cmocka_unit_test(test_system_bundle_holds_roots),
        cmocka_unit_test(test_files_verify_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
