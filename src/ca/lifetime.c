/* Validity of leaves and CA certificates. All arithmetic is on times the callers have bounded. */
#include "ca/lifetime.h"

#include "pki/policy_clock.h"

#include <stdio.h>

enum { LENGTH_TEXT = 40 };

static int64_t whole_seconds(int64_t ms) {
    return ms - ms % CLOCK_SECOND_MS;
}

/* "90 days", "36 hours": what people asked for, as far as whole units go. */
static void format_length(int64_t length_ms, char out[LENGTH_TEXT]) {
    bool is_days = length_ms % CLOCK_DAY_MS == 0 || length_ms > 10 * CLOCK_DAY_MS;
    long long count = (long long)(length_ms / (is_days ? CLOCK_DAY_MS : CLOCK_HOUR_MS));
    (void)snprintf(out, LENGTH_TEXT, "%lld %s%s", count, is_days ? "day" : "hour",
                   count == 1 ? "" : "s");
}

static bool check_issuer(const struct cert *issuer, int64_t now_ms, struct err *e) {
    char day[11];
    if (issuer->not_before_ms > now_ms) {
        clock_format_day(issuer->not_before_ms, day);
        return err_set(e, ERR_CA_ISSUER_NOT_YET_VALID,
                       "the CA's own certificate is valid from %s only", day);
    }
    if (issuer->not_after_ms < now_ms + CA_LIFETIME_MIN_MS) {
        clock_format_day(issuer->not_after_ms, day);
        (void)err_set(e, ERR_CA_ISSUER_EXPIRED, "the CA's own certificate %s on %s",
                      issuer->not_after_ms < now_ms ? "ended" : "ends", day);
        return err_hint(e, "make a new issuing CA first");
    }
    return true;
}

static int64_t start_of(const struct ca_issuer *issuer, int64_t now_ms) {
    int64_t backdate_ms = issuer->backdate_ms == 0 ? CA_BACKDATE_MS : issuer->backdate_ms;
    int64_t start_ms = whole_seconds(now_ms) - whole_seconds(backdate_ms);
    int64_t issuer_start_ms = issuer->certificate->not_before_ms;
    return start_ms > issuer_start_ms ? start_ms : issuer_start_ms;
}

struct limits {
    int64_t default_ms;
    int64_t max_ms;
    char why[96]; /* of max_ms */
};

static struct limits limits_of(const struct ca_profile *profile, const struct ca_issuer *issuer,
                               int64_t now_ms) {
    const struct policy_clock_row *row = policy_clock_at(now_ms);
    unsigned days = profile->days_default == 0 ? row->validity_days_default : profile->days_default;
    unsigned days_max = profile->days_max == 0 ? row->validity_days_default : profile->days_max;
    struct limits limits = {.default_ms = days * CLOCK_DAY_MS, .max_ms = days_max * CLOCK_DAY_MS};
    if (profile->days_max == 0) {
        (void)snprintf(limits.why, sizeof(limits.why),
                       "public certificates: %s, less one day of margin", row->name);
    } else {
        (void)snprintf(limits.why, sizeof(limits.why), "the most that the profile %s allows",
                       profile->name);
    }
    int64_t own_ms = issuer->leaf_lifetime_max_ms;
    if (own_ms > 0 && own_ms < limits.max_ms) {
        limits.max_ms = whole_seconds(own_ms);
        (void)snprintf(limits.why, sizeof(limits.why), "this CA's own limit");
    }
    if (limits.default_ms > limits.max_ms) {
        limits.default_ms = limits.max_ms;
    }
    return limits;
}

static bool refuse_long(const char *wanted, const char *allowed, const char *why, struct err *e) {
    (void)err_set(e, ERR_CA_LIFETIME_TOO_LONG, "%s were asked for, and %s are allowed (%s)", wanted,
                  allowed, why);
    return err_hint(e, "ask for %s or less", allowed);
}

/* The length to issue, by the wish and the limits; what was cut goes to notices. */
static bool choose_length(const struct ca_lifetime_wish *wish, const struct limits *limits,
                          int64_t *out_ms, struct list *notices, struct err *e) {
    int64_t wished_ms =
        wish->lifetime_ms == 0 ? limits->default_ms : whole_seconds(wish->lifetime_ms);
    if (wished_ms < CA_LIFETIME_MIN_MS) {
        (void)err_set(e, ERR_CA_LIFETIME_TOO_SHORT,
                      "a certificate is valid for two hours at least");
        return err_hint(e, "it starts an hour in the past, for clients whose clocks are behind");
    }
    *out_ms = wished_ms;
    if (wished_ms <= limits->max_ms) {
        return true;
    }
    char wanted[LENGTH_TEXT];
    char allowed[LENGTH_TEXT];
    format_length(wished_ms, wanted);
    format_length(limits->max_ms, allowed);
    if (wish->is_exact) {
        return refuse_long(wanted, allowed, limits->why, e);
    }
    *out_ms = limits->max_ms;
    return list_printf(notices, e, "valid for %s instead of %s (%s)", allowed, wanted, limits->why);
}

/* Ends a validity with its issuer's, when that is earlier. */
static bool cut_at_issuer(const struct ca_issuer *issuer, bool is_exact,
                          struct ca_validity *validity, struct list *notices, struct err *e) {
    int64_t end_ms = issuer->certificate->not_after_ms;
    if (validity->not_after_ms <= end_ms) {
        return true;
    }
    char day[11];
    clock_format_day(end_ms, day);
    if (is_exact) {
        (void)err_set(e, ERR_CA_LIFETIME_TOO_LONG,
                      "the CA's own certificate ends on %s, before that", day);
        return err_hint(e, "ask for less, or make a new issuing CA first");
    }
    validity->not_after_ms = end_ms;
    return notices == NULL ||
           list_printf(notices, e, "valid until %s, when the CA's own certificate ends", day);
}

bool ca_lifetime_leaf(const struct ca_profile *profile, const struct ca_lifetime_wish *wish,
                      const struct ca_issuer *issuer, int64_t now_ms,
                      struct ca_validity *out_validity, struct list *notices, struct err *e) {
    struct limits limits = limits_of(profile, issuer, now_ms);
    int64_t length_ms = 0;
    if (!check_issuer(issuer->certificate, now_ms, e) ||
        !choose_length(wish, &limits, &length_ms, notices, e)) {
        return false;
    }
    struct ca_validity validity = {.not_before_ms = start_of(issuer, now_ms)};
    validity.not_after_ms = validity.not_before_ms + length_ms - CLOCK_SECOND_MS;
    if (!cut_at_issuer(issuer, wish->is_exact && wish->lifetime_ms != 0, &validity, notices, e)) {
        return false;
    }
    *out_validity = validity;
    return true;
}

bool ca_lifetime_authority(int64_t lifetime_ms, const struct ca_issuer *issuer, int64_t now_ms,
                           struct ca_validity *out_validity, struct err *e) {
    PL_BUG_UNLESS(lifetime_ms >= CA_LIFETIME_MIN_MS);
    if (issuer != NULL && !check_issuer(issuer->certificate, now_ms, e)) {
        return false;
    }
    int64_t start_ms =
        issuer == NULL ? whole_seconds(now_ms) - CA_BACKDATE_MS : start_of(issuer, now_ms);
    struct ca_validity validity = {start_ms,
                                   start_ms + whole_seconds(lifetime_ms) - CLOCK_SECOND_MS};
    if (issuer != NULL && !cut_at_issuer(issuer, false, &validity, NULL, e)) {
        return false;
    }
    *out_validity = validity;
    return true;
}
