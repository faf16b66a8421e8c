/*
 * The TLS library's memory in a process that serves: free lists by size. A handshake is hundreds of
 * allocations of few sizes that all end with it; taking them from a list of their own is a few
 * instructions each.
 *
 * One thread only: the process that uses it has no other that calls the library.
 * Memory of freed blocks is kept for the next of its size, so a process stays as large as its
 * busiest moment. A block that is freed twice, or whose header was overwritten, ends the process.
 * Limits: blocks beyond POOL_BLOCK_MAX bytes come from the system's allocator.
 */
#ifndef PL_TLS_POOL_H
#define PL_TLS_POOL_H

#include "base/compiler.h"
#include "base/err.h"

enum { POOL_BLOCK_MAX = 32 * 1024 };

/*
 * Gives the library this memory, for the process's life; before its first call. Does nothing in a
 * sanitized build, which has to see each block. Fails tls.provider (it has memory already).
 */
bool pool_use(struct err *e) PL_MUST_USE;

/* What the library calls, with the semantics of malloc, realloc and free; file and line are not
 * used. NULL: no memory. */
void *pool_alloc(size_t size, const char *file, int line);
void *pool_resize(void *memory, size_t size, const char *file, int line);
void pool_free(void *memory, const char *file, int line);

#endif
