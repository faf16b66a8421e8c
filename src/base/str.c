/* Small helpers on C strings. */
#include "base/str.h"

#include <string.h>

bool str_equal(const char *a, const char *b) {
    return strcmp(a, b) == 0;
}

bool str_is_ascii(const char *text) {
    for (; *text != '\0'; text++) {
        if ((uint8_t)*text >= 0x80) {
            return false;
        }
    }
    return true;
}

char str_lower_char(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool str_equal_nocase(const char *a, const char *b) {
    while (*a != '\0' && str_lower_char(*a) == str_lower_char(*b)) {
        a++;
        b++;
    }
    return str_lower_char(*a) == str_lower_char(*b);
}

bool str_starts_with(const char *string, const char *prefix) {
    return strncmp(string, prefix, strlen(prefix)) == 0;
}

bool str_ends_with(const char *string, const char *suffix) {
    size_t len = strlen(string);
    size_t suffix_len = strlen(suffix);
    return len >= suffix_len && memcmp(string + len - suffix_len, suffix, suffix_len) == 0;
}

bool str_copy(char *out, size_t size, const char *string) {
    size_t len = strlen(string);
    size_t copied = len < size ? len : size - 1;
    memcpy(out, string, copied);
    out[copied] = '\0';
    return copied == len;
}

void str_one_line(char *string) {
    for (; *string != '\0'; string++) {
        *string = *string == '\n' || *string == '\r' ? ' ' : *string;
    }
}

void str_lower(char *string) {
    for (; *string != '\0'; string++) {
        *string = str_lower_char(*string);
    }
}

bool str_is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool str_is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool str_is_alpha(char c) {
    return str_lower_char(c) >= 'a' && str_lower_char(c) <= 'z';
}

bool str_to_u64(const char *text, uint64_t max, uint64_t *out) {
    uint64_t value = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (!str_is_digit(*text) || __builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value) || value > max) {
            return false;
        }
    }
    *out = value;
    return true;
}
