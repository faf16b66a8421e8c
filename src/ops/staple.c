/* Stapling: the response is checked as a client would before it is kept. */
#include "ops/staple.h"

#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/str.h"
#include "ca/issuer.h"
#include "ops/certs.h"
#include "ops/context.h"
#include "ops/issuer.h"
#include "pki/cert_facts.h"
#include "pki/ocsp.h"
#include "store/issuers.h"

#include <stdio.h>

/* The certificate that issued it: of its chain, of the own CA, or itself. */
static bool find_issuer(struct ops *ops, const struct cert_row *row, const struct cert *cert,
                        struct cert **out_issuer, struct err *e) {
    PL_AUTO(cert_list_clear) struct cert_list known = {0};
    if (!ops_cert_chain(ops, &row->id, &known, e) || !ops_ca_certificates(ops, &known, e)) {
        return false;
    }
    for (size_t i = 0; i < known.count; i++) {
        if (cert_is_issued_by(cert, known.items[i])) {
            *out_issuer = cert_ref(known.items[i]);
            return true;
        }
    }
    (void)err_set(e, ERR_OPS_STAPLE_ISSUER, "the issuer of \"%.200s\" is not known here",
                  row->friendly_name);
    return err_hint(e, "install the certificate together with its chain");
}

static bool write_staple(struct ops *ops, struct staple_row *row, struct staple_row **out_row,
                         struct err *e) {
    PL_AUTO(staple_row_freep) struct staple_row *before = NULL;
    if (!store_staple_find_cert(ops->store, &row->cert_id, &before, e)) {
        return false;
    }
    if (before == NULL) {
        return store_staple_insert(ops->store, row, e) &&
               store_staple_get(ops->store, &row->id, out_row, e);
    }
    before->der = row->der;
    before->this_update_ms = row->this_update_ms;
    before->next_update_ms = row->next_update_ms;
    return store_staple_update(ops->store, before, e) &&
           store_staple_get(ops->store, &before->id, out_row, e);
}

static bool keep(struct ops *ops, const struct cert_row *cert, const uint8_t *der, size_t der_len,
                 bool is_renewal, struct staple_row **out_row, struct err *e) {
    PL_AUTO(cert_freep) struct cert *parsed = NULL;
    PL_AUTO(cert_freep) struct cert *issuer = NULL;
    struct ocsp_answer answer = {0};
    char title[OPERATION_TITLE_MAX];
    if (!ops_cert_read(cert, &parsed, e) || !find_issuer(ops, cert, parsed, &issuer, e) ||
        !ocsp_read(der, der_len, parsed, issuer, clock_now_ms(), &answer, e)) {
        return false;
    }
    struct staple_row row = {.cert_id = cert->id,
                             .der = {der, der_len},
                             .this_update_ms = answer.this_update_ms,
                             .next_update_ms = answer.next_update_ms};
    (void)snprintf(title, sizeof(title), "cert staple %.200s%s", cert->friendly_name,
                   is_renewal ? " (fetched)" : "");
    PL_AUTO(operation_rollback) struct operation op = {0};
    return ops_begin(ops, &op, title, !is_renewal, e) && write_staple(ops, &row, out_row, e) &&
           ops_audit(ops, "cert.staple", "certificate", &cert->id, title, e) &&
           ops_end(ops, &op, e);
}

bool ops_cert_staple(struct ops *ops, const struct cert_row *cert, const uint8_t *der,
                     size_t der_len, struct staple_row **out_row, struct err *e) {
    return keep(ops, cert, der, der_len, false, out_row, e);
}

bool ops_cert_staple_renew(struct ops *ops, const struct cert_row *cert, const uint8_t *der,
                           size_t der_len, struct err *e) {
    PL_AUTO(staple_row_freep) struct staple_row *row = NULL;
    return keep(ops, cert, der, der_len, true, &row, e);
}

/* --- what is to be fetched -----------------------------------------------------------------------
 */

void staple_need_clear(struct staple_need *need) {
    cert_free(need->cert);
    cert_free(need->issuer);
    mem_free(need->url);
    *need = (struct staple_need){0};
}

static bool is_due(struct ops *ops, const struct cert_row *row, int64_t now_ms, bool *out_is_due,
                   struct err *e) {
    PL_AUTO(staple_row_freep) struct staple_row *staple = NULL;
    if (!store_staple_find_cert(ops->store, &row->id, &staple, e)) {
        return false;
    }
    *out_is_due =
        staple == NULL ||
        now_ms >= staple->this_update_ms + (staple->next_update_ms - staple->this_update_ms) / 2;
    return true;
}

/* The responder of the own CA: its answers are made here, and are not this version's yet. */
static bool is_own_responder(struct ops *ops, const struct cert *issuer, const char *url,
                             bool *out_is_own, struct err *e) {
    PL_AUTO(issuer_row_freep) struct issuer_row *row = NULL;
    PL_AUTO(mem_freep) char *own = NULL;
    char key_hash[CA_KEY_HASH_TEXT + 1];
    *out_is_own = false;
    ca_key_hash_format(issuer->spki_sha256, key_hash);
    if (!store_issuer_find_key_hash(ops->store, key_hash, &row, e)) {
        return false;
    }
    if (row == NULL) {
        return true;
    }
    const struct ca_issuer ca = {.base_url = row->base_url};
    if (!ca_issuer_has_base_url(&ca)) {
        return true;
    }
    bool ok = ca_address_ocsp(&ca, &own, e);
    *out_is_own = ok && str_equal(own, url);
    return ok;
}

bool ops_staple_need(struct ops *ops, const struct cert_row *row, int64_t now_ms,
                     struct staple_need *out_need, struct err *e) {
    PL_AUTO(staple_need_clear) struct staple_need need = {0};
    PL_AUTO(list_clear) struct list urls = {.max = CERT_FACTS_MAX};
    struct err fault = {0};
    bool is_wanted = false;
    *out_need = (struct staple_need){0};
    if (row->not_after_ms < now_ms || !is_due(ops, row, now_ms, &is_wanted, e) || !is_wanted) {
        return row->not_after_ms < now_ms || !err_is_set(e);
    }
    if (!ops_cert_read(row, &need.cert, &fault) ||
        !cert_addresses(need.cert, CERT_ADDRESS_OCSP, &urls, &fault) || urls.count == 0 ||
        !find_issuer(ops, row, need.cert, &need.issuer, &fault)) {
        return true; /* it names none, or nobody could say whether what comes is right */
    }
    bool is_own = false;
    if (!is_own_responder(ops, need.issuer, urls.items[0], &is_own, e) ||
        (!is_own && !mem_strdup(urls.items[0], &need.url, e))) {
        return false;
    }
    if (is_own) {
        return true;
    }
    out_need->cert = PL_TAKE(need.cert);
    out_need->issuer = PL_TAKE(need.issuer);
    out_need->url = PL_TAKE(need.url);
    return true;
}

bool ops_cert_unstaple(struct ops *ops, const struct cert_row *cert, bool *out_was_there,
                       struct err *e) {
    PL_AUTO(staple_row_freep) struct staple_row *row = NULL;
    char title[OPERATION_TITLE_MAX];
    if (!store_staple_find_cert(ops->store, &cert->id, &row, e)) {
        return false;
    }
    *out_was_there = row != NULL;
    if (row == NULL) {
        return true;
    }
    (void)snprintf(title, sizeof(title), "cert staple --remove %.200s", cert->friendly_name);
    PL_AUTO(operation_rollback) struct operation op = {0};
    return ops_begin(ops, &op, title, true, e) && store_staple_delete(ops->store, row, e) &&
           ops_audit(ops, "cert.unstaple", "certificate", &cert->id, title, e) &&
           ops_end(ops, &op, e);
}
