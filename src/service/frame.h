/*
 * Requests to the site "services" and their answers as messages between the process that serves it
 * and the one that answers ("request" and "answer" of ipc/messages.def). What the client is, comes
 * from the connection and never from a field of the request.
 *
 * Limits: SERVICE_REQUEST_MAX and SERVICE_ANSWER_MAX bytes.
 */
#ifndef PL_SERVICE_FRAME_H
#define PL_SERVICE_FRAME_H

#include "http/message.h"
#include "http/parts.h"
#include "ipc/pack.h"

enum {
    SERVICE_REQUEST_MAX = PART_CONTENT_MAX + 256 * 1024,
    SERVICE_ANSWER_MAX = HTTP_MEMORY_BODY_MAX + 64 * 1024,
};

struct service_request {
    enum part part;
    bool is_https;
    const char *listener;       /* "https://127.0.0.1:8444" */
    const char *client;         /* "192.0.2.1:4711" */
    const char *server_name;    /* "" when none was sent */
    const char *tls_version;    /* "TLS 1.3"; "" on http */
    const uint8_t *certificate; /* the client's, DER, verified by the binding's rule; NULL: none */
    size_t certificate_len;
    struct http_request http; /* as it came; its texts are borrowed */
    const uint8_t *content;
    size_t content_len;
};

/*
 * Packing: the head, when the request's head is there; the content, when it is whole. The number
 * stands first, and is set last, by service_request_set_number().
 */
void service_request_pack(const struct service_request *request, struct pack_writer *w);
void service_request_pack_content(const void *content, size_t len, struct pack_writer *w);
void service_request_set_number(struct buf *frame, uint32_t number);

/* All is borrowed from bytes. False when malformed. */
bool service_request_read(const uint8_t *bytes, size_t len, uint32_t *out_number,
                          struct service_request *out_request) PL_MUST_USE;

/* The response's body is memory alone. Fails base.limit, base.oom. */
bool service_answer_pack(uint32_t number, const struct http_response *response,
                         struct pack_writer *w, struct err *e) PL_MUST_USE;
/* out_response: initialised by the caller; filled. False when malformed, or memory ran out. */
bool service_answer_read(const uint8_t *bytes, size_t len, uint32_t *out_number,
                         struct http_response *out_response) PL_MUST_USE;

#endif
