/*
 * Keys that leave: always encrypted, only when they were made exportable, in the form that the
 * reader understands.
 *
 * Source: RFC 7292 (PKCS #12), RFC 8018 (PBES2), RFC 5958 (EncryptedPrivateKeyInfo).
 */
#include "keys/ring_parts.h"

#include "base/mem.h"
#include "pki/openssl.h"

#include <openssl/pem.h>

#include <string.h>

enum { PEM_ITERATIONS = 600 * 1000, SALT_LEN = 16 };

/*
 * What each reader understands. Windows before Server 2019 and Windows 10 1709 knows 3DES and a
 * SHA-1 MAC alone, and its own exports use 2,000 iterations. Java reads at most 5,000,000
 * iterations, and .NET 600,000 in all before it asks.
 */
static const struct pfx_form {
    int key_cipher_nid;
    int certificate_cipher_nid;
    const char *mac_digest;
    int iterations;
} pfx_forms[] = {
    [PFX_FOR_WINDOWS_2008] = {NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
                              NID_pbe_WithSHA1And3_Key_TripleDES_CBC, "SHA1", 2000},
    [PFX_FOR_WINDOWS_2016] = {NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
                              NID_pbe_WithSHA1And3_Key_TripleDES_CBC, "SHA1", 10 * 1000},
    [PFX_FOR_WINDOWS] = {NID_aes_256_cbc, NID_aes_256_cbc, "SHA2-256", 100 * 1000},
    [PFX_FOR_JAVA] = {NID_aes_256_cbc, NID_aes_256_cbc, "SHA2-256", 100 * 1000},
    [PFX_FOR_OPENSSL] = {NID_aes_256_cbc, NID_aes_256_cbc, "SHA2-256", 600 * 1000},
};

static bool check_wish(const struct sealed_key *key, const struct secret *password, struct err *e) {
    if (password->len == 0 || password->len > KEYS_PASSWORD_MAX) {
        return err_set(e, ERR_KEYS_EXPORT_PASSWORD,
                       "a password of 1 to %d bytes is needed: private keys leave encrypted only",
                       KEYS_PASSWORD_MAX);
    }
    if (memchr(password->bytes, '\0', password->len) != NULL) {
        return err_set(e, ERR_KEYS_EXPORT_PASSWORD, "the password has a NUL character in it");
    }
    if (!key->is_exportable) {
        (void)err_set(e, ERR_KEYS_EXPORT_DENIED, "this key was made so that it cannot leave");
        return err_hint(e, "export the certificate alone, or make a new key with --exportable yes");
    }
    return true;
}

PL_DEFINE_FREEP(x509_stack_freep, STACK_OF(X509), sk_X509_free)

/* The stack borrows the certificates. */
static bool stack_chain(const struct cert_list *chain, STACK_OF(X509) * *out_stack, struct err *e) {
    PL_AUTO(x509_stack_freep) STACK_OF(X509) *stack = sk_X509_new_null();
    bool is_complete = stack != NULL;
    for (size_t i = 0; is_complete && chain != NULL && i < chain->count; i++) {
        is_complete = sk_X509_push(stack, chain->items[i]->x509) > 0;
    }
    if (!is_complete) {
        return err_set_openssl(e, ERR_BASE_OOM, "out of memory");
    }
    *out_stack = PL_TAKE(stack);
    return true;
}

/* Java names its entries by the friendly name and gives nameless ones a number. */
static const char *name_for(const struct pfx_wish *wish) {
    bool needs_name = wish->friendly_name == NULL && wish->reader == PFX_FOR_JAVA;
    return needs_name ? cert_display_name(wish->certificate) : wish->friendly_name;
}

static bool write_pfx(EVP_PKEY *pkey, const struct pfx_wish *wish, STACK_OF(X509) * chain,
                      struct buf *out_der, struct err *e) {
    const struct pfx_form *form = &pfx_forms[wish->reader];
    const char *password = secret_string(wish->password);
    enum { NO_MAC = -1, USAGE_ANY = 0 };
    PL_AUTO(pkcs12_freep)
    PKCS12 *pfx = PKCS12_create(password, name_for(wish), pkey, wish->certificate->x509, chain,
                                form->key_cipher_nid, form->certificate_cipher_nid,
                                form->iterations, NO_MAC, USAGE_ANY);
    EVP_MD *digest = EVP_MD_fetch(NULL, form->mac_digest, NULL);
    bool is_done = pfx != NULL && digest != NULL &&
                   PKCS12_set_mac(pfx, password, -1, NULL, SALT_LEN, form->iterations, digest) == 1;
    EVP_MD_free(digest);
    if (!is_done) {
        return err_set_openssl(e, ERR_KEYS_EXPORT_FAILED, "cannot write the PFX file");
    }
    return openssl_append_der(out_der, (i2d_of_void *)i2d_PKCS12, pfx, e);
}

bool ring_export_pfx(struct ring *ring, const struct sealed_key *key, const struct pfx_wish *wish,
                     struct buf *out_der, struct err *e) {
    struct cached_key *cached = NULL;
    PL_AUTO(x509_stack_freep) STACK_OF(X509) *chain = NULL;
    if (!check_wish(key, wish->password, e) ||
        !ring_unseal(ring, key, RING_ANY_PURPOSE, &cached, e)) {
        return false;
    }
    if (X509_check_private_key(wish->certificate->x509, cached->pkey) != 1) {
        return err_set_openssl(e, ERR_PKI_KEY_MISMATCH,
                               "the private key is not that of the certificate \"%.200s\"",
                               cert_display_name(wish->certificate));
    }
    return stack_chain(wish->chain, &chain, e) && write_pfx(cached->pkey, wish, chain, out_der, e);
}

PL_DEFINE_FREEP(x509_algor_freep, X509_ALGOR, X509_ALGOR_free)
PL_DEFINE_FREEP(x509_sig_freep, X509_SIG, X509_SIG_free)

static X509_SIG *encrypt_pkcs8(const EVP_PKEY *pkey, const struct secret *password) {
    PL_AUTO(pkcs8_freep) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    PL_AUTO(x509_algor_freep)
    X509_ALGOR *scheme = PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), PEM_ITERATIONS, NULL, SALT_LEN, NULL,
                                           NID_hmacWithSHA256);
    if (info == NULL || scheme == NULL) {
        return NULL;
    }
    X509_SIG *sealed = PKCS8_set0_pbe(secret_string(password), (int)password->len, info, scheme);
    if (sealed != NULL) {
        scheme = NULL; /* sealed owns it */
    }
    return sealed;
}

bool ring_export_pem(struct ring *ring, const struct sealed_key *key, const struct secret *password,
                     struct buf *out_pem, struct err *e) {
    struct cached_key *cached = NULL;
    if (!check_wish(key, password, e) || !ring_unseal(ring, key, RING_ANY_PURPOSE, &cached, e)) {
        return false;
    }
    PL_AUTO(x509_sig_freep) X509_SIG *sealed = encrypt_pkcs8(cached->pkey, password);
    PL_AUTO(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
    if (sealed == NULL || bio == NULL || PEM_write_bio_PKCS8(bio, sealed) != 1) {
        return err_set_openssl(e, ERR_KEYS_EXPORT_FAILED, "cannot encrypt the private key");
    }
    char *pem = NULL;
    long len = BIO_get_mem_data(bio, &pem);
    return buf_append(out_pem, pem, (size_t)len, e);
}
