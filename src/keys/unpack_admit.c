/*
 * Whether a foreign file's encryption is one we have, at a cost that we bear: read from its
 * parameters before any key is derived.
 *
 * Source: RFC 8018 appendix A (PBKDF2, PBES2), RFC 7292 appendix C (PKCS #12's own), RFC 7914 §7
 * (scrypt), RFC 9579 (PBMAC1).
 */
#include "keys/unpack_context.h"

#include "codec/der.h"
#include "pki/openssl.h"

#include <openssl/crypto.h>
#include <openssl/objects.h>

#include <stdio.h>

enum {
    SCRYPT_MEMORY_MAX = 32 * 1024 * 1024, /* OpenSSL's own limit */
    SCRYPT_PARALLEL_MAX = 16,
    OID_TEXT = 80,
};
#define FIRST_OPENSSL_WITH_PBMAC1 0x30400000UL

static bool malformed(struct err *e) {
    return err_set(e, ERR_UNPACK_MALFORMED, "the encryption's parameters are malformed");
}

/* "RC2-CBC (1.2.840.113549.3.2)", or the number alone. */
static void name_object(const ASN1_OBJECT *object, char out[OID_TEXT]) {
    char number[OID_TEXT / 2] = "";
    int nid = OBJ_obj2nid(object);
    (void)OBJ_obj2txt(number, sizeof(number), object, 1);
    if (nid == NID_undef) {
        (void)snprintf(out, OID_TEXT, "%s", number);
    } else {
        (void)snprintf(out, OID_TEXT, "%.32s (%s)", OBJ_nid2sn(nid), number);
    }
}

static bool unsupported(const struct unpack_context *context, const ASN1_OBJECT *object,
                        struct err *e) {
    char name[OID_TEXT];
    name_object(object, name);
    (void)err_set(e, ERR_UNPACK_ALGORITHM, "it is protected with %s, which is not supported here",
                  name);
    return err_hint(e, "%s",
                    context->legacy != NULL
                        ? "write the file again with AES-256 and SHA-256"
                        : "this system's OpenSSL comes without its legacy provider");
}

static bool spend(struct unpack_context *context, uint64_t iterations, struct err *e) {
    if (iterations > context->iterations_left) {
        (void)err_set(e, ERR_UNPACK_ITERATIONS,
                      "it asks for more than %d iterations of key derivation",
                      UNPACK_ITERATIONS_MAX);
        return err_hint(e, "write the file again with fewer");
    }
    context->iterations_left -= iterations;
    return true;
}

/* The parameters of an algorithm as a SEQUENCE's inside; false when they are something else. */
static bool enter_parameters(const X509_ALGOR *algorithm, struct der_reader *out_reader) {
    int type = V_ASN1_UNDEF;
    const void *value = NULL;
    struct der_value sequence;
    X509_ALGOR_get0(NULL, &type, &value, algorithm);
    if (type != V_ASN1_SEQUENCE) {
        return false;
    }
    const ASN1_STRING *string = value;
    struct der_reader reader =
        der_reader_init(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string));
    if (!der_reader_take(&reader, DER_SEQUENCE, &sequence)) {
        return false;
    }
    *out_reader = der_reader_enter(&sequence);
    return true;
}

static bool take_number(struct der_reader *reader, uint64_t *out) {
    struct der_value number;
    if (!der_reader_take(reader, DER_INTEGER, &number) || number.len == 0 || number.len > 8 ||
        number.bytes[0] >= 0x80) {
        return false;
    }
    *out = 0;
    for (size_t i = 0; i < number.len; i++) {
        *out = *out << 8 | number.bytes[i];
    }
    return *out > 0;
}

PL_DEFINE_FREEP(algorithm_freep, X509_ALGOR, X509_ALGOR_free)

/* An AlgorithmIdentifier inside parameters; NULL when it is none. Caller owns. */
static X509_ALGOR *take_algorithm(struct der_reader *reader) {
    struct der_value value;
    if (!der_reader_take(reader, DER_SEQUENCE, &value)) {
        return NULL;
    }
    const uint8_t *at = value.whole;
    return d2i_X509_ALGOR(NULL, &at, (long)value.whole_len);
}

static const ASN1_OBJECT *object_of(const X509_ALGOR *algorithm) {
    const ASN1_OBJECT *object = NULL;
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    return object;
}

static bool has_cipher(const struct unpack_context *context, int nid) {
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(context->library, OBJ_nid2sn(nid), NULL);
    EVP_CIPHER_free(cipher);
    return cipher != NULL;
}

static bool has_digest(const struct unpack_context *context, int nid) {
    EVP_MD *digest = EVP_MD_fetch(context->library, OBJ_nid2sn(nid), NULL);
    EVP_MD_free(digest);
    return digest != NULL;
}

/* PBKDF2-params ::= SEQUENCE { salt, iterationCount, keyLength OPTIONAL, prf DEFAULT hmacWithSHA1 }
 */
static bool admit_pbkdf2(struct unpack_context *context, const X509_ALGOR *kdf,
                         uint64_t *out_iterations, struct err *e) {
    struct der_reader parts;
    struct der_value salt;
    uint64_t key_len = 0;
    if (!enter_parameters(kdf, &parts) || !der_reader_take(&parts, DER_OCTET_STRING, &salt) ||
        !take_number(&parts, out_iterations) ||
        (der_reader_peek(&parts) == DER_INTEGER && !take_number(&parts, &key_len))) {
        return malformed(e);
    }
    if (!der_reader_is_at_end(&parts)) {
        PL_AUTO(algorithm_freep) X509_ALGOR *prf = take_algorithm(&parts);
        if (prf == NULL) {
            return malformed(e);
        }
        int digest_nid = NID_undef;
        int nid = OBJ_obj2nid(object_of(prf));
        if (EVP_PBE_find(EVP_PBE_TYPE_PRF, nid, NULL, &digest_nid, NULL) != 1 ||
            !has_digest(context, digest_nid)) {
            return unsupported(context, object_of(prf), e);
        }
    }
    return spend(context, *out_iterations, e);
}

/* scrypt-params ::= SEQUENCE { salt, costParameter, blockSize, parallelizationParameter, … } */
static bool admit_scrypt(const X509_ALGOR *kdf, uint64_t *out_iterations, struct err *e) {
    struct der_reader parts;
    struct der_value salt;
    uint64_t cost = 0, block = 0, parallel = 0;
    if (!enter_parameters(kdf, &parts) || !der_reader_take(&parts, DER_OCTET_STRING, &salt) ||
        !take_number(&parts, &cost) || !take_number(&parts, &block) ||
        !take_number(&parts, &parallel)) {
        return malformed(e);
    }
    *out_iterations = cost;
    bool is_bearable = block <= SCRYPT_MEMORY_MAX / 128 &&
                       cost <= SCRYPT_MEMORY_MAX / 128 / block && parallel <= SCRYPT_PARALLEL_MAX;
    return is_bearable || err_set(e, ERR_UNPACK_ITERATIONS,
                                  "its scrypt asks for more memory or time than is given");
}

static bool admit_kdf(struct unpack_context *context, const X509_ALGOR *kdf,
                      uint64_t *out_iterations, struct err *e) {
    switch (OBJ_obj2nid(object_of(kdf))) {
    case NID_id_pbkdf2:
        return admit_pbkdf2(context, kdf, out_iterations, e);
    case NID_id_scrypt:
        return admit_scrypt(kdf, out_iterations, e);
    default:
        return unsupported(context, object_of(kdf), e);
    }
}

/* PBES2-params ::= SEQUENCE { keyDerivationFunc, encryptionScheme } */
static bool admit_pbes2(struct unpack_context *context, const X509_ALGOR *algorithm,
                        char out_text[UNPACK_ALGORITHM_TEXT], struct err *e) {
    struct der_reader parts;
    uint64_t iterations = 0;
    if (!enter_parameters(algorithm, &parts)) {
        return malformed(e);
    }
    PL_AUTO(algorithm_freep) X509_ALGOR *kdf = take_algorithm(&parts);
    PL_AUTO(algorithm_freep) X509_ALGOR *cipher = kdf == NULL ? NULL : take_algorithm(&parts);
    if (cipher == NULL) {
        return malformed(e);
    }
    int nid = OBJ_obj2nid(object_of(cipher));
    if (nid == NID_undef || !has_cipher(context, nid)) {
        return unsupported(context, object_of(cipher), e);
    }
    if (!admit_kdf(context, kdf, &iterations, e)) {
        return false;
    }
    (void)snprintf(out_text, UNPACK_ALGORITHM_TEXT, "PBES2 %.14s, %llu iterations", OBJ_nid2sn(nid),
                   (unsigned long long)iterations);
    return true;
}

/* "PBE-SHA1-3DES": OpenSSL's short names, "PBE-SHA1-RC2-40". PBEParameter ::= { salt, iterations }
 */
static bool admit_pbe(struct unpack_context *context, const X509_ALGOR *algorithm,
                      char out_text[UNPACK_ALGORITHM_TEXT], struct err *e) {
    struct der_reader parts;
    struct der_value salt;
    uint64_t iterations = 0;
    int nid = OBJ_obj2nid(object_of(algorithm));
    int cipher_nid = NID_undef, digest_nid = NID_undef;
    if (EVP_PBE_find(EVP_PBE_TYPE_OUTER, nid, &cipher_nid, &digest_nid, NULL) != 1 ||
        cipher_nid == NID_undef || !has_cipher(context, cipher_nid) ||
        !has_digest(context, digest_nid)) {
        return unsupported(context, object_of(algorithm), e);
    }
    if (!enter_parameters(algorithm, &parts) || !der_reader_take(&parts, DER_OCTET_STRING, &salt) ||
        !take_number(&parts, &iterations)) {
        return malformed(e);
    }
    (void)snprintf(out_text, UNPACK_ALGORITHM_TEXT, "%.18s, %llu iterations", OBJ_nid2sn(nid),
                   (unsigned long long)iterations);
    return spend(context, iterations, e);
}

bool unpack_admit_encryption(struct unpack_context *context, const X509_ALGOR *algorithm,
                             char out_text[UNPACK_ALGORITHM_TEXT], struct err *e) {
    return OBJ_obj2nid(object_of(algorithm)) == NID_pbes2
               ? admit_pbes2(context, algorithm, out_text, e)
               : admit_pbe(context, algorithm, out_text, e);
}

/* PBMAC1-params ::= SEQUENCE { keyDerivationFunc, messageAuthScheme } */
static bool admit_pbmac1(struct unpack_context *context, const X509_ALGOR *algorithm,
                         char out_text[UNPACK_ALGORITHM_TEXT], struct err *e) {
    struct der_reader parts;
    uint64_t iterations = 0;
    int digest_nid = NID_undef;
    if (OpenSSL_version_num() < FIRST_OPENSSL_WITH_PBMAC1) {
        return unsupported(context, object_of(algorithm), e);
    }
    if (!enter_parameters(algorithm, &parts)) {
        return malformed(e);
    }
    PL_AUTO(algorithm_freep) X509_ALGOR *kdf = take_algorithm(&parts);
    PL_AUTO(algorithm_freep) X509_ALGOR *mac = kdf == NULL ? NULL : take_algorithm(&parts);
    if (mac == NULL) {
        return malformed(e);
    }
    int nid = OBJ_obj2nid(object_of(mac));
    if (EVP_PBE_find(EVP_PBE_TYPE_PRF, nid, NULL, &digest_nid, NULL) != 1 ||
        !has_digest(context, digest_nid)) {
        return unsupported(context, object_of(mac), e);
    }
    (void)snprintf(out_text, UNPACK_ALGORITHM_TEXT, "PBMAC1 %.14s", OBJ_nid2sn(digest_nid));
    return admit_kdf(context, kdf, &iterations, e);
}

bool unpack_admit_mac(struct unpack_context *context, const PKCS12 *pfx,
                      char out_text[UNPACK_ALGORITHM_TEXT], struct err *e) {
    const X509_ALGOR *algorithm = NULL;
    const ASN1_INTEGER *count = NULL;
    uint64_t iterations = 1; /* the default */
    PKCS12_get0_mac(NULL, &algorithm, NULL, &count, pfx);
    int nid = OBJ_obj2nid(object_of(algorithm));
    if (nid == NID_pbmac1) {
        return admit_pbmac1(context, algorithm, out_text, e);
    }
    if (nid == NID_undef || !has_digest(context, nid)) {
        return unsupported(context, object_of(algorithm), e);
    }
    if (count != NULL && (ASN1_INTEGER_get_uint64(&iterations, count) != 1 || iterations == 0)) {
        return malformed(e);
    }
    (void)snprintf(out_text, UNPACK_ALGORITHM_TEXT, "MAC %.14s", OBJ_nid2sn(nid));
    return spend(context, iterations, e);
}
