/* Pieces that certificates and revocation lists share. */
#include "ca/extension.h"

PL_DEFINE_FREEP(general_name_freep, GENERAL_NAME, GENERAL_NAME_free)
PL_DEFINE_FREEP(dist_point_name_freep, DIST_POINT_NAME, DIST_POINT_NAME_free)
PL_DEFINE_FREEP(authority_keyid_freep, AUTHORITY_KEYID, AUTHORITY_KEYID_free)

static bool fail_encode(struct err *e) {
    return err_set_openssl(e, ERR_PKI_DER_ENCODE, "cannot build what is to be signed");
}

bool ca_extension_add(STACK_OF(X509_EXTENSION) * *extensions, int nid, bool is_critical,
                      void *value, struct err *e) {
    return X509V3_add1_i2d(extensions, nid, value, is_critical, X509V3_ADD_APPEND) == 1 ||
           fail_encode(e);
}

bool ca_extension_add_authority_key_id(STACK_OF(X509_EXTENSION) * *extensions,
                                       const uint8_t *key_id, size_t key_id_len, struct err *e) {
    if (key_id_len == 0) {
        (void)err_set(e, ERR_CA_ISSUER_KEY,
                      "the CA's own certificate has no subject key identifier");
        return err_hint(e, "make a new issuing CA");
    }
    PL_AUTO(authority_keyid_freep) AUTHORITY_KEYID *value = AUTHORITY_KEYID_new();
    if (value == NULL || (value->keyid = ASN1_OCTET_STRING_new()) == NULL ||
        ASN1_OCTET_STRING_set(value->keyid, key_id, (int)key_id_len) != 1) {
        return fail_encode(e);
    }
    return ca_extension_add(extensions, NID_authority_key_identifier, false, value, e);
}

bool ca_general_name_url(const char *url, GENERAL_NAME **out_name, struct err *e) {
    PL_AUTO(general_name_freep) GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    if (name == NULL || text == NULL || ASN1_STRING_set(text, url, -1) != 1) {
        ASN1_IA5STRING_free(text);
        return fail_encode(e);
    }
    GENERAL_NAME_set0_value(name, GEN_URI, text);
    *out_name = PL_TAKE(name);
    return true;
}

bool ca_distribution_point_name(const char *url, DIST_POINT_NAME **out_name, struct err *e) {
    PL_AUTO(dist_point_name_freep) DIST_POINT_NAME *point = DIST_POINT_NAME_new();
    PL_AUTO(general_name_freep) GENERAL_NAME *name = NULL;
    if (point == NULL || (point->name.fullname = GENERAL_NAMES_new()) == NULL) {
        return fail_encode(e);
    }
    point->type = 0; /* fullName */
    if (!ca_general_name_url(url, &name, e)) {
        return false;
    }
    if (sk_GENERAL_NAME_push(point->name.fullname, name) <= 0) {
        return fail_encode(e);
    }
    name = NULL;
    *out_name = PL_TAKE(point);
    return true;
}

bool ca_signature_algorithm(const struct key_spec *key, X509_ALGOR *out_algorithm, struct err *e) {
    int nid = ca_signature_nid(key);
    if (nid == NID_undef) {
        (void)err_set(e, ERR_CA_ISSUER_KEY,
                      "there is no signature algorithm for the CA's kind of key");
        return err_hint(
            e, "make an issuing CA with an ECDSA P-256, P-384 or P-521, RSA or Ed25519 key");
    }
    /* RFC 4055 §5 wants NULL parameters for RSA; RFC 5758 §3.2 and RFC 8410 §3 want none. */
    int parameters = key->family == KEY_RSA ? V_ASN1_NULL : V_ASN1_UNDEF;
    return X509_ALGOR_set0(out_algorithm, OBJ_nid2obj(nid), parameters, NULL) == 1 ||
           fail_encode(e);
}

bool ca_time(int64_t time_ms, ASN1_TIME *out_time, struct err *e) {
    return ASN1_TIME_set(out_time, (time_t)(time_ms / 1000)) != NULL || fail_encode(e);
}

bool ca_serial_to_integer(const struct ca_serial *serial, ASN1_INTEGER *out_integer,
                          struct err *e) {
    return ASN1_STRING_set(out_integer, serial->bytes, (int)serial->len) == 1 || fail_encode(e);
}
