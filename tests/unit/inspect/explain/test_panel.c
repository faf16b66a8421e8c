/* inspect/explain/panel: each fault in its panel and in no other, and the facts around it. */
#include "unit.h"

#include "make_cert.h"

#include "base/clock.h"
#include "base/str.h"
#include "inspect/explain/panel.h"

static struct made root;
static struct made issuing;
static struct made leaf;
static struct cert_list anchors;
static struct cert_list presented;

static int make_all(void **state) {
    (void)state;
    struct err e = {0};
    root = make_cert((struct make_cert){.name = "Root", .is_ca = true});
    issuing = make_cert(
        (struct make_cert){.name = "Issuing", .issuer = &root, .is_ca = true, .path_length = 1});
    leaf = make_cert((struct make_cert){.name = "example.com",
                                        .issuer = &issuing,
                                        .policies = "2.23.140.1.2.1",
                                        .access = "OCSP;URI:http://ocsp.example/",
                                        .sans = "DNS:example.com,DNS:*.shop.example.com"});
    assert_ok(cert_list_add(&anchors, root.cert, &e), &e);
    assert_ok(cert_list_add(&presented, leaf.cert, &e), &e);
    assert_ok(cert_list_add(&presented, issuing.cert, &e), &e);
    return 0;
}

static int clear_all(void **state) {
    (void)state;
    cert_list_clear(&anchors);
    cert_list_clear(&presented);
    made_clear(&leaf);
    made_clear(&issuing);
    made_clear(&root);
    return 0;
}

static const struct cert_list no_certs;

static bool explain(struct verify_input input, bool is_public, struct panels *out, struct err *e) {
    PL_AUTO(verdict_clear) struct verdict verdict = {0};
    struct ct_result timestamps = {0};
    const struct panel_store stores[] = {{"this store's own roots", &anchors}};
    input.leaf = input.leaf != NULL ? input.leaf : leaf.cert;
    input.presented = input.presented != NULL ? input.presented : &presented;
    input.anchors = &anchors;
    input.host = input.host != NULL ? input.host : "example.com";
    input.at_ms = input.at_ms != 0 ? input.at_ms : MAKE_CERT_NOW_MS;
    const struct panel_input in = {.input = &input,
                                   .verdict = &verdict,
                                   .stores = stores,
                                   .store_count = 1,
                                   .timestamps = &timestamps,
                                   .is_public = is_public};
    const struct ct_input logged = {.leaf = input.leaf, .at_ms = input.at_ms};
    return verify_certificate(&input, &verdict, e) && ct_check(&logged, &timestamps, e) &&
           panels_make(&in, out, e);
}

static struct panels panels_of(struct verify_input input) {
    struct err e = {0};
    struct panels panels = {0};
    assert_ok(explain(input, false, &panels, &e), &e);
    return panels;
}

/* Whether a line with that mark begins so. */
static bool says(const struct panels *panels, enum panel_id id, enum panel_mark mark,
                 const char *beginning) {
    const struct panel *panel = &panels->items[id];
    for (size_t i = 0; i < panel->lines.count; i++) {
        if (panel->marks[i] == mark && str_starts_with(panel->lines.items[i], beginning)) {
            return true;
        }
    }
    return false;
}

static void assert_only(const struct panels *panels, enum panel_id id, enum err_code code) {
    for (size_t i = 0; i < PANEL_COUNT; i++) {
        const struct verify_check *head = &panels->items[i].head;
        if (i == (size_t)id) {
            assert_string_equal(err_code_text(head->code), err_code_text(code));
            assert_int_equal(head->outcome, VERIFY_FAIL);
        } else if (head->outcome == VERIFY_FAIL) {
            fail_msg("%s: %s", panel_name((enum panel_id)i), head->sentence);
        }
    }
}

static void test_all_is_well(void **state) {
    (void)state;
    PL_AUTO(panels_clear) struct panels panels = panels_of((struct verify_input){0});
    for (size_t i = 0; i < PANEL_COUNT; i++) {
        const struct panel *panel = &panels.items[i];
        assert_int_equal(panel->id, i);
        assert_int_equal(panel->head.outcome, i == PANEL_REVOCATION ? VERIFY_UNKNOWN : VERIFY_PASS);
        assert_true(panel->head.sentence[0] != '\0');
        assert_true(panel->lines.count > 0 || i == PANEL_TRANSPARENCY);
    }
    assert_true(says(&panels, PANEL_CHAIN, PANEL_FACT, "1 Issuing: presented"));
    assert_true(
        says(&panels, PANEL_CHAIN, PANEL_GOOD, "2 Root: trusted: among this store's own roots"));
    assert_true(says(&panels, PANEL_SIGNATURES, PANEL_GOOD,
                     "Issuing: ecdsa-with-SHA256, by the key of Root"));
    assert_true(says(&panels, PANEL_DATES, PANEL_FACT, "90 days in all"));
    assert_true(says(&panels, PANEL_NAME, PANEL_GOOD, "example.com: host name; this one fits"));
    assert_true(says(&panels, PANEL_NAME, PANEL_FACT, "*.shop.example.com: wildcard"));
    assert_true(says(&panels, PANEL_CONSTRAINTS, PANEL_GOOD,
                     "Issuing: an authority, at most 0 more below, 0 there"));
    assert_true(says(&panels, PANEL_USAGES, PANEL_GOOD,
                     "example.com: key for digital signature; certificate for TLS server"));
    assert_true(str_starts_with(panels.items[PANEL_POLICIES].head.sentence, "DV: "));
    assert_true(says(&panels, PANEL_STRENGTH, PANEL_FACT, "example.com: key ECDSA P-256"));
    assert_true(
        says(&panels, PANEL_REVOCATION, PANEL_FACT, "OCSP responder: http://ocsp.example/"));
    assert_true(says(&panels, PANEL_REVOCATION, PANEL_FACT, "revocation list: none named"));
}

static void test_each_fault_in_its_panel(void **state) {
    (void)state;
    static const struct {
        struct make_cert wish;
        enum panel_id panel;
        enum err_code code;
    } cases[] = {
        {{.sans = "DNS:other.example"}, PANEL_NAME, ERR_VERIFY_NAME_MISMATCH},
        {{.sans = NULL}, PANEL_NAME, ERR_VERIFY_NO_NAMES},
        {{.sans = "DNS:example.com", .not_after_ms = MAKE_CERT_NOW_MS - CLOCK_DAY_MS},
         PANEL_DATES,
         ERR_VERIFY_EXPIRED},
        {{.sans = "DNS:example.com", .digest = "SHA1"}, PANEL_STRENGTH, ERR_VERIFY_WEAK_SIGNATURE},
        {{.sans = "DNS:example.com", .key_type = "RSA-1024"}, PANEL_STRENGTH, ERR_VERIFY_WEAK_KEY},
        {{.sans = "DNS:example.com", .extended_key_usage = "clientAuth"},
         PANEL_USAGES,
         ERR_VERIFY_WRONG_USAGE},
        {{.sans = "DNS:example.com", .unknown_critical = "1.2.3.4"},
         PANEL_CHAIN,
         ERR_VERIFY_CRITICAL_EXTENSION},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct make_cert wish = cases[i].wish;
        wish.name = "example.com";
        wish.issuer = &issuing;
        struct made faulty = make_cert(wish);
        PL_AUTO(panels_clear)
        struct panels panels = panels_of((struct verify_input){.leaf = faulty.cert});
        assert_only(&panels, cases[i].panel, cases[i].code);
        made_clear(&faulty);
    }
}

/* One objection of the path does not hide another one. */
static void test_several_faults_of_the_path(void **state) {
    (void)state;
    struct made bound =
        make_cert((struct make_cert){.name = "Bound",
                                     .issuer = &root,
                                     .is_ca = true,
                                     .name_constraints = "critical,permitted;DNS:example.org"});
    struct made faulty = make_cert((struct make_cert){.name = "example.com",
                                                      .issuer = &bound,
                                                      .sans = "DNS:example.com",
                                                      .digest = "SHA1",
                                                      .key_type = "RSA-1024",
                                                      .extended_key_usage = "clientAuth"});
    struct err e = {0};
    PL_AUTO(cert_list_clear) struct cert_list with = {0};
    assert_ok(cert_list_add(&with, bound.cert, &e), &e);
    PL_AUTO(panels_clear)
    struct panels panels =
        panels_of((struct verify_input){.leaf = faulty.cert, .presented = &with});
    assert_int_equal(panels.items[PANEL_CHAIN].head.outcome, VERIFY_PASS);
    assert_int_equal(panels.items[PANEL_CONSTRAINTS].head.code, ERR_VERIFY_NAME_CONSTRAINTS);
    assert_int_equal(panels.items[PANEL_USAGES].head.code, ERR_VERIFY_WRONG_USAGE);
    assert_int_equal(panels.items[PANEL_STRENGTH].head.code, ERR_VERIFY_WEAK_SIGNATURE);
    assert_true(says(&panels, PANEL_CONSTRAINTS, PANEL_OPEN, "Bound: only DNS example.org"));
    made_clear(&bound);
    made_clear(&faulty);
}

static void test_a_hole_in_the_chain(void **state) {
    (void)state;
    struct made below = make_cert((struct make_cert){.name = "example.com",
                                                     .issuer = &issuing,
                                                     .sans = "DNS:example.com",
                                                     .access = "caIssuers;URI:http://i.example/"});
    PL_AUTO(panels_clear)
    struct panels without = panels_of((struct verify_input){.presented = &no_certs});
    assert_only(&without, PANEL_CHAIN, ERR_VERIFY_INCOMPLETE_CHAIN);
    assert_true(says(&without, PANEL_CHAIN, PANEL_BAD,
                     "a link was not presented, and the certificate does not say"));
    PL_AUTO(panels_clear)
    struct panels with =
        panels_of((struct verify_input){.leaf = below.cert, .presented = &no_certs});
    assert_true(says(&with, PANEL_CHAIN, PANEL_BAD,
                     "a link was not presented: Chrome, Safari and IE fetch it from "
                     "http://i.example/"));
    PL_AUTO(panels_clear)
    struct panels fetched =
        panels_of((struct verify_input){.presented = &no_certs, .issuers = &presented});
    assert_int_equal(fetched.items[PANEL_CHAIN].head.outcome, VERIFY_PASS);
    assert_true(says(&fetched, PANEL_CHAIN, PANEL_FACT, "1 Issuing: not presented"));
    made_clear(&below);
}

static void test_rules_for_the_public(void **state) {
    (void)state;
    struct err e = {0};
    struct made lasting =
        make_cert((struct make_cert){.name = "example.com",
                                     .issuer = &issuing,
                                     .sans = "DNS:example.com",
                                     .not_after_ms = MAKE_CERT_NOW_MS + 500 * CLOCK_DAY_MS});
    PL_AUTO(panels_clear) struct panels panels = {0};
    assert_ok(explain((struct verify_input){.leaf = lasting.cert}, true, &panels, &e), &e);
    assert_true(says(&panels, PANEL_DATES, PANEL_BAD, "523 days in all"));
    assert_int_equal(panels.items[PANEL_TRANSPARENCY].head.outcome, VERIFY_UNKNOWN);
    made_clear(&lasting);
}

/* The head of the transparency panel of a publicly trusted certificate. */
static void expect_logged(struct ct_result logged, enum verify_outcome outcome, const char *head) {
    struct err e = {0};
    struct verdict verdict = {0};
    PL_AUTO(panels_clear) struct panels panels = {0};
    struct verify_input input = {.leaf = leaf.cert,
                                 .presented = &presented,
                                 .anchors = &anchors,
                                 .host = "example.com",
                                 .at_ms = MAKE_CERT_NOW_MS};
    const struct panel_store stores[] = {{"this store's own roots", &anchors}};
    const struct panel_input in = {.input = &input,
                                   .verdict = &verdict,
                                   .stores = stores,
                                   .store_count = 1,
                                   .is_public = true,
                                   .timestamps = &logged,
                                   .logs_made_ms = MAKE_CERT_NOW_MS - 71 * CLOCK_DAY_MS};
    assert_ok(verify_certificate(&input, &verdict, &e), &e);
    assert_ok(panels_make(&in, &panels, &e), &e);
    const struct verify_check *said = &panels.items[PANEL_TRANSPARENCY].head;
    assert_int_equal(said->outcome, outcome);
    assert_non_null(strstr(said->sentence, head));
    assert_true(says(&panels, PANEL_TRANSPARENCY, PANEL_OPEN, "the list of logs is of 2026-09-13"));
    assert_int_equal(says(&panels, PANEL_TRANSPARENCY, PANEL_OPEN, "Safari also wants"),
                     logged.is_enough && !logged.has_rfc6962);
    verdict_clear(&verdict);
}

static void test_public_logs(void **state) {
    (void)state;
    expect_logged(
        (struct ct_result){
            .logs = 2, .operators = 2, .wanted_logs = 2, .is_enough = true, .is_checked = true},
        VERIFY_PASS, "2 logs of 2 operators (2 of 2 are wanted)");
    expect_logged(
        (struct ct_result){.logs = 3, .wanted_logs = 3, .is_enough = true, .has_rfc6962 = true},
        VERIFY_PASS, "signatures are not checked");
    expect_logged(
        (struct ct_result){.logs = 2, .operators = 1, .wanted_logs = 2, .is_checked = true},
        VERIFY_UNKNOWN, "one operator");
    expect_logged(
        (struct ct_result){.logs = 2, .operators = 2, .wanted_logs = 2, .is_checked = true},
        VERIFY_UNKNOWN, "have retired");
    expect_logged(
        (struct ct_result){.logs = 1, .operators = 1, .wanted_logs = 3, .is_checked = true},
        VERIFY_UNKNOWN, "1 logs where Chrome and Safari want 3");
}

static void test_names_stay_on_their_line(void **state) {
    (void)state;
    struct made hostile = make_cert((struct make_cert){
        .name = "a\nverified: all is well", .issuer = &issuing, .sans = "DNS:example.com"});
    PL_AUTO(panels_clear)
    struct panels panels = panels_of((struct verify_input){.leaf = hostile.cert});
    for (size_t i = 0; i < PANEL_COUNT; i++) {
        assert_null(strchr(panels.items[i].head.sentence, '\n'));
        for (size_t n = 0; n < panels.items[i].lines.count; n++) {
            assert_null(strchr(panels.items[i].lines.items[n], '\n'));
        }
    }
    assert_true(says(&panels, PANEL_CHAIN, PANEL_FACT, "0 a verified: all is well: presented"));
    made_clear(&hostile);
}

static void test_the_name_that_fits_is_told_among_many(void **state) {
    (void)state;
    char sans[40 * 24] = "";
    for (size_t i = 0; i < 39; i++) {
        (void)snprintf(sans + strlen(sans), sizeof(sans) - strlen(sans), "DNS:n%zu.example.com,",
                       i);
    }
    (void)snprintf(sans + strlen(sans), sizeof(sans) - strlen(sans), "DNS:example.com");
    struct made many = make_cert((struct make_cert){.issuer = &issuing, .sans = sans});
    PL_AUTO(panels_clear)
    struct panels panels = panels_of((struct verify_input){.leaf = many.cert});
    assert_true(says(&panels, PANEL_NAME, PANEL_GOOD, "example.com: host name; this one fits"));
    assert_true(says(&panels, PANEL_NAME, PANEL_FACT, "and 15 more"));
    made_clear(&many);
}

static bool explain_and_drop(struct err *e) {
    PL_AUTO(panels_clear) struct panels panels = {0};
    return explain((struct verify_input){0}, false, &panels, e);
}

static void test_failing_memory(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(explain_and_drop(&e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_is_well),
        cmocka_unit_test(test_each_fault_in_its_panel),
        cmocka_unit_test(test_several_faults_of_the_path),
        cmocka_unit_test(test_a_hole_in_the_chain),
        cmocka_unit_test(test_rules_for_the_public),
        cmocka_unit_test(test_public_logs),
        cmocka_unit_test(test_names_stay_on_their_line),
        cmocka_unit_test(test_the_name_that_fits_is_told_among_many),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, make_all, clear_all);
}
