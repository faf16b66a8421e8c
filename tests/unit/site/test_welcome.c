/* site/welcome: self-contained, and safe with any name. */
#include "unit.h"

#include "site/welcome.h"

static void test_the_page_is_self_contained_and_escaped(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf page;
    buf_init(&page, 64 * 1024);
    assert_ok(welcome_append_page(&page, "<b>\"shop\" & co", &e), &e);
    const char *text = buf_string(&page);
    assert_null(strstr(text, "<b>\""));
    assert_non_null(strstr(text, "<title>&lt;b&gt;"));
    assert_null(strstr(text, "<script"));
    assert_null(strstr(text, "src="));
    assert_null(strstr(text, "url("));
    assert_null(strstr(text, "href=\"http"));
    assert_non_null(strstr(text, "prefers-color-scheme:dark"));
    assert_non_null(strstr(text, "<html lang=\"en\">"));
}

static bool make_page(struct err *e) {
    PL_AUTO(buf_clear) struct buf page;
    buf_init(&page, 64 * 1024);
    return welcome_append_page(&page, "shop", e);
}

static void test_every_failed_allocation_is_survived(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(make_page(&e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_page_is_self_contained_and_escaped),
        cmocka_unit_test(test_every_failed_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
