/* codec/json: a document that was read is written and read to the same. */
#include "fuzz.h"

#include "codec/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct err e = {0};
    PL_AUTO(json_freep) json_t *value = NULL;
    if (!fuzz_told(json_parse((const char *)bytes, len, &value, &e), &e)) {
        return 0;
    }
    PL_AUTO(buf_clear) struct buf written;
    buf_init(&written, 20 * len + 100);
    PL_AUTO(json_freep) json_t *again = NULL;
    FUZZ_CHECK(json_write(value, false, &written, &e));
    FUZZ_CHECK(json_parse(buf_string(&written), written.len, &again, &e));
    FUZZ_CHECK(json_equal(value, again));
    return 0;
}
