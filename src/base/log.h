/*
 * One line a record on standard error, key=value, for role/ and cli/ alone: other code returns
 * errors.
 *
 *   2026-11-23T20:15:00Z info net listening address=127.0.0.1:8443
 *
 * Values pass the escaper; values with spaces are quoted. Lines are at most LOG_LINE_MAX bytes.
 */
#ifndef PL_BASE_LOG_H
#define PL_BASE_LOG_H

#include "base/compiler.h"
#include "base/err.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
enum { LOG_LINE_MAX = 4096 };

/*
 * role: a static string ("net"); lines above the level are dropped; json: one JSON object a line.
 */
void log_open(const char *role, enum log_level level, bool is_json);

/*
 * event: words of ours; then pairs of key (static string) and value (string from anywhere, NULL
 * pairs are left out), ended by NULL.
 */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));

/* The same with an error's code, reasons and note. */
void log_error(const struct err *e, const char *event);
void log_warning(const struct err *e, const char *event); /* likewise; it goes on without it */

#endif
