/*
 * For tests of tls/ and role/: certificates with plain private keys, and a signer that stands in
 * for keys/: it rebuilds the signed bytes from their meaning and signs with the plain key.
 */
#ifndef PL_TESTS_TLS_FIXTURE_H
#define PL_TESTS_TLS_FIXTURE_H

#include "unit.h"

#include "pki/key.h"
#include "pki/openssl.h"
#include "tls/remote_key.h"

#include <openssl/rsa.h>

#include <stdio.h>

enum { FIXTURE_KEYS_MAX = 8 };

struct fixture_key {
    EVP_PKEY *key;
    X509 *certificate; /* self-signed */
    uint8_t *der;
    size_t der_len;
    struct key_spec spec;
    struct key_handle handle;
};

/* What signs: handle.number is the index. */
struct fixture_signer {
    struct fixture_key *keys[FIXTURE_KEYS_MAX];
    unsigned calls;
    enum remote_kind last_kind;
    uint16_t last_scheme;
    bool is_broken; /* every signature fails */
};

static inline void fixture_add_extension(X509 *certificate, int nid, const char *value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static inline X509 *fixture_certificate(EVP_PKEY *key, const char *host, bool is_ed25519) {
    char names[300];
    X509 *certificate = X509_new();
    assert_non_null(certificate);
    (void)X509_set_version(certificate, X509_VERSION_3);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    (void)X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    (void)X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_NAME *name = X509_get_subject_name(certificate);
    (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)host, -1, -1, 0);
    (void)X509_set_issuer_name(certificate, name);
    (void)X509_set_pubkey(certificate, key);
    (void)snprintf(names, sizeof(names), "DNS:%s", host);
    fixture_add_extension(certificate, NID_subject_alt_name, names);
    assert_true(X509_sign(certificate, key, is_ed25519 ? NULL : EVP_sha256()) > 0);
    return certificate;
}

/* spec: "rsa:2048", "ec:p256" …; number: the handle's. Freed with fixture_key_free(). */
static inline struct fixture_key *fixture_key_new(const char *spec, const char *host,
                                                  uint32_t number) {
    struct err e = {0};
    struct fixture_key *made = calloc(1, sizeof(*made));
    assert_non_null(made);
    assert_ok(key_spec_parse(spec, &made->spec, &e), &e);
    assert_ok(key_generate(&made->spec, &made->key, &e), &e);
    made->certificate = fixture_certificate(made->key, host, made->spec.family == KEY_ED25519);
    int len = i2d_X509(made->certificate, &made->der);
    assert_true(len > 0);
    made->der_len = (size_t)len;
    made->handle.number = number;
    made->handle.id.bytes[0] = (uint8_t)(number + 1);
    assert_ok(key_spki_sha256(made->key, made->handle.spki_sha256, &e), &e);
    return made;
}

static inline void fixture_key_free(struct fixture_key *key) {
    if (key != NULL) {
        EVP_PKEY_free(key->key);
        X509_free(key->certificate);
        OPENSSL_free(key->der);
        free(key);
    }
}

static inline const EVP_MD *fixture_digest(uint16_t scheme) {
    switch (scheme) {
    case 0x0403:
    case 0x0804:
    case 0x0401:
        return EVP_sha256();
    case 0x0503:
    case 0x0805:
    case 0x0501:
        return EVP_sha384();
    case 0x0603:
    case 0x0806:
    case 0x0601:
        return EVP_sha512();
    case 0x0203:
        return EVP_sha1();
    case 0xFF01:
        return EVP_md5_sha1();
    default:
        return NULL; /* Ed25519 */
    }
}

/* RFC 8446 §4.4.3, written again here: the tests must not share the code that they test. */
static inline size_t fixture_message(enum remote_kind kind, const uint8_t *input, size_t len,
                                     uint8_t *out) {
    if (kind == REMOTE_TLS12_SERVER_KEY_EXCHANGE) {
        memcpy(out, input, len);
        return len;
    }
    memset(out, ' ', 64);
    memcpy(out + 64, "TLS 1.3, server CertificateVerify", 34);
    memcpy(out + 98, input, len);
    return 98 + len;
}

static inline bool fixture_sign(void *ctx, const struct key_handle *handle, enum remote_kind kind,
                                uint16_t scheme, const uint8_t *input, size_t input_len,
                                uint8_t out[REMOTE_SIGNATURE_MAX], size_t *out_len, struct err *e) {
    struct fixture_signer *signer = ctx;
    signer->calls++;
    signer->last_kind = kind;
    signer->last_scheme = scheme;
    if (signer->is_broken) {
        return err_set(e, ERR_TLS_SIGN_REFUSED, "the test's signer is broken");
    }
    uint8_t message[REMOTE_INPUT_MAX + 98];
    size_t len = fixture_message(kind, input, input_len, message);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL;
    EVP_PKEY *key = signer->keys[handle->number]->key;
    bool ok = EVP_DigestSignInit(context, &options, fixture_digest(scheme), NULL, key) == 1;
    if (ok && scheme >> 8 == 8 && scheme != 0x0807) {
        ok = EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) == 1;
    }
    *out_len = REMOTE_SIGNATURE_MAX;
    ok = ok && EVP_DigestSign(context, out, out_len, message, len) == 1;
    EVP_MD_CTX_free(context);
    return ok || err_set(e, ERR_TLS_SIGN_REFUSED, "the test's signer failed");
}

#endif
