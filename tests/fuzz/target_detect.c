/* pki/detect: any file is described; nothing is refused but for its size. */
#include "fuzz.h"

#include "pki/detect.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct err e = {0};
    PL_AUTO(detected_clear) struct detected detected = {0};
    if (!detect(bytes, len, INT64_C(1795464900000), &detected, &e)) {
        FUZZ_CHECK(e.code == ERR_BASE_LIMIT);
        return 0;
    }
    FUZZ_CHECK(detected.count > 0 && detected.description[0] != '\0');
    for (size_t i = 0; i < detected.count; i++) {
        FUZZ_CHECK(detected.items[i].kind < SNIFF_KIND_COUNT);
    }
    return 0;
}
