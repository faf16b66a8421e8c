/*
 * Text files of other systems. What is not text passes through unharmed enough for its reader to
 * say so.
 */
#include "codec/text.h"

#include "base/utf8.h"

#include <string.h>

enum { EVIDENCE_MAX = 64 }; /* characters looked at without a byte order mark */

static bool starts_with(const uint8_t *bytes, size_t len, const char *mark, size_t mark_len) {
    return len >= mark_len && memcmp(bytes, mark, mark_len) == 0;
}

static bool is_ascii_text(uint8_t c) {
    return (c >= 0x20 && c < 0x7F) || c == '\t' || c == '\n' || c == '\r';
}

/* Each pair has an ASCII character at low (0 or 1) and zero beside it. */
static bool looks_like_utf16(const uint8_t *bytes, size_t len, size_t low) {
    size_t pairs = len / 2 < EVIDENCE_MAX ? len / 2 : EVIDENCE_MAX;
    for (size_t i = 0; i < pairs; i++) {
        if (!is_ascii_text(bytes[2 * i + low]) || bytes[2 * i + 1 - low] != 0) {
            return false;
        }
    }
    return pairs >= TEXT_UTF16_EVIDENCE;
}

enum text_encoding text_detect(const void *bytes, size_t len) {
    if (starts_with(bytes, len, "\xEF\xBB\xBF", 3)) {
        return TEXT_UTF8_WITH_BOM;
    }
    if (starts_with(bytes, len, "\xFF\xFE", 2) || looks_like_utf16(bytes, len, 0)) {
        return TEXT_UTF16_LE;
    }
    if (starts_with(bytes, len, "\xFE\xFF", 2) || looks_like_utf16(bytes, len, 1)) {
        return TEXT_UTF16_BE;
    }
    return TEXT_UTF8;
}

/* Appends runs of bytes without CR at once; CR, and the LF that may follow it, become one LF. */
static bool append_with_lf(const uint8_t *bytes, size_t len, struct buf *out, struct err *e) {
    while (len > 0) {
        const uint8_t *cr = memchr(bytes, '\r', len);
        size_t run = cr == NULL ? len : (size_t)(cr - bytes);
        if (!buf_append(out, bytes, run, e)) {
            return false;
        }
        if (cr == NULL) {
            return true;
        }
        run += run + 1 < len && cr[1] == '\n' ? 2 : 1;
        if (!buf_append_byte(out, '\n', e)) {
            return false;
        }
        bytes += run;
        len -= run;
    }
    return true;
}

struct utf16_reader {
    const uint8_t *bytes;
    size_t len;
    size_t at;
    bool is_big_endian;
};

static uint32_t peek_unit(const struct utf16_reader *reader) {
    const uint8_t *pair = reader->bytes + reader->at;
    return reader->is_big_endian ? (uint32_t)pair[0] << 8 | pair[1]
                                 : (uint32_t)pair[1] << 8 | pair[0];
}

/*
 * The next code point; lone surrogates and a lone last byte come as they are, utf8_put() replaces
 * them.
 */
static uint32_t next_code_point(struct utf16_reader *reader) {
    if (reader->len - reader->at < 2) {
        reader->at = reader->len;
        return 0xFFFD;
    }
    uint32_t first = peek_unit(reader);
    reader->at += 2;
    if (first < 0xD800 || first > 0xDBFF || reader->len - reader->at < 2) {
        return first;
    }
    uint32_t second = peek_unit(reader);
    if (second < 0xDC00 || second > 0xDFFF) {
        return first;
    }
    reader->at += 2;
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

static bool append_utf16(struct utf16_reader *reader, struct buf *out, struct err *e) {
    bool was_cr = false;
    while (reader->at < reader->len) {
        uint32_t c = next_code_point(reader);
        bool is_lf_of_crlf = was_cr && c == '\n';
        was_cr = c == '\r';
        if (is_lf_of_crlf) {
            continue;
        }
        char utf8[4];
        if (!buf_append(out, utf8, utf8_put(was_cr ? '\n' : c, utf8), e)) {
            return false;
        }
    }
    return true;
}

bool text_normalize(const void *bytes, size_t len, struct buf *out, struct err *e) {
    enum text_encoding encoding = text_detect(bytes, len);
    if (encoding == TEXT_UTF8 || encoding == TEXT_UTF8_WITH_BOM) {
        size_t bom_len = encoding == TEXT_UTF8 ? 0 : 3;
        return append_with_lf((const uint8_t *)bytes + bom_len, len - bom_len, out, e);
    }
    struct utf16_reader reader = {
        .bytes = bytes, .len = len, .is_big_endian = encoding == TEXT_UTF16_BE};
    if (len >= 2 && peek_unit(&reader) == 0xFEFF) {
        reader.at = 2;
    }
    return append_utf16(&reader, out, e);
}

bool text_is_plain(const void *bytes, size_t len) {
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++) {
        if ((at[i] < 0x20 && !is_ascii_text(at[i]) && at[i] != '\f') || at[i] == 0x7F) {
            return false;
        }
    }
    return true;
}
