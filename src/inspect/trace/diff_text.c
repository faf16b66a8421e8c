/* The comparison for a terminal: what differs, A above B, and what it means. */
#include "base/mem.h"
#include "inspect/trace/diff_parts.h"
#include "inspect/trace/paper.h"

#include <string.h>

enum { COLUMNS_MIN = 40, NAME = 3, SIDE = 30, SIDE_NARROW = 6, WIDE_FROM = 70 };

struct text {
    struct paper paper;
    const struct trace_diff_style *style;
};

/* Where values stand; on narrow terminals below their names. */
static unsigned side_column(const struct text *t) {
    return t->paper.columns < WIDE_FROM ? SIDE_NARROW : SIDE;
}

/* --- one row -------------------------------------------------------------------------------------
 */

static void begin_line(struct text *t) {
    if (t->paper.column >= side_column(t)) {
        paper_line(&t->paper);
    }
    paper_tab(&t->paper, side_column(t));
}

/* A value without blanks that is longer than a line (a fingerprint), cut at characters. */
static void put_long(struct text *t, const char *text, unsigned indent) {
    struct paper *p = &t->paper;
    size_t room = p->columns - indent;
    while (*text != '\0') {
        PL_AUTO(mem_freep) void *part = NULL;
        size_t len = 0;
        for (size_t width = 0; text[len] != '\0' && width < room; width++) {
            len++;
            while (((uint8_t)text[len] & 0xC0) == 0x80) {
                len++;
            }
        }
        if (!mem_dup(text, len, &part, NULL)) {
            p->is_failed = true;
            return;
        }
        paper_put(p, PAPER_PLAIN, part);
        text += len;
        if (*text != '\0') {
            paper_line(p);
            paper_tab(p, indent);
        }
    }
}

/* Characters up to the first blank. */
static unsigned word_width(const char *text) {
    size_t len = strcspn(text, " \n");
    unsigned width = 0;
    for (size_t i = 0; i < len; i++) {
        width += ((uint8_t)text[i] & 0xC0) != 0x80 ? 1 : 0;
    }
    return width;
}

static void put_value(struct text *t, const char *text, unsigned indent) {
    if (word_width(text) > t->paper.columns - indent) {
        put_long(t, text, indent);
    } else {
        paper_flow(&t->paper, PAPER_PLAIN, indent, text);
    }
}

static void put_values(struct text *t, unsigned indent, const json_t *values) {
    struct paper *p = &t->paper;
    size_t count = json_array_size(values);
    if (count == 0) {
        paper_put(p, PAPER_DIM, "–");
    }
    p->columns--; /* room for a comma */
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(values, i));
        text = text == NULL ? "" : text;
        if (i > 0) {
            bool is_full = p->column + 1 + word_width(text) > p->columns;
            if (is_full) {
                paper_line(p);
            }
            paper_tab(p, is_full ? indent : 0);
        }
        put_value(t, text, indent);
        if (i + 1 < count) {
            paper_put(p, PAPER_PLAIN, ",");
        }
    }
    p->columns++;
    paper_line(p);
}

static void put_side(struct text *t, const char *side, enum paper_ink ink, const json_t *values) {
    begin_line(t);
    paper_put(&t->paper, ink, side);
    unsigned indent = side_column(t) + (unsigned)strlen(side) + 2;
    paper_tab(&t->paper, indent);
    put_values(t, indent, values);
}

static void put_list_row(struct text *t, const json_t *row) {
    const json_t *only_a = json_object_get(row, "only_a");
    const json_t *only_b = json_object_get(row, "only_b");
    if (json_is_true(json_object_get(row, "is_reordered"))) {
        begin_line(t);
        paper_put(&t->paper, PAPER_PLAIN, "the same in another order");
        paper_line(&t->paper);
        put_side(t, "A", PAPER_YELLOW, json_object_get(row, "a"));
        put_side(t, "B", PAPER_CYAN, json_object_get(row, "b"));
        return;
    }
    if (json_array_size(only_a) > 0) {
        put_side(t, "only A", PAPER_YELLOW, only_a);
    }
    if (json_array_size(only_b) > 0) {
        put_side(t, "only B", PAPER_CYAN, only_b);
    }
}

static void put_row(struct text *t, const json_t *row) {
    struct paper *p = &t->paper;
    bool is_same = json_is_true(json_object_get(row, "is_same"));
    paper_tab(p, NAME);
    paper_flow(p, PAPER_BOLD, NAME + 2, diff_text_of(row, "name"));
    if (is_same) {
        put_side(t, "=", PAPER_DIM, json_object_get(row, "a"));
        return;
    }
    if (json_object_get(row, "only_a") != NULL) {
        put_list_row(t, row);
    } else {
        put_side(t, "A", PAPER_YELLOW, json_object_get(row, "a"));
        put_side(t, "B", PAPER_CYAN, json_object_get(row, "b"));
    }
    if (diff_text_of(row, "meaning")[0] != '\0') {
        paper_tab(p, side_column(t) + 3);
        paper_flow(p, PAPER_DIM, side_column(t) + 3, diff_text_of(row, "meaning"));
        paper_line(p);
    }
}

/* --- sections ------------------------------------------------------------------------------------
 */

static bool is_shown(const struct text *t, const json_t *row) {
    return t->style->is_all || !json_is_true(json_object_get(row, "is_same"));
}

static void put_section(struct text *t, const json_t *section) {
    const json_t *rows = json_object_get(section, "rows");
    bool has_heading = false;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (!is_shown(t, row)) {
            continue;
        }
        if (!has_heading) {
            paper_line(&t->paper);
            paper_put(&t->paper, PAPER_BOLD, diff_text_of(section, "title"));
            paper_line(&t->paper);
            has_heading = true;
        }
        put_row(t, row);
    }
}

static void put_whose(struct text *t, const json_t *diff, const char *side, const char *letter,
                      enum paper_ink ink) {
    const json_t *o = json_object_get(diff, side);
    struct paper *p = &t->paper;
    paper_put(p, ink, letter);
    paper_put(p, PAPER_PLAIN, "  ");
    paper_put(p, PAPER_BOLD, diff_text_of(o, "target"));
    if (diff_text_of(o, "lab")[0] == '\0') {
        paper_printf(p, PAPER_PLAIN, "  %s port %lld", diff_text_of(o, "address"),
                     (long long)diff_number_of(o, "port"));
    }
    paper_printf(p, PAPER_DIM, "  %s", diff_text_of(o, "time"));
    paper_line(p);
}

static void put_counts(struct text *t, const json_t *diff) {
    int64_t of_a = diff_number_of(json_object_get(diff, "a"), "handshakes");
    int64_t of_b = diff_number_of(json_object_get(diff, "b"), "handshakes");
    size_t count = trace_diff_count(diff);
    if (of_a != of_b) {
        paper_printf(&t->paper, PAPER_PLAIN,
                     "A has %lld handshakes and B %lld: the first ones are compared",
                     (long long)of_a, (long long)of_b);
        paper_line(&t->paper);
    }
    if (count == 0) {
        paper_put(&t->paper, PAPER_GREEN, "no difference but in sizes and times");
    } else {
        paper_printf(&t->paper, PAPER_YELLOW, "%zu difference%s beside sizes and times", count,
                     count == 1 ? "" : "s");
    }
    paper_line(&t->paper);
}

bool trace_diff_text(const json_t *diff, const struct trace_diff_style *style, struct buf *out,
                     struct err *e) {
    struct text t = {
        .paper = {.out = out,
                  .columns = style->columns < COLUMNS_MIN ? COLUMNS_MIN : style->columns,
                  .has_color = style->has_color},
        .style = style};
    const json_t *handshakes = json_object_get(diff, "handshakes");
    put_whose(&t, diff, "a", "A", PAPER_YELLOW);
    put_whose(&t, diff, "b", "B", PAPER_CYAN);
    put_counts(&t, diff);
    for (size_t i = 0; i < json_array_size(handshakes); i++) {
        const json_t *sections = json_object_get(json_array_get(handshakes, i), "sections");
        if (i > 0) {
            paper_line(&t.paper);
            paper_put(&t.paper, PAPER_BOLD, "The next handshake");
            paper_line(&t.paper);
        }
        for (size_t k = 0; k < json_array_size(sections); k++) {
            put_section(&t, json_array_get(sections, k));
        }
    }
    return !t.paper.is_failed ||
           err_set(e, ERR_BASE_LIMIT, "the comparison is too long to be shown");
}
