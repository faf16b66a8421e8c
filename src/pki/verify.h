/*
 * The five checks that a client makes of a server's certificate, each told in a sentence: dates,
 * trusted issuer, signatures, name, revocation.
 *
 * The path is OpenSSL's (X509_verify_cert, at the date asked for); what it finds is sorted into the
 * five checks here, so that an expired certificate under an unknown root says both. No network: an
 * issuer that was not presented is missing, and without a revocation list or an OCSP response
 * revocation is unknown.
 *
 * Source: RFC 5280 §6, RFC 9525 (names), RFC 8446 §4.4.2 (order); CA/Browser Forum BR §6.1.5,
 * §7.1.3.2 (weak keys and hashes).
 */
#ifndef PL_PKI_VERIFY_H
#define PL_PKI_VERIFY_H

#include "base/list.h"
#include "pki/cert.h"
#include "pki/crl.h"

enum verify_check_id {
    VERIFY_DATES,
    VERIFY_TRUST,
    VERIFY_SIGNATURE,
    VERIFY_NAME,
    VERIFY_REVOCATION,
    VERIFY_CHECK_COUNT
};

enum verify_outcome { VERIFY_PASS, VERIFY_FAIL, VERIFY_UNKNOWN };

/* Texts may hold bytes from certificates: whoever prints them escapes them. */
struct verify_check {
    enum verify_check_id id;
    enum verify_outcome outcome;
    enum err_code code; /* ERR_VERIFY_…; ERR_NONE when it passed */
    char
        sentence[ERR_TEXT_MAX]; /* lower case, no full stop: "expired 12 days ago, on 2026-11-11" */
    char hint[ERR_TEXT_MAX];    /* what can be done about it, "" when nothing is known */
};

/* Every kind of fault once, also those that a check left out because it told another one. */
enum { VERIFY_FAULTS_MAX = 24 };
struct verify_faults {
    struct verify_check items[VERIFY_FAULTS_MAX]; /* all VERIFY_FAIL */
    size_t count;
};

/* What was odd about the certificates as presented, whether or not it did harm. */
struct verify_presentation {
    bool is_unsorted;              /* not each followed by its issuer */
    bool has_missing_intermediate; /* the path needs one that was not presented */
    bool has_superfluous_root;     /* clients have the root or do not trust it */
    size_t stranger_count;         /* no part of the path */
    size_t duplicate_count;
    struct list notes; /* the same as sentences */
};

struct verdict {
    struct verify_check checks[VERIFY_CHECK_COUNT]; /* indexed by verify_check_id */
    struct verify_faults faults; /* what the failed checks say, and what they had no room for */
    enum verify_outcome overall; /* FAIL when a check fails, else PASS: unknown ones do not count */
    struct cert_list chain;      /* the path used, leaf first, as far as it goes */
    struct verify_presentation presentation;
};
void verdict_clear(struct verdict *verdict); /* works on a zeroed struct */

/* An OCSP response about the leaf: it counts when it is signed by the issuer of the path. */
struct verify_ocsp {
    const uint8_t *der; /* borrowed; NULL: there is none */
    size_t len;
    bool is_stapled; /* else it was fetched */
};
enum { VERIFY_OCSP_MAX = 4 };

struct verify_input {
    struct cert *leaf;
    const struct cert_list
        *presented;                  /* in the order presented; with or without leaf; NULL: none */
    const struct cert_list *issuers; /* more issuers that the path may use although they were not
                                        presented, as a client that fetches or keeps them; NULL */
    const struct cert_list *anchors; /* trusted, self-signed or not; NULL: none */
    const struct cert_list
        *known;       /* issuers known but not presented, only for the sentences; NULL */
    const char *host; /* name or address; NULL: not compared */
    int64_t at_ms;
    const struct crl *const *crls; /* any, in any order */
    size_t crl_count;
    struct verify_ocsp ocsp[VERIFY_OCSP_MAX];
};

/*
 * Makes all five checks. Success is that they could be made; what they say is in the verdict.
 * out_verdict  caller clears
 * Fails        base.oom
 * Codes of checks:
 *   dates       verify.expired, verify.not_yet_valid, verify.issuer_expired,
 *               verify.issuer_not_yet_valid
 *   trust       verify.self_signed, verify.untrusted, verify.incomplete_chain,
 *               verify.bad_signature, verify.not_a_ca, verify.path_length, verify.wrong_usage,
 *               verify.ca_as_leaf, verify.name_constraints, verify.critical_extension,
 *               verify.policy, verify.malformed
 *   signature   verify.bad_signature, verify.weak_signature, verify.weak_key; unknown:
 *               verify.incomplete_chain
 *   name        verify.name_mismatch, verify.no_names; unknown: verify.no_host
 *   revocation  verify.revoked; unknown: verify.revocation_unknown, verify.crl_stale
 */
bool verify_certificate(const struct verify_input *input, struct verdict *out_verdict,
                        struct err *e) PL_MUST_USE;

/* The fault with that code; NULL when there is none. Borrowed. */
const struct verify_check *verdict_fault(const struct verdict *verdict, enum err_code code);

/* "dates", "issuer", "signature", "name", "revocation" */
const char *verify_check_name(enum verify_check_id id);

#endif
