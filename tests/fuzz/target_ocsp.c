/* pki/ocsp: any response, about a certificate and an issuer that it is not of. */
#include "fuzz.h"

#include "pki/ocsp.h"

#include <openssl/x509.h>

/* One certificate for all inputs, self-signed: issuer and subject in one. */
static struct cert *fixed_cert(void) {
    static struct cert *cert;
    if (cert == NULL) {
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509 *x509 = X509_new();
        FUZZ_CHECK(key != NULL && x509 != NULL);
        (void)ASN1_INTEGER_set(X509_get_serialNumber(x509), 4097);
        (void)X509_gmtime_adj(X509_getm_notBefore(x509), 0);
        (void)X509_gmtime_adj(X509_getm_notAfter(x509), 86400);
        X509_NAME *name = X509_get_subject_name(x509);
        (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"f", 1, -1, 0);
        (void)X509_set_issuer_name(x509, name);
        (void)X509_set_pubkey(x509, key);
        FUZZ_CHECK(X509_sign(x509, key, EVP_sha256()) > 0);
        FUZZ_CHECK(cert_from_x509(x509, &cert, NULL));
        X509_free(x509);
        EVP_PKEY_free(key);
    }
    return cert;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct err e = {0};
    struct ocsp_answer answer = {0};
    const struct cert *cert = fixed_cert();
    /* Nobody has the key: no response is right. */
    struct ocsp_state state;
    FUZZ_CHECK(!fuzz_told(ocsp_state_read(bytes, len, cert, cert, &state, &e), &e));
    err_init(&e);
    FUZZ_CHECK(!fuzz_told(ocsp_read(bytes, len, cert, cert, 1795392000000, &answer, &e), &e));
    return 0;
}
