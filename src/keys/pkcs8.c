/* Private keys as PKCS #8: OpenSSL's forms in and out of locked memory. */
#include "keys/pkcs8.h"

#include "pki/openssl.h"

bool pkcs8_encode(const EVP_PKEY *key, struct secret *out_pkcs8, struct err *e) {
    PL_AUTO(pkcs8_freep) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    int len = info == NULL ? 0 : i2d_PKCS8_PRIV_KEY_INFO(info, NULL);
    if (len <= 0) {
        return err_set_openssl(e, ERR_PKI_KEY_INVALID, "cannot write the private key as PKCS #8");
    }
    PL_AUTO(secret_clear) struct secret der = {0};
    if (!secret_init(&der, (size_t)len, e)) {
        return false;
    }
    uint8_t *at = der.bytes;
    if (i2d_PKCS8_PRIV_KEY_INFO(info, &at) != len) {
        return err_set_openssl(e, ERR_PKI_KEY_INVALID, "cannot write the private key as PKCS #8");
    }
    *out_pkcs8 = der;
    der = (struct secret){0};
    return true;
}

bool pkcs8_decode(const struct secret *pkcs8, EVP_PKEY **out_key, struct err *e) {
    const uint8_t *at = pkcs8->bytes;
    if (pkcs8->len == 0) {
        return err_set(e, ERR_PKI_KEY_INVALID, "the private key is empty");
    }
    PL_AUTO(pkcs8_freep)
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)pkcs8->len);
    if (info == NULL || at != pkcs8->bytes + pkcs8->len) {
        return err_set_openssl(e, ERR_PKI_KEY_INVALID, "the private key is not PKCS #8");
    }
    EVP_PKEY *key = EVP_PKCS82PKEY(info);
    if (key == NULL) {
        return err_set_openssl(e, ERR_PKI_KEY_INVALID, "cannot read the private key");
    }
    *out_key = key;
    return true;
}
