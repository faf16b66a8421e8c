/* base/err: reasons in steps, and the catalogue. */
#include "unit.h"

#include "base/utf8.h"

#include <ctype.h>
#include <errno.h>

static void test_an_empty_error_is_not_set(void **state) {
    (void)state;
    struct err e = {0};
    assert_false(err_is_set(&e));
    assert_false(err_is_set(NULL));
    assert_false(err_set(&e, ERR_BASE_LIMIT, "too much"));
    assert_true(err_is_set(&e));
    err_init(&e);
    assert_false(err_is_set(&e));
    assert_int_equal(e.step_count, 0);
    err_init(NULL);
}

static void test_steps_go_from_the_reason_outwards(void **state) {
    (void)state;
    struct err e = {0};
    assert_false(err_set(&e, ERR_SYS_FILE_READ, "reason %d", 1));
    assert_false(err_wrap(&e, "cannot read \"%s\"", "a.pem"));
    assert_false(err_hint(&e, "do %s", "this"));
    assert_false(err_note(&e, "note %d", 2));
    assert_int_equal(e.code, ERR_SYS_FILE_READ);
    assert_int_equal(e.step_count, 2);
    assert_string_equal(e.step[0], "reason 1");
    assert_string_equal(e.step[1], "cannot read \"a.pem\"");
    assert_string_equal(e.hint, "do this");
    assert_string_equal(e.note, "note 2");
}

static void test_a_new_reason_forgets_the_old_one(void **state) {
    (void)state;
    struct err e = {0};
    assert_false(err_set(&e, ERR_BASE_LIMIT, "old"));
    assert_false(err_wrap(&e, "old step"));
    assert_false(err_hint(&e, "old hint"));
    assert_false(err_note(&e, "old note"));
    assert_false(err_set(&e, ERR_BASE_OOM, "new"));
    assert_int_equal(e.step_count, 1);
    assert_string_equal(e.step[0], "new");
    assert_string_equal(e.hint, "");
    assert_string_equal(e.note, "");
}

static void test_full_steps_keep_the_reason_and_the_newest(void **state) {
    (void)state;
    struct err e = {0};
    assert_false(err_set(&e, ERR_BASE_LIMIT, "0"));
    for (int i = 1; i <= 7; i++) {
        assert_false(err_wrap(&e, "%d", i));
    }
    static const char *const expected[ERR_STEPS_MAX] = {"0", "4", "5", "6", "7"};
    assert_int_equal(e.step_count, ERR_STEPS_MAX);
    for (size_t i = 0; i < ERR_STEPS_MAX; i++) {
        assert_string_equal(e.step[i], expected[i]);
    }
}

static void test_long_texts_are_cut_at_a_character(void **state) {
    (void)state;
    char text[2 * ERR_TEXT_MAX];
    /* Each shift puts another byte of the two-byte character at the end of the room. */
    for (size_t shift = 0; shift < 4; shift++) {
        struct err e = {0};
        memset(text, 'x', sizeof(text));
        for (size_t i = shift; i + 2 < sizeof(text); i += 2) {
            memcpy(text + i, "é", 2);
        }
        text[sizeof(text) - 1] = '\0';
        assert_false(err_set(&e, ERR_BASE_LIMIT, "%s", text));
        assert_true(strlen(e.step[0]) < ERR_TEXT_MAX);
        assert_true(strlen(e.step[0]) >= ERR_TEXT_MAX - 5);
        assert_true(utf8_is_valid(e.step[0], strlen(e.step[0])));
    }
}

static void test_the_systems_reason_is_told(void **state) {
    (void)state;
    struct err e = {0};
    assert_false(err_set_errno(&e, ERR_SYS_FILE_MISSING, ENOENT, "cannot open \"%s\"", "x"));
    assert_string_equal(e.step[0], "cannot open \"x\": No such file or directory");
    assert_false(err_set_errno(&e, ERR_SYS_FILE_READ, 99999, "cannot read"));
    assert_string_equal(e.step[0], "cannot read: unknown reason");
}

static void test_without_an_error_only_the_result_is_told(void **state) {
    (void)state;
    assert_false(err_set(NULL, ERR_BASE_LIMIT, "%s", "x"));
    assert_false(err_set_errno(NULL, ERR_BASE_LIMIT, EIO, "x"));
    assert_false(err_wrap(NULL, "x"));
    assert_false(err_hint(NULL, "x"));
    assert_false(err_note(NULL, "x"));
}

static void test_every_code_has_text_sentence_and_kind(void **state) {
    (void)state;
    for (int code = ERR_NONE + 1; code < ERR_CODE_COUNT; code++) {
        const char *text = err_code_text((enum err_code)code);
        assert_true(strchr(text, '.') != NULL);
        for (const char *c = text; *c != '\0'; c++) {
            assert_true(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '.' ||
                        *c == '_');
        }
        const char *about = err_code_about((enum err_code)code);
        assert_true(strlen(about) > 10);
        assert_int_not_equal(about[strlen(about) - 1], '.');
        enum err_kind kind = err_code_kind((enum err_code)code);
        assert_true(kind > ERR_KIND_NONE && kind < ERR_KIND_COUNT);
    }
}

static void test_every_kind_leaves_the_program(void **state) {
    (void)state;
    for (int kind = ERR_KIND_NONE; kind < ERR_KIND_COUNT; kind++) {
        enum err_kind k = (enum err_kind)kind;
        assert_int_equal(err_kind_exit(k) == 0, k == ERR_KIND_NONE);
        assert_in_range(err_kind_exit(k), 0, 5);
        assert_in_range(err_kind_http(k), k == ERR_KIND_NONE ? 200 : 400, 599);
        assert_true(strlen(err_kind_problem(k)) > 0);
        assert_int_equal(strlen(err_kind_acme(k)) == 0, k == ERR_KIND_NONE);
    }
    assert_int_equal(err_kind_exit(ERR_KIND_USAGE), 2);
    assert_int_equal(err_kind_exit(ERR_KIND_DENIED), 3);
    assert_int_equal(err_kind_exit(ERR_KIND_MISSING), 4);
    assert_int_equal(err_kind_exit(ERR_KIND_CONNECT), 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_error_is_not_set),
        cmocka_unit_test(test_steps_go_from_the_reason_outwards),
        cmocka_unit_test(test_a_new_reason_forgets_the_old_one),
        cmocka_unit_test(test_full_steps_keep_the_reason_and_the_newest),
        cmocka_unit_test(test_long_texts_are_cut_at_a_character),
        cmocka_unit_test(test_the_systems_reason_is_told),
        cmocka_unit_test(test_without_an_error_only_the_result_is_told),
        cmocka_unit_test(test_every_code_has_text_sentence_and_kind),
        cmocka_unit_test(test_every_kind_leaves_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
