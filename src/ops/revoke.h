/* Taking an issued certificate back before it ends. */
#ifndef PL_OPS_REVOKE_H
#define PL_OPS_REVOKE_H

#include "base/list.h"
#include "ca/reason.h"
#include "ops/ops.h"
#include "store/issued.h"

/* Where the certificate still is. Clear works on a zeroed struct. */
struct revoke_places {
    char name[256]; /* friendly name of the installed certificate; "": it is not installed here */
    struct list bindings; /* "https://127.0.0.1:8443 www.example.com" */
};
void revoke_places_clear(struct revoke_places *places);

/*
 * Revokes a certificate that the CA of this store has signed, or recorded and perhaps signed: that
 * is committed; then the list that says so is signed. Cannot be undone. When the list cannot be
 * signed, the certificate is revoked all the same and *out_is_listed false, with the reason in
 * out_problem: a running server signs the list within a minute.
 *
 * out_places  where it is still in use
 * Fails       ops.revoke.done, store.*
 */
bool ops_revoke(struct ops *ops, struct issued_row *row, const struct ca_reason *reason,
                struct revoke_places *out_places, bool *out_is_listed, struct err *out_problem,
                struct err *e) PL_MUST_USE;

#endif
