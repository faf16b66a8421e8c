/* Which part of the services answers. */
#include "service/service.h"

#include "service/pki.h"

#include <stdio.h>

static bool respond_not_built(enum part part, struct http_response *out, struct err *e) {
    char sentence[160];
    (void)snprintf(sentence, sizeof(sentence),
                   "This is the place of %s, which this version does "
                   "not have yet.",
                   part_about(part));
    return http_response_set_page(out, 404, sentence, e);
}

bool service_respond(struct ops *ops, const struct service_request *request,
                     struct http_response *out_response, struct err *e) {
    if (ops == NULL) {
        return http_response_add(out_response, "Retry-After", "5", e) &&
               http_response_set_page(out_response, 503,
                                      "The store cannot be reached at the moment.", e);
    }
    switch (request->part) {
    case PART_PKI:
        return pki_respond(ops, request, out_response, e);
    case PART_CONSOLE:
    case PART_API:
    case PART_ACME:
    case PART_ENROLL:
    case PART_EST:
    case PART_ACME_HTTP:
    case PART_REDIRECT: /* answered where it came in */
    case PART_COUNT:
        break;
    }
    return respond_not_built(request->part, out_response, e);
}

bool service_respond_error(const struct err *error, struct http_response *out_response,
                           struct err *e) {
    enum err_kind kind = err_kind_of(error);
    http_response_clear(out_response);
    return http_response_set_page(out_response, err_kind_http(kind),
                                  error->step_count > 0 ? error->step[0] : err_kind_problem(kind),
                                  e);
}
