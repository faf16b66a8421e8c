/* pki/cert and pki/lint: a certificate of any bytes; its texts are printable. */
#include "fuzz.h"

#include "base/utf8.h"
#include "pki/cert.h"

enum { TEXT_MAX = 16 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct err e = {0};
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    if (!fuzz_told(cert_from_der(bytes, len, &cert, &e), &e)) {
        return 0;
    }
    (void)cert_covers_host(cert, "www.example.com");
    (void)cert_covers_host(cert, "192.0.2.1");
    (void)cert_is_issued_by(cert, cert);
    PL_AUTO(buf_clear) struct buf text;
    buf_init(&text, TEXT_MAX);
    FUZZ_CHECK(cert_append_pem(cert, &text, &e));
    buf_reset(&text);
    if (cert_append_text(cert, &text, &e)) {
        FUZZ_CHECK(utf8_is_valid(text.data, text.len));
        FUZZ_CHECK(memchr(text.data, 0x1B, text.len) == NULL);
    }
    return 0;
}
