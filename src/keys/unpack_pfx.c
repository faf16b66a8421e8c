/*
 * PFX files (PKCS #12): the MAC first, then each part in its order. Runs in the unpack process.
 *
 * Limits: those of keys/unpack.h; PARTS_MAX bags, bags in bags DEPTH_MAX deep. Not done: files
 * signed or encrypted with a public key, CRLs and other secrets in them.
 * Source: RFC 7292.
 */
#include "keys/unpack.h"

#include "base/mem.h"
#include "base/str.h"
#include "codec/pem.h"
#include "codec/sniff.h"
#include "codec/text.h"
#include "keys/unpack_context.h"
#include "pki/openssl.h"

#include <openssl/err.h>

#include <stdio.h>
#include <string.h>

enum { PARTS_MAX = 1000, DEPTH_MAX = 4 };

struct pfx_reader {
    struct unpack_context context;
    struct unpack_found found;
    char mac[UNPACK_ALGORITHM_TEXT];
    bool is_mac_right;
    size_t parts_left;
};

static void reader_clear(struct pfx_reader *reader) {
    unpack_found_clear(&reader->found);
    unpack_context_clear(&reader->context);
}

static bool wrong_password(const struct pfx_reader *reader, const char *part, struct err *e) {
    if (reader->is_mac_right) {
        return err_set(e, ERR_UNPACK_PASSWORD,
                       "the password is right for the file, but not for %s in it", part);
    }
    bool is_given = reader->context.spellings[0].len > 0;
    return err_set(e, ERR_UNPACK_PASSWORD,
                   is_given ? "the password is wrong" : "it needs a password");
}

/* Finds the spelling that the MAC was made with. */
static bool check_mac(struct pfx_reader *reader, PKCS12 *pfx, struct err *e) {
    if (PKCS12_mac_present(pfx) != 1) {
        (void)str_copy(reader->mac, sizeof(reader->mac), "no MAC");
        return true;
    }
    if (!unpack_admit_mac(&reader->context, pfx, reader->mac, e)) {
        return false;
    }
    for (size_t i = 0; i < reader->context.spelling_count; i++) {
        const struct unpack_spelling *each = &reader->context.spellings[i];
        if (PKCS12_verify_mac(pfx, each->text, each->len) == 1) {
            unpack_context_prefer(&reader->context, i);
            reader->is_mac_right = true;
            return true;
        }
    }
    ERR_clear_error();
    return wrong_password(reader, "", e);
}

PL_DEFINE_FREEP(openssl_string_freep, char, OPENSSL_free)

static bool add_cert(struct pfx_reader *reader, const PKCS12_SAFEBAG *bag, const char *name,
                     struct err *e) {
    if (PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate) {
        return true; /* SDSI, which nobody uses */
    }
    PL_AUTO(x509_freep) X509 *x509 = PKCS12_SAFEBAG_get1_cert(bag);
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    if (x509 == NULL) {
        return err_set_openssl(e, ERR_UNPACK_MALFORMED, "a certificate in it is malformed");
    }
    return cert_from_x509(x509, &cert, e) && unpack_found_add_cert(&reader->found, cert, name, e);
}

static void note_encryption(struct pfx_reader *reader, const char *text, bool is_of_key) {
    if (is_of_key || reader->found.encryption[0] == '\0') {
        (void)str_copy(reader->found.encryption, sizeof(reader->found.encryption), text);
    }
}

static bool add_shrouded_key(struct pfx_reader *reader, const PKCS12_SAFEBAG *bag, const char *name,
                             struct err *e) {
    const X509_SIG *shroud = PKCS12_SAFEBAG_get0_pkcs8(bag);
    const X509_ALGOR *algorithm = NULL;
    char text[UNPACK_ALGORITHM_TEXT];
    X509_SIG_get0(shroud, &algorithm, NULL);
    if (!unpack_admit_encryption(&reader->context, algorithm, text, e)) {
        return false;
    }
    note_encryption(reader, text, true);
    for (size_t i = 0; i < reader->context.spelling_count; i++) {
        const struct unpack_spelling *each = &reader->context.spellings[i];
        PL_AUTO(pkcs8_freep)
        PKCS8_PRIV_KEY_INFO *info =
            PKCS12_decrypt_skey_ex(bag, each->text, each->len, reader->context.library, NULL);
        if (info != NULL) {
            unpack_context_prefer(&reader->context, i);
            return unpack_found_add_key(&reader->found, info, name, e);
        }
    }
    ERR_clear_error();
    return wrong_password(reader, "the private key", e);
}

static bool add_bags(struct pfx_reader *reader, const STACK_OF(PKCS12_SAFEBAG) * bags,
                     unsigned depth, struct err *e);

static bool add_bag(struct pfx_reader *reader, PKCS12_SAFEBAG *bag, unsigned depth, struct err *e) {
    PL_AUTO(openssl_string_freep) char *name = PKCS12_get_friendlyname(bag);
    switch (PKCS12_SAFEBAG_get_nid(bag)) {
    case NID_keyBag:
        return unpack_found_add_key(&reader->found, PKCS12_SAFEBAG_get0_p8inf(bag), name, e);
    case NID_pkcs8ShroudedKeyBag:
        return add_shrouded_key(reader, bag, name, e);
    case NID_certBag:
        return add_cert(reader, bag, name, e);
    case NID_safeContentsBag:
        return add_bags(reader, PKCS12_SAFEBAG_get0_safes(bag), depth + 1, e);
    default:
        return true; /* CRLs and other secrets */
    }
}

static bool add_bags(struct pfx_reader *reader, const STACK_OF(PKCS12_SAFEBAG) * bags,
                     unsigned depth, struct err *e) {
    if (depth > DEPTH_MAX) {
        return err_set(e, ERR_UNPACK_MALFORMED, "its parts are in parts too deeply");
    }
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++) {
        if (reader->parts_left == 0) {
            return err_set(e, ERR_BASE_LIMIT, "it has more than %d parts", PARTS_MAX);
        }
        reader->parts_left--;
        if (!add_bag(reader, sk_PKCS12_SAFEBAG_value(bags, i), depth, e)) {
            return false;
        }
    }
    return true;
}

static void free_bags(STACK_OF(PKCS12_SAFEBAG) * *bags) {
    sk_PKCS12_SAFEBAG_pop_free(*bags, PKCS12_SAFEBAG_free);
}

static bool add_plain_part(struct pfx_reader *reader, PKCS7 *part, struct err *e) {
    PL_AUTO(free_bags) STACK_OF(PKCS12_SAFEBAG) *bags = PKCS12_unpack_p7data(part);
    if (bags == NULL) {
        return err_set_openssl(e, ERR_UNPACK_MALFORMED, "a part of it is malformed");
    }
    return add_bags(reader, bags, 0, e);
}

static bool add_encrypted_part(struct pfx_reader *reader, PKCS7 *part, struct err *e) {
    char text[UNPACK_ALGORITHM_TEXT];
    const PKCS7_ENCRYPT *encrypted = part->d.encrypted;
    if (encrypted == NULL || encrypted->enc_data == NULL ||
        encrypted->enc_data->algorithm == NULL) {
        return err_set(e, ERR_UNPACK_MALFORMED, "a part of it is malformed");
    }
    if (!unpack_admit_encryption(&reader->context, encrypted->enc_data->algorithm, text, e)) {
        return false;
    }
    note_encryption(reader, text, false);
    for (size_t i = 0; i < reader->context.spelling_count; i++) {
        const struct unpack_spelling *each = &reader->context.spellings[i];
        PL_AUTO(free_bags)
        STACK_OF(PKCS12_SAFEBAG) *bags = PKCS12_unpack_p7encdata(part, each->text, each->len);
        if (bags != NULL) {
            unpack_context_prefer(&reader->context, i);
            return add_bags(reader, bags, 0, e);
        }
    }
    ERR_clear_error();
    return wrong_password(reader, "a part", e);
}

static bool add_part(struct pfx_reader *reader, PKCS7 *part, struct err *e) {
    if (PKCS7_type_is_data(part)) {
        return add_plain_part(reader, part, e);
    }
    if (PKCS7_type_is_encrypted(part)) {
        return add_encrypted_part(reader, part, e);
    }
    return err_set(e, ERR_UNPACK_ALGORITHM,
                   "a part of it is encrypted for a certificate instead of with a password");
}

static void free_parts(STACK_OF(PKCS7) * *parts) {
    sk_PKCS7_pop_free(*parts, PKCS7_free);
}

static bool add_parts(struct pfx_reader *reader, const PKCS12 *pfx, struct err *e) {
    PL_AUTO(free_parts) STACK_OF(PKCS7) *parts = PKCS12_unpack_authsafes(pfx);
    if (parts == NULL) {
        return err_set_openssl(e, ERR_UNPACK_MALFORMED, "its content is malformed");
    }
    if (sk_PKCS7_num(parts) > PARTS_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "it has more than %d parts", PARTS_MAX);
    }
    for (int i = 0; i < sk_PKCS7_num(parts); i++) {
        if (!add_part(reader, sk_PKCS7_value(parts, i), e)) {
            return false;
        }
    }
    return true;
}

/* A PKCS12 of our library context, so that its parts find the legacy algorithms. */
static PKCS12 *parse_pfx(const struct unpack_context *context, const uint8_t *der, size_t len) {
    PKCS12 *pfx = PKCS12_init_ex(NID_pkcs7_data, context->library, NULL);
    const uint8_t *at = der;
    if (pfx != NULL && d2i_PKCS12(&pfx, &at, (long)len) == NULL) {
        return NULL; /* pfx is freed */
    }
    return pfx;
}

static bool read_pfx(struct pfx_reader *reader, const uint8_t *der, size_t len, struct err *e) {
    PL_AUTO(pkcs12_freep) PKCS12 *pfx = parse_pfx(&reader->context, der, len);
    if (pfx == NULL) {
        return err_set_openssl(e, ERR_UNPACK_MALFORMED, "it is not a PFX file, or was cut");
    }
    return check_mac(reader, pfx, e) && add_parts(reader, pfx, e);
}

/* The bytes of the file, or of the PKCS12 block in it, as certtool writes. */
static bool strip_armour(const uint8_t *bytes, size_t len, struct buf *out_der, struct err *e) {
    PL_AUTO(buf_cleanse) struct buf text;
    PL_AUTO(pem_clear) struct pem pem = {0};
    buf_init(&text, 2 * UNPACK_INPUT_MAX);
    if (len > UNPACK_INPUT_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "it is larger than %d bytes", UNPACK_INPUT_MAX);
    }
    if (sniff_der(bytes, len) == SNIFF_PKCS12) {
        return buf_append(out_der, bytes, len, e);
    }
    if (!text_normalize(bytes, len, &text, e)) {
        return false;
    }
    struct err ignored = {0};
    if (pem_read(buf_string(&text), text.len, &pem, &ignored)) {
        for (size_t i = 0; i < pem.count; i++) {
            const struct buf *content = &pem.blocks[i].content;
            if (sniff_pem_block(&pem.blocks[i]) == SNIFF_PKCS12) {
                return buf_append(out_der, content->data, content->len, e);
            }
        }
    }
    return pem_read_bare(buf_string(&text), text.len, out_der, e);
}

bool unpack_pfx(const uint8_t *bytes, size_t len, const struct secret *password,
                struct unpacked *out, struct err *e) {
    PL_AUTO(buf_cleanse) struct buf der;
    PL_AUTO(reader_clear) struct pfx_reader reader = {.parts_left = PARTS_MAX};
    char mac_text[UNPACK_ALGORITHM_TEXT + 2];
    buf_init(&der, UNPACK_INPUT_MAX);
    unpack_found_init(&reader.found);
    if (!strip_armour(bytes, len, &der, e) || !unpack_context_init(&reader.context, password, e) ||
        !read_pfx(&reader, der.data, der.len, e) || !unpack_found_finish(&reader.found, out, e)) {
        return false;
    }
    size_t used = strlen(out->encryption);
    (void)snprintf(mac_text, sizeof(mac_text), "; %s", reader.mac);
    (void)str_copy(out->encryption + used, sizeof(out->encryption) - used, mac_text);
    return true;
}
