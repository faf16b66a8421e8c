/* Key derivation, step by step as the RFCs write it. */
#include "inspect/observe/derive.h"

#include "base/buf.h"
#include "base/secret.h"
#include "base/str.h"
#include "inspect/wire/builder.h"
#include "inspect/wire/numbers.h"
#include "pki/openssl.h"

#include <openssl/evp.h>

#include <string.h>

enum { MD5_LEN = 16, SHA1_LEN = 20, SEED_MAX = 64 * 1024 };

size_t derive_hash_len(const char *hash) {
    static const struct {
        const char *name;
        size_t len;
    } hashes[] = {{"MD5", MD5_LEN}, {"SHA1", SHA1_LEN}, {"SHA256", 32},
                  {"SHA384", 48},   {"SHA512", 64},     {"MD5-SHA1", MD5_LEN + SHA1_LEN}};
    for (size_t i = 0; i < PL_ARRAY_LEN(hashes); i++) {
        if (str_equal(hashes[i].name, hash)) {
            return hashes[i].len;
        }
    }
    return 0;
}

bool derive_hash(const char *hash, struct wire_span bytes, uint8_t out[DERIVE_HASH_MAX],
                 struct err *e) {
    size_t len = 0;
    return EVP_Q_digest(NULL, hash, NULL, bytes.bytes, bytes.len, out, &len) == 1 ||
           err_set_openssl(e, ERR_OBSERVE_CRYPTO, "the hash %s cannot be reckoned", hash);
}

bool derive_hmac(const char *hash, struct wire_span key, struct wire_span bytes,
                 uint8_t out[DERIVE_HASH_MAX], struct err *e) {
    size_t len = 0;
    return EVP_Q_mac(NULL, "HMAC", NULL, hash, NULL, key.bytes, key.len, bytes.bytes, bytes.len,
                     out, DERIVE_HASH_MAX, &len) != NULL ||
           err_set_openssl(e, ERR_OBSERVE_CRYPTO, "HMAC with %s cannot be reckoned", hash);
}

/* --- TLS 1.3 -------------------------------------------------------------------------------------
 */

bool derive_extract(const char *hash, struct wire_span salt, struct wire_span key,
                    uint8_t out[DERIVE_HASH_MAX], struct err *e) {
    static const uint8_t zeros[DERIVE_HASH_MAX];
    const struct wire_span none = {.bytes = zeros, .len = derive_hash_len(hash)};
    return derive_hmac(hash, salt.len == 0 ? none : salt, key.len == 0 ? none : key, out, e);
}

/* T(1) + T(2) …; RFC 5869 §2.3 */
static bool expand(const char *hash, struct wire_span secret, struct wire_span info, uint8_t *out,
                   size_t out_len, struct err *e) {
    PL_AUTO(buf_cleanse) struct buf block = {.max = SEED_MAX};
    uint8_t t[DERIVE_HASH_MAX];
    size_t hash_len = derive_hash_len(hash);
    bool ok = true;
    for (uint8_t counter = 1; ok && out_len > 0; counter++) {
        size_t part = out_len < hash_len ? out_len : hash_len;
        buf_reset(&block);
        ok = (counter == 1 || buf_append(&block, t, hash_len, e)) &&
             buf_append(&block, info.bytes, info.len, e) && buf_append_byte(&block, counter, e) &&
             derive_hmac(hash, secret, (struct wire_span){block.data, block.len}, t, e);
        if (ok) {
            memcpy(out, t, part);
            out += part;
            out_len -= part;
        }
    }
    secret_cleanse(t, sizeof(t));
    return ok;
}

bool derive_expand_label(const char *hash, struct wire_span secret, const char *label,
                         struct wire_span context, uint8_t *out, size_t out_len, struct err *e) {
    PL_AUTO(buf_clear) struct buf info = {.max = 1024};
    struct wire_builder b = {.out = &info};
    wire_put(&b, 2, (uint32_t)out_len);
    size_t mark = wire_open(&b, 1);
    wire_put_bytes(&b, "tls13 ", 6);
    wire_put_bytes(&b, label, strlen(label));
    wire_close(&b, mark, 1);
    wire_put_vector(&b, 1, context.bytes, context.len);
    return wire_built(&b, e) &&
           expand(hash, secret, (struct wire_span){info.data, info.len}, out, out_len, e);
}

/* --- TLS 1.0 to 1.2 ------------------------------------------------------------------------------
 */

/* P_hash: A(i) = HMAC(A(i-1)), and HMAC(A(i) + seed) is what comes out; it is XORed into out. */
static bool p_hash(const char *hash, struct wire_span secret, struct wire_span seed, uint8_t *out,
                   size_t out_len, struct err *e) {
    PL_AUTO(buf_cleanse) struct buf block = {.max = SEED_MAX};
    uint8_t a[DERIVE_HASH_MAX];
    uint8_t part[DERIVE_HASH_MAX];
    size_t hash_len = derive_hash_len(hash);
    const struct wire_span a_span = {.bytes = a, .len = hash_len};
    bool ok = derive_hmac(hash, secret, seed, a, e);
    while (ok && out_len > 0) {
        size_t len = out_len < hash_len ? out_len : hash_len;
        buf_reset(&block);
        ok = buf_append(&block, a, hash_len, e) && buf_append(&block, seed.bytes, seed.len, e) &&
             derive_hmac(hash, secret, (struct wire_span){block.data, block.len}, part, e) &&
             derive_hmac(hash, secret, a_span, a, e);
        for (size_t i = 0; ok && i < len; i++) {
            out[i] ^= part[i];
        }
        out += len;
        out_len -= len;
    }
    secret_cleanse(part, sizeof(part));
    return ok;
}

bool derive_prf(uint16_t version, const char *hash, struct wire_span secret, const char *label,
                struct wire_span seed, uint8_t *out, size_t out_len, struct err *e) {
    PL_AUTO(buf_clear) struct buf whole = {.max = SEED_MAX};
    if (!buf_append_string(&whole, label, e) || !buf_append(&whole, seed.bytes, seed.len, e)) {
        return false;
    }
    const struct wire_span all = {.bytes = whole.data, .len = whole.len};
    memset(out, 0, out_len);
    if (version >= WIRE_TLS12) {
        return p_hash(hash, secret, all, out, out_len, e);
    }
    /* The secret's halves share a byte when its length is odd. */
    size_t half = (secret.len + 1) / 2;
    const struct wire_span first = {.bytes = secret.bytes, .len = half};
    const struct wire_span second = {.bytes = secret.bytes + (secret.len - half), .len = half};
    return p_hash("MD5", first, all, out, out_len, e) &&
           p_hash("SHA1", second, all, out, out_len, e);
}

/* --- SSL 3.0 -------------------------------------------------------------------------------------
 */

bool derive_ssl3(struct wire_span secret, struct wire_span seed, uint8_t *out, size_t out_len,
                 struct err *e) {
    PL_AUTO(buf_cleanse) struct buf block = {.max = SEED_MAX};
    uint8_t inner[DERIVE_HASH_MAX];
    uint8_t outer[DERIVE_HASH_MAX];
    bool ok = true;
    for (uint8_t round = 0; ok && out_len > 0; round++) {
        size_t len = out_len < MD5_LEN ? out_len : MD5_LEN;
        buf_reset(&block);
        for (uint8_t i = 0; ok && i <= round; i++) {
            ok = buf_append_byte(&block, (uint8_t)('A' + round), e);
        }
        ok = ok && buf_append(&block, secret.bytes, secret.len, e) &&
             buf_append(&block, seed.bytes, seed.len, e) &&
             derive_hash("SHA1", (struct wire_span){block.data, block.len}, inner, e);
        buf_reset(&block);
        ok = ok && buf_append(&block, secret.bytes, secret.len, e) &&
             buf_append(&block, inner, SHA1_LEN, e) &&
             derive_hash("MD5", (struct wire_span){block.data, block.len}, outer, e);
        if (ok) {
            memcpy(out, outer, len);
            out += len;
            out_len -= len;
        }
    }
    return ok;
}
