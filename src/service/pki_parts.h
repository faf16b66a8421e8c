/* What the files of the part "pki" share. Private to service/pki*.c. */
#ifndef PL_SERVICE_PKI_PARTS_H
#define PL_SERVICE_PKI_PARTS_H

#include "http/conditional.h"
#include "ops/ops.h"
#include "service/frame.h"

/* A file as it is now. */
struct pki_file {
    const uint8_t *bytes; /* borrowed */
    size_t len;
    const char *type;
    char etag[HTTP_ETAG_MAX];
    int64_t modified_ms;
    int64_t max_age_s; /* for caches */
};

/* The file, or that the client has it already. Fails base.oom, base.limit. */
bool pki_send(const struct service_request *request, const struct pki_file *file,
              struct http_response *out, struct err *e) PL_MUST_USE;

/* name: what follows /ca/crl/. Fails store.*, base.oom. */
bool pki_respond_crl(struct ops *ops, const struct service_request *request, struct http_text name,
                     struct http_response *out, struct err *e) PL_MUST_USE;

#endif
