/* Which part of the services answers. */
#include "service/service.h"

#include "codec/json.h"
#include "service/pki.h"

#include <stdio.h>
#include <string.h>

static bool not_built(enum part part, struct err *e) {
    return err_set(e, ERR_SERVICE_PART_NOT_BUILT,
                   "This is the place of %s, which this version does not have yet.",
                   part_about(part));
}

static bool respond_not_built(const struct service_request *request, struct http_response *out,
                              struct err *e) {
    struct err error = {0};
    (void)!not_built(request->part, &error);
    return service_respond_error(request, &error, out, e);
}

/* --- problems ------------------------------------------------------------------------------------
 */

enum { PROBLEM_MAX = 16 * 1024 };
#define ACME_TYPES "urn:ietf:params:acme:error:"

/* Programs name JSON; a browser names pages. */
static bool is_for_program(const struct service_request *request) {
    struct http_text accept = http_request_field(&request->http, "Accept");
    bool has_json = accept.at != NULL && memmem(accept.at, accept.len, "json", 4) != NULL;
    bool has_page = accept.at != NULL && memmem(accept.at, accept.len, "text/html", 9) != NULL;
    bool is_of_programs = request->part == PART_API || request->part == PART_ACME;
    return !has_page && (has_json || is_of_programs);
}

static bool write_problem(const struct service_request *request, const struct err *error,
                          const char *detail, struct buf *out, struct err *e) {
    enum err_kind kind = err_kind_of(error);
    char type[128] = "about:blank";
    PL_AUTO(json_freep) json_t *problem = NULL;
    if (request->part == PART_ACME) {
        (void)snprintf(type, sizeof(type), ACME_TYPES "%s", err_kind_acme(kind));
    }
    return json_new_object(&problem, e) && json_set_text(problem, "type", type, e) &&
           json_set_text(problem, "title", err_kind_problem(kind), e) &&
           json_set_integer(problem, "status", err_kind_http(kind), e) &&
           json_set_text(problem, "detail", detail, e) &&
           json_set_text(problem, "code", err_code_text(error->code), e) &&
           json_write(problem, true, out, e);
}

static bool respond_problem(const struct service_request *request, const struct err *error,
                            const char *detail, struct http_response *out, struct err *e) {
    PL_AUTO(buf_clear) struct buf text = {.max = PROBLEM_MAX};
    if (!write_problem(request, error, detail, &text, e) ||
        !http_response_add(out, "Content-Type", "application/problem+json", e) ||
        !http_response_add(out, "Cache-Control", "no-store", e) ||
        !http_body_add_memory(&out->body, text.data, text.len, e)) {
        return false;
    }
    out->status = err_kind_http(err_kind_of(error));
    return true;
}

bool service_respond_error(const struct service_request *request, const struct err *error,
                           struct http_response *out_response, struct err *e) {
    enum err_kind kind = err_kind_of(error);
    const char *detail = error->step_count > 0 ? error->step[0] : err_kind_problem(kind);
    http_response_clear(out_response);
    return is_for_program(request)
               ? respond_problem(request, error, detail, out_response, e)
               : http_response_set_page(out_response, err_kind_http(kind), detail, e);
}

/* --- requests ------------------------------------------------------------------------------------
 */

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
    return respond_not_built(request, out_response, e);
}
