/* Blocks of 4 KiB (or one piece's size), linked; a piece never moves. */
#include "base/arena.h"

#include "base/mem.h"

#include <stdalign.h>
#include <string.h>

enum { BLOCK_SIZE = 4096 };

struct arena_block {
    struct arena_block *older;
    size_t size;
    size_t used;
    alignas(max_align_t) uint8_t bytes[];
};

void arena_init(struct arena *a, size_t max) {
    *a = (struct arena){.max = max};
}

void arena_clear(struct arena *a) {
    while (a->newest != NULL) {
        struct arena_block *block = a->newest;
        a->newest = block->older;
        mem_free(block);
    }
    a->used = 0;
}

static bool add_block(struct arena *a, size_t size, struct err *e) {
    size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct arena_block) + room, &memory, e)) {
        return false;
    }
    struct arena_block *block = memory;
    block->older = a->newest;
    block->size = room;
    a->newest = block;
    return true;
}

bool arena_alloc(struct arena *a, size_t size, void **out_memory, struct err *e) {
    if (size > a->max || a->used > a->max - size) {
        return err_set(e, ERR_BASE_LIMIT, "a request needs more than %zu bytes", a->max);
    }
    size_t rounded = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if ((a->newest == NULL || a->newest->size - a->newest->used < rounded) &&
        !add_block(a, rounded, e)) {
        return false;
    }
    *out_memory = a->newest->bytes + a->newest->used;
    a->newest->used += rounded;
    a->used += size;
    return true;
}

bool arena_string(struct arena *a, const char *bytes, size_t len, char **out_string,
                  struct err *e) {
    void *memory = NULL;
    if (!arena_alloc(a, len + 1, &memory, e)) {
        return false;
    }
    if (len > 0) {
        memcpy(memory, bytes, len);
    }
    *out_string = memory;
    return true;
}
