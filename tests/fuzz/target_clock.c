/* base/clock: a time that was read is written and read to the same. */
#include "fuzz.h"

#include "base/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct err e = {0};
    PL_AUTO(mem_freep) char *text = fuzz_string(bytes, len);
    char written[30];
    int64_t time_ms = 0;
    int64_t again_ms = 0;
    if (fuzz_told(clock_parse(text, &time_ms, &e), &e)) {
        clock_format(time_ms, written);
        FUZZ_CHECK(clock_parse(written, &again_ms, &e));
        FUZZ_CHECK(again_ms == time_ms);
    }
    if (clock_parse_http(text, &time_ms)) {
        clock_format_http(time_ms, written);
        FUZZ_CHECK(clock_parse_http(written, &again_ms));
        FUZZ_CHECK(again_ms == time_ms);
    }
    if (fuzz_told(clock_parse_duration(text, &time_ms, &e), &e)) {
        FUZZ_CHECK(time_ms >= 0);
    }
    return 0;
}
