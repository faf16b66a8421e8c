/*
 * A TLS server's handshake signature, from its meaning: the bytes that are signed are rebuilt here
 * (TLS 1.3) or have exactly the form of a ServerKeyExchange (TLS 1.2 and before), so that nothing
 * else can be had signed with a server's key.
 *
 * Not done: finite-field Diffie-Hellman parameters, explicit curves, a client's CertificateVerify.
 * Source: RFC 8446 §4.2.3, §4.4.3; RFC 5246 §7.4.3; RFC 8422 §5.4; RFC 4346 §7.4.3 (MD5 and SHA-1).
 */
#include "keys/sign.h"

#include <string.h>

enum {
    RANDOMS_LEN = 2 * 32,
    NAMED_CURVE = 3, /* ECCurveType */
    PARAMS_HEAD_LEN = 4,
    UNCOMPRESSED = 4,
    PADDING_LEN = 64,
};

static const struct tls_scheme {
    uint16_t code;
    enum sign_scheme scheme;
    unsigned tls13_curve_bits; /* EC in TLS 1.3: the curve that goes with the scheme */
    bool is_for_tls13;
    bool is_for_tls12; /* and before */
} tls_schemes[] = {
    {0x0804, SIGN_RSA_PSS_SHA256, 0, true, true},
    {0x0805, SIGN_RSA_PSS_SHA384, 0, true, true},
    {0x0806, SIGN_RSA_PSS_SHA512, 0, true, true},
    {0x0403, SIGN_ECDSA_SHA256, 256, true, true},
    {0x0503, SIGN_ECDSA_SHA384, 384, true, true},
    {0x0603, SIGN_ECDSA_SHA512, 521, true, true},
    {0x0807, SIGN_ED25519, 0, true, true},
    {0x0401, SIGN_RSA_PKCS1_SHA256, 0, false, true},
    {0x0501, SIGN_RSA_PKCS1_SHA384, 0, false, true},
    {0x0601, SIGN_RSA_PKCS1_SHA512, 0, false, true},
    {HANDSHAKE_SCHEME_RSA_MD5_SHA1, SIGN_RSA_PKCS1_MD5_SHA1, 0, false, true},
    {HANDSHAKE_SCHEME_ECDSA_SHA1, SIGN_ECDSA_SHA1, 0, false, true},
};

/* NULL when the scheme is not known, not for this kind of handshake, or not for this key. */
static const struct tls_scheme *find_scheme(uint16_t code, enum handshake_kind kind,
                                            const struct key_spec *spec) {
    bool is_tls13 = kind == HANDSHAKE_TLS13_SERVER_VERIFY;
    for (size_t i = 0; i < PL_ARRAY_LEN(tls_schemes); i++) {
        const struct tls_scheme *each = &tls_schemes[i];
        bool fits_version = is_tls13 ? each->is_for_tls13 : each->is_for_tls12;
        bool fits_curve =
            !is_tls13 || each->tls13_curve_bits == 0 || each->tls13_curve_bits == spec->bits;
        if (each->code == code && fits_version && fits_curve &&
            sign_scheme_family(each->scheme) == spec->family) {
            return each;
        }
    }
    return NULL;
}

/* Bytes of a point on a named group (RFC 8422 §5.4, RFC 8446 §4.2.8.2); 0 for groups not known
 * here. */
static size_t point_len_of(unsigned group) {
    static const struct {
        unsigned group;
        size_t point_len;
    } groups[] = {{23, 65}, {24, 97}, {25, 133}, {29, 32}, {30, 56}};
    for (size_t i = 0; i < PL_ARRAY_LEN(groups); i++) {
        if (groups[i].group == group) {
            return groups[i].point_len;
        }
    }
    return 0;
}

/* client random, server random, curve type, group, length of the point, point: and nothing more. */
static bool is_server_key_exchange(const uint8_t *input, size_t len) {
    if (len < RANDOMS_LEN + PARAMS_HEAD_LEN || input[RANDOMS_LEN] != NAMED_CURVE) {
        return false;
    }
    const uint8_t *params = input + RANDOMS_LEN;
    size_t point_len = params[3];
    unsigned group = (unsigned)params[1] << 8 | params[2];
    bool is_nist = group >= 23 && group <= 25;
    return point_len != 0 && point_len == point_len_of(group) &&
           len == RANDOMS_LEN + PARAMS_HEAD_LEN + point_len &&
           (!is_nist || params[PARAMS_HEAD_LEN] == UNCOMPRESSED);
}

static bool append_server_verify(const uint8_t *transcript_hash, size_t len, struct buf *out,
                                 struct err *e) {
    static const char context[] = "TLS 1.3, server CertificateVerify"; /* its NUL is signed, too */
    uint8_t padding[PADDING_LEN];
    memset(padding, 0x20, sizeof(padding));
    return buf_append(out, padding, sizeof(padding), e) &&
           buf_append(out, context, sizeof(context), e) && buf_append(out, transcript_hash, len, e);
}

static bool build_message(enum handshake_kind kind, const uint8_t *input, size_t len,
                          struct buf *out, struct err *e) {
    switch (kind) {
    case HANDSHAKE_TLS13_SERVER_VERIFY:
        if (len != 32 && len != 48) {
            return err_set(e, ERR_KEYS_HANDSHAKE_INPUT,
                           "a TLS 1.3 transcript hash has 32 or 48 bytes, not %zu", len);
        }
        return append_server_verify(input, len, out, e);
    case HANDSHAKE_TLS12_SERVER_KEY_EXCHANGE:
        if (!is_server_key_exchange(input, len)) {
            return err_set(e, ERR_KEYS_HANDSHAKE_INPUT,
                           "%zu bytes are not the signed part of a ServerKeyExchange", len);
        }
        return buf_append(out, input, len, e);
    }
    return err_set(e, ERR_KEYS_HANDSHAKE_INPUT, "the kind of handshake %u is not known",
                   (unsigned)kind);
}

bool ring_sign_handshake(struct ring *ring, const struct sealed_key *key, enum handshake_kind kind,
                         uint16_t scheme, const uint8_t *input, size_t input_len,
                         uint8_t out[KEYS_SIGNATURE_MAX], size_t *out_len, struct err *e) {
    struct cached_key *cached = NULL;
    PL_AUTO(buf_clear) struct buf message;
    buf_init(&message, 512);
    if (!build_message(kind, input, input_len, &message, e) ||
        !ring_unseal(ring, key, RING_PURPOSE(KEY_PURPOSE_TLS_SERVER), &cached, e)) {
        return false;
    }
    const struct tls_scheme *found = find_scheme(scheme, kind, &cached->spec);
    if (found == NULL) {
        char kind_of_key[KEY_SPEC_TEXT];
        key_spec_describe(&cached->spec, kind_of_key);
        return err_set(e, ERR_KEYS_HANDSHAKE_SCHEME,
                       "the signature scheme 0x%04x does not go with a key of kind %s", scheme,
                       kind_of_key);
    }
    return sign_message(ring, cached, found->scheme, message.data, message.len, out, out_len, e);
}
