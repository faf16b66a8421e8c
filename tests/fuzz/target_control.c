/*
 * The negative control: a parser with seeded defects. The replay of its seeds and the search by
 * libFuzzer must both fail, or the frame sees nothing.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    if (len >= 4 && memcmp(bytes, "leak", 4) == 0) {
        void *lost = NULL;
        FUZZ_CHECK(mem_alloc(100, &lost, NULL));
        return 0;
    }
    if (len >= 4 && memcmp(bytes, "over", 4) == 0) {
        volatile uint8_t past = bytes[len];
        (void)past;
        return 0;
    }
    FUZZ_CHECK(len < 4 || memcmp(bytes, "boom", 4) != 0);
    return 0;
}
