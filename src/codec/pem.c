/*
 * PEM blocks out of any text. The content may be a private key: buffers are sized once, so that no
 * copies stay behind in freed memory, and overwritten before they are freed.
 */
#include "codec/pem.h"

#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "codec/base64.h"
#include "codec/der.h"

#include <string.h>

enum { LINE_LEN = 64, FIRST_CAPACITY = 4 };

static const char dashes[] = "-----";
static const char begin_mark[] = "-----BEGIN ";
static const char end_mark[] = "-----END ";

struct slice {
    const char *at;
    size_t len;
};

/* --- slices --- */

static struct slice skip(struct slice s, size_t len) {
    return (struct slice){s.at + len, s.len - len};
}

static bool slice_starts_with(struct slice s, const char *prefix) {
    size_t len = strlen(prefix);
    return s.len >= len && memcmp(s.at, prefix, len) == 0;
}

/* Where mark stands in s; s.len when it does not. */
static size_t find(struct slice s, const char *mark) {
    const char *at = s.len == 0 ? NULL : memmem(s.at, s.len, mark, strlen(mark));
    return at == NULL ? s.len : (size_t)(at - s.at);
}

/* Bytes of the line end at s: LF, CR, CRLF, or the same written as \n, \r, \r\n; 0 when none. */
static size_t line_end_len(struct slice s) {
    static const char *const ends[] = {"\r\n", "\n", "\r", "\\r\\n", "\\n", "\\r"};
    for (size_t i = 0; i < PL_ARRAY_LEN(ends); i++) {
        if (slice_starts_with(s, ends[i])) {
            return strlen(ends[i]);
        }
    }
    return 0;
}

static bool is_quoting(char c) {
    return str_is_space(c) || c == '>' || c == '|';
}

/* Without the mail's quoting before it and white space around it. */
static struct slice strip(struct slice line) {
    while (line.len > 0 && is_quoting(line.at[0])) {
        line = skip(line, 1);
    }
    while (line.len > 0 && str_is_space(line.at[line.len - 1])) {
        line.len--;
    }
    return line;
}

/* Takes the next line, stripped, off rest; false at the end. */
static bool next_line(struct slice *rest, struct slice *out_line) {
    if (rest->len == 0) {
        return false;
    }
    size_t len = 0;
    while (len < rest->len && line_end_len(skip(*rest, len)) == 0) {
        len++;
    }
    *out_line = strip((struct slice){rest->at, len});
    *rest = skip(*rest, len);
    *rest = skip(*rest, line_end_len(*rest));
    return true;
}

/* --- one block --- */

/* Where a block lies in the text. */
struct span {
    struct slice label;
    struct slice body;
    size_t len; /* from its BEGIN to after its END */
    size_t line;
};

static bool is_label_char(char c) {
    return c > ' ' && c < 0x7F && c != '-';
}

/* RFC 7468 §3: visible characters with single spaces or hyphens between; here without hyphens. */
static bool is_label(struct slice label) {
    for (size_t i = 0; i < label.len; i++) {
        bool is_inner_space = label.at[i] == ' ' && i > 0 && label.at[i - 1] != ' ';
        if (!is_label_char(label.at[i]) && !is_inner_space) {
            return false;
        }
    }
    return label.len > 0 && label.at[label.len - 1] != ' ';
}

static bool say_no_end(const struct span *span, struct err *e) {
    (void)err_set(e, ERR_CODEC_PEM_END_MISSING, "the block \"%.*s\" of line %zu has no end",
                  (int)span->label.len, span->label.at, span->line);
    return err_hint(e, "copy the whole block, from its line BEGIN to its line END");
}

static bool say_other_end(const struct span *span, struct slice end, struct err *e) {
    int end_len = (int)(end.len < PEM_LABEL_MAX ? end.len : PEM_LABEL_MAX);
    return err_set(e, ERR_CODEC_PEM_END_MISMATCH, "the block \"%.*s\" of line %zu ends as \"%.*s\"",
                   (int)span->label.len, span->label.at, span->line, end_len, end.at);
}

/* What follows the body: the END of the same label, at whose end dashes may be missing. */
static bool find_end(struct slice rest, struct span *span, size_t *out_len, struct err *e) {
    if (!slice_starts_with(rest, end_mark)) {
        return say_no_end(span, e);
    }
    struct slice end = skip(rest, strlen(end_mark));
    size_t len = 0;
    while (len < end.len && end.at[len] != '-' && line_end_len(skip(end, len)) == 0) {
        len++;
    }
    struct slice label = strip((struct slice){end.at, len});
    if (label.len != span->label.len || memcmp(label.at, span->label.at, label.len) != 0) {
        return say_other_end(span, label, e);
    }
    for (size_t i = 0; i < strlen(dashes) && len < end.len && end.at[len] == '-'; i++) {
        len++;
    }
    *out_len = strlen(end_mark) + len;
    return true;
}

enum found { FOUND_BLOCK, FOUND_NOTHING, FOUND_ERROR };

/* text starts at a BEGIN; other things that look like one (OpenPGP's) are no block. */
static enum found find_span(struct slice text, struct span *span, struct err *e) {
    struct slice rest = skip(text, strlen(begin_mark));
    span->label = (struct slice){rest.at, find(rest, dashes)};
    if (span->label.len == rest.len || !is_label(span->label) ||
        slice_starts_with(span->label, "PGP ")) {
        return FOUND_NOTHING;
    }
    if (span->label.len > PEM_LABEL_MAX) {
        (void)err_set(e, ERR_CODEC_PEM_LABEL, "the label of line %zu is longer than %d bytes",
                      span->line, PEM_LABEL_MAX);
        return FOUND_ERROR;
    }
    rest = skip(rest, span->label.len + strlen(dashes));
    span->body = (struct slice){rest.at, find(rest, dashes)};
    rest = skip(rest, span->body.len);
    size_t end_len = 0;
    if (!find_end(rest, span, &end_len, e)) {
        return FOUND_ERROR;
    }
    span->len = (size_t)(rest.at - text.at) + end_len;
    return FOUND_BLOCK;
}

/* A line with a colon starts a header, another one continues it. */
static bool add_header_line(struct list *headers, struct slice line, struct err *e) {
    bool is_new = memchr(line.at, ':', line.len) != NULL || headers->count == 0;
    if (is_new) {
        return list_printf(headers, e, "%.*s", (int)line.len, line.at);
    }
    char *joined = NULL;
    char **last = &headers->items[headers->count - 1];
    if (!mem_printf(&joined, e, "%s%.*s", *last, (int)line.len, line.at)) {
        return false;
    }
    mem_free(*last);
    *last = joined;
    return true;
}

/*
 * Headers stand before the first blank line when the first line has a colon. Takes them off body.
 *
 */
static bool read_headers(struct slice *body, struct list *headers, struct err *e) {
    struct slice rest = *body;
    struct slice line;
    do {
        if (!next_line(&rest, &line)) {
            return true;
        }
    } while (line.len == 0);
    if (memchr(line.at, ':', line.len) == NULL) {
        return true;
    }
    do {
        if (!add_header_line(headers, line, e)) {
            return false;
        }
    } while (next_line(&rest, &line) && line.len > 0);
    *body = rest;
    return true;
}

static bool decode_body(const struct span *span, struct slice body, struct buf *out,
                        struct err *e) {
    PL_AUTO(buf_cleanse) struct buf joined;
    buf_init(&joined, body.len);
    buf_init(out, body.len);
    if (!buf_reserve(&joined, body.len, e) || !buf_reserve(out, body.len, e)) {
        return false;
    }
    struct slice line;
    while (next_line(&body, &line)) {
        if (!buf_append(&joined, line.at, line.len, e)) {
            return false;
        }
    }
    if (!base64_decode_tolerant(buf_string(&joined), joined.len, out, e)) {
        return err_is_set(e) && e->code == ERR_BASE_OOM
                   ? false
                   : err_set(e, ERR_CODEC_PEM_BASE64,
                             "the block \"%.*s\" of line %zu is not base64 inside",
                             (int)span->label.len, span->label.at, span->line);
    }
    return out->len > 0 ||
           err_set(e, ERR_CODEC_PEM_EMPTY, "the block \"%.*s\" of line %zu is empty",
                   (int)span->label.len, span->label.at, span->line);
}

static void block_clear(struct pem_block *block) {
    buf_cleanse(&block->content);
    list_clear(&block->headers);
    mem_free(block->friendly_name);
    *block = (struct pem_block){0};
}

static bool read_block(const struct span *span, struct pem_block *block, struct err *e) {
    struct slice body = span->body;
    memcpy(block->label, span->label.at, span->label.len);
    block->line = span->line;
    list_init(&block->headers, PEM_HEADERS_MAX);
    return read_headers(&body, &block->headers, e) && decode_body(span, body, &block->content, e);
}

/* --- what stands between blocks --- */

struct between {
    struct slice friendly_name; /* len 0: none */
    bool has_other_text;
};

/* The lines that "openssl pkcs12" and "openssl x509" write around blocks. */
static bool is_bag_attribute(struct slice line) {
    static const char *const starts[] = {
        "Bag Attributes",     "Key Attributes",   "localKeyID:",     "friendlyName:",
        "subject=",           "issuer=",          "Microsoft Local", "Microsoft CSP",
        "2.16.840.1.113894.", "X509v3 Key Usage:"};
    for (size_t i = 0; i < PL_ARRAY_LEN(starts); i++) {
        if (slice_starts_with(line, starts[i])) {
            return true;
        }
    }
    return line.len == 0;
}

static struct between read_between(struct slice text) {
    struct between between = {0};
    struct slice line;
    while (next_line(&text, &line)) {
        static const char key[] = "friendlyName:";
        if (slice_starts_with(line, key)) {
            between.friendly_name = strip(skip(line, strlen(key)));
        }
        between.has_other_text = between.has_other_text || !is_bag_attribute(line);
    }
    return between;
}

/* --- the whole text --- */

void pem_clear(struct pem *pem) {
    for (size_t i = 0; i < pem->count; i++) {
        block_clear(&pem->blocks[i]);
    }
    mem_free(pem->blocks);
    *pem = (struct pem){0};
}

static bool reserve_block(struct pem *pem, struct err *e) {
    if (pem->count == PEM_BLOCKS_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "more than %d PEM blocks", PEM_BLOCKS_MAX);
    }
    if (pem->count < pem->capacity) {
        return true;
    }
    size_t capacity = pem->capacity == 0 ? FIRST_CAPACITY : pem->capacity * 2;
    void *blocks = pem->blocks;
    if (!mem_resize(&blocks, capacity * sizeof(struct pem_block), e)) {
        return false;
    }
    pem->blocks = blocks;
    pem->capacity = capacity;
    return true;
}

static bool add_block(struct pem *pem, const struct span *span, struct slice before,
                      struct err *e) {
    struct pem_block block = {0};
    struct between between = read_between(before);
    void *name = NULL;
    bool ok = reserve_block(pem, e) && read_block(span, &block, e) &&
              (between.friendly_name.len == 0 ||
               mem_dup(between.friendly_name.at, between.friendly_name.len, &name, e));
    if (!ok) {
        block_clear(&block);
        return false;
    }
    block.friendly_name = name;
    pem->blocks[pem->count++] = block;
    pem->has_other_text = pem->has_other_text || between.has_other_text;
    return true;
}

static size_t count_lines(struct slice text) {
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        count += text.at[i] == '\n' ? 1 : 0;
    }
    return count;
}

/* Text up to the next block's end; before is where the text between blocks began. */
static enum found read_next(struct pem *pem, struct slice *rest, struct slice *before, size_t *line,
                            struct err *e) {
    size_t begin = find(*rest, begin_mark);
    if (begin == rest->len) {
        return FOUND_NOTHING;
    }
    struct span span = {.line = *line + count_lines((struct slice){rest->at, begin})};
    struct slice from = skip(*rest, begin);
    *line = span.line;
    enum found found = find_span(from, &span, e);
    if (found == FOUND_ERROR) {
        return FOUND_ERROR;
    }
    if (found == FOUND_NOTHING) {
        *rest = skip(from, strlen(begin_mark));
        return FOUND_BLOCK;
    }
    before->len = (size_t)(from.at - before->at);
    if (!add_block(pem, &span, *before, e)) {
        return FOUND_ERROR;
    }
    *line += count_lines((struct slice){from.at, span.len});
    *rest = skip(from, span.len);
    *before = *rest;
    return FOUND_BLOCK;
}

bool pem_read(const char *text, size_t len, struct pem *out_pem, struct err *e) {
    if (len > PEM_TEXT_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "a text with PEM blocks is longer than %d bytes",
                       PEM_TEXT_MAX);
    }
    PL_AUTO(pem_clear) struct pem pem = {0};
    struct slice rest = {text, len};
    struct slice before = rest;
    size_t line = 1;
    enum found found = FOUND_BLOCK;
    while (found == FOUND_BLOCK) {
        found = read_next(&pem, &rest, &before, &line, e);
    }
    if (found == FOUND_ERROR) {
        return false;
    }
    before.len = len - (size_t)(before.at - text);
    pem.has_other_text = pem.has_other_text || read_between(before).has_other_text;
    *out_pem = pem;
    pem = (struct pem){0};
    return true;
}

/* --- asking and writing --- */

/* What follows "name:" in the header; NULL when it is another header. */
static const char *header_value(const char *header, const char *name) {
    for (; *name != '\0'; name++, header++) {
        if (str_lower_char(*header) != str_lower_char(*name)) {
            return NULL;
        }
    }
    return *header == ':' ? header + 1 + strspn(header + 1, " \t") : NULL;
}

const char *pem_block_header(const struct pem_block *block, const char *name) {
    for (size_t i = 0; i < block->headers.count; i++) {
        const char *value = header_value(block->headers.items[i], name);
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}

bool pem_block_is_encrypted(const struct pem_block *block) {
    const char *type = pem_block_header(block, "Proc-Type");
    return type != NULL && str_ends_with(type, "ENCRYPTED");
}

bool pem_read_bare(const char *text, size_t len, struct buf *out_der, struct err *e) {
    PL_AUTO(buf_cleanse) struct buf der;
    buf_init(&der, len);
    struct err why = {0};
    if (!buf_reserve(&der, len, e)) {
        return false;
    }
    if (!base64_decode_tolerant(text, len, &der, &why)) {
        return why.code == ERR_CODEC_BASE64 || err_set(e, why.code, "%s", why.step[0]);
    }
    return !der_is_one_sequence(der.data, der.len) || buf_append(out_der, der.data, der.len, e);
}

bool pem_write(const char *label, const void *der, size_t der_len, struct buf *out, struct err *e) {
    return buf_printf(out, e, "-----BEGIN %s-----\n", label) &&
           base64_encode_lines(der, der_len, LINE_LEN, out, e) &&
           buf_printf(out, e, "-----END %s-----\n", label);
}
