/* base/escape: nothing that acts on a terminal, a log or a page passes. */
#include "unit.h"

#include "base/escape.h"
#include "base/utf8.h"

struct escape_case {
    enum escape_for target;
    const char *text;
    const char *escaped;
};

static void test_what_acts_is_written_out(void **state) {
    (void)state;
    static const struct escape_case cases[] = {
        {ESCAPE_TERMINAL, "Zürich <a@b.example> \"x\"", "Zürich <a@b.example> \"x\""},
        {ESCAPE_TERMINAL, "a\nb\r\tc", "a\\x0ab\\x0d\\x09c"},
        {ESCAPE_TERMINAL, "\x1b[31mred", "\\x1b[31mred"},
        {ESCAPE_TERMINAL, "\x7f", "\\x7f"},
        {ESCAPE_TERMINAL, "\xc2\x9b[31m", "\\x9b[31m"},
        {ESCAPE_TERMINAL,
         "a\xe2\x80\xae"
         "b",
         "a\\u{202e}b"},
        {ESCAPE_TERMINAL,
         "a\xe2\x80\x8b"
         "b",
         "a\\u{200b}b"},
        {ESCAPE_TERMINAL, "a\\x0a", "a\\\\x0a"},
        {ESCAPE_TERMINAL, "\xff\xc0\x80", "\\xff\\xc0\\x80"},
        {ESCAPE_TERMINAL, "\xed\xa0\x80", "\\xed\\xa0\\x80"},
        {ESCAPE_LOG, "a \"b\"\n\\", "a \\\"b\\\"\\x0a\\\\"},
        {ESCAPE_HTML, "<a href='x'>&\"", "&lt;a href=&#39;x&#39;&gt;&amp;&quot;"},
        {ESCAPE_HTML, "a\\b\x01", "a\\b\\x01"},
        {ESCAPE_JSON, "a\"b\\c\n\x1f", "a\\\"b\\\\c\\u000a\\u001f"},
        {ESCAPE_JSON, "\xf3\xa0\x81\x81", "\\udb40\\udc41"},
        {ESCAPE_JSON,
         "a\xff"
         "b",
         "a\xef\xbf\xbd"
         "b"},
        {ESCAPE_JSON, "<é>", "<é>"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        PL_AUTO(buf_clear) struct buf out;
        buf_init(&out, 1000);
        assert_ok(escape_append(&out, cases[i].target, cases[i].text, strlen(cases[i].text), &e),
                  &e);
        assert_string_equal(buf_string(&out), cases[i].escaped);
        char fixed[100];
        escape_into(fixed, sizeof(fixed), cases[i].target, cases[i].text);
        assert_string_equal(fixed, cases[i].escaped);
    }
}

/* Whether a code point may stand in an escaped text. */
static bool is_harmless(uint32_t c) {
    static const uint32_t harmful[] = {0x00AD, 0x034F, 0x061C, 0x115F, 0x180E, 0x2800,
                                       0x3164, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFFB};
    for (size_t i = 0; i < PL_ARRAY_LEN(harmful); i++) {
        if (c == harmful[i]) {
            return false;
        }
    }
    return c >= 0x20 && !(c >= 0x7F && c <= 0x9F) && !(c >= 0x200B && c <= 0x200F) &&
           !(c >= 0x2028 && c <= 0x202E) && !(c >= 0x2060 && c <= 0x206F) &&
           !(c >= 0xE0000 && c <= 0xE0FFF);
}

static void assert_harmless(enum escape_for target, const struct buf *out) {
    size_t at = 0;
    while (at < out->len) {
        uint32_t c = 0;
        size_t used = utf8_char(out->data + at, out->len - at, &c);
        assert_true(used > 0);
        assert_true(is_harmless(c));
        assert_false(target == ESCAPE_HTML && strchr("<>\"'", (int)c) != NULL && c < 0x80);
        at += used;
    }
}

static void test_no_code_point_acts_on_any_target(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, 1000);
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char text[4];
        size_t len = utf8_put(c, text);
        for (int target = ESCAPE_TERMINAL; target <= ESCAPE_JSON; target++) {
            buf_reset(&out);
            assert_ok(escape_append(&out, (enum escape_for)target, text, len, &e), &e);
            assert_harmless((enum escape_for)target, &out);
        }
    }
}

static void test_no_pair_of_bytes_acts_on_any_target(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, 1000);
    for (unsigned pair = 0; pair <= 0xFFFF; pair++) {
        const uint8_t bytes[] = {'x', (uint8_t)(pair >> 8), (uint8_t)pair};
        for (int target = ESCAPE_TERMINAL; target <= ESCAPE_JSON; target++) {
            buf_reset(&out);
            assert_ok(escape_append(&out, (enum escape_for)target, bytes, 3, &e), &e);
            assert_harmless((enum escape_for)target, &out);
        }
    }
}

/* Different texts stay different: an escape cannot be imitated by typing it. */
static void test_an_escape_cannot_be_imitated(void **state) {
    (void)state;
    char real[100];
    char typed[100];
    escape_into(real, sizeof(real), ESCAPE_TERMINAL, "a\nb");
    escape_into(typed, sizeof(typed), ESCAPE_TERMINAL, "a\\x0ab");
    assert_string_not_equal(real, typed);
}

static void test_a_fixed_array_is_cut_on_a_whole_escape(void **state) {
    (void)state;
    char out[16];
    escape_into(out, 8, ESCAPE_TERMINAL, "1234567");
    assert_string_equal(out, "1234567");
    escape_into(out, 8, ESCAPE_TERMINAL, "12345678");
    assert_string_equal(out, "1234...");
    escape_into(out, 8, ESCAPE_TERMINAL, "12\n45678");
    assert_string_equal(out, "12...");
    escape_into(out, 8, ESCAPE_TERMINAL, "123éééé");
    assert_string_equal(out, "123...");
    escape_into(out, 8, ESCAPE_HTML, "\"\"");
    assert_string_equal(out, "...");
    escape_into(out, 8, ESCAPE_HTML, "");
    assert_string_equal(out, "");
}

static void test_every_size_of_array_holds(void **state) {
    (void)state;
    static const char text[] = "a\n<\"é\xe2\x80\xae\xff"
                               "0123456789";
    for (size_t size = 8; size < 100; size++) {
        char out[128];
        memset(out, 'Z', sizeof(out));
        escape_into(out, size, ESCAPE_HTML, text);
        assert_true(strlen(out) < size);
        assert_int_equal(out[size], 'Z');
        assert_true(utf8_is_valid(out, strlen(out)));
    }
}

static void test_the_buffers_maximum_is_a_limit(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, 4);
    assert_ok(escape_append(&out, ESCAPE_TERMINAL, "\n", 1, &e), &e);
    assert_fails(escape_append(&out, ESCAPE_TERMINAL, "a", 1, &e), &e, ERR_BASE_LIMIT);
}

static bool escape_some(struct err *e) {
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, 1000);
    for (unsigned i = 0; i < 20; i++) {
        if (!escape_append(&out, ESCAPE_HTML, "<script>", 8, e)) {
            return false;
        }
    }
    return true;
}

static void test_every_failed_allocation_is_told(void **state) {
    (void)state;
    struct err e;
    assert_survives_oom(escape_some(&e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_acts_is_written_out),
        cmocka_unit_test(test_no_code_point_acts_on_any_target),
        cmocka_unit_test(test_no_pair_of_bytes_acts_on_any_target),
        cmocka_unit_test(test_an_escape_cannot_be_imitated),
        cmocka_unit_test(test_a_fixed_array_is_cut_on_a_whole_escape),
        cmocka_unit_test(test_every_size_of_array_holds),
        cmocka_unit_test(test_the_buffers_maximum_is_a_limit),
        cmocka_unit_test(test_every_failed_allocation_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
