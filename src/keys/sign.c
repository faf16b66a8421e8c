/*
 * Signatures: a table of schemes, and a ready OpenSSL context per key and scheme.
 *
 * Source: RFC 8017 (RSA), RFC 8446 §4.2.3 (PSS with a salt as long as the digest), RFC 5758 §3.2
 * (ECDSA identifiers), RFC 4055 §5 (RSA identifiers), RFC 8410 §3 (Ed25519).
 */
#include "keys/sign.h"

#include "pki/openssl.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include <string.h>

static const struct scheme {
    enum key_family family;
    enum ring_digest digest;
    int padding; /* RSA */
} schemes[SIGN_SCHEME_COUNT] = {
    [SIGN_RSA_PKCS1_SHA256] = {KEY_RSA, RING_SHA256, RSA_PKCS1_PADDING},
    [SIGN_RSA_PKCS1_SHA384] = {KEY_RSA, RING_SHA384, RSA_PKCS1_PADDING},
    [SIGN_RSA_PKCS1_SHA512] = {KEY_RSA, RING_SHA512, RSA_PKCS1_PADDING},
    [SIGN_RSA_PKCS1_MD5_SHA1] = {KEY_RSA, RING_MD5_SHA1, RSA_PKCS1_PADDING},
    [SIGN_RSA_PSS_SHA256] = {KEY_RSA, RING_SHA256, RSA_PKCS1_PSS_PADDING},
    [SIGN_RSA_PSS_SHA384] = {KEY_RSA, RING_SHA384, RSA_PKCS1_PSS_PADDING},
    [SIGN_RSA_PSS_SHA512] = {KEY_RSA, RING_SHA512, RSA_PKCS1_PSS_PADDING},
    [SIGN_ECDSA_SHA256] = {KEY_EC, RING_SHA256, 0},
    [SIGN_ECDSA_SHA384] = {KEY_EC, RING_SHA384, 0},
    [SIGN_ECDSA_SHA512] = {KEY_EC, RING_SHA512, 0},
    [SIGN_ECDSA_SHA1] = {KEY_EC, RING_SHA1, 0},
    [SIGN_ED25519] = {KEY_ED25519, RING_NO_DIGEST, 0},
};

enum key_family sign_scheme_family(enum sign_scheme scheme) {
    return schemes[scheme].family;
}

static bool sign_failed(struct err *e) {
    return err_set_openssl(e, ERR_KEYS_SIGN, "cannot sign with this key");
}

static bool set_up(EVP_PKEY_CTX *context, const struct scheme *scheme, const EVP_MD *digest) {
    if (EVP_PKEY_sign_init(context) != 1) {
        return false;
    }
    if (scheme->family == KEY_RSA && EVP_PKEY_CTX_set_rsa_padding(context, scheme->padding) != 1) {
        return false;
    }
    return EVP_PKEY_CTX_set_signature_md(context, digest) == 1 &&
           (scheme->padding != RSA_PKCS1_PSS_PADDING ||
            EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1);
}

/* The key's context for the scheme; NULL when OpenSSL refuses. */
static EVP_PKEY_CTX *context_for(struct cached_key *key, enum sign_scheme scheme,
                                 const EVP_MD *digest) {
    if (key->contexts[scheme] == NULL) {
        PL_AUTO(evp_pkey_ctx_freep) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key->pkey, NULL);
        if (context == NULL || !set_up(context, &schemes[scheme], digest)) {
            return NULL;
        }
        key->contexts[scheme] = PL_TAKE(context);
    }
    return key->contexts[scheme];
}

static bool sign_digest(struct ring *ring, struct cached_key *key, enum sign_scheme scheme,
                        const uint8_t *message, size_t message_len, uint8_t *out, size_t *out_len,
                        struct err *e) {
    const EVP_MD *digest = ring->digests[schemes[scheme].digest];
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned hash_len = 0;
    if (digest == NULL) {
        return err_set(e, ERR_KEYS_SIGN, "the OpenSSL library has no digest for this signature");
    }
    EVP_PKEY_CTX *context = context_for(key, scheme, digest);
    *out_len = KEYS_SIGNATURE_MAX;
    return (context != NULL && EVP_DigestInit_ex2(ring->hashing, digest, NULL) == 1 &&
            EVP_DigestUpdate(ring->hashing, message, message_len) == 1 &&
            EVP_DigestFinal_ex(ring->hashing, hash, &hash_len) == 1 &&
            EVP_PKEY_sign(context, out, out_len, hash, hash_len) == 1) ||
           sign_failed(e);
}

/* Ed25519 takes the message itself, and its contexts are good for one signature. */
static bool sign_whole(struct cached_key *key, const uint8_t *message, size_t message_len,
                       uint8_t *out, size_t *out_len, struct err *e) {
    PL_AUTO(evp_md_ctx_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
    *out_len = KEYS_SIGNATURE_MAX;
    return (context != NULL &&
            EVP_DigestSignInit_ex(context, NULL, NULL, NULL, NULL, key->pkey, NULL) == 1 &&
            EVP_DigestSign(context, out, out_len, message, message_len) == 1) ||
           sign_failed(e);
}

bool sign_message(struct ring *ring, struct cached_key *key, enum sign_scheme scheme,
                  const uint8_t *message, size_t message_len, uint8_t out[KEYS_SIGNATURE_MAX],
                  size_t *out_len, struct err *e) {
    PL_BUG_UNLESS(key->spec.family == schemes[scheme].family);
    if (EVP_PKEY_get_size(key->pkey) > KEYS_SIGNATURE_MAX) {
        return err_set(e, ERR_KEYS_SIGN, "a signature of this key is longer than %d bytes",
                       KEYS_SIGNATURE_MAX);
    }
    if (schemes[scheme].digest == RING_NO_DIGEST) {
        return sign_whole(key, message, message_len, out, out_len, e);
    }
    return sign_digest(ring, key, scheme, message, message_len, out, out_len, e);
}

#define ALGORITHM(name, ...) static const uint8_t name[] = {__VA_ARGS__}
ALGORITHM(rsa_sha256, 0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B,
          0x05, 0x00);
ALGORITHM(ecdsa_sha256, 0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02);
ALGORITHM(ecdsa_sha384, 0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03);
ALGORITHM(ecdsa_sha512, 0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x04);
ALGORITHM(ed25519, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70);
#undef ALGORITHM

static const struct {
    struct key_spec spec; /* bits 0: any */
    struct sign_algorithm algorithm;
} algorithms[] = {
    {{KEY_RSA, 0}, {SIGN_RSA_PKCS1_SHA256, rsa_sha256, sizeof(rsa_sha256)}},
    {{KEY_EC, 256}, {SIGN_ECDSA_SHA256, ecdsa_sha256, sizeof(ecdsa_sha256)}},
    {{KEY_EC, 384}, {SIGN_ECDSA_SHA384, ecdsa_sha384, sizeof(ecdsa_sha384)}},
    {{KEY_EC, 521}, {SIGN_ECDSA_SHA512, ecdsa_sha512, sizeof(ecdsa_sha512)}},
    {{KEY_ED25519, 0}, {SIGN_ED25519, ed25519, sizeof(ed25519)}},
};

bool sign_algorithm_of(const struct key_spec *spec, struct sign_algorithm *out_algorithm,
                       struct err *e) {
    for (size_t i = 0; i < PL_ARRAY_LEN(algorithms); i++) {
        const struct key_spec *each = &algorithms[i].spec;
        if (each->family == spec->family && (each->bits == 0 || each->bits == spec->bits)) {
            *out_algorithm = algorithms[i].algorithm;
            return true;
        }
    }
    return err_set(e, ERR_KEYS_SIGN, "keys of this kind do not sign certificates");
}

bool sign_is_valid(const struct ring *ring, EVP_PKEY *public_key, const uint8_t *message,
                   size_t message_len, const uint8_t *signature, size_t signature_len) {
    struct key_spec spec = key_spec_of(public_key);
    struct sign_algorithm algorithm;
    PL_AUTO(evp_md_ctx_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL || !sign_algorithm_of(&spec, &algorithm, NULL)) {
        return false;
    }
    enum ring_digest digest = schemes[algorithm.scheme].digest;
    const EVP_MD *md = digest == RING_NO_DIGEST ? NULL : ring->digests[digest];
    bool is_valid = EVP_DigestVerifyInit(context, NULL, md, NULL, public_key) == 1 &&
                    EVP_DigestVerify(context, signature, signature_len, message, message_len) == 1;
    ERR_clear_error();
    return is_valid;
}

enum { SEQUENCE_HEAD_MAX = 6 };

static bool append_head(struct buf *out, uint8_t tag, size_t len, struct err *e) {
    uint8_t head[SEQUENCE_HEAD_MAX] = {tag};
    size_t head_len = 2;
    if (len < 0x80) {
        head[1] = (uint8_t)len;
    } else {
        unsigned count = len > 0xFFFFFF ? 4 : len > 0xFFFF ? 3 : len > 0xFF ? 2 : 1;
        head[1] = (uint8_t)(0x80 | count);
        for (unsigned i = 0; i < count; i++) {
            head[2 + i] = (uint8_t)(len >> (8 * (count - 1 - i)));
        }
        head_len += count;
    }
    return buf_append(out, head, head_len, e);
}

static bool append_signed(const uint8_t *tbs, size_t tbs_len,
                          const struct sign_algorithm *algorithm, const uint8_t *signature,
                          size_t signature_len, struct buf *out_der, struct err *e) {
    PL_AUTO(buf_clear) struct buf tail;
    buf_init(&tail, KEYS_SIGNATURE_MAX + 64);
    return buf_append(&tail, algorithm->identifier, algorithm->identifier_len, e) &&
           append_head(&tail, DER_BIT_STRING, signature_len + 1, e) &&
           buf_append_byte(&tail, 0, e) && buf_append(&tail, signature, signature_len, e) &&
           buf_reserve(out_der, SEQUENCE_HEAD_MAX + tbs_len + tail.len, e) &&
           append_head(out_der, DER_SEQUENCE, tbs_len + tail.len, e) &&
           buf_append(out_der, tbs, tbs_len, e) && buf_append(out_der, tail.data, tail.len, e);
}

/* Reads the answer as anyone will, and verifies it. */
static bool check_signed(const struct ring *ring, const struct cached_key *key, const uint8_t *tbs,
                         size_t tbs_len, const struct buf *der, size_t from) {
    struct der_reader file = der_reader_init(der->data + from, der->len - from);
    struct der_value whole, signed_part, algorithm, signature;
    if (!der_reader_take(&file, DER_SEQUENCE, &whole) || !der_reader_is_at_end(&file)) {
        return false;
    }
    struct der_reader parts = der_reader_enter(&whole);
    return der_reader_take(&parts, DER_SEQUENCE, &signed_part) &&
           der_reader_take(&parts, DER_SEQUENCE, &algorithm) &&
           der_reader_take(&parts, DER_BIT_STRING, &signature) && der_reader_is_at_end(&parts) &&
           signed_part.whole_len == tbs_len && memcmp(signed_part.whole, tbs, tbs_len) == 0 &&
           signature.len > 1 && signature.bytes[0] == 0 &&
           sign_is_valid(ring, key->pkey, tbs, tbs_len, signature.bytes + 1, signature.len - 1);
}

bool sign_tbs(struct ring *ring, struct cached_key *key, const uint8_t *tbs, size_t tbs_len,
              struct buf *out_der, struct err *e) {
    struct sign_algorithm algorithm;
    uint8_t signature[KEYS_SIGNATURE_MAX];
    size_t signature_len = 0;
    size_t from = out_der->len;
    if (!sign_algorithm_of(&key->spec, &algorithm, e) ||
        !sign_message(ring, key, algorithm.scheme, tbs, tbs_len, signature, &signature_len, e) ||
        !append_signed(tbs, tbs_len, &algorithm, signature, signature_len, out_der, e)) {
        return false;
    }
    if (!check_signed(ring, key, tbs, tbs_len, out_der, from)) {
        out_der->len = from;
        return err_set(e, ERR_KEYS_SIGN, "a signature just made does not verify");
    }
    return true;
}

bool sign_frame_unsigned(const uint8_t *tbs, size_t tbs_len, const struct sign_algorithm *algorithm,
                         struct buf *out_der, struct err *e) {
    return append_signed(tbs, tbs_len, algorithm, (const uint8_t *)"", 0, out_der, e);
}
