/* Key identifiers. */
#include "pki/key_id.h"

#include "pki/openssl.h"

#include <limits.h>
#include <string.h>

PL_DEFINE_FREEP(x509_pubkey_freep, X509_PUBKEY, X509_PUBKEY_free)

bool key_id_from_spki(const uint8_t *spki, size_t spki_len, uint8_t out[KEY_ID_LEN],
                      struct err *e) {
    const uint8_t *at = spki;
    PL_AUTO(x509_pubkey_freep)
    X509_PUBKEY *pubkey = spki_len <= LONG_MAX ? d2i_X509_PUBKEY(NULL, &at, (long)spki_len) : NULL;
    const uint8_t *bits = NULL;
    int bits_len = 0;
    if (pubkey == NULL || at != spki + spki_len ||
        X509_PUBKEY_get0_param(NULL, &bits, &bits_len, NULL, pubkey) != 1 || bits_len <= 0) {
        return err_set_openssl(e, ERR_PKI_KEY_INVALID, "this is not a public key");
    }
    uint8_t digest[32];
    if (!sha256(bits, (size_t)bits_len, digest, e)) {
        return false;
    }
    memcpy(out, digest, KEY_ID_LEN);
    return true;
}
