/* The bounded reader. */
#include "inspect/wire/reader.h"

#include <string.h>

struct wire_reader wire_reader_of(struct wire_span span) {
    return (struct wire_reader){.at = span.bytes, .left = span.len};
}

struct wire_span wire_take(struct wire_reader *r, size_t len) {
    if (r->is_failed || len > r->left) {
        r->is_failed = true;
        return (struct wire_span){0};
    }
    struct wire_span span = {.bytes = r->at, .len = len};
    r->at = len == 0 ? r->at : r->at + len;
    r->left -= len;
    return span;
}

uint32_t wire_read(struct wire_reader *r, size_t size) {
    struct wire_span span = wire_take(r, size);
    uint32_t number = 0;
    for (size_t i = 0; i < span.len; i++) {
        number = number << 8 | span.bytes[i];
    }
    return number;
}

struct wire_span wire_vector(struct wire_reader *r, size_t size) {
    size_t len = wire_read(r, size);
    return wire_take(r, len);
}

bool wire_is_done(const struct wire_reader *r) {
    return !r->is_failed && r->left == 0;
}

bool wire_lists(struct wire_span list, uint16_t value) {
    for (size_t i = 0; i + 1 < list.len; i += 2) {
        if (list.bytes[i] == value >> 8 && list.bytes[i + 1] == (value & 0xFF)) {
            return true;
        }
    }
    return false;
}

bool wire_equal(struct wire_span a, const void *bytes, size_t len) {
    return a.len == len && (len == 0 || memcmp(a.bytes, bytes, len) == 0);
}
