/* Timestamps of public logs: their signatures, and the browsers' rules. */
#include "pki/ct.h"

#include "base/clock.h"
#include "pki/openssl.h"

#include <openssl/err.h>

#include <string.h>

enum { DIGEST_SHA256 = 4, SIGNATURE_RSA = 1, SIGNATURE_ECDSA = 3, LIFE_SHORT_DAYS = 180 };

const char *ct_way_text(enum ct_way way) {
    switch (way) {
    case CT_IN_CERTIFICATE:
        return "in the certificate";
    case CT_IN_HANDSHAKE:
        return "in the handshake";
    case CT_IN_OCSP:
        return "in the OCSP response";
    case CT_WAY_COUNT:
        break;
    }
    return "?";
}

const char *ct_worth_text(enum ct_worth worth) {
    switch (worth) {
    case CT_COUNTS:
        return "signature verified";
    case CT_UNCHECKED:
        return "not checked";
    case CT_NO_ISSUER:
        return "not checked: the issuer is not known";
    case CT_UNKNOWN_LOG:
        return "a log that is not in the list";
    case CT_BAD_SIGNATURE:
        return "the log did not sign this certificate";
    case CT_FROM_FUTURE:
        return "from the future";
    case CT_NOT_COUNTED:
        return "a log that browsers do not count";
    case CT_TOO_LATE:
        return "a log that had retired";
    }
    return "?";
}

/* --- what a log signs ---------------------------------------------------------------------------
 */

static bool append_number(struct buf *out, uint64_t value, size_t bytes, struct err *e) {
    for (size_t i = bytes; i > 0; i--) {
        uint8_t byte = (uint8_t)(value >> (8 * (i - 1)));
        if (!buf_append(out, &byte, 1, e)) {
            return false;
        }
    }
    return true;
}

static bool append_entry(const uint8_t *der, size_t len, struct buf *out, struct err *e) {
    return append_number(out, len, 3, e) && buf_append(out, der, len, e);
}

/* The certificate's to-be-signed part as the log got it: without the list of timestamps. */
static bool append_precertificate(const struct cert *leaf, const struct cert *issuer,
                                  struct buf *out, struct err *e) {
    PL_AUTO(x509_freep) X509 *copy = X509_dup(leaf->x509);
    PL_AUTO(buf_clear) struct buf tbs = {.max = CERT_DER_MAX};
    uint8_t issuer_key_hash[KEY_SPKI_SHA256_LEN];
    if (copy == NULL) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot copy a certificate");
    }
    X509_EXTENSION_free(X509_delete_ext(copy, X509_get_ext_by_NID(copy, NID_ct_precert_scts, -1)));
    PL_AUTO(buf_clear) struct buf spki = {.max = CERT_DER_MAX};
    return openssl_append_der(&spki, (i2d_of_void *)i2d_X509_PUBKEY,
                              X509_get_X509_PUBKEY(issuer->x509), e) &&
           sha256(spki.data, spki.len, issuer_key_hash, e) &&
           openssl_append_der(&tbs, (i2d_of_void *)i2d_re_X509_tbs, copy, e) &&
           buf_append(out, issuer_key_hash, sizeof(issuer_key_hash), e) &&
           append_entry(tbs.data, tbs.len, out, e);
}

/* RFC 6962 §3.2: version 1, certificate_timestamp, then what it is about. */
static bool append_signed(const struct sct *sct, const struct cert *leaf, const struct cert *issuer,
                          enum ct_way way, struct buf *out, struct err *e) {
    bool is_precertificate = way == CT_IN_CERTIFICATE;
    return append_number(out, 0, 2, e) && append_number(out, (uint64_t)sct->at_ms, 8, e) &&
           append_number(out, is_precertificate ? 1 : 0, 2, e) &&
           (is_precertificate ? append_precertificate(leaf, issuer, out, e)
                              : append_entry(leaf->der, leaf->der_len, out, e)) &&
           append_number(out, sct->extensions_len, 2, e) &&
           buf_append(out, sct->extensions, sct->extensions_len, e);
}

static bool is_of_key(const struct sct *sct, const EVP_PKEY *key) {
    int kind = EVP_PKEY_get_base_id(key);
    return sct->hash == DIGEST_SHA256 &&
           ((sct->algorithm == SIGNATURE_ECDSA && kind == EVP_PKEY_EC) ||
            (sct->algorithm == SIGNATURE_RSA && kind == EVP_PKEY_RSA));
}

bool ct_verify(const struct sct *sct, const struct ct_log *log, const struct cert *leaf,
               const struct cert *issuer, enum ct_way way, bool *out_is_right, struct err *e) {
    PL_AUTO(buf_clear) struct buf input = {.max = CERT_DER_MAX + UINT16_MAX + 64};
    *out_is_right = false;
    if (!is_of_key(sct, log->key)) {
        return true;
    }
    if (!append_signed(sct, leaf, issuer, way, &input, e)) {
        return false;
    }
    PL_AUTO(evp_md_ctx_freep) EVP_MD_CTX *md = EVP_MD_CTX_new();
    if (md == NULL ||
        EVP_DigestVerifyInit_ex(md, NULL, "SHA256", NULL, NULL, log->key, NULL) != 1) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot verify a log's signature");
    }
    *out_is_right =
        EVP_DigestVerify(md, sct->signature, sct->signature_len, input.data, input.len) == 1;
    ERR_clear_error();
    return true;
}

/* --- the browsers' rules ------------------------------------------------------------------------
 */

/* What is left to say once the log is known and the signature is right. */
static enum ct_worth judge_log(const struct ct_timestamp *one, int64_t at_ms) {
    const struct ct_log *log = one->log;
    switch (log->state) {
    case CT_LOG_PENDING:
    case CT_LOG_REJECTED:
        return CT_NOT_COUNTED;
    case CT_LOG_QUALIFIED:
    case CT_LOG_USABLE:
    case CT_LOG_READONLY:
        return CT_COUNTS;
    case CT_LOG_RETIRED:
        break;
    }
    bool is_retired = at_ms >= log->since_ms;
    bool is_late = one->way != CT_IN_CERTIFICATE || one->sct.at_ms >= log->since_ms;
    return is_retired && is_late ? CT_TOO_LATE : CT_COUNTS;
}

static bool judge(const struct ct_input *in, struct ct_timestamp *one, struct err *e) {
    bool is_right = false;
    one->worth = CT_UNCHECKED;
    if (in->logs == NULL) {
        return true;
    }
    one->log = ct_logs_find(in->logs, one->sct.log_id);
    if (one->log == NULL || (one->way == CT_IN_CERTIFICATE && in->issuer == NULL)) {
        one->worth = one->log == NULL ? CT_UNKNOWN_LOG : CT_NO_ISSUER;
        return true;
    }
    if (!ct_verify(&one->sct, one->log, in->leaf, in->issuer, one->way, &is_right, e)) {
        return false;
    }
    one->worth = !is_right                    ? CT_BAD_SIGNATURE
                 : one->sct.at_ms > in->at_ms ? CT_FROM_FUTURE
                                              : judge_log(one, in->at_ms);
    return true;
}

static bool is_taken(const struct ct_timestamp *one, enum ct_way way) {
    return one->way == way && (one->worth == CT_COUNTS || one->worth == CT_UNCHECKED);
}

/* Whether an earlier one of the same way has the same log, or the same operator. */
static bool is_again(const struct ct_result *r, size_t index, bool by_operator) {
    const struct ct_timestamp *one = &r->items[index];
    for (size_t i = 0; i < index; i++) {
        const struct ct_timestamp *other = &r->items[i];
        if (!is_taken(other, one->way)) {
            continue;
        }
        if (by_operator ? strcmp(ct_log_operator_at(other->log, other->sct.at_ms),
                                 ct_log_operator_at(one->log, one->sct.at_ms)) == 0
                        : memcmp(other->sct.log_id, one->sct.log_id, 32) == 0) {
            return true;
        }
    }
    return false;
}

/* A log that still counts at the time of checking must be among them. */
static bool is_of_live_log(const struct ct_timestamp *one, int64_t at_ms) {
    return one->log == NULL || one->log->state != CT_LOG_RETIRED || at_ms < one->log->since_ms;
}

static void count_way(const struct ct_input *in, enum ct_way way, struct ct_result *r) {
    size_t logs = 0;
    size_t operators = 0;
    bool has_live = false;
    bool has_rfc6962 = in->logs == NULL;
    for (size_t i = 0; i < r->count; i++) {
        if (is_taken(&r->items[i], way)) {
            logs += is_again(r, i, false) ? 0 : 1;
            operators += in->logs == NULL || is_again(r, i, true) ? 0 : 1;
            has_live = has_live || is_of_live_log(&r->items[i], in->at_ms);
            has_rfc6962 = has_rfc6962 || !r->items[i].log->is_tiled;
        }
    }
    size_t wanted = way == CT_IN_CERTIFICATE ? r->wanted_logs : 2;
    bool is_enough =
        logs >= wanted && has_live && (in->logs == NULL || operators >= CT_WANTED_OPERATORS);
    if ((is_enough && !r->is_enough) || (is_enough == r->is_enough && logs > r->logs)) {
        r->way = way;
        r->logs = logs;
        r->operators = operators;
        r->has_rfc6962 = has_rfc6962;
        r->is_enough = is_enough;
    }
}

bool ct_check(const struct ct_input *input, struct ct_result *out_result, struct err *e) {
    struct ct_result *r = out_result;
    int64_t life_ms = input->leaf->not_after_ms - input->leaf->not_before_ms;
    *r = (struct ct_result){.is_checked = input->logs != NULL,
                            .wanted_logs = life_ms > LIFE_SHORT_DAYS * CLOCK_DAY_MS ? 3 : 2};
    for (size_t way = 0; way < CT_WAY_COUNT; way++) {
        const struct sct_list *list = input->ways[way];
        for (size_t i = 0; list != NULL && i < list->count && i < SCT_MAX; i++) {
            struct ct_timestamp *one = &r->items[r->count++];
            *one = (struct ct_timestamp){.sct = list->items[i], .way = (enum ct_way)way};
            if (!judge(input, one, e)) {
                return false;
            }
        }
        count_way(input, (enum ct_way)way, r);
    }
    return true;
}
