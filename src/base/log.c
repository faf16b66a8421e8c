/* One line a record, written with one write(2) so that lines of several processes do not mix. */
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/escape.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* VALUE_MIN: shorter than this a cut value says nothing. END_LEN: "}\n" */
enum { VALUE_MAX = 2048, VALUE_MIN = 16, END_LEN = 2 };

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

/*
 * One pair. A value that is too long for the line is cut, and a pair that has no place any more is
 * left out, so that a record is always whole: an attacker's long name cannot hide its end.
 */
static void put_pair(struct buf *line, const char *key, const char *value) {
    char escaped[VALUE_MAX];
    enum escape_for target = log_is_json ? ESCAPE_JSON : ESCAPE_LOG;
    size_t around = strlen(key) + strlen(",\"\":\"\"");
    size_t left = line->max - END_LEN - line->len;
    if (value == NULL || left < around + VALUE_MIN) {
        return;
    }
    size_t room = left - around + 1;
    escape_into(escaped, room < sizeof(escaped) ? room : sizeof(escaped), target, value);
    bool is_word = value[0] != '\0' && strpbrk(escaped, " \"=\\") == NULL;
    bool ok = log_is_json ? buf_printf(line, NULL, ",\"%s\":\"%s\"", key, escaped)
              : is_word   ? buf_printf(line, NULL, " %s=%s", key, escaped)
                          : buf_printf(line, NULL, " %s=\"%s\"", key, escaped);
    (void)ok; /* without memory the record loses this pair */
}

static bool put_head(struct buf *line, enum log_level level, const char *event) {
    char now[CLOCK_TEXT_LEN + 1];
    clock_format(clock_now_ms(), now);
    if (log_is_json) {
        return buf_printf(line, NULL,
                          "{\"time\":\"%s\",\"level\":\"%s\",\"role\":\"%s\",\"event\":\"%s\"", now,
                          level_name(level), log_role, event);
    }
    return buf_printf(line, NULL, "%s %s %s %s", now, level_name(level), log_role, event);
}

static void write_line(const struct buf *line) {
    const uint8_t *at = line->data;
    size_t left = line->len;
    while (left > 0) {
        ssize_t written = write(STDERR_FILENO, at, left);
        if (written < 0 && errno == EINTR) {
            continue;
        }
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
    if (!put_head(&line, level, event)) {
        return;
    }
    va_list pairs;
    va_start(pairs, event);
    const char *key = va_arg(pairs, const char *);
    while (key != NULL) {
        put_pair(&line, key, va_arg(pairs, const char *));
        key = va_arg(pairs, const char *);
    }
    va_end(pairs);
    if (buf_append_string(&line, log_is_json ? "}\n" : "\n", NULL)) {
        write_line(&line);
    }
}

static void log_failure(enum log_level level, const struct err *e, const char *event) {
    PL_AUTO(buf_clear) struct buf reason;
    buf_init(&reason, LOG_LINE_MAX);
    for (unsigned i = e->step_count; i-- > 0;) {
        if (!buf_printf(&reason, NULL, "%s%s", e->step[i], i > 0 ? ": " : "")) {
            break;
        }
    }
    log_event(level, event, "code", err_code_text(e->code), "reason", buf_string(&reason), "note",
              e->note[0] == '\0' ? NULL : e->note, NULL);
}

void log_error(const struct err *e, const char *event) {
    log_failure(LOG_ERROR, e, event);
}

void log_warning(const struct err *e, const char *event) {
    log_failure(LOG_WARNING, e, event);
}
