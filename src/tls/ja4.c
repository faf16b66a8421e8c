/* What the JA4 fingerprints share. Pure functions. */
#include "tls/ja4.h"

#include "base/str.h"
#include "pki/openssl.h"

#include <stdio.h>
#include <string.h>

const char *ja4_version(uint16_t version) {
    switch (version) {
    case 0x0304:
        return "13";
    case 0x0303:
        return "12";
    case 0x0302:
        return "11";
    case 0x0301:
        return "10";
    case 0x0300:
        return "s3";
    case 0x0002:
        return "s2";
    default:
        return "00";
    }
}

static bool is_alphanumeric(uint8_t byte) {
    return str_is_alpha((char)byte) || str_is_digit((char)byte);
}

void ja4_protocol(const uint8_t *name, size_t len, char out[3]) {
    static const char digits[] = "0123456789abcdef";
    (void)memcpy(out, "00", 3);
    if (len == 0) {
        return;
    }
    uint8_t first = name[0];
    uint8_t last = name[len - 1];
    bool is_text = is_alphanumeric(first) && is_alphanumeric(last);
    out[0] = is_text ? (char)first : digits[first >> 4];
    out[1] = is_text ? (char)last : digits[last & 0xF];
}

unsigned ja4_count(size_t count) {
    return count < 99 ? (unsigned)count : 99;
}

bool ja4_append_numbers(struct buf *out, const uint16_t *numbers, size_t count, struct err *e) {
    for (size_t i = 0; i < count; i++) {
        if (!buf_printf(out, e, "%s%04x", i == 0 ? "" : ",", numbers[i])) {
            return false;
        }
    }
    return true;
}

bool ja4_hash(const char *text, size_t len, char out[JA4_HASH_SIZE], struct err *e) {
    uint8_t digest[32] = {0};
    if (len > 0 && !sha256(text, len, digest, e)) {
        return false;
    }
    for (size_t i = 0; i < (JA4_HASH_SIZE - 1) / 2; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
    }
    return true;
}
