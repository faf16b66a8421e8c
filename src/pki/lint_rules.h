/* The linter's inside: a certificate taken apart, and the rules. Private to pki/lint*.c. */
#ifndef PL_PKI_LINT_RULES_H
#define PL_PKI_LINT_RULES_H

#include "pki/lint.h"
#include "pki/openssl.h"

enum {
    LINT_LEAF = LINT_SERVER | LINT_INTERNAL,
    LINT_CA = LINT_ISSUING | LINT_ROOT,
    LINT_ALL = LINT_LEAF | LINT_CA
};

/* How an extension is there: X509_get_ext_d2i()'s answers. */
enum { EXTENSION_ABSENT = -1, EXTENSION_NOT_CRITICAL = 0, EXTENSION_CRITICAL = 1 };

/* Values are NULL when the extension is absent (or malformed, which a rule of its own says). */
struct lint_extensions {
    int authority_key_id_critical;
    AUTHORITY_KEYID *authority_key_id;
    int subject_key_id_critical;
    ASN1_OCTET_STRING *subject_key_id;
    int key_usage_critical;
    ASN1_BIT_STRING *key_usage;
    int extended_key_usage_critical;
    EXTENDED_KEY_USAGE *extended_key_usage;
    int basic_constraints_critical;
    BASIC_CONSTRAINTS *basic_constraints;
    int names_critical;
    GENERAL_NAMES *names;
    int policies_critical;
    CERTIFICATEPOLICIES *policies;
    int access_critical;
    AUTHORITY_INFO_ACCESS *access;
    int crl_points_critical;
    CRL_DIST_POINTS *crl_points;
};

struct lint {
    const X509 *x509;
    enum lint_target target;
    const struct cert *issuer; /* NULL: not known */
    EVP_PKEY *key;             /* NULL: not readable */
    struct key_spec key_spec;
    struct dn subject;
    struct san_list sans;
    bool has_times;
    int64_t not_before_ms;
    int64_t not_after_ms;
    struct lint_extensions extensions;
    const struct lint_rule *rule; /* the one that is running */
    struct lint_findings *findings;
};

struct lint_rule {
    const char *name;
    unsigned targets; /* enum lint_target, or'ed */
    enum lint_severity severity;
    const char *source;
    void (*check)(struct lint *lint); /* calls lint_report() for what it finds */
};

/* A finding of the running rule; beyond LINT_FINDINGS_MAX they are counted no more. */
void lint_report(struct lint *lint, const char *format, ...) PL_PRINTF(2, 3);

#define LINT_RULE(name, symbol, targets, severity, source)                                         \
    void lint_check_##symbol(struct lint *lint);
#include "pki/lint_rules.def"
#undef LINT_RULE

#endif
