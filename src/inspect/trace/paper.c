/* Lines for a terminal. */
#include "inspect/trace/paper.h"

#include "base/escape.h"

#include <stdio.h>
#include <string.h>

static void raw(struct paper *p, const char *text, size_t len) {
    p->is_failed = p->is_failed || !buf_append(p->out, text, len, NULL);
}

void paper_ink(struct paper *p, enum paper_ink ink) {
    static const char *const codes[] = {"\033[0m",  "\033[1m",  "\033[2m", "\033[32m",
                                        "\033[33m", "\033[31m", "\033[36m"};
    if (p->has_color) {
        raw(p, codes[ink], strlen(codes[ink]));
    }
}

/* Characters, as far as a terminal shows one for each: continuation bytes are not counted. */
static unsigned width_of(const char *text, size_t len) {
    unsigned width = 0;
    for (size_t i = 0; i < len; i++) {
        width += ((uint8_t)text[i] & 0xC0) != 0x80 ? 1 : 0;
    }
    return width;
}

static void put_escaped(struct paper *p, const char *text, size_t len) {
    size_t before = p->out->len;
    p->is_failed = p->is_failed || !escape_append(p->out, ESCAPE_TERMINAL, text, len, NULL);
    if (!p->is_failed) {
        p->column += width_of((const char *)p->out->data + before, p->out->len - before);
    }
}

static void put_len(struct paper *p, enum paper_ink ink, const char *text, size_t len) {
    if (ink != PAPER_PLAIN) {
        paper_ink(p, ink);
    }
    put_escaped(p, text, len);
    if (ink != PAPER_PLAIN) {
        paper_ink(p, PAPER_PLAIN);
    }
}

void paper_put(struct paper *p, enum paper_ink ink, const char *text) {
    put_len(p, ink, text, strlen(text));
}

void paper_printf(struct paper *p, enum paper_ink ink, const char *format, ...) {
    PL_AUTO(buf_clear) struct buf text = {.max = 64 * 1024};
    va_list arguments;
    va_start(arguments, format);
    bool ok = buf_vprintf(&text, NULL, format, arguments);
    va_end(arguments);
    p->is_failed = p->is_failed || !ok;
    paper_put(p, ink, buf_string(&text));
}

void paper_line(struct paper *p) {
    raw(p, "\n", 1);
    p->column = 0;
}

void paper_tab(struct paper *p, unsigned column) {
    do {
        raw(p, " ", 1);
        p->column++;
    } while (p->column < column);
}

void paper_flow(struct paper *p, enum paper_ink ink, unsigned indent, const char *text) {
    bool is_first = true;
    while (*text != '\0') {
        size_t len = strcspn(text, " \n");
        if (len > 0) {
            unsigned width = width_of(text, len);
            if (!is_first && p->column + 1 + width > p->columns) {
                paper_line(p);
            }
            if (p->column == 0 && indent > 0) {
                paper_tab(p, indent);
            } else if (!is_first && p->column > 0) {
                raw(p, " ", 1);
                p->column++;
            }
            put_len(p, ink, text, len);
            is_first = false;
        }
        text += len + (text[len] == '\0' ? 0 : 1);
    }
}

void paper_bytes(struct paper *p, enum paper_ink ink, unsigned indent, const char *digits,
                 bool is_whole) {
    size_t count = strlen(digits) / 2;
    char pair[4] = "";
    for (size_t i = 0; i < count; i++) {
        bool is_full = p->column + 5 > p->columns;
        if (is_full && !is_whole) {
            paper_put(p, ink, " …");
            return;
        }
        if (is_full) {
            paper_line(p);
        }
        bool is_first = i == 0 || p->column == 0;
        if (p->column == 0 && indent > 0) {
            paper_tab(p, indent);
        }
        (void)snprintf(pair, sizeof(pair), "%s%.2s", is_first ? "" : " ", digits + 2 * i);
        paper_put(p, ink, pair);
    }
}
