/* The PROXY protocol's header: any bytes, read at once and byte by byte, give the same. */
#include "fuzz.h"

#include "codec/proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct proxy_header whole = {0};
    size_t whole_len = 0;
    enum proxy_header_result result = proxy_header_read(bytes, len, &whole, &whole_len);
    FUZZ_CHECK(result != PROXY_HEADER_WHOLE || (whole_len > 0 && whole_len <= len));
    size_t end = len < PROXY_HEADER_V2_MAX + 1 ? len : PROXY_HEADER_V2_MAX + 1;
    for (size_t i = 0; i <= end; i++) {
        struct proxy_header part = {0};
        size_t part_len = 0;
        enum proxy_header_result now = proxy_header_read(bytes, i, &part, &part_len);
        if (now == PROXY_HEADER_MORE) {
            continue;
        }
        FUZZ_CHECK(now == result);
        FUZZ_CHECK(now != PROXY_HEADER_WHOLE ||
                   (part_len == whole_len && part.port == whole.port &&
                    memcmp(&part.client, &whole.client, sizeof(part.client)) == 0));
        break;
    }
    return 0;
}
