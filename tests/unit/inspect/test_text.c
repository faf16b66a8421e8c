/* trace/text: the width is kept, colours only when asked for, nothing acts on the terminal, and a
 * document of any form is borne. */
#include "inspect_fixture.h"

#include "inspect/trace/lab.h"
#include "inspect/trace/text.h"

static json_t *example(void) {
    struct err e = {0};
    json_t *document = NULL;
    uint32_t seed = 1;
    const struct observe_random random = {fixture_fill, &seed};
    assert_ok(lab_run(LAB_TLS13, &random, INT64_C(20000) * 86400000, &document, &e), &e);
    return document;
}

static void render(const json_t *document, unsigned columns, bool has_color,
                   enum trace_text_detail detail, struct buf *out) {
    struct err e = {0};
    const struct trace_text_style style = {columns, has_color, detail};
    buf_init(out, TRACE_TEXT_MAX);
    assert_ok(trace_text(document, &style, out, &e), &e);
}

/* Characters of the longest line. */
static unsigned widest(const char *text) {
    unsigned widest_yet = 0;
    unsigned width = 0;
    for (; *text != '\0'; text++) {
        width = *text == '\n' ? 0 : width + (((uint8_t)*text & 0xC0) != 0x80 ? 1 : 0);
        widest_yet = width > widest_yet ? width : widest_yet;
    }
    return widest_yet;
}

static void test_the_width_is_kept(void **state) {
    (void)state;
    json_t *document = example();
    static const unsigned widths[] = {80, 100, 120};
    for (size_t i = 0; i < PL_ARRAY_LEN(widths); i++) {
        struct buf text;
        render(document, widths[i], false, TRACE_TEXT_USUAL, &text);
        assert_in_range(widest(buf_string(&text)), 60, widths[i]);
        assert_null(strchr(buf_string(&text), '\033'));
        buf_clear(&text);
    }
    json_decref(document);
}

static void test_what_it_says(void **state) {
    (void)state;
    json_t *document = example();
    struct buf text;
    struct buf brief;
    struct buf whole;
    render(document, 100, true, TRACE_TEXT_USUAL, &text);
    render(document, 100, false, TRACE_TEXT_BRIEF, &brief);
    render(document, 100, false, TRACE_TEXT_BYTES, &whole);
    assert_non_null(strstr(buf_string(&text), "\033["));
    assert_non_null(strstr(buf_string(&text), "TLS_AES_128_GCM_SHA256"));
    assert_non_null(strstr(buf_string(&text), "handshake_secret"));
    assert_non_null(strstr(buf_string(&text), "9  Data"));
    assert_true(brief.len < text.len);
    assert_true(whole.len > brief.len);
    buf_clear(&text);
    buf_clear(&brief);
    buf_clear(&whole);
    json_decref(document);
}

/* Every text in the document becomes one that would act. */
static void spoil(json_t *value) {
    const char *name = NULL;
    json_t *member = NULL;
    size_t index = 0;
    if (json_is_string(value)) {
        assert_int_equal(json_string_set(value, "\033[2J\x07<b>\xE2\x80\xAE"), 0);
    }
    json_object_foreach(value, name, member) {
        spoil(member);
    }
    json_array_foreach(value, index, member) {
        spoil(member);
    }
}

static void test_texts_are_escaped(void **state) {
    (void)state;
    json_t *document = example();
    struct buf text;
    spoil(document);
    render(document, 80, false, TRACE_TEXT_BYTES, &text);
    assert_null(strchr(buf_string(&text), '\033'));
    assert_null(strchr(buf_string(&text), '\x07'));
    assert_null(strstr(buf_string(&text), "\xE2\x80\xAE"));
    buf_clear(&text);
    json_decref(document);
}

static void test_any_form_is_borne(void **state) {
    (void)state;
    static const char *const forms[] = {
        "{}", "[]", "{\"handshakes\":{}}", "{\"handshakes\":[1,null,{}]}",
        "{\"handshakes\":[{\"steps\":[{\"number\":3},{\"number\":-1}],\"messages\":[{\"step\":3,"
        "\"kind\":\"handshake\",\"bytes\":\"00\",\"fields\":[{\"name\":\"a\",\"depth\":99,"
        "\"offset\":-5,\"length\":99},{\"name\":\"extension\",\"depth\":-1},{\"offset\":7}]}],"
        "\"secrets\":[{\"step\":3,\"inputs\":{}}],\"certificates\":[[]]}]}"};
    for (size_t i = 0; i < PL_ARRAY_LEN(forms); i++) {
        struct err e = {0};
        json_t *document = NULL;
        struct buf text;
        assert_ok(json_parse(forms[i], strlen(forms[i]), &document, &e), &e);
        render(document, 80, true, TRACE_TEXT_BYTES, &text);
        buf_clear(&text);
        json_decref(document);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_width_is_kept),
        cmocka_unit_test(test_what_it_says),
        cmocka_unit_test(test_texts_are_escaped),
        cmocka_unit_test(test_any_form_is_borne),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
