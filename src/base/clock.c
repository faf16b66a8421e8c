/* Time, with one seam for tests. */
#include "base/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool is_fixed;
static int64_t fixed_now_ms;

static int64_t read_clock(clockid_t clock) {
    struct timespec now;
    PL_BUG_UNLESS(clock_gettime(clock, &now) == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_now_ms(void) {
    return is_fixed ? fixed_now_ms : read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void) {
    return read_clock(CLOCK_MONOTONIC);
}

void clock_set_fixed(int64_t now_ms) {
    is_fixed = true;
    fixed_now_ms = now_ms;
}

void clock_set_system(void) {
    is_fixed = false;
}

static int64_t floor_div(int64_t value, int64_t by) {
    return value / by - (value % by < 0 ? 1 : 0);
}

/* The civil date of a time; years outside 0…9999 are held at the ends. */
static struct tm civil_of(int64_t time_ms) {
    static const int64_t first_s = INT64_C(-62167219200);
    static const int64_t last_s = INT64_C(253402300799);
    int64_t seconds = floor_div(time_ms, 1000);
    time_t clamped = (time_t)(seconds < first_s ? first_s : seconds > last_s ? last_s : seconds);
    struct tm civil;
    PL_BUG_UNLESS(gmtime_r(&clamped, &civil) != NULL);
    return civil;
}

void clock_format(int64_t time_ms, char out[CLOCK_TEXT_LEN + 1]) {
    struct tm civil = civil_of(time_ms);
    (void)strftime(out, CLOCK_TEXT_LEN + 1, "%Y-%m-%dT%H:%M:%SZ", &civil);
}

void clock_format_day(int64_t time_ms, char out[11]) {
    struct tm civil = civil_of(time_ms);
    (void)strftime(out, 11, "%Y-%m-%d", &civil);
}

void clock_format_http(int64_t time_ms, char out[30]) {
    struct tm civil = civil_of(time_ms);
    /* The names are English: the program never calls setlocale(). */
    (void)strftime(out, 30, "%a, %d %b %Y %H:%M:%S GMT", &civil);
}

int64_t clock_from_civil(int year, int month, int day, int hour, int minute, int second) {
    /* Days since 1970-01-01 by counting years from March, so that leap days come last. */
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    int64_t days = era * 146097 + day_of_era - 719468;
    return days * 86400 + hour * 3600 + minute * 60 + second;
}

static bool is_civil(int year, int month, int day, int hour, int minute, int second) {
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
        second < 0 || second > 60) {
        return false;
    }
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= month_days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

static int month_of(const char *name) {
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++) {
        if (strncmp(name, months + 3 * i, 3) == 0) {
            return i + 1;
        }
    }
    return 0;
}

static int full_year(int two_digits) {
    /* RFC 9110 §5.6.7: more than 50 years ahead means the past century; a fixed pivot serves. */
    return two_digits < 70 ? 2000 + two_digits : 1900 + two_digits;
}

bool clock_parse_http(const char *text, int64_t *out_time_ms) {
    int year = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    int end = 0;
    char name[4] = "";
    if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &day, name, &year, &hour,
               &minute, &second, &end) == 6 &&
        end > 0 && text[end] == '\0') {
        /* RFC 9110's own form */
    } else if (sscanf(text, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &day, name, &year,
                      &hour, &minute, &second, &end) == 6 &&
               end > 0 && text[end] == '\0') {
        year = full_year(year);
    } else if (sscanf(text, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n", name, &day, &hour,
                      &minute, &second, &year, &end) != 6 ||
               end == 0 || text[end] != '\0') {
        return false;
    }
    int month = month_of(name);
    if (!is_civil(year, month, day, hour, minute, second)) {
        return false;
    }
    *out_time_ms = clock_from_civil(year, month, day, hour, minute, second) * 1000;
    return true;
}

bool clock_parse(const char *text, int64_t *out_time_ms, struct err *e) {
    int year = 0;
    int month = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    int date_end = 0;
    int end = 0;
    if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &date_end) == 3 && date_end == 10) {
        const char *rest = text + date_end;
        bool is_date = *rest == '\0';
        bool is_time = (*rest == 'T' || *rest == ' ') &&
                       sscanf(rest + 1, "%2d:%2d:%2d%n", &hour, &minute, &second, &end) == 3 &&
                       end == 8 && (rest[9] == '\0' || strcmp(rest + 9, "Z") == 0);
        if ((is_date || is_time) && is_civil(year, month, day, hour, minute, second)) {
            *out_time_ms = clock_from_civil(year, month, day, hour, minute, second) * 1000;
            return true;
        }
    }
    (void)err_set(e, ERR_BASE_TIME_INVALID, "\"%.60s\" is not a date", text);
    return err_hint(e, "write 2026-11-23 or 2026-11-23T20:15:00Z (UTC)");
}

bool clock_parse_duration(const char *text, int64_t *out_duration_ms, struct err *e) {
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', CLOCK_SECOND_MS}, {'m', CLOCK_MINUTE_MS},  {'h', CLOCK_HOUR_MS},
                 {'d', CLOCK_DAY_MS},    {'w', 7 * CLOCK_DAY_MS}, {'y', 365 * CLOCK_DAY_MS}};
    char *end = NULL;
    long long number = isdigit((unsigned char)text[0]) ? strtoll(text, &end, 10) : -1;
    if (number >= 0 && number <= 1000000 && end[0] != '\0' && end[1] == '\0') {
        for (size_t i = 0; i < PL_ARRAY_LEN(units); i++) {
            if (units[i].unit == end[0]) {
                *out_duration_ms = number * units[i].ms;
                return true;
            }
        }
    }
    (void)err_set(e, ERR_BASE_DURATION_INVALID, "\"%.60s\" is not a duration", text);
    return err_hint(e, "write a number and a unit: 90s, 15m, 12h, 30d, 2w, 5y");
}

void clock_format_relative(int64_t time_ms, int64_t now_ms, char out[32]) {
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"year", 365 * CLOCK_DAY_MS},
                 {"day", CLOCK_DAY_MS},
                 {"hour", CLOCK_HOUR_MS},
                 {"minute", CLOCK_MINUTE_MS},
                 {"second", CLOCK_SECOND_MS}};
    int64_t distance = time_ms > now_ms ? time_ms - now_ms : now_ms - time_ms;
    for (size_t i = 0; i < PL_ARRAY_LEN(units); i++) {
        /* Days stay days until two years: "in 397 days" says more than "in 1 year". */
        if (distance >= units[i].ms * (i == 0 ? 2 : 1)) {
            long long count = (long long)(distance / units[i].ms);
            (void)snprintf(out, 32, time_ms > now_ms ? "in %lld %s%s" : "%lld %s%s ago", count,
                           units[i].name, count == 1 ? "" : "s");
            return;
        }
    }
    (void)snprintf(out, 32, "now");
}
