/* codec/proxy_header: the PROXY protocol's header, versions 1 and 2. */
#include "unit.h"

#include "codec/proxy_header.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
/* 192.0.2.1:4711 to 198.51.100.2:443 */
#define ADDRESSES4 "\xc0\0\2\1\xc6\x33\x64\2\x12\x67\1\xbb"
#define ADDRESSES6                                                                                 \
    "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\2\x12\x67\1\xbb"

static void expect_client(const char *bytes, size_t len, size_t header_len, const char *client) {
    struct proxy_header header = {0};
    size_t got_len = 0;
    char text[IP_TEXT_SIZE] = "";
    for (size_t i = 0; i < header_len; i++) {
        assert_int_equal(proxy_header_read((const uint8_t *)bytes, i, &header, &got_len),
                         PROXY_HEADER_MORE);
    }
    assert_int_equal(proxy_header_read((const uint8_t *)bytes, len, &header, &got_len),
                     PROXY_HEADER_WHOLE);
    assert_int_equal(got_len, header_len);
    if (header.client.len > 0) {
        ip_format(&header.client, text);
        assert_int_equal(header.port, 4711);
    }
    assert_string_equal(text, client);
}

#define CLIENT(header, client)                                                                     \
    expect_client(header "\x16\x03\x01", sizeof(header) - 1 + 3, sizeof(header) - 1, client)

static void test_who_the_client_is(void **state) {
    (void)state;
    CLIENT("PROXY TCP4 192.0.2.1 198.51.100.2 4711 443\r\n", "192.0.2.1");
    CLIENT("PROXY TCP6 2001:db8::1 2001:db8::2 4711 443\r\n", "2001:db8::1");
    CLIENT("PROXY UNKNOWN\r\n", "");
    CLIENT("PROXY UNKNOWN ffff:: whatever\r\n", "");
    CLIENT(SIGNATURE "\x21\x11\0\xc" ADDRESSES4, "192.0.2.1");
    CLIENT(SIGNATURE "\x21\x11\0\xf" ADDRESSES4 "\x4\0\0", "192.0.2.1");
    CLIENT(SIGNATURE "\x21\x21\0\x24" ADDRESSES6, "2001:db8::1");
    CLIENT(SIGNATURE "\x20\x11\0\xc" ADDRESSES4, "");
    CLIENT(SIGNATURE "\x20\0\0\0", "");
    CLIENT(SIGNATURE "\x21\0\0\0", "");
}

static void expect_malformed(const char *bytes, size_t len) {
    struct proxy_header header = {.port = 9};
    size_t got_len = 0;
    assert_int_equal(proxy_header_read((const uint8_t *)bytes, len, &header, &got_len),
                     PROXY_HEADER_MALFORMED);
    assert_int_equal(header.port, 9);
}

#define MALFORMED(text) expect_malformed(text, sizeof(text) - 1)

static void test_what_is_malformed(void **state) {
    (void)state;
    MALFORMED("GET / HTTP/1.1\r\n");
    MALFORMED("\x16\x03\x01");
    MALFORMED("PROXY  TCP4 192.0.2.1 198.51.100.2 4711 443\r\n");
    MALFORMED("PROXY TCP4 192.0.2.1 198.51.100.2 4711 443\n");
    MALFORMED("PROXY TCP4 192.0.2.1 198.51.100.2 4711 443 \r\n");
    MALFORMED("PROXY TCP4 192.0.2.1 198.51.100.2 4711\r\n");
    MALFORMED("PROXY TCP4 192.0.2.1 198.51.100.2 4711 443 1\r\n");
    MALFORMED("PROXY TCP4 192.0.2.1 198.51.100.2 04711 443\r\n");
    MALFORMED("PROXY TCP4 192.0.2.1 198.51.100.2 65536 443\r\n");
    MALFORMED("PROXY TCP4 192.0.2.1 198.51.100.2 -1 443\r\n");
    MALFORMED("PROXY TCP4 192.0.2.01 198.51.100.2 4711 443\r\n");
    MALFORMED("PROXY TCP4 2001:db8::1 2001:db8::2 4711 443\r\n");
    MALFORMED("PROXY TCP6 [2001:db8::1] 2001:db8::2 4711 443\r\n");
    MALFORMED("PROXY UDP4 192.0.2.1 198.51.100.2 4711 443\r\n");
    MALFORMED("PROXY \r\n");
    MALFORMED("PROXY \n");
    MALFORMED(SIGNATURE "\x11\x11\0\xc" ADDRESSES4); /* version 1 in version 2's form */
    MALFORMED(SIGNATURE "\x22\x11\0\xc" ADDRESSES4); /* no such command */
    MALFORMED(SIGNATURE "\x21\x12\0\xc" ADDRESSES4); /* UDP */
    MALFORMED(SIGNATURE "\x21\x11\0\xb" ADDRESSES4); /* too short for its family */
    MALFORMED(SIGNATURE "\x21\x21\0\xc" ADDRESSES4);
}

static void test_limits(void **state) {
    (void)state;
    char line[200] = "PROXY UNKNOWN ";
    struct proxy_header header;
    size_t len = 0;
    memset(line + 14, 'x', sizeof(line) - 14);
    const uint8_t *bytes = (const uint8_t *)line;
    assert_int_equal(proxy_header_read(bytes, PROXY_HEADER_V1_MAX - 1, &header, &len),
                     PROXY_HEADER_MORE);
    expect_malformed(line, PROXY_HEADER_V1_MAX);
    line[PROXY_HEADER_V1_MAX - 2] = '\r';
    line[PROXY_HEADER_V1_MAX - 1] = '\n';
    assert_int_equal(proxy_header_read(bytes, sizeof(line), &header, &len), PROXY_HEADER_WHOLE);
    static const char largest[16] = SIGNATURE "\x20\0\x8\0"; /* 2048 */
    assert_int_equal(proxy_header_read((const uint8_t *)largest, 16, &header, &len),
                     PROXY_HEADER_MORE);
    MALFORMED(SIGNATURE "\x20\0\x8\1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_the_client_is),
        cmocka_unit_test(test_what_is_malformed),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
