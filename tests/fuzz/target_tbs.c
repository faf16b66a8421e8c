/* keys/tbs: what keys reads strictly before it signs. */
#include "fuzz.h"

#include "keys/strict_der.h"
#include "keys/tbs.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct err e = {0};
    struct tbs_certificate certificate;
    struct tbs_crl crl;
    bool is_strict = strict_der_check(bytes, len);
    if (fuzz_told(tbs_read_certificate(bytes, len, &certificate, &e), &e)) {
        FUZZ_CHECK(is_strict);
        FUZZ_CHECK(certificate.not_before_ms <= certificate.not_after_ms);
        (void)tbs_find_extension(&certificate.extensions, 19);
    }
    if (fuzz_told(tbs_read_crl(bytes, len, &crl, &e), &e)) {
        FUZZ_CHECK(is_strict);
        FUZZ_CHECK(crl.next_update_ms > crl.this_update_ms);
    }
    return 0;
}
