/* pki/asn1: times and integers of certificates in our forms. */
#include "unit.h"

#include "pki/asn1.h"

static void check_time(int type, const char *text, bool is_valid, int64_t expected_ms) {
    ASN1_TIME *time = ASN1_STRING_type_new(type);
    assert_int_equal(ASN1_STRING_set(time, text, -1), 1);
    int64_t time_ms = 42;
    assert_int_equal(asn1_time_to_ms(time, &time_ms), is_valid);
    assert_int_equal(time_ms, is_valid ? expected_ms : 42);
    ASN1_STRING_free(time);
}

/* RFC 5280 §4.1.2.5: two-digit years from 1950 to 2049, four-digit ones beyond. */
static void test_times_of_both_forms(void **state) {
    (void)state;
    check_time(V_ASN1_UTCTIME, "700101000000Z", true, 0);
    check_time(V_ASN1_UTCTIME, "491231235959Z", true, INT64_C(2524607999000));
    check_time(V_ASN1_UTCTIME, "500101000000Z", true, INT64_C(-631152000000));
    check_time(V_ASN1_GENERALIZEDTIME, "20500101000000Z", true, INT64_C(2524608000000));
    check_time(V_ASN1_GENERALIZEDTIME, "99991231235959Z", true, INT64_C(253402300799000));
    check_time(V_ASN1_GENERALIZEDTIME, "20240229120000Z", true, INT64_C(1709208000000));
}

static void test_what_is_no_time(void **state) {
    (void)state;
    int64_t time_ms = 0;
    assert_false(asn1_time_to_ms(NULL, &time_ms));
    check_time(V_ASN1_UTCTIME, "701301000000Z", false, 0);
    check_time(V_ASN1_GENERALIZEDTIME, "20230229120000Z", false, 0);
    check_time(V_ASN1_UTCTIME, "yesterday", false, 0);
    check_time(V_ASN1_UTCTIME, "", false, 0);
}

static void test_integers_are_cut_at_a_byte(void **state) {
    (void)state;
    static const uint8_t bytes[] = {0x00, 0xab, 0xcd};
    ASN1_INTEGER *integer = ASN1_INTEGER_new();
    char text[5];
    asn1_integer_to_hex(integer, text, sizeof(text));
    assert_string_equal(text, "00");
    assert_int_equal(ASN1_STRING_set(integer, bytes + 1, 2), 1);
    asn1_integer_to_hex(integer, text, sizeof(text));
    assert_string_equal(text, "abcd");
    assert_int_equal(ASN1_STRING_set(integer, bytes, 3), 1);
    asn1_integer_to_hex(integer, text, sizeof(text));
    assert_string_equal(text, "00ab");
    ASN1_INTEGER_free(integer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_of_both_forms),
        cmocka_unit_test(test_what_is_no_time),
        cmocka_unit_test(test_integers_are_cut_at_a_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
