/*
 * Opens what foreigners packed: one PFX, one encrypted or plain private key, under limits. In the
 * house this is the unpack process (one file, one life); its callers see this interface alone.
 *
 * Limits: UNPACK_INPUT_MAX bytes, UNPACK_ITERATIONS_MAX KDF iterations, UNPACK_CERTS_MAX
 * certificates.
 */
#ifndef PL_KEYS_UNPACK_H
#define PL_KEYS_UNPACK_H

#include "base/secret.h"
#include "pki/cert.h"

enum {
    UNPACK_INPUT_MAX = 4 * 1024 * 1024,
    UNPACK_ITERATIONS_MAX = 10 * 1000 * 1000,
    UNPACK_CERTS_MAX = 100
};

struct unpacked {
    struct secret pkcs8;    /* DER PrivateKeyInfo; len 0 when the file has no key */
    struct cert_list certs; /* all certificates, the key's own first when there is one */
    char *friendly_name;    /* of the key or its certificate; NULL when there is none */
    /* How it was protected, for people: "PBES2 AES-256-CBC, 2048 iterations; MAC SHA-256". */
    char encryption[64];
};
void unpacked_clear(struct unpacked *unpacked);

/*
 * A PKCS #12 file, with any common encryption (PBE-SHA1-3DES, -RC2-40/128, PBES2 AES, RFC 7292 and
 * RFC 9579 MACs, no encryption). password may be empty; then both "no password" and "" are tried.
 *
 * Fails  unpack.password (the MAC says the password is wrong), unpack.algorithm (names the
 *        algorithm that is not supported), unpack.malformed, unpack.iterations,
 * unpack.several_keys, base.limit
 */
bool unpack_pfx(const uint8_t *bytes, size_t len, const struct secret *password,
                struct unpacked *out, struct err *e) PL_MUST_USE;

/*
 * A private key in PEM or DER: PKCS #8 plain or encrypted, PKCS #1 (with or without DEK-Info), SEC
 * 1; certificates in the same file are collected. Fails as above, and unpack.no_key.
 */
bool unpack_pem(const uint8_t *bytes, size_t len, const struct secret *password,
                struct unpacked *out, struct err *e) PL_MUST_USE;

/*
 * True when reading needs a password (encrypted PEM; PFX: always asks). Looks at the outside only.
 */
bool unpack_needs_password(const uint8_t *bytes, size_t len);

#endif
