/* keys/unpack_pfx: what foreigners packed, opened with the empty password and with "hunter2". */
#include "fuzz.h"

#include "keys/unpack.h"

static void open_with(const char *text, const uint8_t *bytes, size_t len) {
    struct err e = {0};
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    PL_AUTO(secret_clear) struct secret password = {0};
    FUZZ_CHECK(secret_copy(&password, text, strlen(text), &e));
    if (fuzz_told(unpack_pfx(bytes, len, &password, &unpacked, &e), &e)) {
        FUZZ_CHECK(unpacked.encryption[0] != '\0');
        FUZZ_CHECK(unpacked.certs.count <= UNPACK_CERTS_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    open_with("", bytes, len);
    if (unpack_needs_password(bytes, len)) {
        open_with("hunter2", bytes, len);
    }
    return 0;
}
