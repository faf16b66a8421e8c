/* trace/wish: words to numbers, and the message there and back. */
#include "inspect_fixture.h"

#include "inspect/trace/wish.h"

static void test_targets(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *host; /* NULL: refused */
        uint16_t port;
    } cases[] = {{"www.example.com", "www.example.com", 443},
                 {"a:8443", "a", 8443},
                 {"[::1]:8443", "::1", 8443},
                 {"::1", "::1", 443},
                 {"[::1]", "::1", 443},
                 {"", NULL, 0},
                 {"a:0", NULL, 0},
                 {"a:65536", NULL, 0},
                 {"a:b", NULL, 0},
                 {":443", NULL, 0}};
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        struct trace_wish wish;
        trace_wish_init(&wish);
        if (cases[i].host == NULL) {
            assert_fails(trace_wish_target(&wish, cases[i].text, &e), &e, ERR_INSPECT_TARGET);
        } else {
            assert_ok(trace_wish_target(&wish, cases[i].text, &e), &e);
            assert_string_equal(wish.connect_host, cases[i].host);
            assert_string_equal(wish.host, cases[i].host);
            assert_int_equal(wish.port, cases[i].port);
        }
        trace_wish_clear(&wish);
    }
}

static void test_offers(void **state) {
    (void)state;
    struct err e = {0};
    struct trace_wish wish;
    trace_wish_init(&wish);
    assert_ok(trace_wish_versions(&wish, "1.0-1.2", &e), &e);
    assert_int_equal(wish.version_min, 0x0301);
    assert_int_equal(wish.version_max, 0x0303);
    assert_ok(trace_wish_versions(&wish, "ssl3", &e), &e);
    assert_int_equal(wish.version_max, 0x0300);
    assert_fails(trace_wish_versions(&wish, "1.3-1.2", &e), &e, ERR_INSPECT_OPTION);
    assert_fails(trace_wish_versions(&wish, "1.4", &e), &e, ERR_INSPECT_OPTION);
    assert_fails(trace_wish_versions(&wish, "", &e), &e, ERR_INSPECT_OPTION);
    assert_ok(trace_wish_suites(&wish, "TLS_AES_128_GCM_SHA256,TLS_RSA_WITH_AES_128_CBC_SHA", &e),
              &e);
    assert_int_equal(wish.suites.count, 2);
    assert_int_equal(wish.suites.items[1], 0x002F);
    assert_fails(trace_wish_suites(&wish, "TLS_NO_SUCH", &e), &e, ERR_INSPECT_OPTION);
    assert_ok(trace_wish_groups(&wish, &wish.groups, "x25519,secp256r1", &e), &e);
    assert_int_equal(wish.groups.items[0], 0x001D);
    assert_fails(trace_wish_groups(&wish, &wish.groups, "ffdhe2048", &e), &e, ERR_INSPECT_OPTION);
    char many[TRACE_LIST_MAX * 8 + 16] = "x25519";
    for (size_t len = 6; len + 8 < sizeof(many); len += 7) {
        memcpy(many + len, ",x25519", 8);
    }
    assert_fails(trace_wish_groups(&wish, &wish.groups, many, &e), &e, ERR_BASE_LIMIT);
    trace_wish_clear(&wish);
}

static void test_there_and_back(void **state) {
    (void)state;
    struct err e = {0};
    struct trace_wish wish;
    struct trace_wish read;
    struct buf message = {.max = TRACE_WISH_MAX};
    struct pack_writer w = {.out = &message};
    trace_wish_init(&wish);
    assert_ok(trace_wish_target(&wish, "www.example.com:8443", &e), &e);
    assert_ok(trace_wish_suites(&wish, "TLS_AES_128_GCM_SHA256", &e), &e);
    assert_ok(buf_append_string(&wish.key, "key", &e), &e);
    wish.is_resumed = true;
    wish.is_early = true;
    wish.wants_compression = true;
    wish.at_ms = 12345;
    trace_wish_pack(&wish, &w);
    assert_ok(pack_end(&w, &e), &e);
    assert_ok(trace_wish_read(message.data, message.len, &read, &e), &e);
    assert_string_equal(read.connect_host, "www.example.com");
    assert_int_equal(read.port, 8443);
    assert_int_equal(read.suites.count, 1);
    assert_int_equal(read.suites.items[0], 0x1301);
    assert_string_equal(buf_string(&read.key), "key");
    assert_true(read.is_resumed);
    assert_true(read.is_early);
    assert_true(read.wants_compression);
    assert_int_equal(read.at_ms, 12345);
    trace_wish_clear(&read);
    for (size_t len = 0; len < message.len; len++) {
        assert_fails(trace_wish_read(message.data, len, &read, &e), &e, ERR_IPC_MALFORMED);
    }
    message.data[1] = 200; /* a laboratory that is not there */
    assert_fails(trace_wish_read(message.data, message.len, &read, &e), &e, ERR_IPC_MALFORMED);
    buf_clear(&message);
    trace_wish_clear(&wish);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_offers),
        cmocka_unit_test(test_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
