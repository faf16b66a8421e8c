/* Everything that the program prints, and the one place where it is escaped. */
#include "cli/out.h"

#include "base/buf.h"
#include "base/escape.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_LEN = 64 * 1024, FIELD_WIDTH = 16, CELLS_MAX = 2 * 1000 * 1000 };

static const char *color_start(enum out_color color) {
    static const char *const starts[] = {"",         "\033[1m",  "\033[2m", "\033[32m",
                                         "\033[33m", "\033[31m", "\033[36m"};
    return starts[color];
}

static void print_colored(const struct out *out, enum out_color color, const char *text) {
    bool is_colored = out->has_color && color != OUT_PLAIN;
    (void)printf("%s%s%s", is_colored ? color_start(color) : "", text, is_colored ? "\033[0m" : "");
}

/* Escapes but keeps line ends: our own texts have several lines, and texts from outside were made
 * one before. */
static void escape_lines(struct buf *escaped, const char *text) {
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        if (!escape_append(escaped, ESCAPE_TERMINAL, text, len, NULL) ||
            (text[len] == '\n' && !buf_append_byte(escaped, '\n', NULL))) {
            return;
        }
        text += len + (text[len] == '\n' ? 1 : 0);
    }
}

PL_PRINTF(2, 0)
static void format_escaped(struct buf *escaped, const char *format, va_list arguments) {
    PL_AUTO(buf_clear) struct buf text;
    buf_init(&text, LINE_MAX_LEN);
    if (buf_vprintf(&text, NULL, format, arguments)) {
        escape_lines(escaped, buf_string(&text));
    }
}

void out_line(const struct out *out, const char *format, ...) {
    if (out->is_json || out->is_quiet) {
        return;
    }
    PL_AUTO(buf_clear) struct buf escaped;
    buf_init(&escaped, LINE_MAX_LEN);
    va_list arguments;
    va_start(arguments, format);
    format_escaped(&escaped, format, arguments);
    va_end(arguments);
    (void)printf("%s\n", buf_string(&escaped));
}

void out_colored(const struct out *out, enum out_color color, const char *format, ...) {
    if (out->is_json || out->is_quiet) {
        return;
    }
    PL_AUTO(buf_clear) struct buf escaped;
    buf_init(&escaped, LINE_MAX_LEN);
    va_list arguments;
    va_start(arguments, format);
    format_escaped(&escaped, format, arguments);
    va_end(arguments);
    print_colored(out, color, buf_string(&escaped));
    (void)printf("\n");
}

void out_field(const struct out *out, const char *label, const char *format, ...) {
    if (out->is_json || out->is_quiet) {
        return;
    }
    PL_AUTO(buf_clear) struct buf escaped;
    buf_init(&escaped, LINE_MAX_LEN);
    va_list arguments;
    va_start(arguments, format);
    format_escaped(&escaped, format, arguments);
    va_end(arguments);
    if (escaped.len > 0) {
        (void)printf("  %-*s %s\n", FIELD_WIDTH, label, buf_string(&escaped));
    }
}

void out_notice(const struct out *out, const char *format, ...) {
    if (out->is_quiet) {
        return;
    }
    PL_AUTO(buf_clear) struct buf escaped;
    buf_init(&escaped, LINE_MAX_LEN);
    va_list arguments;
    va_start(arguments, format);
    format_escaped(&escaped, format, arguments);
    va_end(arguments);
    (void)fprintf(stderr, "padlock: note: %s\n", buf_string(&escaped));
}

void out_notices(const struct out *out, const struct list *notices) {
    for (size_t i = 0; i < notices->count; i++) {
        out_notice(out, "%s", notices->items[i]);
    }
}

static bool output_failed(struct err *e) {
    return err_set_errno(e, ERR_CLI_OUTPUT, errno, "cannot write to standard output");
}

bool out_bytes(const void *bytes, size_t len, struct err *e) {
    return (fwrite(bytes, 1, len, stdout) == len && fflush(stdout) == 0) || output_failed(e);
}

bool out_json(const struct out *out, json_t *document, struct err *e) {
    if (document == NULL) {
        return err_set(e, ERR_BASE_OOM, "out of memory");
    }
    bool ok = true;
    if (out->is_dry_run) {
        ok = json_object_set_new(document, "is_dry_run", json_true()) == 0;
    }
    if (out->is_json) {
        ok = ok && json_dumpf(document, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0 &&
             fputc('\n', stdout) != EOF && fflush(stdout) == 0;
    }
    json_decref(document);
    return ok || output_failed(e);
}

static json_t *error_document(const struct err *e, const char *what_failed) {
    enum err_kind kind = err_kind_of(e);
    json_t *reasons = json_array();
    for (unsigned i = e->step_count; reasons != NULL && i-- > 0;) {
        char clean[ERR_TEXT_MAX * 4];
        escape_into(clean, sizeof(clean), ESCAPE_TERMINAL, e->step[i]);
        (void)json_array_append_new(reasons, json_string(clean));
    }
    json_t *document = json_pack("{s:s+, s:s, s:i, s:s, s:s, s:o}", "type",
                                 "urn:padlock:error:", err_code_text(e->code), "title",
                                 err_kind_problem(kind), "status", err_kind_http(kind), "detail",
                                 what_failed, "code", err_code_text(e->code), "reasons", reasons);
    if (document != NULL && e->hint[0] != '\0') {
        char clean[ERR_TEXT_MAX * 4];
        escape_into(clean, sizeof(clean), ESCAPE_TERMINAL, e->hint);
        (void)json_object_set_new(document, "hint", json_string(clean));
    }
    return document;
}

static void print_error_part(const char *before, const char *text, const char *after) {
    char clean[ERR_TEXT_MAX * 4];
    escape_into(clean, sizeof(clean), ESCAPE_TERMINAL, text);
    (void)fprintf(stderr, "%s%s%s\n", before, clean, after);
}

void out_error(const struct out *out, const struct err *e, const char *what_failed) {
    if (out->is_json) {
        (void)!out_json(out, error_document(e, what_failed), NULL);
        return;
    }
    (void)fflush(stdout);
    print_error_part("padlock: ", what_failed, "");
    for (unsigned i = e->step_count; i-- > 0;) {
        char code[64];
        (void)snprintf(code, sizeof(code), "  [%.50s]", err_code_text(e->code));
        print_error_part("  ", e->step[i], i == 0 ? code : "");
    }
    if (e->hint[0] != '\0') {
        print_error_part("  hint: ", e->hint, "");
    }
}

void out_table_begin(struct out_table *table, const struct out *out, const char *const *headers,
                     size_t count) {
    PL_BUG_UNLESS(count <= OUT_COLUMNS_MAX);
    *table = (struct out_table){.out = out, .column_count = count};
    list_init(&table->cells, CELLS_MAX);
    list_init(&table->colors, CELLS_MAX);
    (void)!out_table_row(table, OUT_BOLD, headers, NULL);
}

bool out_table_row(struct out_table *table, enum out_color color, const char *const *cells,
                   struct err *e) {
    const char name[2] = {(char)('0' + color), '\0'};
    if (!list_add(&table->colors, name, e)) {
        return false;
    }
    for (size_t i = 0; i < table->column_count; i++) {
        PL_AUTO(buf_clear) struct buf escaped;
        buf_init(&escaped, LINE_MAX_LEN);
        const char *cell = cells[i] == NULL ? "" : cells[i];
        if (!escape_append(&escaped, ESCAPE_TERMINAL, cell, strlen(cell), e) ||
            !list_add(&table->cells, buf_string(&escaped), e)) {
            return false;
        }
    }
    return true;
}

/* Columns on a terminal: one for each character (the escaper leaves no control or zero-width one).
 */
static int width_of(const char *text) {
    int width = 0;
    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xC0) != 0x80 ? 1 : 0;
    }
    return width;
}

static void print_row(const struct out_table *table, size_t row, const int *widths) {
    PL_AUTO(buf_clear) struct buf line;
    buf_init(&line, LINE_MAX_LEN);
    for (size_t i = 0; i < table->column_count; i++) {
        const char *cell = table->cells.items[row * table->column_count + i];
        bool is_last = i + 1 == table->column_count;
        int padding = is_last ? 0 : widths[i] - width_of(cell) + 2;
        if (!buf_printf(&line, NULL, "%s%*s", cell, padding, "")) {
            return;
        }
    }
    print_colored(table->out, (enum out_color)(table->colors.items[row][0] - '0'),
                  buf_string(&line));
    (void)printf("\n");
}

void out_table_end(struct out_table *table, const char *when_empty) {
    int widths[OUT_COLUMNS_MAX] = {0};
    for (size_t i = 0; i < table->cells.count; i++) {
        int width = width_of(table->cells.items[i]);
        int *column = &widths[i % table->column_count];
        *column = width > *column ? width : *column;
    }
    bool is_shown = !table->out->is_json && !table->out->is_quiet;
    if (is_shown && table->colors.count > 1) {
        for (size_t row = 0; row < table->colors.count; row++) {
            print_row(table, row, widths);
        }
    } else if (is_shown && when_empty != NULL) {
        (void)printf("%s\n", when_empty);
    }
    list_clear(&table->cells);
    list_clear(&table->colors);
}
