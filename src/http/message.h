/*
 * Requests and responses as sites see them, whatever the version of HTTP that carries them.
 * Source: RFC 9110
 */
#ifndef PL_HTTP_MESSAGE_H
#define PL_HTTP_MESSAGE_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"

enum {
    HTTP_FIELDS_MAX = 100, /* header fields of a request */
    HTTP_RANGES_MAX = 16,  /* byte ranges of a request; more are answered with the whole */
    HTTP_PARTS_MAX = 2 * HTTP_RANGES_MAX + 1,
    HTTP_MEMORY_BODY_MAX = 1024 * 1024,
    HTTP_RESPONSE_FIELDS_MAX = 16 * 1024,
};

/* Bytes of the request; not terminated. at is NULL when the thing is not there. */
struct http_text {
    const char *at;
    size_t len;
};

bool http_text_equal(struct http_text text, const char *string);
bool http_text_equal_nocase(struct http_text text, const char *string);

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PUT,
    HTTP_DELETE,
    HTTP_CONNECT,
    HTTP_OPTIONS,
    HTTP_TRACE,
    HTTP_PATCH,
    HTTP_METHOD_OTHER,
};

enum http_body_kind { HTTP_BODY_NONE, HTTP_BODY_LENGTH, HTTP_BODY_CHUNKED };

struct http_field {
    struct http_text name;
    struct http_text value; /* without the space around it */
};

/* A request's head. All texts but an empty path, "/", point into the bytes that were read. */
struct http_request {
    enum http_method method;
    struct http_text method_text;
    struct http_text target; /* as sent */
    struct http_text path;   /* as sent, percent-encoded; begins with "/", or is "*" */
    struct http_text query;  /* after the "?" */
    struct http_text host;   /* without port and brackets' port; NULL in HTTP/1.0 without Host */
    unsigned minor;          /* HTTP/1.minor */
    bool is_keep_alive;
    bool expects_continue;
    enum http_body_kind body_kind;
    uint64_t body_len; /* with HTTP_BODY_LENGTH */
    size_t field_count;
    struct http_field fields[HTTP_FIELDS_MAX];
};

/* The first field of that name (letters in either case), at NULL when there is none. */
struct http_text http_request_field(const struct http_request *request, const char *name);
/* How many fields have that name. */
size_t http_request_field_count(const struct http_request *request, const char *name);

/* --- responses ----------------------------------------------------------------------------------
 */

/* A run of the body: bytes of its memory or of its file. */
struct http_part {
    bool is_file;
    uint64_t offset;
    uint64_t len;
};

/* What follows the head: parts one after the other, read with bounded memory. */
struct http_body {
    int fd; /* owned, -1: no file */
    struct buf memory;
    struct http_part parts[HTTP_PARTS_MAX];
    size_t part_count;
    uint64_t len;     /* of all parts */
    size_t part;      /* being read */
    uint64_t part_at; /* bytes of it that are read */
};

struct http_response {
    int status;
    bool must_close;   /* the connection cannot be used again */
    struct buf fields; /* "Name: value\r\n", one after the other */
    struct http_body body;
};

void http_response_init(struct http_response *response, int status);
void http_response_clear(struct http_response *response); /* closes the file */

/* Appends a field. Values with control characters are refused: http.field. Fails base.oom,
 * base.limit too. */
bool http_response_add(struct http_response *response, const char *name, const char *value,
                       struct err *e) PL_MUST_USE;
bool http_response_printf(struct http_response *response, struct err *e, const char *name,
                          const char *format, ...) PL_MUST_USE PL_PRINTF(4, 5);

/* Appends a copy of bytes, or a run of the file, to the body. Fails base.oom, base.limit. */
bool http_body_add_memory(struct http_body *body, const void *bytes, size_t len, struct err *e)
    PL_MUST_USE;
bool http_body_add_file(struct http_body *body, uint64_t offset, uint64_t len, struct err *e)
    PL_MUST_USE;

/*
 * Reads the body's next bytes, at most size; *out_len 0 at its end.
 * Fails http.body.short (the file has become shorter), http.body.read
 */
bool http_body_read(struct http_body *body, void *out, size_t size, size_t *out_len, struct err *e)
    PL_MUST_USE;
bool http_body_is_done(const struct http_body *body);

/* "Not Found"; "Unknown" for a status without a phrase. */
const char *http_status_phrase(int status);

/*
 * Makes the response a small page that says the status and a sentence (escaped; may be NULL).
 * What was in the response is dropped but for its fields. Fails base.oom.
 */
bool http_response_set_page(struct http_response *response, int status, const char *sentence,
                            struct err *e) PL_MUST_USE;

#endif
