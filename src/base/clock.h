/*
 * Time: signed 64-bit Unix milliseconds, UTC, everywhere. The clock is injected, so that tests and
 * "--at DATE" can set it.
 */
#ifndef PL_BASE_CLOCK_H
#define PL_BASE_CLOCK_H

#include "base/compiler.h"
#include "base/err.h"

enum {
    CLOCK_TEXT_LEN = 20, /* 2026-11-23T20:15:00Z */
};
#define CLOCK_SECOND_MS INT64_C(1000)
#define CLOCK_MINUTE_MS (60 * CLOCK_SECOND_MS)
#define CLOCK_HOUR_MS (60 * CLOCK_MINUTE_MS)
#define CLOCK_DAY_MS (24 * CLOCK_HOUR_MS)

/* The system's clock, or what clock_set_fixed() said. */
int64_t clock_now_ms(void);
/* Never goes back; for measuring and deadlines. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);
/* Tests and "--at": the wall clock stands still at now_ms; clock_set_system() lets it go again. */
void clock_set_fixed(int64_t now_ms);
void clock_set_system(void);

/* RFC 3339 in UTC with seconds, years 0000…9999 ("2026-11-23T20:15:00Z"). */
void clock_format(int64_t time_ms, char out[CLOCK_TEXT_LEN + 1]);
/* "2026-11-23" */
void clock_format_day(int64_t time_ms, char out[11]);
/* RFC 9110 §5.6.7: "Mon, 23 Nov 2026 20:15:00 GMT" */
void clock_format_http(int64_t time_ms, char out[30]);
/* The same three obsolete and current forms read back; false when text is none. */
bool clock_parse_http(const char *text, int64_t *out_time_ms);
/*
 * A date ("2026-11-23" = its first millisecond) or a date and time, "Z" or without zone (UTC).
 * Fails base.time.invalid.
 */
bool clock_parse(const char *text, int64_t *out_time_ms, struct err *e) PL_MUST_USE;
/* "90s", "15m", "12h", "30d", "2w", "5y" (365 days). Fails base.duration.invalid. */
bool clock_parse_duration(const char *text, int64_t *out_duration_ms, struct err *e) PL_MUST_USE;
/*
 * Civil date to Unix seconds (proleptic Gregorian), for readers of ASN.1 times. Month 1…12, day
 * 1…31.
 */
int64_t clock_from_civil(int year, int month, int day, int hour, int minute, int second);
/* "in 29 days", "3 hours ago", "now": for people. */
void clock_format_relative(int64_t time_ms, int64_t now_ms, char out[32]);

#endif
