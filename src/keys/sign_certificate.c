/*
 * Certificates: to-be-signed bytes are read strictly and held against the CA key's limits, then
 * signed as they are. Source: RFC 5280 §4.1, §4.2.1.3, §4.2.1.9.
 *
 * Not done: anything that a profile decides (names, key usage of leaves, policies); profiles narrow
 * these limits.
 */
#include "keys/sign.h"

#include "keys/issuer_key.h"
#include "keys/tbs.h"
#include "pki/openssl.h"

#include <string.h>

enum {
    ARC_KEY_USAGE = 15,
    ARC_BASIC_CONSTRAINTS = 19,
    USAGE_KEY_CERT_SIGN = 1 << 2, /* bit 5, counted from the left */
    USAGE_CRL_SIGN = 1 << 1,      /* bit 6 */
};

struct constraints {
    bool is_critical;
    bool is_ca;
    bool has_path_length;
    unsigned path_length;
};

static bool malformed(struct err *e, const char *what) {
    return err_set(e, ERR_KEYS_LIMIT_MALFORMED, "it has %s", what);
}

/* BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL } */
static bool read_constraints(const struct tbs_extensions *extensions, struct constraints *out,
                             struct err *e) {
    const struct tbs_extension *extension = tbs_find_extension(extensions, ARC_BASIC_CONSTRAINTS);
    struct der_value value;
    *out = (struct constraints){0};
    if (extension == NULL) {
        return true;
    }
    if (extension->value.tag != DER_SEQUENCE) {
        return malformed(e, "malformed basic constraints");
    }
    struct der_reader parts = der_reader_enter(&extension->value);
    out->is_critical = extension->is_critical;
    if (der_reader_take(&parts, DER_BOOLEAN, &value)) {
        out->is_ca = value.bytes[0] != 0x00;
        if (!out->is_ca) {
            return malformed(e, "basic constraints that are not DER");
        }
    }
    if (der_reader_take(&parts, DER_INTEGER, &value)) {
        out->has_path_length = true;
        out->path_length = value.bytes[0];
        if (value.len != 1 || value.bytes[0] > 0x7F || !out->is_ca) {
            return malformed(e, "a path length that is out of place");
        }
    }
    return der_reader_is_at_end(&parts) || malformed(e, "malformed basic constraints");
}

/* The first octet of KeyUsage; 0 when there is none. */
static bool read_usage(const struct tbs_extensions *extensions, unsigned *out_usage,
                       struct err *e) {
    const struct tbs_extension *extension = tbs_find_extension(extensions, ARC_KEY_USAGE);
    *out_usage = 0;
    if (extension == NULL) {
        return true;
    }
    if (extension->value.tag != DER_BIT_STRING || extension->value.len < 2) {
        return malformed(e, "a malformed key usage");
    }
    *out_usage = extension->value.bytes[1];
    return true;
}

static bool check_authority(const struct constraints *constraints, unsigned usage,
                            const struct key_limits *limits, struct err *e) {
    if (!constraints->is_ca) {
        return (usage & (USAGE_KEY_CERT_SIGN | USAGE_CRL_SIGN)) == 0 ||
               err_set(e, ERR_KEYS_LIMIT_CA, "it is no CA, but may sign certificates or lists");
    }
    if (!limits->may_sign_ca) {
        return err_set(e, ERR_KEYS_LIMIT_CA, "this key does not sign certificates of CAs");
    }
    if (!constraints->is_critical) {
        return err_set(e, ERR_KEYS_LIMIT_CA, "its basic constraints are not critical");
    }
    if (!constraints->has_path_length || constraints->path_length > limits->path_length_max) {
        return err_set(e, ERR_KEYS_LIMIT_PATH_LENGTH,
                       "its path length is above %u, the most that this key may give",
                       limits->path_length_max);
    }
    return true;
}

static bool check_lifetime(const struct tbs_certificate *tbs, const struct key_limits *limits,
                           struct err *e) {
    return tbs->not_after_ms - tbs->not_before_ms <= limits->lifetime_max_ms ||
           err_set(e, ERR_KEYS_LIMIT_LIFETIME, "it lasts longer than this key's certificates may");
}

/* A root's own certificate: its key, its name twice. */
static bool find_self_signed(const struct cached_key *key, const struct tbs_certificate *tbs,
                             bool *out_is_self_signed, struct err *e) {
    PL_AUTO(buf_clear) struct buf spki;
    buf_init(&spki, KEY_DER_MAX);
    if (!key_append_spki(key->pkey, &spki, e)) {
        return false;
    }
    *out_is_self_signed =
        tbs->spki.whole_len == spki.len && memcmp(tbs->spki.whole, spki.data, spki.len) == 0;
    bool is_self_issued = tbs->issuer.whole_len == tbs->subject.whole_len &&
                          memcmp(tbs->issuer.whole, tbs->subject.whole, tbs->issuer.whole_len) == 0;
    return !*out_is_self_signed || is_self_issued ||
           err_set(e, ERR_KEYS_LIMIT_ISSUER, "it has the key of its issuer, but another name");
}

/* A second reader, the one that most of the world has, must see the same certificate. */
static bool check_with_openssl(const struct cached_key *key, const uint8_t *bytes, size_t len,
                               bool is_ca, struct err *e) {
    struct sign_algorithm algorithm;
    PL_AUTO(buf_clear) struct buf frame;
    buf_init(&frame, len + 256);
    if (!sign_algorithm_of(&key->spec, &algorithm, e) ||
        !sign_frame_unsigned(bytes, len, &algorithm, &frame, e)) {
        return false;
    }
    const uint8_t *at = frame.data;
    PL_AUTO(x509_freep) X509 *x509 = d2i_X509(NULL, &at, (long)frame.len);
    uint32_t flags = x509 == NULL ? EXFLAG_INVALID : X509_get_extension_flags(x509);
    bool is_read = (flags & EXFLAG_INVALID) == 0 && X509_get0_pubkey(x509) != NULL;
    return (is_read && ((flags & EXFLAG_CA) != 0) == is_ca) ||
           err_set_openssl(e, ERR_KEYS_LIMIT_MALFORMED, "it has parts that cannot be read");
}

static bool check_certificate(const struct cached_key *key, const struct key_limits *limits,
                              const uint8_t *bytes, size_t len, struct err *e) {
    struct tbs_certificate tbs;
    struct constraints constraints;
    unsigned usage = 0;
    bool is_self_signed = false;
    return tbs_read_certificate(bytes, len, &tbs, e) &&
           issuer_key_check_algorithm(key, &tbs.algorithm, e) &&
           read_constraints(&tbs.extensions, &constraints, e) &&
           read_usage(&tbs.extensions, &usage, e) &&
           check_authority(&constraints, usage, limits, e) && check_lifetime(&tbs, limits, e) &&
           find_self_signed(key, &tbs, &is_self_signed, e) &&
           issuer_key_check_identifier(key, &tbs.extensions, is_self_signed, e) &&
           check_with_openssl(key, bytes, len, constraints.is_ca, e);
}

bool ring_sign_certificate(struct ring *ring, const struct sealed_key *ca, const uint8_t *tbs,
                           size_t tbs_len, struct buf *out_der, struct err *e) {
    struct cached_key *cached = NULL;
    if (!ring_unseal(ring, ca, RING_PURPOSE(KEY_PURPOSE_CA), &cached, e)) {
        return false;
    }
    if (!check_certificate(cached, &ca->limits, tbs, tbs_len, e)) {
        return err_wrap(e, "the key refuses to sign a certificate");
    }
    return sign_tbs(ring, cached, tbs, tbs_len, out_der, e);
}
