/*
 * Certificates that a server sends compressed: what comes is undone here, into as many bytes as the
 * message says and no more. Pure functions.
 *
 * Source: RFC 8879; RFC 1950 (zlib), RFC 7932 (brotli), RFC 8878 (zstd)
 */
#ifndef PL_INSPECT_WIRE_UNPACKED_H
#define PL_INSPECT_WIRE_UNPACKED_H

#include "base/buf.h"
#include "inspect/wire/reader.h"

enum { WIRE_ZLIB = 1, WIRE_BROTLI = 2, WIRE_ZSTD = 3 };

/* "zlib"; "unknown" */
const char *wire_compression_name(uint32_t algorithm);
/* Those that can be undone, the smallest result first. */
extern const uint16_t wire_compressions[3];

/*
 * Appends exactly len bytes. False when the algorithm is none of these, when the bytes are damaged
 * or too many, when they become more or fewer than len, and when out has no room.
 */
bool wire_unpack(uint32_t algorithm, struct wire_span packed, size_t len, struct buf *out)
    PL_MUST_USE;

#endif
