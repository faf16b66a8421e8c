/* codec/text: encodings and line ends of other systems. */
#include "unit.h"

#include "codec/text.h"

struct text_case {
    const char *bytes;
    size_t len;
    enum text_encoding encoding;
    const char *utf8;
};

#define CASE(bytes, encoding, utf8)                                                                \
    { bytes, sizeof(bytes) - 1, encoding, utf8 }

static const struct text_case cases[] = {
    CASE("", TEXT_UTF8, ""),
    CASE("a\nb", TEXT_UTF8, "a\nb"),
    CASE("a\r\nb\rc\r\r\nd\r", TEXT_UTF8, "a\nb\nc\n\nd\n"),
    CASE("J\xF6rg", TEXT_UTF8, "J\xF6rg"),
    CASE("\xEF\xBB\xBFhi\r\n", TEXT_UTF8_WITH_BOM, "hi\n"),
    CASE("\xFF\xFEh\0i\0\r\0\n\0", TEXT_UTF16_LE, "hi\n"),
    CASE("\xFE\xFF\0h\0i\0\r\0\n", TEXT_UTF16_BE, "hi\n"),
    CASE("\xFF\xFE\xFC\0", TEXT_UTF16_LE, "ü"),
    CASE("\xFF\xFE\x3D\xD8\x12\xDD", TEXT_UTF16_LE, "🔒"),
    CASE("\xFE\xFF\xD8\x3D\xDD\x12", TEXT_UTF16_BE, "🔒"),
    CASE("\xFF\xFE\x3D\xD8h\0", TEXT_UTF16_LE, "\uFFFDh"),
    CASE("\xFF\xFE\x12\xDDh\0", TEXT_UTF16_LE, "\uFFFDh"),
    CASE("\xFF\xFEh\0i", TEXT_UTF16_LE, "h\uFFFD"),
    CASE("\xFF\xFE\r\0\r\0\n\0", TEXT_UTF16_LE, "\n\n"),
    CASE("-\0-\0-\0-\0", TEXT_UTF16_LE, "----"),
    CASE("\0-\0-\0-\0-", TEXT_UTF16_BE, "----"),
    CASE("\xFF\xFE", TEXT_UTF16_LE, ""),
};

static void test_all_become_utf8_with_lf(void **state) {
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        PL_AUTO(buf_clear) struct buf out;
        buf_init(&out, 64);
        assert_int_equal(text_detect(cases[i].bytes, cases[i].len), cases[i].encoding);
        assert_ok(text_normalize(cases[i].bytes, cases[i].len, &out, &e), &e);
        assert_string_equal(buf_string(&out), cases[i].utf8);
    }
}

static void test_little_evidence_is_none(void **state) {
    (void)state;
    assert_int_equal(text_detect("-\0-\0-\0", 6), TEXT_UTF8);
    assert_int_equal(text_detect("-\0-\0-\0-\0", 8), TEXT_UTF16_LE);
    assert_int_equal(text_detect("0\x82\x01\x00\x30\x00\x30\x00", 8), TEXT_UTF8);
}

static void test_plain_text_has_no_controls(void **state) {
    (void)state;
    assert_true(text_is_plain("a\tb\r\nc\f\xC3\xBC", 9));
    assert_true(text_is_plain("", 0));
    assert_false(text_is_plain("a\0b", 3));
    assert_false(text_is_plain("\x1b[1m", 4));
    assert_false(text_is_plain("\x7F", 1));
}

static void test_output_has_its_limit(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, 3);
    assert_ok(text_normalize("a\r\nb", 4, &out, &e), &e);
    assert_fails(text_normalize("a", 1, &out, &e), &e, ERR_BASE_LIMIT);
}

static bool walk(size_t i, struct err *e) {
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, 64);
    return text_normalize(cases[i].bytes, cases[i].len, &out, e);
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(walk(2, &e), &e);
    assert_survives_oom(walk(5, &e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_become_utf8_with_lf),
        cmocka_unit_test(test_little_evidence_is_none),
        cmocka_unit_test(test_plain_text_has_no_controls),
        cmocka_unit_test(test_output_has_its_limit),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
