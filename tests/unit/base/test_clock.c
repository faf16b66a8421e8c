/* base/clock: times read and written. */
#include "unit.h"

#include "base/clock.h"

#define FIRST_MS INT64_C(-62167219200000) /* 0000-01-01T00:00:00Z */
#define LAST_MS INT64_C(253402300799000)  /* 9999-12-31T23:59:59Z */

struct moment {
    const char *text;
    int64_t time_ms;
};

static void test_times_are_written_in_utc(void **state) {
    (void)state;
    static const struct moment moments[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:00Z", 999},
        {"1969-12-31T23:59:59Z", -1},
        {"2026-11-23T20:15:00Z", INT64_C(1795464900000)},
        {"2000-02-29T23:59:59Z", INT64_C(951868799000)},
        {"0000-01-01T00:00:00Z", FIRST_MS},
        {"0999-06-01T00:00:00Z", INT64_C(-30628713600000)},
        {"9999-12-31T23:59:59Z", LAST_MS},
        {"9999-12-31T23:59:59Z", INT64_MAX},
        {"0000-01-01T00:00:00Z", INT64_MIN},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(moments); i++) {
        char text[CLOCK_TEXT_LEN + 1];
        clock_format(moments[i].time_ms, text);
        assert_string_equal(text, moments[i].text);
        char day[11];
        clock_format_day(moments[i].time_ms, day);
        assert_memory_equal(day, moments[i].text, 10);
        assert_int_equal(day[10], '\0');
    }
}

static void test_a_written_time_reads_back(void **state) {
    (void)state;
    struct err e = {0};
    /* A step that is no multiple of a day: all months, leap years and hours are met. */
    for (int64_t time_ms = FIRST_MS; time_ms <= LAST_MS; time_ms += INT64_C(7777777777) * 1000) {
        char text[30];
        int64_t read_ms = 0;
        clock_format(time_ms, text);
        assert_ok(clock_parse(text, &read_ms, &e), &e);
        assert_int_equal(read_ms, time_ms);
        clock_format_http(time_ms, text);
        assert_true(clock_parse_http(text, &read_ms));
        assert_int_equal(read_ms, time_ms);
    }
}

static void test_dates_are_read(void **state) {
    (void)state;
    static const struct moment moments[] = {
        {"1970-01-01", 0},
        {"2026-11-23", INT64_C(1795392000000)},
        {"2026-11-23T20:15:00Z", INT64_C(1795464900000)},
        {"2026-11-23T20:15:00", INT64_C(1795464900000)},
        {"2026-11-23 20:15:00", INT64_C(1795464900000)},
        {"2026-11-23 20:15:00Z", INT64_C(1795464900000)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000)},
        {"2024-02-29", INT64_C(1709164800000)},
        {"2000-02-29", INT64_C(951782400000)},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(moments); i++) {
        struct err e = {0};
        int64_t time_ms = -1;
        assert_ok(clock_parse(moments[i].text, &time_ms, &e), &e);
        assert_int_equal(time_ms, moments[i].time_ms);
    }
}

static void test_other_texts_are_no_dates(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "today",
        "2026",
        "2026-11",
        "2026-1-1",
        "2026-+1-+1",
        "2026- 1- 1",
        "2026-00-10",
        "2026-13-01",
        "2026-01-00",
        "2026-01-32",
        "2026-04-31",
        "2026-02-29",
        "1900-02-29",
        "12026-01-01",
        "2026-01-01 ",
        " 2026-01-01",
        "2026-01-01T",
        "2026-01-01T20:15",
        "2026-01-01T24:00:00Z",
        "2026-01-01T20:60:00Z",
        "2026-01-01T20:15:61Z",
        "2026-01-01T-1:15:00Z",
        "2026-01-01T20:15:00+01:00",
        "2026-01-01T20:15:00Zulu",
        "2026-01-01T20:15:00ZZ",
        "2026/01/01",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        struct err e = {0};
        int64_t time_ms = -1;
        assert_fails(clock_parse(texts[i], &time_ms, &e), &e, ERR_BASE_TIME_INVALID);
        assert_int_equal(time_ms, -1);
        assert_string_not_equal(e.hint, "");
    }
}

/* RFC 9110 §5.6.7's own examples, and what looks like them. */
static void test_http_dates_are_read_in_three_forms(void **state) {
    (void)state;
    static const struct moment moments[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", INT64_C(784111777000)},
        {"Sunday, 06-Nov-94 08:49:37 GMT", INT64_C(784111777000)},
        {"Sun Nov  6 08:49:37 1994", INT64_C(784111777000)},
        {"Wed Nov 16 08:49:37 1994", INT64_C(784975777000)},
        {"Wednesday, 01-Jan-69 00:00:00 GMT", INT64_C(3124224000000)},
        {"Thursday, 01-Jan-70 00:00:00 GMT", 0},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(moments); i++) {
        int64_t time_ms = -1;
        assert_true(clock_parse_http(moments[i].text, &time_ms));
        assert_int_equal(time_ms, moments[i].time_ms);
    }
    char text[30];
    clock_format_http(INT64_C(784111777000), text);
    assert_string_equal(text, moments[0].text);
}

static void test_other_texts_are_no_http_dates(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "Sun",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, +6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "S, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov   6 08:49:37 1994",
        "Sun Nov  6 08:49:37 19940",
        "2026-11-23",
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        int64_t time_ms = -1;
        assert_false(clock_parse_http(texts[i], &time_ms));
        assert_int_equal(time_ms, -1);
    }
}

static void test_durations_have_a_number_and_a_unit(void **state) {
    (void)state;
    static const struct moment durations[] = {
        {"0s", 0},
        {"90s", 90 * CLOCK_SECOND_MS},
        {"15m", 15 * CLOCK_MINUTE_MS},
        {"12h", 12 * CLOCK_HOUR_MS},
        {"30d", 30 * CLOCK_DAY_MS},
        {"2w", 14 * CLOCK_DAY_MS},
        {"5y", 5 * 365 * CLOCK_DAY_MS},
        {"1000000y", 1000000 * 365 * CLOCK_DAY_MS},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(durations); i++) {
        struct err e = {0};
        int64_t duration_ms = -1;
        assert_ok(clock_parse_duration(durations[i].text, &duration_ms, &e), &e);
        assert_int_equal(duration_ms, durations[i].time_ms);
    }
    static const char *const texts[] = {"",
                                        "d",
                                        "30",
                                        "30 d",
                                        "-1d",
                                        "+1d",
                                        " 1d",
                                        "1dd",
                                        "1.5d",
                                        "1D",
                                        "0x1d",
                                        "1000001s",
                                        "99999999999999999999d",
                                        "1M"};
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        struct err e = {0};
        int64_t duration_ms = -1;
        assert_fails(clock_parse_duration(texts[i], &duration_ms, &e), &e,
                     ERR_BASE_DURATION_INVALID);
        assert_int_equal(duration_ms, -1);
    }
}

static void test_distances_are_told_to_people(void **state) {
    (void)state;
    static const struct moment distances[] = {
        {"now", 0},
        {"now", 999},
        {"now", -999},
        {"in 1 second", 1000},
        {"1 second ago", -1999},
        {"in 59 seconds", 59 * CLOCK_SECOND_MS},
        {"in 1 minute", CLOCK_MINUTE_MS},
        {"3 hours ago", -3 * CLOCK_HOUR_MS},
        {"in 1 day", CLOCK_DAY_MS},
        {"in 397 days", 397 * CLOCK_DAY_MS},
        {"in 729 days", 730 * CLOCK_DAY_MS - 1},
        {"in 2 years", 730 * CLOCK_DAY_MS},
    };
    static const int64_t now_ms = INT64_C(1795464900000);
    char text[32];
    for (size_t i = 0; i < PL_ARRAY_LEN(distances); i++) {
        clock_format_relative(now_ms + distances[i].time_ms, now_ms, text);
        assert_string_equal(text, distances[i].text);
    }
    clock_format_relative(INT64_MAX, INT64_MIN, text);
    assert_string_equal(text, "in 584942417 years");
    clock_format_relative(INT64_MIN, INT64_MAX, text);
    assert_string_equal(text, "584942417 years ago");
}

static void test_civil_dates_count_like_the_library(void **state) {
    (void)state;
    assert_int_equal(clock_from_civil(1970, 1, 1, 0, 0, 0), 0);
    assert_int_equal(clock_from_civil(1969, 12, 31, 23, 59, 59), -1);
    assert_int_equal(clock_from_civil(2000, 3, 1, 0, 0, 0) - clock_from_civil(2000, 2, 28, 0, 0, 0),
                     2 * 86400);
    assert_int_equal(clock_from_civil(1900, 3, 1, 0, 0, 0) - clock_from_civil(1900, 2, 28, 0, 0, 0),
                     86400);
    assert_int_equal(clock_from_civil(0, 1, 1, 0, 0, 0), FIRST_MS / 1000);
    assert_int_equal(clock_from_civil(9999, 12, 31, 23, 59, 59), LAST_MS / 1000);
}

static void test_a_fixed_clock_stands_still(void **state) {
    (void)state;
    clock_set_fixed(12345);
    assert_int_equal(clock_now_ms(), 12345);
    int64_t monotonic_ms = clock_monotonic_ms();
    assert_true(clock_monotonic_ms() >= monotonic_ms);
    clock_set_system();
    assert_true(clock_now_ms() > INT64_C(1700000000000));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times_are_written_in_utc),
        cmocka_unit_test(test_a_written_time_reads_back),
        cmocka_unit_test(test_dates_are_read),
        cmocka_unit_test(test_other_texts_are_no_dates),
        cmocka_unit_test(test_http_dates_are_read_in_three_forms),
        cmocka_unit_test(test_other_texts_are_no_http_dates),
        cmocka_unit_test(test_durations_have_a_number_and_a_unit),
        cmocka_unit_test(test_distances_are_told_to_people),
        cmocka_unit_test(test_civil_dates_count_like_the_library),
        cmocka_unit_test(test_a_fixed_clock_stands_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
