/* OCSP responses stapled to certificates. */
#ifndef PL_OPS_STAPLE_H
#define PL_OPS_STAPLE_H

#include "ops/ops.h"
#include "pki/cert.h"
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

/*
 * The same, fetched by the server itself: it cannot be undone, for it is no change of anybody's
 * mind.
 */
bool ops_cert_staple_renew(struct ops *ops, const struct cert_row *cert, const uint8_t *der,
                           size_t der_len, struct err *e) PL_MUST_USE;

/* What to ask for a certificate whose response is to be fetched. Clear works on a zeroed struct. */
struct staple_need {
    struct cert *cert; /* NULL: nothing is to be fetched */
    struct cert *issuer;
    char *url; /* the responder that the certificate names first */
};
void staple_need_clear(struct staple_need *need);

/*
 * Whether a response is to be fetched now: the certificate is valid and names a responder that is
 * not the own CA's (whose answers no network has to bring), its issuer is known, and there is no
 * response, or half of its time has passed. Fails store.*, base.oom.
 */
bool ops_staple_need(struct ops *ops, const struct cert_row *row, int64_t now_ms,
                     struct staple_need *out_need, struct err *e) PL_MUST_USE;

/* Takes it away; *out_was_there is false when there was none. Can be undone. */
bool ops_cert_unstaple(struct ops *ops, const struct cert_row *cert, bool *out_was_there,
                       struct err *e) PL_MUST_USE;

#endif
