/* The test signature before a key is offered for use: it works, and it is the certificate's. */
#include "keys/sign.h"

#include "pki/openssl.h"

#include <string.h>

static bool check_match(const struct cached_key *cached, const struct cert *certificate,
                        struct err *e) {
    uint8_t spki_sha256[KEY_SPKI_SHA256_LEN];
    if (!key_spki_sha256(cached->pkey, spki_sha256, e)) {
        return false;
    }
    if (memcmp(spki_sha256, certificate->spki_sha256, sizeof(spki_sha256)) != 0) {
        return err_set(e, ERR_PKI_KEY_MISMATCH,
                       "the private key is not that of the certificate \"%.200s\"",
                       cert_display_name(certificate));
    }
    return true;
}

/* The text has the form of nothing that is signed otherwise. */
bool ring_test(struct ring *ring, const struct sealed_key *key, const struct cert *certificate,
               struct err *e) {
    static const uint8_t text[] = "padlock: a test signature, which means nothing";
    struct cached_key *cached = NULL;
    struct sign_algorithm algorithm;
    uint8_t signature[KEYS_SIGNATURE_MAX];
    size_t len = 0;
    if (!ring_unseal(ring, key, RING_ANY_PURPOSE, &cached, e) ||
        !check_match(cached, certificate, e) || !sign_algorithm_of(&cached->spec, &algorithm, e) ||
        !sign_message(ring, cached, algorithm.scheme, text, sizeof(text), signature, &len, e)) {
        return false;
    }
    EVP_PKEY *public_key = X509_get0_pubkey(certificate->x509);
    return (public_key != NULL &&
            sign_is_valid(ring, public_key, text, sizeof(text), signature, len)) ||
           err_set(e, ERR_KEYS_TEST, "the certificate does not verify a test signature of its key");
}
