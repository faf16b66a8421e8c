/*
 * What certificates name, fetched for a verification: only over http, never from link-local or
 * reserved networks; the user who runs the command may ask this machine and private networks.
 */
#include "base/mem.h"
#include "http/fetch.h"
#include "ops/verify_material.h"
#include "pki/cert_facts.h"
#include "pki/ocsp.h"

enum { LIST_MAX = 8 * 1024 * 1024, ISSUER_MAX = 256 * 1024, ISSUERS_MAX = 8 };

static struct fetch_wish wish_for(const char *url, int64_t timeout_ms) {
    return (struct fetch_wish){
        .url = url, .networks = FETCH_PRIVATE | FETCH_LOOPBACK, .timeout_ms = timeout_ms};
}

static bool note_failure(struct list *notes, const struct err *problem, struct err *e) {
    const char *reason = problem->step_count > 1 ? problem->step[1] : problem->step[0];
    return problem->code == ERR_BASE_OOM
               ? err_set(e, ERR_BASE_OOM, "out of memory")
               : list_printf(notes, e, "%s: %s", reason, problem->step[0]);
}

/* --- the issuer --- */

/* A certificate in DER, PEM or PKCS #7, as issuers serve them. */
static bool take_issuers(const struct buf *bytes, int64_t at_ms, const char *url,
                         struct verify_material *m, struct list *notes, bool *out_is_more,
                         struct err *e) {
    PL_AUTO(detected_clear) struct detected detected = {0};
    if (!detect(bytes->data, bytes->len, at_ms, &detected, e)) {
        return false;
    }
    *out_is_more = detected.certs.count > 0;
    return cert_list_append(&m->issuers, &detected.certs, e) &&
           list_printf(notes, e,
                       detected.certs.count > 0 ? "fetched an issuer from %s"
                                                : "no certificate is at %s",
                       url);
}

static bool fetch_issuer(const struct verify_input *input, const struct verdict *verdict,
                         int64_t timeout_ms, struct verify_material *m, struct list *notes,
                         bool *out_is_more, struct err *e) {
    const struct cert *top = verdict->chain.items[verdict->chain.count - 1];
    PL_AUTO(list_clear) struct list urls;
    PL_AUTO(buf_clear) struct buf bytes = {.max = ISSUER_MAX};
    struct err problem = {0};
    list_init(&urls, CERT_FACTS_MAX);
    if (verdict_fault(verdict, ERR_VERIFY_INCOMPLETE_CHAIN) == NULL ||
        m->issuers.count >= ISSUERS_MAX) {
        return true;
    }
    if (!cert_addresses(top, CERT_ADDRESS_ISSUER, &urls, e) || urls.count == 0) {
        return !err_is_set(e);
    }
    const struct fetch_wish wish = wish_for(urls.items[0], timeout_ms);
    return fetch_http(&wish, &bytes, &problem)
               ? take_issuers(&bytes, input->at_ms, urls.items[0], m, notes, out_is_more, e)
               : note_failure(notes, &problem, e);
}

/* --- revocation --- */

static bool ask_responder(const struct cert *leaf, const struct cert *issuer, int64_t timeout_ms,
                          struct verify_material *m, struct list *notes, struct err *e) {
    PL_AUTO(list_clear) struct list urls;
    struct err problem = {0};
    list_init(&urls, CERT_FACTS_MAX);
    buf_init(&m->fetched_ocsp, OCSP_DER_MAX);
    if (!cert_addresses(leaf, CERT_ADDRESS_OCSP, &urls, e) || urls.count == 0) {
        return !err_is_set(e);
    }
    const struct fetch_wish wish = wish_for(urls.items[0], timeout_ms);
    return fetch_ocsp(leaf, issuer, &wish, &m->fetched_ocsp, &problem)
               ? list_printf(notes, e, "asked the OCSP responder at %s", urls.items[0])
               : note_failure(notes, &problem, e);
}

static bool fetch_list(const struct cert *leaf, int64_t timeout_ms, struct verify_material *m,
                       struct list *notes, struct err *e) {
    PL_AUTO(list_clear) struct list urls;
    PL_AUTO(buf_clear) struct buf bytes = {.max = LIST_MAX};
    struct err problem = {0};
    list_init(&urls, CERT_FACTS_MAX);
    if (!cert_addresses(leaf, CERT_ADDRESS_CRL, &urls, e) || urls.count == 0) {
        return !err_is_set(e);
    }
    const struct fetch_wish wish = wish_for(urls.items[0], timeout_ms);
    if (!fetch_http(&wish, &bytes, &problem) ||
        !crl_from_der(bytes.data, bytes.len, &m->fetched_list, &problem)) {
        return note_failure(notes, &problem, e);
    }
    if (m->crl_count < VERIFY_FILES_MAX) {
        m->crls[m->crl_count++] = m->fetched_list;
    }
    return list_printf(notes, e, "fetched the revocation list at %s", urls.items[0]);
}

bool verify_fetch(const struct verify_input *input, const struct verdict *verdict,
                  int64_t timeout_ms, struct verify_material *material, struct list *notes,
                  bool *out_is_more, struct err *e) {
    const struct cert_list *chain = &verdict->chain;
    *out_is_more = false;
    err_init(e);
    if (!fetch_issuer(input, verdict, timeout_ms, material, notes, out_is_more, e) ||
        *out_is_more) {
        return !err_is_set(e);
    }
    bool is_known = verdict->checks[VERIFY_REVOCATION].outcome != VERIFY_UNKNOWN;
    if (chain->count < 2 || is_known || material->fetched_list != NULL) {
        return true;
    }
    return ask_responder(input->leaf, chain->items[1], timeout_ms, material, notes, e) &&
           fetch_list(input->leaf, timeout_ms, material, notes, e);
}
