/* http/conditional: tables of conditions and ranges. */
#include "unit.h"

#include "http/conditional.h"

/* 2026-11-23T20:15:00.500Z */
static const struct http_validators file = {
    .etag = "\"e1\"", .modified_ms = INT64_C(1795464900500), .len = 1000};
#define SAME "Mon, 23 Nov 2026 20:15:00 GMT"
#define BEFORE "Mon, 23 Nov 2026 20:14:59 GMT"
#define AFTER "Mon, 23 Nov 2026 20:15:01 GMT"

static void add(struct http_request *request, const char *name, const char *value) {
    if (value != NULL) {
        request->fields[request->field_count++] =
            (struct http_field){.name = {name, strlen(name)}, .value = {value, strlen(value)}};
    }
}

static void test_conditions(void **state) {
    (void)state;
    static const struct {
        const char *match;
        const char *unmodified;
        const char *none_match;
        const char *modified;
        enum http_condition expected;
    } table[] = {
        {NULL, NULL, NULL, NULL, HTTP_SEND},
        {NULL, NULL, "\"e1\"", NULL, HTTP_NOT_MODIFIED},
        {NULL, NULL, "W/\"e1\"", NULL, HTTP_NOT_MODIFIED},
        {NULL, NULL, "\"x\" , \"e1\"", NULL, HTTP_NOT_MODIFIED},
        {NULL, NULL, "*", NULL, HTTP_NOT_MODIFIED},
        {NULL, NULL, "\"e2\"", NULL, HTTP_SEND},
        {NULL, NULL, "e1", NULL, HTTP_SEND},
        {NULL, NULL, NULL, SAME, HTTP_NOT_MODIFIED},
        {NULL, NULL, NULL, AFTER, HTTP_NOT_MODIFIED},
        {NULL, NULL, NULL, BEFORE, HTTP_SEND},
        {NULL, NULL, NULL, "yesterday", HTTP_SEND},
        {NULL, NULL, "\"e2\"", AFTER, HTTP_SEND}, /* the tag alone counts */
        {NULL, NULL, "\"e1\"", BEFORE, HTTP_NOT_MODIFIED},
        {"\"e1\"", NULL, NULL, NULL, HTTP_SEND},
        {"*", NULL, NULL, NULL, HTTP_SEND},
        {"W/\"e1\"", NULL, NULL, NULL, HTTP_PRECONDITION_FAILED}, /* strong comparison */
        {"\"e2\"", NULL, NULL, NULL, HTTP_PRECONDITION_FAILED},
        {"\"e1\"", BEFORE, NULL, NULL, HTTP_SEND},
        {NULL, BEFORE, NULL, NULL, HTTP_PRECONDITION_FAILED},
        {NULL, SAME, NULL, NULL, HTTP_SEND},
        {"\"e2\"", NULL, "\"e1\"", NULL, HTTP_PRECONDITION_FAILED},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(table); i++) {
        struct http_request request = {0};
        add(&request, "If-Match", table[i].match);
        add(&request, "If-Unmodified-Since", table[i].unmodified);
        add(&request, "If-None-Match", table[i].none_match);
        add(&request, "If-Modified-Since", table[i].modified);
        if (http_condition(&request, &file) != table[i].expected) {
            fail_msg("row %zu", i);
        }
    }
}

static void test_ranges(void **state) {
    (void)state;
    static const struct {
        const char *range;
        enum http_ranges expected;
        size_t count;
        struct http_range first;
    } table[] = {
        {"bytes=0-499", HTTP_RANGES_SOME, 1, {0, 500}},
        {"Bytes=500-", HTTP_RANGES_SOME, 1, {500, 500}},
        {"bytes=-1", HTTP_RANGES_SOME, 1, {999, 1}},
        {"bytes=-1000", HTTP_RANGES_SOME, 1, {0, 1000}},
        {"bytes=-5000", HTTP_RANGES_SOME, 1, {0, 1000}},
        {"bytes=999-", HTTP_RANGES_SOME, 1, {999, 1}},
        {"bytes=0-18446744073709551615", HTTP_RANGES_SOME, 1, {0, 1000}},
        {"bytes=0-0", HTTP_RANGES_SOME, 1, {0, 1}},
        {"bytes=10-19, 30-39", HTTP_RANGES_SOME, 2, {10, 10}},
        {"bytes=5000-, 30-39", HTTP_RANGES_SOME, 1, {30, 10}},
        {"bytes=1000-", HTTP_RANGES_UNSATISFIABLE, 0, {0, 0}},
        {"bytes=-0", HTTP_RANGES_UNSATISFIABLE, 0, {0, 0}},
        {"bytes=10-19,15-", HTTP_RANGES_NONE, 0, {0, 0}}, /* overlap */
        {"bytes=5-4", HTTP_RANGES_NONE, 0, {0, 0}},
        {"bytes=", HTTP_RANGES_NONE, 0, {0, 0}},
        {"bytes=-", HTTP_RANGES_NONE, 0, {0, 0}},
        {"bytes=a-b", HTTP_RANGES_NONE, 0, {0, 0}},
        {"bytes=0-1x", HTTP_RANGES_NONE, 0, {0, 0}},
        {"bytes=18446744073709551616-", HTTP_RANGES_NONE, 0, {0, 0}},
        {"bytes=0--1", HTTP_RANGES_NONE, 0, {0, 0}},
        {"lines=0-1", HTTP_RANGES_NONE, 0, {0, 0}},
        {"0-1", HTTP_RANGES_NONE, 0, {0, 0}},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(table); i++) {
        struct http_request request = {.method = HTTP_GET};
        struct http_range ranges[HTTP_RANGES_MAX];
        size_t count = 0;
        add(&request, "Range", table[i].range);
        if (http_ranges(&request, &file, ranges, &count) != table[i].expected) {
            fail_msg("%s", table[i].range);
        }
        if (table[i].expected == HTTP_RANGES_SOME) {
            assert_int_equal(count, table[i].count);
            assert_int_equal(ranges[0].offset, table[i].first.offset);
            assert_int_equal(ranges[0].len, table[i].first.len);
        }
    }
}

static void test_the_limit_on_ranges(void **state) {
    (void)state;
    for (unsigned count = HTTP_RANGES_MAX; count <= HTTP_RANGES_MAX + 1; count++) {
        PL_AUTO(buf_clear) struct buf text;
        buf_init(&text, 1000);
        for (unsigned i = 0; i < count; i++) {
            assert_true(
                buf_printf(&text, NULL, "%s%u-%u", i == 0 ? "bytes=" : ",", i * 10, i * 10));
        }
        struct http_request request = {.method = HTTP_GET};
        struct http_range ranges[HTTP_RANGES_MAX];
        size_t got = 0;
        add(&request, "Range", buf_string(&text));
        assert_int_equal(http_ranges(&request, &file, ranges, &got),
                         count == HTTP_RANGES_MAX ? HTTP_RANGES_SOME : HTTP_RANGES_NONE);
    }
}

static void test_when_ranges_do_not_count(void **state) {
    (void)state;
    static const struct {
        enum http_method method;
        const char *if_range;
        bool counts;
    } table[] = {
        {HTTP_GET, NULL, true},      {HTTP_HEAD, NULL, false},      {HTTP_GET, "\"e1\"", true},
        {HTTP_GET, "\"e2\"", false}, {HTTP_GET, "W/\"e1\"", false}, {HTTP_GET, SAME, true},
        {HTTP_GET, AFTER, false},    {HTTP_GET, BEFORE, false},     {HTTP_GET, "x", false},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(table); i++) {
        struct http_request request = {.method = table[i].method};
        struct http_range ranges[HTTP_RANGES_MAX];
        size_t count = 0;
        add(&request, "Range", "bytes=0-0");
        add(&request, "If-Range", table[i].if_range);
        assert_int_equal(http_ranges(&request, &file, ranges, &count),
                         table[i].counts ? HTTP_RANGES_SOME : HTTP_RANGES_NONE);
    }
    struct http_request twice = {.method = HTTP_GET};
    struct http_range ranges[HTTP_RANGES_MAX];
    size_t count = 0;
    add(&twice, "Range", "bytes=0-0");
    add(&twice, "Range", "bytes=1-1");
    assert_int_equal(http_ranges(&twice, &file, ranges, &count), HTTP_RANGES_NONE);
}

static void test_an_empty_file_has_no_ranges(void **state) {
    (void)state;
    const struct http_validators empty = {.etag = "\"e\"", .len = 0};
    struct http_range ranges[HTTP_RANGES_MAX];
    size_t count = 0;
    static const char *const fields[] = {"bytes=0-", "bytes=0-0", "bytes=-1"};
    for (size_t i = 0; i < PL_ARRAY_LEN(fields); i++) {
        struct http_request request = {.method = HTTP_GET};
        add(&request, "Range", fields[i]);
        assert_int_equal(http_ranges(&request, &empty, ranges, &count), HTTP_RANGES_UNSATISFIABLE);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_the_limit_on_ranges),
        cmocka_unit_test(test_when_ranges_do_not_count),
        cmocka_unit_test(test_an_empty_file_has_no_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
