/* pki/cert and pki/lint: a certificate of any bytes; its texts are printable. */
#include "fuzz.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "pki/cert_facts.h"
#include "pki/sct.h"

enum { TEXT_MAX = 16 * 1024 * 1024 };

static void tell_facts(const struct cert *cert) {
    PL_AUTO(mem_freep) char *key = NULL;
    PL_AUTO(mem_freep) char *extended = NULL;
    PL_AUTO(list_clear) struct list lines;
    struct sct_list timestamps = {.count = 0};
    list_init(&lines, 6 * CERT_FACTS_MAX);
    FUZZ_CHECK(cert_key_usages(cert, &key, NULL) && cert_extended_usages(cert, &extended, NULL));
    FUZZ_CHECK(cert_name_constraints(cert, &lines, NULL) && cert_policies(cert, &lines, NULL));
    for (int kind = CERT_ADDRESS_ISSUER; kind <= CERT_ADDRESS_CRL; kind++) {
        FUZZ_CHECK(cert_addresses(cert, (enum cert_address)kind, &lines, NULL));
    }
    (void)cert_path_length(cert);
    (void)cert_validation_of(cert);
    (void)cert_wants_staple(cert);
    (void)sct_list_read_cert(&timestamps, cert);
    FUZZ_CHECK(sct_list_count_logs(&timestamps) <= timestamps.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct err e = {0};
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    if (!fuzz_told(cert_from_der(bytes, len, &cert, &e), &e)) {
        return 0;
    }
    (void)cert_covers_host(cert, "www.example.com");
    (void)cert_covers_host(cert, "192.0.2.1");
    (void)cert_is_issued_by(cert, cert);
    tell_facts(cert);
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
