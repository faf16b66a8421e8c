/* codec/json: members from our types, members with errors that name them, text in and out. */
#include "unit.h"

#include "codec/json.h"

static void check_json(const json_t *value, const char *expected) {
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, 4096);
    assert_ok(json_write(value, false, &out, &e), &e);
    assert_string_equal(buf_string(&out), expected);
}

static bool fill(json_t *object, struct err *e) {
    static const uint8_t bytes[] = {0xAB, 0xCD};
    PL_AUTO(list_clear) struct list list;
    list_init(&list, 4);
    return list_add(&list, "a", e) && list_add(&list, "\xFF", e) &&
           json_set_text(object, "text", "ü\"\n", e) && json_set_text(object, "none", NULL, e) &&
           json_set_text(object, "bytes", "a\xFF\xC3", e) &&
           json_set_time(object, "time", INT64_C(1795392000000), e) &&
           json_set_hex(object, "hex", bytes, sizeof(bytes), e) &&
           json_set_hex(object, "empty", bytes, 0, e) &&
           json_set_integer(object, "integer", INT64_MIN, e) &&
           json_set_bool(object, "bool", true, e) && json_set_list(object, "list", &list, e);
}

static void test_members_keep_their_order_and_are_valid(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(json_freep) json_t *object = NULL;
    assert_ok(json_new_object(&object, &e), &e);
    assert_ok(fill(object, &e), &e);
    check_json(object,
               "{\"text\":\"ü\\\"\\n\",\"none\":null,\"bytes\":\"a\uFFFD\uFFFD\","
               "\"time\":\"2026-11-23T00:00:00Z\",\"hex\":\"abcd\",\"empty\":\"\","
               "\"integer\":-9223372036854775808,\"bool\":true,\"list\":[\"a\",\"\uFFFD\"]}");
}

static void test_pretty_text_is_indented(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(json_freep) json_t *object = NULL;
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, 4096);
    assert_ok(json_new_object(&object, &e) && json_set_bool(object, "a", false, &e) &&
                  json_write(object, true, &out, &e),
              &e);
    assert_string_equal(buf_string(&out), "{\n  \"a\": false\n}");
}

static json_t *parse(const char *text) {
    struct err e = {0};
    json_t *value = NULL;
    assert_ok(json_parse(text, strlen(text), &value, &e), &e);
    return value;
}

static void test_members_are_read_by_type(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(json_freep)
    json_t *object = parse("{\"t\":\"x\",\"n\":null,\"i\":7,\"b\":false,\"a\":[1],\"o\":{}}");
    const char *text = NULL;
    int64_t integer = 0;
    bool boolean = true;
    json_t *array = NULL;
    json_t *inner = NULL;
    assert_ok(json_get_text(object, "t", &text, &e), &e);
    assert_string_equal(text, "x");
    assert_ok(json_get_optional_text(object, "n", &text, &e), &e);
    assert_null(text);
    assert_ok(json_get_optional_text(object, "absent", &text, &e), &e);
    assert_null(text);
    assert_ok(json_get_optional_text(object, "t", &text, &e), &e);
    assert_string_equal(text, "x");
    assert_ok(json_get_integer(object, "i", &integer, &e) &&
                  json_get_bool(object, "b", &boolean, &e),
              &e);
    assert_int_equal(integer, 7);
    assert_false(boolean);
    assert_ok(json_get_array(object, "a", &array, &e) && json_get_object(object, "o", &inner, &e),
              &e);
    assert_int_equal(json_array_size(array), 1);
    assert_true(json_is_object(inner));
}

static void test_missing_members_and_other_types_are_named(void **state) {
    (void)state;
    PL_AUTO(json_freep) json_t *object = parse("{\"x\":1.5}");
    const char *text = "untouched";
    int64_t integer = 0;
    bool boolean = false;
    json_t *value = NULL;
    static const char *const names[] = {"x", "y"};
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        struct err e = {0};
        enum err_code code = i == 0 ? ERR_CODEC_JSON_TYPE : ERR_CODEC_JSON_MISSING;
        assert_fails(json_get_text(object, names[i], &text, &e), &e, code);
        assert_non_null(strstr(e.step[0], names[i]));
        assert_fails(json_get_integer(object, names[i], &integer, &e), &e, code);
        assert_fails(json_get_bool(object, names[i], &boolean, &e), &e, code);
        assert_fails(json_get_array(object, names[i], &value, &e), &e, code);
        assert_fails(json_get_object(object, names[i], &value, &e), &e, code);
    }
    struct err e = {0};
    assert_fails(json_get_optional_text(object, "x", &text, &e), &e, ERR_CODEC_JSON_TYPE);
    assert_string_equal(text, "untouched");
    /* what is no object has no members */
    PL_AUTO(json_freep) json_t *array = parse("[]");
    assert_fails(json_get_text(array, "x", &text, &e), &e, ERR_CODEC_JSON_MISSING);
}

static void test_what_is_not_json_is_refused(void **state) {
    (void)state;
    static const char *const texts[] = {"",         "{",   "{}x",   "{\"a\":1,\"a\":2}", "[1,]",
                                        "\"\xFF\"", "nul", "{a:1}", "\"\\u0000\""};
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        struct err e = {0};
        json_t *value = NULL;
        assert_fails(json_parse(texts[i], strlen(texts[i]), &value, &e), &e, ERR_CODEC_JSON_SYNTAX);
        assert_null(value);
    }
}

static void test_nesting_has_its_limit(void **state) {
    (void)state;
    for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        struct err e = {0};
        char text[2 * (JSON_DEPTH_MAX + 1) + 1];
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        PL_AUTO(json_freep) json_t *value = NULL;
        assert_int_equal(json_parse(text, 2 * depth, &value, &e), depth == JSON_DEPTH_MAX);
        assert_true(value != NULL || e.code == ERR_CODEC_JSON_SYNTAX);
    }
    PL_AUTO(json_freep)
    json_t *text = parse("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                         "[[[[\\\"[[[[[[\"]");
    assert_int_equal(json_array_size(text), 1);
}

static void test_output_has_its_limit(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(json_freep) json_t *value = parse("[1,2,3]");
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, 6);
    assert_fails(json_write(value, false, &out, &e), &e, ERR_BASE_LIMIT);
}

static bool walk(struct err *e) {
    PL_AUTO(json_freep) json_t *object = NULL;
    PL_AUTO(json_freep) json_t *array = NULL;
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, 4096);
    return json_new_object(&object, e) && fill(object, e) && json_new_array(&array, e) &&
           json_add_taken(array, json_integer(1), e) &&
           json_set_taken(object, "array", PL_TAKE(array), e) && json_write(object, true, &out, e);
}

/* jansson's allocations too, by its hooks. */
static void test_every_allocation_may_fail(void **state) {
    (void)state;
    struct err e = {0};
    json_set_alloc_funcs(mem_hook_alloc, mem_hook_free);
    assert_survives_oom(walk(&e), &e);
}

static void test_reading_survives_every_failed_allocation(void **state) {
    (void)state;
    static const char text[] = "{\"text\":\"\\u00fc\",\"a\":[1,2.5,\"x\"],\"b\":null}";
    json_set_alloc_funcs(mem_hook_alloc, mem_hook_free);
    bool is_done = false;
    for (uint64_t nth = 1; !is_done; nth++) {
        struct err e = {0};
        PL_AUTO(json_freep) json_t *value = NULL;
        mem_fail_at(nth);
        bool ok = json_parse(text, strlen(text), &value, &e);
        is_done = mem_count() < nth;
        mem_fail_at(0);
        assert_true(ok || e.code == ERR_BASE_OOM || e.code == ERR_CODEC_JSON_SYNTAX);
        assert_true(ok || value == NULL);
        assert_true(!is_done || ok);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members_keep_their_order_and_are_valid),
        cmocka_unit_test(test_pretty_text_is_indented),
        cmocka_unit_test(test_members_are_read_by_type),
        cmocka_unit_test(test_missing_members_and_other_types_are_named),
        cmocka_unit_test(test_what_is_not_json_is_refused),
        cmocka_unit_test(test_nesting_has_its_limit),
        cmocka_unit_test(test_output_has_its_limit),
        cmocka_unit_test(test_every_allocation_may_fail),
        cmocka_unit_test(test_reading_survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
