/*
 * OpenSSL's objects in our idiom: cleanup at the end of a scope, failures as struct err.
 */
#ifndef PL_PKI_OPENSSL_H
#define PL_PKI_OPENSSL_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

PL_DEFINE_FREEP(x509_freep, X509, X509_free)
PL_DEFINE_FREEP(x509_req_freep, X509_REQ, X509_REQ_free)
PL_DEFINE_FREEP(x509_crl_freep, X509_CRL, X509_CRL_free)
PL_DEFINE_FREEP(x509_name_freep, X509_NAME, X509_NAME_free)
PL_DEFINE_FREEP(x509_extension_freep, X509_EXTENSION, X509_EXTENSION_free)
PL_DEFINE_FREEP(evp_pkey_freep, EVP_PKEY, EVP_PKEY_free)
PL_DEFINE_FREEP(evp_pkey_ctx_freep, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
PL_DEFINE_FREEP(evp_md_ctx_freep, EVP_MD_CTX, EVP_MD_CTX_free)
PL_DEFINE_FREEP(evp_cipher_ctx_freep, EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)
PL_DEFINE_FREEP(bio_freep, BIO, BIO_free_all)
PL_DEFINE_FREEP(bn_freep, BIGNUM, BN_free)
PL_DEFINE_FREEP(pkcs12_freep, PKCS12, PKCS12_free)
PL_DEFINE_FREEP(pkcs7_freep, PKCS7, PKCS7_free)
PL_DEFINE_FREEP(pkcs8_freep, PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)

/*
 * err_set, with OpenSSL's error queue (oldest first) as the note for the log; the queue is empty
 * afterwards. Running out of memory inside OpenSSL becomes base.oom. Returns false.
 */
void err_set_openssl(struct err *e, enum err_code code, const char *format, ...) PL_PRINTF(3, 4);
#define err_set_openssl(...) (err_set_openssl(__VA_ARGS__), false)

/*
 * Appends what an i2d function writes. call names the function with its object:
 *     openssl_append_der(out, (i2d_of_void *)i2d_X509, x509, e)
 * Fails base.oom, base.limit, pki.der.encode.
 */
bool openssl_append_der(struct buf *out, i2d_of_void *encode, const void *object, struct err *e)
    PL_MUST_USE;

/* SHA-256 of bytes. Fails base.oom. */
bool sha256(const void *bytes, size_t len, uint8_t out[32], struct err *e) PL_MUST_USE;

#endif
