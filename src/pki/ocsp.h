/*
 * OCSP responses, read and checked, as a server staples them.
 * Source: RFC 6960 §4.2; RFC 5019; RFC 9654.
 */
#ifndef PL_PKI_OCSP_H
#define PL_PKI_OCSP_H

#include "pki/cert.h"

enum {
    OCSP_DER_MAX = 64 * 1024,
    OCSP_CLOCK_SKEW_MS = 5 * 60 * 1000, /* a responder's clock may be ahead by this much */
};

/* What a response says of one certificate: it is good, from then until then. */
struct ocsp_answer {
    int64_t this_update_ms;
    int64_t next_update_ms;
};

/*
 * Reads a response and checks that it is of use to clients of the certificate: about it, by its
 * issuer or a responder that the issuer named, whole, current, and "good".
 *
 * der     borrowed; 1..OCSP_DER_MAX bytes
 * issuer  the certificate's own
 * Fails   pki.ocsp.malformed, pki.ocsp.failure (the responder gave no answer), pki.ocsp.other
 *         (about other certificates), pki.ocsp.signature, pki.ocsp.revoked (or unknown to it),
 *         pki.ocsp.time (not yet, no longer, or without an end), base.limit
 */
bool ocsp_read(const uint8_t *der, size_t der_len, const struct cert *cert,
               const struct cert *issuer, int64_t now_ms, struct ocsp_answer *out_answer,
               struct err *e) PL_MUST_USE;

#endif
