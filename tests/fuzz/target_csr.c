/* pki/request: what users send as a CSR; what was read stands for the same bytes when read again.
 */
#include "fuzz.h"

#include "pki/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct err e = {0};
    PL_AUTO(csr_freep) struct csr *csr = NULL;
    if (!fuzz_told(csr_read(bytes, len, &csr, &e), &e)) {
        return 0;
    }
    (void)fuzz_told(csr_check(csr, &e), &e);
    PL_AUTO(csr_freep) struct csr *again = NULL;
    FUZZ_CHECK(csr_from_der(csr->der, csr->der_len, &again, &e));
    FUZZ_CHECK(again->sans.count == csr->sans.count);
    FUZZ_CHECK(memcmp(again->spki_sha256, csr->spki_sha256, sizeof(csr->spki_sha256)) == 0);
    return 0;
}
