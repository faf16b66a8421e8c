/*
 * The outside of a PKCS #12 file: whether it is encrypted, how it is authenticated, and whether it
 * opens without a password. Nothing is decrypted. Limits: DETECT_PFX_ITERATIONS_MAX for the trial.
 * Source: RFC 7292 §4, RFC 9579.
 */
#include "pki/detect_items.h"

#include "base/str.h"
#include "pki/openssl.h"

#include <openssl/err.h>

enum { DETECT_PFX_ITERATIONS_MAX = 100 * 1000 };

static void pkcs7_stack_free(STACK_OF(PKCS7) * stack) {
    sk_PKCS7_pop_free(stack, PKCS7_free);
}
PL_DEFINE_FREEP(pkcs7_stack_freep, STACK_OF(PKCS7), pkcs7_stack_free)

static bool has_shrouded_key(PKCS7 *part) {
    STACK_OF(PKCS12_SAFEBAG) *bags = PKCS12_unpack_p7data(part);
    bool has = false;
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++) {
        has = has ||
              PKCS12_SAFEBAG_get_nid(sk_PKCS12_SAFEBAG_value(bags, i)) == NID_pkcs8ShroudedKeyBag;
    }
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return has;
}

/* What cannot be looked into (signed with a key, broken) counts as encrypted. */
static bool is_encrypted(const PKCS12 *pkcs12) {
    PL_AUTO(pkcs7_stack_freep) STACK_OF(PKCS7) *parts = PKCS12_unpack_authsafes(pkcs12);
    if (parts == NULL) {
        return true;
    }
    for (int i = 0; i < sk_PKCS7_num(parts); i++) {
        PKCS7 *part = sk_PKCS7_value(parts, i);
        if (!PKCS7_type_is_data(part) || has_shrouded_key(part)) {
            return true;
        }
    }
    return false;
}

/* The digests of RFC 7292's MAC; RFC 9579's has its own parameters inside the algorithm. */
static const char *digest_name(int nid) {
    switch (nid) {
    case NID_sha1:
        return "SHA-1";
    case NID_sha256:
        return "SHA-256";
    case NID_sha384:
        return "SHA-384";
    case NID_sha512:
        return "SHA-512";
    default:
        return NULL;
    }
}

static void read_mac(const PKCS12 *pkcs12, struct detect_pfx *out_pfx) {
    const X509_ALGOR *algorithm = NULL;
    const ASN1_INTEGER *iterations = NULL;
    PKCS12_get0_mac(NULL, &algorithm, NULL, &iterations, pkcs12);
    if (algorithm == NULL) {
        return;
    }
    const char *digest = digest_name(OBJ_obj2nid(algorithm->algorithm));
    if (digest == NULL) {
        (void)OBJ_obj2txt(out_pfx->mac, sizeof(out_pfx->mac), algorithm->algorithm, 0);
        return;
    }
    (void)str_copy(out_pfx->mac, sizeof(out_pfx->mac), digest);
    out_pfx->iterations = iterations != NULL ? ASN1_INTEGER_get(iterations) : 1;
}

/* "No password" and the empty one are two: some programs write the one, some the other. */
static bool opens_without_password(PKCS12 *pkcs12, const struct detect_pfx *pfx) {
    if (pfx->mac[0] == '\0') {
        return !pfx->is_encrypted;
    }
    if (pfx->iterations < 1 || pfx->iterations > DETECT_PFX_ITERATIONS_MAX) {
        return false;
    }
    return PKCS12_verify_mac(pkcs12, NULL, 0) == 1 || PKCS12_verify_mac(pkcs12, "", 0) == 1;
}

bool detect_pfx_read(const uint8_t *der, size_t der_len, struct detect_pfx *out_pfx) {
    const uint8_t *at = der;
    PL_AUTO(pkcs12_freep) PKCS12 *pkcs12 = d2i_PKCS12(NULL, &at, (long)der_len);
    if (pkcs12 == NULL) {
        ERR_clear_error();
        return false;
    }
    *out_pfx = (struct detect_pfx){.is_encrypted = is_encrypted(pkcs12)};
    read_mac(pkcs12, out_pfx);
    out_pfx->needs_password = !opens_without_password(pkcs12, out_pfx);
    ERR_clear_error();
    return true;
}
