/* The side of the process "keys": a call of keys/keys.h as it came, done with the ring. */
#ifndef PL_KEYS_SERVICE_H
#define PL_KEYS_SERVICE_H

#include "keys/ring.h"

/*
 * Does one call and appends its answer, which may be that it failed.
 *
 * Fails  ipc.malformed (the call is not one: whoever sent it is not to be heard again), base.limit,
 *        base.oom
 */
bool keys_serve(struct ring *ring, const uint8_t *call, size_t call_len, struct buf *out_answer,
                struct err *e) PL_MUST_USE;

#endif
