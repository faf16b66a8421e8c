/*
 * Writing what TLS is made of. A builder remembers the first failure, so that a message is written
 * as one run of calls with one check at the end.
 *
 * Source: RFC 8446 §3
 */
#ifndef PL_INSPECT_WIRE_BUILDER_H
#define PL_INSPECT_WIRE_BUILDER_H

#include "base/buf.h"

struct wire_builder {
    struct buf *out; /* borrowed; its maximum bounds the message */
    bool is_failed;
};

void wire_put(struct wire_builder *b, size_t size, uint32_t number); /* size 1…4 bytes */
void wire_put_bytes(struct wire_builder *b, const void *bytes, size_t len);
/* A vector in one call. */
void wire_put_vector(struct wire_builder *b, size_t size, const void *bytes, size_t len);
/* Room for a length of size bytes; the mark goes to wire_close(), which writes how much followed.
 */
size_t wire_open(struct wire_builder *b, size_t size);
void wire_close(struct wire_builder *b, size_t mark, size_t size);
/* Fails base.limit (also for a vector that is longer than its length can say), base.oom. */
bool wire_built(const struct wire_builder *b, struct err *e) PL_MUST_USE;

#endif
