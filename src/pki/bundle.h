/*
 * Bundles of certificates: PKCS #7 SignedData without signatures ("certs-only", .p7b, .p7c), as
 * Windows, Java and many authorities hand out chains. (PKCS #12 files are keys/'s.)
 * Source: RFC 2315 §9, RFC 5652 §5, RFC 5751 §3.7; RFC 7468 §8, §9 (labels).
 */
#ifndef PL_PKI_BUNDLE_H
#define PL_PKI_BUNDLE_H

#include "base/buf.h"
#include "pki/cert.h"

enum { BUNDLE_INPUT_MAX = 4 * 1024 * 1024 };

/*
 * Reads a bundle's certificates in the order of the file: PEM with the label PKCS7, PKCS #7 SIGNED
 * DATA, CMS or (as Active Directory's enrolment pages write it) CERTIFICATE; DER or BER; base64
 * without armour. Revocation lists and signatures inside are left aside.
 *
 * bytes      borrowed; 1..BUNDLE_INPUT_MAX
 * out_certs  appended to; caller clears
 * Fails      pki.bundle.not_bundle (says what it is instead), pki.bundle.malformed,
 *            pki.bundle.empty (no certificate inside), pki.cert.malformed, base.limit, base.oom
 */
bool bundle_read(const void *bytes, size_t len, struct cert_list *out_certs, struct err *e)
    PL_MUST_USE;

/* The same for the DER or BER of one SignedData. Fails as above. */
bool bundle_from_der(const uint8_t *der, size_t der_len, struct cert_list *out_certs, struct err *e)
    PL_MUST_USE;

/* Appends the certificates in their order as one SignedData. Fails pki.bundle.empty, base.oom,
 * base.limit. */
bool bundle_append_der(const struct cert_list *certs, struct buf *out, struct err *e) PL_MUST_USE;
/* The same as PEM, label PKCS7. */
bool bundle_append_pem(const struct cert_list *certs, struct buf *out, struct err *e) PL_MUST_USE;

#endif
