/*
 * Revocation by lists that the caller brings. A list counts when it is about the certificate and
 * signed by the issuer in the path.
 */
#include "pki/verify_checks.h"

#include "base/clock.h"

enum standing {
    STANDING_UNKNOWN, /* no list is about it */
    STANDING_STALE,   /* not on a list that is past its next update */
    STANDING_GOOD,
    STANDING_REVOKED,
};

struct finding {
    enum standing standing;
    struct crl_entry entry; /* when revoked */
    const struct crl *crl;  /* that says so */
};

static bool is_current(const struct crl *crl, int64_t at_ms) {
    return !crl->has_next_update || at_ms <= crl->next_update_ms;
}

/*
 * What one list adds to what is known: a revocation stands even when its list is old, or says more
 * than is understood here (RFC 5280 §5.2).
 */
static void look_up(const struct crl *crl, const struct cert *cert, int64_t at_ms,
                    struct finding *finding) {
    struct crl_entry entry = {0};
    enum standing standing = crl->has_unknown_critical ? STANDING_UNKNOWN
                             : is_current(crl, at_ms)  ? STANDING_GOOD
                                                       : STANDING_STALE;
    if (crl_has_cert(crl, cert, &entry) && entry.revoked_ms <= at_ms) {
        standing = STANDING_REVOKED;
    }
    if (standing > finding->standing) {
        *finding = (struct finding){.standing = standing, .entry = entry, .crl = crl};
    }
}

static struct finding find_standing(const struct verify_input *input, const struct cert *cert,
                                    const struct cert *issuer) {
    struct finding finding = {.standing = STANDING_UNKNOWN};
    for (size_t i = 0; i < input->crl_count; i++) {
        const struct crl *crl = input->crls[i];
        if (crl_covers_cert(crl, cert) && crl_is_signed_by(crl, issuer)) {
            look_up(crl, cert, input->at_ms, &finding);
        }
    }
    return finding;
}

static void tell_revoked(const struct finding *finding, const struct cert *issuer, int64_t at_ms,
                         struct verify_check *check) {
    char day[11];
    char relative[32];
    clock_format_day(finding->entry.revoked_ms, day);
    clock_format_relative(finding->entry.revoked_ms, at_ms, relative);
    const char *reason = crl_reason_text(finding->entry.reason);
    if (issuer == NULL) {
        verify_fail(check, ERR_VERIFY_REVOKED, "revoked %s, on %s: %s", relative, day, reason);
    } else {
        verify_fail(check, ERR_VERIFY_REVOKED, "its issuer \"%s\" was revoked %s, on %s: %s",
                    cert_display_name(issuer), relative, day, reason);
    }
    verify_hint(check, "get a new certificate, with a new key when the old one was compromised");
}

static void tell_leaf(const struct verify_input *input, const struct finding *finding,
                      struct verify_check *check) {
    char day[11] = "";
    switch (finding->standing) {
    case STANDING_UNKNOWN:
        verify_unknown(check, ERR_VERIFY_REVOCATION_UNKNOWN, "%s",
                       input->crl_count == 0
                           ? "not checked: no revocation list was given"
                           : "not checked: no revocation list given is its issuer's and about it");
        return;
    case STANDING_STALE:
        clock_format_day(finding->crl->next_update_ms, day);
        verify_unknown(check, ERR_VERIFY_CRL_STALE,
                       "not on the issuer's revocation list, which is out of date since %s", day);
        return;
    case STANDING_GOOD:
        clock_format_day(finding->crl->this_update_ms, day);
        verify_pass(check, "not on the issuer's revocation list of %s", day);
        return;
    case STANDING_REVOKED:
        tell_revoked(finding, NULL, input->at_ms, check);
        return;
    }
}

void verify_check_revocation(const struct verify_input *input, const struct cert_list *chain,
                             struct verify_check *check) {
    struct finding leaf = {.standing = STANDING_UNKNOWN};
    for (size_t i = 0; i + 1 < chain->count; i++) {
        struct finding finding = find_standing(input, chain->items[i], chain->items[i + 1]);
        if (i > 0 && finding.standing == STANDING_REVOKED) {
            tell_revoked(&finding, chain->items[i], input->at_ms, check);
            return;
        }
        leaf = i == 0 ? finding : leaf;
        if (leaf.standing == STANDING_REVOKED) {
            break;
        }
    }
    tell_leaf(input, &leaf, check);
}
