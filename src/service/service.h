/*
 * The site "services": answers a request that net-services has taken. Process: control.
 *
 * Parts that are not built yet answer 404 with a sentence, or a problem where programs ask.
 */
#ifndef PL_SERVICE_SERVICE_H
#define PL_SERVICE_SERVICE_H

#include "ops/ops.h"
#include "service/frame.h"

/*
 * ops           NULL while the store cannot be reached: 503
 * out_response  initialised by the caller; its body is memory alone
 * Fails         base.oom, base.limit, store.*; then the caller answers with
 *               service_respond_error()
 */
bool service_respond(struct ops *ops, const struct service_request *request,
                     struct http_response *out_response, struct err *e) PL_MUST_USE;

/*
 * An error: the status of its kind, and its sentence. As a page; for programs (the parts api and
 * acme, and whoever accepts JSON and no page) as a problem with the error's code. Fails base.oom.
 * Source: RFC 9457 §3; RFC 8555 §6.7 for acme's types
 */
bool service_respond_error(const struct service_request *request, const struct err *error,
                           struct http_response *out_response, struct err *e) PL_MUST_USE;

#endif
