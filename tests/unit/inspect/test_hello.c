/* wire/hello: what is built reads back, by the server's own reader too; cut hellos are refused. */
#include "inspect_fixture.h"

#include "codec/client_hello.h"
#include "inspect/wire/hello.h"

static const uint16_t suites[] = {0x1301, 0xC02F};
static const uint16_t versions[] = {0x0304, 0x0303};
static const uint16_t groups[] = {0x001D, 0x0017};
static const uint16_t schemes[] = {0x0403};
static const uint8_t given_random[32] = {1, 2, 3};
static const uint8_t key[32] = {9};
static const struct wire_share share = {0x001D, {key, sizeof(key)}};

static struct wire_client_hello example(void) {
    return (struct wire_client_hello){.legacy_version = 0x0303,
                                      .random = given_random,
                                      .session_id = {given_random, 32},
                                      .suites = {suites, 2},
                                      .server_name = "www.example.com",
                                      .protocols = "h2,http/1.1",
                                      .versions = {versions, 2},
                                      .groups = {groups, 2},
                                      .schemes = {schemes, 1},
                                      .shares = &share,
                                      .share_count = 1,
                                      .has_key_share = true,
                                      .has_ticket = true,
                                      .has_psk_modes = true,
                                      .has_status_request = true,
                                      .has_extended_master_secret = true,
                                      .has_renegotiation_info = true};
}

static void test_a_client_hello_reads_back(void **state) {
    (void)state;
    struct err e = {0};
    const struct wire_client_hello wish = example();
    struct buf message = {.max = WIRE_CLIENT_HELLO_MAX};
    struct buf record = {.max = WIRE_CLIENT_HELLO_MAX};
    struct buf joined = {.max = CLIENT_HELLO_MAX};
    struct client_hello read = {0};
    assert_ok(wire_client_hello_build(&wish, &message, &e), &e);
    assert_ok(wire_record_wrap(22, 0x0301, message.data, message.len, &record, &e), &e);
    assert_int_equal(client_hello_read(record.data, record.len, &joined, &read),
                     CLIENT_HELLO_WHOLE);
    assert_int_equal(read.server_name.len, 15);
    assert_true(client_hello_lists(read.suites, 0xC02F));
    assert_true(client_hello_lists(read.groups, 0x0017));
    assert_true(client_hello_lists(read.schemes, 0x0403));
    assert_int_equal(client_hello_version_max(&read), 0x0304);
    assert_int_equal(read.protocols.len, 12);
    uint16_t group = 0;
    assert_true(client_hello_next_key_share(&read.key_shares, &group));
    assert_int_equal(group, 0x001D);
    buf_clear(&message);
    buf_clear(&record);
    buf_clear(&joined);
}

/* RFC 5746 §3.5: what ties a second handshake to the first. */
static void test_a_second_hello_is_tied_to_the_first(void **state) {
    (void)state;
    static const uint8_t verify_data[12] = "twelve bytes";
    static const uint8_t extension[] = {0xFF, 0x01, 0,   13,  12,  't', 'w', 'e', 'l',
                                        'v',  'e',  ' ', 'b', 'y', 't', 'e', 's'};
    struct err e = {0};
    struct wire_client_hello wish = example();
    struct buf message = {.max = WIRE_CLIENT_HELLO_MAX};
    wish.renegotiated = (struct wire_span){verify_data, sizeof(verify_data)};
    assert_ok(wire_client_hello_build(&wish, &message, &e), &e);
    assert_memory_equal(message.data + message.len - sizeof(extension), extension,
                        sizeof(extension));
    buf_clear(&message);
}

static void test_what_is_too_long_is_not_built(void **state) {
    (void)state;
    struct err e = {0};
    struct wire_client_hello wish = example();
    struct buf message = {.max = 100};
    assert_fails(wire_client_hello_build(&wish, &message, &e), &e, ERR_BASE_LIMIT);
    buf_clear(&message);
}

static const char server_hello[] =
    "0303"
    "a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e26928"
    "00 1301 00 002e"
    "0033 0024 001d 0020 c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f"
    "002b 0002 0304";

/* RFC 8448 §3 */
static void test_a_server_hello_is_read(void **state) {
    (void)state;
    uint8_t bytes[256];
    struct wire_server_hello hello;
    size_t len = fixture_bytes(server_hello, bytes, sizeof(bytes));
    assert_true(wire_server_hello_read((struct wire_span){bytes, len}, &hello));
    assert_int_equal(hello.version, 0x0304);
    assert_int_equal(hello.legacy_version, 0x0303);
    assert_int_equal(hello.suite, 0x1301);
    assert_int_equal(hello.group, 0x001D);
    assert_int_equal(hello.share.len, 32);
    assert_false(hello.is_retry);
    for (size_t cut = 0; cut < len; cut++) {
        bool is_bare = cut == 38; /* up to the extensions, which TLS 1.2 may leave out */
        assert_int_equal(wire_server_hello_read((struct wire_span){bytes, cut}, &hello), is_bare);
    }
}

static void test_a_retry_is_known_by_its_random(void **state) {
    (void)state;
    uint8_t bytes[256];
    struct wire_server_hello hello;
    size_t len =
        fixture_bytes("0303 cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
                      "00 1301 00 000c 0033 0002 0017 002b 0002 0304",
                      bytes, sizeof(bytes));
    assert_true(wire_server_hello_read((struct wire_span){bytes, len}, &hello));
    assert_true(hello.is_retry);
    assert_int_equal(hello.group, 0x0017);
    assert_false(hello.has_share);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_client_hello_reads_back),
        cmocka_unit_test(test_a_second_hello_is_tied_to_the_first),
        cmocka_unit_test(test_what_is_too_long_is_not_built),
        cmocka_unit_test(test_a_server_hello_is_read),
        cmocka_unit_test(test_a_retry_is_known_by_its_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
