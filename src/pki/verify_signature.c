/*
 * Signatures of a path: each one right, none by a broken hash, no key too short. The trusted
 * certificate at the end is taken as it is: nobody relies on its signature.
 */
#include "pki/verify_checks.h"

#include "pki/openssl.h"

#include <openssl/err.h>

enum { RSA_BITS_MIN = 2048, OTHER_BITS_MIN = 224 };

static bool is_anchor(const struct verify_input *input, const struct cert *cert) {
    return input->anchors != NULL && cert_list_has(input->anchors, cert);
}

/* The hash's name when it is broken, else NULL. */
static const char *broken_hash(const struct cert *cert) {
    int hash = NID_undef;
    bool is_known = X509_get_signature_info(cert->x509, &hash, NULL, NULL, NULL) == 1;
    ERR_clear_error();
    bool is_broken = is_known && (hash == NID_md2 || hash == NID_md4 || hash == NID_md5 ||
                                  hash == NID_sha1 || hash == NID_md5_sha1);
    return is_broken ? OBJ_nid2sn(hash) : NULL;
}

static bool is_short_key(const struct cert *cert, int *out_bits) {
    EVP_PKEY *key = X509_get0_pubkey(cert->x509);
    ERR_clear_error();
    if (key == NULL) {
        return false; /* what cannot be read has been objected to as a signature */
    }
    *out_bits = EVP_PKEY_get_bits(key);
    bool is_rsa = EVP_PKEY_is_a(key, "RSA") == 1 || EVP_PKEY_is_a(key, "RSA-PSS") == 1;
    return *out_bits < (is_rsa ? RSA_BITS_MIN : OTHER_BITS_MIN);
}

/* The first fault stays in the check; each is added to faults. */
static void keep(const struct verify_check *fault, struct verify_check *check,
                 struct verify_faults *faults) {
    if (check->outcome == VERIFY_PASS && fault->outcome == VERIFY_FAIL) {
        *check = *fault;
    }
    verify_add_fault(faults, fault);
}

static void check_strength(const struct cert *cert, struct verify_check *check,
                           struct verify_faults *faults) {
    const char *name = cert_display_name(cert);
    const char *hash = broken_hash(cert);
    int bits = 0;
    struct verify_check fault = {.id = VERIFY_SIGNATURE, .outcome = VERIFY_PASS};
    if (hash != NULL) {
        verify_fail(&fault, ERR_VERIFY_WEAK_SIGNATURE,
                    "the signature on \"%s\" uses %s, which can be forged", name, hash);
        verify_hint(&fault, "get a new certificate, signed with SHA-256 or better");
        keep(&fault, check, faults);
    }
    if (is_short_key(cert, &bits)) {
        verify_fail(&fault, ERR_VERIFY_WEAK_KEY, "the key of \"%s\" has %d bits only", name, bits);
        verify_hint(&fault,
                    "get a new certificate with a new key: ECDSA P-256, or RSA 2048 and more");
        keep(&fault, check, faults);
    }
}

static bool check_links(const struct cert_list *chain, struct verify_check *check) {
    for (size_t i = 0; i + 1 < chain->count; i++) {
        if (!cert_is_issued_by(chain->items[i], chain->items[i + 1])) {
            verify_fail(check, ERR_VERIFY_BAD_SIGNATURE,
                        "the signature on \"%s\" was not made with the key of \"%s\"",
                        cert_display_name(chain->items[i]), cert_display_name(chain->items[i + 1]));
            verify_hint(check, "the certificate was changed, or another one of its issuer's "
                               "certificates belongs here");
            return false;
        }
    }
    return true;
}

static void sum_up(const struct cert_list *chain, bool is_anchored, struct verify_check *check) {
    const struct cert *top = chain->items[chain->count - 1];
    if (!is_anchored && !top->is_self_signed) {
        verify_unknown(
            check, ERR_VERIFY_INCOMPLETE_CHAIN,
            "the signature on \"%s\" cannot be checked without the certificate of \"%s\"",
            cert_display_name(top), cert_issuer_display_name(top));
    } else if (chain->count > 2) {
        verify_pass(check, "each of the %zu signatures in the chain is right", chain->count - 1);
    } else if (chain->count == 2 || top->is_self_signed) {
        verify_pass(check, "the signature is right (%s)", chain->items[0]->signature_algorithm);
    } else {
        verify_pass(check, "trusted as it is, whoever signed it");
    }
}

void verify_check_signature(const struct verify_input *input, const struct cert_list *chain,
                            struct verify_check *check, struct verify_faults *faults) {
    const struct cert *top = chain->items[chain->count - 1];
    bool is_anchored = is_anchor(input, top);
    bool is_root = top->is_self_signed && chain->count > 1;
    size_t checked_count = is_anchored || is_root ? chain->count - 1 : chain->count;
    if (check_links(chain, check)) {
        sum_up(chain, is_anchored, check);
    }
    verify_add_fault(faults, check);
    struct verify_check weakness = {.id = VERIFY_SIGNATURE, .outcome = VERIFY_PASS};
    for (size_t i = 0; i < checked_count; i++) {
        check_strength(chain->items[i], &weakness, faults);
    }
    if (check->outcome != VERIFY_FAIL && weakness.outcome == VERIFY_FAIL) {
        *check = weakness;
    }
}
