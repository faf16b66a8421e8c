/* Renewing, by the use cases that each step has already. */
#include "ops/renew.h"

#include "base/clock.h"
#include "ops/certs.h"
#include "ops/context.h"
#include "ops/export.h"
#include "ops/install.h"
#include "ops/replace.h"
#include "ops/request.h"
#include "ops/submission.h"
#include "pki/request.h"
#include "store/bindings.h"
#include "store/issued.h"

#include <stdio.h>
#include <string.h>

enum { NOTES_MAX = 64, NAME_MAX_LEN = 200 };

#define RENEWED " (renewed "

void renewal_clear(struct renewal *renewal) {
    request_row_free(renewal->request);
    ca_leaf_clear(&renewal->leaf);
    cert_row_free(renewal->cert);
    list_clear(&renewal->notes);
    *renewal = (struct renewal){0};
}

/* --- what the old one was --- */

/* How it was asked for: the same is asked for again. */
static bool find_submission(struct ops *ops, const struct issued_row *issued,
                            struct submission_row **out_row, struct err *e) {
    return id_is_zero(&issued->submission_id) ||
           store_submission_get(ops->store, &issued->submission_id, out_row, e);
}

static bool count_bindings(struct ops *ops, const struct cert_row *cert, size_t *out_count,
                           struct err *e) {
    const struct binding_filter filter = {.cert_id = &cert->id};
    const struct page page = {.limit = STORE_PAGE_MAX};
    PL_AUTO(binding_rows_clear) struct binding_rows rows = {0};
    if (!store_binding_list(ops->store, &filter, BINDING_SORT_AGE, &page, &rows, e)) {
        return false;
    }
    *out_count = rows.count;
    return true;
}

/* --- the steps --- */

static bool request(struct ops *ops, const struct renew_wish *wish, const struct cert *cert,
                    struct renewal *r, struct err *e) {
    PL_AUTO(request_names_clear) struct request_names names = {0};
    PL_AUTO(sealed_key_clear) struct sealed_key old_key = {0};
    struct request_wish ask = {.names = &names,
                               .key = wish->key != NULL ? *wish->key : cert->key_spec,
                               .is_exportable = true};
    if (!dn_copy(&cert->subject, &names.subject, e) ||
        !san_list_copy(&cert->sans, &names.sans, e)) {
        return false;
    }
    if (!id_is_zero(&wish->cert->key_id)) {
        if (!ops_key_load(ops, &wish->cert->key_id, &old_key, e)) {
            return false;
        }
        ask.is_exportable = old_key.is_exportable;
    }
    return ops_request_new(ops, &ask, &r->notes, &r->request, e);
}

/* "Shop (renewed 2026-11-26)", however often. */
static void name_renewed(const struct renew_wish *wish, char out[NAME_MAX_LEN + 32]) {
    char day[11];
    const char *old = wish->cert->friendly_name;
    const char *again = strstr(old, RENEWED);
    size_t len = again == NULL ? strlen(old) : (size_t)(again - old);
    clock_format_day(clock_now_ms(), day);
    (void)snprintf(out, NAME_MAX_LEN + 32, "%.*s" RENEWED "%s)",
                   (int)(len < NAME_MAX_LEN ? len : NAME_MAX_LEN), old, day);
}

static bool install(struct ops *ops, const struct renew_wish *wish, struct issued_row *issued,
                    struct renewal *r, struct err *e) {
    const struct export_wish p7b = {.format = EXPORT_P7B};
    PL_AUTO(buf_clear) struct buf bundle = {.max = EXPORT_MAX};
    char name[NAME_MAX_LEN + 32];
    name_renewed(wish, name);
    return ops_export_issued(ops, issued, &p7b, &bundle, e) &&
           ops_install(ops, bundle.data, bundle.len,
                       wish->friendly_name != NULL ? wish->friendly_name : name, &r->notes,
                       &r->cert, e);
}

static bool submit(struct ops *ops, const struct issued_row *old, struct renewal *r,
                   struct submission_row **out_row, struct err *e) {
    PL_AUTO(csr_freep) struct csr *csr = NULL;
    PL_AUTO(submission_row_freep) struct submission_row *before = NULL;
    struct submit_wish wish = {.profile = old->profile};
    if (!csr_read(r->request->csr.data, r->request->csr.len, &csr, e) ||
        !find_submission(ops, old, &before, e)) {
        return false;
    }
    wish.csr = csr;
    if (before != NULL) {
        wish.lifetime_ms = before->lifetime_ms;
        wish.is_client_auth = before->is_client_auth;
    }
    return ops_submit(ops, &wish, out_row, &r->leaf, NULL, e);
}

static bool issue(struct ops *ops, const struct renew_wish *wish, const struct issued_row *old,
                  struct renewal *r, struct err *e) {
    PL_AUTO(submission_row_freep) struct submission_row *submission = NULL;
    PL_AUTO(issued_row_freep) struct issued_row *issued = NULL;
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
    if (!submit(ops, old, r, &submission, e)) {
        if (!ops->is_dry_run && !ops_request_cancel(ops, r->request, NULL)) {
            (void)err_wrap(e, "the CA refuses, and the new request still waits");
        }
        return false;
    }
    return ops->is_dry_run ||
           (ops_approve(ops, submission, &leaf, &issued, e) && install(ops, wish, issued, r, e));
}

bool ops_renew(struct ops *ops, const struct renew_wish *wish, struct renewal *out_renewal,
               struct err *e) {
    PL_AUTO(renewal_clear) struct renewal r = {0};
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    PL_AUTO(issued_row_freep) struct issued_row *old = NULL;
    list_init(&r.notes, NOTES_MAX);
    if (!cert_from_der(wish->cert->der.data, wish->cert->der.len, &cert, e) ||
        !ops_cert_issued(ops, cert, &old, e) || !request(ops, wish, cert, &r, e)) {
        return false;
    }
    r.is_own = old != NULL;
    if (r.is_own && !issue(ops, wish, old, &r, e)) {
        return false;
    }
    if (r.is_own && !wish->is_bound_later &&
        (!count_bindings(ops, wish->cert, &r.binding_count, e) ||
         (r.binding_count > 0 && r.cert != NULL &&
          !ops_cert_replace(ops, wish->cert, r.cert, &r.notes, &r.binding_count, e)))) {
        return false;
    }
    *out_renewal = r;
    r = (struct renewal){0};
    return true;
}
