/* base/log: one whole line a record, whatever the values hold. */
#include "unit.h"

#include "base/clock.h"
#include "base/log.h"

#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

/* What one call writes to standard error. */
struct capture {
    FILE *file;
    int kept_stderr;
    char text[2 * LOG_LINE_MAX];
};

static void capture_start(struct capture *capture) {
    clock_set_fixed(INT64_C(1795464900000));
    capture->file = tmpfile();
    assert_non_null(capture->file);
    capture->kept_stderr = dup(STDERR_FILENO);
    assert_true(dup2(fileno(capture->file), STDERR_FILENO) >= 0);
}

static const char *capture_end(struct capture *capture) {
    assert_true(dup2(capture->kept_stderr, STDERR_FILENO) >= 0);
    (void)close(capture->kept_stderr);
    rewind(capture->file);
    size_t len = fread(capture->text, 1, sizeof(capture->text) - 1, capture->file);
    capture->text[len] = '\0';
    (void)fclose(capture->file);
    clock_set_system();
    return capture->text;
}

static void test_a_record_is_one_line(void **state) {
    (void)state;
    struct capture capture;
    log_open("net", LOG_INFO, false);
    capture_start(&capture);
    log_event(LOG_INFO, "listening", "address", "127.0.0.1:8443", "empty", "", "none", NULL,
              "words", "a b", NULL);
    assert_string_equal(capture_end(&capture),
                        "2026-11-23T20:15:00Z info net listening address=127.0.0.1:8443 "
                        "empty=\"\" words=\"a b\"\n");
}

static void test_a_value_cannot_look_like_another_pair_or_line(void **state) {
    (void)state;
    struct capture capture;
    log_open("net", LOG_INFO, false);
    capture_start(&capture);
    log_event(LOG_WARNING, "refused", "name", "x\" user=\"root\n2026 error", "path", "a\\b", NULL);
    assert_string_equal(capture_end(&capture),
                        "2026-11-23T20:15:00Z warning net refused "
                        "name=\"x\\\" user=\\\"root\\x0a2026 error\" path=\"a\\\\b\"\n");
}

static void test_records_above_the_level_are_dropped(void **state) {
    (void)state;
    struct capture capture;
    log_open("net", LOG_WARNING, false);
    capture_start(&capture);
    log_event(LOG_INFO, "quiet", NULL);
    log_event(LOG_DEBUG, "quiet", NULL);
    log_event(LOG_ERROR, "loud", NULL);
    assert_string_equal(capture_end(&capture), "2026-11-23T20:15:00Z error net loud\n");
}

static void test_a_json_record_is_one_object(void **state) {
    (void)state;
    struct capture capture;
    log_open("control", LOG_INFO, true);
    capture_start(&capture);
    log_event(LOG_INFO, "issued", "name", "a\"b\n\xff\xe2\x80\xae", "none", NULL, NULL);
    json_t *record = json_loads(capture_end(&capture), 0, NULL);
    assert_non_null(record);
    assert_string_equal(json_string_value(json_object_get(record, "time")), "2026-11-23T20:15:00Z");
    assert_string_equal(json_string_value(json_object_get(record, "role")), "control");
    assert_string_equal(json_string_value(json_object_get(record, "name")),
                        "a\"b\n\xef\xbf\xbd\xe2\x80\xae");
    assert_null(json_object_get(record, "none"));
    json_decref(record);
}

/* However long the values are, the record is whole and at most LOG_LINE_MAX bytes. */
static void assert_whole_at(size_t len, bool is_json) {
    struct capture capture;
    static char value[3 * LOG_LINE_MAX];
    memset(value, '\n', sizeof(value));
    value[len] = '\0';
    log_open("net", LOG_INFO, is_json);
    capture_start(&capture);
    log_event(LOG_INFO, "long", "first", value, "second", value, "third", value, "fourth", value,
              NULL);
    const char *text = capture_end(&capture);
    size_t text_len = strlen(text);
    assert_true(text_len <= LOG_LINE_MAX);
    assert_ptr_equal(strchr(text, '\n'), text + text_len - 1);
    json_t *record = is_json ? json_loads(text, 0, NULL) : NULL;
    assert_int_equal(record != NULL, is_json);
    json_decref(record);
}

static void test_long_values_are_cut_and_the_record_stays_whole(void **state) {
    (void)state;
    for (size_t len = 0; len < 3 * LOG_LINE_MAX; len += 61) {
        assert_whole_at(len, false);
        assert_whole_at(len, true);
    }
}

static void test_an_error_tells_code_reasons_and_note(void **state) {
    (void)state;
    struct err e = {0};
    struct capture capture;
    (void)err_set(&e, ERR_SYS_FILE_READ, "inner");
    (void)err_wrap(&e, "outer");
    (void)err_note(&e, "errno 5");
    log_open("net", LOG_INFO, false);
    capture_start(&capture);
    log_error(&e, "reload failed");
    assert_string_equal(capture_end(&capture),
                        "2026-11-23T20:15:00Z error net reload failed code=sys.file.read "
                        "reason=\"outer: inner\" note=\"errno 5\"\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_record_is_one_line),
        cmocka_unit_test(test_a_value_cannot_look_like_another_pair_or_line),
        cmocka_unit_test(test_records_above_the_level_are_dropped),
        cmocka_unit_test(test_a_json_record_is_one_object),
        cmocka_unit_test(test_long_values_are_cut_and_the_record_stays_whole),
        cmocka_unit_test(test_an_error_tells_code_reasons_and_note),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
