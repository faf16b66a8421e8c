/* OCSP responses stapled to certificates. */
#ifndef PL_OPS_STAPLE_H
#define PL_OPS_STAPLE_H

#include "ops/ops.h"
#include "store/certs.h"
#include "store/staples.h"

/*
 * Staples a response in DER to an installed certificate, in the place of an earlier one: clients
 * that ask get it with the handshake, as long as it is current. Can be undone.
 *
 * Fails  ops.staple.issuer (the certificate's issuer is not known here), pki.ocsp.*, base.limit
 */
bool ops_cert_staple(struct ops *ops, const struct cert_row *cert, const uint8_t *der,
                     size_t der_len, struct staple_row **out_row, struct err *e) PL_MUST_USE;

/* Takes it away; *out_was_there is false when there was none. Can be undone. */
bool ops_cert_unstaple(struct ops *ops, const struct cert_row *cert, bool *out_was_there,
                       struct err *e) PL_MUST_USE;

#endif
