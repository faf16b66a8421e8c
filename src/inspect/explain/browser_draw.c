/* Pages as boxes of text. Columns are counted as characters: no wide ones are drawn by us. */
#include "inspect/explain/browser.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

enum { INNER = BROWSER_DRAW_WIDTH - 4, DRAWN_MAX = 4 * BROWSER_DRAW_WIDTH };

/* Columns of a text: bytes that begin a character. */
static size_t columns(const char *text, size_t len) {
    size_t count = 0;
    for (size_t i = 0; i < len; i++) {
        count += ((unsigned char)text[i] & 0xC0) != 0x80 ? 1 : 0;
    }
    return count;
}

static bool add_row(struct list *lines, const char *text, size_t len, struct err *e) {
    size_t used = columns(text, len);
    size_t padding = used < INNER ? INNER - used : 0;
    return list_printf(lines, e, "│ %.*s%*s │", (int)len, text, (int)padding, "");
}

static bool add_rule(struct list *lines, const char *left, const char *right, struct err *e) {
    PL_AUTO(buf_clear) struct buf line;
    buf_init(&line, DRAWN_MAX);
    for (size_t i = 0; i < BROWSER_DRAW_WIDTH - 2; i++) {
        if (!buf_append_string(&line, "─", e)) {
            return false;
        }
    }
    return list_printf(lines, e, "%s%s%s", left, buf_string(&line), right);
}

/* How many bytes of the text go on a line: to the last space that fits, or a whole line. */
static size_t line_len(const char *text) {
    size_t len = 0;
    size_t space = 0;
    while (text[len] != '\0' && columns(text, len + 1) <= INNER) {
        space = text[len] == ' ' ? len : space;
        len++;
    }
    while (((unsigned char)text[len] & 0xC0) == 0x80) {
        len++; /* the rest of the last character */
    }
    return text[len] == '\0' || space == 0 ? len : text[len] == ' ' ? len : space;
}

/* A paragraph, and an empty row before it; nothing for an empty text. */
static bool add_text(struct list *lines, const char *text, struct err *e) {
    if (text[0] == '\0') {
        return true;
    }
    if (!add_row(lines, "", 0, e)) {
        return false;
    }
    while (*text != '\0') {
        size_t len = line_len(text);
        if (!add_row(lines, text, len, e)) {
            return false;
        }
        text += len;
        text += *text == ' ' ? 1 : 0;
    }
    return true;
}

/* What stands before the address: each browser's sign, today's and the one that people remember. */
static const char *sign_of(const struct browser_view *view) {
    static const char *const good[BROWSER_COUNT] = {
        [BROWSER_CHROME] = "[≡] (before 2023: [padlock])",
        [BROWSER_FIREFOX] = "[padlock]",
        [BROWSER_SAFARI] = "[padlock]",
        [BROWSER_IE] = "[padlock at the right]",
    };
    static const char *const bad[BROWSER_COUNT] = {
        [BROWSER_CHROME] = "(!) Not secure",
        [BROWSER_FIREFOX] = "(!) Not secure",
        [BROWSER_SAFARI] = "Not Secure",
        [BROWSER_IE] = "(x) Certificate Error",
    };
    bool is_plain_error = view->browser == BROWSER_CHROME &&
                          !str_starts_with(view->code, "NET::") && view->outcome != BROWSER_SHOWN;
    return view->outcome == BROWSER_SHOWN ? good[view->browser]
           : is_plain_error               ? "(i)"
                                          : bad[view->browser];
}

static bool add_address(const struct browser_input *in, const struct browser_view *view,
                        struct list *lines, struct err *e) {
    char text[BROWSER_TEXT_MAX];
    char port[8] = "";
    if (in->port != 0 && in->port != 443) {
        (void)snprintf(port, sizeof(port), ":%u", in->port);
    }
    (void)snprintf(text, sizeof(text), "%s  https://%.256s%s/", sign_of(view),
                   in->input->host == NULL ? "the site" : in->input->host, port);
    str_one_line(text);
    return add_row(lines, text, line_len(text), e);
}

static bool add_padlock_view(const struct browser_input *in, const struct browser_view *view,
                             struct list *lines, struct err *e) {
    static const char *const words[BROWSER_COUNT] = {
        [BROWSER_CHROME] = "Connection is secure · Certificate is valid",
        [BROWSER_FIREFOX] = "Connection secure",
        [BROWSER_SAFARI] = "Safari is using an encrypted connection",
        [BROWSER_IE] = "Website Identification: This connection to the server is encrypted",
    };
    char text[BROWSER_TEXT_MAX];
    const struct cert *leaf = in->input->leaf;
    (void)snprintf(text, sizeof(text), "%s · Verified by: %.200s · Issued to: %.200s",
                   words[view->browser], cert_issuer_display_name(leaf), cert_display_name(leaf));
    str_one_line(text);
    return add_text(lines, text, e) && add_text(lines, view->note, e);
}

static bool add_page(const struct browser_view *view, struct list *lines, struct err *e) {
    char proceed[sizeof(view->proceed) + 8] = "";
    if (view->proceed[0] != '\0') {
        (void)snprintf(proceed, sizeof(proceed), "→ %s", view->proceed);
    }
    return add_text(lines, view->title, e) && add_text(lines, view->text, e) &&
           add_text(lines, view->code, e) && add_text(lines, view->detail, e) &&
           add_text(lines, proceed, e);
}

bool browser_draw(const struct browser_input *in, const struct browser_view *view,
                  struct list *out_lines, struct err *e) {
    bool is_shown = view->outcome == BROWSER_SHOWN;
    return list_printf(out_lines, e, "%s", browser_name(view->browser)) &&
           add_rule(out_lines, "┌", "┐", e) && add_address(in, view, out_lines, e) &&
           add_rule(out_lines, "├", "┤", e) &&
           (is_shown ? add_padlock_view(in, view, out_lines, e) : add_page(view, out_lines, e)) &&
           add_row(out_lines, "", 0, e) && add_rule(out_lines, "└", "┘", e);
}
