/*
 * What the program prints: lines, tables and notices for people on standard output and error, or
 * one JSON document. All text from outside passes the escaper here, once: callers give it raw.
 */
#ifndef PL_CLI_OUT_H
#define PL_CLI_OUT_H

#include "base/compiler.h"
#include "base/err.h"
#include "base/list.h"

#include <jansson.h>

enum out_color { OUT_PLAIN, OUT_BOLD, OUT_DIM, OUT_GREEN, OUT_YELLOW, OUT_RED, OUT_CYAN };

struct out {
    bool is_json;
    bool is_quiet;
    bool has_color;  /* on standard output */
    bool is_dry_run; /* documents say so */
};

/* A line on standard output; nothing with --json or --quiet. The whole line is escaped. */
void out_line(const struct out *out, const char *format, ...) PL_PRINTF(2, 3);
/* The same in a colour where the terminal has them. */
void out_colored(const struct out *out, enum out_color color, const char *format, ...)
    PL_PRINTF(3, 4);
/* "  label:   value", labels padded to one width; NULL or "" values are left out. */
void out_field(const struct out *out, const char *label, const char *format, ...) PL_PRINTF(3, 4);
/* A line on standard error: "padlock: note: …"; nothing with --quiet. */
void out_notice(const struct out *out, const char *format, ...) PL_PRINTF(2, 3);
void out_notices(const struct out *out, const struct list *notices);
/* Bytes as they are (PEM, DER) on standard output. Fails cli.output. */
bool out_bytes(const void *bytes, size_t len, struct err *e) PL_MUST_USE;
/* Prints the document (with --json) and takes the reference in any case. Fails cli.output. */
bool out_json(const struct out *out, json_t *document, struct err *e) PL_MUST_USE;
/* The error, with its reasons, code and hint: text on standard error, or RFC 9457 JSON on standard
 * output. */
void out_error(const struct out *out, const struct err *e, const char *what_failed);

enum { OUT_COLUMNS_MAX = 12 };

/* A table: a header line, then a row a call; printed when it ends, columns as wide as they need. */
struct out_table {
    const struct out *out;
    size_t column_count;
    struct list cells; /* header first */
    struct list colors;
};
void out_table_begin(struct out_table *table, const struct out *out, const char *const *headers,
                     size_t count);
/* count cells, NULL for an empty one. Fails base.oom, base.limit. */
bool out_table_row(struct out_table *table, enum out_color color, const char *const *cells,
                   struct err *e) PL_MUST_USE;
/* Prints and clears; with no row, prints the sentence instead (NULL: nothing). */
void out_table_end(struct out_table *table, const char *when_empty);

#endif
