/*
 * A trace as one JSON document: what "padlock trace --json" prints, what the process "probe" hands
 * over, and what every other form (text, page, capture) is made of.
 */
#ifndef PL_INSPECT_TRACE_DOCUMENT_H
#define PL_INSPECT_TRACE_DOCUMENT_H

#include "codec/json.h"
#include "inspect/trace/record.h"
#include "pki/verify.h"
#include "tls/registry.h"

enum { TRACE_DOCUMENT_MAX = 64 * 1024 * 1024 };

struct trace_target {
    const char *target;  /* as it was asked for; "lab rsa" */
    const char *host;    /* that the certificate must be for; "" in the lab */
    const char *address; /* that answered */
    const char *client_address;
    uint16_t port;
    uint16_t client_port;
    const char *starttls; /* "" */
    const char *lab;      /* "" */
    int64_t at_ms;
};

/*
 * One handshake or several, in their order.
 * anchors  trusted certificates for the client's checks; NULL: none
 * Fails    base.oom
 */
bool trace_document(const struct trace_target *target, struct trace *const *traces, size_t count,
                    const struct cert_list *anchors, json_t **out_document, struct err *e)
    PL_MUST_USE;

/* Parts that other documents have, too. Each fails base.oom. */

/* A number with its name, sentence and rating as the member "name". */
bool trace_set_entry(json_t *o, const char *name, enum tls_kind kind, uint16_t code, struct err *e)
    PL_MUST_USE;
/* A certificate, an array of checks: caller owns; NULL: out of memory. */
json_t *trace_certificate(const struct cert *cert, struct err *e);
json_t *trace_verification(const struct verdict *verdict, struct err *e);

#endif
