/*
 * The linter: takes a certificate apart and runs the rules of lint_rules.def that apply. The rules
 * are in lint_fields.c and lint_extensions.c.
 */
#include "pki/lint.h"

#include "base/mem.h"
#include "codec/der.h"
#include "pki/asn1.h"
#include "pki/lint_rules.h"

#include <openssl/err.h>

#include <stdarg.h>
#include <stdio.h>

static const struct lint_rule rules[] = {
#define LINT_RULE(name, symbol, targets, severity, source)                                         \
    {name, targets, severity, source, lint_check_##symbol},
#include "pki/lint_rules.def"
#undef LINT_RULE
};

const char *lint_severity_name(enum lint_severity severity) {
    switch (severity) {
    case LINT_NOTICE:
        return "notice";
    case LINT_WARNING:
        return "warning";
    case LINT_ERROR:
        return "error";
    }
    PL_BUG_UNLESS(false);
}

size_t lint_rule_count(void) {
    return PL_ARRAY_LEN(rules);
}

const char *lint_rule_name(size_t index) {
    return rules[index].name;
}

void lint_findings_clear(struct lint_findings *findings) {
    mem_free(findings->items);
    *findings = (struct lint_findings){0};
}

void lint_report(struct lint *lint, const char *format, ...) {
    struct lint_findings *findings = lint->findings;
    if (findings->count == LINT_FINDINGS_MAX) {
        return;
    }
    struct lint_finding *finding = &findings->items[findings->count++];
    finding->rule = lint->rule->name;
    finding->severity = lint->rule->severity;
    finding->source = lint->rule->source;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(finding->detail, sizeof(finding->detail), format, arguments);
    va_end(arguments);
}

/* --- taking apart ------------------------------------------------ */

static void read_extensions(const X509 *x509, struct lint_extensions *out) {
    out->authority_key_id =
        X509_get_ext_d2i(x509, NID_authority_key_identifier, &out->authority_key_id_critical, NULL);
    out->subject_key_id =
        X509_get_ext_d2i(x509, NID_subject_key_identifier, &out->subject_key_id_critical, NULL);
    out->key_usage = X509_get_ext_d2i(x509, NID_key_usage, &out->key_usage_critical, NULL);
    out->extended_key_usage =
        X509_get_ext_d2i(x509, NID_ext_key_usage, &out->extended_key_usage_critical, NULL);
    out->basic_constraints =
        X509_get_ext_d2i(x509, NID_basic_constraints, &out->basic_constraints_critical, NULL);
    out->names = X509_get_ext_d2i(x509, NID_subject_alt_name, &out->names_critical, NULL);
    out->policies = X509_get_ext_d2i(x509, NID_certificate_policies, &out->policies_critical, NULL);
    out->access = X509_get_ext_d2i(x509, NID_info_access, &out->access_critical, NULL);
    out->crl_points =
        X509_get_ext_d2i(x509, NID_crl_distribution_points, &out->crl_points_critical, NULL);
}

static void free_extensions(struct lint_extensions *extensions) {
    AUTHORITY_KEYID_free(extensions->authority_key_id);
    ASN1_OCTET_STRING_free(extensions->subject_key_id);
    ASN1_BIT_STRING_free(extensions->key_usage);
    EXTENDED_KEY_USAGE_free(extensions->extended_key_usage);
    BASIC_CONSTRAINTS_free(extensions->basic_constraints);
    GENERAL_NAMES_free(extensions->names);
    CERTIFICATEPOLICIES_free(extensions->policies);
    AUTHORITY_INFO_ACCESS_free(extensions->access);
    CRL_DIST_POINTS_free(extensions->crl_points);
}

static void lint_clear(struct lint *lint) {
    dn_clear(&lint->subject);
    san_list_clear(&lint->sans);
    free_extensions(&lint->extensions);
    lint_findings_clear(lint->findings);
}

/* False also when it is not a certificate that can be checked at all. */
static bool take_apart(struct lint *lint, struct err *e) {
    const X509 *x509 = lint->x509;
    if (!dn_from_x509_name(X509_get_subject_name(x509), &lint->subject, e)) {
        return false;
    }
    read_extensions(x509, &lint->extensions);
    if (!san_list_from_general_names(lint->extensions.names, &lint->sans, e)) {
        return false;
    }
    lint->has_times = asn1_time_to_ms(X509_get0_notBefore(x509), &lint->not_before_ms) &&
                      asn1_time_to_ms(X509_get0_notAfter(x509), &lint->not_after_ms);
    lint->key = X509_get0_pubkey(x509);
    if (lint->key != NULL) {
        lint->key_spec = key_spec_of(lint->key);
    }
    ERR_clear_error(); /* malformed parts are findings */
    return true;
}

static bool new_findings(struct lint_findings *findings, struct err *e) {
    void *items = NULL;
    if (!mem_array(LINT_FINDINGS_MAX, sizeof(findings->items[0]), &items, e)) {
        return false;
    }
    findings->items = items;
    return true;
}

bool lint_certificate(const X509 *certificate, enum lint_target target, const struct cert *issuer,
                      struct lint_findings *out_findings, struct err *e) {
    struct lint_findings findings = {0};
    PL_AUTO(lint_clear)
    struct lint lint = {
        .x509 = certificate, .target = target, .issuer = issuer, .findings = &findings};
    if (!new_findings(&findings, e)) {
        return false;
    }
    if (!take_apart(&lint, e)) {
        return err_kind_of(e) == ERR_KIND_OS
                   ? false
                   : err_set(e, ERR_PKI_LINT_MALFORMED, "its names cannot be read");
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(rules); i++) {
        if ((rules[i].targets & target) != 0) {
            lint.rule = &rules[i];
            rules[i].check(&lint);
        }
    }
    *out_findings = findings;
    findings = (struct lint_findings){0};
    return true;
}

/* --- to-be-signed bytes ------------------------------------------ */

/* TBSCertificate ::= SEQUENCE { version [0], serialNumber, signature, … } */
static bool find_algorithm(const uint8_t *tbs, size_t tbs_len, struct der_value *out_algorithm) {
    struct der_reader file = der_reader_init(tbs, tbs_len);
    struct der_value whole;
    struct der_value skipped;
    if (!der_reader_take(&file, DER_SEQUENCE, &whole) || !der_reader_is_at_end(&file)) {
        return false;
    }
    struct der_reader parts = der_reader_enter(&whole);
    if (der_reader_peek(&parts) == DER_CONTEXT_0 && !der_reader_next(&parts, &skipped)) {
        return false;
    }
    return der_reader_take(&parts, DER_INTEGER, &skipped) &&
           der_reader_take(&parts, DER_SEQUENCE, out_algorithm);
}

/* Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }, the last one
 * empty. */
static bool wrap_tbs(const uint8_t *tbs, size_t tbs_len, struct buf *out, struct err *e) {
    static const uint8_t no_signature[] = {DER_BIT_STRING, 1, 0};
    struct der_value algorithm;
    if (!find_algorithm(tbs, tbs_len, &algorithm)) {
        return err_set(e, ERR_PKI_LINT_MALFORMED, "these bytes are no certificate to be signed");
    }
    uint8_t header[8];
    uint8_t *at = header;
    ASN1_put_object(&at, 1, (int)(tbs_len + algorithm.whole_len + sizeof(no_signature)),
                    V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    return buf_append(out, header, (size_t)(at - header), e) && buf_append(out, tbs, tbs_len, e) &&
           buf_append(out, algorithm.whole, algorithm.whole_len, e) &&
           buf_append(out, no_signature, sizeof(no_signature), e);
}

bool lint_tbs(const uint8_t *tbs, size_t tbs_len, enum lint_target target,
              const struct cert *issuer, struct lint_findings *out_findings, struct err *e) {
    if (tbs_len > CERT_DER_MAX) {
        return err_set(e, ERR_PKI_LINT_MALFORMED, "these bytes are too many for a certificate");
    }
    PL_AUTO(buf_clear) struct buf der;
    buf_init(&der, 2 * CERT_DER_MAX);
    if (!wrap_tbs(tbs, tbs_len, &der, e)) {
        return false;
    }
    const uint8_t *at = der.data;
    PL_AUTO(x509_freep) X509 *x509 = d2i_X509(NULL, &at, (long)der.len);
    if (x509 == NULL) {
        return err_set_openssl(e, ERR_PKI_LINT_MALFORMED,
                               "these bytes are no certificate to be signed");
    }
    return lint_certificate(x509, target, issuer, out_findings, e);
}

bool lint_require(const struct lint_findings *findings, struct err *e) {
    for (size_t i = 0; i < findings->count; i++) {
        const struct lint_finding *finding = &findings->items[i];
        if (finding->severity == LINT_ERROR) {
            return err_set(e, ERR_PKI_LINT_ERROR, "%s (%s, %s)", finding->detail, finding->rule,
                           finding->source);
        }
    }
    return true;
}
