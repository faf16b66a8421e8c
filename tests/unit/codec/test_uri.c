/* codec/uri: URLs of bindings and base addresses, and paths. */
#include "unit.h"

#include "codec/uri.h"

struct uri_case {
    const char *typed;
    const char *formatted;
    const char *authority;
};

static void test_urls_become_canonical(void **state) {
    (void)state;
    static const struct uri_case cases[] = {
        {"https://www.example.com", "https://www.example.com", "www.example.com:443"},
        {"HTTP://WWW.Example.com/", "http://www.example.com/", "www.example.com:80"},
        {"https://127.0.0.1:8443", "https://127.0.0.1:8443", "127.0.0.1:8443"},
        {"https://[::1]:8443", "https://[::1]:8443", "[::1]:8443"},
        {"https://[2001:DB8::0:1]/ca", "https://[2001:db8::1]/ca", "[2001:db8::1]:443"},
        {"https://Straße.de:443/a%20b?x=1", "https://xn--strae-oqa.de/a%20b?x=1",
         "xn--strae-oqa.de:443"},
        {"http://localhost:1", "http://localhost:1", "localhost:1"},
        {"http://localhost:65535?q", "http://localhost:65535?q", "localhost:65535"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        struct uri uri;
        char text[URI_TEXT_SIZE];
        char authority[URI_AUTHORITY_SIZE];
        assert_ok(uri_parse(cases[i].typed, &uri, &e), &e);
        uri_format(&uri, text);
        uri_format_authority(&uri, authority);
        assert_string_equal(text, cases[i].formatted);
        assert_string_equal(authority, cases[i].authority);
        /* property: the text form reads back as itself */
        char again[URI_TEXT_SIZE];
        assert_ok(uri_parse(text, &uri, &e), &e);
        uri_format(&uri, again);
        assert_string_equal(again, text);
    }
}

static void test_parts_are_told(void **state) {
    (void)state;
    struct err e = {0};
    struct uri uri;
    assert_ok(uri_parse("https://[::1]:8443/a?b", &uri, &e), &e);
    assert_true(uri.is_https && uri.has_port);
    assert_string_equal(uri.host, "::1");
    assert_int_equal(uri.ip.len, 16);
    assert_int_equal(uri.port, 8443);
    assert_string_equal(uri.path, "/a?b");
    assert_ok(uri_parse("http://localhost", &uri, &e), &e);
    assert_false(uri.is_https || uri.has_port);
    assert_int_equal(uri.ip.len, 0);
    assert_int_equal(uri.port, 80);
    assert_string_equal(uri.path, "");
}

struct refused_case {
    const char *text;
    enum err_code code;
};

static void test_other_texts_are_refused(void **state) {
    (void)state;
    static const struct refused_case cases[] = {
        {"", ERR_CODEC_URI},
        {"www.example.com", ERR_CODEC_URI},
        {"ftp://www.example.com", ERR_CODEC_URI},
        {"https:/www.example.com", ERR_CODEC_URI},
        {"https://", ERR_CODEC_URI},
        {"https://:443", ERR_CODEC_URI},
        {"https://a b/", ERR_CODEC_URI},
        {"https://a/b\n", ERR_CODEC_URI},
        {"https://a/#top", ERR_CODEC_URI},
        {"https://a/ü", ERR_CODEC_URI},
        {"https://user@example.com/", ERR_CODEC_URI},
        {"https://example.com:0", ERR_CODEC_URI},
        {"https://example.com:65536", ERR_CODEC_URI},
        {"https://example.com:", ERR_CODEC_URI},
        {"https://example.com:44x", ERR_CODEC_URI},
        {"https://[::1", ERR_CODEC_URI},
        {"https://[::1]x", ERR_CODEC_URI},
        {"https://2001:db8::1", ERR_CODEC_URI},
        {"https://1.2.3", ERR_PKI_NAME_INVALID},
        {"https://[www.example.com]", ERR_PKI_NAME_INVALID},
        {"https://[fe80::1%25eth0]", ERR_PKI_NAME_INVALID},
        {"https://*.example.com", ERR_PKI_NAME_WILDCARD},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        struct uri uri = {.port = 7};
        assert_fails(uri_parse(cases[i].text, &uri, &e), &e, cases[i].code);
        assert_int_equal(uri.port, 7);
    }
}

static void test_urls_have_their_length(void **state) {
    (void)state;
    struct err e = {0};
    struct uri uri;
    char text[URI_LEN_MAX + 2];
    memset(text, 'a', sizeof(text));
    memcpy(text, "https://a/", 10);
    text[URI_LEN_MAX] = '\0';
    assert_ok(uri_parse(text, &uri, &e), &e);
    assert_int_equal(strlen(uri.path), URI_LEN_MAX - strlen("https://a"));
    text[URI_LEN_MAX] = 'a';
    text[URI_LEN_MAX + 1] = '\0';
    assert_fails(uri_parse(text, &uri, &e), &e, ERR_CODEC_URI);
}

static void test_paths_are_decoded(void **state) {
    (void)state;
    static const char *const cases[][2] = {{"/a%20b", "/a b"}, {"/%2e%2E/", "/../"},
                                           {"/a+b", "/a+b"},   {"", ""},
                                           {"/%C3%BC", "/ü"},  {"/%25", "/%"}};
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        char out[64];
        assert_ok(uri_decode_path(cases[i][0], strlen(cases[i][0]), out, sizeof(out), &e), &e);
        assert_string_equal(out, cases[i][1]);
    }
    static const char *const wrong[] = {"/%", "/%4", "/%4g", "/%g4", "/%00", "/a%", "/%%41"};
    for (size_t i = 0; i < PL_ARRAY_LEN(wrong); i++) {
        struct err e = {0};
        char out[64];
        assert_fails(uri_decode_path(wrong[i], strlen(wrong[i]), out, sizeof(out), &e), &e,
                     ERR_CODEC_URI_ESCAPE);
    }
    struct err e = {0};
    char out[8];
    assert_fails(uri_decode_path("a\0b", 3, out, sizeof(out), &e), &e, ERR_CODEC_URI_ESCAPE);
    char same[] = "/%41%42";
    assert_ok(uri_decode_path(same, strlen(same), same, sizeof(same), &e), &e);
    assert_string_equal(same, "/AB");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls_become_canonical),
        cmocka_unit_test(test_parts_are_told),
        cmocka_unit_test(test_other_texts_are_refused),
        cmocka_unit_test(test_urls_have_their_length),
        cmocka_unit_test(test_paths_are_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
