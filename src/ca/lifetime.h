/*
 * How long a certificate is valid: by the policy clock or the profile, by what was asked for, and
 * never past its issuer. The clock is the caller's now_ms.
 *
 * Every certificate starts somewhat before it is made (clocks of clients that are behind), but not
 * before its issuer. Both ends count (RFC 5280 §4.1.2.5), so N days end one second early.
 */
#ifndef PL_CA_LIFETIME_H
#define PL_CA_LIFETIME_H

#include "base/clock.h"
#include "base/compiler.h"
#include "base/err.h"
#include "base/list.h"
#include "ca/issuer.h"
#include "ca/profile.h"

#define CA_LIFETIME_MIN_MS (2 * CLOCK_HOUR_MS)       /* an hour of it is past at once */
#define CA_ROOT_LIFETIME_MS (7305 * CLOCK_DAY_MS)    /* 20 years */
#define CA_ISSUING_LIFETIME_MS (1826 * CLOCK_DAY_MS) /* 5 years */

/* Whole seconds; not_after_ms is the last second of validity. */
struct ca_validity {
    int64_t not_before_ms;
    int64_t not_after_ms;
};

struct ca_lifetime_wish {
    int64_t lifetime_ms; /* counted from the backdated start; 0: the profile's */
    bool is_exact;       /* refuse what would have to be cut */
};

/*
 * A leaf's validity. What is cut (by the profile, the limit or the issuer's end) is said in
 * notices. Fails ca.lifetime.too_long (is_exact), ca.lifetime.too_short (below CA_LIFETIME_MIN_MS),
 * ca.issuer.expired (or less than the minimum is left), ca.issuer.not_yet_valid, base.oom
 */
bool ca_lifetime_leaf(const struct ca_profile *profile, const struct ca_lifetime_wish *wish,
                      const struct ca_issuer *issuer, int64_t now_ms,
                      struct ca_validity *out_validity, struct list *notices, struct err *e)
    PL_MUST_USE;

/*
 * A CA certificate's validity: lifetime_ms from the backdated start, cut at the issuer's end.
 * issuer is NULL for a root. Fails as above.
 */
bool ca_lifetime_authority(int64_t lifetime_ms, const struct ca_issuer *issuer, int64_t now_ms,
                           struct ca_validity *out_validity, struct err *e) PL_MUST_USE;

#endif
