/* tls/client_offer: what is kept of a ClientHello, and JA4 by its published examples. */
#include "unit.h"

#include "tls/client_offer.h"

#include <string.h>

/* A ClientHello as it would come out of the reader. */
struct made {
    uint8_t suites[2200];
    uint8_t extensions[1024];
    uint8_t schemes[256];
    uint8_t versions[16];
    uint8_t protocols[64];
    struct client_hello hello;
};

static size_t put(uint8_t *out, const uint16_t *numbers, size_t count) {
    for (size_t i = 0; i < count; i++) {
        out[2 * i] = (uint8_t)(numbers[i] >> 8);
        out[2 * i + 1] = (uint8_t)(numbers[i] & 0xFF);
    }
    return 2 * count;
}

static struct client_hello_part part(const uint8_t *bytes, size_t len) {
    return (struct client_hello_part){.bytes = bytes, .len = len};
}

/* Each extension empty. */
static void set_extensions(struct made *m, const uint16_t *types, size_t count) {
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += put(m->extensions + len, &types[i], 1);
        m->extensions[len++] = 0;
        m->extensions[len++] = 0;
    }
    m->hello.extensions = part(m->extensions, len);
}

static void set_protocol(struct made *m, const char *name, size_t len) {
    m->protocols[0] = (uint8_t)len;
    memcpy(m->protocols + 1, name, len);
    m->hello.protocols = part(m->protocols, len + 1);
}

static const uint16_t chrome_suites[] = {0x2A2A, 0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F,
                                         0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013, 0xC014,
                                         0x009C, 0x009D, 0x002F, 0x0035};
static const uint16_t chrome_extensions[] = {0x1A1A, 0x001B, 0x0000, 0x0033, 0x0010, 0x4469,
                                             0x0017, 0x002D, 0x000D, 0x0005, 0x0023, 0x0012,
                                             0x002B, 0xFF01, 0x000B, 0x000A, 0x0015, 0x6A6A};
static const uint16_t chrome_schemes[] = {0x0403, 0x0804, 0x0401, 0x0503,
                                          0x0805, 0x0501, 0x0806, 0x0601};
static const uint16_t chrome_versions[] = {0x8A8A, 0x0304, 0x0303};

static void make_chrome(struct made *m) {
    memset(m, 0, sizeof(*m));
    m->hello.legacy_version = 0x0303;
    m->hello.suites = part(m->suites, put(m->suites, chrome_suites, PL_ARRAY_LEN(chrome_suites)));
    set_extensions(m, chrome_extensions, PL_ARRAY_LEN(chrome_extensions));
    m->hello.schemes =
        part(m->schemes, put(m->schemes, chrome_schemes, PL_ARRAY_LEN(chrome_schemes)));
    m->hello.versions =
        part(m->versions, put(m->versions, chrome_versions, PL_ARRAY_LEN(chrome_versions)));
    set_protocol(m, "h2", 2);
}

static void assert_ja4(const struct made *m, const char *expected) {
    struct err e = {0};
    PL_AUTO(client_offer_freep) struct client_offer *offer = NULL;
    char ja4[CLIENT_OFFER_JA4_SIZE];
    assert_ok(client_offer_new(&m->hello, &offer, &e), &e);
    assert_false(client_offer_is_cut(offer));
    assert_ok(client_offer_ja4(offer, ja4, NULL, &e), &e);
    assert_string_equal(ja4, expected);
}

/* The example of FoxIO's specification. */
static void test_the_published_example(void **state) {
    (void)state;
    struct err e = {0};
    struct made m;
    PL_AUTO(client_offer_freep) struct client_offer *offer = NULL;
    PL_AUTO(buf_clear) struct buf raw;
    char ja4[CLIENT_OFFER_JA4_SIZE];
    buf_init(&raw, 1024);
    make_chrome(&m);
    assert_ok(client_offer_new(&m.hello, &offer, &e), &e);
    assert_ok(client_offer_ja4(offer, ja4, &raw, &e), &e);
    assert_string_equal(ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
    assert_string_equal(buf_string(&raw),
                        "t13d1516h2_002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,"
                        "c030,cca8,cca9_0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,"
                        "0033,4469,ff01_0403,0804,0401,0503,0805,0501,0806,0601");
}

static void test_the_first_part_follows_what_is_there(void **state) {
    (void)state;
    struct made m;
    make_chrome(&m);
    set_protocol(&m, "http/1.1", 8);
    assert_ja4(&m, "t13d1516h1_8daaf6152771_e5627efa2ab1");
    set_protocol(&m, "h", 1);
    assert_ja4(&m, "t13d1516hh_8daaf6152771_e5627efa2ab1");
    set_protocol(&m, "\xAB", 1);
    assert_ja4(&m, "t13d1516ab_8daaf6152771_e5627efa2ab1");
    set_protocol(&m, "\x30\xAB", 2);
    assert_ja4(&m, "t13d15163b_8daaf6152771_e5627efa2ab1");
    m.hello.protocols = part(NULL, 0);
    assert_ja4(&m, "t13d151600_8daaf6152771_e5627efa2ab1");
    m.hello.versions = part(NULL, 0);
    assert_ja4(&m, "t12d151600_8daaf6152771_e5627efa2ab1");
    m.hello.legacy_version = 0x0300;
    assert_ja4(&m, "ts3d151600_8daaf6152771_e5627efa2ab1");
    m.hello.legacy_version = 0x7777;
    assert_ja4(&m, "t00d151600_8daaf6152771_e5627efa2ab1");
}

static void test_nothing_offered_is_zeros(void **state) {
    (void)state;
    struct made m;
    memset(&m, 0, sizeof(m));
    m.hello.legacy_version = 0x0301;
    assert_ja4(&m, "t10i000000_000000000000_000000000000");
    static const uint16_t names_alone[] = {0x0000, 0x0010};
    set_extensions(&m, names_alone, 2);
    assert_ja4(&m, "t10d000200_000000000000_000000000000");
}

static void test_lists_come_back_in_order(void **state) {
    (void)state;
    struct err e = {0};
    struct made m;
    static const uint8_t shares[] = {0x11, 0xEC, 0, 2, 7, 7, 0, 0x1D, 0, 1, 9};
    PL_AUTO(client_offer_freep) struct client_offer *offer = NULL;
    make_chrome(&m);
    m.hello.key_shares = part(shares, sizeof(shares));
    assert_ok(client_offer_new(&m.hello, &offer, &e), &e);
    assert_int_equal(client_offer_count(offer, CLIENT_OFFER_SUITES), 16);
    assert_int_equal(client_offer_at(offer, CLIENT_OFFER_SUITES, 0), 0x2A2A);
    assert_int_equal(client_offer_at(offer, CLIENT_OFFER_SUITES, 15), 0x0035);
    assert_int_equal(client_offer_count(offer, CLIENT_OFFER_KEY_SHARES), 2);
    assert_int_equal(client_offer_at(offer, CLIENT_OFFER_KEY_SHARES, 0), 0x11EC);
    assert_int_equal(client_offer_at(offer, CLIENT_OFFER_KEY_SHARES, 1), 0x001D);
    assert_int_equal(client_offer_count(offer, CLIENT_OFFER_GROUPS), 0);
    assert_true(client_offer_has(offer, CLIENT_OFFER_EXTENSIONS, 0x4469));
    assert_false(client_offer_has(offer, CLIENT_OFFER_EXTENSIONS, 0x4470));
    assert_int_equal(client_offer_legacy_version(offer), 0x0303);
    size_t cursor = 0;
    const uint8_t *name = NULL;
    size_t len = 0;
    assert_true(client_offer_next_protocol(offer, &cursor, &name, &len));
    assert_int_equal(len, 2);
    assert_memory_equal(name, "h2", 2);
    assert_false(client_offer_next_protocol(offer, &cursor, &name, &len));
}

static void test_what_is_too_long_is_not_kept(void **state) {
    (void)state;
    struct err e = {0};
    struct made m;
    make_chrome(&m);
    size_t rest = m.hello.versions.len + m.hello.schemes.len + 2 * 18 + m.hello.protocols.len;
    for (size_t over = 0; over <= 2; over += 2) {
        PL_AUTO(client_offer_freep) struct client_offer *offer = NULL;
        size_t suites = (CLIENT_OFFER_MAX - rest) / 2 * 2 + over;
        m.hello.suites = part(m.suites, suites);
        assert_ok(client_offer_new(&m.hello, &offer, &e), &e);
        assert_int_equal(client_offer_is_cut(offer), over > 0);
    }
}

static bool make_one(struct err *e) {
    struct made m;
    PL_AUTO(client_offer_freep) struct client_offer *offer = NULL;
    char ja4[CLIENT_OFFER_JA4_SIZE];
    make_chrome(&m);
    return client_offer_new(&m.hello, &offer, e) && client_offer_ja4(offer, ja4, NULL, e);
}

static void test_every_failed_allocation_is_survived(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(make_one(&e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_published_example),
        cmocka_unit_test(test_the_first_part_follows_what_is_there),
        cmocka_unit_test(test_nothing_offered_is_zeros),
        cmocka_unit_test(test_lists_come_back_in_order),
        cmocka_unit_test(test_what_is_too_long_is_not_kept),
        cmocka_unit_test(test_every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
