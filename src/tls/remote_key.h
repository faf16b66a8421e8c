/*
 * Private keys that are elsewhere: an OpenSSL provider whose keys hold a public key and a handle,
 * and whose only operation is a TLS server's handshake signature, asked of a callback.
 *
 * The process that serves TLS links this and never sees a private key. What libssl wants signed is
 * recognised (the TLS 1.3 server CertificateVerify, the TLS 1.2 ServerKeyExchange with a named
 * group) and passed on as its meaning; anything else is refused here already, and again by whoever
 * signs.
 *
 * Source: RFC 8446 §4.4.3, RFC 5246 §7.4.3, RFC 8422 §5.4; provider-keymgmt(7),
 * provider-signature(7)
 */
#ifndef PL_TLS_REMOTE_KEY_H
#define PL_TLS_REMOTE_KEY_H

#include "base/compiler.h"
#include "base/err.h"
#include "base/id.h"

#include <openssl/types.h>

enum {
    REMOTE_SIGNATURE_MAX = 1024,
    /* client random, server random, type and group of the curve, length and point (P-521) */
    REMOTE_INPUT_MAX = 32 + 32 + 3 + 1 + 133,
};

/* Names a private key without holding it. */
struct key_handle {
    struct id id;            /* of the key in the store */
    uint32_t number;         /* the caller's own (an index into its table), handed back to sign */
    uint8_t spki_sha256[32]; /* of its public half: a certificate that has another is refused */
};

enum remote_kind {
    REMOTE_TLS13_SERVER_VERIFY = 1,   /* input: the transcript hash, 32 or 48 bytes */
    REMOTE_TLS12_SERVER_KEY_EXCHANGE, /* input: client random, server random, ServerECDHParams */
};

/*
 * Makes a signature, in the caller's process or by asking another one. Under an ASYNC_JOB it may
 * pause the job instead of blocking.
 *
 * scheme   TLS SignatureScheme code point (RFC 8446 §4.2.3)
 * input    1..REMOTE_INPUT_MAX bytes, see enum remote_kind
 * out_len  bytes written to out, 1..REMOTE_SIGNATURE_MAX
 */
typedef bool remote_sign_fn(void *ctx, const struct key_handle *key, enum remote_kind kind,
                            uint16_t scheme, const uint8_t *input, size_t input_len,
                            uint8_t out[REMOTE_SIGNATURE_MAX], size_t *out_len, struct err *e);

struct remote_signer {
    remote_sign_fn *sign;
    void *ctx;
};

struct remote_keys;

/*
 * Loads the provider beside the default one.
 *
 * library  a library context of its own for TLS: an unqualified fetch in the default one (to make
 *          keys, to verify) must not meet keys that cannot do that; NULL is not allowed
 * signer   copied; its ctx must live as long as any key made here
 * Fails    tls.provider, base.oom
 */
bool remote_keys_new(OSSL_LIB_CTX *library, const struct remote_signer *signer,
                     struct remote_keys **out_keys, struct err *e) PL_MUST_USE;
/* Before the library context is freed; keys made of it must be gone. */
void remote_keys_free(struct remote_keys *keys);
PL_DEFINE_FREEP(remote_keys_freep, struct remote_keys, remote_keys_free)

/*
 * A key for SSL_use_PrivateKey: the certificate's public half and the handle.
 *
 * public_key  RSA, EC on P-256, P-384 or P-521, or Ed25519, of the same library context; borrowed
 * out_key     caller owns, EVP_PKEY_free()
 * Fails       tls.key.family, tls.key.mismatch (its SPKI is not handle's), base.oom
 */
bool remote_key_new(struct remote_keys *keys, const struct key_handle *handle, EVP_PKEY *public_key,
                    EVP_PKEY **out_key, struct err *e) PL_MUST_USE;

/*
 * The error of the last signature that failed since this was last called: libssl passes on only
 * that it failed. False when none did. To be asked right after SSL_do_handshake() returned.
 */
bool remote_keys_take_error(struct remote_keys *keys, struct err *out_error);

#endif
