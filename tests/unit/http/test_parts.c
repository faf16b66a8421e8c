/* http/parts: which part of the services answers for a path. */
#include "unit.h"

#include "http/parts.h"

#include <string.h>

static struct http_text path_of(const char *path) {
    return (struct http_text){.at = path, .len = strlen(path)};
}

static void test_words_and_numbers_name_the_same_parts(void **state) {
    (void)state;
    enum part found = PART_CONSOLE;
    for (unsigned i = 0; i < PART_COUNT; i++) {
        assert_true(part_find(part_name((enum part)i), &found));
        assert_int_equal(found, i);
        assert_true(part_content_max((enum part)i) <= PART_CONTENT_MAX);
        assert_true(strlen(part_about((enum part)i)) > 0);
        assert_true(part_is_allowed((enum part)i, false) || part_is_allowed((enum part)i, true));
    }
    assert_false(part_find("", &found));
    assert_false(part_find("Console", &found));
}

static void test_what_administrators_send_is_not_in_the_clear(void **state) {
    (void)state;
    static const enum part secret[] = {PART_CONSOLE, PART_API, PART_ACME, PART_ENROLL, PART_EST};
    for (size_t i = 0; i < PL_ARRAY_LEN(secret); i++) {
        assert_false(part_is_allowed(secret[i], false));
    }
}

static void test_the_longest_path_wins(void **state) {
    (void)state;
    static const struct {
        const char *path;
        enum part part;
    } cases[] = {
        {"/", PART_CONSOLE},
        {"/index.html", PART_CONSOLE},
        {"/api/v1", PART_API},
        {"/api/v1/", PART_API},
        {"/api/v1/certs?", PART_API},
        {"/api/v2/", PART_CONSOLE},
        {"/api/v1x", PART_CONSOLE},
        {"/acme", PART_ACME},
        {"/acme/internal/directory", PART_ACME},
        {"/acmex", PART_CONSOLE},
        {"/enroll", PART_ENROLL},
        {"/enroll/step", PART_ENROLL},
        {"/enrollment", PART_CONSOLE},
        {"/ca/x.crt", PART_PKI},
        {"/.well-known/est/cacerts", PART_EST},
        {"/.well-known/acme-challenge/t", PART_ACME_HTTP},
        {"//ca/x", PART_CONSOLE},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        enum part part = PART_COUNT;
        assert_true(parts_route(PARTS_ALL & ~(1U << PART_REDIRECT), path_of(cases[i].path), &part));
        assert_int_equal(part, cases[i].part);
    }
}

static void test_parts_that_are_off_do_not_answer(void **state) {
    (void)state;
    enum part part = PART_COUNT;
    assert_false(parts_route(0, path_of("/"), &part));
    assert_false(parts_route(1U << PART_PKI, path_of("/"), &part));
    assert_false(parts_route(1U << PART_PKI, path_of("/c"), &part));
    assert_false(parts_route(PARTS_ALL, path_of("*"), &part));
    assert_true(parts_route(1U << PART_REDIRECT, path_of("/acme/x"), &part));
    assert_int_equal(part, PART_REDIRECT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_and_numbers_name_the_same_parts),
        cmocka_unit_test(test_what_administrators_send_is_not_in_the_clear),
        cmocka_unit_test(test_the_longest_path_wins),
        cmocka_unit_test(test_parts_that_are_off_do_not_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
