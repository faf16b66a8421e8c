/* The one escaper. Pure functions. */
#include "base/escape.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { ESCAPED_MAX = 16 };

/*
 * Characters that reorder, hide or join what is around them: Unicode's bidirectional and format
 * controls, blanks that are letters, and the rest of Default_Ignorable_Code_Point.
 */
static bool is_deceptive(uint32_t c) {
    static const struct {
        uint32_t first;
        uint32_t last;
    } ranges[] = {
        {0x00AD, 0x00AD},   {0x034F, 0x034F},   {0x061C, 0x061C}, {0x115F, 0x1160},
        {0x17B4, 0x17B5},   {0x180B, 0x180F},   {0x200B, 0x200F}, {0x2028, 0x202E},
        {0x2060, 0x206F},   {0x2800, 0x2800},   {0x3164, 0x3164}, {0xFE00, 0xFE0F},
        {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3},
        {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(ranges); i++) {
        if (c >= ranges[i].first && c <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

static bool is_control(uint32_t c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || is_deceptive(c);
}

static const char *html_entity(uint32_t c) {
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static size_t put_control(char out[ESCAPED_MAX], enum escape_for target, uint32_t c) {
    int len = 0;
    if (target == ESCAPE_JSON && c > 0xFFFF) {
        len = snprintf(out, ESCAPED_MAX, "\\u%04x\\u%04x", 0xD800 + ((c - 0x10000) >> 10) % 0x400,
                       0xDC00 + (c - 0x10000) % 0x400);
    } else if (target == ESCAPE_JSON) {
        len = snprintf(out, ESCAPED_MAX, "\\u%04x", c & 0xFFFF);
    } else {
        len = snprintf(out, ESCAPED_MAX, c < 0x100 ? "\\x%02x" : "\\u{%x}", c);
    }
    return (size_t)len;
}

static size_t put_text(char out[ESCAPED_MAX], const char *text) {
    size_t len = strlen(text);
    memcpy(out, text, len);
    return len;
}

/* One character's (or one invalid byte's) escaped form. */
static size_t put_escaped(char out[ESCAPED_MAX], enum escape_for target, uint32_t c) {
    if (is_control(c)) {
        return put_control(out, target, c);
    }
    if (target == ESCAPE_HTML && html_entity(c) != NULL) {
        return put_text(out, html_entity(c));
    }
    bool is_quoted = target == ESCAPE_JSON || target == ESCAPE_LOG;
    if ((c == '\\' && target != ESCAPE_HTML) || (c == '"' && is_quoted)) {
        out[0] = '\\';
        out[1] = (char)c;
        return 2;
    }
    return utf8_put(c, out);
}

static size_t escape_next(char out[ESCAPED_MAX], enum escape_for target, const uint8_t *at,
                          size_t len, size_t *out_used) {
    uint32_t c = 0;
    *out_used = utf8_char(at, len, &c);
    if (*out_used > 0) {
        return put_escaped(out, target, c);
    }
    *out_used = 1;
    if (target == ESCAPE_JSON) {
        return utf8_put(0xFFFD, out);
    }
    return (size_t)snprintf(out, ESCAPED_MAX, "\\x%02x", at[0]);
}

bool escape_append(struct buf *out, enum escape_for target, const void *text, size_t len,
                   struct err *e) {
    const uint8_t *at = text;
    while (len > 0) {
        char escaped[ESCAPED_MAX];
        size_t used = 0;
        size_t escaped_len = escape_next(escaped, target, at, len, &used);
        if (!buf_append(out, escaped, escaped_len, e)) {
            return false;
        }
        at += used;
        len -= used;
    }
    return true;
}

void escape_into(char *out, size_t out_size, enum escape_for target, const char *text) {
    static const char dots[] = "...";
    const uint8_t *at = (const uint8_t *)text;
    size_t len = strlen(text);
    size_t written = 0;
    size_t fits = 0; /* how much may stay if "..." must follow */
    while (len > 0) {
        char escaped[ESCAPED_MAX];
        size_t used = 0;
        size_t escaped_len = escape_next(escaped, target, at, len, &used);
        if (written + escaped_len >= out_size) {
            memcpy(out + fits, dots, sizeof(dots));
            return;
        }
        memcpy(out + written, escaped, escaped_len);
        written += escaped_len;
        if (written + sizeof(dots) <= out_size) {
            fits = written;
        }
        at += used;
        len -= used;
    }
    out[written] = '\0';
}
