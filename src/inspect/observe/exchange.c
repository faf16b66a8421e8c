/* Key exchange over OpenSSL's primitives. */
#include "inspect/observe/exchange.h"

#include "base/secret.h"
#include "base/str.h"
#include "pki/openssl.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include <string.h>

enum kind { KIND_NONE, KIND_CURVE, KIND_EC, KIND_KEM };

struct part_about {
    enum kind kind;
    const char *name;
    const char *library;
    uint16_t peer_len; /* of the other side's value */
};

static const struct part_about x25519 = {KIND_CURVE, "X25519", "X25519", 32};
static const struct part_about x448 = {KIND_CURVE, "X448", "X448", 56};
static const struct part_about p256 = {KIND_EC, "P-256", "P-256", 65};
static const struct part_about p384 = {KIND_EC, "P-384", "P-384", 97};
static const struct part_about p521 = {KIND_EC, "P-521", "P-521", 133};
static const struct part_about mlkem768 = {KIND_KEM, "ML-KEM-768", "ML-KEM-768", 1088};
static const struct part_about mlkem1024 = {KIND_KEM, "ML-KEM-1024", "ML-KEM-1024", 1568};

static const struct {
    uint16_t group;
    const struct part_about *parts[2];
} groups[] = {
    {0x001D, {&x25519, NULL}},    {0x001E, {&x448, NULL}},       {0x0017, {&p256, NULL}},
    {0x0018, {&p384, NULL}},      {0x0019, {&p521, NULL}},       {0x11EC, {&mlkem768, &x25519}},
    {0x11EB, {&p256, &mlkem768}}, {0x11ED, {&p384, &mlkem1024}},
};

PL_DEFINE_FREEP(ossl_param_freep, OSSL_PARAM, OSSL_PARAM_free)
PL_DEFINE_FREEP(ossl_param_bld_freep, OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
PL_DEFINE_FREEP(evp_keymgmt_freep, EVP_KEYMGMT, EVP_KEYMGMT_free)

void exchange_clear(struct exchange *x) {
    EVP_PKEY_free(x->parts[0].key);
    EVP_PKEY_free(x->parts[1].key);
    secret_cleanse(x, sizeof(*x));
}

static const struct part_about *const *find_parts(uint16_t group) {
    for (size_t i = 0; i < PL_ARRAY_LEN(groups); i++) {
        if (groups[i].group == group) {
            return groups[i].parts;
        }
    }
    return NULL;
}

static bool has_kem(const char *name) {
    PL_AUTO(evp_keymgmt_freep) EVP_KEYMGMT *found = EVP_KEYMGMT_fetch(NULL, name, NULL);
    ERR_clear_error();
    return found != NULL;
}

bool exchange_can(uint16_t group) {
    const struct part_about *const *parts = find_parts(group);
    bool can = parts != NULL;
    for (size_t i = 0; can && i < 2 && parts[i] != NULL; i++) {
        can = parts[i]->kind != KIND_KEM || has_kem(parts[i]->library);
    }
    return can;
}

static bool crypto_failed(const char *name, struct err *e) {
    return err_set_openssl(e, ERR_OBSERVE_CRYPTO, "a key exchange with %s cannot be made", name);
}

/* --- our value -----------------------------------------------------------------------------------
 */

static EVP_PKEY *make_key(const struct part_about *about, const struct observe_random *random) {
    uint8_t private_value[32];
    switch (about->kind) {
    case KIND_CURVE:
        if (about->peer_len == sizeof(private_value) &&
            random->fill(random->ctx, private_value, sizeof(private_value))) {
            EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(NULL, about->library, NULL,
                                                            private_value, sizeof(private_value));
            secret_cleanse(private_value, sizeof(private_value));
            return key;
        }
        return EVP_PKEY_Q_keygen(NULL, NULL, about->library);
    case KIND_EC:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", about->library);
    case KIND_KEM:
        return EVP_PKEY_Q_keygen(NULL, NULL, about->library);
    case KIND_NONE:
        break;
    }
    return NULL;
}

static bool get_number(const EVP_PKEY *key, const char *name, uint8_t *out, size_t size,
                       size_t *out_len) {
    PL_AUTO(bn_freep) BIGNUM *number = NULL;
    if (EVP_PKEY_get_bn_param(key, name, &number) != 1 || (size_t)BN_num_bytes(number) > size) {
        return false;
    }
    *out_len = (size_t)BN_num_bytes(number);
    return BN_bn2bin(number, out) == (int)*out_len;
}

static bool get_values(const struct part_about *about, struct exchange_part *part) {
    size_t len = sizeof(part->private_value);
    bool ok = false;
    switch (about->kind) {
    case KIND_CURVE:
        ok = EVP_PKEY_get_raw_private_key(part->key, part->private_value, &len) == 1;
        part->private_len = len;
        break;
    case KIND_EC:
        ok = get_number(part->key, OSSL_PKEY_PARAM_PRIV_KEY, part->private_value, len,
                        &part->private_len);
        break;
    case KIND_KEM:
        ok = EVP_PKEY_get_octet_string_param(part->key, "seed", part->private_value, len,
                                             &part->private_len) == 1;
        break;
    case KIND_NONE:
        break;
    }
    return ok && EVP_PKEY_get_octet_string_param(
                     part->key,
                     about->kind == KIND_EC ? OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY
                                            : OSSL_PKEY_PARAM_PUB_KEY,
                     part->public_value, sizeof(part->public_value), &part->public_len) == 1;
}

bool exchange_begin(uint16_t group, const struct observe_random *random, struct exchange *out,
                    struct err *e) {
    const struct part_about *const *parts = find_parts(group);
    if (parts == NULL) {
        return err_set(e, ERR_OBSERVE_CRYPTO, "the group 0x%04x is none that we know", group);
    }
    *out = (struct exchange){.group = group};
    for (size_t i = 0; i < 2 && parts[i] != NULL; i++) {
        struct exchange_part *part = &out->parts[i];
        part->name = parts[i]->name;
        part->key = make_key(parts[i], random);
        if (part->key == NULL || !get_values(parts[i], part)) {
            exchange_clear(out);
            return crypto_failed(parts[i]->name, e);
        }
        out->part_count++;
    }
    return true;
}

size_t exchange_public(const struct exchange *x, uint8_t *out) {
    size_t len = 0;
    for (size_t i = 0; i < x->part_count; i++) {
        memcpy(out + len, x->parts[i].public_value, x->parts[i].public_len);
        len += x->parts[i].public_len;
    }
    return len;
}

/* --- finite fields of the server's choice --------------------------------------------------------
 */

static EVP_PKEY *field_key(struct wire_span p, struct wire_span g, struct wire_span public_value) {
    PL_AUTO(bn_freep) BIGNUM *p_number = BN_bin2bn(p.bytes, (int)p.len, NULL);
    PL_AUTO(bn_freep) BIGNUM *g_number = BN_bin2bn(g.bytes, (int)g.len, NULL);
    PL_AUTO(bn_freep) BIGNUM *y = BN_bin2bn(public_value.bytes, (int)public_value.len, NULL);
    PL_AUTO(ossl_param_bld_freep) OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    PL_AUTO(evp_pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
    EVP_PKEY *key = NULL;
    if (p_number == NULL || g_number == NULL || y == NULL || build == NULL || ctx == NULL ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_P, p_number) != 1 ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_G, g_number) != 1 ||
        (public_value.len > 0 && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PUB_KEY, y) != 1)) {
        return NULL;
    }
    PL_AUTO(ossl_param_freep) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    if (params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key,
                          public_value.len > 0 ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEY_PARAMETERS,
                          params) != 1) {
        return NULL;
    }
    return key;
}

bool exchange_begin_field(struct wire_span p, struct wire_span g, struct exchange *out,
                          struct err *e) {
    enum { FIELD_MAX = 1024 };
    if (p.len > FIELD_MAX || g.len > FIELD_MAX) {
        return err_set(e, ERR_OBSERVE_PEER_VALUE, "the server's field is larger than 8192 bits");
    }
    *out = (struct exchange){.part_count = 1};
    struct exchange_part *part = &out->parts[0];
    part->name = "finite field";
    PL_AUTO(evp_pkey_freep) EVP_PKEY *field = field_key(p, g, (struct wire_span){0});
    PL_AUTO(evp_pkey_ctx_freep)
    EVP_PKEY_CTX *ctx = field == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, field, NULL);
    if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 || EVP_PKEY_keygen(ctx, &part->key) != 1 ||
        !get_number(part->key, OSSL_PKEY_PARAM_PRIV_KEY, part->private_value,
                    sizeof(part->private_value), &part->private_len) ||
        !get_number(part->key, OSSL_PKEY_PARAM_PUB_KEY, part->public_value,
                    sizeof(part->public_value), &part->public_len)) {
        exchange_clear(out);
        return crypto_failed("the server's field", e);
    }
    return true;
}

/* --- the secret ----------------------------------------------------------------------------------
 */

static EVP_PKEY *peer_key(const struct exchange_part *part, struct wire_span peer) {
    if (EVP_PKEY_is_a(part->key, "DH")) {
        uint8_t p[EXCHANGE_PRIVATE_MAX];
        uint8_t g[EXCHANGE_PRIVATE_MAX];
        size_t p_len = 0;
        size_t g_len = 0;
        bool ok = get_number(part->key, OSSL_PKEY_PARAM_FFC_P, p, sizeof(p), &p_len) &&
                  get_number(part->key, OSSL_PKEY_PARAM_FFC_G, g, sizeof(g), &g_len);
        return ok ? field_key((struct wire_span){p, p_len}, (struct wire_span){g, g_len}, peer)
                  : NULL;
    }
    EVP_PKEY *key = EVP_PKEY_new();
    if (key == NULL || EVP_PKEY_copy_parameters(key, part->key) != 1 ||
        EVP_PKEY_set1_encoded_public_key(key, peer.bytes, peer.len) != 1) {
        EVP_PKEY_free(key);
        return NULL;
    }
    return key;
}

static bool derive(struct exchange_part *part, struct wire_span peer) {
    PL_AUTO(evp_pkey_ctx_freep)
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, part->key, NULL);
    PL_AUTO(evp_pkey_freep) EVP_PKEY *other = peer_key(part, peer);
    part->secret_len = sizeof(part->secret);
    return ctx != NULL && other != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
           EVP_PKEY_derive_set_peer(ctx, other) == 1 &&
           EVP_PKEY_derive(ctx, part->secret, &part->secret_len) == 1;
}

static bool decapsulate(struct exchange_part *part, struct wire_span ciphertext) {
    PL_AUTO(evp_pkey_ctx_freep)
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, part->key, NULL);
    part->secret_len = sizeof(part->secret);
    return ctx != NULL && EVP_PKEY_decapsulate_init(ctx, NULL) == 1 &&
           EVP_PKEY_decapsulate(ctx, part->secret, &part->secret_len, ciphertext.bytes,
                                ciphertext.len) == 1;
}

static bool finish_part(struct exchange_part *part, bool is_kem, struct wire_span peer,
                        struct err *e) {
    bool ok = is_kem ? decapsulate(part, peer) : derive(part, peer);
    if (!ok) {
        return err_set_openssl(e, ERR_OBSERVE_PEER_VALUE,
                               "the server's public value for %s is not valid", part->name);
    }
    memcpy(part->peer_value, peer.bytes, peer.len);
    part->peer_len = peer.len;
    return true;
}

bool exchange_finish(struct exchange *x, struct wire_span peer, struct err *e) {
    const struct part_about *const *parts = find_parts(x->group);
    struct wire_reader r = wire_reader_of(peer);
    x->secret_len = 0;
    for (size_t i = 0; i < x->part_count; i++) {
        bool is_kem = parts != NULL && parts[i]->kind == KIND_KEM;
        struct wire_span value = wire_take(&r, parts == NULL ? r.left : parts[i]->peer_len);
        if (r.is_failed || value.len == 0 || value.len > EXCHANGE_PUBLIC_MAX) {
            return err_set(e, ERR_OBSERVE_PEER_VALUE,
                           "the server's public value has %zu bytes, which is not its group's "
                           "length",
                           peer.len);
        }
        if (!finish_part(&x->parts[i], is_kem, value, e)) {
            return false;
        }
        memcpy(x->secret + x->secret_len, x->parts[i].secret, x->parts[i].secret_len);
        x->secret_len += x->parts[i].secret_len;
    }
    return wire_is_done(&r) ||
           err_set(e, ERR_OBSERVE_PEER_VALUE, "the server's public value is too long");
}
