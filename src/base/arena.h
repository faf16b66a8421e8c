/*
 * Memory of one request: taken piece by piece, given back at once. Nothing escapes it without a
 * copy.
 */
#ifndef PL_BASE_ARENA_H
#define PL_BASE_ARENA_H

#include "base/compiler.h"
#include "base/err.h"

struct arena {
    struct arena_block *newest;
    size_t used;
    size_t max; /* bytes handed out in all */
};

void arena_init(struct arena *a, size_t max);
void arena_clear(struct arena *a); /* frees all; usable again */
/* Zeroed, aligned for any object. Fails base.oom, base.limit. */
bool arena_alloc(struct arena *a, size_t size, void **out_memory, struct err *e) PL_MUST_USE;
/* A NUL-terminated copy of len bytes. */
bool arena_string(struct arena *a, const char *bytes, size_t len, char **out_string, struct err *e)
    PL_MUST_USE;

#endif
