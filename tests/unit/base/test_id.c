/* base/id: UUIDv7 identifiers. */
#include "unit.h"

#include "base/id.h"

static void test_a_new_id_is_a_version_7_uuid(void **state) {
    (void)state;
    struct err e = {0};
    struct id id;
    assert_ok(id_new(INT64_C(0x0123456789ab), &id, &e), &e);
    assert_memory_equal(id.bytes, "\x01\x23\x45\x67\x89\xab", 6);
    assert_int_equal(id.bytes[6] >> 4, 7);
    assert_int_equal(id.bytes[8] >> 6, 2);
    assert_false(id_is_zero(&id));
    struct id zero = {0};
    assert_true(id_is_zero(&zero));
}

static void test_later_ids_sort_later(void **state) {
    (void)state;
    struct err e = {0};
    struct id before;
    assert_ok(id_new(0, &before, &e), &e);
    for (int64_t now_ms = 1; now_ms < INT64_C(0xFFFFFFFFFFFF); now_ms = now_ms * 3 + 1) {
        struct id id;
        assert_ok(id_new(now_ms, &id, &e), &e);
        assert_true(memcmp(before.bytes, id.bytes, ID_LEN) < 0);
        before = id;
    }
}

static void test_ids_of_one_moment_differ(void **state) {
    (void)state;
    struct err e = {0};
    struct id ids[200];
    for (size_t i = 0; i < PL_ARRAY_LEN(ids); i++) {
        assert_ok(id_new(1, &ids[i], &e), &e);
        for (size_t j = 0; j < i; j++) {
            assert_false(id_equal(&ids[i], &ids[j]));
        }
    }
}

/* More than the counter has room for in one millisecond. */
static void test_ids_of_one_moment_sort_as_they_were_made(void **state) {
    (void)state;
    struct err e = {0};
    struct id before;
    assert_ok(id_new(5000, &before, &e), &e);
    for (int i = 0; i < 10000; i++) {
        struct id id;
        assert_ok(id_new(i % 2 == 0 ? 5000 : 4999, &id, &e), &e);
        assert_true(memcmp(before.bytes, id.bytes, ID_LEN) < 0);
        assert_int_equal(id.bytes[6] >> 4, 7);
        before = id;
    }
}

static void test_an_id_follows_one_of_another_process(void **state) {
    (void)state;
    struct err e = {0};
    struct id before = {{0, 0, 0, 0, 9, 9, 0x7F, 0xFF, 0x80}};
    struct id later;
    struct id earlier;
    assert_ok(id_new(8 * 256, &earlier, &e), &e);
    assert_ok(id_new(10 * 256, &later, &e), &e);
    struct id followed = later;
    id_follow(&before, &followed);
    assert_true(id_equal(&followed, &later));
    followed = earlier;
    id_follow(&before, &followed);
    assert_memory_equal(followed.bytes, "\0\0\0\0\x09\x0a\x70\x00", 8);
    assert_memory_equal(followed.bytes + 8, earlier.bytes + 8, 8);
}

static void test_the_long_form_reads_back(void **state) {
    (void)state;
    struct err e = {0};
    struct id id;
    struct id read;
    char text[ID_TEXT_LEN + 1];
    for (int i = 0; i < 100; i++) {
        assert_ok(id_new(i, &id, &e), &e);
        id_format(&id, text);
        assert_int_equal(strlen(text), ID_TEXT_LEN);
        assert_true(id_parse(text, &read));
        assert_true(id_equal(&id, &read));
    }
    assert_true(id_parse("0123ABCD-ef01-7345-8789-abcdefABCDEF", &read));
    id_format(&read, text);
    assert_string_equal(text, "0123abcd-ef01-7345-8789-abcdefabcdef");
}

static void test_other_texts_are_no_ids(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "abcdefab",
        "0123abcd-ef01-7345-8789-abcdefabcde",
        "0123abcd-ef01-7345-8789-abcdefabcdef0",
        "0123abcdef0-1-7345-8789-abcdefabcdef",
        "0123abcd-ef01-7345-8789-abcdefabcdeg",
        "0123abcd.ef01-7345-8789-abcdefabcdef",
        "{123abcd-ef01-7345-8789-abcdefabcde}",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        struct id id = {0};
        assert_false(id_parse(texts[i], &id));
        assert_true(id_is_zero(&id));
    }
}

static void test_people_may_type_either_form(void **state) {
    (void)state;
    struct id id;
    assert_true(id_parse("0123abcd-ef01-7345-8789-abcdef01abcd", &id));
    char text[ID_SHORT_LEN + 1];
    id_format_short(&id, text);
    assert_string_equal(text, "ef01abcd");
    assert_true(id_matches(&id, "ef01abcd"));
    assert_true(id_matches(&id, "EF01ABCD"));
    assert_true(id_matches(&id, "0123ABCD-ef01-7345-8789-abcdef01abcd"));
    assert_false(id_matches(&id, "f01abcd"));
    assert_false(id_matches(&id, "def01abcd"));
    assert_false(id_matches(&id, ""));
    assert_false(id_matches(&id, "0123abcd"));
}

static void test_random_bytes_fill_the_whole_array(void **state) {
    (void)state;
    struct err e = {0};
    /* More than the 256 bytes that getrandom gives without interruption. */
    static uint8_t bytes[100000];
    assert_ok(random_bytes(bytes, sizeof(bytes), &e), &e);
    size_t zeros = 0;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        zeros += bytes[i] == 0 ? 1 : 0;
    }
    /* 390 expected; 20 standard deviations either way. */
    assert_in_range(zeros, 1, 800);
    assert_ok(random_bytes(bytes, 0, &e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_id_is_a_version_7_uuid),
        cmocka_unit_test(test_later_ids_sort_later),
        cmocka_unit_test(test_ids_of_one_moment_differ),
        cmocka_unit_test(test_ids_of_one_moment_sort_as_they_were_made),
        cmocka_unit_test(test_an_id_follows_one_of_another_process),
        cmocka_unit_test(test_the_long_form_reads_back),
        cmocka_unit_test(test_other_texts_are_no_ids),
        cmocka_unit_test(test_people_may_type_either_form),
        cmocka_unit_test(test_random_bytes_fill_the_whole_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
