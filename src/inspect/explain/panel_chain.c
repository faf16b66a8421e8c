/* Panels about the path as such: who vouches for whom, each signature, each validity. */
#include "inspect/explain/panel_parts.h"

#include "base/clock.h"
#include "pki/cert_facts.h"
#include "pki/policy_clock.h"

#include <stdio.h>

/* --- chain --- */

static const char *store_of(const struct panel_input *in, const struct cert *cert) {
    for (size_t i = 0; i < in->store_count; i++) {
        if (cert_list_has(in->stores[i].roots, cert)) {
            return in->stores[i].name;
        }
    }
    return NULL;
}

/* How the client came by it. */
static void describe_source(const struct panel_input *in, size_t index, char out[160]) {
    const struct cert *cert = in->verdict->chain.items[index];
    const struct cert_list *presented = in->input->presented;
    const char *store = store_of(in, cert);
    bool is_presented = index == 0 || (presented != NULL && cert_list_has(presented, cert));
    if (store != NULL) {
        (void)snprintf(out, 160, "trusted: among %.100s%s", store,
                       index > 0 && is_presented ? ", and presented as well" : "");
    } else {
        (void)snprintf(out, 160, "%s",
                       is_presented ? "presented" : "not presented: fetched, or known before");
    }
}

static bool say_element(const struct panel_input *in, size_t index, struct panel *panel,
                        struct err *e) {
    const struct cert *cert = in->verdict->chain.items[index];
    const struct cert_list *chain = &in->verdict->chain;
    char source[160];
    bool is_top = index + 1 == chain->count;
    bool is_trusted = store_of(in, cert) != NULL;
    describe_source(in, index, source);
    enum panel_mark mark = is_trusted ? PANEL_GOOD : is_top ? PANEL_BAD : PANEL_FACT;
    return panel_say(panel, mark, e, "%zu %s: %s%s", index, cert_display_name(cert), source,
                     is_top && !is_trusted ? "; nothing trusted follows" : "");
}

/* What clients do that find a hole: some fetch the issuer where the certificate says it is. */
static bool say_hole(const struct panel_input *in, struct panel *panel, struct err *e) {
    if (!in->verdict->presentation.has_missing_intermediate) {
        return true;
    }
    PL_AUTO(list_clear) struct list urls;
    list_init(&urls, CERT_FACTS_MAX);
    const struct cert_list *chain = &in->verdict->chain;
    for (size_t i = 0; i < chain->count && urls.count == 0; i++) {
        if (!cert_addresses(chain->items[i], CERT_ADDRESS_ISSUER, &urls, e)) {
            return false;
        }
    }
    return urls.count == 0
               ? panel_say(panel, PANEL_BAD, e,
                           "a link was not presented, and the certificate does not say where to "
                           "fetch it (no AIA): every client without it stops here")
               : panel_say(panel, PANEL_BAD, e,
                           "a link was not presented: Chrome, Safari and IE fetch it from %.200s "
                           "(AIA); Firefox uses it if it saw it before; curl and most programs "
                           "stop here",
                           urls.items[0]);
}

bool panel_chain(const struct panel_input *in, struct panel *panel, struct err *e) {
    const struct verdict *verdict = in->verdict;
    const struct cert_list *chain = &verdict->chain;
    size_t notes = verdict->presentation.notes.count;
    for (size_t i = 0; i < chain->count; i++) {
        if (!say_element(in, i, panel, e)) {
            return false;
        }
    }
    if (!say_hole(in, panel, e)) {
        return false;
    }
    for (size_t i = 0; i < notes; i++) {
        if (!panel_say(panel, PANEL_OPEN, e, "%s", verdict->presentation.notes.items[i])) {
            return false;
        }
    }
    const struct verify_check *trust = &verdict->checks[VERIFY_TRUST];
    if (trust->outcome == VERIFY_PASS) {
        panel->head = *trust;
    } else {
        panel_head(panel, VERIFY_PASS, "it leads to \"%s\"",
                   cert_display_name(chain->items[chain->count - 1]));
    }
    return true;
}

/* --- signatures --- */

bool panel_signatures(const struct panel_input *in, struct panel *panel, struct err *e) {
    const struct verify_check *check = &in->verdict->checks[VERIFY_SIGNATURE];
    const struct cert_list *chain = &in->verdict->chain;
    for (size_t i = 0; i + 1 < chain->count; i++) {
        const struct cert *cert = chain->items[i];
        const struct cert *issuer = chain->items[i + 1];
        bool is_right = cert_is_issued_by(cert, issuer);
        if (!panel_say(panel, is_right ? PANEL_GOOD : PANEL_BAD, e, "%s: %s, %s the key of %s",
                       cert_display_name(cert), cert->signature_algorithm,
                       is_right ? "by" : "not by", cert_display_name(issuer))) {
            return false;
        }
    }
    const struct cert *top = chain->items[chain->count - 1];
    if (!panel_say(panel, top->is_self_signed ? PANEL_FACT : PANEL_OPEN, e, "%s: %s",
                   cert_display_name(top),
                   top->is_self_signed ? "signed by itself, which proves nothing about it"
                                       : "by somebody whose certificate is not here")) {
        return false;
    }
    bool is_about_strength =
        check->code == ERR_VERIFY_WEAK_KEY || check->code == ERR_VERIFY_WEAK_SIGNATURE;
    if (!is_about_strength) {
        panel->head = *check;
    } else {
        panel_head(panel, VERIFY_PASS, "the signatures are right");
    }
    return true;
}

/* --- dates --- */

static bool say_validity(const struct cert *cert, int64_t at_ms, struct panel *panel,
                         struct err *e) {
    char from[11];
    char until[11];
    char relative[32];
    bool is_early = at_ms < cert->not_before_ms;
    bool is_late = at_ms >= cert->not_after_ms + CLOCK_SECOND_MS;
    clock_format_day(cert->not_before_ms, from);
    clock_format_day(cert->not_after_ms, until);
    clock_format_relative(is_early ? cert->not_before_ms : cert->not_after_ms, at_ms, relative);
    const char *verb = is_early ? "starts" : is_late ? "ended" : "ends";
    return panel_say(panel, is_early || is_late ? PANEL_BAD : PANEL_GOOD, e, "%s: %s to %s, %s %s",
                     cert_display_name(cert), from, until, verb, relative);
}

/* The rule for public certificates; private authorities may do as they like. */
static bool say_lifetime(const struct panel_input *in, struct panel *panel, struct err *e) {
    const struct cert *leaf = in->input->leaf;
    const struct policy_clock_row *rule = policy_clock_at(leaf->not_before_ms);
    int64_t seconds = (leaf->not_after_ms - leaf->not_before_ms) / CLOCK_SECOND_MS + 1;
    int64_t days = (seconds * CLOCK_SECOND_MS + CLOCK_DAY_MS - 1) / CLOCK_DAY_MS;
    bool is_long = days > (int64_t)rule->validity_days_max;
    enum panel_mark mark = !in->is_public ? PANEL_FACT : is_long ? PANEL_BAD : PANEL_GOOD;
    return panel_say(panel, mark, e,
                     "%lld days in all; public certificates of that day: at most %u%s",
                     (long long)days, rule->validity_days_max,
                     in->is_public ? "" : ", which a private authority need not keep");
}

bool panel_dates(const struct panel_input *in, struct panel *panel, struct err *e) {
    const struct cert_list *chain = &in->verdict->chain;
    for (size_t i = 0; i < chain->count; i++) {
        if (!say_validity(chain->items[i], in->input->at_ms, panel, e)) {
            return false;
        }
    }
    panel->head = in->verdict->checks[VERIFY_DATES];
    return say_lifetime(in, panel, e);
}
