/*
 * To-be-signed revocation lists: RFC 5280 §5.1's structure as a template, for the same reason as in
 * tbs.c. A list of a million entries is built in memory once.
 */
#include "ca/crl.h"

#include "base/mem.h"
#include "ca/extension.h"
#include "ca/reason.h"

#include <openssl/asn1t.h>

enum { VERSION_2 = 1 };

/* Laid out as the schema. */
/* clang-format off */

/* RFC 5280 §5.1.2.6 */
typedef struct {
    ASN1_INTEGER *serial;
    ASN1_TIME *revoked;
    STACK_OF(X509_EXTENSION) *extensions;
} TBS_REVOKED;

ASN1_SEQUENCE(TBS_REVOKED) = {
    ASN1_SIMPLE(TBS_REVOKED, serial, ASN1_INTEGER),
    ASN1_SIMPLE(TBS_REVOKED, revoked, ASN1_TIME),
    ASN1_SEQUENCE_OF_OPT(TBS_REVOKED, extensions, X509_EXTENSION),
} static_ASN1_SEQUENCE_END(TBS_REVOKED);

DEFINE_STACK_OF(TBS_REVOKED);

/* RFC 5280 §5.1.2 */
typedef struct {
    ASN1_INTEGER *version;
    X509_ALGOR *signature;
    X509_NAME *issuer;
    ASN1_TIME *this_update;
    ASN1_TIME *next_update;
    STACK_OF(TBS_REVOKED) *revoked;
    STACK_OF(X509_EXTENSION) *extensions;
} TBS_CERT_LIST;

ASN1_SEQUENCE(TBS_CERT_LIST) = {
    ASN1_SIMPLE(TBS_CERT_LIST, version, ASN1_INTEGER),
    ASN1_SIMPLE(TBS_CERT_LIST, signature, X509_ALGOR),
    ASN1_SIMPLE(TBS_CERT_LIST, issuer, X509_NAME),
    ASN1_SIMPLE(TBS_CERT_LIST, this_update, ASN1_TIME),
    ASN1_SIMPLE(TBS_CERT_LIST, next_update, ASN1_TIME),
    ASN1_SEQUENCE_OF_OPT(TBS_CERT_LIST, revoked, TBS_REVOKED),
    ASN1_EXP_SEQUENCE_OF(TBS_CERT_LIST, extensions, X509_EXTENSION, 0),
} static_ASN1_SEQUENCE_END(TBS_CERT_LIST);
/* clang-format on */

static void list_freep(TBS_CERT_LIST **list) {
    ASN1_item_free((ASN1_VALUE *)*list, ASN1_ITEM_rptr(TBS_CERT_LIST));
}

static void revoked_freep(TBS_REVOKED **revoked) {
    ASN1_item_free((ASN1_VALUE *)*revoked, ASN1_ITEM_rptr(TBS_REVOKED));
}

static int list_encode(const void *list, unsigned char **out) {
    return ASN1_item_i2d(list, out, ASN1_ITEM_rptr(TBS_CERT_LIST));
}

PL_DEFINE_FREEP(integer_freep, ASN1_INTEGER, ASN1_INTEGER_free)
PL_DEFINE_FREEP(enumerated_freep, ASN1_ENUMERATED, ASN1_ENUMERATED_free)
PL_DEFINE_FREEP(issuing_point_freep, ISSUING_DIST_POINT, ISSUING_DIST_POINT_free)

static bool fail_encode(struct err *e) {
    return err_set_openssl(e, ERR_PKI_DER_ENCODE, "cannot build what is to be signed");
}

static bool check_wish(const struct ca_issuer *issuer, const struct ca_crl *crl, struct err *e) {
    bool is_sharded = issuer->crl_shard_count > 1;
    int64_t length_ms = crl->next_update_ms - crl->this_update_ms;
    if (is_sharded && !ca_issuer_has_base_url(issuer)) {
        (void)err_set(e, ERR_CA_CRL_BASE_URL,
                      "this CA's revocation list is in parts, and a part needs an address");
        return err_hint(e, "only \"padlock init --base-url http://HOST\" gives one");
    }
    int64_t length_max_ms =
        issuer->certificate->is_self_issued ? CA_ROOT_CRL_LIFETIME_MAX_MS : CA_CRL_LIFETIME_MAX_MS;
    if (length_ms <= 0 || length_ms > length_max_ms) {
        return err_set(e, ERR_CA_CRL_TIMES,
                       "a revocation list lasts from one second to %d days, not %lld seconds",
                       (int)(length_max_ms / CLOCK_DAY_MS),
                       (long long)(length_ms / CLOCK_SECOND_MS));
    }
    if (crl->number == 0 || crl->shard >= issuer->crl_shard_count ||
        crl->entry_count > CA_CRL_ENTRIES_MAX) {
        return err_set(e, ERR_CA_CRL_ENTRY, "this list's number, shard or size cannot be");
    }
    return true;
}

static bool add_reason(TBS_REVOKED *revoked, int code, struct err *e) {
    PL_AUTO(enumerated_freep) ASN1_ENUMERATED *value = ASN1_ENUMERATED_new();
    if (value == NULL || ASN1_ENUMERATED_set(value, code) != 1) {
        return fail_encode(e);
    }
    return ca_extension_add(&revoked->extensions, NID_crl_reason, false, value, e);
}

static bool add_entry(TBS_CERT_LIST *list, const struct ca_issuer *issuer, const struct ca_crl *crl,
                      const struct ca_crl_entry *entry, struct err *e) {
    const struct ca_reason *reason = ca_reason_get(entry->reason);
    if (reason == NULL || !reason->is_allowed ||
        ca_serial_shard(&entry->serial, issuer->crl_shard_count) != crl->shard) {
        return err_set(e, ERR_CA_CRL_ENTRY,
                       "an entry's shard or reason does not belong on this list");
    }
    PL_AUTO(revoked_freep)
    TBS_REVOKED *revoked = (TBS_REVOKED *)ASN1_item_new(ASN1_ITEM_rptr(TBS_REVOKED));
    if (revoked == NULL) {
        return fail_encode(e);
    }
    if (!ca_serial_to_integer(&entry->serial, revoked->serial, e) ||
        !ca_time(entry->revoked_ms, revoked->revoked, e) ||
        (reason->is_listed && !add_reason(revoked, reason->code, e))) {
        return false;
    }
    if (sk_TBS_REVOKED_push(list->revoked, revoked) <= 0) {
        return fail_encode(e);
    }
    revoked = NULL;
    return true;
}

static bool add_entries(TBS_CERT_LIST *list, const struct ca_issuer *issuer,
                        const struct ca_crl *crl, struct err *e) {
    if (crl->entry_count == 0) {
        return true; /* RFC 5280 §5.1.2.6: an empty list is left out, not written empty */
    }
    list->revoked = sk_TBS_REVOKED_new_reserve(NULL, (int)crl->entry_count);
    if (list->revoked == NULL) {
        return fail_encode(e);
    }
    for (size_t i = 0; i < crl->entry_count; i++) {
        if (!add_entry(list, issuer, crl, &crl->entries[i], e)) {
            return false;
        }
    }
    return true;
}

static bool add_number(TBS_CERT_LIST *list, uint64_t number, struct err *e) {
    PL_AUTO(integer_freep) ASN1_INTEGER *value = ASN1_INTEGER_new();
    if (value == NULL || ASN1_INTEGER_set_uint64(value, number) != 1) {
        return fail_encode(e);
    }
    return ca_extension_add(&list->extensions, NID_crl_number, false, value, e);
}

/* BR §7.2.2.1: a list in parts says, critically, which part it is, by the address in the
 * certificates. */
static bool add_issuing_point(TBS_CERT_LIST *list, const struct ca_issuer *issuer, unsigned shard,
                              struct err *e) {
    PL_AUTO(issuing_point_freep) ISSUING_DIST_POINT *point = ISSUING_DIST_POINT_new();
    PL_AUTO(mem_freep) char *url = NULL;
    if (point == NULL) {
        return fail_encode(e);
    }
    point->onlyuser = 0xFF;
    return ca_address_crl(issuer, shard, &url, e) &&
           ca_distribution_point_name(url, &point->distpoint, e) &&
           ca_extension_add(&list->extensions, NID_issuing_distribution_point, true, point, e);
}

static bool set_fields(TBS_CERT_LIST *list, const struct ca_issuer *issuer,
                       const struct ca_crl *crl, struct err *e) {
    X509_NAME *name = X509_NAME_dup(X509_get_subject_name(issuer->certificate->x509));
    if (name == NULL || ASN1_INTEGER_set(list->version, VERSION_2) != 1) {
        X509_NAME_free(name);
        return fail_encode(e);
    }
    X509_NAME_free(list->issuer);
    list->issuer = name;
    return ca_signature_algorithm(&issuer->certificate->key_spec, list->signature, e) &&
           ca_time(crl->this_update_ms, list->this_update, e) &&
           ca_time(crl->next_update_ms, list->next_update, e);
}

bool ca_crl_tbs(const struct ca_issuer *issuer, const struct ca_crl *crl, struct buf *out,
                struct err *e) {
    if (!check_wish(issuer, crl, e)) {
        return false;
    }
    PL_AUTO(list_freep)
    TBS_CERT_LIST *list = (TBS_CERT_LIST *)ASN1_item_new(ASN1_ITEM_rptr(TBS_CERT_LIST));
    if (list == NULL) {
        return fail_encode(e);
    }
    const struct cert_key_id *key_id = &issuer->certificate->subject_key_id;
    return set_fields(list, issuer, crl, e) && add_entries(list, issuer, crl, e) &&
           ca_extension_add_authority_key_id(&list->extensions, key_id->bytes, key_id->len, e) &&
           add_number(list, crl->number, e) &&
           (issuer->crl_shard_count == 1 || add_issuing_point(list, issuer, crl->shard, e)) &&
           openssl_append_der(out, list_encode, list, e);
}
