/*
 * The part "pki": what clients fetch to check certificates of the own CA.
 *
 *   /ca/              a page with all CA certificates
 *   /ca/KEYHASH.crt   one of them, DER (RFC 5280 §4.2.2.1); the address in AIA
 *   /ca/KEYHASH.pem   the same as PEM, for people
 */
#ifndef PL_SERVICE_PKI_H
#define PL_SERVICE_PKI_H

#include "ops/ops.h"
#include "service/frame.h"

/* Fails base.oom, base.limit, store.*, pki.cert.* */
bool pki_respond(struct ops *ops, const struct service_request *request, struct http_response *out,
                 struct err *e) PL_MUST_USE;

#endif
