/* ca/serial: numbers that are random, positive, read back, and in one shard. */
#include "unit.h"

#include "ca/serial.h"

static void test_serial_carries_the_nodes_prefix_and_is_positive(void **state) {
    (void)state;
    struct err e = {0};
    for (unsigned prefix = 1; prefix <= CA_NODE_PREFIX_MAX; prefix += 63) {
        struct ca_serial serial;
        assert_ok(ca_serial_new((uint8_t)prefix, &serial, &e), &e);
        assert_int_equal(serial.len, CA_SERIAL_LEN);
        assert_int_equal(serial.bytes[0], prefix);
        assert_true(serial.bytes[0] < 0x80);
    }
}

static void test_serials_differ_in_every_random_byte(void **state) {
    (void)state;
    struct err e = {0};
    bool has_changed[CA_SERIAL_LEN] = {false};
    struct ca_serial first;
    assert_ok(ca_serial_new(1, &first, &e), &e);
    for (unsigned i = 0; i < 64; i++) {
        struct ca_serial other;
        assert_ok(ca_serial_new(1, &other, &e), &e);
        assert_false(ca_serial_equal(&first, &other));
        for (size_t at = 1; at < CA_SERIAL_LEN; at++) {
            has_changed[at] = has_changed[at] || first.bytes[at] != other.bytes[at];
        }
    }
    for (size_t at = 1; at < CA_SERIAL_LEN; at++) {
        assert_true(has_changed[at]);
    }
}

static void test_serial_is_read_as_it_is_written(void **state) {
    (void)state;
    struct err e = {0};
    for (unsigned i = 0; i < 100; i++) {
        struct ca_serial serial;
        struct ca_serial read;
        char text[CA_SERIAL_TEXT + 1];
        assert_ok(ca_serial_new(5, &serial, &e), &e);
        ca_serial_format(&serial, text);
        assert_ok(ca_serial_parse(text, &read, &e), &e);
        assert_true(ca_serial_equal(&serial, &read));
    }
}

static void test_serial_is_read_as_people_paste_it(void **state) {
    (void)state;
    struct err e = {0};
    static const char *const forms[] = {"01a2ff", "1A2FF", "01:A2:FF", "0x01A2ff", "00 01 a2 ff"};
    for (size_t i = 0; i < PL_ARRAY_LEN(forms); i++) {
        struct ca_serial serial;
        char text[CA_SERIAL_TEXT + 1];
        assert_ok(ca_serial_parse(forms[i], &serial, &e), &e);
        ca_serial_format(&serial, text);
        assert_string_equal(text, "01a2ff");
        assert_int_equal(serial.len, 3);
    }
}

static void test_what_is_no_serial_is_refused(void **state) {
    (void)state;
    struct err e = {0};
    static const char *const wrong[] = {
        "",    "0",    "000",
        "xyz", "12g4", ":12",
        "-1",  "0x",   "123456789012345678901234567890123456789012" /* 42 digits */
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(wrong); i++) {
        struct ca_serial serial;
        assert_fails(ca_serial_parse(wrong[i], &serial, &e), &e, ERR_CA_SERIAL_INVALID);
    }
    struct ca_serial longest;
    assert_ok(ca_serial_parse("7f34567890123456789012345678901234567890", &longest, &e), &e);
    assert_int_equal(longest.len, CA_SERIAL_LEN_MAX);
}

static void test_shard_is_the_number_modulo_the_count(void **state) {
    (void)state;
    struct err e = {0};
    struct ca_serial serial;
    assert_ok(ca_serial_parse("0123456789abcdef", &serial, &e), &e);
    for (unsigned count = 1; count <= 1024; count++) {
        assert_int_equal(ca_serial_shard(&serial, count), UINT64_C(0x0123456789abcdef) % count);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serial_carries_the_nodes_prefix_and_is_positive),
        cmocka_unit_test(test_serials_differ_in_every_random_byte),
        cmocka_unit_test(test_serial_is_read_as_it_is_written),
        cmocka_unit_test(test_serial_is_read_as_people_paste_it),
        cmocka_unit_test(test_what_is_no_serial_is_refused),
        cmocka_unit_test(test_shard_is_the_number_modulo_the_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
