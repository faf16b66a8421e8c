/* codec/ip: address texts and the kinds of networks. */
#include "unit.h"

#include "codec/ip.h"

struct text_case {
    const char *typed;
    const char *canonical;
};

static void test_addresses_become_their_one_text(void **state) {
    (void)state;
    static const struct text_case cases[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"[::1]", "::1"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct ip ip;
        char text[IP_TEXT_SIZE];
        assert_true(ip_parse(cases[i].typed, &ip));
        ip_format(&ip, text);
        assert_string_equal(text, cases[i].canonical);
    }
}

static void test_other_texts_are_no_address(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        "1.2.3",
                                        "1.2.3.4.5",
                                        "256.1.1.1",
                                        "01.2.3.4",
                                        "0x7f.0.0.1",
                                        " 1.2.3.4",
                                        "::1 ",
                                        "[::1",
                                        "::1]",
                                        "[192.0.2.1]",
                                        "[]",
                                        "[",
                                        "fe80::1%eth0",
                                        ":::",
                                        "1::2::3",
                                        "12345::",
                                        "localhost",
                                        "2130706433",
                                        "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555"};
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        struct ip ip;
        assert_false(ip_parse(texts[i], &ip));
    }
}

static void test_bytes_are_four_or_sixteen(void **state) {
    (void)state;
    static const uint8_t bytes[17] = {192, 0, 2, 1};
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        struct ip ip;
        assert_int_equal(ip_from_bytes(bytes, len, &ip), len == 4 || len == 16);
    }
}

static void test_equal_needs_the_same_family(void **state) {
    (void)state;
    struct ip short_form;
    struct ip long_form;
    struct ip ipv4;
    assert_true(ip_parse("::1", &short_form) && ip_parse("0:0::0:1", &long_form));
    assert_true(ip_parse("0.0.0.1", &ipv4));
    assert_true(ip_equal(&short_form, &long_form));
    assert_false(ip_equal(&short_form, &ipv4));
}

struct kind_case {
    const char *text;
    enum ip_kind kind;
};

static void test_networks_have_their_kind_up_to_their_edges(void **state) {
    (void)state;
    static const struct kind_case cases[] = {
        {"8.8.8.8", IP_PUBLIC},
        {"9.255.255.255", IP_PUBLIC},
        {"10.0.0.0", IP_PRIVATE},
        {"10.255.255.255", IP_PRIVATE},
        {"11.0.0.0", IP_PUBLIC},
        {"100.63.255.255", IP_PUBLIC},
        {"100.64.0.0", IP_PRIVATE},
        {"100.127.255.255", IP_PRIVATE},
        {"100.128.0.0", IP_PUBLIC},
        {"126.255.255.255", IP_PUBLIC},
        {"127.0.0.1", IP_LOOPBACK},
        {"127.255.255.255", IP_LOOPBACK},
        {"169.254.169.254", IP_LINK_LOCAL},
        {"172.15.255.255", IP_PUBLIC},
        {"172.16.0.0", IP_PRIVATE},
        {"172.31.255.255", IP_PRIVATE},
        {"172.32.0.0", IP_PUBLIC},
        {"192.168.0.1", IP_PRIVATE},
        {"192.0.0.8", IP_RESERVED},
        {"192.0.0.9", IP_PUBLIC},
        {"192.0.2.1", IP_RESERVED},
        {"198.18.0.0", IP_RESERVED},
        {"198.19.255.255", IP_RESERVED},
        {"198.20.0.0", IP_PUBLIC},
        {"0.0.0.0", IP_RESERVED},
        {"223.255.255.255", IP_PUBLIC},
        {"224.0.0.1", IP_RESERVED},
        {"255.255.255.255", IP_RESERVED},
        {"::", IP_RESERVED},
        {"::1", IP_LOOPBACK},
        {"::2", IP_RESERVED},
        {"fe80::1", IP_LINK_LOCAL},
        {"febf:ffff::", IP_LINK_LOCAL},
        {"fec0::1", IP_RESERVED},
        {"fc00::1", IP_PRIVATE},
        {"fdff::1", IP_PRIVATE},
        {"ff02::1", IP_RESERVED},
        {"2001:db8::1", IP_RESERVED},
        {"2001:db9::1", IP_PUBLIC},
        {"2001::1", IP_RESERVED},
        {"2001:4860:4860::8888", IP_PUBLIC},
        {"2002:7f00:1::", IP_RESERVED},
        {"3fff:0fff::", IP_RESERVED},
        {"3fff:1000::", IP_PUBLIC},
        {"4000::1", IP_RESERVED},
        {"::ffff:127.0.0.1", IP_LOOPBACK},
        {"::ffff:8.8.8.8", IP_PUBLIC},
        {"64:ff9b::10.0.0.1", IP_PRIVATE},
        {"64:ff9b::8.8.8.8", IP_PUBLIC},
        {"64:ff9b:1::8.8.8.8", IP_RESERVED},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct ip ip;
        assert_true(ip_parse(cases[i].text, &ip));
        if (ip_classify(&ip) != cases[i].kind) {
            fail_msg("%s has kind %d", cases[i].text, (int)ip_classify(&ip));
        }
    }
}

static bool is_in(const char *network_text, const char *ip_text) {
    struct ip_network network;
    struct ip ip;
    assert_true(ip_network_parse(network_text, &network));
    assert_true(ip_parse(ip_text, &ip));
    return ip_network_has(&network, &ip);
}

static void test_networks(void **state) {
    (void)state;
    assert_true(is_in("192.0.2.0/24", "192.0.2.255"));
    assert_false(is_in("192.0.2.0/24", "192.0.3.0"));
    assert_true(is_in("192.0.2.128/25", "192.0.2.128"));
    assert_false(is_in("192.0.2.128/25", "192.0.2.127"));
    assert_true(is_in("192.0.2.1", "192.0.2.1"));
    assert_false(is_in("192.0.2.1", "192.0.2.0"));
    assert_true(is_in("0.0.0.0/0", "255.1.2.3"));
    assert_false(is_in("0.0.0.0/0", "::1"));
    assert_true(is_in("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(is_in("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(is_in("::/0", "ffff::"));
}

static void test_texts_that_are_no_networks(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "x",
        "/24",
        "192.0.2.0/",
        "192.0.2.0/33",
        "192.0.2.1/24",
        "192.0.2.0/024",
        "192.0.2.0/-1",
        "192.0.2.0/24/1",
        "2001:db8::/129",
        "2001:db8::1/64",
        "192.0.2.0/2x",
        "192.0.2.128/24",
        "192.0.2.0/1000",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        struct ip_network network;
        assert_false(ip_network_parse(texts[i], &network));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_become_their_one_text),
        cmocka_unit_test(test_other_texts_are_no_address),
        cmocka_unit_test(test_bytes_are_four_or_sixteen),
        cmocka_unit_test(test_equal_needs_the_same_family),
        cmocka_unit_test(test_networks_have_their_kind_up_to_their_edges),
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_texts_that_are_no_networks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
