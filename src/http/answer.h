/*
 * What a server answers to a request of ours, read from the bytes of one connection that ends with
 * it: HTTP/1.0's way, which needs no chunks. Pure; for http/fetch.
 * Source: RFC 9112 §2.1, §4, §6.3
 */
#ifndef PL_HTTP_ANSWER_H
#define PL_HTTP_ANSWER_H

#include "base/compiler.h"

enum { ANSWER_HEAD_MAX = 16 * 1024, ANSWER_LOCATION_MAX = 2048 };

enum answer_result {
    ANSWER_WHOLE,
    ANSWER_MORE,   /* so far allowed */
    ANSWER_BROKEN, /* no answer of HTTP, or one that ends too early */
};

struct answer {
    int status;
    const uint8_t *body; /* borrowed from the bytes */
    size_t body_len;
    char location[ANSWER_LOCATION_MAX]; /* of a redirection; "" when there is none */
};

/* is_end: the server has closed. A length that it said is believed, and no more than it is taken.
 */
enum answer_result answer_read(const uint8_t *bytes, size_t len, bool is_end,
                               struct answer *out_answer);

#endif
