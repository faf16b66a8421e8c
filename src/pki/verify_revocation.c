/*
 * Revocation by lists and OCSP responses that the caller brings. One counts when it is about the
 * certificate and signed by the issuer in the path, or, a response, by whom that one named.
 */
#include "pki/verify_checks.h"

#include "base/clock.h"
#include "pki/ocsp.h"

enum standing {
    STANDING_UNKNOWN, /* no list is about it */
    STANDING_STALE,   /* not on a list that is past its next update */
    STANDING_GOOD,
    STANDING_REVOKED,
};

struct finding {
    enum standing standing;
    struct crl_entry entry; /* when revoked */
    const struct crl *crl;  /* that says so; NULL: a response does */
    const char *source;     /* of a response: "stapled" */
    int64_t this_update_ms;
    int64_t next_update_ms;
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
        *finding = (struct finding){.standing = standing,
                                    .entry = entry,
                                    .crl = crl,
                                    .this_update_ms = crl->this_update_ms,
                                    .next_update_ms = crl->next_update_ms};
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

/* What a response adds: as with lists, a revocation stands even when it is old. */
static void ask_response(const struct verify_ocsp *ocsp, const struct cert *cert,
                         const struct cert *issuer, int64_t at_ms, struct finding *finding) {
    struct ocsp_state state;
    if (ocsp->der == NULL || !ocsp_state_read(ocsp->der, ocsp->len, cert, issuer, &state, NULL)) {
        return;
    }
    bool is_current = state.this_update_ms <= at_ms + OCSP_CLOCK_SKEW_MS &&
                      (state.next_update_ms == 0 || at_ms < state.next_update_ms);
    enum standing standing = STANDING_UNKNOWN;
    if (state.status == OCSP_REVOKED && state.revoked_ms <= at_ms) {
        standing = STANDING_REVOKED;
    } else if (state.status != OCSP_UNKNOWN) {
        standing = is_current ? STANDING_GOOD : STANDING_STALE;
    }
    if (standing > finding->standing) {
        *finding = (struct finding){
            .standing = standing,
            .entry = {.revoked_ms = state.revoked_ms, .reason = state.reason},
            .source = ocsp->is_stapled ? "stapled" : "fetched",
            .this_update_ms = state.this_update_ms,
            .next_update_ms = state.next_update_ms,
        };
    }
}

static void ask_responses(const struct verify_input *input, const struct cert *issuer,
                          struct finding *finding) {
    for (size_t i = 0; i < VERIFY_OCSP_MAX; i++) {
        ask_response(&input->ocsp[i], input->leaf, issuer, input->at_ms, finding);
    }
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

static void tell_stale(const struct finding *finding, struct verify_check *check) {
    char day[11];
    clock_format_day(finding->next_update_ms, day);
    if (finding->crl != NULL) {
        verify_unknown(check, ERR_VERIFY_CRL_STALE,
                       "not on the issuer's revocation list, which is out of date since %s", day);
    } else {
        verify_unknown(check, ERR_VERIFY_CRL_STALE,
                       "the %s OCSP response says good, but is not of this day (until %s)",
                       finding->source, day);
    }
}

static void tell_leaf(const struct verify_input *input, const struct finding *finding,
                      struct verify_check *check) {
    char day[11] = "";
    switch (finding->standing) {
    case STANDING_UNKNOWN:
        verify_unknown(check, ERR_VERIFY_REVOCATION_UNKNOWN, "%s",
                       input->crl_count == 0 && input->ocsp[0].der == NULL
                           ? "not checked: no revocation list was given"
                       : input->crl_count == 0
                           ? "not checked: the OCSP response is not its issuer's, or not about it"
                           : "not checked: no revocation list given is its issuer's and about it");
        return;
    case STANDING_STALE:
        tell_stale(finding, check);
        return;
    case STANDING_GOOD:
        clock_format_day(finding->this_update_ms, day);
        if (finding->crl != NULL) {
            verify_pass(check, "not on the issuer's revocation list of %s", day);
        } else {
            verify_pass(check, "good, says the %s OCSP response of %s", finding->source, day);
        }
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
        if (i == 0) {
            ask_responses(input, chain->items[1], &finding);
            leaf = finding;
        }
        if (leaf.standing == STANDING_REVOKED) {
            break;
        }
    }
    tell_leaf(input, &leaf, check);
}
