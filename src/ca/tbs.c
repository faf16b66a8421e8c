/*
 * To-be-signed certificates. The structure is RFC 5280's, spelt out as a template, so that the
 * signature algorithm can be set before there is a signature.
 */
#include "ca/tbs.h"

#include "base/mem.h"
#include "ca/extension.h"
#include "pki/key_id.h"

#include <openssl/asn1t.h>

enum { VERSION_3 = 2 };

/* keyUsage's bits, RFC 5280 §4.2.1.3 */
enum { DIGITAL_SIGNATURE = 0, KEY_ENCIPHERMENT = 2, KEY_CERT_SIGN = 5, CRL_SIGN = 6 };

/* Laid out as the schema. */
/* clang-format off */

/* RFC 5280 §4.1.2.5 */
typedef struct {
    ASN1_TIME *not_before;
    ASN1_TIME *not_after;
} TBS_VALIDITY;

ASN1_SEQUENCE(TBS_VALIDITY) = {
    ASN1_SIMPLE(TBS_VALIDITY, not_before, ASN1_TIME),
    ASN1_SIMPLE(TBS_VALIDITY, not_after, ASN1_TIME),
} static_ASN1_SEQUENCE_END(TBS_VALIDITY);

/* RFC 5280 §4.1; unique identifiers are never written. */
typedef struct {
    ASN1_INTEGER *version;
    ASN1_INTEGER *serial;
    X509_ALGOR *signature;
    X509_NAME *issuer;
    TBS_VALIDITY *validity;
    X509_NAME *subject;
    X509_PUBKEY *spki;
    STACK_OF(X509_EXTENSION) *extensions;
} TBS_CERTIFICATE;

ASN1_SEQUENCE(TBS_CERTIFICATE) = {
    ASN1_EXP(TBS_CERTIFICATE, version, ASN1_INTEGER, 0),
    ASN1_SIMPLE(TBS_CERTIFICATE, serial, ASN1_INTEGER),
    ASN1_SIMPLE(TBS_CERTIFICATE, signature, X509_ALGOR),
    ASN1_SIMPLE(TBS_CERTIFICATE, issuer, X509_NAME),
    ASN1_SIMPLE(TBS_CERTIFICATE, validity, TBS_VALIDITY),
    ASN1_SIMPLE(TBS_CERTIFICATE, subject, X509_NAME),
    ASN1_SIMPLE(TBS_CERTIFICATE, spki, X509_PUBKEY),
    ASN1_EXP_SEQUENCE_OF(TBS_CERTIFICATE, extensions, X509_EXTENSION, 3),
} static_ASN1_SEQUENCE_END(TBS_CERTIFICATE);
/* clang-format on */

static void tbs_freep(TBS_CERTIFICATE **tbs) {
    ASN1_item_free((ASN1_VALUE *)*tbs, ASN1_ITEM_rptr(TBS_CERTIFICATE));
}

static int tbs_encode(const void *tbs, unsigned char **out) {
    return ASN1_item_i2d(tbs, out, ASN1_ITEM_rptr(TBS_CERTIFICATE));
}

static bool fail_encode(struct err *e) {
    return err_set_openssl(e, ERR_PKI_DER_ENCODE, "cannot build what is to be signed");
}

/* --- fields ------------------------------------------------------ */

static bool set_name(const X509_NAME *name, X509_NAME **field, struct err *e) {
    /* A copy keeps the bytes as they were read: BR §7.1.4.1 wants them identical. */
    X509_NAME *copy = X509_NAME_dup(name);
    if (copy == NULL) {
        return fail_encode(e);
    }
    X509_NAME_free(*field);
    *field = copy;
    return true;
}

static bool set_subject(const struct dn *subject, X509_NAME **field, struct err *e) {
    X509_NAME *name = NULL;
    if (!dn_to_x509_name(subject, &name, e)) {
        return false;
    }
    X509_NAME_free(*field);
    *field = name;
    return true;
}

static bool set_spki(const uint8_t *spki, size_t spki_len, X509_PUBKEY **field, struct err *e) {
    PL_BUG_UNLESS(spki_len <= KEY_DER_MAX);
    const uint8_t *at = spki;
    X509_PUBKEY *key = d2i_X509_PUBKEY(NULL, &at, (long)spki_len);
    if (key == NULL || at != spki + spki_len) {
        X509_PUBKEY_free(key);
        return err_set_openssl(e, ERR_PKI_KEY_INVALID, "this is not a public key");
    }
    X509_PUBKEY_free(*field);
    *field = key;
    return true;
}

static bool set_fields(TBS_CERTIFICATE *tbs, const struct key_spec *signer,
                       const struct ca_serial *serial, const struct ca_validity *validity,
                       struct err *e) {
    if (ASN1_INTEGER_set(tbs->version, VERSION_3) != 1) {
        return fail_encode(e);
    }
    return ca_serial_to_integer(serial, tbs->serial, e) &&
           ca_signature_algorithm(signer, tbs->signature, e) &&
           ca_time(validity->not_before_ms, tbs->validity->not_before, e) &&
           ca_time(validity->not_after_ms, tbs->validity->not_after, e);
}

/* --- extensions -------------------------------------------------- */

PL_DEFINE_FREEP(bit_string_freep, ASN1_BIT_STRING, ASN1_BIT_STRING_free)
PL_DEFINE_FREEP(octet_string_freep, ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)
PL_DEFINE_FREEP(basic_constraints_freep, BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free)
PL_DEFINE_FREEP(extended_key_usage_freep, EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free)
PL_DEFINE_FREEP(certificate_policies_freep, CERTIFICATEPOLICIES, CERTIFICATEPOLICIES_free)
PL_DEFINE_FREEP(policy_info_freep, POLICYINFO, POLICYINFO_free)
PL_DEFINE_FREEP(access_freep, AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free)
PL_DEFINE_FREEP(access_description_freep, ACCESS_DESCRIPTION, ACCESS_DESCRIPTION_free)
PL_DEFINE_FREEP(dist_points_freep, CRL_DIST_POINTS, CRL_DIST_POINTS_free)
PL_DEFINE_FREEP(dist_point_freep, DIST_POINT, DIST_POINT_free)

enum { NO_BIT = -1, NO_PATH_LENGTH = -1 };

static bool add_key_usage(TBS_CERTIFICATE *tbs, int bit, int other_bit, struct err *e) {
    PL_AUTO(bit_string_freep) ASN1_BIT_STRING *usage = ASN1_BIT_STRING_new();
    if (usage == NULL || ASN1_BIT_STRING_set_bit(usage, bit, 1) != 1 ||
        (other_bit != NO_BIT && ASN1_BIT_STRING_set_bit(usage, other_bit, 1) != 1)) {
        return fail_encode(e);
    }
    return ca_extension_add(&tbs->extensions, NID_key_usage, true, usage, e);
}

static bool add_extended_key_usage(TBS_CERTIFICATE *tbs, bool is_client_auth, struct err *e) {
    PL_AUTO(extended_key_usage_freep) EXTENDED_KEY_USAGE *usage = EXTENDED_KEY_USAGE_new();
    if (usage == NULL || sk_ASN1_OBJECT_push(usage, OBJ_nid2obj(NID_server_auth)) <= 0 ||
        (is_client_auth && sk_ASN1_OBJECT_push(usage, OBJ_nid2obj(NID_client_auth)) <= 0)) {
        return fail_encode(e);
    }
    return ca_extension_add(&tbs->extensions, NID_ext_key_usage, false, usage, e);
}

static bool add_basic_constraints(TBS_CERTIFICATE *tbs, bool is_ca, int path_length,
                                  struct err *e) {
    PL_AUTO(basic_constraints_freep) BASIC_CONSTRAINTS *constraints = BASIC_CONSTRAINTS_new();
    if (constraints == NULL) {
        return fail_encode(e);
    }
    constraints->ca = is_ca ? 0xFF : 0;
    if (path_length != NO_PATH_LENGTH &&
        ((constraints->pathlen = ASN1_INTEGER_new()) == NULL ||
         ASN1_INTEGER_set(constraints->pathlen, path_length) != 1)) {
        return fail_encode(e);
    }
    return ca_extension_add(&tbs->extensions, NID_basic_constraints, true, constraints, e);
}

static bool add_subject_key_id(TBS_CERTIFICATE *tbs, const uint8_t key_id[KEY_ID_LEN],
                               struct err *e) {
    PL_AUTO(octet_string_freep) ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    if (value == NULL || ASN1_OCTET_STRING_set(value, key_id, KEY_ID_LEN) != 1) {
        return fail_encode(e);
    }
    return ca_extension_add(&tbs->extensions, NID_subject_key_identifier, false, value, e);
}

static bool add_policy(TBS_CERTIFICATE *tbs, const char *oid, struct err *e) {
    PL_AUTO(certificate_policies_freep) CERTIFICATEPOLICIES *policies = CERTIFICATEPOLICIES_new();
    PL_AUTO(policy_info_freep) POLICYINFO *policy = POLICYINFO_new();
    if (policies == NULL || policy == NULL || (policy->policyid = OBJ_txt2obj(oid, 1)) == NULL ||
        sk_POLICYINFO_push(policies, policy) <= 0) {
        return fail_encode(e);
    }
    policy = NULL;
    return ca_extension_add(&tbs->extensions, NID_certificate_policies, false, policies, e);
}

static bool add_access(AUTHORITY_INFO_ACCESS *access, int method, const char *url, struct err *e) {
    PL_AUTO(access_description_freep) ACCESS_DESCRIPTION *description = ACCESS_DESCRIPTION_new();
    if (description == NULL) {
        return fail_encode(e);
    }
    GENERAL_NAME_free(description->location);
    description->location = NULL;
    if (!ca_general_name_url(url, &description->location, e)) {
        return false;
    }
    ASN1_OBJECT_free(description->method);
    description->method = OBJ_nid2obj(method);
    if (sk_ACCESS_DESCRIPTION_push(access, description) <= 0) {
        return fail_encode(e);
    }
    description = NULL;
    return true;
}

static bool add_authority_info_access(TBS_CERTIFICATE *tbs, const struct ca_issuer *issuer,
                                      struct err *e) {
    PL_AUTO(access_freep) AUTHORITY_INFO_ACCESS *access = AUTHORITY_INFO_ACCESS_new();
    PL_AUTO(mem_freep) char *certificate_url = NULL;
    PL_AUTO(mem_freep) char *ocsp_url = NULL;
    if (access == NULL) {
        return fail_encode(e);
    }
    if (issuer->has_ocsp &&
        (!ca_address_ocsp(issuer, &ocsp_url, e) || !add_access(access, NID_ad_OCSP, ocsp_url, e))) {
        return false;
    }
    return ca_address_certificate(issuer, &certificate_url, e) &&
           add_access(access, NID_ad_ca_issuers, certificate_url, e) &&
           ca_extension_add(&tbs->extensions, NID_info_access, false, access, e);
}

static bool add_crl_address(TBS_CERTIFICATE *tbs, const struct ca_issuer *issuer, unsigned shard,
                            struct err *e) {
    PL_AUTO(dist_points_freep) CRL_DIST_POINTS *points = CRL_DIST_POINTS_new();
    PL_AUTO(dist_point_freep) DIST_POINT *point = DIST_POINT_new();
    PL_AUTO(mem_freep) char *url = NULL;
    if (points == NULL || point == NULL) {
        return fail_encode(e);
    }
    if (!ca_address_crl(issuer, shard, &url, e) ||
        !ca_distribution_point_name(url, &point->distpoint, e)) {
        return false;
    }
    if (sk_DIST_POINT_push(points, point) <= 0) {
        return fail_encode(e);
    }
    point = NULL;
    return ca_extension_add(&tbs->extensions, NID_crl_distribution_points, false, points, e);
}

/* Where the issuer's certificate and the CRL of this serial are, when there is a base URL. */
static bool add_addresses(TBS_CERTIFICATE *tbs, const struct ca_issuer *issuer,
                          const struct ca_serial *serial, struct err *e) {
    return !ca_issuer_has_base_url(issuer) ||
           (add_authority_info_access(tbs, issuer, e) &&
            add_crl_address(tbs, issuer, ca_serial_shard(serial, issuer->crl_shard_count), e));
}

static bool add_names(TBS_CERTIFICATE *tbs, const struct ca_leaf *leaf, struct err *e) {
    PL_AUTO(x509_extension_freep) X509_EXTENSION *extension = NULL;
    if (!san_list_to_extension(&leaf->sans, leaf->subject.count == 0, &extension, e)) {
        return false;
    }
    return X509v3_add_ext(&tbs->extensions, extension, -1) != NULL || fail_encode(e);
}

/* --- the three kinds --------------------------------------------- */

static bool add_leaf_policy(TBS_CERTIFICATE *tbs, enum ca_validation validation, struct err *e) {
    switch (validation) {
    case CA_VALIDATION_NONE:
        return true;
    case CA_VALIDATION_DOMAIN:
        return add_policy(tbs, "2.23.140.1.2.1", e);
    case CA_VALIDATION_ORGANIZATION:
        return add_policy(tbs, "2.23.140.1.2.2", e);
    }
    PL_BUG_UNLESS(false);
}

static bool add_leaf_extensions(TBS_CERTIFICATE *tbs, const struct ca_leaf *leaf,
                                const struct ca_issuer *issuer, const struct ca_serial *serial,
                                struct err *e) {
    const struct cert_key_id *key_id = &issuer->certificate->subject_key_id;
    int encipherment = leaf->key_spec.family == KEY_RSA ? KEY_ENCIPHERMENT : NO_BIT;
    return add_key_usage(tbs, DIGITAL_SIGNATURE, encipherment, e) &&
           add_extended_key_usage(tbs, leaf->is_client_auth, e) &&
           add_basic_constraints(tbs, false, NO_PATH_LENGTH, e) &&
           ca_extension_add_authority_key_id(&tbs->extensions, key_id->bytes, key_id->len, e) &&
           add_names(tbs, leaf, e) && add_leaf_policy(tbs, leaf->validation, e) &&
           add_addresses(tbs, issuer, serial, e);
}

bool ca_leaf_tbs(const struct ca_leaf *leaf, const struct ca_issuer *issuer,
                 const struct ca_serial *serial, struct buf *out, struct err *e) {
    if (leaf->profile->needs_base_url && !ca_issuer_has_base_url(issuer)) {
        return err_set(e, ERR_CA_PROFILE_BASE_URL, "the CA has no base URL");
    }
    PL_AUTO(tbs_freep)
    TBS_CERTIFICATE *tbs = (TBS_CERTIFICATE *)ASN1_item_new(ASN1_ITEM_rptr(TBS_CERTIFICATE));
    if (tbs == NULL) {
        return fail_encode(e);
    }
    return set_fields(tbs, &issuer->certificate->key_spec, serial, &leaf->validity, e) &&
           set_name(X509_get_subject_name(issuer->certificate->x509), &tbs->issuer, e) &&
           set_subject(&leaf->subject, &tbs->subject, e) &&
           set_spki(leaf->spki, leaf->spki_len, &tbs->spki, e) &&
           add_leaf_extensions(tbs, leaf, issuer, serial, e) &&
           openssl_append_der(out, tbs_encode, tbs, e);
}

bool ca_root_tbs(const struct ca_authority *root, const struct ca_serial *serial, struct buf *out,
                 struct err *e) {
    PL_AUTO(tbs_freep)
    TBS_CERTIFICATE *tbs = (TBS_CERTIFICATE *)ASN1_item_new(ASN1_ITEM_rptr(TBS_CERTIFICATE));
    uint8_t key_id[KEY_ID_LEN];
    if (tbs == NULL) {
        return fail_encode(e);
    }
    if (!set_spki(root->spki, root->spki_len, &tbs->spki, e) ||
        !key_id_from_spki(root->spki, root->spki_len, key_id, e)) {
        return false;
    }
    EVP_PKEY *key = X509_PUBKEY_get0(tbs->spki);
    if (key == NULL) {
        return err_set_openssl(e, ERR_PKI_KEY_INVALID, "this is not a public key");
    }
    struct key_spec spec = key_spec_of(key);
    return set_fields(tbs, &spec, serial, &root->validity, e) &&
           set_subject(root->subject, &tbs->subject, e) &&
           set_name(tbs->subject, &tbs->issuer, e) &&
           add_key_usage(tbs, KEY_CERT_SIGN, CRL_SIGN, e) &&
           add_basic_constraints(tbs, true, CA_ROOT_PATH_LENGTH, e) &&
           add_subject_key_id(tbs, key_id, e) &&
           ca_extension_add_authority_key_id(&tbs->extensions, key_id, sizeof(key_id), e) &&
           openssl_append_der(out, tbs_encode, tbs, e);
}

bool ca_issuing_tbs(const struct ca_authority *authority, const struct ca_issuer *root,
                    const struct ca_serial *serial, struct buf *out, struct err *e) {
    PL_AUTO(tbs_freep)
    TBS_CERTIFICATE *tbs = (TBS_CERTIFICATE *)ASN1_item_new(ASN1_ITEM_rptr(TBS_CERTIFICATE));
    const struct cert_key_id *root_id = &root->certificate->subject_key_id;
    uint8_t key_id[KEY_ID_LEN];
    if (tbs == NULL) {
        return fail_encode(e);
    }
    return set_fields(tbs, &root->certificate->key_spec, serial, &authority->validity, e) &&
           set_name(X509_get_subject_name(root->certificate->x509), &tbs->issuer, e) &&
           set_subject(authority->subject, &tbs->subject, e) &&
           set_spki(authority->spki, authority->spki_len, &tbs->spki, e) &&
           key_id_from_spki(authority->spki, authority->spki_len, key_id, e) &&
           add_key_usage(tbs, KEY_CERT_SIGN, CRL_SIGN, e) &&
           add_extended_key_usage(tbs, authority->is_client_auth, e) &&
           add_basic_constraints(tbs, true, CA_ISSUING_PATH_LENGTH, e) &&
           add_subject_key_id(tbs, key_id, e) &&
           ca_extension_add_authority_key_id(&tbs->extensions, root_id->bytes, root_id->len, e) &&
           add_policy(tbs, "2.5.29.32.0", e) && add_addresses(tbs, root, serial, e) &&
           openssl_append_der(out, tbs_encode, tbs, e);
}
