/*
 * Heap memory. The one place that allocates, so that tests can make any allocation fail.
 *
 * mem_free(NULL) is fine. Sizes from outside go through mem_array, which checks the product.
 * Not thread-safe with respect to mem_fail_at(), which only tests call.
 */
#ifndef PL_BASE_MEM_H
#define PL_BASE_MEM_H

#include "base/compiler.h"
#include "base/err.h"

/* Zeroed memory of size bytes (≥ 1). Fails base.oom. Caller owns, mem_free(). */
bool mem_alloc(size_t size, void **out_memory, struct err *e) PL_MUST_USE;

/*
 * Zeroed memory for count elements of size bytes each. Fails base.oom (also when the product
 * overflows).
 */
bool mem_array(size_t count, size_t size, void **out_memory, struct err *e) PL_MUST_USE;

/*
 * Grows or shrinks *memory to size bytes (≥ 1); new bytes are not zeroed. On failure *memory
 * stands. Fails base.oom.
 */
bool mem_resize(void **memory, size_t size, struct err *e) PL_MUST_USE;

/* A copy of len bytes plus a terminating NUL. Fails base.oom. */
bool mem_dup(const void *bytes, size_t len, void **out_memory, struct err *e) PL_MUST_USE;

/* A copy of a string. Fails base.oom. */
bool mem_strdup(const char *string, char **out_string, struct err *e) PL_MUST_USE;

/* printf into a new string of at most 64 KiB. Fails base.oom, base.limit. */
bool mem_printf(char **out_string, struct err *e, const char *format, ...)
    PL_MUST_USE PL_PRINTF(3, 4);

void mem_free(void *memory);
void mem_freep(void *pointer_to_pointer); /* for PL_AUTO on any pointer */

/*
 * Tests: the nth allocation from now (1 = the next) fails, then all succeed again; 0 switches off.
 */
void mem_fail_at(uint64_t nth);
/* Tests: how many allocations were asked for since the last mem_fail_at(). */
uint64_t mem_count(void);
/* For libraries with allocator hooks (jansson, OpenSSL): counted and failing like ours. */
void *mem_hook_alloc(size_t size);
void *mem_hook_resize(void *memory, size_t size);
void mem_hook_free(void *memory);

#endif
