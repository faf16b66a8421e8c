/*
 * Building a certificate request: version 1 (0), the subject, the public key, and the subject
 * alternative names as extension request. Nothing else: what the certificate may do is the CA's
 * profile's matter.
 */
#include "pki/request.h"

#include "pki/openssl.h"

#include <string.h>

static void extensions_free(X509_EXTENSIONS *extensions) {
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}
PL_DEFINE_FREEP(extensions_freep, X509_EXTENSIONS, extensions_free)

static bool say_failed(struct err *e) {
    return err_set_openssl(e, ERR_PKI_CSR_BUILD, "cannot make the certificate request");
}

static bool set_subject(X509_REQ *req, const struct dn *subject, struct err *e) {
    PL_AUTO(x509_name_freep) X509_NAME *name = NULL;
    if (!dn_to_x509_name(subject, &name, e)) {
        return false;
    }
    return X509_REQ_set_subject_name(req, name) == 1 || say_failed(e);
}

/* RFC 5280 §4.2.1.6: critical exactly when the subject is empty. */
static bool set_sans(X509_REQ *req, const struct request_names *names, struct err *e) {
    if (names->sans.count == 0) {
        return true;
    }
    PL_AUTO(extensions_freep) X509_EXTENSIONS *extensions = sk_X509_EXTENSION_new_null();
    PL_AUTO(x509_extension_freep) X509_EXTENSION *sans = NULL;
    if (!san_list_to_extension(&names->sans, names->subject.count == 0, &sans, e)) {
        return false;
    }
    if (extensions == NULL || sk_X509_EXTENSION_push(extensions, sans) == 0) {
        return say_failed(e);
    }
    sans = NULL;
    return X509_REQ_add_extensions(req, extensions) == 1 || say_failed(e);
}

/* NULL for Ed25519, which hashes by itself. */
static const EVP_MD *digest_for(const EVP_PKEY *key) {
    struct key_spec spec = key_spec_of(key);
    if (spec.family == KEY_ED25519) {
        return NULL;
    }
    if (spec.family == KEY_EC && spec.bits == 384) {
        return EVP_sha384();
    }
    return spec.family == KEY_EC && spec.bits == 521 ? EVP_sha512() : EVP_sha256();
}

bool request_build(const struct request_names *names, EVP_PKEY *key, struct buf *out_der,
                   struct err *e) {
    PL_AUTO(x509_req_freep) X509_REQ *req = X509_REQ_new();
    if (req == NULL || X509_REQ_set_version(req, 0) != 1 || X509_REQ_set_pubkey(req, key) != 1) {
        return say_failed(e);
    }
    if (!set_subject(req, &names->subject, e) || !set_sans(req, names, e)) {
        return false;
    }
    if (X509_REQ_sign(req, key, digest_for(key)) <= 0) {
        return say_failed(e);
    }
    return openssl_append_der(out_der, (i2d_of_void *)i2d_X509_REQ, req, e);
}
