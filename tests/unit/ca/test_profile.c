/* ca/profile: which profile names get, and what each profile allows. */
#include "unit.h"

#include "ca/profile.h"

static void add_names(struct san_list *sans, const char *names) {
    struct err e = {0};
    char *copy = strdup(names);
    char *rest = copy;
    for (char *name = strsep(&rest, ","); name != NULL && *name != '\0';
         name = strsep(&rest, ",")) {
        assert_ok(san_list_add_typed(sans, name, &e), &e);
    }
    free(copy);
}

static const struct {
    const char *names;
    enum ca_profile_id profile;
    const char *reason;
} choices[] = {
    {"www.example.com", CA_PROFILE_SERVER, "every name is under a public suffix"},
    {"example.com,*.example.com", CA_PROFILE_SERVER, "every name is under a public suffix"},
    {"shop.example.co.uk", CA_PROFILE_SERVER, "every name is under a public suffix"},
    {"xn--mnchen-3ya.de", CA_PROFILE_SERVER, "every name is under a public suffix"},
    {"example.com,8.8.8.8", CA_PROFILE_SERVER,
     "every name is under a public suffix and every address public"},
    {"2606:4700::1111", CA_PROFILE_SERVER,
     "every name is under a public suffix and every address public"},
    {"localhost,127.0.0.1,::1", CA_PROFILE_INTERNAL,
     "\"localhost\" is a single word, not a public name"},
    {"www.example.com,intranet", CA_PROFILE_INTERNAL,
     "\"intranet\" is a single word, not a public name"},
    {"server.corp.internal", CA_PROFILE_INTERNAL,
     "\"server.corp.internal\" is not under a public suffix"},
    {"printer.local", CA_PROFILE_INTERNAL, "\"printer.local\" is not under a public suffix"},
    {"nas.home.arpa", CA_PROFILE_INTERNAL, "\"nas.home.arpa\" is not under a public suffix"},
    {"abcdefghij.onion", CA_PROFILE_INTERNAL, "\"abcdefghij.onion\" is not under a public suffix"},
    {"co.uk", CA_PROFILE_INTERNAL, "\"co.uk\" is a public suffix, not a host below one"},
    {"example.com,10.0.0.5", CA_PROFILE_INTERNAL, "10.0.0.5 is a private address"},
    {"127.0.0.1", CA_PROFILE_INTERNAL, "127.0.0.1 is a loopback address"},
    {"169.254.1.1", CA_PROFILE_INTERNAL, "169.254.1.1 is a link-local address"},
    {"192.0.2.1", CA_PROFILE_INTERNAL, "192.0.2.1 is a reserved address"},
    {"fd00::1", CA_PROFILE_INTERNAL, "fd00::1 is a private address"},
    {"1.2.0.192.in-addr.arpa", CA_PROFILE_INTERNAL,
     "\"1.2.0.192.in-addr.arpa\" lies in a zone for reverse look-ups"},
    {"", CA_PROFILE_INTERNAL, "it asks for no name"},
};

static void test_profile_follows_the_names(void **state) {
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(choices); i++) {
        PL_AUTO(san_list_clear) struct san_list sans = {0};
        struct ca_profile_choice choice;
        add_names(&sans, choices[i].names);
        ca_profile_choose(&sans, &choice);
        assert_string_equal(choice.reason, choices[i].reason);
        assert_int_equal(choice.profile->id, choices[i].profile);
    }
}

static void test_each_name_rule_of_server_has_its_code(void **state) {
    (void)state;
    static const struct {
        const char *name;
        enum err_code code;
    } wrong[] = {{"intranet", ERR_CA_NAME_NOT_PUBLIC},
                 {"server.internal", ERR_CA_NAME_NOT_PUBLIC},
                 {"co.uk", ERR_CA_NAME_NOT_PUBLIC},
                 {"in-addr.arpa", ERR_CA_NAME_REVERSE_ZONE},
                 {"8.8.8.8.in-addr.arpa", ERR_CA_NAME_REVERSE_ZONE},
                 {"1.0.0.0.ip6.arpa", ERR_CA_NAME_REVERSE_ZONE},
                 {"10.0.0.1", ERR_CA_NAME_RESERVED_ADDRESS},
                 {"::1", ERR_CA_NAME_RESERVED_ADDRESS}};
    for (size_t i = 0; i < PL_ARRAY_LEN(wrong); i++) {
        struct err e = {0};
        PL_AUTO(san_list_clear) struct san_list sans = {0};
        add_names(&sans, wrong[i].name);
        assert_fails(ca_profile_check_name(ca_profile_get(CA_PROFILE_SERVER), &sans.items[0], &e),
                     &e, wrong[i].code);
        assert_true(e.hint[0] != '\0');
        assert_ok(ca_profile_check_name(ca_profile_get(CA_PROFILE_INTERNAL), &sans.items[0], &e),
                  &e);
    }
}

static void test_wildcard_at_a_public_suffix_is_refused(void **state) {
    (void)state;
    struct err e = {0};
    char text[] = "*.co.uk"; /* san_list_add_typed() would not let it in */
    struct san wildcard = {SAN_DNS, text};
    assert_fails(ca_profile_check_name(ca_profile_get(CA_PROFILE_SERVER), &wildcard, &e), &e,
                 ERR_CA_NAME_NOT_PUBLIC);
    char lower[] = "*.example.co.uk";
    wildcard.text = lower;
    assert_ok(ca_profile_check_name(ca_profile_get(CA_PROFILE_SERVER), &wildcard, &e), &e);
}

static void test_a_name_that_only_ends_like_a_zone_passes(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(san_list_clear) struct san_list sans = {0};
    add_names(&sans, "notonion.com,myhome.example.com");
    for (size_t i = 0; i < sans.count; i++) {
        assert_ok(ca_profile_check_name(ca_profile_get(CA_PROFILE_SERVER), &sans.items[i], &e), &e);
    }
}

static void test_each_kind_of_key_by_profile(void **state) {
    (void)state;
    static const struct {
        struct key_spec key;
        bool is_server;
        bool is_internal;
    } keys[] = {{{KEY_RSA, 2048}, true, true}, {{KEY_RSA, 4096}, true, true},
                {{KEY_EC, 256}, true, true},   {{KEY_EC, 384}, true, true},
                {{KEY_EC, 521}, true, true},   {{KEY_ED25519, 256}, false, true},
                {{KEY_OTHER, 0}, false, false}};
    for (size_t i = 0; i < PL_ARRAY_LEN(keys); i++) {
        struct err e = {0};
        assert_int_equal(ca_profile_check_key(ca_profile_get(CA_PROFILE_SERVER), &keys[i].key, &e),
                         keys[i].is_server);
        if (!keys[i].is_server) {
            assert_string_equal(err_code_text(e.code), "ca.profile.key");
        }
        assert_int_equal(
            ca_profile_check_key(ca_profile_get(CA_PROFILE_INTERNAL), &keys[i].key, &e),
            keys[i].is_internal);
    }
}

static void test_ed25519_is_refused_with_the_way_out(void **state) {
    (void)state;
    struct err e = {0};
    struct key_spec key = {KEY_ED25519, 256};
    assert_fails(ca_profile_check_key(ca_profile_get(CA_PROFILE_SERVER), &key, &e), &e,
                 ERR_CA_PROFILE_KEY);
    assert_non_null(strstr(e.hint, "--profile internal"));
}

static void test_profiles_are_found_by_name(void **state) {
    (void)state;
    struct err e = {0};
    const struct ca_profile *profile = NULL;
    assert_ok(ca_profile_find("server", &profile, &e), &e);
    assert_int_equal(profile->id, CA_PROFILE_SERVER);
    assert_ok(ca_profile_find("Internal", &profile, &e), &e);
    assert_int_equal(profile->id, CA_PROFILE_INTERNAL);
    assert_fails(ca_profile_find("client", &profile, &e), &e, ERR_CA_PROFILE_UNKNOWN);
    assert_fails(ca_profile_find("", &profile, &e), &e, ERR_CA_PROFILE_UNKNOWN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profile_follows_the_names),
        cmocka_unit_test(test_each_name_rule_of_server_has_its_code),
        cmocka_unit_test(test_wildcard_at_a_public_suffix_is_refused),
        cmocka_unit_test(test_a_name_that_only_ends_like_a_zone_passes),
        cmocka_unit_test(test_each_kind_of_key_by_profile),
        cmocka_unit_test(test_ed25519_is_refused_with_the_way_out),
        cmocka_unit_test(test_profiles_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
