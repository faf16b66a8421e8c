/* codec/ip: an address that was read is written in its one form. */
#include "fuzz.h"

#include "codec/ip.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    PL_AUTO(mem_freep) char *text = fuzz_string(bytes, len);
    struct ip ip;
    if (ip_parse(text, &ip)) {
        char written[IP_TEXT_SIZE];
        struct ip again;
        ip_format(&ip, written);
        FUZZ_CHECK(ip_parse(written, &again) && ip_equal(&ip, &again));
        (void)ip_classify(&ip);
    }
    return 0;
}
