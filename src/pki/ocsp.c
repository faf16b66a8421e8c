/* OCSP responses. Nothing is fetched here, and what is malformed is refused before it is checked.
 */
#include "pki/ocsp.h"

#include "base/clock.h"
#include "codec/der.h"
#include "pki/asn1.h"
#include "pki/openssl.h"

#include <openssl/ocsp.h>

PL_DEFINE_FREEP(ocsp_response_freep, OCSP_RESPONSE, OCSP_RESPONSE_free)
PL_DEFINE_FREEP(ocsp_basic_freep, OCSP_BASICRESP, OCSP_BASICRESP_free)
PL_DEFINE_FREEP(x509_store_freep, X509_STORE, X509_STORE_free)

static bool parse(const uint8_t *der, size_t der_len, OCSP_BASICRESP **out_basic, struct err *e) {
    const uint8_t *at = der;
    if (der_len == 0 || der_len > OCSP_DER_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "an OCSP response has 1 to %d bytes, not %zu",
                       OCSP_DER_MAX, der_len);
    }
    PL_AUTO(ocsp_response_freep)
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)der_len);
    if (response == NULL || at != der + der_len) {
        (void)err_set_openssl(e, ERR_PKI_OCSP_MALFORMED, "it is not an OCSP response");
        return err_hint(e, "a response in DER, as \"openssl ocsp -respout FILE\" writes it");
    }
    int status = OCSP_response_status(response);
    if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        return err_set(e, ERR_PKI_OCSP_FAILURE, "the responder gave no answer: %s",
                       OCSP_response_status_str(status));
    }
    *out_basic = OCSP_response_get1_basic(response);
    return *out_basic != NULL ||
           err_set_openssl(e, ERR_PKI_OCSP_MALFORMED, "the OCSP response is of an unknown type");
}

/* The answer about the certificate; NULL when there is none. By whichever hash the CA used. */
static OCSP_SINGLERESP *find_single(OCSP_BASICRESP *basic, const struct cert *cert,
                                    const struct cert *issuer) {
    for (int i = 0; i < OCSP_resp_count(basic); i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
        const OCSP_CERTID *said = OCSP_SINGLERESP_get0_id(single);
        ASN1_OBJECT *digest = NULL;
        if (OCSP_id_get0_info(NULL, &digest, NULL, NULL, (OCSP_CERTID *)(uintptr_t)said) != 1) {
            continue;
        }
        const EVP_MD *md = EVP_get_digestbyobj(digest);
        OCSP_CERTID *wanted = md == NULL ? NULL : OCSP_cert_to_id(md, cert->x509, issuer->x509);
        bool is_same = wanted != NULL && OCSP_id_cmp(said, wanted) == 0;
        OCSP_CERTID_free(wanted);
        if (is_same) {
            return single;
        }
    }
    return NULL;
}

/* By the issuer, or by a certificate in the response that it issued for OCSP signing. */
static bool check_signature(OCSP_BASICRESP *basic, const struct cert *issuer, struct err *e) {
    PL_AUTO(x509_store_freep) X509_STORE *store = X509_STORE_new();
    STACK_OF(X509) *known = sk_X509_new_null();
    bool ok = store != NULL && known != NULL && X509_STORE_add_cert(store, issuer->x509) == 1 &&
              X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1 &&
              sk_X509_push(known, issuer->x509) > 0;
    if (!ok) {
        sk_X509_free(known);
        return err_set_openssl(e, ERR_BASE_OOM, "out of memory");
    }
    bool is_right = OCSP_basic_verify(basic, known, store, OCSP_TRUSTOTHER) == 1;
    sk_X509_free(known);
    return is_right ||
           err_set_openssl(e, ERR_PKI_OCSP_SIGNATURE,
                           "the OCSP response is not signed by the certificate's issuer, nor by a "
                           "responder of its");
}

static bool check_times(const struct ocsp_answer *answer, int64_t now_ms, struct err *e) {
    char time[CLOCK_TEXT_LEN + 1];
    if (answer->this_update_ms > now_ms + OCSP_CLOCK_SKEW_MS) {
        clock_format(answer->this_update_ms, time);
        return err_set(e, ERR_PKI_OCSP_TIME, "the OCSP response begins at %s only", time);
    }
    if (answer->next_update_ms <= now_ms) {
        clock_format(answer->next_update_ms, time);
        (void)err_set(e, ERR_PKI_OCSP_TIME, "the OCSP response ended at %s", time);
        return err_hint(e, "ask the responder anew");
    }
    return true;
}

/* The answer about the certificate, by who may give it; it belongs to out_basic. */
static bool read_single(const uint8_t *der, size_t der_len, const struct cert *cert,
                        const struct cert *issuer, OCSP_BASICRESP **out_basic,
                        OCSP_SINGLERESP **out_single, struct err *e) {
    if (!parse(der, der_len, out_basic, e)) {
        return false;
    }
    *out_single = find_single(*out_basic, cert, issuer);
    if (*out_single == NULL) {
        return err_set(e, ERR_PKI_OCSP_OTHER, "the OCSP response is about other certificates");
    }
    return check_signature(*out_basic, issuer, e);
}

bool ocsp_state_read(const uint8_t *der, size_t der_len, const struct cert *cert,
                     const struct cert *issuer, struct ocsp_state *out_state, struct err *e) {
    PL_AUTO(ocsp_basic_freep) OCSP_BASICRESP *basic = NULL;
    OCSP_SINGLERESP *single = NULL;
    struct ocsp_state state = {.reason = -1};
    ASN1_GENERALIZEDTIME *revoked = NULL;
    ASN1_GENERALIZEDTIME *this_update = NULL;
    ASN1_GENERALIZEDTIME *next_update = NULL;
    if (!read_single(der, der_len, cert, issuer, &basic, &single, e)) {
        return false;
    }
    int status =
        OCSP_single_get0_status(single, &state.reason, &revoked, &this_update, &next_update);
    state.status = status == V_OCSP_CERTSTATUS_GOOD      ? OCSP_GOOD
                   : status == V_OCSP_CERTSTATUS_REVOKED ? OCSP_REVOKED
                                                         : OCSP_UNKNOWN;
    if (this_update == NULL || !asn1_time_to_ms(this_update, &state.this_update_ms) ||
        (next_update != NULL && !asn1_time_to_ms(next_update, &state.next_update_ms)) ||
        (state.status == OCSP_REVOKED &&
         (revoked == NULL || !asn1_time_to_ms(revoked, &state.revoked_ms)))) {
        return err_set(e, ERR_PKI_OCSP_TIME, "the OCSP response has a time that cannot be read");
    }
    *out_state = state;
    return true;
}

bool ocsp_append_timestamps(const uint8_t *der, size_t der_len, const struct cert *cert,
                            const struct cert *issuer, struct buf *out, struct err *e) {
    PL_AUTO(ocsp_basic_freep) OCSP_BASICRESP *basic = NULL;
    OCSP_SINGLERESP *single = NULL;
    struct der_value list;
    if (!read_single(der, der_len, cert, issuer, &basic, &single, e)) {
        return false;
    }
    int at = OCSP_SINGLERESP_get_ext_by_NID(single, NID_ct_cert_scts, -1);
    if (at < 0) {
        return true;
    }
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(OCSP_SINGLERESP_get_ext(single, at));
    struct der_reader reader =
        der_reader_init(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    if (!der_reader_take(&reader, DER_OCTET_STRING, &list) || !der_reader_is_at_end(&reader)) {
        return err_set(e, ERR_PKI_OCSP_MALFORMED, "the OCSP response's timestamps are malformed");
    }
    return buf_append(out, list.bytes, list.len, e);
}

PL_DEFINE_FREEP(ocsp_request_freep, OCSP_REQUEST, OCSP_REQUEST_free)

bool ocsp_append_request(const struct cert *cert, const struct cert *issuer, struct buf *out,
                         struct err *e) {
    PL_AUTO(ocsp_request_freep) OCSP_REQUEST *request = OCSP_REQUEST_new();
    /* SHA-1 names the certificate here, and every responder knows it (RFC 5019 §2.1.1). */
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), cert->x509, issuer->x509);
    if (request == NULL || id == NULL || OCSP_request_add0_id(request, id) == NULL) {
        OCSP_CERTID_free(id);
        return err_set_openssl(e, ERR_BASE_OOM, "cannot make an OCSP request");
    }
    return openssl_append_der(out, (i2d_of_void *)i2d_OCSP_REQUEST, request, e);
}

bool ocsp_read(const uint8_t *der, size_t der_len, const struct cert *cert,
               const struct cert *issuer, int64_t now_ms, struct ocsp_answer *out_answer,
               struct err *e) {
    PL_AUTO(ocsp_basic_freep) OCSP_BASICRESP *basic = NULL;
    struct ocsp_answer answer = {0};
    ASN1_GENERALIZEDTIME *this_update = NULL;
    ASN1_GENERALIZEDTIME *next_update = NULL;
    OCSP_SINGLERESP *single = NULL;
    int reason = 0;
    if (!read_single(der, der_len, cert, issuer, &basic, &single, e)) {
        return false;
    }
    int status = OCSP_single_get0_status(single, &reason, NULL, &this_update, &next_update);
    if (status != V_OCSP_CERTSTATUS_GOOD) {
        return err_set(e, ERR_PKI_OCSP_REVOKED, "the responder says that the certificate is %s",
                       OCSP_cert_status_str(status));
    }
    if (this_update == NULL || !asn1_time_to_ms(this_update, &answer.this_update_ms) ||
        next_update == NULL || !asn1_time_to_ms(next_update, &answer.next_update_ms)) {
        return err_set(e, ERR_PKI_OCSP_TIME, "the OCSP response does not say until when it holds");
    }
    if (!check_times(&answer, now_ms, e)) {
        return false;
    }
    *out_answer = answer;
    return true;
}
