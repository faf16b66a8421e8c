/*
 * Errors: what went wrong, said once, for the user, the program that calls us and the log.
 *
 * The caller owns a struct err and passes it down; err_init() or = {0} makes it empty. The first
 * failure sets the code and the innermost reason (err_set); each boundary that a user would name
 * (file, certificate, order, peer) adds its own step (err_wrap). A full list of steps keeps the
 * innermost reason and the newest steps. e may be NULL: then only the result is told.
 *
 * All of these return false, so that "return err_set(…)" reads as the failure it is.
 * Limits: ERR_STEPS_MAX steps, ERR_TEXT_MAX bytes a text (longer ones are cut at a character).
 * Texts: lower case, no full stop, reason always given, no function names. Texts may hold bytes
 * from outside: whoever prints them escapes them.
 */
#ifndef PL_BASE_ERR_H
#define PL_BASE_ERR_H

#include "base/compiler.h"

enum err_kind {
    ERR_KIND_NONE,
    ERR_KIND_INVALID,  /* the input is wrong */
    ERR_KIND_MISSING,  /* a thing named is not there */
    ERR_KIND_CONFLICT, /* it would clash with what is there */
    ERR_KIND_DENIED,   /* a rule refuses it */
    ERR_KIND_LIMIT,    /* too much of it */
    ERR_KIND_REMOTE,   /* the other side failed */
    ERR_KIND_TIMEOUT,
    ERR_KIND_OS,
    ERR_KIND_BUG,
    ERR_KIND_USAGE,   /* the command line is wrong */
    ERR_KIND_CONNECT, /* no connection */
    ERR_KIND_FAILED,  /* done as asked, and the answer is no (a verification) */
    ERR_KIND_COUNT
};

enum err_code {
    ERR_NONE,
#define ERR_CODE(name, text, kind, about) ERR_##name,
#include "base/err_codes.def"
#undef ERR_CODE
    ERR_CODE_COUNT
};

enum { ERR_STEPS_MAX = 5, ERR_TEXT_MAX = 512 };

struct err {
    enum err_code code;
    unsigned step_count; /* step[0] is the innermost reason */
    char step[ERR_STEPS_MAX][ERR_TEXT_MAX];
    char hint[ERR_TEXT_MAX]; /* what the user can do, "" if nothing is known */
    char note[ERR_TEXT_MAX]; /* for the log alone: system call, library's error queue */
};

void err_init(struct err *e);
bool err_is_set(const struct err *e);

/* Sets the code and the innermost reason; what was there before is gone. */
void err_set(struct err *e, enum err_code code, const char *format, ...) PL_PRINTF(3, 4);
/* err_set with the text of errno in the reason: "cannot open: no such file or directory". */
void err_set_errno(struct err *e, enum err_code code, int errno_value, const char *format, ...)
    PL_PRINTF(4, 5);
void err_wrap(struct err *e, const char *format, ...) PL_PRINTF(2, 3);
void err_hint(struct err *e, const char *format, ...) PL_PRINTF(2, 3);
void err_note(struct err *e, const char *format, ...) PL_PRINTF(2, 3);

/* Their result is false here and not in err.c, so that every compiler and analyser sees it. */
#define err_set(...) (err_set(__VA_ARGS__), false)
#define err_set_errno(...) (err_set_errno(__VA_ARGS__), false)
#define err_wrap(...) (err_wrap(__VA_ARGS__), false)
#define err_hint(...) (err_hint(__VA_ARGS__), false)
#define err_note(...) (err_note(__VA_ARGS__), false)

const char *err_code_text(enum err_code code);  /* "pki.key.missing" */
const char *err_code_about(enum err_code code); /* one sentence, for the manual */
enum err_kind err_code_kind(enum err_code code);
enum err_kind err_kind_of(const struct err *e);

/* One table for all: how a kind leaves the program. */
int err_kind_exit(enum err_kind kind);            /* 0…5, as the manual page documents */
int err_kind_http(enum err_kind kind);            /* 400, 404, 409, 403, 413, 502, 504, 500 */
const char *err_kind_problem(enum err_kind kind); /* RFC 9457 "title" */
const char *err_kind_acme(enum err_kind kind); /* RFC 8555 §6.7 error type, without its prefix */

#endif
