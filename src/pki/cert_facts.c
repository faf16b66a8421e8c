/* A certificate's extensions in words. Limits: CERT_FACTS_MAX of each kind. */
#include "pki/cert_facts.h"

#include "base/mem.h"
#include "base/str.h"
#include "codec/ip.h"
#include "pki/openssl.h"

#include <openssl/err.h>

#include <string.h>

PL_DEFINE_FREEP(policies_freep, CERTIFICATEPOLICIES, CERTIFICATEPOLICIES_free)
PL_DEFINE_FREEP(name_constraints_freep, NAME_CONSTRAINTS, NAME_CONSTRAINTS_free)
PL_DEFINE_FREEP(usages_freep, EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free)
PL_DEFINE_FREEP(access_freep, AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free)
PL_DEFINE_FREEP(points_freep, CRL_DIST_POINTS, CRL_DIST_POINTS_free)
PL_DEFINE_FREEP(features_freep, TLS_FEATURE, TLS_FEATURE_free)

/* NULL when it is absent, there twice, or cannot be decoded. */
static void *read_extension(const struct cert *cert, int nid) {
    void *value = X509_get_ext_d2i(cert->x509, nid, NULL, NULL);
    ERR_clear_error();
    return value;
}

/* --- usages --- */

bool cert_key_usages(const struct cert *cert, char **out_text, struct err *e) {
    static const struct {
        uint32_t bit;
        const char *name;
    } bits[] = {
        {KU_DIGITAL_SIGNATURE, "digital signature"}, {KU_NON_REPUDIATION, "non-repudiation"},
        {KU_KEY_ENCIPHERMENT, "key encipherment"},   {KU_DATA_ENCIPHERMENT, "data encipherment"},
        {KU_KEY_AGREEMENT, "key agreement"},         {KU_KEY_CERT_SIGN, "signing certificates"},
        {KU_CRL_SIGN, "signing revocation lists"},   {KU_ENCIPHER_ONLY, "encipher only"},
        {KU_DECIPHER_ONLY, "decipher only"},
    };
    PL_AUTO(list_clear) struct list names;
    list_init(&names, PL_ARRAY_LEN(bits));
    *out_text = NULL;
    if ((X509_get_extension_flags(cert->x509) & EXFLAG_KUSAGE) == 0) {
        return true;
    }
    uint32_t usage = X509_get_key_usage(cert->x509);
    for (size_t i = 0; i < PL_ARRAY_LEN(bits); i++) {
        if ((usage & bits[i].bit) != 0 && !list_add(&names, bits[i].name, e)) {
            return false;
        }
    }
    return list_join(&names, ", ", out_text, e);
}

static void name_usage(const ASN1_OBJECT *usage, char *out, size_t size) {
    static const struct {
        int nid;
        const char *name;
    } known[] = {
        {NID_server_auth, "TLS server"},      {NID_client_auth, "TLS client"},
        {NID_email_protect, "e-mail"},        {NID_code_sign, "signing code"},
        {NID_OCSP_sign, "OCSP responses"},    {NID_time_stamp, "time stamps"},
        {NID_anyExtendedKeyUsage, "any use"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(known); i++) {
        if (OBJ_obj2nid(usage) == known[i].nid) {
            (void)str_copy(out, size, known[i].name);
            return;
        }
    }
    if (OBJ_obj2txt(out, (int)size, usage, 0) <= 0) {
        (void)str_copy(out, size, "an unknown use");
    }
}

bool cert_extended_usages(const struct cert *cert, char **out_text, struct err *e) {
    PL_AUTO(usages_freep) EXTENDED_KEY_USAGE *usages = read_extension(cert, NID_ext_key_usage);
    PL_AUTO(list_clear) struct list names;
    list_init(&names, CERT_FACTS_MAX);
    *out_text = NULL;
    if (usages == NULL) {
        return true;
    }
    for (int i = 0; i < sk_ASN1_OBJECT_num(usages) && i < CERT_FACTS_MAX; i++) {
        char name[80];
        name_usage(sk_ASN1_OBJECT_value(usages, i), name, sizeof(name));
        if (!list_add(&names, name, e)) {
            return false;
        }
    }
    return list_join(&names, ", ", out_text, e);
}

/* --- constraints --- */

int cert_path_length(const struct cert *cert) {
    return (int)X509_get_pathlen(cert->x509);
}

/* An address with its mask; "" when it is neither IPv4's nor IPv6's size. */
static void describe_network(const ASN1_OCTET_STRING *value, char out[2 * IP_TEXT_SIZE + 2]) {
    size_t len = (size_t)ASN1_STRING_length(value) / 2;
    struct ip ip = {.len = len};
    char text[IP_TEXT_SIZE];
    out[0] = '\0';
    if ((len != 4 && len != 16) || ASN1_STRING_length(value) % 2 != 0) {
        return;
    }
    const uint8_t *bytes = ASN1_STRING_get0_data(value);
    unsigned bits = 0;
    memcpy(ip.bytes, bytes, len);
    ip_format(&ip, text);
    while (bits < 8 * len && (bytes[len + bits / 8] & (0x80U >> (bits % 8))) != 0) {
        bits++;
    }
    (void)snprintf(out, 2 * IP_TEXT_SIZE + 2, "%s/%u", text, bits);
}

static bool add_directory_name(const char *verb, const X509_NAME *name, struct list *out,
                               struct err *e) {
    struct dn dn = {0};
    PL_AUTO(mem_freep) char *text = NULL;
    bool ok = dn_from_x509_name(name, &dn, e) && dn_format(&dn, &text, e) &&
              list_printf(out, e, "%s names below %s", verb, text);
    dn_clear(&dn);
    return ok;
}

static bool add_text(const char *verb, const char *kind, const ASN1_STRING *value, struct list *out,
                     struct err *e) {
    return list_printf(out, e, "%s %s %.*s", verb, kind, ASN1_STRING_length(value),
                       (const char *)ASN1_STRING_get0_data(value));
}

static bool add_subtree(const char *verb, const GENERAL_NAME *name, struct list *out,
                        struct err *e) {
    char network[2 * IP_TEXT_SIZE + 2];
    switch (name->type) {
    case GEN_DNS:
        return add_text(verb, "DNS", name->d.dNSName, out, e);
    case GEN_EMAIL:
        return add_text(verb, "e-mail", name->d.rfc822Name, out, e);
    case GEN_URI:
        return add_text(verb, "URI", name->d.uniformResourceIdentifier, out, e);
    case GEN_IPADD:
        describe_network(name->d.iPAddress, network);
        return list_printf(out, e, "%s IP %s", verb, network);
    case GEN_DIRNAME:
        return add_directory_name(verb, name->d.directoryName, out, e);
    default:
        return list_printf(out, e, "%s names of another kind", verb);
    }
}

static bool add_subtrees(const char *verb, const STACK_OF(GENERAL_SUBTREE) * trees,
                         struct list *out, struct err *e) {
    for (int i = 0; i < sk_GENERAL_SUBTREE_num(trees) && i < CERT_FACTS_MAX / 2; i++) {
        if (!add_subtree(verb, sk_GENERAL_SUBTREE_value(trees, i)->base, out, e)) {
            return false;
        }
    }
    return true;
}

bool cert_name_constraints(const struct cert *cert, struct list *out_lines, struct err *e) {
    PL_AUTO(name_constraints_freep)
    NAME_CONSTRAINTS *constraints = read_extension(cert, NID_name_constraints);
    return constraints == NULL ||
           (add_subtrees("only", constraints->permittedSubtrees, out_lines, e) &&
            add_subtrees("never", constraints->excludedSubtrees, out_lines, e));
}

/* --- policies --- */

bool cert_policies(const struct cert *cert, struct list *out_oids, struct err *e) {
    PL_AUTO(policies_freep)
    CERTIFICATEPOLICIES *policies = read_extension(cert, NID_certificate_policies);
    for (int i = 0; i < sk_POLICYINFO_num(policies) && i < CERT_FACTS_MAX; i++) {
        char oid[80];
        const POLICYINFO *policy = sk_POLICYINFO_value(policies, i);
        if (OBJ_obj2txt(oid, sizeof(oid), policy->policyid, 1) > 0 && !list_add(out_oids, oid, e)) {
            return false;
        }
    }
    return true;
}

enum cert_validation cert_validation_of(const struct cert *cert) {
    static const char *const reserved[] = {
        [CERT_VALIDATION_DOMAIN] = "2.23.140.1.2.1",
        [CERT_VALIDATION_ORGANISATION] = "2.23.140.1.2.2",
        [CERT_VALIDATION_INDIVIDUAL] = "2.23.140.1.2.3",
        [CERT_VALIDATION_EXTENDED] = "2.23.140.1.1",
    };
    PL_AUTO(policies_freep)
    CERTIFICATEPOLICIES *policies = read_extension(cert, NID_certificate_policies);
    enum cert_validation found = CERT_VALIDATION_NONE;
    for (int i = 0; i < sk_POLICYINFO_num(policies); i++) {
        char oid[80] = "";
        (void)OBJ_obj2txt(oid, sizeof(oid), sk_POLICYINFO_value(policies, i)->policyid, 1);
        for (size_t kind = CERT_VALIDATION_DOMAIN; kind < PL_ARRAY_LEN(reserved); kind++) {
            if (str_equal(oid, reserved[kind]) && kind > (size_t)found) {
                found = (enum cert_validation)kind;
            }
        }
    }
    return found;
}

/* --- addresses --- */

static bool add_url(const GENERAL_NAME *name, struct list *out, struct err *e) {
    if (name->type != GEN_URI) {
        return true;
    }
    const ASN1_IA5STRING *url = name->d.uniformResourceIdentifier;
    size_t len = (size_t)ASN1_STRING_length(url);
    const char *text = (const char *)ASN1_STRING_get0_data(url);
    /* one with a NUL inside is no address */
    return len == 0 || memchr(text, '\0', len) != NULL || out->count >= CERT_FACTS_MAX ||
           list_printf(out, e, "%.*s", (int)len, text);
}

static bool add_access(const struct cert *cert, int method, struct list *out, struct err *e) {
    PL_AUTO(access_freep) AUTHORITY_INFO_ACCESS *access = read_extension(cert, NID_info_access);
    for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access); i++) {
        const ACCESS_DESCRIPTION *one = sk_ACCESS_DESCRIPTION_value(access, i);
        if (OBJ_obj2nid(one->method) == method && !add_url(one->location, out, e)) {
            return false;
        }
    }
    return true;
}

static bool add_points(const CRL_DIST_POINTS *points, struct list *out, struct err *e) {
    for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
        const DIST_POINT_NAME *name = sk_DIST_POINT_value(points, i)->distpoint;
        if (name == NULL || name->type != 0) {
            continue; /* relative to its issuer's name: no address */
        }
        for (int n = 0; n < sk_GENERAL_NAME_num(name->name.fullname); n++) {
            if (!add_url(sk_GENERAL_NAME_value(name->name.fullname, n), out, e)) {
                return false;
            }
        }
    }
    return true;
}

static bool add_points_of(const struct cert *cert, int nid, struct list *out, struct err *e) {
    PL_AUTO(points_freep) CRL_DIST_POINTS *points = read_extension(cert, nid);
    return add_points(points, out, e);
}

bool cert_addresses(const struct cert *cert, enum cert_address kind, struct list *out_urls,
                    struct err *e) {
    switch (kind) {
    case CERT_ADDRESS_ISSUER:
        return add_access(cert, NID_ad_ca_issuers, out_urls, e);
    case CERT_ADDRESS_OCSP:
        return add_access(cert, NID_ad_OCSP, out_urls, e);
    case CERT_ADDRESS_CRL:
        return add_points_of(cert, NID_crl_distribution_points, out_urls, e);
    case CERT_ADDRESS_DELTA:
        return add_points_of(cert, NID_freshest_crl, out_urls, e);
    }
    return true;
}

bool crl_delta_addresses(const struct crl *crl, struct list *out_urls, struct err *e) {
    PL_AUTO(points_freep)
    CRL_DIST_POINTS *points = X509_CRL_get_ext_d2i(crl->x509_crl, NID_freshest_crl, NULL, NULL);
    return add_points(points, out_urls, e);
}

bool cert_wants_staple(const struct cert *cert) {
    enum { STATUS_REQUEST = 5 };
    PL_AUTO(features_freep) TLS_FEATURE *features = read_extension(cert, NID_tlsfeature);
    for (int i = 0; i < sk_ASN1_INTEGER_num(features); i++) {
        if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == STATUS_REQUEST) {
            return true;
        }
    }
    return false;
}
