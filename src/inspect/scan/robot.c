/* The messages of the test for Bleichenbacher's attack. */
#include "inspect/scan/robot.h"

#include "inspect/wire/builder.h"
#include "inspect/wire/hello.h"
#include "pki/cert.h"
#include "pki/openssl.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <string.h>

enum { PRE_MASTER = 48, BLOCK_MIN = 64, FINISHED_LEN = 64, ALERT_NO_CERTIFICATE = 41 };

bool robot_make_block(enum robot_block kind, uint16_t version, const struct observe_random *random,
                      uint8_t *out, size_t len, struct err *e) {
    if (len < BLOCK_MIN) {
        return err_set(e, ERR_BASE_LIMIT, "the key is too short for a pre-master secret");
    }
    if (!random->fill(random->ctx, out, len)) {
        return err_set(e, ERR_BASE_RANDOM, "no random bytes are to be had");
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = out[i] == 0 ? 1 : out[i];
    }
    uint8_t *secret = out + len - PRE_MASTER;
    out[0] = kind == ROBOT_WRONG_BEGIN ? 0x41 : 0;
    out[1] = kind == ROBOT_WRONG_BEGIN ? 0x17 : 2;
    secret[0] = kind == ROBOT_WRONG_VERSION ? 2 : (uint8_t)(version >> 8);
    secret[1] = kind == ROBOT_WRONG_VERSION ? 2 : (uint8_t)version;
    if (kind == ROBOT_NO_ZERO) {
        secret[0] = secret[1] = 0x11;
    } else if (kind == ROBOT_WRONG_PLACE) {
        secret[0] = secret[1] = 0x11;
        out[len - 2] = 0;
    } else {
        secret[-1] = 0;
    }
    return true;
}

static bool no_key(struct err *e) {
    return err_set(e, ERR_OBSERVE_CRYPTO, "the certificate's key cannot encrypt a block");
}

/* The number as it is, without padding of the library's. */
static bool encrypt(EVP_PKEY *key, const uint8_t *block, size_t len, uint8_t *out, struct err *e) {
    PL_AUTO(evp_pkey_ctx_freep) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    size_t out_len = len;
    bool ok = ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1 &&
              EVP_PKEY_encrypt(ctx, out, &out_len, block, len) == 1 && out_len == len;
    return ok || err_set_openssl(e, ERR_OBSERVE_CRYPTO, "the block cannot be encrypted");
}

bool robot_key_exchange(enum robot_block kind, uint16_t version, struct wire_span der,
                        const struct observe_random *random, struct buf *out, struct err *e) {
    uint8_t block[ROBOT_KEY_MAX];
    uint8_t encrypted[ROBOT_KEY_MAX];
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    struct wire_builder b = {.out = out};
    if (!cert_from_der(der.bytes, der.len, &cert, e)) {
        return false;
    }
    EVP_PKEY *key = X509_get0_pubkey(cert->x509);
    int size = key == NULL || EVP_PKEY_is_a(key, "RSA") != 1 ? 0 : EVP_PKEY_get_size(key);
    if (size <= 0 || size > ROBOT_KEY_MAX) {
        return no_key(e);
    }
    size_t len = (size_t)size;
    if (!robot_make_block(kind, version, random, block, len, e) ||
        !encrypt(key, block, len, encrypted, e)) {
        return false;
    }
    wire_put(&b, 1, WIRE_CLIENT_KEY_EXCHANGE);
    size_t mark = wire_open(&b, 3);
    if (version == WIRE_SSL30) {
        wire_put_bytes(&b, encrypted, len);
    } else {
        wire_put_vector(&b, 2, encrypted, len);
    }
    wire_close(&b, mark, 3);
    return wire_built(&b, e);
}

bool robot_no_certificate(uint16_t version, struct buf *out, struct err *e) {
    static const uint8_t empty_list[] = {WIRE_CERTIFICATE, 0, 0, 3, 0, 0, 0};
    static const uint8_t none[] = {1, ALERT_NO_CERTIFICATE};
    return version == WIRE_SSL30
               ? wire_record_wrap(WIRE_ALERT, version, none, sizeof(none), out, e)
               : wire_record_wrap(WIRE_HANDSHAKE, version, empty_list, sizeof(empty_list), out, e);
}

bool robot_finish(uint16_t version, struct buf *out, struct err *e) {
    static const uint8_t change[] = {1};
    uint8_t finished[FINISHED_LEN];
    memset(finished, 0xA5, sizeof(finished));
    return wire_record_wrap(WIRE_CHANGE_CIPHER_SPEC, version, change, sizeof(change), out, e) &&
           wire_record_wrap(WIRE_HANDSHAKE, version, finished, sizeof(finished), out, e);
}
