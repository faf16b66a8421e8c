/* pki/sct: lists of timestamps of any bytes. */
#include "fuzz.h"

#include "pki/sct.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct sct_list list = {.count = 0};
    (void)sct_list_read(&list, bytes, len);
    FUZZ_CHECK(list.count <= SCT_MAX);
    for (size_t i = 0; i < list.count; i++) {
        FUZZ_CHECK(list.items[i].at_ms >= 0);
    }
    return 0;
}
