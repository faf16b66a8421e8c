/*
 * The messages of keys/unpack.h, for a file that is opened in a process of its own: one call, one
 * answer. Both sides, in one place.
 */
#ifndef PL_KEYS_UNPACK_WIRE_H
#define PL_KEYS_UNPACK_WIRE_H

#include "keys/unpack.h"

/* Appends the call. Fails base.limit. */
bool unpack_wire_call(bool is_pfx, const uint8_t *bytes, size_t len, const struct secret *password,
                      struct buf *out_call, struct err *e) PL_MUST_USE;
/* Reads the answer. Fails ipc.malformed, base.oom, and what opening the file failed with. */
bool unpack_wire_result(const uint8_t *answer, size_t answer_len, struct unpacked *out,
                        struct err *e) PL_MUST_USE;

/* The other side: opens the file and appends the answer. Fails ipc.malformed, base.limit. */
bool unpack_wire_serve(const uint8_t *call, size_t call_len, struct buf *out_answer, struct err *e)
    PL_MUST_USE;

#endif
