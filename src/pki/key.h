/*
 * Keys as everyone but the keys process sees them: what kind, how strong, whose.
 *
 * Private keys pass through here only as EVP_PKEY inside keys/. Source: RFC 5280 §4.1.2.7,
 * RFC 8017, RFC 5480, RFC 8410; key rules: CA/Browser Forum BR §6.1.5, §6.1.6, §6.1.1.3.
 */
#ifndef PL_PKI_KEY_H
#define PL_PKI_KEY_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"

#include <openssl/types.h>

enum key_family { KEY_OTHER, KEY_RSA, KEY_EC, KEY_ED25519 };

struct key_spec {
    enum key_family family;
    unsigned bits; /* RSA: of the modulus; EC: 256, 384, 521 for the NIST curves, 0 for others;
                      Ed25519: 256 */
};

enum { KEY_SPEC_TEXT = 16, KEY_SPKI_SHA256_LEN = 32, KEY_DER_MAX = 16 * 1024 };

/*
 * "rsa:2048|3072|4096", "ec:p256|p384|p521", "ed25519", letters in either case. Fails pki.key.spec.
 */
bool key_spec_parse(const char *text, struct key_spec *out_spec, struct err *e) PL_MUST_USE;
/* The text form; any RSA size is written; "other" for the rest. */
void key_spec_format(const struct key_spec *spec, char out[KEY_SPEC_TEXT]);
/* For people: "RSA 2048", "ECDSA P-256", "Ed25519", "other". */
void key_spec_describe(const struct key_spec *spec, char out[KEY_SPEC_TEXT]);
bool key_spec_equal(const struct key_spec *a, const struct key_spec *b);

/* Kind of a public or private key. */
struct key_spec key_spec_of(const EVP_PKEY *key);

/* A new key pair; only keys/ calls it. Caller owns. Fails pki.key.generate, base.oom. */
bool key_generate(const struct key_spec *spec, EVP_PKEY **out_key, struct err *e) PL_MUST_USE;

/* Appends the DER SubjectPublicKeyInfo. */
bool key_append_spki(const EVP_PKEY *key, struct buf *out, struct err *e) PL_MUST_USE;
/* Reads a DER SubjectPublicKeyInfo that must fill der. Fails pki.key.invalid. */
bool key_from_spki(const uint8_t *der, size_t der_len, EVP_PKEY **out_key, struct err *e)
    PL_MUST_USE;
/* SHA-256 over the DER SubjectPublicKeyInfo: what joins requests, keys and certificates. */
bool key_spki_sha256(const EVP_PKEY *key, uint8_t out[KEY_SPKI_SHA256_LEN], struct err *e)
    PL_MUST_USE;

/*
 * Refuses weak public keys, by BR §6.1.1.3, §6.1.5 and §6.1.6: RSA under 2048 bits, above 8192 or
 * not divisible by 8; a public exponent that is even, below 3 or longer than 256 bits; a modulus
 * with a factor up to 751, that is a prime or the power of one, with close primes (Fermat, 100
 * rounds) or of the ROCA form (CVE-2017-15361); EC curves other than the three NIST ones, curves
 * that are spelt out instead of named, points that fail full validation; families other than RSA,
 * EC, Ed25519; keys whose private half is in a published standard (see pki/key_known.h, also for
 * Debian's CVE-2008-0166 and lists of one's own).
 *
 * Takes a few milliseconds for RSA.
 * Fails pki.key.weak.size, pki.key.weak.exponent, pki.key.weak.factor, pki.key.weak.close_primes,
 * pki.key.weak.roca, pki.key.weak.known, pki.key.curve, pki.key.family
 */
bool key_strength_check(EVP_PKEY *key, struct err *e) PL_MUST_USE;

#endif
