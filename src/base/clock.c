/* Time, with one seam for tests. */
#include "base/clock.h"

#include "base/str.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char day_names[] = "SunMonTueWedThuFriSat";

struct civil {
    int year;
    int month; /* 1…12 */
    int day;
    int hour;
    int minute;
    int second;
    int weekday; /* 0 is Sunday */
};

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

int64_t clock_monotonic_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void) {
    return clock_monotonic_us() / 1000;
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
static struct civil civil_of(int64_t time_ms) {
    static const int64_t first_s = INT64_C(-62167219200);
    static const int64_t last_s = INT64_C(253402300799);
    int64_t seconds = floor_div(time_ms, 1000);
    time_t held = (time_t)(seconds < first_s ? first_s : seconds > last_s ? last_s : seconds);
    struct tm tm;
    PL_BUG_UNLESS(gmtime_r(&held, &tm) != NULL);
    return (struct civil){.year = tm.tm_year + 1900,
                          .month = tm.tm_mon + 1,
                          .day = tm.tm_mday,
                          .hour = tm.tm_hour,
                          .minute = tm.tm_min,
                          .second = tm.tm_sec,
                          .weekday = tm.tm_wday};
}

/* The compiler cannot know that each number has two digits (the year four): % says so. */
static unsigned two(int number) {
    return (unsigned)number % 100;
}

void clock_format(int64_t time_ms, char out[CLOCK_TEXT_LEN + 1]) {
    struct civil c = civil_of(time_ms);
    (void)snprintf(out, CLOCK_TEXT_LEN + 1, "%04u-%02u-%02uT%02u:%02u:%02uZ",
                   (unsigned)c.year % 10000, two(c.month), two(c.day), two(c.hour), two(c.minute),
                   two(c.second));
}

void clock_format_day(int64_t time_ms, char out[11]) {
    char text[CLOCK_TEXT_LEN + 1];
    clock_format(time_ms, text);
    (void)str_copy(out, 11, text);
}

void clock_format_http(int64_t time_ms, char out[30]) {
    struct civil c = civil_of(time_ms);
    (void)snprintf(out, 30, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
                   day_names + 3 * (ptrdiff_t)c.weekday, two(c.day),
                   month_names + 3 * (ptrdiff_t)(c.month - 1), (unsigned)c.year % 10000,
                   two(c.hour), two(c.minute), two(c.second));
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

static bool is_civil(const struct civil *c) {
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (c->month < 1 || c->month > 12 || c->day < 1 || c->hour > 23 || c->minute > 59 ||
        c->second > 60) {
        return false;
    }
    bool is_leap = (c->year % 4 == 0 && c->year % 100 != 0) || c->year % 400 == 0;
    return c->day <= month_days[c->month - 1] + (c->month == 2 && is_leap ? 1 : 0);
}

/* Exactly so many digits: no sign, no space. */
static bool read_number(const char **at, int digits, int *out) {
    int value = 0;
    for (int i = 0; i < digits; i++) {
        if (!str_is_digit(**at)) {
            return false;
        }
        value = 10 * value + (*(*at)++ - '0');
    }
    *out = value;
    return true;
}

static bool read_month(const char **at, int *out) {
    for (int i = 0; i < 12; i++) {
        if (strncmp(*at, month_names + 3 * (ptrdiff_t)i, 3) == 0) {
            *at += 3;
            *out = i + 1;
            return true;
        }
    }
    return false;
}

static bool read_letters(const char **at, size_t least, size_t most) {
    size_t count = 0;
    while (count <= most && str_is_alpha(**at)) {
        (*at)++;
        count++;
    }
    return count >= least && count <= most;
}

static bool read_two_digit_year(const char **at, int *out) {
    /* RFC 9110 §5.6.7: more than 50 years ahead means the past century; a fixed pivot serves. */
    bool ok = read_number(at, 2, out);
    *out += *out < 70 ? 2000 : 1900;
    return ok;
}

/* asctime's: two digits, or a space and one. */
static bool read_padded_day(const char **at, int *out) {
    bool is_padded = **at == ' ';
    *at += is_padded ? 1 : 0;
    return read_number(at, is_padded ? 1 : 2, out);
}

/* One field of a form: letters as strftime has them. The names of days are not checked. */
static bool read_field(const char **at, char field, struct civil *out) {
    switch (field) {
    case 'a':
        return read_letters(at, 3, 3);
    case 'A':
        return read_letters(at, 6, 9);
    case 'b':
        return read_month(at, &out->month);
    case 'e':
        return read_padded_day(at, &out->day);
    case 'd':
        return read_number(at, 2, &out->day);
    case 'm':
        return read_number(at, 2, &out->month);
    case 'y':
        return read_two_digit_year(at, &out->year);
    case 'Y':
        return read_number(at, 4, &out->year);
    case 'T':
        return read_number(at, 2, &out->hour) && *(*at)++ == ':' &&
               read_number(at, 2, &out->minute) && *(*at)++ == ':' &&
               read_number(at, 2, &out->second);
    default:
        return false;
    }
}

/* Reads the whole text as the form says. */
static bool read_form(const char *text, const char *form, int64_t *out_time_ms) {
    struct civil civil = {0};
    const char *at = text;
    for (; *form != '\0'; form++) {
        if (*form == '%') {
            if (!read_field(&at, *++form, &civil)) {
                return false;
            }
        } else if (*at++ != *form) {
            return false;
        }
    }
    if (*at != '\0' || !is_civil(&civil)) {
        return false;
    }
    *out_time_ms = clock_from_civil(civil.year, civil.month, civil.day, civil.hour, civil.minute,
                                    civil.second) *
                   1000;
    return true;
}

static bool read_forms(const char *text, const char *const *forms, int64_t *out_time_ms) {
    for (; *forms != NULL; forms++) {
        if (read_form(text, *forms, out_time_ms)) {
            return true;
        }
    }
    return false;
}

bool clock_parse_http(const char *text, int64_t *out_time_ms) {
    static const char *const forms[] = {"%a, %d %b %Y %T GMT", "%A, %d-%b-%y %T GMT",
                                        "%a %b %e %T %Y", NULL};
    return read_forms(text, forms, out_time_ms);
}

bool clock_parse(const char *text, int64_t *out_time_ms, struct err *e) {
    static const char *const forms[] = {"%Y-%m-%d",    "%Y-%m-%dT%TZ", "%Y-%m-%d %TZ",
                                        "%Y-%m-%dT%T", "%Y-%m-%d %T",  NULL};
    if (read_forms(text, forms, out_time_ms)) {
        return true;
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
    size_t digits = strspn(text, "0123456789");
    char number_text[sizeof("1000000")];
    uint64_t number = 0;
    (void)str_copy(number_text, sizeof(number_text), text);
    if (digits < sizeof(number_text) && text[digits] != '\0' && text[digits + 1] == '\0') {
        number_text[digits] = '\0';
        for (size_t i = 0; i < PL_ARRAY_LEN(units); i++) {
            if (units[i].unit == text[digits] && str_to_u64(number_text, 1000000, &number)) {
                *out_duration_ms = (int64_t)number * units[i].ms;
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
    /* Unsigned: the times of a certificate may be further apart than an int64_t holds. */
    uint64_t distance = time_ms > now_ms ? (uint64_t)time_ms - (uint64_t)now_ms
                                         : (uint64_t)now_ms - (uint64_t)time_ms;
    for (size_t i = 0; i < PL_ARRAY_LEN(units); i++) {
        /* Days stay days until two years: "in 397 days" says more than "in 1 year". */
        uint64_t unit_ms = (uint64_t)units[i].ms;
        if (distance >= unit_ms * (i == 0 ? 2 : 1)) {
            unsigned long long count = distance / unit_ms;
            (void)snprintf(out, 32, time_ms > now_ms ? "in %llu %s%s" : "%llu %s%s ago", count,
                           units[i].name, count == 1 ? "" : "s");
            return;
        }
    }
    (void)snprintf(out, 32, "now");
}
