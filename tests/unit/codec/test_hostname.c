/* codec/hostname: what people type, what certificates hold, and the public suffixes. */
#include "unit.h"

#include "codec/hostname.h"

struct typed_case {
    const char *typed;
    const char *canonical;
};

static void test_typed_names_become_canonical(void **state) {
    (void)state;
    static const struct typed_case cases[] = {
        {"www.example.com", "www.example.com"},
        {"WWW.Example.COM", "www.example.com"},
        {"www.example.com.", "www.example.com"},
        {"localhost", "localhost"},
        {"Straße.de", "xn--strae-oqa.de"},
        {"XN--STRAE-OQA.de", "xn--strae-oqa.de"},
        {"日本語。ＪＰ", "xn--wgv71a119e.jp"},
        {"a\xCC\x88.com", "xn--4ca.com"},
        {"ＷＷＷ.example.com", "www.example.com"},
        {"r3---sn-4g5e.example.com", "r3---sn-4g5e.example.com"},
        {"4chan.org", "4chan.org"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        char name[HOSTNAME_SIZE];
        assert_ok(hostname_from_typed(cases[i].typed, name, &e), &e);
        assert_string_equal(name, cases[i].canonical);
        assert_true(hostname_is_valid(name));
    }
}

struct refused_case {
    const char *typed;
    enum err_code code;
    const char *hint; /* a part of it */
};

static const struct refused_case refused[] = {
    {"", ERR_PKI_NAME_INVALID, ""},
    {".", ERR_PKI_NAME_INVALID, "looks like"},
    {"a..b", ERR_PKI_NAME_INVALID, "looks like"},
    {".a", ERR_PKI_NAME_INVALID, "looks like"},
    {"a.b..", ERR_PKI_NAME_INVALID, "looks like"},
    {"-a.com", ERR_PKI_NAME_INVALID, "looks like"},
    {"a-.com", ERR_PKI_NAME_INVALID, "looks like"},
    {"a$b.com", ERR_PKI_NAME_INVALID, "looks like"},
    {"\xff.com", ERR_PKI_NAME_INVALID, ""},
    {"a\nb.com", ERR_PKI_NAME_INVALID, "looks like"},
    {"https://www.example.com/shop", ERR_PKI_NAME_INVALID, "alone: www.example.com"},
    {"www.example.com:443", ERR_PKI_NAME_INVALID, "alone: www.example.com"},
    {"www.example.com/", ERR_PKI_NAME_INVALID, "alone: www.example.com"},
    {"me@example.com", ERR_PKI_NAME_INVALID, "e-mail"},
    {"my_host.example.com", ERR_PKI_NAME_INVALID, "hyphen"},
    {"a.com, b.com", ERR_PKI_NAME_INVALID, "one name at a time"},
    {"fe80::1%eth0", ERR_PKI_NAME_INVALID, "IPv6"},
    {"256.1.1.1", ERR_PKI_NAME_INVALID, "IPv4"},
    {"1.2.3", ERR_PKI_NAME_INVALID, "IPv4"},
    {"127.0.0.0x1", ERR_PKI_NAME_INVALID, "IPv4"},
    {"１２７.0.0.1", ERR_PKI_NAME_INVALID, "IPv4"},
    {"xn--zzzzzz.com", ERR_PKI_NAME_IDN, ""},
    {"xn--a.com", ERR_PKI_NAME_IDN, ""},
    {"☃.net", ERR_PKI_NAME_IDN, ""},
    {"*.example.com", ERR_PKI_NAME_WILDCARD, "leftmost"},
};

static void test_slips_are_refused_with_what_to_write_instead(void **state) {
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(refused); i++) {
        struct err e = {0};
        char name[HOSTNAME_SIZE] = "untouched";
        assert_fails(hostname_from_typed(refused[i].typed, name, &e), &e, refused[i].code);
        assert_non_null(strstr(e.hint, refused[i].hint));
        assert_string_equal(name, "untouched");
    }
}

/* A name of len characters out of labels of 63, 63, 63 and the rest. */
static void make_name(char *out, size_t len) {
    memset(out, 'a', len);
    for (size_t dot = HOSTNAME_LABEL_MAX; dot < len - 1; dot += HOSTNAME_LABEL_MAX + 1) {
        out[dot] = '.';
    }
    out[len] = '\0';
}

static void test_lengths_have_their_limits(void **state) {
    (void)state;
    struct err e = {0};
    char typed[HOSTNAME_TYPED_MAX + 2];
    char name[HOSTNAME_SIZE];
    make_name(typed, HOSTNAME_LEN_MAX);
    assert_ok(hostname_from_typed(typed, name, &e), &e);
    assert_string_equal(name, typed);
    make_name(typed, HOSTNAME_LEN_MAX + 1);
    assert_fails(hostname_from_typed(typed, name, &e), &e, ERR_PKI_NAME_TOO_LONG);
    memset(typed, 'a', HOSTNAME_LABEL_MAX);
    strcpy(typed + HOSTNAME_LABEL_MAX, ".com");
    assert_ok(hostname_from_typed(typed, name, &e), &e);
    strcpy(typed + HOSTNAME_LABEL_MAX, "a.com");
    assert_fails(hostname_from_typed(typed, name, &e), &e, ERR_PKI_NAME_TOO_LONG);
    memset(typed, 'a', HOSTNAME_TYPED_MAX + 1);
    typed[HOSTNAME_TYPED_MAX + 1] = '\0';
    assert_fails(hostname_from_typed(typed, name, &e), &e, ERR_PKI_NAME_TOO_LONG);
}

static void test_long_international_labels_are_told_as_too_long(void **state) {
    (void)state;
    struct err e = {0};
    char name[HOSTNAME_SIZE];
    char typed[200] = "";
    for (size_t i = 0; i < 60; i++) {
        strcat(typed, i % 2 == 0 ? "ä" : "ö");
    }
    assert_fails(hostname_from_typed(typed, name, &e), &e, ERR_PKI_NAME_TOO_LONG);
}

static void test_a_wildcard_is_the_whole_leftmost_label(void **state) {
    (void)state;
    struct err e = {0};
    char name[HOSTNAME_SIZE];
    assert_ok(hostname_pattern_from_typed("*.Example.com", name, &e), &e);
    assert_string_equal(name, "*.example.com");
    assert_ok(hostname_pattern_from_typed("*.Straße.de", name, &e), &e);
    assert_string_equal(name, "*.xn--strae-oqa.de");
    assert_ok(hostname_pattern_from_typed("www.example.com", name, &e), &e);
    static const char *const wrong[] = {"*",       "w*.example.com", "www.*.com",
                                        "*.*.com", "**.example.com", "*www.example.com"};
    for (size_t i = 0; i < PL_ARRAY_LEN(wrong); i++) {
        assert_fails(hostname_pattern_from_typed(wrong[i], name, &e), &e, ERR_PKI_NAME_WILDCARD);
        assert_non_null(strstr(e.hint, "leftmost"));
    }
}

static void test_a_wildcard_may_not_cover_a_public_suffix(void **state) {
    (void)state;
    struct err e = {0};
    char name[HOSTNAME_SIZE];
    static const char *const wide[] = {"*.com", "*.co.uk", "*.localhost", "*.рф", "*.foo.ck"};
    for (size_t i = 0; i < PL_ARRAY_LEN(wide); i++) {
        assert_fails(hostname_pattern_from_typed(wide[i], name, &e), &e, ERR_PKI_NAME_WILDCARD);
        assert_non_null(strstr(e.hint, "*.shop."));
    }
    assert_ok(hostname_pattern_from_typed("*.example.internal", name, &e), &e);
    assert_ok(hostname_pattern_from_typed("*.github.io", name, &e), &e);
}

static void test_wildcard_counts_towards_the_length(void **state) {
    (void)state;
    struct err e = {0};
    char name[HOSTNAME_SIZE];
    char typed[HOSTNAME_LEN_MAX + 8] = "*.";
    make_name(typed + 2, HOSTNAME_LEN_MAX - 2);
    assert_ok(hostname_pattern_from_typed(typed, name, &e), &e);
    assert_true(hostname_is_valid_pattern(name));
    make_name(typed + 2, HOSTNAME_LEN_MAX - 1);
    assert_fails(hostname_pattern_from_typed(typed, name, &e), &e, ERR_PKI_NAME_TOO_LONG);
    assert_false(hostname_is_valid_pattern(typed));
}

static void test_certificates_names_are_checked_as_they_stand(void **state) {
    (void)state;
    assert_true(hostname_is_valid("WWW.example.com"));
    assert_true(hostname_is_valid_pattern("*.example.com"));
    assert_true(hostname_is_valid_pattern("example.com"));
    assert_true(hostname_is_wildcard("*.example.com"));
    assert_false(hostname_is_wildcard("example.com"));
    static const char *const wrong[] = {"",  "www.example.com.", "a_b.com", "*.example.com",
                                        "ä", "192.0.2.1",        "a b.com", "a.0x1f"};
    for (size_t i = 0; i < PL_ARRAY_LEN(wrong); i++) {
        assert_false(hostname_is_valid(wrong[i]));
    }
    assert_true(hostname_is_single_label("localhost"));
    assert_false(hostname_is_single_label("www.localhost"));
}

static void test_people_see_unicode(void **state) {
    (void)state;
    char text[HOSTNAME_DISPLAY_SIZE];
    hostname_to_display("*.xn--strae-oqa.de", text);
    assert_string_equal(text, "*.straße.de");
    hostname_to_display("xn--zzzzzz.xn--strae-oqa.de", text);
    assert_string_equal(text, "xn--zzzzzz.straße.de");
    hostname_to_display("www.example.com", text);
    assert_string_equal(text, "www.example.com");
}

struct match_case {
    const char *pattern;
    const char *host;
    bool matches;
};

static void test_patterns_match_one_label(void **state) {
    (void)state;
    static const struct match_case cases[] = {
        {"www.example.com", "www.example.com", true},
        {"www.example.com", "WWW.EXAMPLE.COM.", true},
        {"www.example.com", "example.com", false},
        {"*.example.com", "www.example.com", true},
        {"*.example.com", "a.b.example.com", false},
        {"*.example.com", "example.com", false},
        {"*.example.com", ".example.com", false},
        {"*.example.com", "www.example.org", false},
        {"*.com", "example.com", true},
        {"*", "example", false},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        assert_int_equal(hostname_matches(cases[i].pattern, cases[i].host), cases[i].matches);
    }
}

static void test_only_listed_icann_suffixes_count(void **state) {
    (void)state;
    static const char *const suffixes[] = {"com", "co.uk", "xn--p1ai", "anything.ck", "kobe.jp"};
    for (size_t i = 0; i < PL_ARRAY_LEN(suffixes); i++) {
        assert_true(hostname_is_public_suffix(suffixes[i]));
        assert_false(hostname_is_under_public_suffix(suffixes[i]) && i < 3);
    }
    static const char *const not_suffixes[] = {"internal", "localhost", "example.com", "www.ck",
                                               "github.io"};
    for (size_t i = 0; i < PL_ARRAY_LEN(not_suffixes); i++) {
        assert_false(hostname_is_public_suffix(not_suffixes[i]));
    }
}

static void test_names_are_public_when_below_a_listed_suffix(void **state) {
    (void)state;
    static const char *const inside[] = {"example.com",   "www.example.co.uk",
                                         "*.example.com", "me.github.io",
                                         "www.ck",        "xn--e1afmkfd.xn--p1ai"};
    for (size_t i = 0; i < PL_ARRAY_LEN(inside); i++) {
        assert_true(hostname_is_under_public_suffix(inside[i]));
    }
    static const char *const outside[] = {"localhost", "server.internal", "com",
                                          "co.uk",     "a.b.corp",        "*.com"};
    for (size_t i = 0; i < PL_ARRAY_LEN(outside); i++) {
        assert_false(hostname_is_under_public_suffix(outside[i]));
    }
}

/* Property: canonical names are canonical. */
static void test_canonical_names_stay_as_they_are(void **state) {
    (void)state;
    static const char *const typed[] = {"Straße.de", "日本語。ＪＰ", "r3---x.com", "*.Example.com",
                                        "βόλος.com"};
    for (size_t i = 0; i < PL_ARRAY_LEN(typed); i++) {
        struct err e = {0};
        char once[HOSTNAME_SIZE];
        char twice[HOSTNAME_SIZE];
        char shown[HOSTNAME_DISPLAY_SIZE];
        assert_ok(hostname_pattern_from_typed(typed[i], once, &e), &e);
        assert_ok(hostname_pattern_from_typed(once, twice, &e), &e);
        assert_string_equal(once, twice);
        hostname_to_display(once, shown);
        assert_ok(hostname_pattern_from_typed(shown, twice, &e), &e);
        assert_string_equal(once, twice);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_typed_names_become_canonical),
        cmocka_unit_test(test_slips_are_refused_with_what_to_write_instead),
        cmocka_unit_test(test_lengths_have_their_limits),
        cmocka_unit_test(test_long_international_labels_are_told_as_too_long),
        cmocka_unit_test(test_a_wildcard_is_the_whole_leftmost_label),
        cmocka_unit_test(test_a_wildcard_may_not_cover_a_public_suffix),
        cmocka_unit_test(test_wildcard_counts_towards_the_length),
        cmocka_unit_test(test_certificates_names_are_checked_as_they_stand),
        cmocka_unit_test(test_people_see_unicode),
        cmocka_unit_test(test_patterns_match_one_label),
        cmocka_unit_test(test_only_listed_icann_suffixes_count),
        cmocka_unit_test(test_names_are_public_when_below_a_listed_suffix),
        cmocka_unit_test(test_canonical_names_stay_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
