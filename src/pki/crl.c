/*
 * Certificate revocation lists, read from anyone's bytes.
 *
 * Limits: CRL_DER_MAX bytes. Looking a serial up sorts OpenSSL's list once: a struct crl stays with
 * one thread. Not done: fetching.
 */
#include "pki/crl.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/str.h"
#include "pki/asn1.h"
#include "pki/openssl.h"

#include <openssl/err.h>

#include <string.h>

/* --- reading --- */

static bool malformed(struct err *e, const char *what) {
    return err_set_openssl(e, ERR_PKI_CRL_MALFORMED, "the revocation list is malformed: %s", what);
}

static bool read_dates(struct crl *crl, struct err *e) {
    if (!asn1_time_to_ms(X509_CRL_get0_lastUpdate(crl->x509_crl), &crl->this_update_ms)) {
        return malformed(e, "its date cannot be read");
    }
    const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl->x509_crl);
    crl->has_next_update = next != NULL;
    if (next != NULL && !asn1_time_to_ms(next, &crl->next_update_ms)) {
        return malformed(e, "the date of its next update cannot be read");
    }
    return true;
}

static bool read_issuer(struct crl *crl, struct err *e) {
    PL_AUTO(dn_clear) struct dn issuer = {0};
    return dn_from_x509_name(X509_CRL_get_issuer(crl->x509_crl), &issuer, e) &&
           dn_format(&issuer, &crl->issuer_text, e);
}

/* critical as OpenSSL answers it: -1 none, -2 several, otherwise present (object NULL: broken). */
static bool is_broken(const void *object, int critical) {
    return object == NULL && critical != -1;
}

/* "" when there is none. */
static bool read_number_of(const struct crl *crl, int nid, char out[CRL_NUMBER_TEXT],
                           struct err *e) {
    int critical = 0;
    ASN1_INTEGER *number = X509_CRL_get_ext_d2i(crl->x509_crl, nid, &critical, NULL);
    if (is_broken(number, critical)) {
        return malformed(e, "its number cannot be decoded");
    }
    if (number != NULL) {
        asn1_integer_to_hex(number, out, CRL_NUMBER_TEXT);
        ASN1_INTEGER_free(number);
    }
    return true;
}

static bool read_number(struct crl *crl, struct err *e) {
    return read_number_of(crl, NID_crl_number, crl->number, e) &&
           read_number_of(crl, NID_delta_crl, crl->base_number, e);
}

static bool read_authority(struct crl *crl, struct err *e) {
    int critical = 0;
    AUTHORITY_KEYID *id =
        X509_CRL_get_ext_d2i(crl->x509_crl, NID_authority_key_identifier, &critical, NULL);
    if (is_broken(id, critical)) {
        return malformed(e, "its authority key identifier cannot be decoded");
    }
    if (id != NULL) {
        cert_key_id_read(&crl->authority_key_id, id->keyid);
        AUTHORITY_KEYID_free(id);
    }
    return true;
}

static void read_algorithm(struct crl *crl) {
    const X509_ALGOR *algorithm = NULL;
    X509_CRL_get0_signature(crl->x509_crl, NULL, &algorithm);
    (void)OBJ_obj2txt(crl->signature_algorithm, sizeof(crl->signature_algorithm),
                      algorithm->algorithm, 0);
}

/* RFC 5280 §5.3: an entry's counts for the whole list. */
static bool has_unknown_critical_entry(X509_CRL *list) {
    STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(list);
    for (int i = 0; i < sk_X509_REVOKED_num(entries); i++) {
        const X509_REVOKED *entry = sk_X509_REVOKED_value(entries, i);
        for (int k = 0; k < X509_REVOKED_get_ext_count(entry); k++) {
            X509_EXTENSION *extension = X509_REVOKED_get_ext(entry, k);
            int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
            bool is_read = nid == NID_crl_reason || nid == NID_certificate_issuer ||
                           nid == NID_invalidity_date;
            if (!is_read && X509_EXTENSION_get_critical(extension) != 0) {
                return true;
            }
        }
    }
    return false;
}

static bool has_unknown_critical(const X509_CRL *list) {
    for (int i = 0; i < X509_CRL_get_ext_count(list); i++) {
        const X509_EXTENSION *extension = X509_CRL_get_ext(list, i);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object((X509_EXTENSION *)(uintptr_t)extension));
        bool is_read = nid == NID_issuing_distribution_point || nid == NID_delta_crl ||
                       nid == NID_crl_number || nid == NID_authority_key_identifier;
        if (!is_read && X509_EXTENSION_get_critical(extension) != 0) {
            return true;
        }
    }
    return false;
}

static bool read_fields(struct crl *crl, struct err *e) {
    if (!read_issuer(crl, e) || !read_dates(crl, e) || !read_number(crl, e) ||
        !read_authority(crl, e)) {
        return false;
    }
    read_algorithm(crl);
    int entry_count = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl->x509_crl));
    crl->entry_count = entry_count > 0 ? (size_t)entry_count : 0;
    crl->has_unknown_critical =
        has_unknown_critical(crl->x509_crl) || has_unknown_critical_entry(crl->x509_crl);
    crl->is_delta = X509_CRL_get_ext_by_NID(crl->x509_crl, NID_delta_crl, -1) >= 0;
    ERR_clear_error(); /* lookups that found nothing leave entries */
    return true;
}

bool crl_from_der(const uint8_t *der, size_t der_len, struct crl **out_crl, struct err *e) {
    if (der_len == 0 || der_len > CRL_DER_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "a revocation list has 1 to %d bytes, this one %zu",
                       CRL_DER_MAX, der_len);
    }
    const uint8_t *at = der;
    PL_AUTO(x509_crl_freep) X509_CRL *x509_crl = d2i_X509_CRL(NULL, &at, (long)der_len);
    if (x509_crl == NULL) {
        return malformed(e, "it cannot be decoded");
    }
    size_t used = (size_t)(at - der);
    if (used != der_len) {
        return err_set(e, ERR_PKI_CRL_TRAILING, "%zu bytes follow the revocation list",
                       der_len - used);
    }
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct crl), &memory, e)) {
        return false;
    }
    PL_AUTO(crl_freep) struct crl *crl = memory;
    crl->x509_crl = PL_TAKE(x509_crl);
    if (!sha256(der, der_len, crl->sha256, e) || !read_fields(crl, e)) {
        return false;
    }
    *out_crl = PL_TAKE(crl);
    return true;
}

void crl_free(struct crl *crl) {
    if (crl == NULL) {
        return;
    }
    X509_CRL_free(crl->x509_crl);
    mem_free(crl->issuer_text);
    mem_free(crl);
}

/* --- who it is from --- */

bool crl_is_signed_by(const struct crl *crl, const struct cert *issuer) {
    EVP_PKEY *key = X509_get0_pubkey(issuer->x509);
    bool is_signed = key != NULL && (X509_get_key_usage(issuer->x509) & KU_CRL_SIGN) != 0 &&
                     X509_NAME_cmp(X509_CRL_get_issuer(crl->x509_crl),
                                   X509_get_subject_name(issuer->x509)) == 0 &&
                     X509_CRL_verify(crl->x509_crl, key) == 1;
    ERR_clear_error();
    return is_signed;
}

/* --- entries --- */

static void read_entry(const X509_REVOKED *revoked, struct crl_entry *out_entry) {
    *out_entry = (struct crl_entry){.reason = CRL_REASON_NONE};
    (void)asn1_time_to_ms(X509_REVOKED_get0_revocationDate(revoked), &out_entry->revoked_ms);
    ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(revoked, NID_crl_reason, NULL, NULL);
    if (reason != NULL) {
        out_entry->reason = (int)ASN1_ENUMERATED_get(reason);
        ASN1_ENUMERATED_free(reason);
    }
    ERR_clear_error();
}

static enum crl_listing listing_of(int found, const X509_REVOKED *revoked,
                                   struct crl_entry *out_entry) {
    enum { FOUND = 1, FOUND_REMOVED = 2 };
    if (found == FOUND) {
        read_entry(revoked, out_entry);
        return CRL_LISTED;
    }
    return found == FOUND_REMOVED ? CRL_REMOVED : CRL_NOT_LISTED;
}

static bool find(const struct crl *crl, const ASN1_INTEGER *serial, struct crl_entry *out_entry) {
    X509_REVOKED *revoked = NULL;
    int found = X509_CRL_get0_by_serial(crl->x509_crl, &revoked, serial);
    return listing_of(found, revoked, out_entry) == CRL_LISTED;
}

enum crl_listing crl_find_cert(const struct crl *crl, const struct cert *cert,
                               struct crl_entry *out_entry) {
    X509_REVOKED *revoked = NULL;
    int found = X509_CRL_get0_by_cert(crl->x509_crl, &revoked, cert->x509);
    return listing_of(found, revoked, out_entry);
}

bool crl_has_cert(const struct crl *crl, const struct cert *cert, struct crl_entry *out_entry) {
    return crl_find_cert(crl, cert, out_entry) == CRL_LISTED;
}

bool crl_has_serial(const struct crl *crl, const char *serial, struct crl_entry *out_entry) {
    if (serial[0] == '\0' || strspn(serial, "0123456789abcdefABCDEF") != strlen(serial)) {
        return false;
    }
    PL_AUTO(bn_freep) BIGNUM *number = NULL;
    if (BN_hex2bn(&number, serial) == 0) {
        return false;
    }
    ASN1_INTEGER *integer = BN_to_ASN1_INTEGER(number, NULL);
    bool has = integer != NULL && find(crl, integer, out_entry);
    ASN1_INTEGER_free(integer);
    return has;
}

const char *crl_reason_text(int reason) {
    static const char *const texts[] = {
        [CRL_REASON_UNSPECIFIED] = "unspecified",
        [CRL_REASON_KEY_COMPROMISE] = "key compromise",
        [CRL_REASON_CA_COMPROMISE] = "CA compromise",
        [CRL_REASON_AFFILIATION_CHANGED] = "affiliation changed",
        [CRL_REASON_SUPERSEDED] = "superseded",
        [CRL_REASON_CESSATION_OF_OPERATION] = "cessation of operation",
        [CRL_REASON_CERTIFICATE_HOLD] = "certificate hold",
        [CRL_REASON_REMOVE_FROM_CRL] = "removed from the list",
        [CRL_REASON_PRIVILEGE_WITHDRAWN] = "privilege withdrawn",
        [CRL_REASON_AA_COMPROMISE] = "attribute authority compromise",
    };
    bool is_known = reason >= 0 && (size_t)reason < PL_ARRAY_LEN(texts) && texts[reason] != NULL;
    return is_known ? texts[reason] : "no reason given";
}
