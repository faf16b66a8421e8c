/*
 * Reasons for revoking a certificate: which there are, which a CRL of ours may carry, and how fast
 * each must be acted on.
 * Source: RFC 5280 §5.3.1; BR §4.9.1.1 (time), §7.2.2 (reasons 1, 3, 4, 5 and 9 alone; 0 is left
 * out).
 */
#ifndef PL_CA_REASON_H
#define PL_CA_REASON_H

#include "base/compiler.h"
#include "base/err.h"

struct ca_reason {
    int code;                /* RFC 5280's CRLReason */
    const char *name;        /* "keyCompromise" */
    const char *about;       /* for people, lower case, no full stop */
    bool is_allowed;         /* for a leaf certificate of ours */
    bool is_listed;          /* written into the CRL entry */
    unsigned deadline_hours; /* within which the CRL must say so; 0 when not allowed */
};

/* NULL for codes that RFC 5280 does not define. */
const struct ca_reason *ca_reason_get(int code);
/* All, by code. */
const struct ca_reason *ca_reason_all(size_t *out_count);
/*
 * A reason as typed: "keyCompromise", "key-compromise" or "1", letters in either case; one that a
 * leaf may be revoked for. Fails ca.revoke.reason (unknown, or not allowed and why).
 */
bool ca_reason_parse(const char *text, const struct ca_reason **out_reason, struct err *e)
    PL_MUST_USE;

#endif
