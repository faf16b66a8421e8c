/* codec/base64: what is decoded encodes to the same text; strict and tolerant readers agree. */
#include "fuzz.h"

#include "codec/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct err e = {0};
    const char *text = (const char *)bytes;
    PL_AUTO(buf_clear) struct buf decoded;
    PL_AUTO(buf_clear) struct buf again;
    PL_AUTO(buf_clear) struct buf tolerated;
    buf_init(&decoded, len + 4);
    buf_init(&again, 2 * len + 4);
    buf_init(&tolerated, len + 4);
    bool is_tolerated = base64_decode_tolerant(text, len, &tolerated, &e);
    if (base64_decode(text, len, &decoded, &e)) {
        FUZZ_CHECK(base64_encode(decoded.data, decoded.len, &again, &e));
        FUZZ_CHECK(again.len == len && (len == 0 || memcmp(again.data, bytes, len) == 0));
        FUZZ_CHECK(!is_tolerated || tolerated.len == decoded.len);
    }
    buf_reset(&decoded);
    buf_reset(&again);
    if (base64url_decode(text, len, &decoded, &e)) {
        FUZZ_CHECK(base64url_encode(decoded.data, decoded.len, &again, &e));
        FUZZ_CHECK(again.len == len && (len == 0 || memcmp(again.data, bytes, len) == 0));
    }
    return 0;
}
