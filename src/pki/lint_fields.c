/* The linter's rules on everything but extensions: serial, signature, names, dates, key. */
#include "pki/lint_rules.h"

#include "base/clock.h"
#include "base/str.h"
#include "codec/der.h"
#include "pki/policy_clock.h"

#include <string.h>

enum {
    SERIAL_LEN_MAX = 20,
    SERIAL_LEN_MIN = 8, /* fewer bytes cannot hold 64 random bits */
    FIELD_MAX = 64,     /* characters; X.520's upper bounds of the fields that we know */
    ROOT_DAYS_MIN = 2922,
    ROOT_DAYS_MAX = 9132,    /* BR §7.1.2.1.1 */
    INTERNAL_DAYS_MAX = 825, /* what Apple's systems accept from any root */
    DER_DEPTH_MAX = 16
};

/* --- the bytes, version, serial ---------------------------------- */

/* X.690 §8.3.2, §11.1: what the reader of tags and lengths does not look at. */
static bool is_der_content(const struct der_value *value) {
    const uint8_t *bytes = value->bytes;
    if (value->tag == DER_BOOLEAN) {
        return value->len == 1 && (bytes[0] == 0 || bytes[0] == 0xFF);
    }
    if (value->tag == DER_INTEGER && value->len > 1) {
        return !(bytes[0] == 0 && bytes[1] < 0x80) && !(bytes[0] == 0xFF && bytes[1] >= 0x80);
    }
    return true;
}

static bool is_der(struct der_reader reader, unsigned depth) {
    static const uint8_t constructed = 0x20;
    struct der_value value;
    while (!der_reader_is_at_end(&reader)) {
        if (!der_reader_next(&reader, &value) || !is_der_content(&value)) {
            return false;
        }
        if ((value.tag & constructed) != 0 &&
            (depth == DER_DEPTH_MAX || !is_der(der_reader_enter(&value), depth + 1))) {
            return false;
        }
    }
    return true;
}

void lint_check_der(struct lint *lint) {
    unsigned char *der = NULL;
    int len = i2d_X509(lint->x509, &der);
    if (len <= 0 || !is_der(der_reader_init(der, (size_t)len), 0)) {
        lint_report(lint, "it is not encoded as DER");
    }
    OPENSSL_free(der);
}

void lint_check_version(struct lint *lint) {
    if (X509_get_version(lint->x509) != X509_VERSION_3) {
        lint_report(lint, "it is version %ld, not 3", X509_get_version(lint->x509) + 1);
    }
}

void lint_check_serial_range(struct lint *lint) {
    const ASN1_INTEGER *serial = X509_get0_serialNumber(lint->x509);
    int len = ASN1_STRING_length(serial);
    const uint8_t *bytes = ASN1_STRING_get0_data(serial);
    bool is_zero = len == 0 || (len == 1 && bytes[0] == 0);
    if ((ASN1_STRING_type(serial) & V_ASN1_NEG) != 0 || is_zero) {
        lint_report(lint, "the serial number is not positive");
    } else if (len > SERIAL_LEN_MAX || (len == SERIAL_LEN_MAX && bytes[0] >= 0x80)) {
        lint_report(lint, "the serial number is longer than 159 bits");
    }
}

void lint_check_serial_entropy(struct lint *lint) {
    if (ASN1_STRING_length(X509_get0_serialNumber(lint->x509)) < SERIAL_LEN_MIN) {
        lint_report(lint, "the serial number is too short for 64 random bits");
    }
}

/* --- signature --------------------------------------------------- */

static int signature_nid(const X509 *x509) {
    return OBJ_obj2nid(X509_get0_tbs_sigalg(x509)->algorithm);
}

void lint_check_signature_algorithm(struct lint *lint) {
    static const int allowed[] = {NID_sha256WithRSAEncryption, NID_sha384WithRSAEncryption,
                                  NID_sha512WithRSAEncryption, NID_rsassaPss,
                                  NID_ecdsa_with_SHA256,       NID_ecdsa_with_SHA384,
                                  NID_ecdsa_with_SHA512};
    int nid = signature_nid(lint->x509);
    for (size_t i = 0; i < PL_ARRAY_LEN(allowed); i++) {
        if (allowed[i] == nid) {
            return;
        }
    }
    if (lint->target != LINT_INTERNAL || nid != NID_ED25519) {
        lint_report(lint, "the signature algorithm %s is not allowed", OBJ_nid2ln(nid));
    }
}

void lint_check_signature_same(struct lint *lint) {
    const X509_ALGOR *outer = NULL;
    X509_get0_signature(NULL, &outer, lint->x509);
    if (X509_ALGOR_cmp(outer, X509_get0_tbs_sigalg(lint->x509)) != 0) {
        lint_report(lint, "the signature algorithm outside is not the one inside");
    }
}

/* BR §7.1.3.2.2: the hash goes with the curve. */
static bool fits_key(int nid, const struct key_spec *key) {
    switch (key->family) {
    case KEY_RSA:
        return nid == NID_sha256WithRSAEncryption || nid == NID_sha384WithRSAEncryption ||
               nid == NID_sha512WithRSAEncryption || nid == NID_rsassaPss;
    case KEY_EC:
        return (key->bits == 256 && nid == NID_ecdsa_with_SHA256) ||
               (key->bits == 384 && nid == NID_ecdsa_with_SHA384) ||
               (key->bits == 521 && nid == NID_ecdsa_with_SHA512);
    case KEY_ED25519:
        return nid == NID_ED25519;
    case KEY_OTHER:
        return false;
    }
    PL_BUG_UNLESS(false);
}

void lint_check_signature_issuer_key(struct lint *lint) {
    const struct key_spec *key = lint->issuer != NULL
                                     ? &lint->issuer->key_spec
                                     : (lint->target == LINT_ROOT ? &lint->key_spec : NULL);
    if (key != NULL && !fits_key(signature_nid(lint->x509), key)) {
        lint_report(lint, "the signature algorithm does not go with the issuer's key");
    }
}

/* --- issuer and subject ------------------------------------------ */

static bool is_same_name(const X509_NAME *a, const X509_NAME *b) {
    const unsigned char *a_der = NULL;
    const unsigned char *b_der = NULL;
    size_t a_len = 0;
    size_t b_len = 0;
    return X509_NAME_get0_der(a, &a_der, &a_len) == 1 &&
           X509_NAME_get0_der(b, &b_der, &b_len) == 1 && a_len == b_len &&
           memcmp(a_der, b_der, a_len) == 0;
}

void lint_check_issuer_name(struct lint *lint) {
    const X509 *issuer = lint->issuer != NULL ? lint->issuer->x509 : NULL;
    if (lint->target == LINT_ROOT) {
        issuer = lint->x509;
    }
    if (issuer != NULL &&
        !is_same_name(X509_get_issuer_name(lint->x509), X509_get_subject_name(issuer))) {
        lint_report(lint, "the issuer is not byte for byte the issuing certificate's subject");
    }
}

void lint_check_subject_encoding(struct lint *lint) {
    const X509_NAME *name = X509_get_subject_name(lint->x509);
    int last_set = -1;
    for (int i = 0; i < X509_NAME_entry_count(name); i++) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
        int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
        int type = ASN1_STRING_type(X509_NAME_ENTRY_get_data(entry));
        bool is_ia5 = nid == NID_domainComponent || nid == NID_pkcs9_emailAddress;
        bool is_right = is_ia5 ? type == V_ASN1_IA5STRING
                        : nid == NID_countryName
                            ? type == V_ASN1_PRINTABLESTRING
                            : type == V_ASN1_UTF8STRING || type == V_ASN1_PRINTABLESTRING;
        if (!is_right) {
            lint_report(lint, "%s is encoded as %s", OBJ_nid2ln(nid), ASN1_tag2str(type));
        }
        if (X509_NAME_ENTRY_set(entry) == last_set) {
            lint_report(lint, "a relative name holds more than one attribute");
        }
        last_set = X509_NAME_ENTRY_set(entry);
    }
}

void lint_check_subject_order(struct lint *lint) {
    static const int order[] = {
        NID_domainComponent,        NID_countryName, NID_stateOrProvinceName,
        NID_localityName,           NID_postalCode,  NID_streetAddress,
        NID_organizationName,       NID_surname,     NID_givenName,
        NID_organizationalUnitName, NID_commonName};
    size_t at = 0;
    for (size_t i = 0; i < lint->subject.count; i++) {
        size_t place = at;
        while (place < PL_ARRAY_LEN(order) && order[place] != lint->subject.parts[i].nid) {
            place++;
        }
        if (place < PL_ARRAY_LEN(order)) {
            at = place;
            continue;
        }
        for (size_t known = 0; known < at; known++) {
            if (order[known] == lint->subject.parts[i].nid) {
                lint_report(lint, "%s stands after %s", OBJ_nid2ln(order[known]),
                            OBJ_nid2ln(order[at]));
            }
        }
    }
}

/* Characters, not bytes. */
static size_t utf8_count(const char *text) {
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += ((uint8_t)*text & 0xC0) != 0x80;
    }
    return count;
}

void lint_check_subject_length(struct lint *lint) {
    for (size_t i = 0; i < lint->subject.count; i++) {
        const struct dn_part *part = &lint->subject.parts[i];
        bool is_bounded = part->nid == NID_commonName || part->nid == NID_organizationName ||
                          part->nid == NID_organizationalUnitName;
        size_t max =
            is_bounded ? FIELD_MAX : 2 * FIELD_MAX; /* ub-locality-name, ub-state-name: 128 */
        if (utf8_count(part->value) > max && part->nid != NID_pkcs9_emailAddress) {
            lint_report(lint, "a field of the subject is longer than %zu characters", max);
        }
    }
}

void lint_check_subject_country(struct lint *lint) {
    const char *country = dn_get(&lint->subject, NID_countryName);
    if (country != NULL && (strlen(country) != 2 || country[0] < 'A' || country[0] > 'Z' ||
                            country[1] < 'A' || country[1] > 'Z')) {
        lint_report(lint, "the country \"%.32s\" is not two capital letters", country);
    }
}

void lint_check_subject_unit(struct lint *lint) {
    if (dn_get(&lint->subject, NID_organizationalUnitName) != NULL) {
        lint_report(lint, "the subject has an organizational unit");
    }
}

/* What the policy says was validated. */
enum validation { VALIDATION_UNKNOWN, VALIDATION_DOMAIN, VALIDATION_ORGANIZATION };

static enum validation validation_of(const struct lint *lint) {
    for (int i = 0; i < sk_POLICYINFO_num(lint->extensions.policies); i++) {
        char oid[32] = "";
        (void)OBJ_obj2txt(oid, sizeof(oid),
                          sk_POLICYINFO_value(lint->extensions.policies, i)->policyid, 1);
        if (str_equal(oid, "2.23.140.1.2.1")) {
            return VALIDATION_DOMAIN;
        }
        if (str_equal(oid, "2.23.140.1.2.2")) {
            return VALIDATION_ORGANIZATION;
        }
    }
    return VALIDATION_UNKNOWN;
}

static void check_domain_subject(struct lint *lint) {
    for (size_t i = 0; i < lint->subject.count; i++) {
        int nid = lint->subject.parts[i].nid;
        if (nid != NID_countryName && nid != NID_commonName) {
            lint_report(lint, "a domain-validated certificate has %s in its subject",
                        OBJ_nid2ln(nid));
        }
    }
}

static void check_organization_subject(struct lint *lint) {
    const struct dn *subject = &lint->subject;
    if (dn_get(subject, NID_organizationName) == NULL) {
        lint_report(lint, "an organization-validated certificate names no organization");
    }
    if (dn_get(subject, NID_countryName) == NULL) {
        lint_report(lint, "an organization-validated certificate names no country");
    }
    if (dn_get(subject, NID_localityName) == NULL &&
        dn_get(subject, NID_stateOrProvinceName) == NULL) {
        lint_report(lint, "an organization-validated certificate names neither city nor state");
    }
    if (dn_get(subject, NID_surname) != NULL || dn_get(subject, NID_givenName) != NULL) {
        lint_report(lint, "an organization-validated certificate names a person");
    }
}

void lint_check_subject_validation(struct lint *lint) {
    switch (validation_of(lint)) {
    case VALIDATION_DOMAIN:
        check_domain_subject(lint);
        break;
    case VALIDATION_ORGANIZATION:
        check_organization_subject(lint);
        break;
    case VALIDATION_UNKNOWN:
        break; /* policies.leaf says it */
    }
}

void lint_check_subject_ca(struct lint *lint) {
    static const int wanted[] = {NID_countryName, NID_organizationName, NID_commonName};
    for (size_t i = 0; i < PL_ARRAY_LEN(wanted); i++) {
        if (dn_get(&lint->subject, wanted[i]) == NULL) {
            lint_report(lint, "a CA's subject has no %s", OBJ_nid2ln(wanted[i]));
        }
    }
}

/* --- common name ------------------------------------------------- */

void lint_check_common_name_in_names(struct lint *lint) {
    const char *common_name = dn_get(&lint->subject, NID_commonName);
    if (common_name == NULL) {
        return;
    }
    for (size_t i = 0; i < lint->sans.count; i++) {
        /* Character for character: no folding of letters. */
        if (str_equal(lint->sans.items[i].text, common_name)) {
            return;
        }
    }
    lint_report(lint, "the common name \"%.64s\" is not one of the alternative names", common_name);
}

void lint_check_common_name_one(struct lint *lint) {
    size_t count = 0;
    for (size_t i = 0; i < lint->subject.count; i++) {
        count += lint->subject.parts[i].nid == NID_commonName;
    }
    if (count > 1) {
        lint_report(lint, "there are %zu common names", count);
    }
}

void lint_check_common_name_present(struct lint *lint) {
    if (dn_get(&lint->subject, NID_commonName) != NULL) {
        lint_report(lint, "a common name is not recommended");
    }
}

/* --- dates ------------------------------------------------------- */

static bool is_time_form(const ASN1_TIME *time, int64_t time_ms) {
    bool is_utc = time_ms < INT64_C(2524608000000); /* 2050-01-01 */
    int len = is_utc ? 13 : 15;                     /* YYMMDDHHMMSSZ, YYYYMMDDHHMMSSZ */
    return ASN1_STRING_type(time) == (is_utc ? V_ASN1_UTCTIME : V_ASN1_GENERALIZEDTIME) &&
           ASN1_STRING_length(time) == len && ASN1_STRING_get0_data(time)[len - 1] == 'Z';
}

void lint_check_validity_encoding(struct lint *lint) {
    if (!lint->has_times) {
        lint_report(lint, "a date cannot be read");
    } else if (!is_time_form(X509_get0_notBefore(lint->x509), lint->not_before_ms) ||
               !is_time_form(X509_get0_notAfter(lint->x509), lint->not_after_ms)) {
        lint_report(
            lint,
            "a date is not UTCTime until 2049 and GeneralizedTime after, to the second, in UTC");
    }
}

void lint_check_validity_order(struct lint *lint) {
    if (lint->has_times && lint->not_after_ms <= lint->not_before_ms) {
        lint_report(lint, "it ends before it begins");
    }
}

/* In days of 86,400 s, both ends included; a part of a day counts as one. */
static int64_t validity_days(const struct lint *lint) {
    int64_t length_ms = lint->not_after_ms - lint->not_before_ms + CLOCK_SECOND_MS;
    return (length_ms + CLOCK_DAY_MS - 1) / CLOCK_DAY_MS;
}

static int64_t days_max(const struct lint *lint) {
    switch (lint->target) {
    case LINT_SERVER:
        return policy_clock_at(lint->not_before_ms)->validity_days_max;
    case LINT_INTERNAL:
        return INTERNAL_DAYS_MAX;
    case LINT_ROOT:
    case LINT_ISSUING:
        return ROOT_DAYS_MAX;
    }
    PL_BUG_UNLESS(false);
}

void lint_check_validity_too_long(struct lint *lint) {
    int64_t days = validity_days(lint);
    if (lint->has_times && days > days_max(lint)) {
        lint_report(lint, "it is valid for %lld days; %lld are allowed", (long long)days,
                    (long long)days_max(lint));
    }
    if (lint->has_times && lint->target == LINT_ROOT && days < ROOT_DAYS_MIN) {
        lint_report(lint, "a root is valid for %d days at least, not %lld", ROOT_DAYS_MIN,
                    (long long)days);
    }
}

void lint_check_validity_margin(struct lint *lint) {
    int64_t days = validity_days(lint);
    if (lint->target == LINT_SERVER && lint->has_times && days == days_max(lint)) {
        lint_report(lint, "it is valid for all of the %lld days that are allowed", (long long)days);
    }
}

void lint_check_validity_issuer(struct lint *lint) {
    if (lint->issuer != NULL && lint->has_times &&
        (lint->not_before_ms < lint->issuer->not_before_ms ||
         lint->not_after_ms > lint->issuer->not_after_ms)) {
        lint_report(lint, "it is valid outside the time of its issuer");
    }
}

/* --- key --------------------------------------------------------- */

void lint_check_key_strength(struct lint *lint) {
    struct err e = {0};
    if (lint->key == NULL) {
        lint_report(lint, "the public key cannot be read");
    } else if (!key_strength_check(lint->key, &e)) {
        lint_report(lint, "%.180s", e.step[0]);
    }
}

void lint_check_key_kind(struct lint *lint) {
    if (lint->key_spec.family != KEY_RSA && lint->key_spec.family != KEY_EC) {
        lint_report(lint, "the key is neither RSA nor ECDSA");
    }
}

void lint_check_key_mozilla(struct lint *lint) {
    if (lint->key_spec.family == KEY_EC && lint->key_spec.bits == 521) {
        lint_report(lint, "Mozilla takes no P-521 keys");
    }
}

void lint_check_key_issuer(struct lint *lint) {
    if (lint->issuer != NULL && lint->key != NULL &&
        X509_PUBKEY_eq(X509_get_X509_PUBKEY(lint->x509),
                       X509_get_X509_PUBKEY(lint->issuer->x509)) == 1) {
        lint_report(lint, "the key is the issuer's own");
    }
}

void lint_check_unique_id(struct lint *lint) {
    const ASN1_BIT_STRING *issuer_id = NULL;
    const ASN1_BIT_STRING *subject_id = NULL;
    X509_get0_uids(lint->x509, &issuer_id, &subject_id);
    if (issuer_id != NULL || subject_id != NULL) {
        lint_report(lint, "it has a unique identifier");
    }
}
