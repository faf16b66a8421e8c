/* codec/der: the reader stays inside, and what it takes adds up. */
#include "fuzz.h"

#include "codec/der.h"

static void walk(struct der_reader reader, unsigned depth) {
    struct der_value value;
    while (!der_reader_is_at_end(&reader)) {
        size_t left = reader.left;
        uint8_t tag = der_reader_peek(&reader);
        if (!der_reader_next(&reader, &value)) {
            return;
        }
        FUZZ_CHECK(value.tag == tag && value.whole_len == left - reader.left);
        FUZZ_CHECK(value.bytes + value.len == value.whole + value.whole_len);
        if ((tag & 0x20) != 0 && depth < 20) {
            walk(der_reader_enter(&value), depth + 1);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    walk(der_reader_init(bytes, len), 0);
    struct der_reader reader = der_reader_init(bytes, len);
    struct der_value value;
    bool is_one = der_reader_take(&reader, DER_SEQUENCE, &value) && der_reader_is_at_end(&reader);
    FUZZ_CHECK(der_is_one_sequence(bytes, len) == is_one);
    (void)der_sniff(bytes, len);
    return 0;
}
