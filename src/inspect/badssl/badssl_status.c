/* What the lab's issuing authority says of its certificates: OCSP responses, and its list. */
#include "inspect/badssl/badssl_parts.h"

#include "base/clock.h"
#include "pki/openssl.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>

enum { REVOKED_DAYS = 2, UPDATE_DAYS = 7, ASKED_MAX = 4 };

PL_DEFINE_FREEP(basic_freep, OCSP_BASICRESP, OCSP_BASICRESP_free)
PL_DEFINE_FREEP(response_freep, OCSP_RESPONSE, OCSP_RESPONSE_free)
PL_DEFINE_FREEP(request_freep, OCSP_REQUEST, OCSP_REQUEST_free)

struct moments {
    ASN1_GENERALIZEDTIME *revoked;
    ASN1_GENERALIZEDTIME *this_update;
    ASN1_GENERALIZEDTIME *next_update;
};

static ASN1_GENERALIZEDTIME *moment(const struct badssl *lab, int days) {
    int64_t at_s = (lab->now_ms + days * CLOCK_DAY_MS) / CLOCK_SECOND_MS;
    return ASN1_GENERALIZEDTIME_adj(NULL, (time_t)at_s, 0, 0);
}

static void moments_clear(struct moments *moments) {
    ASN1_GENERALIZEDTIME_free(moments->revoked);
    ASN1_GENERALIZEDTIME_free(moments->this_update);
    ASN1_GENERALIZEDTIME_free(moments->next_update);
}

static bool moments_make(const struct badssl *lab, struct moments *out) {
    out->revoked = moment(lab, -REVOKED_DAYS);
    out->this_update = moment(lab, -1);
    out->next_update = moment(lab, UPDATE_DAYS);
    return out->revoked != NULL && out->this_update != NULL && out->next_update != NULL;
}

/* --- OCSP --- */

/* V_OCSP_CERTSTATUS_…: unknown for what the issuing authority did not issue. */
static int status_of(const struct badssl *lab, OCSP_CERTID *id) {
    X509 *issuer = lab->authorities[BADSSL_ISSUING].x509;
    int status = V_OCSP_CERTSTATUS_UNKNOWN;
    for (size_t i = 0; i < badssl_row_count && status == V_OCSP_CERTSTATUS_UNKNOWN; i++) {
        OCSP_CERTID *own = badssl_rows[i].wish.issuer == BADSSL_ISSUING
                               ? OCSP_cert_to_id(EVP_sha1(), lab->hosts[i].x509, issuer)
                               : NULL;
        if (own != NULL && OCSP_id_cmp(own, id) == 0) {
            status = badssl_rows[i].is_revoked ? V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD;
        }
        OCSP_CERTID_free(own);
    }
    return status;
}

static bool add_status(const struct badssl *lab, OCSP_BASICRESP *basic, OCSP_CERTID *id,
                       const struct moments *moments) {
    int status = status_of(lab, id);
    bool is_revoked = status == V_OCSP_CERTSTATUS_REVOKED;
    return OCSP_basic_add1_status(basic, id, status, OCSP_REVOKED_STATUS_KEYCOMPROMISE,
                                  is_revoked ? moments->revoked : NULL, moments->this_update,
                                  moments->next_update) != NULL;
}

static bool add_asked(const struct badssl *lab, OCSP_BASICRESP *basic, const uint8_t *bytes,
                      size_t len, const struct moments *moments) {
    const uint8_t *at = bytes;
    PL_AUTO(request_freep) OCSP_REQUEST *request = d2i_OCSP_REQUEST(NULL, &at, (long)len);
    bool ok = request != NULL;
    for (int i = 0; ok && i < OCSP_request_onereq_count(request) && i < ASKED_MAX; i++) {
        OCSP_ONEREQ *one = OCSP_request_onereq_get0(request, i);
        ok = add_status(lab, basic, OCSP_onereq_get0_id(one), moments);
    }
    return ok;
}

static bool add_row(const struct badssl *lab, OCSP_BASICRESP *basic, size_t row,
                    const struct moments *moments) {
    OCSP_CERTID *id =
        OCSP_cert_to_id(EVP_sha1(), lab->hosts[row].x509, lab->authorities[BADSSL_ISSUING].x509);
    bool ok = id != NULL && add_status(lab, basic, id, moments);
    OCSP_CERTID_free(id);
    return ok;
}

bool badssl_append_ocsp(const struct badssl *lab, const uint8_t *request, size_t request_len,
                        size_t row, struct buf *out, struct err *e) {
    const struct badssl_pair *issuing = &lab->authorities[BADSSL_ISSUING];
    PL_AUTO(moments_clear) struct moments moments = {0};
    PL_AUTO(basic_freep) OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    bool is_asked = basic != NULL && moments_make(lab, &moments) &&
                    (request == NULL ? add_row(lab, basic, row, &moments)
                                     : add_asked(lab, basic, request, request_len, &moments));
    bool is_signed =
        is_asked && OCSP_basic_sign(basic, issuing->x509, issuing->key, EVP_sha256(), NULL, 0) == 1;
    int status =
        is_signed ? OCSP_RESPONSE_STATUS_SUCCESSFUL : OCSP_RESPONSE_STATUS_MALFORMEDREQUEST;
    PL_AUTO(response_freep)
    OCSP_RESPONSE *response = OCSP_response_create(status, is_signed ? basic : NULL);
    ERR_clear_error();
    return response == NULL
               ? err_set(e, ERR_BASE_OOM, "cannot make an OCSP response")
               : openssl_append_der(out, (i2d_of_void *)i2d_OCSP_RESPONSE, response, e);
}

/* --- the list --- */

static bool add_revoked(X509_CRL *list, const X509 *cert, ASN1_TIME *at) {
    X509_REVOKED *entry = X509_REVOKED_new();
    ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
    bool ok = entry != NULL && reason != NULL &&
              ASN1_ENUMERATED_set(reason, CRL_REASON_KEY_COMPROMISE) == 1 &&
              X509_REVOKED_set_serialNumber(
                  entry, (ASN1_INTEGER *)(uintptr_t)X509_get0_serialNumber(cert)) == 1 &&
              X509_REVOKED_set_revocationDate(entry, at) == 1 &&
              X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0) == 1 &&
              X509_CRL_add0_revoked(list, entry) == 1;
    ASN1_ENUMERATED_free(reason);
    if (!ok) {
        X509_REVOKED_free(entry);
    }
    return ok;
}

static bool fill_list(const struct badssl *lab, X509_CRL *list, const struct moments *moments) {
    const struct badssl_pair *issuing = &lab->authorities[BADSSL_ISSUING];
    bool ok = X509_CRL_set_version(list, X509_CRL_VERSION_2) == 1 &&
              X509_CRL_set_issuer_name(list, X509_get_subject_name(issuing->x509)) == 1 &&
              X509_CRL_set1_lastUpdate(list, moments->this_update) == 1 &&
              X509_CRL_set1_nextUpdate(list, moments->next_update) == 1;
    for (size_t i = 0; ok && i < badssl_row_count; i++) {
        ok = !badssl_rows[i].is_revoked || add_revoked(list, lab->hosts[i].x509, moments->revoked);
    }
    return ok && X509_CRL_sort(list) == 1 && X509_CRL_sign(list, issuing->key, EVP_sha256()) > 0;
}

bool badssl_append_crl(const struct badssl *lab, struct buf *out, struct err *e) {
    PL_AUTO(moments_clear) struct moments moments = {0};
    PL_AUTO(x509_crl_freep) X509_CRL *list = X509_CRL_new();
    if (list == NULL || !moments_make(lab, &moments) || !fill_list(lab, list, &moments)) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot make the revocation list");
    }
    return openssl_append_der(out, (i2d_of_void *)i2d_X509_CRL, list, e);
}
