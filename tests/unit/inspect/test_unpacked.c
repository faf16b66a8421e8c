/* wire/unpacked: what was packed comes back; what is damaged, or not as long as it says, does not.
 */
#include "inspect_fixture.h"

#include "inspect/wire/unpacked.h"

static const char text[] = "certificate certificate certificate certificate";
static const char zlib_digits[] = "789c4b4e2d2ac94ccb4c4e2c49554826cc0600ba9a126d";
static const char zstd_digits[] = "28b52ffd00689500006063657274696669636174652001004e9624";
static const char brotli_digits[] = "1b2e000024400a98666ae12c58";

static bool unpack(uint32_t algorithm, const char *digits, size_t cut, size_t len,
                   struct buf *out) {
    uint8_t bytes[256];
    size_t count = fixture_bytes(digits, bytes, sizeof(bytes));
    return wire_unpack(algorithm, (struct wire_span){bytes, count - cut}, len, out);
}

static void assert_unpacks(uint32_t algorithm, const char *digits) {
    const size_t len = sizeof(text) - 1;
    struct buf out = {.max = 64};
    assert_true(buf_append_string(&out, "before", NULL));
    assert_true(unpack(algorithm, digits, 0, len, &out));
    assert_int_equal(out.len, 6 + len);
    assert_memory_equal(out.data + 6, text, len);
    buf_reset(&out);
    assert_false(unpack(algorithm, digits, 0, len - 1, &out));
    assert_false(unpack(algorithm, digits, 0, len + 1, &out));
    assert_false(unpack(algorithm, digits, 0, 0, &out));
    assert_false(unpack(algorithm, digits, 0, 65, &out));
    for (size_t cut = 1; cut <= strlen(digits) / 2; cut++) {
        assert_false(unpack(algorithm, digits, cut, len, &out));
    }
    assert_int_equal(out.len, 0);
    buf_clear(&out);
}

static void test_each(void **state) {
    (void)state;
    assert_unpacks(WIRE_ZLIB, zlib_digits);
    assert_unpacks(WIRE_BROTLI, brotli_digits);
    assert_unpacks(WIRE_ZSTD, zstd_digits);
}

static void test_others(void **state) {
    (void)state;
    struct buf out = {.max = 64};
    assert_false(unpack(WIRE_BROTLI, zlib_digits, 0, sizeof(text) - 1, &out));
    assert_false(unpack(WIRE_ZLIB, brotli_digits, 0, sizeof(text) - 1, &out));
    assert_false(unpack(WIRE_ZSTD, zlib_digits, 0, sizeof(text) - 1, &out));
    assert_false(unpack(WIRE_ZLIB, zstd_digits, 0, sizeof(text) - 1, &out));
    assert_false(unpack(0, zlib_digits, 0, sizeof(text) - 1, &out));
    assert_string_equal(wire_compression_name(WIRE_BROTLI), "brotli");
    assert_string_equal(wire_compression_name(77), "unknown");
    buf_clear(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
