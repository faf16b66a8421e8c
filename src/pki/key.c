/*
 * Keys: their kind, making them, and their public half as DER.
 *
 * Strength is judged in key_strength.c. Private keys are made here and only ever held by keys/.
 */
#include "pki/key.h"

#include "base/str.h"
#include "pki/openssl.h"

#include <openssl/core_names.h>
#include <openssl/objects.h>

#include <stdio.h>
#include <strings.h>

/* The kinds that a user may ask for; the texts are those of the command line. */
static const struct named_spec {
    const char *text;
    const char *description;
    struct key_spec spec;
} named_specs[] = {
    {"rsa:2048", "RSA 2048", {KEY_RSA, 2048}},  {"rsa:3072", "RSA 3072", {KEY_RSA, 3072}},
    {"rsa:4096", "RSA 4096", {KEY_RSA, 4096}},  {"ec:p256", "ECDSA P-256", {KEY_EC, 256}},
    {"ec:p384", "ECDSA P-384", {KEY_EC, 384}},  {"ec:p521", "ECDSA P-521", {KEY_EC, 521}},
    {"ed25519", "Ed25519", {KEY_ED25519, 256}},
};

static const struct named_spec *find_named(const struct key_spec *spec) {
    for (size_t i = 0; i < PL_ARRAY_LEN(named_specs); i++) {
        if (key_spec_equal(&named_specs[i].spec, spec)) {
            return &named_specs[i];
        }
    }
    return NULL;
}

bool key_spec_parse(const char *text, struct key_spec *out_spec, struct err *e) {
    for (size_t i = 0; i < PL_ARRAY_LEN(named_specs); i++) {
        if (str_equal_nocase(named_specs[i].text, text)) {
            *out_spec = named_specs[i].spec;
            return true;
        }
    }
    bool is_rsa = strncasecmp(text, "rsa:", 4) == 0 && str_is_digit(text[4]);
    (void)err_set(e, ERR_PKI_KEY_SPEC,
                  is_rsa ? "\"%s\" is refused: RSA keys have 2048, 3072 or 4096 bits"
                         : "\"%s\" is not a kind of key",
                  text);
    return err_hint(e, "use rsa:2048, rsa:3072, rsa:4096, ec:p256, ec:p384, ec:p521 or ed25519");
}

void key_spec_format(const struct key_spec *spec, char out[KEY_SPEC_TEXT]) {
    const struct named_spec *named = find_named(spec);
    if (named != NULL) {
        (void)str_copy(out, KEY_SPEC_TEXT, named->text);
    } else if (spec->family == KEY_RSA) {
        (void)snprintf(out, KEY_SPEC_TEXT, "rsa:%u", spec->bits);
    } else {
        (void)str_copy(out, KEY_SPEC_TEXT, "other");
    }
}

void key_spec_describe(const struct key_spec *spec, char out[KEY_SPEC_TEXT]) {
    const struct named_spec *named = find_named(spec);
    if (named != NULL) {
        (void)str_copy(out, KEY_SPEC_TEXT, named->description);
    } else if (spec->family == KEY_RSA) {
        (void)snprintf(out, KEY_SPEC_TEXT, "RSA %u", spec->bits);
    } else {
        (void)str_copy(out, KEY_SPEC_TEXT, "other");
    }
}

bool key_spec_equal(const struct key_spec *a, const struct key_spec *b) {
    return a->family == b->family && a->bits == b->bits;
}

static unsigned curve_bits(const EVP_PKEY *key) {
    char group[64] = "";
    if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1) {
        return 0;
    }
    switch (OBJ_txt2nid(group)) {
    case NID_X9_62_prime256v1:
        return 256;
    case NID_secp384r1:
        return 384;
    case NID_secp521r1:
        return 521;
    default:
        return 0;
    }
}

struct key_spec key_spec_of(const EVP_PKEY *key) {
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: {
        int bits = EVP_PKEY_get_bits(key);
        return (struct key_spec){KEY_RSA, bits > 0 ? (unsigned)bits : 0};
    }
    case EVP_PKEY_EC:
        return (struct key_spec){KEY_EC, curve_bits(key)};
    case EVP_PKEY_ED25519:
        return (struct key_spec){KEY_ED25519, 256};
    default:
        return (struct key_spec){KEY_OTHER, 0};
    }
}

static EVP_PKEY *generate_ec(unsigned bits) {
    switch (bits) {
    case 256:
        return EVP_EC_gen("P-256");
    case 384:
        return EVP_EC_gen("P-384");
    case 521:
        return EVP_EC_gen("P-521");
    default:
        return NULL;
    }
}

bool key_generate(const struct key_spec *spec, EVP_PKEY **out_key, struct err *e) {
    char text[KEY_SPEC_TEXT];
    key_spec_format(spec, text);
    if (find_named(spec) == NULL) {
        return err_set(e, ERR_PKI_KEY_GENERATE, "keys of kind %s are not made here", text);
    }
    EVP_PKEY *key = NULL;
    switch (spec->family) {
    case KEY_RSA:
        key = EVP_RSA_gen(spec->bits);
        break;
    case KEY_EC:
        key = generate_ec(spec->bits);
        break;
    case KEY_ED25519:
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        break;
    case KEY_OTHER:
        break;
    }
    if (key == NULL) {
        return err_set_openssl(e, ERR_PKI_KEY_GENERATE, "cannot make a key of kind %s", text);
    }
    *out_key = key;
    return true;
}

bool key_append_spki(const EVP_PKEY *key, struct buf *out, struct err *e) {
    return openssl_append_der(out, (i2d_of_void *)i2d_PUBKEY, key, e);
}

bool key_from_spki(const uint8_t *der, size_t der_len, EVP_PKEY **out_key, struct err *e) {
    if (der_len == 0 || der_len > KEY_DER_MAX) {
        return err_set(e, ERR_PKI_KEY_INVALID, "a public key has 1 to %d bytes, this one %zu",
                       KEY_DER_MAX, der_len);
    }
    const uint8_t *at = der;
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)der_len);
    if (key == NULL) {
        return err_set_openssl(e, ERR_PKI_KEY_INVALID, "cannot read the public key");
    }
    if (at != der + der_len) {
        return err_set(e, ERR_PKI_KEY_INVALID, "there are bytes behind the public key");
    }
    *out_key = PL_TAKE(key);
    return true;
}

bool key_spki_sha256(const EVP_PKEY *key, uint8_t out[KEY_SPKI_SHA256_LEN], struct err *e) {
    PL_AUTO(buf_clear) struct buf spki;
    buf_init(&spki, KEY_DER_MAX);
    return key_append_spki(key, &spki, e) && sha256(spki.data, spki.len, out, e);
}
