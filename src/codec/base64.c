/*
 * Base64 in its two alphabets. Not for secrets that must resist timing: tables are indexed by data.
 *
 */
#include "codec/base64.h"

#include "base/str.h"

#include <string.h>

static const char standard_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* --- encoding --- */

/* One to three bytes as four characters, of which len + 1 carry data. */
static void encode_group(const uint8_t *bytes, size_t len, const char *alphabet, char out[4]) {
    uint32_t group = (uint32_t)bytes[0] << 16;
    group |= len > 1 ? (uint32_t)bytes[1] << 8 : 0;
    group |= len > 2 ? bytes[2] : 0;
    for (size_t i = 0; i < 4; i++) {
        out[i] = i <= len ? alphabet[group >> (18 - 6 * i) & 0x3F] : '=';
    }
}

struct encoding {
    const char *alphabet;
    bool is_padded;
    size_t line_len; /* 0: one line */
};

/* Room for all of it is taken first, so that a failure leaves out as it was. */
static bool reserve_encoded(struct buf *out, size_t len, const struct encoding *encoding,
                            struct err *e) {
    size_t needed = 0;
    if (__builtin_mul_overflow(len / 3 + 1, (size_t)4, &needed)) {
        return err_set(e, ERR_BASE_LIMIT, "too many bytes for base64");
    }
    size_t lines = encoding->line_len == 0 ? 0 : needed / encoding->line_len + 1;
    return buf_reserve(out, len == 0 ? 0 : needed - (len % 3 == 0 ? 4 : 0) + lines, e);
}

static bool encode(const void *bytes, size_t len, const struct encoding *encoding, struct buf *out,
                   struct err *e) {
    if (!reserve_encoded(out, len, encoding, e)) {
        return false;
    }
    const uint8_t *at = bytes;
    size_t column = 0;
    while (len > 0) {
        char group[4];
        size_t taken = len < 3 ? len : 3;
        encode_group(at, taken, encoding->alphabet, group);
        if (!buf_append(out, group, encoding->is_padded ? 4 : taken + 1, e)) {
            return false;
        }
        at += taken;
        len -= taken;
        column += 4;
        if (encoding->line_len > 0 && (column == encoding->line_len || len == 0)) {
            column = 0;
            if (!buf_append_byte(out, '\n', e)) {
                return false;
            }
        }
    }
    return true;
}

bool base64_encode(const void *bytes, size_t len, struct buf *out, struct err *e) {
    const struct encoding encoding = {.alphabet = standard_alphabet, .is_padded = true};
    return encode(bytes, len, &encoding, out, e);
}

bool base64_encode_lines(const void *bytes, size_t len, size_t line_len, struct buf *out,
                         struct err *e) {
    PL_BUG_UNLESS(line_len > 0 && line_len % 4 == 0);
    const struct encoding encoding = {
        .alphabet = standard_alphabet, .is_padded = true, .line_len = line_len};
    return encode(bytes, len, &encoding, out, e);
}

bool base64url_encode(const void *bytes, size_t len, struct buf *out, struct err *e) {
    const struct encoding encoding = {.alphabet = url_alphabet};
    return encode(bytes, len, &encoding, out, e);
}

/* --- decoding --- */

static int value_of(char c, bool is_url) {
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == (is_url ? '-' : '+')) {
        return 62;
    }
    return c == (is_url ? '_' : '/') ? 63 : -1;
}

enum padding { PADDING_REQUIRED, PADDING_FORBIDDEN, PADDING_OPTIONAL };

struct decoding {
    bool is_url;
    bool skips_space;
    enum padding padding;
};

struct decoder {
    uint32_t group;
    size_t digit_count; /* in the group, 0…3 */
    size_t padding_count;
};

static bool say_invalid(struct err *e) {
    return err_set(e, ERR_CODEC_BASE64, "the text is not base64");
}

static bool take_char(struct decoder *decoder, char c, const struct decoding *decoding,
                      struct buf *out, struct err *e) {
    if (c == '=') {
        decoder->padding_count++;
        return true;
    }
    int value = value_of(c, decoding->is_url);
    if (value < 0 || decoder->padding_count > 0) {
        return say_invalid(e);
    }
    decoder->group = decoder->group << 6 | (uint32_t)value;
    if (++decoder->digit_count < 4) {
        return true;
    }
    const uint8_t bytes[3] = {(uint8_t)(decoder->group >> 16), (uint8_t)(decoder->group >> 8),
                              (uint8_t)decoder->group};
    *decoder = (struct decoder){0};
    return buf_append(out, bytes, sizeof(bytes), e);
}

static bool is_padding_right(const struct decoder *decoder, enum padding padding) {
    size_t wanted = decoder->digit_count == 0 ? 0 : 4 - decoder->digit_count;
    switch (padding) {
    case PADDING_REQUIRED:
        return decoder->padding_count == wanted;
    case PADDING_FORBIDDEN:
        return decoder->padding_count == 0;
    case PADDING_OPTIONAL:
        break;
    }
    return decoder->padding_count == 0 || decoder->padding_count == wanted;
}

/* The last group: two or three digits, whose unused bits are zero. */
static bool finish(const struct decoder *decoder, enum padding padding, struct buf *out,
                   struct err *e) {
    if (decoder->digit_count == 1 || !is_padding_right(decoder, padding)) {
        return say_invalid(e);
    }
    if (decoder->digit_count == 0) {
        return true;
    }
    uint32_t group = decoder->group << (6 * (4 - decoder->digit_count));
    size_t len = decoder->digit_count - 1;
    const uint8_t bytes[2] = {(uint8_t)(group >> 16), (uint8_t)(group >> 8)};
    if ((group & (len == 1 ? 0xFFFFU : 0xFFU)) != 0) {
        return say_invalid(e);
    }
    return buf_append(out, bytes, len, e);
}

static bool decode(const char *text, size_t len, const struct decoding *decoding, struct buf *out,
                   struct err *e) {
    size_t out_len = out->len;
    struct decoder decoder = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < len; i++) {
        bool is_skipped = decoding->skips_space && str_is_space(text[i]);
        ok = is_skipped || take_char(&decoder, text[i], decoding, out, e);
    }
    ok = ok && finish(&decoder, decoding->padding, out, e);
    if (!ok && out->data != NULL) {
        out->len = out_len;
        out->data[out_len] = '\0';
    }
    return ok;
}

bool base64_decode(const char *text, size_t len, struct buf *out, struct err *e) {
    const struct decoding decoding = {.padding = PADDING_REQUIRED};
    return decode(text, len, &decoding, out, e);
}

bool base64url_decode(const char *text, size_t len, struct buf *out, struct err *e) {
    const struct decoding decoding = {.is_url = true, .padding = PADDING_FORBIDDEN};
    return decode(text, len, &decoding, out, e);
}

bool base64_decode_tolerant(const char *text, size_t len, struct buf *out, struct err *e) {
    const struct decoding decoding = {.skips_space = true, .padding = PADDING_OPTIONAL};
    return decode(text, len, &decoding, out, e);
}
