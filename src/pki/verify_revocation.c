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
    const struct crl *unsigned_list; /* about it, but nothing proves who signed it; NULL: none */
    bool misses_delta; /* there are newer changes in a delta list that is not at hand */
};

/* One certificate of the path, and what is known of it from lists. */
struct inquiry {
    const struct verify_input *input;
    const struct cert_list *chain;
    const struct cert *cert;
    const struct cert *issuer;
    unsigned good;  /* reasons for which a current list does not have it */
    unsigned stale; /* or an old one */
    struct finding last_good;
    struct finding last_stale;
    struct finding finding;
};

static bool is_current(const struct crl *crl, int64_t at_ms) {
    return !crl->has_next_update || at_ms <= crl->next_update_ms;
}

/* The newest delta by the same signer that goes on from the list; NULL: none. */
static const struct crl *find_delta(const struct inquiry *q, const struct crl *base,
                                    const struct cert *signer) {
    const struct crl *newest = NULL;
    for (size_t i = 0; i < q->input->crl_count; i++) {
        const struct crl *delta = q->input->crls[i];
        bool is_newer = crl_is_delta_of(delta, base) &&
                        (newest == NULL || crl_compare_numbers(delta, newest) > 0);
        if (is_newer && crl_reasons_for(delta, q->cert) != 0 && crl_is_signed_by(delta, signer)) {
            newest = delta;
        }
    }
    return newest;
}

/* A list with what its delta changed (NULL: none) is one list, as new as the newer of both. */
static bool is_listed(const struct inquiry *q, const struct crl *base, const struct crl *delta,
                      struct crl_entry *out_entry) {
    enum crl_listing listing =
        delta == NULL ? CRL_NOT_LISTED : crl_find_cert(delta, q->cert, out_entry);
    return listing == CRL_LISTED ||
           (listing == CRL_NOT_LISTED && crl_find_cert(base, q->cert, out_entry) == CRL_LISTED);
}

static bool names_delta(const struct inquiry *q, const struct crl *base) {
    return X509_get_ext_by_NID(q->cert->x509, NID_freshest_crl, -1) >= 0 ||
           X509_CRL_get_ext_by_NID(base->x509_crl, NID_freshest_crl, -1) >= 0;
}

/*
 * What one list adds to what is known: a revocation stands even when its list is old, or says more
 * than is understood here (RFC 5280 §5.2).
 */
static void look_up(struct inquiry *q, const struct crl *base, const struct crl *delta,
                    unsigned reasons) {
    int64_t at_ms = q->input->at_ms;
    const struct crl *newer = delta != NULL ? delta : base;
    struct finding said = {.crl = newer,
                           .this_update_ms = newer->this_update_ms,
                           .next_update_ms = newer->next_update_ms,
                           .misses_delta = delta == NULL && names_delta(q, base)};
    bool is_unclear = base->has_unknown_critical || (delta != NULL && delta->has_unknown_critical);
    if (is_listed(q, base, delta, &said.entry) && said.entry.revoked_ms <= at_ms) {
        said.standing = STANDING_REVOKED;
        q->finding = said;
    } else if (!is_unclear && (is_current(base, at_ms) || is_current(newer, at_ms))) {
        said.standing = STANDING_GOOD;
        q->good |= reasons;
        q->last_good = said;
    } else if (!is_unclear) {
        said.standing = STANDING_STALE;
        q->stale |= reasons;
        q->last_stale = said;
    }
}

/* Lists by reason must leave none out. */
static void sum_up(struct inquiry *q) {
    const struct crl *unsigned_list = q->finding.unsigned_list;
    if (q->finding.standing == STANDING_REVOKED) {
        return;
    }
    if (q->good == CRL_REASONS_ALL) {
        q->finding = q->last_good;
    } else if ((q->good | q->stale) == CRL_REASONS_ALL) {
        q->finding = q->last_stale;
    }
    q->finding.unsigned_list = unsigned_list;
}

static bool find_standing(struct inquiry *q, struct err *e) {
    const struct verify_input *input = q->input;
    for (size_t i = 0; i < input->crl_count && q->finding.standing != STANDING_REVOKED; i++) {
        const struct crl *crl = input->crls[i];
        unsigned reasons = crl->is_delta ? 0 : crl_reasons_for(crl, q->cert);
        struct verify_signer signer;
        if (reasons == 0) {
            continue;
        }
        if (!verify_find_signer(input, q->chain, q->issuer, crl, &signer, e)) {
            return false;
        }
        if (signer.cert == NULL) {
            q->finding.unsigned_list = crl;
        } else {
            look_up(q, crl, find_delta(q, crl, signer.cert), reasons);
        }
    }
    sum_up(q);
    return true;
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

static void tell_unknown(const struct verify_input *input, const struct finding *finding,
                         struct verify_check *check) {
    if (finding->unsigned_list != NULL) {
        verify_unknown(check, ERR_VERIFY_REVOCATION_UNKNOWN,
                       "not checked: nothing proves that the revocation list is by \"%s\"",
                       finding->unsigned_list->issuer_text);
        verify_hint(check, "give the certificate of the list's signer with --issuers");
        return;
    }
    verify_unknown(check, ERR_VERIFY_REVOCATION_UNKNOWN, "%s",
                   input->crl_count == 0 && input->ocsp[0].der == NULL
                       ? "not checked: no revocation list was given"
                   : input->crl_count == 0
                       ? "not checked: the OCSP response is not its issuer's, or not about it"
                       : "not checked: no revocation list given is its issuer's and about it");
}

static void tell_good(const struct finding *finding, struct verify_check *check) {
    char day[11] = "";
    clock_format_day(finding->this_update_ms, day);
    if (finding->crl == NULL) {
        verify_pass(check, "good, says the %s OCSP response of %s", finding->source, day);
    } else if (finding->crl->is_delta) {
        verify_pass(check,
                    "not on the issuer's revocation list, with what its delta list of %s changed",
                    day);
    } else {
        verify_pass(check, "not on the issuer's revocation list of %s%s", day,
                    finding->misses_delta
                        ? "; changes since then are in a delta list that is not at hand"
                        : "");
    }
}

static void tell_leaf(const struct verify_input *input, const struct finding *finding,
                      struct verify_check *check) {
    switch (finding->standing) {
    case STANDING_UNKNOWN:
        tell_unknown(input, finding, check);
        return;
    case STANDING_STALE:
        tell_stale(finding, check);
        return;
    case STANDING_GOOD:
        tell_good(finding, check);
        return;
    case STANDING_REVOKED:
        tell_revoked(finding, NULL, input->at_ms, check);
        return;
    }
}

bool verify_check_revocation(const struct verify_input *input, const struct cert_list *chain,
                             struct verify_check *check, struct err *e) {
    struct finding leaf = {.standing = STANDING_UNKNOWN};
    for (size_t i = 0; i + 1 < chain->count && leaf.standing != STANDING_REVOKED; i++) {
        struct inquiry q = {
            .input = input, .chain = chain, .cert = chain->items[i], .issuer = chain->items[i + 1]};
        if (!find_standing(&q, e)) {
            return false;
        }
        if (i > 0 && q.finding.standing == STANDING_REVOKED) {
            tell_revoked(&q.finding, chain->items[i], input->at_ms, check);
            return true;
        }
        if (i == 0) {
            ask_responses(input, chain->items[1], &q.finding);
            leaf = q.finding;
        }
    }
    tell_leaf(input, &leaf, check);
    return true;
}
