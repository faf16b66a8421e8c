/* For the tests of inspect/: random bytes that are always the same, and hexadecimal. */
#ifndef PL_TESTS_INSPECT_FIXTURE_H
#define PL_TESTS_INSPECT_FIXTURE_H

#include "unit.h"

#include "base/hex.h"
#include "inspect/observe/client.h"

/* The state is a counter; each call goes on. */
static inline bool fixture_fill(void *ctx, uint8_t *out, size_t len) {
    uint32_t *state = ctx;
    for (size_t i = 0; i < len; i++) {
        *state = *state * 1664525 + 1013904223;
        out[i] = (uint8_t)(*state >> 24);
    }
    return true;
}

/* Digits, spaces left out, into out; the number of bytes. */
static inline size_t fixture_bytes(const char *text, uint8_t *out, size_t size) {
    char digits[4096] = "";
    size_t count = 0;
    for (; *text != '\0'; text++) {
        if (*text != ' ') {
            assert_true(count + 1 < sizeof(digits));
            digits[count++] = *text;
        }
    }
    assert_true(count / 2 <= size && hex_decode(digits, count, out));
    return count / 2;
}

static inline void assert_bytes(const uint8_t *found, size_t len, const char *expected) {
    uint8_t bytes[2048];
    assert_int_equal(fixture_bytes(expected, bytes, sizeof(bytes)), len);
    assert_memory_equal(found, bytes, len);
}

#endif
