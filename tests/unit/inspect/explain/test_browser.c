/*
 * inspect/explain/browser: which fault leads to which code, in whose order, with which words.
 * The words themselves are held against the browsers by tests/e2e/test_browsers.py.
 */
#include "unit.h"

#include "make_cert.h"

#include "base/clock.h"
#include "base/str.h"
#include "inspect/explain/browser.h"

static struct made root;
static struct made issuing;
static struct cert_list anchors;
static struct cert_list with_issuing;
static const struct cert_list none;

static int make_all(void **state) {
    (void)state;
    struct err e = {0};
    root = make_cert((struct make_cert){.name = "Root", .is_ca = true});
    issuing = make_cert((struct make_cert){.name = "Issuing", .issuer = &root, .is_ca = true});
    assert_ok(cert_list_add(&anchors, root.cert, &e), &e);
    assert_ok(cert_list_add(&with_issuing, issuing.cert, &e), &e);
    return 0;
}

static int clear_all(void **state) {
    (void)state;
    cert_list_clear(&anchors);
    cert_list_clear(&with_issuing);
    made_clear(&issuing);
    made_clear(&root);
    return 0;
}

/* What is looked at; everything left out: example.com, the issuer presented, the root trusted. */
struct scene {
    struct make_cert wish;
    const struct cert_list *presented;
    const struct cert_list *trusted;
    bool is_public;
    bool has_timestamps;
    bool is_server;
    uint16_t port;
    bool has_no_host;
};

static struct browser_input input_of(const struct scene *scene, struct verify_input *input,
                                     struct verdict *verdict, const struct cert *leaf) {
    struct err e = {0};
    *input = (struct verify_input){.leaf = (struct cert *)(uintptr_t)leaf,
                                   .presented =
                                       scene->presented != NULL ? scene->presented : &with_issuing,
                                   .anchors = scene->trusted != NULL ? scene->trusted : &anchors,
                                   .host = scene->has_no_host ? NULL : "example.com",
                                   .at_ms = MAKE_CERT_NOW_MS};
    assert_ok(verify_certificate(input, verdict, &e), &e);
    return (struct browser_input){.input = input,
                                  .verdict = verdict,
                                  .port = scene->port,
                                  .is_public = scene->is_public,
                                  .has_timestamps = scene->has_timestamps,
                                  .is_server = scene->is_server};
}

static struct browser_view view_of(struct scene scene, enum browser browser) {
    struct verify_input input;
    struct browser_view view = {0};
    PL_AUTO(verdict_clear) struct verdict verdict = {0};
    struct make_cert wish = scene.wish;
    wish.name = wish.name != NULL ? wish.name : "example.com";
    wish.issuer = wish.issuer != NULL ? wish.issuer : &issuing;
    if (wish.issuer == &root) {
        wish.issuer = NULL; /* signed by itself */
    }
    struct made made = make_cert(wish);
    const struct browser_input in = input_of(&scene, &input, &verdict, made.cert);
    browser_tell(&in, browser, &view);
    made_clear(&made);
    return view;
}

static void assert_view(struct scene scene, enum browser browser, enum browser_outcome outcome,
                        const char *code) {
    struct browser_view view = view_of(scene, browser);
    assert_string_equal(view.code, code);
    assert_string_equal(browser_outcome_text(view.outcome), browser_outcome_text(outcome));
    assert_int_equal(view.title[0] == '\0', outcome == BROWSER_SHOWN);
    assert_int_equal(view.proceed[0] != '\0', outcome == BROWSER_WARNED);
    assert_null(strchr(view.text, '{'));
    assert_null(strchr(view.detail, '{'));
}

#define GOOD .sans = "DNS:example.com"
#define OLD .not_after_ms = MAKE_CERT_NOW_MS - 12 * CLOCK_DAY_MS
#define EARLY .not_before_ms = MAKE_CERT_NOW_MS + 3 * CLOCK_DAY_MS

static const struct {
    struct scene scene;
    enum browser_outcome chrome_outcome;
    const char *chrome;
    enum browser_outcome firefox_outcome;
    const char *firefox;
    const char *ie;
} code_cases[] = {
    {{.wish = {GOOD}}, BROWSER_SHOWN, "", BROWSER_SHOWN, "", ""},
    {{.wish = {GOOD, OLD}},
     BROWSER_WARNED,
     "NET::ERR_CERT_DATE_INVALID",
     BROWSER_WARNED,
     "SEC_ERROR_EXPIRED_CERTIFICATE",
     "DLG_FLAGS_SEC_CERT_DATE_INVALID"},
    {{.wish = {GOOD, EARLY}},
     BROWSER_WARNED,
     "NET::ERR_CERT_DATE_INVALID",
     BROWSER_WARNED,
     "MOZILLA_PKIX_ERROR_NOT_YET_VALID_CERTIFICATE",
     "DLG_FLAGS_SEC_CERT_DATE_INVALID"},
    {{.wish = {.sans = "DNS:other.example"}},
     BROWSER_WARNED,
     "NET::ERR_CERT_COMMON_NAME_INVALID",
     BROWSER_WARNED,
     "SSL_ERROR_BAD_CERT_DOMAIN",
     "DLG_FLAGS_SEC_CERT_CN_INVALID"},
    /* a common name is enough for Internet Explorer */
    {{.wish = {.sans = NULL}},
     BROWSER_WARNED,
     "NET::ERR_CERT_COMMON_NAME_INVALID",
     BROWSER_WARNED,
     "SSL_ERROR_BAD_CERT_DOMAIN",
     ""},
    {{.wish = {.issuer = &root, GOOD}},
     BROWSER_WARNED,
     "NET::ERR_CERT_AUTHORITY_INVALID",
     BROWSER_WARNED,
     "MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT",
     "DLG_FLAGS_INVALID_CA"},
    {{.wish = {GOOD}, .trusted = &none},
     BROWSER_WARNED,
     "NET::ERR_CERT_AUTHORITY_INVALID",
     BROWSER_WARNED,
     "SEC_ERROR_UNKNOWN_ISSUER",
     "DLG_FLAGS_INVALID_CA"},
    {{.wish = {GOOD}, .presented = &none},
     BROWSER_WARNED,
     "NET::ERR_CERT_AUTHORITY_INVALID",
     BROWSER_WARNED,
     "SEC_ERROR_UNKNOWN_ISSUER",
     "DLG_FLAGS_INVALID_CA"},
    /* all but Firefox fetch what is missing */
    {{.wish = {GOOD, .access = "caIssuers;URI:http://i.example/"}, .presented = &none},
     BROWSER_SHOWN,
     "",
     BROWSER_WARNED,
     "SEC_ERROR_UNKNOWN_ISSUER",
     ""},
    {{.wish = {GOOD, .extended_key_usage = "clientAuth"}},
     BROWSER_REFUSED,
     "NET::ERR_CERT_INVALID",
     BROWSER_REFUSED,
     "SEC_ERROR_INADEQUATE_CERT_TYPE",
     "DLG_FLAGS_INVALID_CA"},
    {{.wish = {GOOD, .key_usage = "critical,keyAgreement"}},
     BROWSER_REFUSED,
     "ERR_SSL_KEY_USAGE_INCOMPATIBLE",
     BROWSER_SHOWN,
     "",
     ""},
    {{.wish = {GOOD, .key_usage = "critical,cRLSign"}},
     BROWSER_REFUSED,
     "ERR_SSL_KEY_USAGE_INCOMPATIBLE",
     BROWSER_REFUSED,
     "SEC_ERROR_INADEQUATE_KEY_USAGE",
     "DLG_FLAGS_INVALID_CA"},
    {{.wish = {GOOD, .is_ca = true, .key_usage = "digitalSignature,keyCertSign"}},
     BROWSER_SHOWN,
     "",
     BROWSER_WARNED,
     "MOZILLA_PKIX_ERROR_CA_CERT_USED_AS_END_ENTITY",
     ""},
    {{.wish = {GOOD, .unknown_critical = "1.2.3.4"}},
     BROWSER_REFUSED,
     "NET::ERR_CERT_INVALID",
     BROWSER_REFUSED,
     "SEC_ERROR_UNKNOWN_CRITICAL_EXTENSION",
     "DLG_FLAGS_INVALID_CA"},
    {{.wish = {GOOD, .digest = "SHA1"}},
     BROWSER_REFUSED,
     "NET::ERR_CERT_INVALID",
     BROWSER_WARNED,
     "SEC_ERROR_CERT_SIGNATURE_ALGORITHM_DISABLED",
     ""},
    {{.wish = {GOOD, .key_type = "RSA-1024"}}, BROWSER_SHOWN, "", BROWSER_SHOWN, "", ""},
    {{.wish = {GOOD, .key_type = "RSA-768"}},
     BROWSER_WARNED,
     "NET::ERR_CERT_WEAK_KEY",
     BROWSER_WARNED,
     "MOZILLA_PKIX_ERROR_INADEQUATE_KEY_SIZE",
     ""},
    {{.wish = {GOOD}, .is_public = true, .has_timestamps = true},
     BROWSER_SHOWN,
     "",
     BROWSER_SHOWN,
     "",
     ""},
    {{.wish = {GOOD}, .is_public = true},
     BROWSER_WARNED,
     "NET::ERR_CERTIFICATE_TRANSPARENCY_REQUIRED",
     BROWSER_WARNED,
     "MOZILLA_PKIX_ERROR_INSUFFICIENT_CERTIFICATE_TRANSPARENCY",
     ""},
    {{.wish = {GOOD, .not_after_ms = MAKE_CERT_NOW_MS + 300 * CLOCK_DAY_MS},
      .is_public = true,
      .has_timestamps = true},
     BROWSER_WARNED,
     "NET::ERR_CERT_VALIDITY_TOO_LONG",
     BROWSER_SHOWN,
     "",
     ""},
    {{.wish = {GOOD, .tls_feature = "status_request"}, .is_server = true},
     BROWSER_SHOWN,
     "",
     BROWSER_REFUSED,
     "MOZILLA_PKIX_ERROR_REQUIRED_TLS_FEATURE_MISSING",
     ""},
    /* several faults: each browser's own order */
    {{.wish = {.sans = "DNS:other.example", OLD}, .trusted = &none},
     BROWSER_WARNED,
     "NET::ERR_CERT_AUTHORITY_INVALID",
     BROWSER_WARNED,
     "SEC_ERROR_UNKNOWN_ISSUER",
     "DLG_FLAGS_INVALID_CA"},
    {{.wish = {.sans = "DNS:other.example", OLD}},
     BROWSER_WARNED,
     "NET::ERR_CERT_COMMON_NAME_INVALID",
     BROWSER_WARNED,
     "SSL_ERROR_BAD_CERT_DOMAIN",
     "DLG_FLAGS_SEC_CERT_DATE_INVALID"},
};

static void test_codes(void **state) {
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(code_cases); i++) {
        assert_view(code_cases[i].scene, BROWSER_CHROME, code_cases[i].chrome_outcome,
                    code_cases[i].chrome);
        assert_view(code_cases[i].scene, BROWSER_FIREFOX, code_cases[i].firefox_outcome,
                    code_cases[i].firefox);
        assert_view(code_cases[i].scene, BROWSER_IE,
                    code_cases[i].ie[0] == '\0' ? BROWSER_SHOWN : BROWSER_WARNED, code_cases[i].ie);
    }
}

static void test_words(void **state) {
    (void)state;
    struct browser_view view = view_of((struct scene){.wish = {GOOD, OLD}}, BROWSER_CHROME);
    assert_string_equal(
        view.detail,
        "This server could not prove that it is example.com; its security certificate expired 13 "
        "days ago. This may be caused by a misconfiguration or an attacker intercepting your "
        "connection. Your computer's clock is currently set to Monday, November 23, 2026. Does "
        "that look right? If not, you should correct your system's clock and then refresh this "
        "page.");
    assert_string_equal(view.proceed, "Proceed to example.com (unsafe)");
    view = view_of((struct scene){.wish = {GOOD, EARLY}, .port = 8443}, BROWSER_FIREFOX);
    assert_true(str_starts_with(
        view.detail, "Firefox doesn’t trust this site because it looks like the certificate "
                     "provided isn’t valid until 12:00 AM on 11/26/2026. What can you do "
                     "about it? Your device’s clock is "
                     "set to 12:00 AM 11/23/2026. "));
    assert_string_equal(view.proceed, "Proceed to example.com:8443 (Risky)");
    view =
        view_of((struct scene){.wish = {.sans = "DNS:*.a.example,DNS:b.example"}}, BROWSER_CHROME);
    assert_non_null(strstr(view.detail, "its security certificate is from *.a.example."));
    view =
        view_of((struct scene){.wish = {.sans = "DNS:*.a.example,DNS:b.example"}}, BROWSER_FIREFOX);
    assert_non_null(strstr(view.detail, "The certificate is only valid for: *.a.example, "
                                        "b.example."));
    view = view_of((struct scene){.wish = {.sans = "DNS:other.example", OLD}}, BROWSER_IE);
    assert_non_null(strstr(view.detail, "has expired or is not yet valid. The security "
                                        "certificate presented by this website was issued for a "
                                        "different website's address."));
}

static void test_days_in_words(void **state) {
    (void)state;
    static const struct {
        int64_t start_ms;
        int64_t end_ms;
        const char *words;
    } cases[] = {
        {0, MAKE_CERT_NOW_MS - 2 * CLOCK_HOUR_MS, "expired in the last day."},
        {0, MAKE_CERT_NOW_MS - 30 * CLOCK_HOUR_MS, "expired 2 days ago."},
        {MAKE_CERT_NOW_MS + 6 * CLOCK_HOUR_MS, 0, "from 0 days in the future."},
        {MAKE_CERT_NOW_MS + 30 * CLOCK_HOUR_MS, 0, "from tomorrow."},
        {MAKE_CERT_NOW_MS + 60 * CLOCK_HOUR_MS, 0, "from 2 days in the future."},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct browser_view view =
            view_of((struct scene){.wish = {GOOD, .not_before_ms = cases[i].start_ms,
                                            .not_after_ms = cases[i].end_ms}},
                    BROWSER_CHROME);
        if (strstr(view.detail, cases[i].words) == NULL) {
            fail_msg("%s: %s", cases[i].words, view.detail);
        }
    }
}

static void test_what_is_let_pass_is_noted(void **state) {
    (void)state;
    struct browser_view view =
        view_of((struct scene){.wish = {GOOD, .key_type = "RSA-1024"}}, BROWSER_CHROME);
    assert_true(
        str_starts_with(view.note, "it lets pass what this verification does not: the key"));
    view = view_of((struct scene){.wish = {GOOD, .access = "caIssuers;URI:http://i.example/"},
                                  .presented = &none},
                   BROWSER_SAFARI);
    assert_non_null(strstr(view.note, "http://i.example/"));
}

static size_t width_of(const char *line) {
    size_t width = 0;
    for (; *line != '\0'; line++) {
        width += ((unsigned char)*line & 0xC0) != 0x80 ? 1 : 0;
    }
    return width;
}

static void test_boxes_are_straight(void **state) {
    (void)state;
    struct err e = {0};
    struct verify_input input;
    struct browser_view view = {0};
    PL_AUTO(verdict_clear) struct verdict verdict = {0};
    PL_AUTO(list_clear) struct list lines;
    struct made made = make_cert((struct make_cert){
        .name = "x",
        .issuer = &issuing,
        .sans = "DNS:a-very-long-name-without-any-spaces-in-it-that-goes-on.and-on-and-on-and-on."
                "a-very-long-name.org"});
    const struct scene scene = {.port = 8443};
    const struct browser_input in = input_of(&scene, &input, &verdict, made.cert);
    list_init(&lines, BROWSER_DRAW_LINES_MAX);
    browser_tell(&in, BROWSER_FIREFOX, &view);
    assert_ok(browser_draw(&in, &view, &lines, &e), &e);
    assert_true(lines.count > 10);
    assert_string_equal(lines.items[0], "Firefox");
    for (size_t i = 1; i < lines.count; i++) {
        assert_int_equal(width_of(lines.items[i]), BROWSER_DRAW_WIDTH);
    }
    list_clear(&lines);
    mem_fail_at(3);
    assert_fails(browser_draw(&in, &view, &lines, &e), &e, ERR_BASE_OOM);
    mem_fail_at(0);
    made_clear(&made);
}

static void test_without_a_host(void **state) {
    (void)state;
    struct browser_view view =
        view_of((struct scene){.wish = {GOOD, OLD}, .has_no_host = true}, BROWSER_CHROME);
    assert_string_equal(view.proceed, "Proceed to the site (unsafe)");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_days_in_words),
        cmocka_unit_test(test_what_is_let_pass_is_noted),
        cmocka_unit_test(test_boxes_are_straight),
        cmocka_unit_test(test_without_a_host),
    };
    return cmocka_run_group_tests(tests, make_all, clear_all);
}
