/*
 * Who signed a revocation list. Mostly the issuer in the path; it may have another key for its
 * lists, and an indirect list is somebody else's. Then the signer's certificate must be at hand,
 * and its path end where the certificate's does (RFC 5280 §6.3.3 (f)). Nothing of that path may be
 * revoked; for that, lists that are signed by the very issuers in it are looked into.
 */
#include "pki/verify_checks.h"

#include <openssl/x509_vfy.h>

static bool is_revoked(const struct verify_input *input, const struct cert *cert,
                       const struct cert *issuer) {
    for (size_t i = 0; i < input->crl_count; i++) {
        const struct crl *crl = input->crls[i];
        struct crl_entry entry = {0};
        if (crl_reasons_for(crl, cert) != 0 && crl_has_cert(crl, cert, &entry) &&
            entry.revoked_ms <= input->at_ms && crl_is_signed_by(crl, issuer)) {
            return true;
        }
    }
    return false;
}

/* Whether a path leads from it to the same root, with nothing against it but that it is no server.
 */
static bool is_proven(const struct verify_input *input, const struct cert_list *chain,
                      struct cert *signer, bool *out_is_proven, struct err *e) {
    PL_AUTO(cert_list_clear) struct cert_list path = {0};
    struct verify_findings findings = {.count = 0};
    struct verify_input again = *input;
    again.leaf = signer;
    if (!verify_find_path(&again, &path, &findings, e)) {
        return false;
    }
    *out_is_proven = cert_equal(path.items[path.count - 1], chain->items[chain->count - 1]);
    for (size_t i = 0; i < findings.count; i++) {
        *out_is_proven &= findings.items[i].error == X509_V_ERR_INVALID_PURPOSE;
    }
    for (size_t i = 0; *out_is_proven && i + 1 < path.count; i++) {
        *out_is_proven = !is_revoked(input, path.items[i], path.items[i + 1]);
    }
    return true;
}

static bool find_among(const struct verify_input *input, const struct cert_list *chain,
                       const struct cert_list *certs, const struct crl *crl,
                       struct verify_signer *out, struct err *e) {
    for (size_t i = 0; certs != NULL && i < certs->count && out->cert == NULL; i++) {
        bool is_fit = false;
        if (!crl_is_signed_by(crl, certs->items[i])) {
            continue;
        }
        if (!is_proven(input, chain, certs->items[i], &is_fit, e)) {
            return false;
        }
        out->cert = is_fit ? certs->items[i] : NULL;
    }
    return true;
}

bool verify_find_signer(const struct verify_input *input, const struct cert_list *chain,
                        const struct cert *issuer, const struct crl *crl,
                        struct verify_signer *out_signer, struct err *e) {
    *out_signer = (struct verify_signer){.cert = NULL};
    if (crl_is_signed_by(crl, issuer)) {
        out_signer->cert = issuer;
        return true;
    }
    return find_among(input, chain, input->presented, crl, out_signer, e) &&
           find_among(input, chain, input->issuers, crl, out_signer, e) &&
           find_among(input, chain, input->anchors, crl, out_signer, e);
}
