/* base/: placeholder of the first build; each module has its own program beside this one. */
#include "unit.h"

#include "base/buf.h"

static void test_buf_holds_its_maximum(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf b;
    buf_init(&b, 3);
    assert_ok(buf_append(&b, "abc", 3, &e), &e);
    assert_fails(buf_append_byte(&b, 'd', &e), &e, ERR_BASE_LIMIT);
    assert_string_equal(buf_string(&b), "abc");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_buf_holds_its_maximum)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
