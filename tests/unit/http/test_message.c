/* http/message: fields, pages, and bodies of several parts read in any steps. */
#include "unit.h"

#include "http/message.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static int memory_file(const char *content) {
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    return fd;
}

static void test_a_body_of_parts_in_any_steps(void **state) {
    (void)state;
    static const char expected[] = "<2345><><9>";
    for (size_t step = 1; step <= sizeof(expected); step++) {
        struct err e = {0};
        PL_AUTO(http_response_clear) struct http_response r;
        http_response_init(&r, 200);
        r.body.fd = memory_file("0123456789");
        assert_ok(
            http_body_add_memory(&r.body, "<", 1, &e) && http_body_add_file(&r.body, 2, 4, &e) &&
                http_body_add_memory(&r.body, "><", 2, &e) &&
                http_body_add_file(&r.body, 3, 0, &e) &&
                http_body_add_memory(&r.body, "><", 2, &e) &&
                http_body_add_file(&r.body, 9, 1, &e) && http_body_add_memory(&r.body, ">", 1, &e),
            &e);
        assert_int_equal(r.body.len, sizeof(expected) - 1);
        char got[32] = "";
        size_t at = 0;
        size_t len = 1;
        while (len > 0) {
            assert_ok(http_body_read(&r.body, got + at, step, &len, &e), &e);
            at += len;
        }
        assert_true(http_body_is_done(&r.body));
        assert_string_equal(got, expected);
    }
}

static void test_a_file_that_became_shorter(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(http_response_clear) struct http_response r;
    http_response_init(&r, 200);
    r.body.fd = memory_file("0123456789");
    assert_ok(http_body_add_file(&r.body, 0, 20, &e), &e);
    char got[64];
    size_t len = 0;
    assert_fails(http_body_read(&r.body, got, sizeof(got), &len, &e), &e, ERR_HTTP_BODY_SHORT);
}

static void test_a_file_that_cannot_be_read(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(http_response_clear) struct http_response r;
    http_response_init(&r, 200);
    r.body.fd = open("/", O_RDONLY | O_CLOEXEC);
    assert_ok(http_body_add_file(&r.body, 0, 1, &e), &e);
    char got[64];
    size_t len = 0;
    assert_fails(http_body_read(&r.body, got, sizeof(got), &len, &e), &e, ERR_HTTP_BODY_READ);
}

static void test_parts_and_fields_have_limits(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(http_response_clear) struct http_response r;
    http_response_init(&r, 200);
    for (size_t i = 0; i < HTTP_PARTS_MAX; i++) {
        assert_ok(http_body_add_memory(&r.body, "x", 1, &e), &e);
    }
    assert_fails(http_body_add_memory(&r.body, "x", 1, &e), &e, ERR_BASE_LIMIT);
    while (http_response_add(&r, "Name", "a value of some length", &e)) {
    }
    assert_string_equal(err_code_text(e.code), "base.limit");
    assert_true(r.fields.len <= HTTP_RESPONSE_FIELDS_MAX);
    assert_string_equal(buf_string(&r.fields) + r.fields.len - 2, "\r\n"); /* no half field */
}

static void test_a_field_cannot_bring_another(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(http_response_clear) struct http_response r;
    http_response_init(&r, 200);
    static const char *const bad[] = {"a\r\nSet-Cookie: b", "a\nb", "a\rb", "\x01", "\x7f"};
    for (size_t i = 0; i < PL_ARRAY_LEN(bad); i++) {
        assert_fails(http_response_add(&r, "Location", bad[i], &e), &e, ERR_HTTP_FIELD);
    }
    assert_int_equal(r.fields.len, 0);
}

static void test_pages_are_escaped(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(http_response_clear) struct http_response r;
    http_response_init(&r, 200);
    assert_ok(http_body_add_memory(&r.body, "dropped", 7, &e), &e);
    assert_ok(http_response_set_page(&r, 404, "<script>&\x1b", &e), &e);
    assert_int_equal(r.status, 404);
    char page[4096] = "";
    size_t len = 0;
    assert_ok(http_body_read(&r.body, page, sizeof(page) - 1, &len, &e), &e);
    assert_null(strstr(page, "dropped"));
    assert_null(strstr(page, "<script>"));
    assert_null(strchr(page, '\x1b'));
    assert_non_null(strstr(page, "&lt;script&gt;&amp;"));
    assert_non_null(strstr(page, "<h1>404 Not Found</h1>"));
    assert_string_equal(buf_string(&r.fields), "Content-Type: text/html; charset=utf-8\r\n");
}

static bool make_page(struct err *e) {
    PL_AUTO(http_response_clear) struct http_response r;
    http_response_init(&r, 200);
    return http_response_set_page(&r, 404, "a sentence", e);
}

static void test_every_failed_allocation_is_survived(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(make_page(&e), &e);
}

static void test_statuses_have_phrases(void **state) {
    (void)state;
    assert_string_equal(http_status_phrase(416), "Range Not Satisfiable");
    assert_string_equal(http_status_phrase(299), "Unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_body_of_parts_in_any_steps),
        cmocka_unit_test(test_a_file_that_became_shorter),
        cmocka_unit_test(test_a_file_that_cannot_be_read),
        cmocka_unit_test(test_parts_and_fields_have_limits),
        cmocka_unit_test(test_a_field_cannot_bring_another),
        cmocka_unit_test(test_pages_are_escaped),
        cmocka_unit_test(test_every_failed_allocation_is_survived),
        cmocka_unit_test(test_statuses_have_phrases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
