/*
 * A CA for tests: a root and an issuing CA built by ca/, signed by throw-away keys. A failure
 * inside fails the test. Link with ca_fixture_lib (tests/unit/ca/meson.build).
 */
#ifndef PL_TESTS_CA_FIXTURE_H
#define PL_TESTS_CA_FIXTURE_H

#include "ca/gate.h"
#include "ca/issuer.h"
#include "ca/serial.h"
#include "ca/tbs.h"
#include "pki/openssl.h"
#include "pki/request.h"

#define FIXTURE_NOW_MS INT64_C(1795464900000) /* 2026-11-23T20:15:00Z */
#define FIXTURE_BASE_URL "http://pki.example.com"

struct test_ca {
    EVP_PKEY *root_key;
    EVP_PKEY *issuing_key;
    struct cert *root;
    struct cert *issuing;
    struct ca_issuer root_issuer;
    struct ca_issuer issuer;
};

/* key_type of the issuing CA: "P-256", "P-384", "P-521", "RSA-2048", "ED25519". The root is P-384.
 */
void test_ca_init(struct test_ca *ca, const char *key_type, int64_t now_ms);
void test_ca_clear(struct test_ca *ca);

EVP_PKEY *test_key(const char *type);
void test_spki(EVP_PKEY *key, struct buf *out);
/* The certificate of these to-be-signed bytes, by the algorithm that they name. */
struct cert *test_sign(const struct buf *tbs, EVP_PKEY *key);
/* Certificate, or list, DER: TBS, its algorithm and a signature by key. */
void test_sign_der(const struct buf *tbs, EVP_PKEY *key, struct buf *out);

struct test_wish {
    EVP_PKEY *key;       /* borrowed */
    const char *subject; /* "C=US,O=Example Inc.,CN=www.example.com"; NULL: empty */
    const char *sans;    /* as OpenSSL writes it: "DNS:www.example.com,IP:192.0.2.1"; NULL: none */
    bool asks_for_ca;
    bool has_broken_signature;
};
/* A CSR, signed and read. */
struct csr *test_csr(struct test_wish wish);

/* A leaf's description without a gate: profile, key and names ("www.example.com,192.0.2.1"). */
void test_leaf(struct ca_leaf *leaf, enum ca_profile_id profile, EVP_PKEY *key, const char *names,
               int64_t now_ms);
/* Its certificate, signed by the issuing CA. */
struct cert *test_issue(const struct test_ca *ca, const struct ca_leaf *leaf);

/* Writes a certificate as NAME.pem into the folder that $PADLOCK_TEST_OUT names, for linters; or
 * nothing. */
void test_write(const struct cert *cert, const char *name);

#endif
