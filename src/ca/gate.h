/*
 * The gate: what a CSR has to pass before the CA issues to it, and what its certificate will say.
 *
 * Nothing of the request is taken over unseen: the gate reads what it asks for and makes a new
 * description (struct ca_leaf) by the profile's rules. It is passed twice, when a CSR is submitted
 * and when it is issued, since dates and rules may have moved between the two.
 *
 * Not done: who may ask for these names (approval, ACME challenges, CAA) is for the callers.
 */
#ifndef PL_CA_GATE_H
#define PL_CA_GATE_H

#include "base/compiler.h"
#include "base/err.h"
#include "base/list.h"
#include "ca/leaf.h"
#include "pki/request.h"

enum { CA_PROBLEMS_MAX = 64 };

struct ca_gate_wish {
    const struct ca_profile *profile; /* NULL: chosen by the names */
    struct ca_lifetime_wish lifetime;
    bool is_domain_only; /* nobody checked the organization (ACME): only CN is kept */
    bool is_client_auth; /* internal only: also clientAuth in the extended key usage */
};

/* One reason for refusing; texts may hold bytes from outside. */
struct ca_problem {
    enum err_code code;
    char reason[ERR_TEXT_MAX];
    char hint[ERR_TEXT_MAX];
};

/* Clear works on a zeroed struct. */
struct ca_problems {
    struct ca_problem *items; /* owned */
    size_t count;             /* ≤ CA_PROBLEMS_MAX; further ones are not kept */
    size_t capacity;
};
void ca_problems_clear(struct ca_problems *problems);

/*
 * Takes a CSR through all rules: proof of possession and key strength (csr_check), the profile, the
 * key's kind, each name, the subject's fields, the base URL, the lifetime.
 *
 * out_leaf      written on success; clear it with ca_leaf_clear()
 * out_problems  every reason found for refusing, in that order; may be NULL. On refusal e has the
 *               first one's code, reason and hint, and the number of the others as a further step
 * Fails         pki.csr.*, pki.key.*, pki.name.*, request.*, ca.name.*, ca.profile.*,
 * ca.lifetime.*, ca.issuer.*; base.* without any problem listed
 */
bool ca_gate(const struct csr *csr, const struct ca_gate_wish *wish, const struct ca_issuer *issuer,
             int64_t now_ms, struct ca_leaf *out_leaf, struct ca_problems *out_problems,
             struct err *e) PL_MUST_USE;

#endif
