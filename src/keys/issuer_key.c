/* What to-be-signed bytes say of the key that signs them: algorithm and key identifier. */
#include "keys/issuer_key.h"

#include "keys/sign.h"
#include "pki/key_id.h"
#include "pki/openssl.h"

#include <string.h>

enum { ARC_AUTHORITY_KEY_IDENTIFIER = 35, KEY_IDENTIFIER_TAG = 0x80 };

bool issuer_key_check_algorithm(const struct cached_key *key, const struct der_value *algorithm,
                                struct err *e) {
    struct sign_algorithm own;
    if (!sign_algorithm_of(&key->spec, &own, e)) {
        return false;
    }
    return (algorithm->whole_len == own.identifier_len &&
            memcmp(algorithm->whole, own.identifier, own.identifier_len) == 0) ||
           err_set(e, ERR_KEYS_LIMIT_ALGORITHM,
                   "it names another signature algorithm than the key's");
}

/* AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0] } and nothing else */
static bool read_identifier(const struct tbs_extension *extension, struct der_value *out) {
    if (extension->value.tag != DER_SEQUENCE) {
        return false;
    }
    struct der_reader parts = der_reader_enter(&extension->value);
    return der_reader_take(&parts, KEY_IDENTIFIER_TAG, out) && der_reader_is_at_end(&parts);
}

/* SubjectPublicKeyInfo ::= SEQUENCE { algorithm, subjectPublicKey BIT STRING } */
static bool read_public_bits(const struct buf *spki, struct der_value *out_bits) {
    struct der_reader file = der_reader_init(spki->data, spki->len);
    struct der_value whole, algorithm;
    if (!der_reader_take(&file, DER_SEQUENCE, &whole)) {
        return false;
    }
    struct der_reader parts = der_reader_enter(&whole);
    if (!der_reader_take(&parts, DER_SEQUENCE, &algorithm) ||
        !der_reader_take(&parts, DER_BIT_STRING, out_bits) || out_bits->len < 2) {
        return false;
    }
    out_bits->bytes++; /* the count of unused bits, which is 0 */
    out_bits->len--;
    return true;
}

static bool is_identifier_of(const struct der_value *identifier, const struct buf *spki) {
    uint8_t own[KEY_ID_LEN];
    uint8_t sha1[EVP_MAX_MD_SIZE];
    struct der_value bits;
    return identifier->len == KEY_ID_LEN && key_id_from_spki(spki->data, spki->len, own, NULL) &&
           read_public_bits(spki, &bits) &&
           EVP_Digest(bits.bytes, bits.len, sha1, NULL, EVP_sha1(), NULL) == 1 &&
           (memcmp(identifier->bytes, own, KEY_ID_LEN) == 0 ||
            memcmp(identifier->bytes, sha1, KEY_ID_LEN) == 0);
}

bool issuer_key_check_identifier(const struct cached_key *key,
                                 const struct tbs_extensions *extensions, bool may_be_absent,
                                 struct err *e) {
    const struct tbs_extension *extension =
        tbs_find_extension(extensions, ARC_AUTHORITY_KEY_IDENTIFIER);
    struct der_value identifier;
    PL_AUTO(buf_clear) struct buf spki;
    buf_init(&spki, KEY_DER_MAX);
    if (extension == NULL) {
        return may_be_absent ||
               err_set(e, ERR_KEYS_LIMIT_ISSUER, "it does not name its issuer's key identifier");
    }
    if (!read_identifier(extension, &identifier)) {
        return err_set(e, ERR_KEYS_LIMIT_ISSUER, "its authority key identifier is not just that");
    }
    return key_append_spki(key->pkey, &spki, e) &&
           (is_identifier_of(&identifier, &spki) ||
            err_set(e, ERR_KEYS_LIMIT_ISSUER, "it names another issuer's key identifier"));
}
