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

enum ocsp_status { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN };

/* What a response says of one certificate, whatever it is. */
struct ocsp_state {
    enum ocsp_status status;
    int64_t revoked_ms; /* when revoked */
    int reason;         /* RFC 5280 §5.3.1; -1: none said */
    int64_t this_update_ms;
    int64_t next_update_ms; /* 0: it does not say until when it holds */
};

/*
 * Reads what a response by the issuer, or a responder that it named, says of the certificate, old
 * or new. Fails as ocsp_read(), but pki.ocsp.revoked; pki.ocsp.time for a response without a time
 * of its making.
 */
bool ocsp_state_read(const uint8_t *der, size_t der_len, const struct cert *cert,
                     const struct cert *issuer, struct ocsp_state *out_state, struct err *e)
    PL_MUST_USE;

/*
 * Appends the list of logs' timestamps (pki/sct.h) that a response carries about the certificate;
 * nothing when there is none. Fails as ocsp_state_read() does. Source: RFC 6962 §3.3
 */
bool ocsp_append_timestamps(const uint8_t *der, size_t der_len, const struct cert *cert,
                            const struct cert *issuer, struct buf *out, struct err *e) PL_MUST_USE;

/* Appends a request about one certificate as DER, without a nonce (RFC 5019). Fails base.oom. */
bool ocsp_append_request(const struct cert *cert, const struct cert *issuer, struct buf *out,
                         struct err *e) PL_MUST_USE;

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
