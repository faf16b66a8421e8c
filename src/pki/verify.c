/*
 * The five checks: what brings them together, and the two that need no path, dates and name.
 *
 * Limits: a path of CHAIN_MAX certificates. Not done: fetching issuers or revocation by network,
 * certificate transparency.
 */
#include "pki/verify.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "pki/chain.h"
#include "pki/verify_checks.h"

#include <stdarg.h>
#include <stdio.h>

/* --- writing checks --- */

PL_PRINTF(4, 0)
static void write_check(struct verify_check *check, enum verify_outcome outcome, enum err_code code,
                        const char *format, va_list arguments) {
    char text[2 * ERR_TEXT_MAX]; /* longer, so that the cut falls on a character's end */
    (void)vsnprintf(text, sizeof(text), format, arguments);
    utf8_cut(text, ERR_TEXT_MAX - 1);
    str_one_line(text); /* a name may hold line ends */
    (void)str_copy(check->sentence, sizeof(check->sentence), text);
    check->outcome = outcome;
    check->code = code;
}

void verify_pass(struct verify_check *check, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    write_check(check, VERIFY_PASS, ERR_NONE, format, arguments);
    va_end(arguments);
}

void verify_fail(struct verify_check *check, enum err_code code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    write_check(check, VERIFY_FAIL, code, format, arguments);
    va_end(arguments);
}

void verify_unknown(struct verify_check *check, enum err_code code, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    write_check(check, VERIFY_UNKNOWN, code, format, arguments);
    va_end(arguments);
}

void verify_hint(struct verify_check *check, const char *hint) {
    (void)str_copy(check->hint, sizeof(check->hint), hint);
}

void verify_add_fault(struct verify_faults *faults, const struct verify_check *check) {
    bool is_known = check->outcome != VERIFY_FAIL;
    for (size_t i = 0; i < faults->count && !is_known; i++) {
        is_known = faults->items[i].code == check->code;
    }
    if (!is_known && faults->count < VERIFY_FAULTS_MAX) {
        faults->items[faults->count++] = *check;
    }
}

const struct verify_check *verdict_fault(const struct verdict *verdict, enum err_code code) {
    for (size_t i = 0; i < verdict->faults.count; i++) {
        if (verdict->faults.items[i].code == code) {
            return &verdict->faults.items[i];
        }
    }
    return NULL;
}

const char *verify_check_name(enum verify_check_id id) {
    static const char *const names[VERIFY_CHECK_COUNT] = {
        [VERIFY_DATES] = "dates",           [VERIFY_TRUST] = "issuer",
        [VERIFY_SIGNATURE] = "signature",   [VERIFY_NAME] = "name",
        [VERIFY_REVOCATION] = "revocation",
    };
    return names[id];
}

/* --- dates --- */

/* The last second counts: RFC 5280 §4.1.2.5. */
static bool has_ended(const struct cert *cert, int64_t at_ms) {
    return at_ms >= cert->not_after_ms + CLOCK_SECOND_MS;
}

struct moment {
    char day[11];
    char relative[32];
};

static struct moment describe(int64_t time_ms, int64_t at_ms) {
    struct moment moment;
    clock_format_day(time_ms, moment.day);
    clock_format_relative(time_ms, at_ms, moment.relative);
    return moment;
}

static void check_leaf_dates(const struct cert *leaf, int64_t at_ms, struct verify_check *check) {
    struct moment start = describe(leaf->not_before_ms, at_ms);
    struct moment end = describe(leaf->not_after_ms, at_ms);
    if (has_ended(leaf, at_ms)) {
        verify_fail(check, ERR_VERIFY_EXPIRED, "expired %s, on %s", end.relative, end.day);
        verify_hint(check, "ask for a new certificate and install it");
    } else if (at_ms < leaf->not_before_ms) {
        verify_fail(check, ERR_VERIFY_NOT_YET_VALID, "not valid yet: it starts %s, on %s",
                    start.relative, start.day);
        verify_hint(check, "check the clock of this machine, or wait");
    } else {
        verify_pass(check, "valid from %s to %s: it ends %s", start.day, end.day, end.relative);
    }
}

static void check_issuer_dates(const struct cert *issuer, int64_t at_ms,
                               struct verify_check *check) {
    const char *name = cert_display_name(issuer);
    struct moment start = describe(issuer->not_before_ms, at_ms);
    struct moment end = describe(issuer->not_after_ms, at_ms);
    if (has_ended(issuer, at_ms)) {
        verify_fail(check, ERR_VERIFY_ISSUER_EXPIRED, "its issuer \"%s\" expired %s, on %s", name,
                    end.relative, end.day);
        verify_hint(check, "serve the issuer's newer certificate, or get one from another issuer");
    } else if (at_ms < issuer->not_before_ms) {
        verify_fail(check, ERR_VERIFY_ISSUER_NOT_YET_VALID,
                    "its issuer \"%s\" is not valid yet: it starts %s, on %s", name, start.relative,
                    start.day);
        verify_hint(check, "check the clock of this machine");
    }
}

static void check_dates(const struct verify_input *input, const struct cert_list *chain,
                        struct verify_check *check, struct verify_faults *faults) {
    check_leaf_dates(input->leaf, input->at_ms, check);
    for (size_t i = 1; i < chain->count; i++) {
        struct verify_check issuer = {.id = VERIFY_DATES, .outcome = VERIFY_PASS};
        check_issuer_dates(chain->items[i], input->at_ms, &issuer);
        verify_add_fault(faults, &issuer);
        if (check->outcome == VERIFY_PASS && issuer.outcome == VERIFY_FAIL) {
            *check = issuer;
        }
    }
}

/* --- name --- */

enum { NAMES_TOLD_MAX = 6 };

/* "example.com, shop.example.com and 12 more" */
static bool tell_names(const struct cert *cert, char **out_text, struct err *e) {
    PL_AUTO(list_clear) struct list names;
    list_init(&names, SAN_MAX);
    size_t count = cert->sans.count;
    for (size_t i = 0; i < count && i < NAMES_TOLD_MAX; i++) {
        if (!list_add(&names, cert->sans.items[i].text, e)) {
            return false;
        }
    }
    PL_AUTO(mem_freep) char *joined = NULL;
    if (!list_join(&names, ", ", &joined, e)) {
        return false;
    }
    return count <= NAMES_TOLD_MAX
               ? mem_strdup(joined, out_text, e)
               : mem_printf(out_text, e, "%s and %zu more", joined, count - NAMES_TOLD_MAX);
}

static bool check_name(const struct verify_input *input, struct verify_check *check,
                       struct err *e) {
    const struct cert *leaf = input->leaf;
    if (leaf->sans.count == 0) {
        verify_fail(
            check, ERR_VERIFY_NO_NAMES,
            "the certificate has no subject alternative names, and clients look at no other");
        verify_hint(check, "ask for a certificate whose names are subject alternative names");
        return true;
    }
    PL_AUTO(mem_freep) char *names = NULL;
    if (!tell_names(leaf, &names, e)) {
        return false;
    }
    if (input->host == NULL) {
        verify_unknown(check, ERR_VERIFY_NO_HOST,
                       "no name was given to compare with; it is for: %s", names);
    } else if (cert_covers_host(leaf, input->host)) {
        verify_pass(check, "the name %s is among: %s", input->host, names);
    } else {
        verify_fail(check, ERR_VERIFY_NAME_MISMATCH, "the name %s is not among: %s", input->host,
                    names);
        verify_hint(check, "use one of these names, or ask for a certificate that has this one");
    }
    return true;
}

/* --- all --- */

void verdict_clear(struct verdict *verdict) {
    cert_list_clear(&verdict->chain);
    list_clear(&verdict->presentation.notes);
    *verdict = (struct verdict){0};
}

static enum verify_outcome sum_up(const struct verify_check checks[VERIFY_CHECK_COUNT]) {
    for (size_t i = 0; i < VERIFY_CHECK_COUNT; i++) {
        if (checks[i].outcome == VERIFY_FAIL) {
            return VERIFY_FAIL;
        }
    }
    return VERIFY_PASS;
}

static bool make_checks(const struct verify_input *input, struct verdict *verdict, struct err *e) {
    for (size_t i = 0; i < VERIFY_CHECK_COUNT; i++) {
        verdict->checks[i].id = (enum verify_check_id)i;
    }
    struct verify_findings findings = {.count = 0};
    if (!verify_find_path(input, &verdict->chain, &findings, e)) {
        return false;
    }
    const struct cert_list *chain = &verdict->chain;
    struct verify_faults *faults = &verdict->faults;
    check_dates(input, chain, &verdict->checks[VERIFY_DATES], faults);
    verify_check_trust(input, chain, &findings, &verdict->checks[VERIFY_TRUST], faults);
    verify_check_signature(input, chain, &verdict->checks[VERIFY_SIGNATURE], faults);
    if (!verify_check_revocation(input, chain, &verdict->checks[VERIFY_REVOCATION], e) ||
        !check_name(input, &verdict->checks[VERIFY_NAME], e) ||
        !verify_check_presentation(input, chain, &verdict->presentation, e)) {
        return false;
    }
    verdict->presentation.has_missing_intermediate |=
        verdict->checks[VERIFY_TRUST].code == ERR_VERIFY_INCOMPLETE_CHAIN;
    for (size_t i = 0; i < VERIFY_CHECK_COUNT; i++) {
        verify_add_fault(faults, &verdict->checks[i]);
    }
    verdict->overall = sum_up(verdict->checks);
    return true;
}

bool verify_certificate(const struct verify_input *input, struct verdict *out_verdict,
                        struct err *e) {
    struct verdict verdict = {0};
    if (!make_checks(input, &verdict, e)) {
        verdict_clear(&verdict);
        return false;
    }
    *out_verdict = verdict;
    return true;
}
