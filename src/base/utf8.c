/* UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
#include "base/utf8.h"

#include <string.h>

static size_t sequence_len(uint8_t first) {
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return 2;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        return 3;
    }
    return first >= 0xF0 && first <= 0xF4 ? 4 : 0;
}

static bool is_scalar(uint32_t code_point, size_t sequence) {
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    return code_point >= smallest[sequence] && code_point <= 0x10FFFF &&
           !(code_point >= 0xD800 && code_point <= 0xDFFF);
}

size_t utf8_char(const uint8_t *bytes, size_t len, uint32_t *out_code_point) {
    size_t sequence = sequence_len(bytes[0]);
    if (sequence == 0 || sequence > len) {
        return 0;
    }
    static const uint8_t lead_mask[5] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code_point = bytes[0] & lead_mask[sequence];
    for (size_t i = 1; i < sequence; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return 0;
        }
        code_point = code_point << 6 | (bytes[i] & 0x3FU);
    }
    if (!is_scalar(code_point, sequence)) {
        return 0;
    }
    *out_code_point = code_point;
    return sequence;
}

bool utf8_is_valid(const void *bytes, size_t len) {
    const uint8_t *at = bytes;
    uint32_t code_point = 0;
    while (len > 0) {
        size_t used = utf8_char(at, len, &code_point);
        if (used == 0) {
            return false;
        }
        at += used;
        len -= used;
    }
    return true;
}

void utf8_cut(char *string, size_t len) {
    if (strlen(string) <= len) {
        return;
    }
    while (len > 0 && ((uint8_t)string[len] & 0xC0) == 0x80) {
        len--;
    }
    string[len] = '\0';
}

size_t utf8_put(uint32_t code_point, char out[4]) {
    if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF)) {
        code_point = 0xFFFD;
    }
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (char)(0xC0 | code_point >> 6);
        out[1] = (char)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (char)(0xE0 | code_point >> 12);
        out[1] = (char)(0x80 | (code_point >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code_point & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code_point >> 18);
    out[1] = (char)(0x80 | (code_point >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code_point >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code_point & 0x3F));
    return 4;
}
