/* The linter's rules on extensions. */
#include "pki/lint_rules.h"

#include "base/clock.h"
#include "base/str.h"
#include "codec/hostname.h"
#include "codec/ip.h"

#include <openssl/err.h>

#include <string.h>

enum { SHORT_LIVED_DAYS = 7 };

/* --- all of them ------------------------------------------------- */

static int nid_of(const struct lint *lint, int at) {
    return OBJ_obj2nid(X509_EXTENSION_get_object(X509_get_ext(lint->x509, at)));
}

void lint_check_extension_malformed(struct lint *lint) {
    static const int read[] = {NID_authority_key_identifier,
                               NID_subject_key_identifier,
                               NID_key_usage,
                               NID_ext_key_usage,
                               NID_basic_constraints,
                               NID_subject_alt_name,
                               NID_certificate_policies,
                               NID_info_access,
                               NID_crl_distribution_points};
    for (size_t i = 0; i < PL_ARRAY_LEN(read); i++) {
        int critical = EXTENSION_ABSENT;
        void *value = X509_get_ext_d2i(lint->x509, read[i], &critical, NULL);
        if (value == NULL && critical >= EXTENSION_NOT_CRITICAL) {
            lint_report(lint, "the extension %s cannot be read", OBJ_nid2ln(read[i]));
        }
        if (value != NULL) {
            ASN1_item_free(value, ASN1_ITEM_ptr(X509V3_EXT_get_nid(read[i])->it));
        }
    }
    ERR_clear_error();
}

void lint_check_extension_duplicate(struct lint *lint) {
    for (int i = 0; i < X509_get_ext_count(lint->x509); i++) {
        const ASN1_OBJECT *object = X509_EXTENSION_get_object(X509_get_ext(lint->x509, i));
        if (X509_get_ext_by_OBJ(lint->x509, object, i) >= 0) {
            char oid[64] = "";
            (void)OBJ_obj2txt(oid, sizeof(oid), object, 0);
            lint_report(lint, "the extension %s is there twice", oid);
        }
    }
}

static bool is_expected_extension(int nid) {
    static const int expected[] = {
        NID_authority_key_identifier,
        NID_subject_key_identifier,
        NID_key_usage,
        NID_ext_key_usage,
        NID_basic_constraints,
        NID_subject_alt_name,
        NID_info_access,
        NID_certificate_policies,
        NID_crl_distribution_points,
        NID_ct_precert_scts,
        NID_ct_precert_poison,
        NID_name_constraints,
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(expected); i++) {
        if (expected[i] == nid) {
            return true;
        }
    }
    return false;
}

void lint_check_extension_other(struct lint *lint) {
    for (int i = 0; i < X509_get_ext_count(lint->x509); i++) {
        if (!is_expected_extension(nid_of(lint, i))) {
            char oid[64] = "";
            (void)OBJ_obj2txt(oid, sizeof(oid),
                              X509_EXTENSION_get_object(X509_get_ext(lint->x509, i)), 0);
            lint_report(lint, "the extension %s is not recommended", oid);
        }
    }
}

/* --- key identifiers --------------------------------------------- */

void lint_check_authority_key_id(struct lint *lint) {
    const struct lint_extensions *extensions = &lint->extensions;
    const AUTHORITY_KEYID *id = extensions->authority_key_id;
    if (id == NULL) {
        if (extensions->authority_key_id_critical == EXTENSION_ABSENT &&
            lint->target != LINT_ROOT) {
            lint_report(lint, "there is no authority key identifier");
        }
        return;
    }
    if (extensions->authority_key_id_critical == EXTENSION_CRITICAL) {
        lint_report(lint, "the authority key identifier is critical");
    }
    if (id->keyid == NULL || id->issuer != NULL || id->serial != NULL) {
        lint_report(lint, "the authority key identifier is not a key identifier alone");
    }
}

static bool is_id(const ASN1_OCTET_STRING *value, const uint8_t *id, size_t id_len) {
    return (size_t)ASN1_STRING_length(value) == id_len &&
           memcmp(ASN1_STRING_get0_data(value), id, id_len) == 0;
}

void lint_check_authority_key_id_issuer(struct lint *lint) {
    const AUTHORITY_KEYID *id = lint->extensions.authority_key_id;
    const ASN1_OCTET_STRING *own = lint->extensions.subject_key_id;
    if (id == NULL || id->keyid == NULL) {
        return;
    }
    bool is_right = true;
    if (lint->target == LINT_ROOT) {
        is_right = own == NULL || ASN1_OCTET_STRING_cmp(id->keyid, own) == 0;
    } else if (lint->issuer != NULL) {
        const struct cert_key_id *issuer_id = &lint->issuer->subject_key_id;
        is_right = is_id(id->keyid, issuer_id->bytes, issuer_id->len);
    }
    if (!is_right) {
        lint_report(lint, "the authority key identifier is not the issuer's");
    }
}

void lint_check_subject_key_id_ca(struct lint *lint) {
    if (lint->extensions.subject_key_id_critical == EXTENSION_ABSENT) {
        lint_report(lint, "a CA's certificate has no subject key identifier");
    } else if (lint->extensions.subject_key_id_critical == EXTENSION_CRITICAL) {
        lint_report(lint, "the subject key identifier is critical");
    }
}

void lint_check_subject_key_id_leaf(struct lint *lint) {
    if (lint->extensions.subject_key_id_critical != EXTENSION_ABSENT) {
        lint_report(lint, "a subject key identifier is not recommended");
    }
}

/* --- what the key may do ----------------------------------------- */

void lint_check_basic_constraints_leaf(struct lint *lint) {
    const BASIC_CONSTRAINTS *constraints = lint->extensions.basic_constraints;
    if (constraints == NULL) {
        return;
    }
    if (constraints->ca != 0 || constraints->pathlen != NULL) {
        lint_report(lint, "it says that it is a CA's");
    }
    if (lint->extensions.basic_constraints_critical != EXTENSION_CRITICAL) {
        lint_report(lint, "the basic constraints are not critical");
    }
}

void lint_check_basic_constraints_ca(struct lint *lint) {
    const BASIC_CONSTRAINTS *constraints = lint->extensions.basic_constraints;
    if (constraints == NULL || constraints->ca == 0) {
        lint_report(lint, "it does not say that it is a CA's");
    } else if (lint->extensions.basic_constraints_critical != EXTENSION_CRITICAL) {
        lint_report(lint, "the basic constraints are not critical");
    }
}

void lint_check_basic_constraints_root_path(struct lint *lint) {
    const BASIC_CONSTRAINTS *constraints = lint->extensions.basic_constraints;
    if (constraints != NULL && constraints->pathlen != NULL) {
        lint_report(lint, "a path length in a root is not recommended");
    }
}

enum {
    DIGITAL_SIGNATURE = 0,
    KEY_ENCIPHERMENT = 2,
    KEY_CERT_SIGN = 5,
    CRL_SIGN = 6,
    KEY_USAGE_BITS = 9
};

static bool allows_only(const ASN1_BIT_STRING *usage, int bit, int other_bit, int third_bit) {
    for (int i = 0; i < KEY_USAGE_BITS; i++) {
        if (i != bit && i != other_bit && i != third_bit && ASN1_BIT_STRING_get_bit(usage, i)) {
            return false;
        }
    }
    return true;
}

void lint_check_key_usage_leaf(struct lint *lint) {
    const ASN1_BIT_STRING *usage = lint->extensions.key_usage;
    if (usage == NULL) {
        lint_report(lint, "there is no key usage");
        return;
    }
    if (lint->extensions.key_usage_critical != EXTENSION_CRITICAL) {
        lint_report(lint, "the key usage is not critical");
    }
    if (!ASN1_BIT_STRING_get_bit(usage, DIGITAL_SIGNATURE)) {
        lint_report(lint, "the key usage lacks digitalSignature");
    }
    int encipherment = lint->key_spec.family == KEY_RSA ? KEY_ENCIPHERMENT : DIGITAL_SIGNATURE;
    if (!allows_only(usage, DIGITAL_SIGNATURE, encipherment, encipherment)) {
        lint_report(lint, "the key usage allows what a server's key of this kind must not do");
    }
}

void lint_check_key_usage_ca(struct lint *lint) {
    const ASN1_BIT_STRING *usage = lint->extensions.key_usage;
    if (usage == NULL || !ASN1_BIT_STRING_get_bit(usage, KEY_CERT_SIGN) ||
        !ASN1_BIT_STRING_get_bit(usage, CRL_SIGN)) {
        lint_report(lint, "a CA's key usage lacks keyCertSign or cRLSign");
        return;
    }
    if (!allows_only(usage, KEY_CERT_SIGN, CRL_SIGN, DIGITAL_SIGNATURE)) {
        lint_report(lint, "a CA's key usage allows more than signing");
    }
    if (lint->extensions.key_usage_critical != EXTENSION_CRITICAL) {
        lint_report(lint, "the key usage is not critical");
    }
}

static bool has_purpose(const struct lint *lint, int nid) {
    const EXTENDED_KEY_USAGE *usage = lint->extensions.extended_key_usage;
    for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++) {
        if (OBJ_obj2nid(sk_ASN1_OBJECT_value(usage, i)) == nid) {
            return true;
        }
    }
    return false;
}

void lint_check_extended_key_usage_server(struct lint *lint) {
    if (!has_purpose(lint, NID_server_auth)) {
        lint_report(lint, "the extended key usage lacks serverAuth");
    }
    if (lint->extensions.extended_key_usage_critical == EXTENSION_CRITICAL) {
        lint_report(lint, "the extended key usage is critical");
    }
}

void lint_check_extended_key_usage_other(struct lint *lint) {
    const EXTENDED_KEY_USAGE *usage = lint->extensions.extended_key_usage;
    for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++) {
        const ASN1_OBJECT *purpose = sk_ASN1_OBJECT_value(usage, i);
        int nid = OBJ_obj2nid(purpose);
        if (nid != NID_server_auth && nid != NID_client_auth) {
            char text[64] = "";
            (void)OBJ_obj2txt(text, sizeof(text), purpose, 0);
            lint_report(lint, "the extended key usage has %s", text);
        }
    }
}

void lint_check_extended_key_usage_client(struct lint *lint) {
    if (has_purpose(lint, NID_client_auth)) {
        lint_report(lint, "browsers end clientAuth in public servers' certificates on 2027-03-15");
    }
}

void lint_check_extended_key_usage_root(struct lint *lint) {
    if (lint->extensions.extended_key_usage_critical != EXTENSION_ABSENT) {
        lint_report(lint, "a root has an extended key usage");
    }
}

/* --- names ------------------------------------------------------- */

void lint_check_name_present(struct lint *lint) {
    if (lint->sans.count == 0) {
        lint_report(lint, "there is no subject alternative name");
    }
}

void lint_check_name_kind(struct lint *lint) {
    for (size_t i = 0; i < lint->sans.count; i++) {
        const struct san *name = &lint->sans.items[i];
        if (name->kind != SAN_DNS && name->kind != SAN_IP) {
            lint_report(lint, "\"%.100s\" is no host name and no address", name->text);
        }
    }
}

void lint_check_name_critical(struct lint *lint) {
    if (lint->extensions.names == NULL) {
        return;
    }
    bool is_critical = lint->extensions.names_critical == EXTENSION_CRITICAL;
    if (is_critical && lint->subject.count > 0) {
        lint_report(lint, "the alternative names are critical although there is a subject");
    } else if (!is_critical && lint->subject.count == 0) {
        lint_report(lint, "the alternative names are not critical although there is no subject");
    }
}

void lint_check_name_syntax(struct lint *lint) {
    for (size_t i = 0; i < lint->sans.count; i++) {
        const struct san *name = &lint->sans.items[i];
        if (name->kind == SAN_DNS && !hostname_is_valid_pattern(name->text)) {
            lint_report(lint, "\"%.100s\" is no well-formed host name", name->text);
        }
    }
}

static bool is_within(const char *name, const char *zone) {
    return str_equal_nocase(name, zone + 1) || str_ends_with(name, zone);
}

void lint_check_name_public(struct lint *lint) {
    for (size_t i = 0; i < lint->sans.count; i++) {
        const struct san *name = &lint->sans.items[i];
        if (name->kind != SAN_DNS || !hostname_is_valid_pattern(name->text)) {
            continue;
        }
        if (!hostname_is_under_public_suffix(name->text) || is_within(name->text, ".onion") ||
            is_within(name->text, ".home.arpa")) {
            lint_report(lint, "\"%.100s\" is an internal name", name->text);
        } else if (is_within(name->text, ".in-addr.arpa") || is_within(name->text, ".ip6.arpa")) {
            lint_report(lint, "\"%.100s\" lies in a zone for reverse look-ups", name->text);
        }
    }
}

void lint_check_name_address(struct lint *lint) {
    for (size_t i = 0; i < lint->sans.count; i++) {
        const struct san *name = &lint->sans.items[i];
        struct ip ip;
        if (name->kind == SAN_IP && (!ip_parse(name->text, &ip) || ip_classify(&ip) != IP_PUBLIC)) {
            lint_report(lint, "%.60s is not a public address", name->text);
        }
    }
}

void lint_check_name_constraints_leaf(struct lint *lint) {
    if (X509_get_ext_by_NID(lint->x509, NID_name_constraints, -1) >= 0) {
        lint_report(lint, "a leaf has name constraints");
    }
}

/* --- policies ---------------------------------------------------- */

static bool has_policy(const struct lint *lint, const char *prefix, int *out_count) {
    const CERTIFICATEPOLICIES *policies = lint->extensions.policies;
    *out_count = 0;
    for (int i = 0; i < sk_POLICYINFO_num(policies); i++) {
        char oid[64] = "";
        (void)OBJ_obj2txt(oid, sizeof(oid), sk_POLICYINFO_value(policies, i)->policyid, 1);
        *out_count += str_starts_with(oid, prefix);
    }
    return *out_count > 0;
}

void lint_check_policies_leaf(struct lint *lint) {
    int reserved_count = 0;
    int any_count = 0;
    if (lint->extensions.policies == NULL) {
        lint_report(lint, "there are no certificate policies");
        return;
    }
    bool is_any = has_policy(lint, "2.5.29.32.0", &any_count);
    (void)has_policy(lint, "2.23.140.1.", &reserved_count);
    if (reserved_count != 1) {
        lint_report(lint, "it has %d reserved policies instead of one", reserved_count);
    }
    if (is_any) {
        lint_report(lint, "it has anyPolicy");
    }
    if (lint->extensions.policies_critical == EXTENSION_CRITICAL) {
        lint_report(lint, "the policies are critical");
    }
}

void lint_check_policies_ca(struct lint *lint) {
    int any_count = 0;
    if (lint->extensions.policies == NULL) {
        lint_report(lint, "there are no certificate policies");
    } else if (has_policy(lint, "2.5.29.32.0", &any_count) &&
               sk_POLICYINFO_num(lint->extensions.policies) > 1) {
        lint_report(lint, "anyPolicy does not stand alone");
    }
}

void lint_check_policies_root(struct lint *lint) {
    if (lint->extensions.policies_critical != EXTENSION_ABSENT) {
        lint_report(lint, "policies in a root are not recommended");
    }
}

/* --- addresses --------------------------------------------------- */

static bool is_http_url(const GENERAL_NAME *name) {
    if (name->type != GEN_URI) {
        return false;
    }
    const ASN1_IA5STRING *url = name->d.uniformResourceIdentifier;
    static const char http[] = "http://";
    size_t len = (size_t)ASN1_STRING_length(url);
    return len > strlen(http) && memcmp(ASN1_STRING_get0_data(url), http, strlen(http)) == 0 &&
           memchr(ASN1_STRING_get0_data(url), '\0', len) == NULL;
}

void lint_check_access_present(struct lint *lint) {
    if (lint->extensions.access_critical == EXTENSION_ABSENT) {
        lint_report(lint, "there is no authority information access");
    }
}

void lint_check_access_content(struct lint *lint) {
    if (lint->extensions.access_critical == EXTENSION_CRITICAL) {
        lint_report(lint, "the authority information access is critical");
    }
    const AUTHORITY_INFO_ACCESS *access = lint->extensions.access;
    for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access); i++) {
        const ACCESS_DESCRIPTION *description = sk_ACCESS_DESCRIPTION_value(access, i);
        int method = OBJ_obj2nid(description->method);
        if (method != NID_ad_OCSP && method != NID_ad_ca_issuers) {
            lint_report(
                lint,
                "the authority information access has a method that is neither caIssuers nor OCSP");
        }
        if (!is_http_url(description->location)) {
            lint_report(lint, "an address of the issuer is not an http URL");
        }
    }
}

static bool has_ocsp(const struct lint *lint) {
    const AUTHORITY_INFO_ACCESS *access = lint->extensions.access;
    for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access); i++) {
        if (OBJ_obj2nid(sk_ACCESS_DESCRIPTION_value(access, i)->method) == NID_ad_OCSP) {
            return true;
        }
    }
    return false;
}

void lint_check_crl_address_present(struct lint *lint) {
    bool is_short_lived =
        lint->has_times && lint->not_after_ms - lint->not_before_ms + CLOCK_SECOND_MS <=
                               SHORT_LIVED_DAYS * CLOCK_DAY_MS;
    if (lint->extensions.crl_points_critical == EXTENSION_ABSENT && !is_short_lived &&
        !has_ocsp(lint)) {
        lint_report(lint, "there is no address of a revocation list");
    }
}

void lint_check_crl_address_ca(struct lint *lint) {
    if (lint->extensions.crl_points_critical == EXTENSION_ABSENT) {
        lint_report(lint, "there is no address of a revocation list: it cannot be revoked");
    }
}

static bool is_one_url(const DIST_POINT *point) {
    return point->reasons == NULL && point->CRLissuer == NULL && point->distpoint != NULL &&
           point->distpoint->type == 0 &&
           sk_GENERAL_NAME_num(point->distpoint->name.fullname) == 1 &&
           is_http_url(sk_GENERAL_NAME_value(point->distpoint->name.fullname, 0));
}

void lint_check_crl_address_content(struct lint *lint) {
    const CRL_DIST_POINTS *points = lint->extensions.crl_points;
    if (points == NULL) {
        return;
    }
    if (lint->extensions.crl_points_critical == EXTENSION_CRITICAL) {
        lint_report(lint, "the revocation list's address is critical");
    }
    if (sk_DIST_POINT_num(points) != 1 || !is_one_url(sk_DIST_POINT_value(points, 0))) {
        lint_report(lint, "the revocation list's address is not one http URL alone");
    }
}
