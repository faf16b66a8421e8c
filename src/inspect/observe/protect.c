/* Records, both ways. Reads what strangers send: every length is checked before it is used. */
#include "inspect/observe/protect.h"

#include "base/secret.h"
#include "inspect/observe/derive.h"
#include "inspect/wire/builder.h"
#include "inspect/wire/numbers.h"
#include "pki/openssl.h"

#include <string.h>

enum { NONCE_LEN = 12, EXPLICIT_NONCE = 8, RECORD_ROOM = WIRE_RECORD_MAX + 1024 };

PL_DEFINE_FREEP(evp_cipher_freep, EVP_CIPHER, EVP_CIPHER_free)

void protect_clear(struct protect *p) {
    EVP_CIPHER_CTX_free(p->stream);
    for (size_t i = 0; i < PL_ARRAY_LEN(p->providers); i++) {
        if (p->providers[i] != NULL) {
            (void)OSSL_PROVIDER_unload(p->providers[i]);
        }
    }
    OSSL_LIB_CTX_free(p->legacy);
    secret_cleanse(p, sizeof(*p));
}

size_t protect_mac_len(const struct observe_suite *suite) {
    return suite->mac == NULL ? 0 : derive_hash_len(suite->mac);
}

size_t protect_iv_len(const struct observe_suite *suite, uint16_t version) {
    const struct observe_cipher *cipher = suite->cipher;
    if (cipher->protection == OBSERVE_AEAD) {
        return version == WIRE_TLS13 || !cipher->is_explicit_nonce ? NONCE_LEN
                                                                   : PROTECT_FIXED_NONCE;
    }
    return version <= WIRE_TLS10 ? cipher->block_len : 0;
}

static bool not_ours(struct err *e, const char *why) {
    return err_set(e, ERR_OBSERVE_RECORD, "a record does not decrypt with our keys: %s", why);
}

static bool crypto_failed(const struct protect *p, struct err *e) {
    return err_set_openssl(e, ERR_OBSERVE_CRYPTO, "the cipher %s is not to be had",
                           p->suite->cipher->library);
}

/* --- ciphers -------------------------------------------------------------------------------------
 */

static bool load_legacy(struct protect *p) {
    p->legacy = OSSL_LIB_CTX_new();
    if (p->legacy != NULL) {
        p->providers[0] = OSSL_PROVIDER_load(p->legacy, "legacy");
        p->providers[1] = OSSL_PROVIDER_load(p->legacy, "default");
    }
    return p->providers[0] != NULL && p->providers[1] != NULL;
}

static EVP_CIPHER *fetch(struct protect *p) {
    if (p->suite->cipher->is_legacy && p->legacy == NULL && !load_legacy(p)) {
        return NULL;
    }
    return EVP_CIPHER_fetch(p->legacy, p->suite->cipher->library, NULL);
}

/* XOR of the sequence number into the IV (RFC 8446 §5.3, RFC 7905), or four bytes of IV and eight
 * that are sent (RFC 5288). */
static void make_nonce(const struct protect *p, const uint8_t *sent, uint8_t out[NONCE_LEN]) {
    if (sent != NULL) {
        memcpy(out, p->iv, PROTECT_FIXED_NONCE);
        memcpy(out + PROTECT_FIXED_NONCE, sent, EXPLICIT_NONCE);
        return;
    }
    memcpy(out, p->iv, NONCE_LEN);
    for (size_t i = 0; i < 8; i++) {
        out[NONCE_LEN - 1 - i] ^= (uint8_t)(p->sequence >> (8 * i));
    }
}

struct aead_call {
    bool is_opening;
    const uint8_t *nonce;
    struct wire_span extra; /* authenticated, not encrypted */
    struct wire_span in;    /* without the tag */
    uint8_t *out;           /* as long as in */
    uint8_t *tag;
};

static bool aead_run(struct protect *p, const struct aead_call *call) {
    PL_AUTO(evp_cipher_freep) EVP_CIPHER *cipher = fetch(p);
    PL_AUTO(evp_cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    const struct observe_cipher *about = p->suite->cipher;
    const int direction = call->is_opening ? 0 : 1;
    int len = 0;
    if (cipher == NULL || ctx == NULL ||
        EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, direction, NULL) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, NONCE_LEN, NULL) != 1 ||
        ((call->is_opening || about->is_ccm) &&
         EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, about->tag_len,
                             call->is_opening ? call->tag : NULL) != 1) ||
        EVP_CipherInit_ex2(ctx, NULL, p->key, call->nonce, direction, NULL) != 1 ||
        (about->is_ccm && EVP_CipherUpdate(ctx, NULL, &len, NULL, (int)call->in.len) != 1) ||
        EVP_CipherUpdate(ctx, NULL, &len, call->extra.bytes, (int)call->extra.len) != 1 ||
        EVP_CipherUpdate(ctx, call->out, &len, call->in.bytes, (int)call->in.len) != 1 ||
        (!about->is_ccm && EVP_CipherFinal_ex(ctx, call->out + len, &len) != 1)) {
        return false;
    }
    return call->is_opening ||
           EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, about->tag_len, call->tag) == 1;
}

/* CBC with an IV of its own, in place; or the stream, which goes on. */
static bool cipher_run(struct protect *p, bool is_opening, const uint8_t *iv, uint8_t *bytes,
                       size_t len) {
    PL_AUTO(evp_cipher_freep) EVP_CIPHER *cipher = fetch(p);
    const int direction = is_opening ? 0 : 1;
    int done = 0;
    bool is_stream = p->suite->cipher->protection == OBSERVE_STREAM;
    if (is_stream && p->stream != NULL) {
        return EVP_CipherUpdate(p->stream, bytes, &done, bytes, (int)len) == 1;
    }
    PL_AUTO(evp_cipher_ctx_freep) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (cipher == NULL || ctx == NULL ||
        EVP_CipherInit_ex2(ctx, cipher, p->key, is_stream ? NULL : iv, direction, NULL) != 1 ||
        EVP_CIPHER_CTX_set_padding(ctx, 0) != 1 ||
        EVP_CipherUpdate(ctx, bytes, &done, bytes, (int)len) != 1) {
        return false;
    }
    if (is_stream) {
        p->stream = PL_TAKE(ctx);
    }
    return true;
}

/* --- what is authenticated -----------------------------------------------------------------------
 */

static void put_header(struct wire_builder *b, const struct protect *p, uint8_t type, size_t len,
                       bool has_version) {
    wire_put(b, 4, (uint32_t)(p->sequence >> 32));
    wire_put(b, 4, (uint32_t)p->sequence);
    wire_put(b, 1, type);
    if (has_version) {
        wire_put(b, 2, p->version);
    }
    wire_put(b, 2, (uint32_t)len);
}

/* hash(secret + pad2 + hash(secret + pad1 + sequence + type + length + content)); RFC 6101 §5.2.3.1
 */
static bool ssl3_mac(const struct protect *p, uint8_t type, struct wire_span content,
                     uint8_t out[DERIVE_HASH_MAX], struct err *e) {
    PL_AUTO(buf_cleanse) struct buf block = {.max = RECORD_ROOM};
    struct wire_builder b = {.out = &block};
    size_t mac_len = protect_mac_len(p->suite);
    size_t pad_len = mac_len == 16 ? 48 : 40;
    uint8_t pad[48];
    memset(pad, 0x36, sizeof(pad));
    wire_put_bytes(&b, p->mac_key, mac_len);
    wire_put_bytes(&b, pad, pad_len);
    put_header(&b, p, type, content.len, false);
    wire_put_bytes(&b, content.bytes, content.len);
    if (!wire_built(&b, e) ||
        !derive_hash(p->suite->mac, (struct wire_span){block.data, block.len}, out, e)) {
        return false;
    }
    memset(pad, 0x5C, sizeof(pad));
    buf_reset(&block);
    wire_put_bytes(&b, p->mac_key, mac_len);
    wire_put_bytes(&b, pad, pad_len);
    wire_put_bytes(&b, out, mac_len);
    return wire_built(&b, e) &&
           derive_hash(p->suite->mac, (struct wire_span){block.data, block.len}, out, e);
}

static bool make_mac(const struct protect *p, uint8_t type, struct wire_span content,
                     uint8_t out[DERIVE_HASH_MAX], struct err *e) {
    PL_AUTO(buf_cleanse) struct buf block = {.max = RECORD_ROOM};
    struct wire_builder b = {.out = &block};
    if (p->version == WIRE_SSL30) {
        return ssl3_mac(p, type, content, out, e);
    }
    put_header(&b, p, type, content.len, true);
    wire_put_bytes(&b, content.bytes, content.len);
    return wire_built(&b, e) &&
           derive_hmac(p->suite->mac, (struct wire_span){p->mac_key, protect_mac_len(p->suite)},
                       (struct wire_span){block.data, block.len}, out, e);
}

static bool check_mac(const struct protect *p, uint8_t type, struct wire_span content,
                      const uint8_t *found, struct err *e) {
    uint8_t mac[DERIVE_HASH_MAX];
    return make_mac(p, type, content, mac, e) &&
           (secret_equal(mac, found, protect_mac_len(p->suite)) ||
            not_ours(e, "its checksum is wrong"));
}

/* --- opening -------------------------------------------------------------------------------------
 */

/* The real type is the last byte that is not zero. */
static bool strip_padding(struct buf *plain, uint8_t *out_type, struct err *e) {
    while (plain->len > 0 && plain->data[plain->len - 1] == 0) {
        plain->len--;
    }
    if (plain->len == 0) {
        return not_ours(e, "nothing is in it");
    }
    *out_type = plain->data[--plain->len];
    return true;
}

static bool open_aead(struct protect *p, uint8_t type, struct wire_span payload, uint8_t *out_type,
                      struct buf *out, struct err *e) {
    const struct observe_cipher *cipher = p->suite->cipher;
    bool is_tls13 = p->version == WIRE_TLS13;
    size_t sent_nonce = !is_tls13 && cipher->is_explicit_nonce ? EXPLICIT_NONCE : 0;
    uint8_t nonce[NONCE_LEN];
    uint8_t tag[16];
    if (payload.len < sent_nonce + cipher->tag_len) {
        return not_ours(e, "it is too short");
    }
    size_t len = payload.len - sent_nonce - cipher->tag_len;
    PL_AUTO(buf_clear) struct buf header = {.max = 16};
    struct wire_builder b = {.out = &header};
    if (is_tls13) {
        wire_put(&b, 1, type);
        wire_put(&b, 2, WIRE_TLS12);
        wire_put(&b, 2, (uint32_t)payload.len);
    } else {
        put_header(&b, p, type, len, true);
    }
    if (!wire_built(&b, e) || !buf_reserve(out, len + 1, e)) {
        return false;
    }
    make_nonce(p, sent_nonce > 0 ? payload.bytes : NULL, nonce);
    memcpy(tag, payload.bytes + sent_nonce + len, cipher->tag_len);
    const struct aead_call call = {.is_opening = true,
                                   .nonce = nonce,
                                   .extra = {header.data, header.len},
                                   .in = {payload.bytes + sent_nonce, len},
                                   .out = out->data,
                                   .tag = tag};
    if (!aead_run(p, &call)) {
        return not_ours(e, "its tag is wrong");
    }
    out->len = len;
    *out_type = type;
    return !is_tls13 || strip_padding(out, out_type, e);
}

/* The last byte of padding tells its length; SSL 3.0 lets the others be anything (hence POODLE). */
static bool unpad(const struct protect *p, struct buf *plain, struct err *e) {
    size_t padding = plain->len == 0 ? 0 : (size_t)plain->data[plain->len - 1] + 1;
    bool is_right = padding > 0 && padding <= plain->len;
    for (size_t i = 1; is_right && p->version > WIRE_SSL30 && i < padding; i++) {
        is_right = plain->data[plain->len - 1 - i] == padding - 1;
    }
    if (!is_right) {
        return not_ours(e, "its padding is wrong");
    }
    plain->len -= padding;
    return true;
}

static bool open_cbc(struct protect *p, uint8_t type, struct wire_span payload, struct buf *out,
                     struct err *e) {
    size_t block = p->suite->cipher->block_len;
    size_t mac_len = protect_mac_len(p->suite);
    size_t iv_len = p->version >= WIRE_TLS11 ? block : 0;
    uint8_t iv[PROTECT_IV_MAX] = {0};
    if (p->is_encrypt_then_mac) {
        if (payload.len < mac_len + iv_len) {
            return not_ours(e, "it is too short");
        }
        payload.len -= mac_len;
        if (!check_mac(p, type, payload, payload.bytes + payload.len, e)) {
            return false;
        }
    }
    if (payload.len < iv_len + block || payload.len % block != 0) {
        return not_ours(e, "its length does not fit the cipher");
    }
    memcpy(iv, iv_len > 0 ? payload.bytes : p->iv, block);
    if (iv_len == 0) {
        memcpy(p->iv, payload.bytes + payload.len - block, block);
    }
    if (!buf_append(out, payload.bytes + iv_len, payload.len - iv_len, e)) {
        return false;
    }
    if (!cipher_run(p, true, iv, out->data, out->len)) {
        return crypto_failed(p, e);
    }
    if (!unpad(p, out, e)) {
        return false;
    }
    if (p->is_encrypt_then_mac) {
        return true;
    }
    if (out->len < mac_len) {
        return not_ours(e, "it is too short");
    }
    out->len -= mac_len;
    return check_mac(p, type, (struct wire_span){out->data, out->len}, out->data + out->len, e);
}

static bool open_stream(struct protect *p, uint8_t type, struct wire_span payload, struct buf *out,
                        struct err *e) {
    size_t mac_len = protect_mac_len(p->suite);
    if (payload.len < mac_len) {
        return not_ours(e, "it is too short");
    }
    if (!buf_append(out, payload.bytes, payload.len, e)) {
        return false;
    }
    if (!cipher_run(p, true, NULL, out->data, out->len)) {
        return crypto_failed(p, e);
    }
    out->len -= mac_len;
    return check_mac(p, type, (struct wire_span){out->data, out->len}, out->data + out->len, e);
}

bool protect_open(struct protect *p, uint8_t type, struct wire_span payload, uint8_t *out_type,
                  struct buf *out_plain, struct err *e) {
    bool ok = false;
    *out_type = type;
    buf_reset(out_plain);
    switch (p->suite->cipher->protection) {
    case OBSERVE_AEAD:
        ok = open_aead(p, type, payload, out_type, out_plain, e);
        break;
    case OBSERVE_CBC:
        ok = open_cbc(p, type, payload, out_plain, e);
        break;
    case OBSERVE_STREAM:
        ok = open_stream(p, type, payload, out_plain, e);
        break;
    }
    p->sequence++;
    return ok;
}

/* --- sealing -------------------------------------------------------------------------------------
 */

static bool seal_aead(struct protect *p, uint8_t type, struct wire_span plain, struct buf *out,
                      struct err *e) {
    const struct observe_cipher *cipher = p->suite->cipher;
    bool is_tls13 = p->version == WIRE_TLS13;
    size_t sent_nonce = !is_tls13 && cipher->is_explicit_nonce ? EXPLICIT_NONCE : 0;
    uint8_t nonce[NONCE_LEN];
    uint8_t tag[16];
    PL_AUTO(buf_cleanse) struct buf inner = {.max = RECORD_ROOM};
    PL_AUTO(buf_clear) struct buf header = {.max = 16};
    struct wire_builder b = {.out = &header};
    if (!buf_append(&inner, plain.bytes, plain.len, e) ||
        (is_tls13 && !buf_append_byte(&inner, type, e))) {
        return false;
    }
    size_t payload = sent_nonce + inner.len + cipher->tag_len;
    if (is_tls13) {
        wire_put(&b, 1, WIRE_APPLICATION_DATA);
        wire_put(&b, 2, WIRE_TLS12);
        wire_put(&b, 2, (uint32_t)payload);
    } else {
        put_header(&b, p, type, plain.len, true);
    }
    /* The explicit part of the nonce is the sequence number, which never repeats under a key. */
    uint8_t sent[EXPLICIT_NONCE];
    for (size_t i = 0; i < EXPLICIT_NONCE; i++) {
        sent[i] = (uint8_t)(p->sequence >> (8 * (7 - i)));
    }
    make_nonce(p, sent_nonce > 0 ? sent : NULL, nonce);
    const struct aead_call call = {.nonce = nonce,
                                   .extra = {header.data, header.len},
                                   .in = {inner.data, inner.len},
                                   .out = inner.data,
                                   .tag = tag};
    if (!wire_built(&b, e) || !aead_run(p, &call)) {
        return crypto_failed(p, e);
    }
    struct wire_builder record = {.out = out};
    wire_put(&record, 1, is_tls13 ? WIRE_APPLICATION_DATA : type);
    wire_put(&record, 2, is_tls13 ? WIRE_TLS12 : p->version);
    wire_put(&record, 2, (uint32_t)payload);
    wire_put_bytes(&record, sent, sent_nonce);
    wire_put_bytes(&record, inner.data, inner.len);
    wire_put_bytes(&record, tag, cipher->tag_len);
    return wire_built(&record, e);
}

static bool pad(const struct protect *p, struct buf *inner, struct err *e) {
    size_t block = p->suite->cipher->block_len;
    size_t padding = block - inner->len % block;
    bool ok = true;
    for (size_t i = 0; ok && i < padding; i++) {
        ok = buf_append_byte(inner, (uint8_t)(padding - 1), e);
    }
    return ok;
}

static bool put_protected(struct protect *p, uint8_t type, struct wire_span iv,
                          const struct buf *inner, struct buf *out, struct err *e) {
    PL_AUTO(buf_clear) struct buf payload = {.max = RECORD_ROOM};
    uint8_t mac[DERIVE_HASH_MAX];
    if (!buf_append(&payload, iv.bytes, iv.len, e) ||
        !buf_append(&payload, inner->data, inner->len, e)) {
        return false;
    }
    if (p->is_encrypt_then_mac &&
        (!make_mac(p, type, (struct wire_span){payload.data, payload.len}, mac, e) ||
         !buf_append(&payload, mac, protect_mac_len(p->suite), e))) {
        return false;
    }
    struct wire_builder record = {.out = out};
    wire_put(&record, 1, type);
    wire_put(&record, 2, p->version);
    wire_put_vector(&record, 2, payload.data, payload.len);
    return wire_built(&record, e);
}

static bool seal_mac(struct protect *p, uint8_t type, struct wire_span plain,
                     const uint8_t explicit_iv[PROTECT_IV_MAX], struct buf *out, struct err *e) {
    bool is_cbc = p->suite->cipher->protection == OBSERVE_CBC;
    size_t block = p->suite->cipher->block_len;
    bool is_iv_sent = is_cbc && p->version >= WIRE_TLS11;
    const uint8_t *iv = is_iv_sent ? explicit_iv : p->iv;
    uint8_t mac[DERIVE_HASH_MAX];
    PL_AUTO(buf_cleanse) struct buf inner = {.max = RECORD_ROOM};
    if (!buf_append(&inner, plain.bytes, plain.len, e) ||
        (!p->is_encrypt_then_mac && (!make_mac(p, type, plain, mac, e) ||
                                     !buf_append(&inner, mac, protect_mac_len(p->suite), e))) ||
        (is_cbc && !pad(p, &inner, e))) {
        return false;
    }
    if (inner.len > 0 && !cipher_run(p, false, iv, inner.data, inner.len)) {
        return crypto_failed(p, e);
    }
    if (is_cbc && !is_iv_sent) {
        memcpy(p->iv, inner.data + inner.len - block, block);
    }
    const struct wire_span sent = {.bytes = explicit_iv, .len = is_iv_sent ? block : 0};
    return put_protected(p, type, sent, &inner, out, e);
}

bool protect_seal(struct protect *p, uint8_t type, struct wire_span plain,
                  const uint8_t explicit_iv[PROTECT_IV_MAX], struct buf *out, struct err *e) {
    bool ok = p->suite->cipher->protection == OBSERVE_AEAD
                  ? seal_aead(p, type, plain, out, e)
                  : seal_mac(p, type, plain, explicit_iv, out, e);
    p->sequence++;
    return ok;
}
