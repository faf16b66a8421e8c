/* codec/client_hello: what OpenSSL and GnuTLS-like clients send, cut and split at every byte, and
 * mutated. */
#include "unit.h"

#include "codec/client_hello.h"

#include <openssl/ssl.h>

enum { ROOM = 16 * 1024 };

static char example_host[] = "www.example.com";

/* A ClientHello as OpenSSL's client sends it; returns its bytes in one record. */
static size_t client_bytes(char *host, int version_max, uint8_t out[ROOM]) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    (void)SSL_CTX_set_max_proto_version(context, version_max);
    SSL *ssl = SSL_new(context);
    BIO *in = BIO_new(BIO_s_mem());
    BIO *sent = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, in, sent);
    if (host != NULL) {
        assert_int_equal(SSL_set_tlsext_host_name(ssl, host), 1);
    }
    assert_int_equal(SSL_set_alpn_protos(ssl, (const uint8_t *)"\x02h2\x08http/1.1", 12), 0);
    SSL_set_connect_state(ssl);
    (void)SSL_do_handshake(ssl);
    int len = BIO_read(sent, out, ROOM);
    assert_true(len > 0);
    SSL_free(ssl);
    SSL_CTX_free(context);
    return (size_t)len;
}

static enum client_hello_result read_hello(const uint8_t *bytes, size_t len,
                                           struct client_hello *out) {
    static struct buf joined;
    buf_clear(&joined);
    buf_init(&joined, CLIENT_HELLO_MAX);
    enum client_hello_result result = client_hello_read(bytes, len, &joined, out);
    if (result != CLIENT_HELLO_WHOLE) {
        buf_clear(&joined);
    }
    return result;
}

static void assert_is_example(const struct client_hello *hello) {
    assert_int_equal(hello->server_name.len, 15);
    assert_memory_equal(hello->server_name.bytes, "www.example.com", 15);
    assert_true(client_hello_lists(hello->suites, 0x1301));
    assert_false(client_hello_lists(hello->suites, 0x0001));
    assert_true(client_hello_lists(hello->schemes, 0x0403));
    assert_true(client_hello_lists(hello->groups, 0x001d));
    assert_true(client_hello_lists(hello->versions, 0x0304));
    assert_int_equal(hello->protocols.len, 12);
    assert_int_equal(client_hello_version_max(hello), 0x0304);
}

static void test_a_client_s_offer_is_read(void **state) {
    (void)state;
    uint8_t bytes[ROOM];
    struct client_hello hello;
    size_t len = client_bytes(example_host, TLS1_3_VERSION, bytes);
    assert_int_equal(read_hello(bytes, len, &hello), CLIENT_HELLO_WHOLE);
    assert_is_example(&hello);
    len = client_bytes(NULL, TLS1_2_VERSION, bytes);
    assert_int_equal(read_hello(bytes, len, &hello), CLIENT_HELLO_WHOLE);
    assert_null(hello.server_name.bytes);
    assert_null(hello.versions.bytes);
    assert_int_equal(client_hello_version_max(&hello), 0x0303);
}

static void test_every_shorter_part_asks_for_more(void **state) {
    (void)state;
    uint8_t bytes[ROOM];
    struct client_hello hello;
    size_t len = client_bytes(example_host, TLS1_3_VERSION, bytes);
    for (size_t part = 0; part < len; part++) {
        assert_int_equal(read_hello(bytes, part, &hello), CLIENT_HELLO_MORE);
    }
    bytes[len] = 0x14; /* what follows is not its business */
    assert_int_equal(read_hello(bytes, len + 1, &hello), CLIENT_HELLO_WHOLE);
}

/* The message in records of at most size bytes each. */
static size_t split(const uint8_t *record, size_t len, size_t size, uint8_t out[ROOM * 8]) {
    size_t written = 0;
    for (size_t at = 5; at < len; at += size) {
        size_t part = len - at < size ? len - at : size;
        memcpy(out + written, (uint8_t[]){22, 3, 1, (uint8_t)(part >> 8), (uint8_t)part}, 5);
        memcpy(out + written + 5, record + at, part);
        written += 5 + part;
    }
    return written;
}

static void test_a_hello_in_many_records_is_joined(void **state) {
    (void)state;
    uint8_t bytes[ROOM];
    static uint8_t parts[ROOM * 8];
    size_t len = client_bytes(example_host, TLS1_3_VERSION, bytes);
    static const size_t sizes[] = {1, 2, 3, 4, 5, 100, 1000};
    for (size_t i = 0; i < PL_ARRAY_LEN(sizes); i++) {
        struct client_hello hello;
        size_t parts_len = split(bytes, len, sizes[i], parts);
        assert_int_equal(read_hello(parts, parts_len, &hello), CLIENT_HELLO_WHOLE);
        assert_is_example(&hello);
        for (size_t part = 0; part < parts_len; part += 7) {
            assert_int_equal(read_hello(parts, part, &hello), CLIENT_HELLO_MORE);
        }
        parts[5 + sizes[i]] = 23; /* application data between the records */
        assert_int_equal(read_hello(parts, parts_len, &hello), CLIENT_HELLO_NOT_TLS);
    }
}

static void test_what_is_no_hello_is_told_apart(void **state) {
    (void)state;
    struct client_hello hello;
    assert_int_equal(read_hello((const uint8_t *)"GET / HTTP/1.1", 14, &hello), CLIENT_HELLO_HTTP);
    assert_int_equal(read_hello((const uint8_t *)"\x80\x2e\x01\x03\x01", 5, &hello),
                     CLIENT_HELLO_NOT_TLS);
    assert_int_equal(read_hello((const uint8_t *)"\x15\x03\x01\x00\x02\x01\x00", 7, &hello),
                     CLIENT_HELLO_NOT_TLS);
    assert_int_equal(read_hello((const uint8_t *)"\x16\x02\x00", 3, &hello), CLIENT_HELLO_NOT_TLS);
    assert_int_equal(read_hello((const uint8_t *)"\x16\x03\x01\x00\x00", 5, &hello),
                     CLIENT_HELLO_MALFORMED);
    assert_int_equal(read_hello((const uint8_t *)"\x16\x03\x01\x40\x01", 5, &hello),
                     CLIENT_HELLO_MALFORMED);
    assert_int_equal(read_hello((const uint8_t *)"\x16\x03\x01\x00\x04\x02\x00\x00\x00", 9, &hello),
                     CLIENT_HELLO_MALFORMED);
}

static void test_the_limit_on_size(void **state) {
    (void)state;
    struct client_hello hello;
    uint8_t start[] = {
        22, 3, 1, 0x40, 0, 1, 0, (CLIENT_HELLO_MAX - 4) >> 8, (CLIENT_HELLO_MAX - 4) & 0xFF};
    assert_int_equal(read_hello(start, sizeof(start), &hello), CLIENT_HELLO_MORE);
    start[8]++;
    assert_int_equal(read_hello(start, sizeof(start), &hello), CLIENT_HELLO_TOO_LARGE);
}

/* Extensions alone, around a fixed hello. */
static enum client_hello_result read_with(const char *extensions, size_t len,
                                          struct client_hello *out) {
    /* Static: the hello borrows from it after the call. */
    static uint8_t bytes[512] = {22, 3, 1};
    size_t body = 2 + 32 + 1 + 4 + 2 + 2 + len;
    memcpy(bytes + 3,
           (uint8_t[]){(uint8_t)((body + 4) >> 8), (uint8_t)(body + 4), 1, 0, (uint8_t)(body >> 8),
                       (uint8_t)body, 3, 3},
           8);
    uint8_t *at = bytes + 11 + 32;
    memcpy(at, "\x00\x00\x02\x13\x01\x01\x00", 7);
    at[7] = (uint8_t)(len >> 8);
    at[8] = (uint8_t)len;
    memcpy(at + 9, extensions, len);
    return read_hello(bytes, 9 + body, out);
}
#define READ_WITH(text, out) read_with(text, sizeof(text) - 1, out)

static void test_malformed_extensions_are_refused(void **state) {
    (void)state;
    struct client_hello hello;
    assert_int_equal(READ_WITH("\x00\x00\x00\x06\x00\x04\x00\x00\x01"
                               "a",
                               &hello),
                     CLIENT_HELLO_WHOLE);
    assert_int_equal(hello.server_name.len, 1);
    static const struct {
        const char *bytes;
        size_t len;
    } bad[] = {
        {"\x00\x00\x00\x06\x00\x04\x00\x00\x01", 9},                      /* cut off */
        {"\x00\x00\x00\x05\x00\x03\x00\x00\x00", 9},                      /* empty name */
        {"\x00\x00\x00\x06\x00\x04\x01\x00\x01\x61", 10},                 /* not a host_name */
        {"\x00\x00\x00\x06\x00\x04\x00\x00\x01\x00", 10},                 /* NUL */
        {"\x00\x00\x00\x0a\x00\x08\x00\x00\x01\x61\x00\x00\x01\x62", 14}, /* two names */
        {"\x00\x00\x00\x06\x00\x04\x00\x00\x01\x61\x00\x00\x00\x06\x00\x04\x00\x00\x01\x61",
         20},                                        /* twice */
        {"\x00\x2b\x00\x02\x01\x03", 6},             /* odd length */
        {"\x00\x2b\x00\x01\x00", 5},                 /* empty list */
        {"\x00\x0a\x00\x05\x00\x02\x00\x1d\x00", 9}, /* more after the list */
        {"\x00\x10\x00\x03\x00\x01\x00", 7},         /* empty protocol */
        {"\x00", 1},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(bad); i++) {
        assert_int_equal(read_with(bad[i].bytes, bad[i].len, &hello), CLIENT_HELLO_MALFORMED);
    }
}

static void test_grease_is_no_version(void **state) {
    (void)state;
    struct client_hello hello;
    assert_int_equal(READ_WITH("\x00\x2b\x00\x07\x06\xfa\xfa\x03\x04\x03\x03", &hello),
                     CLIENT_HELLO_WHOLE);
    assert_int_equal(client_hello_version_max(&hello), 0x0304);
}

static void test_mutations_never_read_outside(void **state) {
    (void)state;
    uint8_t bytes[ROOM];
    struct client_hello hello;
    size_t len = client_bytes(example_host, TLS1_2_VERSION, bytes);
    for (size_t i = 0; i < len; i++) {
        uint8_t kept = bytes[i];
        for (unsigned value = 0; value < 256; value += 51) {
            bytes[i] = (uint8_t)value;
            PL_AUTO(mem_freep)
            uint8_t *exact = NULL; /* of the exact size: the sanitizer sees every overrun */
            void *copy = NULL;
            assert_true(mem_dup(bytes, len, &copy, NULL));
            exact = copy;
            if (read_hello(exact, len, &hello) == CLIENT_HELLO_WHOLE) {
                assert_true(hello.suites.len % 2 == 0 && hello.server_name.len <= 255);
            }
        }
        bytes[i] = kept;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_client_s_offer_is_read),
        cmocka_unit_test(test_every_shorter_part_asks_for_more),
        cmocka_unit_test(test_a_hello_in_many_records_is_joined),
        cmocka_unit_test(test_what_is_no_hello_is_told_apart),
        cmocka_unit_test(test_the_limit_on_size),
        cmocka_unit_test(test_malformed_extensions_are_refused),
        cmocka_unit_test(test_grease_is_no_version),
        cmocka_unit_test(test_mutations_never_read_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
