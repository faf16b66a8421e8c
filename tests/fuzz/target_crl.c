/* pki/crl: revocation lists of any bytes. */
#include "fuzz.h"

#include "pki/crl.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct err e = {0};
    PL_AUTO(crl_freep) struct crl *crl = NULL;
    if (fuzz_told(crl_from_der(bytes, len, &crl, &e), &e)) {
        FUZZ_CHECK(crl->issuer_text != NULL);
        FUZZ_CHECK(crl->has_next_update || crl->next_update_ms == 0);
    }
    return 0;
}
