/*
 * Conditional and range requests on one representation: pure functions.
 * Source: RFC 9110 §8.8, §13, §14
 */
#ifndef PL_HTTP_CONDITIONAL_H
#define PL_HTTP_CONDITIONAL_H

#include "http/message.h"

enum { HTTP_ETAG_MAX = 64 };

/* What would be sent, as far as conditions look at it. */
struct http_validators {
    const char *etag;    /* with its quotes, strong */
    int64_t modified_ms; /* its seconds are compared */
    uint64_t len;
};

enum http_condition {
    HTTP_SEND,
    HTTP_NOT_MODIFIED,       /* 304 */
    HTTP_PRECONDITION_FAILED /* 412 */
};

/* If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since, in the order of §13.2.2. For GET
 * and HEAD. */
enum http_condition http_condition(const struct http_request *request,
                                   const struct http_validators *validators);

struct http_range {
    uint64_t offset;
    uint64_t len; /* ≥ 1 */
};

enum http_ranges {
    HTTP_RANGES_NONE, /* send the whole: none asked for, malformed, too many, or If-Range says so */
    HTTP_RANGES_SOME, /* 206 */
    HTTP_RANGES_UNSATISFIABLE, /* 416 */
};

/*
 * The ranges of a GET, clipped to the representation, in the order asked for. Ranges that overlap,
 * or that are more than HTTP_RANGES_MAX, give HTTP_RANGES_NONE (§17.15).
 */
enum http_ranges http_ranges(const struct http_request *request,
                             const struct http_validators *validators,
                             struct http_range out_ranges[HTTP_RANGES_MAX], size_t *out_count);

#endif
