/*
 * What certificates name, fetched for a verification by another process: only over http, never from
 * link-local or reserved networks; the user who runs the command may ask this machine and private
 * networks. Of several addresses for one thing the next is tried when one does not have it.
 */
#include "base/mem.h"
#include "http/fetch.h"
#include "ops/context.h"
#include "ops/verify_material.h"
#include "pki/cert_facts.h"
#include "pki/ocsp.h"

enum { LIST_MAX = 8 * 1024 * 1024, ISSUER_MAX = 256 * 1024, ISSUERS_MAX = 8, URLS_MAX = 4 };

/* One kind of thing, wherever it is. */
struct errand {
    const struct verify_input *input;
    const struct verdict *verdict;
    struct verify_material *material;
    struct list *notes;
    int64_t timeout_ms;     /* for each address */
    const uint8_t *content; /* of an OCSP request; NULL: none */
    size_t content_len;
    size_t max;
    /*
     * What one address has: false in *out_is_fit when it is of no use and the next may be tried;
     * then *out_problem is why. Fails base.oom, base.limit.
     */
    bool (*take)(const struct errand *errand, const struct buf *bytes, const char *url,
                 bool *out_is_fit, struct err *out_problem, struct err *e);
};

static bool note_failure(struct list *notes, const char *url, const struct err *problem,
                         struct err *e) {
    const char *what = problem->step_count > 1 ? problem->step[1] : NULL;
    if (problem->code == ERR_BASE_OOM) {
        return err_set(e, ERR_BASE_OOM, "out of memory");
    }
    return what != NULL
               ? list_printf(notes, e, "%s: %s", what, problem->step[0])
               : list_printf(notes, e, "what is at %s is of no use: %s", url, problem->step[0]);
}

static bool fetch(const struct errand *errand, const char *url, struct buf *out, struct err *e) {
    const struct ops_processes *processes = ops_processes_in_use();
    const struct fetch_wish wish = {.url = url,
                                    .content_type = FETCH_OCSP_TYPE,
                                    .content = errand->content,
                                    .content_len = errand->content_len,
                                    .networks = FETCH_PRIVATE | FETCH_LOOPBACK,
                                    .timeout_ms = errand->timeout_ms};
    PL_BUG_UNLESS(processes->fetch != NULL);
    return processes->fetch(&wish, out, e);
}

static bool try_one(const struct errand *errand, const char *url, bool *out_is_fit, struct err *e) {
    PL_AUTO(buf_clear) struct buf bytes = {.max = errand->max};
    struct err problem = {0};
    *out_is_fit = false;
    if (!fetch(errand, url, &bytes, &problem)) {
        return note_failure(errand->notes, url, &problem, e);
    }
    if (!errand->take(errand, &bytes, url, out_is_fit, &problem, e)) {
        return false;
    }
    return !err_is_set(&problem) || note_failure(errand->notes, url, &problem, e);
}

/* The addresses in the certificate's order, until one has it. */
static bool try_all(const struct errand *errand, const struct list *urls, bool *out_is_fit,
                    struct err *e) {
    *out_is_fit = false;
    for (size_t i = 0; i < urls->count && i < URLS_MAX && !*out_is_fit; i++) {
        if (!try_one(errand, urls->items[i], out_is_fit, e)) {
            return false;
        }
    }
    return true;
}

/* --- the issuer --- */

/* A certificate in DER, PEM or PKCS #7, as issuers serve them. */
static bool take_issuers(const struct errand *errand, const struct buf *bytes, const char *url,
                         bool *out_is_fit, struct err *out_problem, struct err *e) {
    PL_AUTO(detected_clear) struct detected detected = {0};
    if (!detect(bytes->data, bytes->len, errand->input->at_ms, &detected, e)) {
        return false;
    }
    *out_is_fit = detected.certs.count > 0;
    if (!*out_is_fit) {
        (void)err_set(out_problem, ERR_OPS_VERIFY_TARGET, "it is no certificate");
        return true;
    }
    return cert_list_append(&errand->material->issuers, &detected.certs, e) &&
           list_printf(errand->notes, e, "fetched an issuer from %s", url);
}

static bool fetch_issuer(struct errand *errand, bool *out_is_more, struct err *e) {
    const struct cert_list *chain = &errand->verdict->chain;
    PL_AUTO(list_clear) struct list urls;
    list_init(&urls, CERT_FACTS_MAX);
    if (verdict_fault(errand->verdict, ERR_VERIFY_INCOMPLETE_CHAIN) == NULL ||
        errand->material->issuers.count >= ISSUERS_MAX) {
        return true;
    }
    errand->max = ISSUER_MAX;
    errand->take = take_issuers;
    return cert_addresses(chain->items[chain->count - 1], CERT_ADDRESS_ISSUER, &urls, e) &&
           try_all(errand, &urls, out_is_more, e);
}

/* --- revocation --- */

static bool take_response(const struct errand *errand, const struct buf *bytes, const char *url,
                          bool *out_is_fit, struct err *out_problem, struct err *e) {
    const struct cert_list *chain = &errand->verdict->chain;
    struct buf *response = &errand->material->fetched_ocsp;
    struct ocsp_state state;
    if (!ocsp_state_read(bytes->data, bytes->len, chain->items[0], chain->items[1], &state,
                         out_problem)) {
        return true;
    }
    *out_is_fit = true;
    buf_clear(response);
    buf_init(response, OCSP_DER_MAX);
    return buf_append(response, bytes->data, bytes->len, e) &&
           list_printf(errand->notes, e, "asked the OCSP responder at %s", url);
}

static bool ask_responder(struct errand *errand, struct err *e) {
    const struct cert_list *chain = &errand->verdict->chain;
    PL_AUTO(list_clear) struct list urls;
    PL_AUTO(buf_clear) struct buf request = {.max = FETCH_CONTENT_MAX};
    bool is_fit = false;
    list_init(&urls, CERT_FACTS_MAX);
    if (!cert_addresses(chain->items[0], CERT_ADDRESS_OCSP, &urls, e) ||
        !ocsp_append_request(chain->items[0], chain->items[1], &request, e)) {
        return false;
    }
    errand->content = request.data;
    errand->content_len = request.len;
    errand->max = OCSP_DER_MAX;
    errand->take = take_response;
    bool ok = try_all(errand, &urls, &is_fit, e);
    errand->content = NULL;
    errand->content_len = 0;
    return ok;
}

/* Lists for some reasons alone, and deltas, count together with others. */
static unsigned reasons_so_far(const struct errand *errand) {
    const struct verify_material *m = errand->material;
    unsigned reasons = 0;
    for (size_t i = 0; i < m->fetched_list_count; i++) {
        const struct crl *crl = m->fetched_lists[i];
        reasons |= crl->is_delta ? 0 : crl_reasons_for(crl, errand->input->leaf);
    }
    return reasons;
}

static bool keep_list(const struct errand *errand, const struct buf *bytes, const char *url,
                      const char *what, struct err *out_problem, struct err *e) {
    struct verify_material *m = errand->material;
    PL_AUTO(crl_freep) struct crl *crl = NULL;
    if (!crl_from_der(bytes->data, bytes->len, &crl, out_problem)) {
        return true;
    }
    if (crl_reasons_for(crl, errand->input->leaf) == 0) {
        (void)err_set(out_problem, ERR_OPS_VERIFY_NO_LIST,
                      "that revocation list is not about this certificate");
        return true;
    }
    if (m->crl_count < VERIFY_FILES_MAX && m->fetched_list_count < VERIFY_FETCHED_MAX) {
        m->fetched_lists[m->fetched_list_count++] = crl;
        m->crls[m->crl_count++] = PL_TAKE(crl);
    }
    return list_printf(errand->notes, e, "fetched the %s at %s", what, url);
}

static bool take_list(const struct errand *errand, const struct buf *bytes, const char *url,
                      bool *out_is_fit, struct err *out_problem, struct err *e) {
    bool ok = keep_list(errand, bytes, url, "revocation list", out_problem, e);
    *out_is_fit = ok && reasons_so_far(errand) == CRL_REASONS_ALL;
    return ok;
}

static bool take_delta(const struct errand *errand, const struct buf *bytes, const char *url,
                       bool *out_is_fit, struct err *out_problem, struct err *e) {
    bool ok = keep_list(errand, bytes, url, "delta list", out_problem, e);
    *out_is_fit = ok && !err_is_set(out_problem);
    return ok;
}

static bool fetch_delta(struct errand *errand, struct err *e) {
    const struct verify_material *m = errand->material;
    PL_AUTO(list_clear) struct list urls;
    bool is_fit = false;
    list_init(&urls, CERT_FACTS_MAX);
    bool ok = cert_addresses(errand->input->leaf, CERT_ADDRESS_DELTA, &urls, e);
    for (size_t i = 0; i < m->fetched_list_count && ok && urls.count == 0; i++) {
        ok = crl_delta_addresses(m->fetched_lists[i], &urls, e);
    }
    errand->take = take_delta;
    return ok && try_all(errand, &urls, &is_fit, e);
}

static bool fetch_list(struct errand *errand, struct err *e) {
    PL_AUTO(list_clear) struct list urls;
    bool is_fit = false;
    list_init(&urls, CERT_FACTS_MAX);
    errand->max = LIST_MAX;
    errand->take = take_list;
    return cert_addresses(errand->input->leaf, CERT_ADDRESS_CRL, &urls, e) &&
           try_all(errand, &urls, &is_fit, e) &&
           (errand->material->fetched_list_count == 0 || fetch_delta(errand, e));
}

bool verify_fetch(const struct verify_input *input, const struct verdict *verdict,
                  int64_t timeout_ms, struct verify_material *material, struct list *notes,
                  bool *out_is_more, struct err *e) {
    struct errand errand = {.input = input,
                            .verdict = verdict,
                            .material = material,
                            .notes = notes,
                            .timeout_ms = timeout_ms};
    *out_is_more = false;
    if (!fetch_issuer(&errand, out_is_more, e)) {
        return false;
    }
    bool is_known = verdict->checks[VERIFY_REVOCATION].outcome != VERIFY_UNKNOWN;
    if (*out_is_more || verdict->chain.count < 2 || is_known || material->fetched_list_count > 0) {
        return true;
    }
    return ask_responder(&errand, e) && fetch_list(&errand, e);
}
