/* codec/der: the strict reader; what blobs of DER are is tested with real ones in test_sniff. */
#include "unit.h"

#include "codec/der.h"

#define READER(bytes) der_reader_init(bytes, sizeof(bytes) - 1)

static void test_values_are_taken_in_order(void **state) {
    (void)state;
    struct der_reader reader = READER("\x30\x06\x02\x01\x05\x04\x01\xAA\x05\x00");
    struct der_value value;
    assert_int_equal(der_reader_peek(&reader), DER_SEQUENCE);
    assert_true(der_reader_take(&reader, DER_SEQUENCE, &value));
    assert_int_equal(value.len, 6);
    assert_int_equal(value.whole_len, 8);
    struct der_reader inside = der_reader_enter(&value);
    assert_false(der_reader_take(&inside, DER_OCTET_STRING, &value));
    assert_true(der_reader_take(&inside, DER_INTEGER, &value));
    assert_int_equal(value.bytes[0], 5);
    assert_true(der_reader_next(&inside, &value));
    assert_int_equal(value.tag, DER_OCTET_STRING);
    assert_true(der_reader_is_at_end(&inside));
    assert_false(der_reader_next(&inside, &value));
    assert_int_equal(der_reader_peek(&inside), 0);
    assert_true(der_reader_take(&reader, DER_NULL, &value));
    assert_int_equal(value.len, 0);
    assert_true(der_reader_is_at_end(&reader));
}

struct bytes_case {
    const char *bytes;
    size_t len;
};

#define BYTES(bytes)                                                                               \
    { bytes, sizeof(bytes) - 1 }

static void test_what_is_not_der_is_refused(void **state) {
    (void)state;
    static const struct bytes_case cases[] = {
        BYTES(""),
        BYTES("\x30"),
        BYTES("\x30\x01"),
        BYTES("\x30\x80\x00\x00"),             /* indefinite */
        BYTES("\x30\x81\x01\x00"),             /* longer than needed */
        BYTES("\x30\x82\x00\x80"),             /* leading zero */
        BYTES("\x30\x81"),                     /* length cut */
        BYTES("\x30\x82\x01"),                 /* length cut */
        BYTES("\x30\x85\x01\x00\x00\x00\x00"), /* length of five octets */
        BYTES("\x30\x84\xFF\xFF\xFF\xFF"),     /* reaches out */
        BYTES("\x1F\x21\x00"),                 /* tag of several octets */
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct der_reader reader = der_reader_init(cases[i].bytes, cases[i].len);
        struct der_value value = {.len = 77};
        assert_false(der_reader_next(&reader, &value));
        assert_int_equal(reader.left, cases[i].len);
        assert_int_equal(value.len, 77);
    }
}

static void test_lengths_around_the_long_form(void **state) {
    (void)state;
    static const size_t lengths[] = {0, 1, 127, 128, 255, 256, 65535, 65536};
    static uint8_t bytes[65536 + 8];
    for (size_t i = 0; i < PL_ARRAY_LEN(lengths); i++) {
        size_t len = lengths[i];
        size_t octets = len < 128 ? 0 : len < 256 ? 1 : len < 65536 ? 2 : 3;
        bytes[0] = DER_OCTET_STRING;
        bytes[1] = octets == 0 ? (uint8_t)len : (uint8_t)(0x80 | octets);
        for (size_t k = 0; k < octets; k++) {
            bytes[2 + k] = (uint8_t)(len >> (8 * (octets - 1 - k)));
        }
        struct der_value value;
        struct der_reader whole = der_reader_init(bytes, 2 + octets + len);
        assert_true(der_reader_next(&whole, &value));
        assert_int_equal(value.len, len);
        assert_true(der_reader_is_at_end(&whole));
        struct der_reader cut = der_reader_init(bytes, 1 + octets + len);
        assert_false(der_reader_next(&cut, &value));
    }
}

static void test_one_sequence_fills_the_bytes(void **state) {
    (void)state;
    assert_true(der_is_one_sequence("\x30\x00", 2));
    assert_true(der_is_one_sequence("\x30\x01\xFF", 3));
    assert_false(der_is_one_sequence("\x30\x00\x00", 3));
    assert_false(der_is_one_sequence("\x31\x00", 2));
    assert_false(der_is_one_sequence("", 0));
    assert_false(der_is_one_sequence(NULL, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_taken_in_order),
        cmocka_unit_test(test_what_is_not_der_is_refused),
        cmocka_unit_test(test_lengths_around_the_long_form),
        cmocka_unit_test(test_one_sequence_fills_the_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
