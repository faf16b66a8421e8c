/* Certificates and signatures of the observing client: the server's checked, its own made. */
#include "inspect/observe/client_parts.h"
#include "inspect/wire/builder.h"

#include "pki/openssl.h"

#include <openssl/rsa.h>

#include <string.h>

/* --- signature schemes ---------------------------------------------------------------------------
 */

static const struct scheme {
    uint16_t code;
    const char *hash; /* NULL: the scheme's own */
    bool is_pss;
    const char *key; /* OpenSSL's name of the key's type */
} schemes[] = {
    {0x0403, "SHA256", false, "EC"},     {0x0503, "SHA384", false, "EC"},
    {0x0603, "SHA512", false, "EC"},     {0x0804, "SHA256", true, "RSA"},
    {0x0805, "SHA384", true, "RSA"},     {0x0806, "SHA512", true, "RSA"},
    {0x0809, "SHA256", true, "RSA-PSS"}, {0x080A, "SHA384", true, "RSA-PSS"},
    {0x080B, "SHA512", true, "RSA-PSS"}, {0x0401, "SHA256", false, "RSA"},
    {0x0501, "SHA384", false, "RSA"},    {0x0601, "SHA512", false, "RSA"},
    {0x0807, NULL, false, "ED25519"},    {0x0808, NULL, false, "ED448"},
    {0x0203, "SHA1", false, "EC"},       {0x0201, "SHA1", false, "RSA"},
};

/* Before TLS 1.2 the key alone decides (RFC 4492 §5.4, RFC 2246 §7.4.3). */
static const struct scheme old_rsa = {0, "MD5-SHA1", false, "RSA"};
static const struct scheme old_ecdsa = {0, "SHA1", false, "EC"};

static const struct scheme *find_scheme(uint16_t code, const EVP_PKEY *key) {
    if (code == 0) {
        return EVP_PKEY_is_a(key, "EC") ? &old_ecdsa : &old_rsa;
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(schemes); i++) {
        if (schemes[i].code == code) {
            return &schemes[i];
        }
    }
    return NULL;
}

static bool set_padding(const struct scheme *scheme, EVP_PKEY_CTX *ctx) {
    return !scheme->is_pss || (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
                               EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static bool verify(const struct scheme *scheme, EVP_PKEY *key, struct wire_span content,
                   struct wire_span signature) {
    PL_AUTO(evp_md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_ctx = NULL;
    bool ok =
        ctx != NULL && EVP_PKEY_is_a(key, scheme->key) &&
        EVP_DigestVerifyInit_ex(ctx, &key_ctx, scheme->hash, NULL, NULL, key, NULL) == 1 &&
        set_padding(scheme, key_ctx) &&
        EVP_DigestVerify(ctx, signature.bytes, signature.len, content.bytes, content.len) == 1;
    return ok;
}

bool observer_check_signature(struct observer *o, uint16_t scheme, struct wire_span content,
                              struct wire_span signature, const char *about) {
    const struct scheme *found = find_scheme(scheme, o->server_key);
    bool is_right = found != NULL && verify(found, o->server_key, content, signature);
    const struct trace_check check = {.name = "server signature",
                                      .about = about,
                                      .outcome = is_right ? TRACE_PASSED : TRACE_FAILED,
                                      .step = TRACE_STEP_AUTHENTICATE};
    o->trace->facts.scheme = scheme;
    if (!trace_add_check(o->trace, &check, &o->error) || is_right) {
        return is_right;
    }
    (void)err_set_openssl(&o->error, ERR_OBSERVE_SIGNATURE,
                          "the server's signature does not fit its certificate");
    return observer_blame(o, WIRE_ALERT_DECRYPT_ERROR, "signature",
                          "whoever answers does not have the private key to the certificate that "
                          "it shows, or somebody changed the messages");
}

/* --- the server's chain --------------------------------------------------------------------------
 */

static bool take_leaf(struct observer *o, struct wire_span der) {
    const uint8_t *at = der.bytes;
    if (der.len > INT32_MAX) {
        return err_set(&o->error, ERR_BASE_LIMIT, "a certificate is too large");
    }
    o->leaf = d2i_X509(NULL, &at, (long)der.len);
    o->server_key = o->leaf == NULL ? NULL : X509_get_pubkey(o->leaf);
    if (o->server_key == NULL) {
        (void)err_set_openssl(&o->error, ERR_OBSERVE_CERTIFICATE,
                              "the server's certificate cannot be read");
        return observer_blame(o, WIRE_ALERT_DECODE_ERROR, "cert_data", "");
    }
    return true;
}

bool observer_take_chain(struct observer *o, struct wire_span list, bool is_tls13) {
    struct wire_reader r = wire_reader_of(list);
    while (r.left > 0 && !r.is_failed) {
        struct wire_span der = wire_vector(&r, 3);
        if (is_tls13) {
            (void)wire_vector(&r, 2);
        }
        if (r.is_failed) {
            break;
        }
        if ((o->leaf == NULL && !take_leaf(o, der)) || !trace_add_cert(o->trace, der, &o->error)) {
            return false;
        }
    }
    if (r.is_failed || o->leaf == NULL) {
        (void)err_set(&o->error, ERR_OBSERVE_CERTIFICATE,
                      o->leaf == NULL ? "the server showed no certificate"
                                      : "the server's Certificate is malformed");
        return observer_blame(o, WIRE_ALERT_DECODE_ERROR, "certificate_list", "");
    }
    return true;
}

/* --- the client's own ----------------------------------------------------------------------------
 */

static bool fits_key(const struct observer *o, const struct scheme *scheme) {
    static const char *const curves[] = {"prime256v1", "secp384r1", "secp521r1"};
    char curve[64] = "";
    size_t len = 0;
    if (!EVP_PKEY_is_a(o->wish->key, scheme->key)) {
        return false;
    }
    if (o->version == WIRE_TLS13 && (scheme->code >> 8) < 8 && !EVP_PKEY_is_a(o->wish->key, "EC")) {
        return false; /* PKCS #1 v1.5 is for certificates alone */
    }
    if (o->version != WIRE_TLS13 || !EVP_PKEY_is_a(o->wish->key, "EC")) {
        return true;
    }
    unsigned index = (unsigned)(scheme->code >> 8) - 4;
    return index < PL_ARRAY_LEN(curves) &&
           EVP_PKEY_get_group_name(o->wish->key, curve, sizeof(curve), &len) == 1 &&
           strcmp(curve, curves[index]) == 0;
}

bool observer_choose_scheme(const struct observer *o, uint16_t *out_scheme) {
    const struct wire_span wanted = {o->wanted_schemes.data, o->wanted_schemes.len};
    for (size_t i = 0; i < PL_ARRAY_LEN(schemes); i++) {
        if (wire_lists(wanted, schemes[i].code) && fits_key(o, &schemes[i])) {
            *out_scheme = schemes[i].code;
            return true;
        }
    }
    return false;
}

bool observer_sign(struct observer *o, uint16_t scheme, struct wire_span content, struct buf *out) {
    const struct scheme *found = find_scheme(scheme, o->wish->key);
    PL_AUTO(evp_md_ctx_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_ctx = NULL;
    size_t len = 0;
    if (ctx == NULL || found == NULL ||
        EVP_DigestSignInit_ex(ctx, &key_ctx, found->hash, NULL, NULL, o->wish->key, NULL) != 1 ||
        !set_padding(found, key_ctx) ||
        EVP_DigestSign(ctx, NULL, &len, content.bytes, content.len) != 1 ||
        !buf_reserve(out, len, &o->error) ||
        EVP_DigestSign(ctx, out->data, &len, content.bytes, content.len) != 1) {
        return err_set_openssl(&o->error, ERR_OBSERVE_CLIENT_KEY,
                               "the client's key cannot sign the handshake");
    }
    out->len = len;
    return true;
}

bool observer_send_certificate(struct observer *o) {
    PL_AUTO(buf_clear) struct buf message = {.max = WIRE_MESSAGE_MAX};
    PL_AUTO(buf_clear) struct buf der = {.max = WIRE_MESSAGE_MAX};
    struct wire_builder b = {.out = &message};
    bool is_tls13 = o->version == WIRE_TLS13;
    wire_put(&b, 1, WIRE_CERTIFICATE);
    size_t mark = wire_open(&b, 3);
    if (is_tls13) {
        wire_put_vector(&b, 1, o->request_context.data, o->request_context.len);
    }
    size_t list = wire_open(&b, 3);
    for (size_t i = 0; i < o->wish->cert_count; i++) {
        buf_reset(&der);
        if (!openssl_append_der(&der, (i2d_of_void *)i2d_X509, o->wish->certs[i], &o->error)) {
            return false;
        }
        wire_put_vector(&b, 3, der.data, der.len);
        if (is_tls13) {
            wire_put(&b, 2, 0);
        }
    }
    wire_close(&b, list, 3);
    wire_close(&b, mark, 3);
    o->trace->facts.sent_certificate = o->wish->cert_count > 0;
    return wire_built(&b, &o->error) &&
           observer_send_message(o, TRACE_STEP_CLIENT_FINISHED,
                                 observer_span(message.data, message.len));
}
