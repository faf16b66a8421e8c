/* Which parts of the site "services" a binding has. */
#include "ops/bind_set.h"

#include "base/mem.h"
#include "base/str.h"
#include "http/parts.h"

#include <string.h>

enum { WORD_MAX = 32 };

uint32_t binding_parts_mask(const struct binding_row *row) {
    uint32_t mask = 0;
    enum part part = PART_CONSOLE;
    for (size_t i = 0; i < row->parts.count; i++) {
        mask |= part_find(row->parts.items[i], &part) ? 1U << part : 0;
    }
    return mask;
}

/* Every part that may be served there. */
static bool choose_all(bool is_https, struct list *out, struct err *e) {
    for (unsigned i = 0; i < PART_COUNT; i++) {
        /* The CA's files are for clients that cannot check a certificate yet. */
        bool is_usual = part_is_allowed((enum part)i, is_https) && !(is_https && i == PART_PKI);
        if (is_usual && !list_add(out, part_name((enum part)i), e)) {
            return false;
        }
    }
    return true;
}

static bool hint_words(bool is_https, struct err *e) {
    PL_AUTO(list_clear) struct list words = {.max = PART_COUNT};
    PL_AUTO(mem_freep) char *text = NULL;
    for (unsigned i = 0; i < PART_COUNT; i++) {
        if (part_is_allowed((enum part)i, is_https) &&
            !list_add(&words, part_name((enum part)i), NULL)) {
            return false;
        }
    }
    return list_join(&words, ", ", &text, NULL) &&
           err_hint(e, "on %s there are: %s", is_https ? "https" : "http", text);
}

static bool add_word(const char *word, bool is_https, struct list *out, struct err *e) {
    enum part part = PART_CONSOLE;
    if (!part_find(word, &part)) {
        (void)err_set(e, ERR_OPS_BIND_PARTS, "the services have no part \"%.40s\"", word);
        (void)hint_words(is_https, e);
        return false;
    }
    if (!part_is_allowed(part, is_https)) {
        (void)err_set(e, ERR_OPS_BIND_PARTS, "the part \"%s\" is not served on %s", word,
                      is_https ? "https: it is for clients without TLS"
                               : "http: what passes there must not travel in the clear");
        (void)hint_words(is_https, e);
        return false;
    }
    return list_add_new(out, word, e);
}

static bool split_words(const char *text, bool is_https, struct list *out, struct err *e) {
    const char *at = text;
    for (;;) {
        char word[WORD_MAX];
        size_t len = strcspn(at, ",");
        size_t kept = len < sizeof(word) ? len : sizeof(word) - 1;
        memcpy(word, at, kept);
        word[kept] = '\0';
        if (!add_word(word, is_https, out, e)) {
            return false;
        }
        if (at[len] == '\0') {
            return true;
        }
        at += len + 1;
    }
}

bool bind_choose_parts(const struct site_row *site, const char *text, struct binding_row *row,
                       struct list *out, struct err *e) {
    bool is_https = str_equal(row->scheme, "https");
    list_init(out, PART_COUNT);
    if (site->kind != SITE_SERVICES) {
        if (text == NULL) {
            return true;
        }
        (void)err_set(e, ERR_OPS_BIND_PARTS, "the site \"%.100s\" has no parts", site->name);
        return err_hint(e, "--parts is for the built-in site \"services\"");
    }
    bool ok = text == NULL ? choose_all(is_https, out, e) : split_words(text, is_https, out, e);
    row->parts = (struct texts){out->items, out->count};
    return ok;
}
