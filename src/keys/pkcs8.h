/*
 * Private keys as PKCS #8 DER (RFC 5208, RFC 5958 version 1), in and out. Private to keys/.
 */
#ifndef PL_KEYS_PKCS8_H
#define PL_KEYS_PKCS8_H

#include "base/secret.h"
#include "pki/key.h"

/* Caller clears out_pkcs8. Fails pki.key.invalid (OpenSSL cannot write this kind), base.oom,
 * base.limit. */
bool pkcs8_encode(const EVP_PKEY *key, struct secret *out_pkcs8, struct err *e) PL_MUST_USE;

/* The key must fill the bytes. Caller owns out_key, EVP_PKEY_free(). Fails pki.key.invalid. */
bool pkcs8_decode(const struct secret *pkcs8, EVP_PKEY **out_key, struct err *e) PL_MUST_USE;

#endif
