/* Free lists by size: multiples of 16 bytes to 1 KiB, then eight sizes for each doubling. */
#include "tls/pool.h"

#include "base/mem.h"

#include <openssl/crypto.h>

#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define SEES_EACH_BLOCK true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SEES_EACH_BLOCK true
#endif
#endif
#ifndef SEES_EACH_BLOCK
#define SEES_EACH_BLOCK false
#endif

enum {
    STEP = 16,
    SMALL_MAX = 1024,
    SMALL_SHIFT = 10,
    SMALL_COUNT = SMALL_MAX / STEP,
    PART_SHIFT = 3,
    PER_DOUBLING = 1 << PART_SHIFT,
    SIZE_COUNT = SMALL_COUNT + 5 * PER_DOUBLING,
    SIZE_NONE = SIZE_COUNT, /* from the system's allocator */
    CHUNK_SIZE = 256 * 1024,
};
_Static_assert(SMALL_MAX << 5 == POOL_BLOCK_MAX, "five doublings");

#define MARK_USED UINT32_C(0x5553ED01)
#define MARK_FREE UINT32_C(0xF4EE0B1C)

/* Stands before each block. */
struct header {
    uint32_t size_index;
    uint32_t mark;
    union {
        struct header *next; /* free */
        size_t size;         /* SIZE_NONE */
    };
};
_Static_assert(sizeof(struct header) == STEP, "blocks stay aligned");

static struct {
    struct header *free[SIZE_COUNT];
    uint8_t *chunk;
    size_t chunk_left;
} pool;

static uint32_t index_of(size_t size, size_t *out_size) {
    if (size <= SMALL_MAX) {
        size_t index = size == 0 ? 0 : (size - 1) / STEP;
        *out_size = (index + 1) * STEP;
        return (uint32_t)index;
    }
    /* The four highest bits of size - 1: which doubling, and which eighth of it. */
    size_t last = size - 1;
    unsigned shift = 63U - (unsigned)__builtin_clzll(last);
    size_t top = last >> (shift - PART_SHIFT);
    *out_size = (top + 1) << (shift - PART_SHIFT);
    return (uint32_t)(SMALL_COUNT + (shift - SMALL_SHIFT) * PER_DOUBLING + (top - PER_DOUBLING));
}

static struct header *header_of(void *memory) {
    struct header *header = (struct header *)memory - 1;
    PL_BUG_UNLESS(header->mark == MARK_USED && header->size_index <= SIZE_NONE);
    return header;
}

static struct header *carve(size_t size) {
    size_t whole = sizeof(struct header) + size;
    if (pool.chunk_left < whole) {
        void *chunk = mem_hook_alloc(CHUNK_SIZE);
        if (chunk == NULL) {
            return NULL;
        }
        pool.chunk = chunk;
        pool.chunk_left = CHUNK_SIZE;
    }
    struct header *header = (struct header *)(void *)pool.chunk;
    pool.chunk += whole;
    pool.chunk_left -= whole;
    header->mark = MARK_FREE;
    return header;
}

static void *alloc_large(size_t size) {
    struct header *header =
        size > SIZE_MAX - sizeof(*header) ? NULL : mem_hook_alloc(sizeof(*header) + size);
    if (header == NULL) {
        return NULL;
    }
    *header = (struct header){.size_index = SIZE_NONE, .mark = MARK_USED, .size = size};
    return header + 1;
}

void *pool_alloc(size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    if (size > POOL_BLOCK_MAX) {
        return alloc_large(size);
    }
    size_t block_size = 0;
    uint32_t index = index_of(size, &block_size);
    struct header *header = pool.free[index];
    if (header != NULL) {
        pool.free[index] = header->next;
    } else {
        header = carve(block_size);
    }
    if (header == NULL) {
        return NULL;
    }
    PL_BUG_UNLESS(header->mark == MARK_FREE);
    header->mark = MARK_USED;
    header->size_index = index;
    return header + 1;
}

void pool_free(void *memory, const char *file, int line) {
    (void)file;
    (void)line;
    if (memory == NULL) {
        return;
    }
    struct header *header = header_of(memory);
    header->mark = MARK_FREE;
    if (header->size_index == SIZE_NONE) {
        mem_hook_free(header);
        return;
    }
    header->next = pool.free[header->size_index];
    pool.free[header->size_index] = header;
}

static size_t size_of(const struct header *header) {
    if (header->size_index == SIZE_NONE) {
        return header->size;
    }
    if (header->size_index < SMALL_COUNT) {
        return (header->size_index + (size_t)1) * STEP;
    }
    size_t index = header->size_index - SMALL_COUNT;
    return (index % PER_DOUBLING + PER_DOUBLING + 1)
           << (SMALL_SHIFT - PART_SHIFT + index / PER_DOUBLING);
}

void *pool_resize(void *memory, size_t size, const char *file, int line) {
    if (memory == NULL) {
        return pool_alloc(size, file, line);
    }
    if (size == 0) {
        pool_free(memory, file, line);
        return NULL;
    }
    size_t there = size_of(header_of(memory));
    if (size <= there && size > there / 2) {
        return memory;
    }
    void *moved = pool_alloc(size, file, line);
    if (moved == NULL) {
        return NULL;
    }
    memcpy(moved, memory, size < there ? size : there);
    pool_free(memory, file, line);
    return moved;
}

bool pool_use(struct err *e) {
    return SEES_EACH_BLOCK || CRYPTO_set_mem_functions(pool_alloc, pool_resize, pool_free) == 1 ||
           err_set(e, ERR_TLS_PROVIDER, "the TLS library has taken memory already");
}
