/* tls/policy_words: names in and out, and what is refused. */
#include "unit.h"

#include "base/mem.h"
#include "tls/policy_words.h"

#include <openssl/ssl.h>

struct lists {
    struct list suites;
    struct list groups;
    struct list schemes;
};

static struct lists lists_of(const char *suites, const char *groups, const char *schemes) {
    struct err e = {0};
    struct lists lists;
    list_init(&lists.suites, TLS_POLICY_NAMES_MAX);
    list_init(&lists.groups, TLS_POLICY_NAMES_MAX);
    list_init(&lists.schemes, TLS_POLICY_NAMES_MAX);
    assert_ok(tls_policy_parse_names(TLS_KIND_SUITE, suites, &lists.suites, &e), &e);
    assert_ok(tls_policy_parse_names(TLS_KIND_GROUP, groups, &lists.groups, &e), &e);
    assert_ok(tls_policy_parse_names(TLS_KIND_SCHEME, schemes, &lists.schemes, &e), &e);
    return lists;
}

static void lists_clear(struct lists *lists) {
    list_clear(&lists->suites);
    list_clear(&lists->groups);
    list_clear(&lists->schemes);
}

static bool make(struct lists *lists, int min, int max, struct tls_policy **out, struct err *e) {
    const struct tls_policy_words words = {.name = "mine",
                                           .about = "words",
                                           .version_min = min,
                                           .version_max = max,
                                           .suites = &lists->suites,
                                           .groups = &lists->groups,
                                           .schemes = &lists->schemes};
    return tls_policy_from_words(&words, out, e);
}

static void test_versions_are_read(void **state) {
    (void)state;
    struct err e = {0};
    int min = 0;
    int max = 0;
    static const struct {
        const char *text;
        int min;
        int max;
    } good[] = {{"1.3", 0x0304, 0x0304},
                {"1.2-1.3", 0x0303, 0x0304},
                {"TLS 1.0-TLS 1.3", 0x0301, 0x0304},
                {"1.3-1.1", 0x0302, 0x0304},
                {"tls1.2", 0x0303, 0x0303}};
    for (size_t i = 0; i < PL_ARRAY_LEN(good); i++) {
        assert_ok(tls_policy_parse_versions(good[i].text, &min, &max, &e), &e);
        assert_int_equal(min, good[i].min);
        assert_int_equal(max, good[i].max);
    }
    static const char *const bad[] = {"", "-", "1.4", "1.2-", "3", "SSL 3.0", "TLS", "1.2 - 1.3"};
    for (size_t i = 0; i < PL_ARRAY_LEN(bad); i++) {
        assert_fails(tls_policy_parse_versions(bad[i], &min, &max, &e), &e, ERR_TLS_POLICY_WORD);
    }
}

static void test_names_of_both_spellings_become_the_library_s(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(lists_clear)
    struct lists lists =
        lists_of("TLS_AES_128_GCM_SHA256, ecdhe-rsa-aes128-gcm-sha256",
                 "X25519MLKEM768:x25519 prime256v1", "ecdsa_secp256r1_sha256,rsa_pkcs1_sha256");
    PL_AUTO(mem_freep) struct tls_policy *policy = NULL;
    assert_string_equal(lists.suites.items[1], "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    assert_string_equal(lists.groups.items[2], "secp256r1");
    assert_ok(make(&lists, TLS1_2_VERSION, TLS1_3_VERSION, &policy, &e), &e);
    assert_string_equal(policy->name, "mine");
    assert_string_equal(policy->suites_tls13, "TLS_AES_128_GCM_SHA256");
    assert_string_equal(policy->suites_tls12, "ECDHE-RSA-AES128-GCM-SHA256");
    assert_string_equal(policy->groups, "?X25519MLKEM768:X25519:prime256v1");
    assert_string_equal(policy->signature_schemes, "ecdsa_secp256r1_sha256:rsa_pkcs1_sha256");
    assert_int_equal(policy->security_level, 2);
    SSL_CTX *context = NULL;
    assert_ok(tls_policy_new_context(policy, NULL, &context, &e), &e);
    SSL_CTX_free(context);
}

static void test_built_in_policies_come_back_from_their_words(void **state) {
    (void)state;
    struct err e = {0};
    for (size_t i = 0; tls_policy_at(i) != NULL; i++) {
        const struct tls_policy *from = tls_policy_at(i);
        PL_AUTO(lists_clear) struct lists lists = lists_of("", "", "");
        PL_AUTO(mem_freep) struct tls_policy *policy = NULL;
        assert_ok(tls_policy_names(TLS_KIND_SUITE, from->suites_tls13, &lists.suites, &e), &e);
        assert_ok(tls_policy_names(TLS_KIND_SUITE, from->suites_tls12, &lists.suites, &e), &e);
        assert_ok(tls_policy_names(TLS_KIND_GROUP, from->groups, &lists.groups, &e), &e);
        assert_ok(tls_policy_names(TLS_KIND_SCHEME, from->signature_schemes, &lists.schemes, &e),
                  &e);
        assert_ok(make(&lists, from->version_min, from->version_max, &policy, &e), &e);
        uint8_t one[TLS_POLICY_FINGERPRINT_LEN];
        uint8_t two[TLS_POLICY_FINGERPRINT_LEN];
        assert_ok(tls_policy_fingerprint(from, one, &e), &e);
        assert_ok(tls_policy_fingerprint(policy, two, &e), &e);
        assert_memory_equal(one, two, sizeof(one));
    }
}

static void test_unknown_and_unserved_names_are_refused(void **state) {
    (void)state;
    struct err e = {0};
    static const struct {
        enum tls_kind kind;
        const char *text;
    } bad[] = {{TLS_KIND_SUITE, "TLS_RSA_WITH_AES_128_CBC_SHA"},
               {TLS_KIND_SUITE, "TLS_AES_128_GCM_SHA256,TLS_AES_128_GCM_SHA256"},
               {TLS_KIND_SUITE, "TLS_AES_128_GCM_SHA25"},
               {TLS_KIND_SUITE, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"},
               {TLS_KIND_GROUP, "ffdhe2048"},
               {TLS_KIND_GROUP, "?X25519"},
               {TLS_KIND_SCHEME, "rsa_pkcs1_sha1"}};
    for (size_t i = 0; i < PL_ARRAY_LEN(bad); i++) {
        PL_AUTO(list_clear) struct list names = {.max = TLS_POLICY_NAMES_MAX};
        assert_fails(tls_policy_parse_names(bad[i].kind, bad[i].text, &names, &e), &e,
                     ERR_TLS_POLICY_WORD);
    }
}

static void test_each_version_needs_suite_group_and_signature(void **state) {
    (void)state;
    static const struct {
        const char *suites;
        const char *groups;
        const char *schemes;
        int min;
        int max;
    } bad[] = {
        {"", "X25519", "ed25519", 0x0304, 0x0304},
        {"TLS_AES_128_GCM_SHA256", "", "ed25519", 0x0304, 0x0304},
        {"TLS_AES_128_GCM_SHA256", "X25519", "", 0x0304, 0x0304},
        {"TLS_AES_128_GCM_SHA256", "X25519", "ed25519", 0x0303, 0x0304},
        {"ECDHE-RSA-AES128-GCM-SHA256", "X25519MLKEM768", "rsa_pkcs1_sha256", 0x0303, 0x0303},
        {"ECDHE-RSA-AES128-GCM-SHA256", "X25519", "ed25519", 0x0303, 0x0303},
        {"ECDHE-RSA-AES128-GCM-SHA256", "X25519", "rsa_pkcs1_sha256", 0x0302, 0x0303},
        {"TLS_AES_128_GCM_SHA256", "X25519", "rsa_pkcs1_sha256", 0x0304, 0x0304},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(bad); i++) {
        struct err e = {0};
        struct tls_policy *policy = NULL;
        PL_AUTO(lists_clear)
        struct lists lists = lists_of(bad[i].suites, bad[i].groups, bad[i].schemes);
        assert_fails(make(&lists, bad[i].min, bad[i].max, &policy, &e), &e,
                     ERR_TLS_POLICY_UNUSABLE);
        assert_null(policy);
    }
}

static void test_keys_are_served_by_suites_and_signatures(void **state) {
    (void)state;
    struct err e = {0};
    const struct tls_policy *modern = tls_policy_find("modern");
    assert_true(tls_policy_serves(modern, KEY_EC, 256));
    assert_true(tls_policy_serves(modern, KEY_RSA, 2048));
    assert_true(tls_policy_serves(modern, KEY_ED25519, 256));
    assert_false(tls_policy_serves(modern, KEY_OTHER, 0));
    PL_AUTO(lists_clear)
    struct lists lists = lists_of("TLS_AES_128_GCM_SHA256", "X25519", "ecdsa_secp256r1_sha256");
    PL_AUTO(mem_freep) struct tls_policy *policy = NULL;
    assert_ok(make(&lists, TLS1_3_VERSION, TLS1_3_VERSION, &policy, &e), &e);
    assert_true(tls_policy_serves(policy, KEY_EC, 256));
    assert_false(tls_policy_serves(policy, KEY_EC, 384));
    assert_false(tls_policy_serves(policy, KEY_RSA, 2048));
    assert_false(tls_policy_serves(policy, KEY_ED25519, 256));
}

static void test_what_other_versions_use_is_dropped(void **state) {
    (void)state;
    PL_AUTO(lists_clear)
    struct lists lists = lists_of("TLS_AES_128_GCM_SHA256,ECDHE-RSA-AES128-GCM-SHA256",
                                  "X25519MLKEM768,x25519", "ed25519,rsa_pkcs1_sha256");
    tls_policy_drop_unused(TLS_KIND_SUITE, TLS1_3_VERSION, TLS1_3_VERSION, &lists.suites);
    tls_policy_drop_unused(TLS_KIND_GROUP, TLS1_2_VERSION, TLS1_2_VERSION, &lists.groups);
    tls_policy_drop_unused(TLS_KIND_SCHEME, TLS1_3_VERSION, TLS1_3_VERSION, &lists.schemes);
    assert_int_equal(lists.suites.count, 1);
    assert_string_equal(lists.groups.items[0], "x25519");
    assert_string_equal(lists.schemes.items[0], "ed25519");
}

/* Numbers and names are unique; what can be served says for which version and key. */
static void test_the_registry_is_consistent(void **state) {
    (void)state;
    const unsigned versions = TLS_ENTRY_TLS13 | TLS_ENTRY_TLS12 | TLS_ENTRY_LEGACY;
    for (unsigned kind = 0; kind < TLS_KIND_COUNT; kind++) {
        const struct tls_entry *entry = NULL;
        for (size_t i = 0; (entry = tls_registry_at((enum tls_kind)kind, i)) != NULL; i++) {
            assert_ptr_equal(tls_registry_find((enum tls_kind)kind, entry->code), entry);
            assert_true(entry->library == NULL || (entry->flags & versions) != 0);
            assert_false(tls_is_grease(entry->code));
            if (kind != TLS_KIND_EXTENSION) {
                assert_ptr_equal(
                    tls_registry_named((enum tls_kind)kind, entry->name, strlen(entry->name)),
                    entry);
            }
        }
    }
    assert_null(tls_registry_find(TLS_KIND_SUITE, 0x0A0A));
    assert_true(tls_is_grease(0x0A0A));
    assert_true(tls_is_grease(0xFAFA));
    assert_false(tls_is_grease(0x1A2A));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions_are_read),
        cmocka_unit_test(test_names_of_both_spellings_become_the_library_s),
        cmocka_unit_test(test_built_in_policies_come_back_from_their_words),
        cmocka_unit_test(test_unknown_and_unserved_names_are_refused),
        cmocka_unit_test(test_each_version_needs_suite_group_and_signature),
        cmocka_unit_test(test_keys_are_served_by_suites_and_signatures),
        cmocka_unit_test(test_what_other_versions_use_is_dropped),
        cmocka_unit_test(test_the_registry_is_consistent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
