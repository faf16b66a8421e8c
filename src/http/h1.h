/*
 * HTTP/1.1 without I/O: a strict reader of request heads, a decoder of request bodies, a writer of
 * response heads. What could be read in two ways is refused, so that nothing in front of or behind
 * this server can see other requests in the same bytes.
 *
 * Limits: H1_LINE_MAX bytes a line, H1_HEAD_MAX a head, HTTP_FIELDS_MAX fields.
 * Source: RFC 9112, RFC 9110
 */
#ifndef PL_HTTP_H1_H
#define PL_HTTP_H1_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"
#include "http/message.h"

enum {
    H1_LINE_MAX = 8 * 1024,
    H1_HEAD_MAX = 32 * 1024,
    H1_EMPTY_LINES_MAX = 4,     /* before a request, RFC 9112 §2.2 */
    H1_CHUNK_LINE_MAX = 256,    /* a chunk's size and extensions */
    H1_TRAILERS_MAX = 8 * 1024, /* all trailer fields */
};

enum h1_result {
    H1_WHOLE,
    H1_MORE,    /* so far allowed; more bytes are needed */
    H1_REFUSED, /* the connection ends after the answer */
};

/* Why a request is refused: the status to answer with and a sentence for the page and the log. */
struct h1_refusal {
    int status;
    const char *reason; /* static */
};

/*
 * Reads one request's head.
 *
 * bytes         all bytes of the connection that are not yet used up
 * scanned       0 at a request's first call; kept by the caller between the calls for it
 * out_request   points into bytes; only with H1_WHOLE
 * out_head_len  how many bytes the head is, with the empty line; only with H1_WHOLE
 * out_refusal   400, 414, 417, 431, 501 or 505; only with H1_REFUSED
 */
enum h1_result h1_read_head(const uint8_t *bytes, size_t len, size_t *scanned,
                            struct http_request *out_request, size_t *out_head_len,
                            struct h1_refusal *out_refusal) PL_MUST_USE;

enum h1_chunk_state {
    H1_CHUNK_SIZE,
    H1_CHUNK_EXTENSION,
    H1_CHUNK_SIZE_LF,
    H1_CHUNK_DATA,
    H1_CHUNK_DATA_CR,
    H1_CHUNK_DATA_LF,
    H1_CHUNK_TRAILER,
    H1_CHUNK_TRAILER_LF,
    H1_CHUNK_DONE,
};

/* A request body being read. */
struct h1_body {
    enum http_body_kind kind;
    enum h1_chunk_state state;
    uint64_t left;   /* of the body, or of the chunk */
    size_t line_len; /* of the chunk's size line, or of the trailer line */
    size_t digits;   /* of the chunk's size */
    size_t trailers; /* bytes of trailer fields */
    uint64_t total;  /* bytes of content so far */
};

void h1_body_init(struct h1_body *body, const struct http_request *request);

/*
 * Takes the next bytes.
 *
 * out_used       bytes of input used up
 * out_data       content in them, borrowed from bytes; out_data_len 0 when there is none in this
 * step H1_MORE        call again while input is left H1_WHOLE       the body has ended; what
 * follows is the next request
 */
enum h1_result h1_body_read(struct h1_body *body, const uint8_t *bytes, size_t len,
                            size_t *out_used, const uint8_t **out_data, size_t *out_data_len,
                            struct h1_refusal *out_refusal) PL_MUST_USE;

/* How a response is sent. */
struct h1_framing {
    bool is_keep_alive;
    unsigned minor;   /* the request's; HTTP/1.0 must be told of keep-alive */
    const char *date; /* clock_format_http()'s text */
};

/* Appends status line and fields, with Date, Content-Length and Connection. Fails base.oom,
 * base.limit. */
bool h1_write_head(const struct http_response *response, const struct h1_framing *framing,
                   struct buf *out, struct err *e) PL_MUST_USE;

#endif
