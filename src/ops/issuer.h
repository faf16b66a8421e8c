/* The CA's own certificates as the use cases need them: parsed, with their addresses and key. */
#ifndef PL_OPS_ISSUER_H
#define PL_OPS_ISSUER_H

#include "ca/issuer.h"
#include "ops/ops.h"
#include "pki/cert.h"
#include "store/issuers.h"

/* Clear works on a zeroed struct. */
struct issuer {
    struct issuer_row *row;
    struct cert *certificate;
    struct ca_issuer ca; /* borrows from row and certificate */
};
void issuer_clear(struct issuer *issuer);

/* Parses the row, whose ownership is taken in any case. Fails pki.cert.*. */
bool ops_issuer_from_row(struct issuer_row *row, struct issuer *out_issuer, struct err *e)
    PL_MUST_USE;

/* The CA that issues. Fails ops.ca.missing (hint: init made none). */
bool ops_issuer_active(struct ops *ops, struct issuer *out_issuer, struct err *e) PL_MUST_USE;
bool ops_issuer_get(struct ops *ops, const struct id *id, struct issuer *out_issuer, struct err *e)
    PL_MUST_USE;

/* The newest root of ours. Fails ops.ca.missing. */
bool ops_root(struct ops *ops, struct issuer *out_issuer, struct err *e) PL_MUST_USE;

/* All CA certificates of this store, issuing ones first: a pool for chains. Appends. */
bool ops_ca_certificates(struct ops *ops, struct cert_list *out, struct err *e) PL_MUST_USE;
/* Only the roots: what this store's own trust is anchored in. Appends. */
bool ops_ca_roots(struct ops *ops, struct cert_list *out, struct err *e) PL_MUST_USE;

#endif
