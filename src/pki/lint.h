/*
 * Our own check of a certificate against the rules for what it is, before it is signed and after:
 * one table of rules, each with its source. It reads the bytes alone and shares nothing with the
 * code that builds them.
 * Source: BR 2.2.6 §7.1.2 (leaf, issuing CA, root), §6.1.5, §6.3.2; RFC 5280 §4.
 */
#ifndef PL_PKI_LINT_H
#define PL_PKI_LINT_H

#include "base/compiler.h"
#include "base/err.h"
#include "pki/cert.h"

/* What the certificate is meant to be; the rules that apply follow from it. */
enum lint_target {
    LINT_SERVER = 1,   /* a leaf by the Baseline Requirements */
    LINT_INTERNAL = 2, /* a leaf of the profile "internal": RFC 5280 and what clients need */
    LINT_ISSUING = 4,
    LINT_ROOT = 8,
};

enum lint_severity { LINT_NOTICE, LINT_WARNING, LINT_ERROR };
/* "notice", "warning", "error" */
const char *lint_severity_name(enum lint_severity severity);

enum { LINT_DETAIL_MAX = 200, LINT_FINDINGS_MAX = 64 };

struct lint_finding {
    const char *rule; /* "san.internal_name": stable */
    enum lint_severity severity;
    const char *source;           /* "BR 7.1.2.7.12" */
    char detail[LINT_DETAIL_MAX]; /* a sentence part; may hold bytes from outside */
};

/* Clear works on a zeroed struct, and leaves one. */
struct lint_findings {
    struct lint_finding *items; /* owned */
    size_t count;               /* ≤ LINT_FINDINGS_MAX; a rule may give several */
};
void lint_findings_clear(struct lint_findings *findings);

/* The rules there are, for tests and the manual. */
size_t lint_rule_count(void);
const char *lint_rule_name(size_t index);

/*
 * Lint a certificate.
 *
 * issuer        its issuer, for the rules on both; NULL leaves those out
 * out_findings  empty when there is nothing to say
 * Fails         pki.lint.malformed, base.oom; findings are not failures
 */
bool lint_certificate(const X509 *certificate, enum lint_target target, const struct cert *issuer,
                      struct lint_findings *out_findings, struct err *e) PL_MUST_USE;

/* The same for to-be-signed bytes (DER TBSCertificate), not yet signed. */
bool lint_tbs(const uint8_t *tbs, size_t tbs_len, enum lint_target target,
              const struct cert *issuer, struct lint_findings *out_findings, struct err *e)
    PL_MUST_USE;

/* False when a finding is an error: pki.lint.error, with the rule, the detail and the source. */
bool lint_require(const struct lint_findings *findings, struct err *e) PL_MUST_USE;

#endif
