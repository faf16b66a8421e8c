/* Certificates for tests. */
#include "make_cert.h"

#include "unit.h"

#include <openssl/bn.h>
#include <openssl/conf.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

/* One answer of OpenSSL that must be yes. */
static void must(int answer, const char *what) {
    if (answer <= 0) {
        fail_msg("make_cert: %s", what);
    }
}

static EVP_PKEY *make_key(const char *type) {
    if (type == NULL) {
        type = "P-256";
    }
    EVP_PKEY *key = NULL;
    if (strncmp(type, "RSA-", 4) == 0) {
        key = EVP_RSA_gen((unsigned)strtoul(type + 4, NULL, 10));
    } else if (strcmp(type, "ED25519") == 0) {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    } else {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", type);
    }
    must(key != NULL, "key");
    return key;
}

static void set_time(ASN1_TIME *time, int64_t time_ms) {
    must(X509_time_adj_ex(time, 0, 0, &(time_t){time_ms / 1000}) != NULL, "time");
}

static void set_name(X509_NAME *name, const struct make_cert *wish) {
    if (wish->organisation != NULL) {
        must(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
                                        (const uint8_t *)wish->organisation, -1, -1, 0),
             "O");
    }
    if (wish->name != NULL) {
        must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)wish->name, -1,
                                        -1, 0),
             "CN");
    }
}

static void set_serial(X509 *x509, const char *serial) {
    BIGNUM *number = NULL;
    if (serial != NULL) {
        must(BN_hex2bn(&number, serial), "serial");
    } else {
        number = BN_new();
        must(number != NULL && BN_rand(number, 128, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY), "serial");
    }
    must(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != NULL, "serial");
    BN_free(number);
}

/* Left out when value is NULL or empty. */
static void add_extension(X509 *x509, X509V3_CTX *context, int nid, const char *value) {
    if (value == NULL || value[0] == '\0') {
        return;
    }
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, context, nid, value);
    must(extension != NULL, value);
    must(X509_add_ext(x509, extension, -1), value);
    X509_EXTENSION_free(extension);
}

static void add_unknown_critical(X509 *x509, const char *oid) {
    if (oid == NULL) {
        return;
    }
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    must(object != NULL && ASN1_OCTET_STRING_set(value, (const uint8_t *)"\x05\x00", 2), oid);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
    must(X509_add_ext(x509, extension, -1), oid);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(object);
}

static const char *basic_constraints(const struct make_cert *wish, char text[64]) {
    if (wish->basic_constraints != NULL) {
        return wish->basic_constraints;
    }
    if (!wish->is_ca) {
        return "critical,CA:FALSE";
    }
    if (wish->path_length == 0) {
        return "critical,CA:TRUE";
    }
    (void)snprintf(text, 64, "critical,CA:TRUE,pathlen:%d", wish->path_length - 1);
    return text;
}

static void add_extensions(X509 *x509, const struct make_cert *wish, X509 *issuer) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, x509, NULL, NULL, 0);
    CONF *nothing = NCONF_new(NULL); /* policies want one to look into */
    must(nothing != NULL, "configuration");
    X509V3_set_nconf(&context, nothing);
    char text[64];
    const char *key_usage =
        wish->is_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature";
    const char *extended = wish->is_ca ? NULL : "serverAuth";
    add_extension(x509, &context, NID_basic_constraints, basic_constraints(wish, text));
    add_extension(x509, &context, NID_key_usage,
                  wish->key_usage != NULL ? wish->key_usage : key_usage);
    add_extension(x509, &context, NID_ext_key_usage,
                  wish->extended_key_usage != NULL ? wish->extended_key_usage : extended);
    add_extension(x509, &context, NID_subject_alt_name, wish->sans);
    add_extension(x509, &context, NID_name_constraints, wish->name_constraints);
    add_extension(x509, &context, NID_crl_distribution_points, wish->crl_address);
    add_extension(x509, &context, NID_info_access, wish->access);
    add_extension(x509, &context, NID_certificate_policies, wish->policies);
    add_extension(x509, &context, NID_tlsfeature, wish->tls_feature);
    if (!wish->has_no_key_ids) {
        add_extension(x509, &context, NID_subject_key_identifier,
                      wish->key_id != NULL ? wish->key_id : "hash");
        add_extension(x509, &context, NID_authority_key_identifier,
                      wish->issuer != NULL ? "keyid" : NULL);
    }
    add_unknown_critical(x509, wish->unknown_critical);
    NCONF_free(nothing);
}

static const EVP_MD *digest_for(const EVP_PKEY *key, const char *name) {
    if (EVP_PKEY_is_a(key, "ED25519")) {
        return NULL;
    }
    const EVP_MD *digest = EVP_get_digestbyname(name != NULL ? name : "SHA256");
    must(digest != NULL, "digest");
    return digest;
}

static void break_signature(X509 *x509) {
    const ASN1_BIT_STRING *signature = NULL;
    X509_get0_signature(&signature, NULL, x509);
    /* OpenSSL hands it out as const; the test owns the certificate */
    union {
        const unsigned char *borrowed;
        unsigned char *owned;
    } bytes = {.borrowed = ASN1_STRING_get0_data(signature)};
    bytes.owned[ASN1_STRING_length(signature) - 1] ^= 1;
}

struct made make_cert(struct make_cert wish) {
    struct made made = {.x509 = X509_new()};
    must(made.x509 != NULL, "certificate");
    if (wish.key_of != NULL) {
        made.key = wish.key_of->key;
        must(EVP_PKEY_up_ref(made.key), "key");
    } else {
        made.key = make_key(wish.key_type);
    }
    X509 *issuer = wish.issuer != NULL ? wish.issuer->x509 : made.x509;
    EVP_PKEY *signer = wish.issuer != NULL ? wish.issuer->key : made.key;
    must(X509_set_version(made.x509, wish.is_v1 ? X509_VERSION_1 : X509_VERSION_3), "version");
    set_serial(made.x509, wish.serial);
    set_name(X509_get_subject_name(made.x509), &wish);
    must(X509_set_issuer_name(made.x509, X509_get_subject_name(issuer)), "issuer");
    set_time(X509_getm_notBefore(made.x509),
             wish.not_before_ms != 0 ? wish.not_before_ms : MAKE_CERT_NOT_BEFORE_MS);
    set_time(X509_getm_notAfter(made.x509),
             wish.not_after_ms != 0 ? wish.not_after_ms : MAKE_CERT_NOT_AFTER_MS);
    must(X509_set_pubkey(made.x509, made.key), "public key");
    if (!wish.is_v1) {
        add_extensions(made.x509, &wish, issuer);
    }
    must(X509_sign(made.x509, signer, digest_for(signer, wish.digest)), "signature");
    if (wish.has_broken_signature) {
        break_signature(made.x509);
    }
    struct err e = {0};
    assert_ok(cert_from_x509(made.x509, &made.cert, &e), &e);
    return made;
}

void made_clear(struct made *made) {
    X509_free(made->x509);
    EVP_PKEY_free(made->key);
    cert_free(made->cert);
    *made = (struct made){0};
}

static void add_revoked(X509_CRL *crl, const struct make_revoked *revoked) {
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_TIME *at = ASN1_TIME_new();
    must(entry != NULL && at != NULL, "entry");
    set_time(at, revoked->at_ms);
    must(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked->cert->x509)),
         "serial");
    must(X509_REVOKED_set_revocationDate(entry, at), "date");
    if (revoked->reason >= 0) {
        ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
        must(ASN1_ENUMERATED_set(reason, revoked->reason), "reason");
        must(X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0), "reason");
        ASN1_ENUMERATED_free(reason);
    }
    if (revoked->has_unknown_critical) {
        ASN1_OBJECT *object = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);
        ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
        must(value != NULL && ASN1_OCTET_STRING_set(value, (const uint8_t *)"\5\0", 2), "value");
        X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
        must(extension != NULL && X509_REVOKED_add_ext(entry, extension, -1), "extension");
        X509_EXTENSION_free(extension);
        ASN1_OCTET_STRING_free(value);
        ASN1_OBJECT_free(object);
    }
    must(X509_CRL_add0_revoked(crl, entry), "entry");
    ASN1_TIME_free(at);
}

static void add_crl_number(X509_CRL *crl, int nid, long value) {
    ASN1_INTEGER *number = ASN1_INTEGER_new();
    must(number != NULL && ASN1_INTEGER_set(number, value), "number");
    must(X509_CRL_add1_ext_i2d(crl, nid, number, nid == NID_delta_crl, 0), "number");
    ASN1_INTEGER_free(number);
}

static void set_crl_times(X509_CRL *crl, const struct make_crl *wish) {
    enum { DAY_MS = 24 * 3600 * 1000 };
    ASN1_TIME *time = ASN1_TIME_new();
    must(time != NULL, "time");
    set_time(time, wish->this_ms != 0 ? wish->this_ms : MAKE_CERT_NOW_MS - DAY_MS);
    must(X509_CRL_set1_lastUpdate(crl, time), "this update");
    if (wish->next_ms >= 0) {
        set_time(time, wish->next_ms != 0 ? wish->next_ms : MAKE_CERT_NOW_MS + DAY_MS);
        must(X509_CRL_set1_nextUpdate(crl, time), "next update");
    }
    ASN1_TIME_free(time);
}

X509_CRL *make_crl(struct make_crl wish) {
    X509_CRL *crl = X509_CRL_new();
    must(crl != NULL && X509_CRL_set_version(crl, X509_CRL_VERSION_2), "version");
    must(X509_CRL_set_issuer_name(crl, X509_get_subject_name(wish.issuer->x509)), "issuer");
    set_crl_times(crl, &wish);
    for (size_t i = 0; i < wish.revoked_count; i++) {
        add_revoked(crl, &wish.revoked[i]);
    }
    must(X509_CRL_sort(crl), "order");
    add_crl_number(crl, NID_crl_number, 7);
    if (wish.is_delta) {
        add_crl_number(crl, NID_delta_crl, 6);
    }
    if (wish.distribution_point != NULL) {
        X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, NULL, NID_issuing_distribution_point,
                                                         wish.distribution_point);
        must(extension != NULL, wish.distribution_point);
        must(X509_CRL_add_ext(crl, extension, -1), wish.distribution_point);
        X509_EXTENSION_free(extension);
    }
    must(X509_CRL_sign(crl, wish.issuer->key, digest_for(wish.issuer->key, NULL)), "signature");
    return crl;
}
