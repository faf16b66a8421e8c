/*
 * Signatures with an unsealed key, and what is made of to-be-signed bytes and one. Private to
 * keys/: whoever calls has checked the meaning of the bytes.
 */
#ifndef PL_KEYS_SIGN_H
#define PL_KEYS_SIGN_H

#include "codec/der.h"
#include "keys/ring_parts.h"

/* How a key signs: the places of cached_key.contexts. */
enum sign_scheme {
    SIGN_RSA_PKCS1_SHA256,
    SIGN_RSA_PKCS1_SHA384,
    SIGN_RSA_PKCS1_SHA512,
    SIGN_RSA_PKCS1_MD5_SHA1, /* TLS 1.0 and 1.1 */
    SIGN_RSA_PSS_SHA256,     /* MGF1 with the same digest, salt as long as the digest */
    SIGN_RSA_PSS_SHA384,
    SIGN_RSA_PSS_SHA512,
    SIGN_ECDSA_SHA256,
    SIGN_ECDSA_SHA384,
    SIGN_ECDSA_SHA512,
    SIGN_ECDSA_SHA1, /* TLS 1.0 and 1.1 */
    SIGN_ED25519,
    SIGN_SCHEME_COUNT
};

_Static_assert((int)SIGN_SCHEME_COUNT <= (int)KEY_CACHE_CONTEXTS,
               "a cached key has a place per scheme");

/* The family of keys that a scheme is for. */
enum key_family sign_scheme_family(enum sign_scheme scheme);

/*
 * Signs message. The key's family must be the scheme's.
 * Fails keys.sign (OpenSSL refuses, or the signature is longer than KEYS_SIGNATURE_MAX), base.oom
 */
bool sign_message(struct ring *ring, struct cached_key *key, enum sign_scheme scheme,
                  const uint8_t *message, size_t message_len, uint8_t out[KEYS_SIGNATURE_MAX],
                  size_t *out_len, struct err *e) PL_MUST_USE;

/*
 * True when signature is one of message by the private half of public_key, with the scheme of its
 * kind of key (sign_algorithm_of).
 */
bool sign_is_valid(const struct ring *ring, EVP_PKEY *public_key, const uint8_t *message,
                   size_t message_len, const uint8_t *signature, size_t signature_len);

/* The one algorithm that a key signs certificates, requests and lists with. */
struct sign_algorithm {
    enum sign_scheme scheme;
    const uint8_t *identifier; /* DER AlgorithmIdentifier */
    size_t identifier_len;
};

/* RSA: SHA-256; P-256, P-384, P-521: SHA-256, SHA-384, SHA-512; Ed25519. Fails keys.sign for
 * others. */
bool sign_algorithm_of(const struct key_spec *spec, struct sign_algorithm *out_algorithm,
                       struct err *e) PL_MUST_USE;

/*
 * Appends SEQUENCE { tbs, AlgorithmIdentifier, BIT STRING signature }, the bytes of tbs unchanged.
 * The answer was read back and its signature verified. Fails as sign_message, and keys.sign when
 * the signature does not verify (a fault while signing can give a private key away).
 */
bool sign_tbs(struct ring *ring, struct cached_key *key, const uint8_t *tbs, size_t tbs_len,
              struct buf *out_der, struct err *e) PL_MUST_USE;

/* The same around an empty signature, to have to-be-signed bytes read before they are signed. */
bool sign_frame_unsigned(const uint8_t *tbs, size_t tbs_len, const struct sign_algorithm *algorithm,
                         struct buf *out_der, struct err *e) PL_MUST_USE;

#endif
