/*
 * Opens what foreigners packed: one PFX, one encrypted or plain private key, under limits. In the
 * house this is the unpack process (one file, one life); its callers see this interface alone.
 *
 * Limits: UNPACK_INPUT_MAX bytes, UNPACK_PASSWORD_MAX bytes of password, UNPACK_ITERATIONS_MAX
 * iterations of key derivation in all of a file (told before the first is done),
 * UNPACK_CERTS_MAX certificates.
 */
#ifndef PL_KEYS_UNPACK_H
#define PL_KEYS_UNPACK_H

#include "base/secret.h"
#include "pki/cert.h"

enum {
    UNPACK_INPUT_MAX = 4 * 1024 * 1024,
    UNPACK_PASSWORD_MAX = 1024,
    UNPACK_ITERATIONS_MAX = 10 * 1000 * 1000,
    UNPACK_CERTS_MAX = 100,
    UNPACK_ENCRYPTION_TEXT = 112
};

struct unpacked {
    struct secret pkcs8;    /* DER PrivateKeyInfo; len 0 when the file has no key */
    struct cert_list certs; /* all certificates, the key's own first when there is one */
    char *friendly_name;    /* of the key or its certificate; NULL when there is none */
    /* How it was protected, for people: "PBES2 AES-256-CBC, 2048 iterations; MAC SHA-256". */
    char encryption[UNPACK_ENCRYPTION_TEXT];
};
void unpacked_clear(struct unpacked *unpacked);

/*
 * A PKCS #12 file, DER or BER, also in PEM armour, with any common encryption (PBE-SHA1-3DES,
 * -RC2-40/128, PBES2, RFC 7292 and RFC 9579 MACs, no encryption). password may be empty; then both
 * "no password" and "" are tried. A password beyond ASCII is tried as the usual programs spell it.
 *
 * out     caller owns, unpacked_clear(); written only on success, which may be without a key
 * Fails   unpack.password (it is wrong; also when a key inside has another one), unpack.algorithm
 *         (names what is not supported), unpack.malformed, unpack.iterations,
 *         unpack.several_keys, base.limit, base.oom
 * Source  RFC 7292, RFC 9579, RFC 8018
 */
bool unpack_pfx(const uint8_t *bytes, size_t len, const struct secret *password,
                struct unpacked *out, struct err *e) PL_MUST_USE;

/*
 * A private key in PEM, DER or base64: PKCS #8 plain or encrypted, PKCS #1 and SEC 1 (with or
 * without DEK-Info); certificates in the same file are collected. Fails as above, and
 * unpack.no_key. Source: RFC 5958, RFC 8017, RFC 5915, RFC 1421 §4.6.1.3 as OpenSSL writes it.
 */
bool unpack_pem(const uint8_t *bytes, size_t len, const struct secret *password,
                struct unpacked *out, struct err *e) PL_MUST_USE;

/*
 * Loads what opening a file may need from the disk, for a process that is about to lose the right
 * to read it: the library's legacy algorithms.
 */
void unpack_preload(void);

/*
 * True when reading needs a password (encrypted PEM; PFX: always asks). Looks at the outside only.
 */
bool unpack_needs_password(const uint8_t *bytes, size_t len);

#endif
