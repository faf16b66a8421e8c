/* ca/gate: what a CSR becomes, and each reason for refusing one. */
#include "unit.h"

#include "ca_fixture.h"

#include "ca/gate.h"

static struct test_ca ca;
static EVP_PKEY *p256;

static int open_ca(void **state) {
    (void)state;
    test_ca_init(&ca, "P-256", FIXTURE_NOW_MS);
    p256 = test_key("P-256");
    return 0;
}

static int close_ca(void **state) {
    (void)state;
    test_ca_clear(&ca);
    EVP_PKEY_free(p256);
    return 0;
}

static bool pass(struct test_wish wish, struct ca_gate_wish gate_wish, struct ca_leaf *leaf,
                 struct ca_problems *problems, struct err *e) {
    if (wish.key == NULL) {
        wish.key = p256;
    }
    PL_AUTO(csr_freep) struct csr *csr = test_csr(wish);
    return ca_gate(csr, &gate_wish, &ca.issuer, FIXTURE_NOW_MS, leaf, problems, e);
}

static bool has_notice(const struct ca_leaf *leaf, const char *part) {
    for (size_t i = 0; i < leaf->notices.count; i++) {
        if (strstr(leaf->notices.items[i], part) != NULL) {
            return true;
        }
    }
    return false;
}

static void assert_subject(const struct ca_leaf *leaf, const char *expected) {
    struct err e = {0};
    PL_AUTO(mem_freep) char *text = NULL;
    assert_ok(dn_format(&leaf->subject, &text, &e), &e);
    assert_string_equal(text, expected);
}

static void assert_names(const struct ca_leaf *leaf, const char *expected) {
    struct err e = {0};
    PL_AUTO(mem_freep) char *text = NULL;
    assert_ok(san_list_format(&leaf->sans, &text, &e), &e);
    assert_string_equal(text, expected);
}

#define SERVER (&(const struct ca_gate_wish){.profile = ca_profile_get(CA_PROFILE_SERVER)})
#define CHOSEN ((struct ca_gate_wish){0})

/* --- what passes --- */

static const struct {
    const char *subject;
    const char *sans;
    enum ca_profile_id profile;
    enum ca_validation validation;
    const char *out_subject;
    const char *out_names;
} passing[] = {
    {"CN=www.example.com", "DNS:www.example.com,DNS:example.com", CA_PROFILE_SERVER,
     CA_VALIDATION_DOMAIN, "CN=www.example.com", "www.example.com, example.com"},
    {NULL, "DNS:www.example.com", CA_PROFILE_SERVER, CA_VALIDATION_DOMAIN, "", "www.example.com"},
    {"CN=www.example.com", NULL, CA_PROFILE_SERVER, CA_VALIDATION_DOMAIN, "CN=www.example.com",
     "www.example.com"},
    {"C=US,CN=www.example.com", NULL, CA_PROFILE_SERVER, CA_VALIDATION_DOMAIN,
     "CN=www.example.com,C=US", "www.example.com"},
    {"CN=www.example.com,O=Example Inc.,L=Austin,C=US", NULL, CA_PROFILE_SERVER,
     CA_VALIDATION_ORGANIZATION, "CN=www.example.com,O=Example Inc.,L=Austin,C=US",
     "www.example.com"},
    {"C=US,ST=Texas,O=Example Inc.,CN=www.example.com", NULL, CA_PROFILE_SERVER,
     CA_VALIDATION_ORGANIZATION, "CN=www.example.com,O=Example Inc.,ST=Texas,C=US",
     "www.example.com"},
    {"CN=*.example.com", "DNS:*.example.com,DNS:example.com", CA_PROFILE_SERVER,
     CA_VALIDATION_DOMAIN, "CN=*.example.com", "*.example.com, example.com"},
    {"CN=8.8.8.8", "IP:8.8.8.8", CA_PROFILE_SERVER, CA_VALIDATION_DOMAIN, "CN=8.8.8.8", "8.8.8.8"},
    {"CN=localhost", "DNS:localhost,IP:127.0.0.1,IP:::1", CA_PROFILE_INTERNAL, CA_VALIDATION_NONE,
     "CN=localhost", "localhost, 127.0.0.1, ::1"},
    {"C=US,O=Example Inc.,OU=IT,CN=intranet", NULL, CA_PROFILE_INTERNAL, CA_VALIDATION_NONE,
     "CN=intranet,OU=IT,O=Example Inc.,C=US", "intranet"},
};

static void test_requests_become_leaves_by_the_profiles_rules(void **state) {
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(passing); i++) {
        struct err e = {0};
        PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
        PL_AUTO(ca_problems_clear) struct ca_problems problems = {0};
        struct test_wish wish = {.subject = passing[i].subject, .sans = passing[i].sans};
        assert_ok(pass(wish, CHOSEN, &leaf, &problems, &e), &e);
        assert_int_equal(problems.count, 0);
        assert_int_equal(leaf.profile->id, passing[i].profile);
        assert_int_equal(leaf.validation, passing[i].validation);
        assert_subject(&leaf, passing[i].out_subject);
        assert_names(&leaf, passing[i].out_names);
        assert_int_equal(leaf.validity.not_before_ms, FIXTURE_NOW_MS - CA_BACKDATE_MS);
        assert_true(leaf.profile_reason[0] != '\0');
    }
}

static void test_leaf_carries_the_requests_key(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    PL_AUTO(buf_clear) struct buf spki;
    assert_ok(pass((struct test_wish){.sans = "DNS:www.example.com"}, CHOSEN, &leaf, NULL, &e), &e);
    test_spki(p256, &spki);
    assert_int_equal(leaf.spki_len, spki.len);
    assert_memory_equal(leaf.spki, spki.data, spki.len);
    assert_int_equal(leaf.key_spec.bits, 256);
}

static void test_what_a_public_certificate_cannot_carry_is_left_out_and_said(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    struct test_wish wish = {
        .subject = "C=US,ST=Texas,L=Austin,O=Example Inc.,OU=IT,OU=Web,CN=www.example.com,"
                   "emailAddress=admin@example.com,serialNumber=17",
        .sans = "DNS:www.example.com,email:admin@example.com,URI:https://example.com/",
        .asks_for_ca = true};
    assert_ok(pass(wish, CHOSEN, &leaf, NULL, &e), &e);
    assert_subject(&leaf, "CN=www.example.com,O=Example Inc.,L=Austin,ST=Texas,C=US");
    assert_names(&leaf, "www.example.com");
    assert_true(has_notice(&leaf, "organizationalUnitName \"IT\" was left out"));
    assert_true(has_notice(&leaf, "organizationalUnitName \"Web\" was left out"));
    assert_true(has_notice(&leaf, "emailAddress \"admin@example.com\" was left out"));
    assert_true(has_notice(&leaf, "serialNumber \"17\" was left out"));
    assert_true(has_notice(&leaf, "the e-mail address \"admin@example.com\" was left out"));
    assert_true(has_notice(&leaf, "the URI \"https://example.com/\" was left out"));
    assert_true(has_notice(&leaf, "asks to become a CA"));
}

static void test_organization_without_its_place_makes_a_domain_certificate(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    struct test_wish wish = {.subject = "C=US,O=Example Inc.,CN=www.example.com"};
    assert_ok(pass(wish, CHOSEN, &leaf, NULL, &e), &e);
    assert_int_equal(leaf.validation, CA_VALIDATION_DOMAIN);
    assert_subject(&leaf, "CN=www.example.com,C=US");
    assert_true(has_notice(&leaf,
                           "organizationName \"Example Inc.\" was left out: it needs organization, "
                           "country and city or state together"));
}

static void test_where_only_names_were_checked_only_names_are_written(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    struct test_wish wish = {.subject = "C=US,ST=Texas,O=Example Inc.,CN=www.example.com"};
    assert_ok(pass(wish, (struct ca_gate_wish){.is_domain_only = true}, &leaf, NULL, &e), &e);
    assert_int_equal(leaf.validation, CA_VALIDATION_DOMAIN);
    assert_subject(&leaf, "CN=www.example.com");
    assert_true(has_notice(&leaf, "only control of the names was checked"));
}

static void test_names_are_made_canonical_and_said(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    struct test_wish wish = {.subject = "C=us,CN=WWW.Example.COM",
                             .sans = "DNS:WWW.EXAMPLE.COM,DNS:www.example.com,DNS:8.8.8.8"};
    assert_ok(pass(wish, CHOSEN, &leaf, NULL, &e), &e);
    assert_names(&leaf, "www.example.com, 8.8.8.8");
    assert_int_equal(leaf.sans.items[1].kind, SAN_IP);
    assert_subject(&leaf, "CN=www.example.com,C=US");
    assert_true(has_notice(&leaf, "\"WWW.EXAMPLE.COM\" was taken as www.example.com"));
}

static void test_common_name_that_is_no_alternative_name(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(ca_leaf_clear) struct ca_leaf server = {0};
    PL_AUTO(ca_leaf_clear) struct ca_leaf internal = {0};
    PL_AUTO(ca_leaf_clear) struct ca_leaf words = {0};
    struct test_wish wish = {.subject = "CN=example.com", .sans = "DNS:www.example.com"};
    assert_ok(pass(wish, CHOSEN, &server, NULL, &e), &e);
    assert_subject(&server, "");
    assert_names(&server, "www.example.com");
    assert_true(has_notice(&server, "is not among the alternative names and was left out"));

    wish.subject = "CN=intranet";
    assert_ok(pass(wish, CHOSEN, &internal, NULL, &e), &e);
    assert_int_equal(internal.profile->id, CA_PROFILE_INTERNAL);
    assert_subject(&internal, "CN=intranet");
    assert_names(&internal, "www.example.com, intranet");
    assert_true(has_notice(&internal, "was added to the alternative names"));

    wish.subject = "CN=The Shop";
    assert_ok(pass(wish, CHOSEN, &words, NULL, &e), &e);
    assert_int_equal(words.profile->id, CA_PROFILE_SERVER);
    assert_subject(&words, "");
    assert_true(has_notice(&words, "\"The Shop\" is no host name or address"));
}

static void test_long_common_name_is_an_alternative_name_alone(void **state) {
    (void)state;
    static const char *const longest =
        "CN=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbb.example.com";
    static const char *const longer =
        "CN=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbb.example.com";
    struct err e = {0};
    PL_AUTO(ca_leaf_clear) struct ca_leaf fits = {0};
    PL_AUTO(ca_leaf_clear) struct ca_leaf too_long = {0};
    assert_int_equal(strlen(longest + strlen("CN=")), 64);
    assert_ok(pass((struct test_wish){.subject = longest}, CHOSEN, &fits, NULL, &e), &e);
    assert_subject(&fits, longest);
    assert_ok(pass((struct test_wish){.subject = longer}, CHOSEN, &too_long, NULL, &e), &e);
    assert_subject(&too_long, "");
    assert_names(&too_long, longer + strlen("CN="));
    assert_true(has_notice(&too_long, "longer than 64 characters"));
}

static void test_ed25519_and_client_auth_are_for_internal(void **state) {
    (void)state;
    struct err e = {0};
    EVP_PKEY *key = test_key("ED25519");
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    struct ca_gate_wish wish = {.is_client_auth = true};
    assert_ok(
        pass((struct test_wish){.key = key, .sans = "DNS:vpn.internal"}, wish, &leaf, NULL, &e),
        &e);
    assert_int_equal(leaf.key_spec.family, KEY_ED25519);
    assert_true(leaf.is_client_auth);
    EVP_PKEY_free(key);
}

static void test_p521_passes_with_a_word_about_mozilla(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key("P-521");
    PL_AUTO(ca_leaf_clear) struct ca_leaf server = {0};
    PL_AUTO(ca_leaf_clear) struct ca_leaf internal = {0};
    assert_ok(pass((struct test_wish){.key = key, .sans = "DNS:www.example.com"}, CHOSEN, &server,
                   NULL, &e),
              &e);
    assert_true(has_notice(&server, "Mozilla takes no P-521 keys"));
    assert_ok(
        pass((struct test_wish){.key = key, .sans = "DNS:intranet"}, CHOSEN, &internal, NULL, &e),
        &e);
    assert_false(has_notice(&internal, "Mozilla"));
}

static void test_asked_for_profile_wins(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    struct ca_gate_wish wish = {.profile = ca_profile_get(CA_PROFILE_INTERNAL)};
    assert_ok(pass((struct test_wish){.sans = "DNS:www.example.com"}, wish, &leaf, NULL, &e), &e);
    assert_int_equal(leaf.profile->id, CA_PROFILE_INTERNAL);
    assert_string_equal(leaf.profile_reason, "it was asked for");
}

/* --- what is refused --- */

static const struct {
    struct test_wish wish;
    enum err_code code;
} refused[] = {
    {{.sans = "DNS:www.example.com", .has_broken_signature = true}, ERR_PKI_CSR_SIGNATURE},
    {{.subject = "CN=The Shop"}, ERR_PKI_NAME_INVALID},
    {{.subject = "O=Example Inc."}, ERR_CA_NAME_NONE},
    {{.sans = "email:admin@example.com"}, ERR_CA_NAME_NONE},
    {{.sans = "DNS:bad_name.example.com"}, ERR_PKI_NAME_INVALID},
    {{.sans = "DNS:www.*.example.com"}, ERR_PKI_NAME_WILDCARD},
    {{.sans = "DNS:*.com"}, ERR_PKI_NAME_WILDCARD},
    {{.sans = "DNS:intranet"}, ERR_CA_NAME_NOT_PUBLIC},
    {{.sans = "DNS:8.8.8.8.in-addr.arpa"}, ERR_CA_NAME_REVERSE_ZONE},
    {{.sans = "IP:192.168.1.1"}, ERR_CA_NAME_RESERVED_ADDRESS},
    {{.subject = "C=XX,CN=www.example.com"}, ERR_REQUEST_COUNTRY},
    {{.subject = "C=US,ST=Houston,L=Texas,O=Example Inc.,CN=www.example.com"},
     ERR_REQUEST_FIELD_SWAPPED},
    {{.subject = "C=US,L=Austin,O=-,CN=www.example.com"}, ERR_REQUEST_FIELD_INVALID},
};

static void test_each_refusal_has_its_code(void **state) {
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(refused); i++) {
        struct err e = {0};
        PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
        PL_AUTO(ca_problems_clear) struct ca_problems problems = {0};
        assert_fails(pass(refused[i].wish, *SERVER, &leaf, &problems, &e), &e, refused[i].code);
        assert_true(problems.count >= 1);
        assert_int_equal(problems.items[0].code, e.code);
        assert_string_equal(problems.items[0].reason, e.step[0]);
        assert_null(leaf.profile);
    }
}

static void test_weak_key_is_refused(void **state) {
    (void)state;
    struct err e = {0};
    EVP_PKEY *key = test_key("RSA-1024");
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    struct test_wish wish = {.key = key, .sans = "DNS:www.example.com"};
    assert_fails(pass(wish, CHOSEN, &leaf, NULL, &e), &e, ERR_PKI_KEY_WEAK_SIZE);
    EVP_PKEY_free(key);
}

static void test_all_problems_are_listed_at_once(void **state) {
    (void)state;
    struct err e = {0};
    EVP_PKEY *key = test_key("ED25519");
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    PL_AUTO(ca_problems_clear) struct ca_problems problems = {0};
    struct ca_gate_wish gate_wish = {
        .profile = ca_profile_get(CA_PROFILE_SERVER),
        .lifetime = {.lifetime_ms = 400 * CLOCK_DAY_MS, .is_exact = true},
        .is_client_auth = true};
    struct test_wish wish = {
        .key = key,
        .subject = "C=XX,ST=Texas,O=-,CN=www.example.com",
        .sans = "DNS:intranet,DNS:bad_name.example.com,IP:10.0.0.1,DNS:www.example.com"};
    assert_fails(pass(wish, gate_wish, &leaf, &problems, &e), &e, ERR_PKI_NAME_INVALID);
    static const enum err_code expected[] = {
        ERR_PKI_NAME_INVALID,         ERR_CA_PROFILE_KEY,      ERR_CA_NAME_NOT_PUBLIC,
        ERR_CA_NAME_RESERVED_ADDRESS, ERR_REQUEST_COUNTRY,     ERR_REQUEST_FIELD_INVALID,
        ERR_CA_PROFILE_CLIENT_AUTH,   ERR_CA_LIFETIME_TOO_LONG};
    assert_int_equal(problems.count, PL_ARRAY_LEN(expected));
    for (size_t i = 0; i < problems.count; i++) {
        assert_string_equal(err_code_text(problems.items[i].code), err_code_text(expected[i]));
    }
    assert_string_equal(e.step[1], "the request is refused for 8 reasons");
    EVP_PKEY_free(key);
}

static void test_server_needs_a_base_url(void **state) {
    (void)state;
    struct err e = {0};
    struct ca_gate_wish wish = {0};
    struct ca_issuer issuer = ca.issuer;
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    PL_AUTO(csr_freep)
    struct csr *csr = test_csr((struct test_wish){.key = p256, .sans = "DNS:www.example.com"});
    PL_AUTO(csr_freep)
    struct csr *internal = test_csr((struct test_wish){.key = p256, .sans = "DNS:intranet"});
    issuer.base_url = "";
    assert_fails(ca_gate(csr, &wish, &issuer, FIXTURE_NOW_MS, &leaf, NULL, &e), &e,
                 ERR_CA_PROFILE_BASE_URL);
    assert_non_null(strstr(e.hint, "padlock init --base-url"));
    assert_ok(ca_gate(internal, &wish, &issuer, FIXTURE_NOW_MS, &leaf, NULL, &e), &e);
}

static void test_expired_issuer_is_a_problem_too(void **state) {
    (void)state;
    struct err e = {0};
    struct ca_gate_wish wish = {0};
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    PL_AUTO(csr_freep)
    struct csr *csr = test_csr((struct test_wish){.key = p256, .sans = "DNS:www.example.com"});
    int64_t later_ms = FIXTURE_NOW_MS + 6 * 365 * CLOCK_DAY_MS;
    assert_fails(ca_gate(csr, &wish, &ca.issuer, later_ms, &leaf, NULL, &e), &e,
                 ERR_CA_ISSUER_EXPIRED);
}

/* count names "DNS:n0.example.com,…"; caller frees */
static char *many_names(unsigned count) {
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf text;
    char *out = NULL;
    buf_init(&text, 1 << 20);
    for (unsigned i = 0; i < count; i++) {
        assert_ok(buf_printf(&text, &e, "%sDNS:n%u.example.com", i == 0 ? "" : ",", i), &e);
    }
    assert_ok(buf_take_string(&text, &out, &e), &e);
    return out;
}

static void test_server_takes_a_hundred_names_and_no_more(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(mem_freep) char *most = many_names(CA_SERVER_NAMES_MAX);
    PL_AUTO(mem_freep) char *more = many_names(CA_SERVER_NAMES_MAX + 1);
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    assert_ok(pass((struct test_wish){.sans = most}, CHOSEN, &leaf, NULL, &e), &e);
    assert_int_equal(leaf.sans.count, CA_SERVER_NAMES_MAX);
    struct ca_leaf none = {0};
    assert_fails(pass((struct test_wish){.sans = more}, CHOSEN, &none, NULL, &e), &e,
                 ERR_CA_NAME_TOO_MANY);
}

static void test_more_problems_and_notices_than_are_kept(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf text;
    buf_init(&text, 1 << 20);
    for (unsigned i = 0; i < CA_SERVER_NAMES_MAX; i++) {
        assert_ok(
            buf_printf(&text, &e, "%sDNS:WORD%u,email:a%u@example.com", i == 0 ? "" : ",", i, i),
            &e);
    }
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    PL_AUTO(ca_problems_clear) struct ca_problems problems = {0};
    struct test_wish wish = {.sans = buf_string(&text)};
    assert_ok(pass(wish, CHOSEN, &leaf, NULL, &e), &e);
    assert_true(leaf.notices.count < CA_NOTICES_MAX);
    struct ca_leaf none = {0};
    assert_fails(pass(wish, *SERVER, &none, &problems, &e), &e, ERR_CA_NAME_NOT_PUBLIC);
    assert_int_equal(problems.count, CA_PROBLEMS_MAX);
}

static bool gate_once(const struct csr *csr, struct err *e) {
    struct ca_gate_wish wish = {0};
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    PL_AUTO(ca_problems_clear) struct ca_problems problems = {0};
    return ca_gate(csr, &wish, &ca.issuer, FIXTURE_NOW_MS, &leaf, &problems, e);
}

static void test_running_out_of_memory_is_no_refusal(void **state) {
    (void)state;
    struct err e = {0};
    struct test_wish wish = {.key = p256,
                             .subject = "C=US,ST=Texas,O=Example Inc.,OU=IT,CN=www.example.com",
                             .sans = "DNS:WWW.example.com,email:a@example.com"};
    PL_AUTO(csr_freep) struct csr *csr = test_csr(wish);
    assert_survives_oom(gate_once(csr, &e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_become_leaves_by_the_profiles_rules),
        cmocka_unit_test(test_leaf_carries_the_requests_key),
        cmocka_unit_test(test_what_a_public_certificate_cannot_carry_is_left_out_and_said),
        cmocka_unit_test(test_organization_without_its_place_makes_a_domain_certificate),
        cmocka_unit_test(test_where_only_names_were_checked_only_names_are_written),
        cmocka_unit_test(test_names_are_made_canonical_and_said),
        cmocka_unit_test(test_common_name_that_is_no_alternative_name),
        cmocka_unit_test(test_long_common_name_is_an_alternative_name_alone),
        cmocka_unit_test(test_ed25519_and_client_auth_are_for_internal),
        cmocka_unit_test(test_p521_passes_with_a_word_about_mozilla),
        cmocka_unit_test(test_asked_for_profile_wins),
        cmocka_unit_test(test_each_refusal_has_its_code),
        cmocka_unit_test(test_weak_key_is_refused),
        cmocka_unit_test(test_all_problems_are_listed_at_once),
        cmocka_unit_test(test_server_needs_a_base_url),
        cmocka_unit_test(test_expired_issuer_is_a_problem_too),
        cmocka_unit_test(test_server_takes_a_hundred_names_and_no_more),
        cmocka_unit_test(test_more_problems_and_notices_than_are_kept),
        cmocka_unit_test(test_running_out_of_memory_is_no_refusal),
    };
    return cmocka_run_group_tests(tests, open_ca, close_ca);
}
