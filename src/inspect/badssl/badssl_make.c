/*
 * The lab's keys and certificates. What OpenSSL refuses here, with wishes that are ours, can only
 * be for want of memory.
 */
#include "inspect/badssl/badssl_parts.h"

#include "base/clock.h"
#include "base/str.h"
#include "pki/openssl.h"

#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <stdlib.h>
#include <string.h>

enum { START_DAYS = -1, END_DAYS = 90, SERIAL_BITS = 120 };

void badssl_pair_clear(struct badssl_pair *pair) {
    X509_free(pair->x509);
    EVP_PKEY_free(pair->key);
    *pair = (struct badssl_pair){0};
}

static EVP_PKEY *make_key(const char *type) {
    uint64_t bits = 0;
    if (type == NULL) {
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    }
    return str_to_u64(type + strlen("RSA-"), 16384, &bits) ? EVP_RSA_gen((unsigned)bits) : NULL;
}

static bool set_time(ASN1_TIME *time, int64_t now_ms, int days) {
    int64_t at_s = (now_ms + days * CLOCK_DAY_MS) / CLOCK_SECOND_MS;
    return ASN1_TIME_adj(time, (time_t)at_s, 0, 0) != NULL;
}

static bool set_serial(X509 *x509) {
    PL_AUTO(bn_freep) BIGNUM *number = BN_new();
    return number != NULL && BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
           BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)) != NULL;
}

static bool set_head(X509 *x509, const struct badssl_wish *wish, X509 *issuer, int64_t now_ms) {
    X509_NAME *subject = X509_get_subject_name(x509);
    int start = wish->start_days == 0 ? START_DAYS : wish->start_days;
    int end = wish->end_days == 0 ? END_DAYS : wish->end_days;
    return X509_set_version(x509, X509_VERSION_3) == 1 && set_serial(x509) &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const uint8_t *)wish->subject,
                                      -1, -1, 0) == 1 &&
           X509_set_issuer_name(x509, X509_get_subject_name(issuer == NULL ? x509 : issuer)) == 1 &&
           set_time(X509_getm_notBefore(x509), now_ms, start) &&
           set_time(X509_getm_notAfter(x509), now_ms, end);
}

/* Left out when value is NULL or empty. */
static bool add(X509 *x509, X509V3_CTX *context, int nid, const char *value) {
    if (value == NULL || value[0] == '\0') {
        return true;
    }
    PL_AUTO(x509_extension_freep)
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, context, nid, value);
    return extension != NULL && X509_add_ext(x509, extension, -1) == 1;
}

static bool add_critical(X509 *x509) {
    static const uint8_t null[] = {5, 0};
    ASN1_OBJECT *oid = OBJ_txt2obj("1.3.6.1.4.1.99999.1", 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    bool ok = oid != NULL && value != NULL && ASN1_OCTET_STRING_set(value, null, sizeof(null)) == 1;
    PL_AUTO(x509_extension_freep)
    X509_EXTENSION *extension = ok ? X509_EXTENSION_create_by_OBJ(NULL, oid, 1, value) : NULL;
    ASN1_OBJECT_free(oid);
    ASN1_OCTET_STRING_free(value);
    return extension != NULL && X509_add_ext(x509, extension, -1) == 1;
}

static bool add_addresses(X509 *x509, X509V3_CTX *context, const struct badssl_wish *wish,
                          uint16_t port) {
    char access[160] = "";
    char list[80];
    (void)snprintf(list, sizeof(list), "URI:http://127.0.0.1:%u/issuing.crl", port);
    if (wish->has_issuer_address) {
        (void)snprintf(access, sizeof(access), "caIssuers;URI:http://127.0.0.1:%u/issuing.crt",
                       port);
    } else if (wish->has_revocation_addresses) {
        (void)snprintf(access, sizeof(access), "OCSP;URI:http://127.0.0.1:%u/ocsp", port);
    }
    return add(x509, context, NID_info_access, access) &&
           add(x509, context, NID_crl_distribution_points,
               wish->has_revocation_addresses ? list : NULL);
}

static bool add_extensions(X509 *x509, const struct badssl_wish *wish, X509 *issuer,
                           uint16_t port) {
    X509V3_CTX context;
    const char *usage = wish->is_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature";
    const char *basic = wish->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE";
    const char *extended = wish->is_ca ? NULL : "serverAuth";
    X509V3_set_ctx(&context, issuer == NULL ? x509 : issuer, x509, NULL, NULL, 0);
    return add(x509, &context, NID_basic_constraints, wish->basic != NULL ? wish->basic : basic) &&
           add(x509, &context, NID_key_usage, wish->key_usage != NULL ? wish->key_usage : usage) &&
           add(x509, &context, NID_ext_key_usage,
               wish->extended_usage != NULL ? wish->extended_usage : extended) &&
           add(x509, &context, NID_subject_alt_name, wish->names) &&
           add(x509, &context, NID_name_constraints, wish->constraints) &&
           add(x509, &context, NID_tlsfeature, wish->feature) &&
           add_addresses(x509, &context, wish, port) &&
           add(x509, &context, NID_subject_key_identifier, "hash") &&
           add(x509, &context, NID_authority_key_identifier, issuer == NULL ? NULL : "keyid") &&
           (!wish->has_critical || add_critical(x509));
}

bool badssl_make(const struct badssl_wish *wish, const struct badssl_pair *issuer, uint16_t port,
                 int64_t now_ms, struct badssl_pair *out_pair, struct err *e) {
    X509 *above = issuer == NULL ? NULL : issuer->x509;
    const EVP_MD *digest = wish->digest == NULL ? EVP_sha256() : EVP_get_digestbyname(wish->digest);
    out_pair->key = make_key(wish->key_type);
    out_pair->x509 = X509_new();
    bool ok = out_pair->key != NULL && out_pair->x509 != NULL && digest != NULL &&
              set_head(out_pair->x509, wish, above, now_ms) &&
              X509_set_pubkey(out_pair->x509, out_pair->key) == 1 &&
              add_extensions(out_pair->x509, wish, above, port) &&
              X509_sign(out_pair->x509, issuer == NULL ? out_pair->key : issuer->key, digest) > 0;
    return ok ||
           err_set_openssl(e, ERR_BASE_OOM, "cannot make the certificate of %s", wish->subject);
}
