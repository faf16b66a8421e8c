/* Revoking: the row first, then the list. After a crash between the two the list is due. */
#include "ops/revoke.h"

#include "base/clock.h"
#include "base/str.h"
#include "ops/certs.h"
#include "ops/context.h"
#include "ops/crl.h"
#include "ops/issue.h"
#include "store/certs.h"

#include <stdio.h>
#include <string.h>

enum { PLACES_MAX = 100 };

void revoke_places_clear(struct revoke_places *places) {
    list_clear(&places->bindings);
    *places = (struct revoke_places){0};
}

/* --- where it is --- */

static bool find_places(struct ops *ops, const struct issued_row *row, struct revoke_places *places,
                        struct err *e) {
    const struct cert_filter filter = {.spki_sha256 = row->spki_sha256};
    const struct page page = {.limit = PLACES_MAX};
    PL_AUTO(cert_rows_clear) struct cert_rows rows = {0};
    list_init(&places->bindings, PLACES_MAX);
    if (!store_cert_list(ops->store, &filter, CERT_SORT_EXPIRY, &page, &rows, e)) {
        return false;
    }
    for (size_t i = 0; i < rows.count; i++) {
        const struct cert_row *cert = rows.items[i];
        if (cert->der.len == row->certificate.len && cert->der.len > 0 &&
            memcmp(cert->der.data, row->certificate.data, cert->der.len) == 0) {
            (void)str_copy(places->name, sizeof(places->name), cert->friendly_name);
            return ops_cert_bound_at(ops, &cert->id, &places->bindings, e);
        }
    }
    return true;
}

/* --- the change --- */

static bool revoke(struct ops *ops, struct issued_row *row, const struct ca_reason *reason,
                   struct err *e) {
    PL_AUTO(operation_rollback) struct operation op = {0};
    char details[256];
    (void)snprintf(details, sizeof(details), "%.200s: %s",
                   ops_texts_first(&row->names, row->subject), reason->name);
    return ops_begin(ops, &op, "ca revoke", false, e) &&
           store_issued_revoke(ops->store, row, clock_now_ms(), reason->code, e) &&
           ops_audit(ops, "ca.revoke", "issued", &row->id, details, e) && ops_end(ops, &op, e);
}

bool ops_revoke(struct ops *ops, struct issued_row *row, const struct ca_reason *reason,
                struct revoke_places *out_places, bool *out_is_listed, struct err *out_problem,
                struct err *e) {
    *out_is_listed = false;
    if (row->state == ISSUED_REVOKED) {
        char when[CLOCK_TEXT_LEN + 1];
        const struct ca_reason *before = ca_reason_get(row->revocation_reason);
        clock_format(row->revoked_ms, when);
        return err_set(e, ERR_OPS_REVOKE_DONE, "it was revoked at %s (%s)", when,
                       before == NULL ? "unspecified" : before->name);
    }
    if (!find_places(ops, row, out_places, e) || !revoke(ops, row, reason, e)) {
        return false;
    }
    *out_is_listed = !ops->is_dry_run && ops_crl_make(ops, &row->issuer_id, row->crl_shard,
                                                      clock_now_ms(), out_problem);
    return true;
}
