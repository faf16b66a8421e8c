/* Whether bytes are DER all the way down: one walk, down to a fixed depth. */
#include "keys/strict_der.h"

#include "codec/der.h"

#include <string.h>

enum { TAG_CLASS = 0xC0, TAG_CONSTRUCTED = 0x20 };

/* Universal types whose content is other values. */
static bool is_container(uint8_t tag) {
    return tag == DER_SEQUENCE || tag == DER_SET;
}

static bool is_integer(const struct der_value *value) {
    if (value->len == 0) {
        return false;
    }
    bool is_padded = value->len > 1 && ((value->bytes[0] == 0x00 && value->bytes[1] < 0x80) ||
                                        (value->bytes[0] == 0xFF && value->bytes[1] >= 0x80));
    return !is_padded;
}

/* Unused bits are at most 7 and zero (X.690 §11.2.1). */
static bool is_bit_string(const struct der_value *value) {
    if (value->len == 0 || value->bytes[0] > 7) {
        return false;
    }
    unsigned unused = value->bytes[0];
    return value->len == 1 ? unused == 0
                           : (value->bytes[value->len - 1] & ((1U << unused) - 1)) == 0;
}

static bool is_oid(const struct der_value *value) {
    bool is_start = true;
    for (size_t i = 0; i < value->len; i++) {
        if (is_start && value->bytes[i] == 0x80) {
            return false;
        }
        is_start = (value->bytes[i] & 0x80) == 0;
    }
    return value->len > 0 && is_start;
}

static bool is_primitive_ok(const struct der_value *value) {
    switch (value->tag) {
    case DER_BOOLEAN:
        return value->len == 1 && (value->bytes[0] == 0x00 || value->bytes[0] == 0xFF);
    case DER_INTEGER:
    case DER_ENUMERATED:
        return is_integer(value);
    case DER_BIT_STRING:
        return is_bit_string(value);
    case DER_NULL:
        return value->len == 0;
    case DER_OID:
        return is_oid(value);
    default: /* strings, times and implicitly tagged values: nothing to see from outside */
        return true;
    }
}

/* The order of X.690 §11.6: as octets, a shorter one padded with zeros. */
static int compare_values(const struct der_value *a, const struct der_value *b) {
    size_t common = a->whole_len < b->whole_len ? a->whole_len : b->whole_len;
    int order = memcmp(a->whole, b->whole, common);
    return order != 0 ? order : (a->whole_len > b->whole_len) - (a->whole_len < b->whole_len);
}

static bool are_values(struct der_reader reader, bool is_set, unsigned depth) {
    struct der_value last = {0};
    struct der_value value;
    while (!der_reader_is_at_end(&reader)) {
        if (!der_reader_next(&reader, &value)) {
            return false;
        }
        if (is_set && last.whole != NULL && compare_values(&last, &value) > 0) {
            return false;
        }
        last = value;
        bool is_universal = (value.tag & TAG_CLASS) == 0;
        bool is_constructed = (value.tag & TAG_CONSTRUCTED) != 0;
        if (is_universal && is_constructed != is_container(value.tag | TAG_CONSTRUCTED)) {
            return false;
        }
        if (!is_constructed && !is_primitive_ok(&value)) {
            return false;
        }
        if (is_constructed && (depth == 0 || !are_values(der_reader_enter(&value),
                                                         value.tag == DER_SET, depth - 1))) {
            return false;
        }
    }
    return true;
}

bool strict_der_check(const uint8_t *bytes, size_t len) {
    struct der_reader reader = der_reader_init(bytes, len);
    struct der_value value;
    return der_reader_next(&reader, &value) && der_reader_is_at_end(&reader) &&
           are_values(der_reader_init(bytes, len), false, STRICT_DER_DEPTH_MAX);
}
