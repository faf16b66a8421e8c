/*
 * Reading what TLS is made of: numbers of 1 to 4 bytes, runs of bytes, vectors with their length in
 * front. A read past the end fails the reader for good and yields zeros, so that a message is read
 * as one run of calls with one check at the end. Pure functions; nothing is copied.
 *
 * Source: RFC 8446 §3
 */
#ifndef PL_INSPECT_WIRE_READER_H
#define PL_INSPECT_WIRE_READER_H

#include "base/compiler.h"

/* Borrowed bytes; NULL with 0 where there are none. */
struct wire_span {
    const uint8_t *bytes;
    size_t len;
};

struct wire_reader {
    const uint8_t *at;
    size_t left;
    bool is_failed;
};

struct wire_reader wire_reader_of(struct wire_span span);
uint32_t wire_read(struct wire_reader *r, size_t size); /* size 1…4 bytes, big-endian */
struct wire_span wire_take(struct wire_reader *r, size_t len);
/* A vector whose length is a number of size bytes. */
struct wire_span wire_vector(struct wire_reader *r, size_t size);
/* Everything was there, and nothing is left. */
bool wire_is_done(const struct wire_reader *r);

/* Whether a list of two-byte numbers has the value. */
bool wire_lists(struct wire_span list, uint16_t value);
bool wire_equal(struct wire_span a, const void *bytes, size_t len);

#endif
