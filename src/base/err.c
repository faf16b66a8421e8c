/*
 * Errors and the one catalogue of their codes. No I/O; no allocation (out of memory must be
 * sayable). Names in parentheses are those that err.h also has a macro for.
 */
#include "base/err.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct code_entry {
    const char *text;
    const char *about;
    enum err_kind kind;
};

static const struct code_entry codes[ERR_CODE_COUNT] = {
    [ERR_NONE] = {"none", "no error", ERR_KIND_NONE},
#define ERR_CODE(name, text, kind, about) [ERR_##name] = {text, about, ERR_KIND_##kind},
#include "base/err_codes.def"
#undef ERR_CODE
};

struct kind_entry {
    int exit_code;
    int http_status;
    const char *problem;
    const char *acme;
};

static const struct kind_entry kinds[ERR_KIND_COUNT] = {
    [ERR_KIND_NONE] = {0, 200, "done", ""},
    [ERR_KIND_INVALID] = {1, 400, "invalid input", "malformed"},
    [ERR_KIND_MISSING] = {4, 404, "not found", "malformed"},
    [ERR_KIND_CONFLICT] = {3, 409, "conflict", "malformed"},
    [ERR_KIND_DENIED] = {3, 403, "refused by a rule", "unauthorized"},
    [ERR_KIND_LIMIT] = {1, 413, "too much", "rateLimited"},
    [ERR_KIND_REMOTE] = {1, 502, "the other side failed", "connection"},
    [ERR_KIND_TIMEOUT] = {5, 504, "no answer in time", "connection"},
    [ERR_KIND_OS] = {1, 500, "the system failed", "serverInternal"},
    [ERR_KIND_BUG] = {1, 500, "a defect in the program", "serverInternal"},
    [ERR_KIND_USAGE] = {2, 400, "wrong usage", "malformed"},
    [ERR_KIND_CONNECT] = {5, 502, "cannot connect", "connection"},
    [ERR_KIND_FAILED] = {1, 422, "the check failed", "malformed"},
};

void err_init(struct err *e) {
    if (e != NULL) {
        e->code = ERR_NONE;
        e->step_count = 0;
        e->hint[0] = '\0';
        e->note[0] = '\0';
    }
}

bool err_is_set(const struct err *e) {
    return e != NULL && e->code != ERR_NONE;
}

PL_PRINTF(2, 0)
static void put_text(char *out, const char *format, va_list arguments) {
    int len = vsnprintf(out, ERR_TEXT_MAX, format, arguments);
    if (len >= ERR_TEXT_MAX) {
        /* One byte shorter than what was written, or the cut would not look at the last character.
         */
        utf8_cut(out, ERR_TEXT_MAX - 2);
    } else if (len < 0) {
        out[0] = '\0';
    }
}

/* The slot of the next step: when all are taken, the oldest wrapping step makes room. */
static char *next_step(struct err *e) {
    if (e->step_count == ERR_STEPS_MAX) {
        memmove(e->step[1], e->step[2], sizeof(e->step[0]) * (ERR_STEPS_MAX - 2));
        e->step_count--;
    }
    return e->step[e->step_count++];
}

void(err_set)(struct err *e, enum err_code code, const char *format, ...) {
    if (e != NULL) {
        err_init(e);
        e->code = code;
        va_list arguments;
        va_start(arguments, format);
        put_text(next_step(e), format, arguments);
        va_end(arguments);
    }
}

void(err_set_errno)(struct err *e, enum err_code code, int errno_value, const char *format, ...) {
    if (e != NULL) {
        char what[ERR_TEXT_MAX];
        va_list arguments;
        va_start(arguments, format);
        put_text(what, format, arguments);
        va_end(arguments);
        const char *reason = strerrordesc_np(errno_value);
        (void)err_set(e, code, "%.400s: %s", what, reason == NULL ? "unknown reason" : reason);
    }
}

void(err_wrap)(struct err *e, const char *format, ...) {
    if (e != NULL) {
        va_list arguments;
        va_start(arguments, format);
        put_text(next_step(e), format, arguments);
        va_end(arguments);
    }
}

void(err_hint)(struct err *e, const char *format, ...) {
    if (e != NULL) {
        va_list arguments;
        va_start(arguments, format);
        put_text(e->hint, format, arguments);
        va_end(arguments);
    }
}

void(err_note)(struct err *e, const char *format, ...) {
    if (e != NULL) {
        va_list arguments;
        va_start(arguments, format);
        put_text(e->note, format, arguments);
        va_end(arguments);
    }
}

const char *err_code_text(enum err_code code) {
    return codes[code].text;
}

const char *err_code_about(enum err_code code) {
    return codes[code].about;
}

enum err_kind err_code_kind(enum err_code code) {
    return codes[code].kind;
}

enum err_kind err_kind_of(const struct err *e) {
    return codes[e->code].kind;
}

int err_kind_exit(enum err_kind kind) {
    return kinds[kind].exit_code;
}

int err_kind_http(enum err_kind kind) {
    return kinds[kind].http_status;
}

const char *err_kind_problem(enum err_kind kind) {
    return kinds[kind].problem;
}

const char *err_kind_acme(enum err_kind kind) {
    return kinds[kind].acme;
}
