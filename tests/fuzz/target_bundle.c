/* pki/bundle: .p7b files; what was read is written and read again. */
#include "fuzz.h"

#include "pki/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct err e = {0};
    PL_AUTO(cert_list_clear) struct cert_list certs = {0};
    if (!fuzz_told(bundle_read(bytes, len, &certs, &e), &e)) {
        return 0;
    }
    FUZZ_CHECK(certs.count > 0);
    PL_AUTO(buf_clear) struct buf written;
    buf_init(&written, BUNDLE_INPUT_MAX);
    PL_AUTO(cert_list_clear) struct cert_list again = {0};
    if (bundle_append_der(&certs, &written, &e)) {
        FUZZ_CHECK(bundle_from_der(written.data, written.len, &again, &e));
        FUZZ_CHECK(again.count == certs.count);
        for (size_t i = 0; i < certs.count; i++) {
            FUZZ_CHECK(cert_equal(again.items[i], certs.items[i]));
        }
    }
    return 0;
}
