/* One line a record, written with one write(2) so that lines of several processes do not mix. */
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/escape.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static const char *log_role = "padlock";
static enum log_level log_limit = LOG_INFO;
static bool log_is_json;

static const char *level_name(enum log_level level) {
    static const char *const names[] = {"error", "warning", "info", "debug"};
    return names[level];
}

void log_open(const char *role, enum log_level level, bool is_json) {
    log_role = role;
    log_limit = level;
    log_is_json = is_json;
}

static bool put_json(struct buf *line, const char *key, const char *value) {
    return buf_printf(line, NULL, ",\"%s\":\"", key) &&
           escape_append(line, ESCAPE_JSON, value, strlen(value), NULL) &&
           buf_append_byte(line, '"', NULL);
}

static bool put_text(struct buf *line, const char *key, const char *value) {
    bool needs_quotes = value[0] == '\0' || strpbrk(value, " \"=") != NULL;
    const char *quote = needs_quotes ? "\"" : "";
    return buf_printf(line, NULL, " %s=%s", key, quote) &&
           escape_append(line, ESCAPE_TERMINAL, value, strlen(value), NULL) &&
           buf_append_string(line, quote, NULL);
}

static bool put_pair(struct buf *line, const char *key, const char *value) {
    return value == NULL || (log_is_json ? put_json(line, key, value) : put_text(line, key, value));
}

static bool put_head(struct buf *line, enum log_level level, const char *event) {
    char now[CLOCK_TEXT_LEN + 1];
    clock_format(clock_now_ms(), now);
    const char *format = log_is_json
                             ? "{\"time\":\"%s\",\"level\":\"%s\",\"role\":\"%s\",\"event\":\"%s\""
                             : "%s %s %s %s";
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    return buf_printf(line, NULL, format, now, level_name(level), log_role, event);
#pragma GCC diagnostic pop
}

static void write_line(struct buf *line) {
    /* A record that did not fit is cut, and still ends its line. */
    if (!buf_append_string(line, log_is_json ? "}\n" : "\n", NULL) && line->len > 0) {
        line->data[line->len - 1] = '\n';
    }
    const uint8_t *at = line->data;
    size_t left = line->len;
    while (left > 0) {
        ssize_t written = write(STDERR_FILENO, at, left);
        if (written <= 0) {
            return; /* nobody listens; there is no one to tell */
        }
        at += written;
        left -= (size_t)written;
    }
}

void log_event(enum log_level level, const char *event, ...) {
    if (level > log_limit) {
        return;
    }
    PL_AUTO(buf_clear) struct buf line;
    buf_init(&line, LOG_LINE_MAX);
    bool fits = put_head(&line, level, event);
    va_list pairs;
    va_start(pairs, event);
    const char *key = va_arg(pairs, const char *);
    while (fits && key != NULL) {
        fits = put_pair(&line, key, va_arg(pairs, const char *));
        key = va_arg(pairs, const char *);
    }
    va_end(pairs);
    write_line(&line);
}

void log_error(const struct err *e, const char *event) {
    PL_AUTO(buf_clear) struct buf reason;
    buf_init(&reason, LOG_LINE_MAX);
    for (unsigned i = e->step_count; i-- > 0;) {
        if (!buf_printf(&reason, NULL, "%s%s", e->step[i], i > 0 ? ": " : "")) {
            break;
        }
    }
    log_event(LOG_ERROR, event, "code", err_code_text(e->code), "reason", buf_string(&reason),
              "note", e->note[0] == '\0' ? NULL : e->note, NULL);
}
