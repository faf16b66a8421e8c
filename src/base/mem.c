/*
 * Heap memory with a seam for tests. No limits of its own: buffers and collections bring theirs.
 */
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRINTF_MAX = 64 * 1024 };

static uint64_t allocation_count;
static uint64_t allocation_to_fail;

static bool may_allocate(void) {
    allocation_count++;
    return allocation_to_fail == 0 || allocation_count != allocation_to_fail;
}

void mem_fail_at(uint64_t nth) {
    allocation_count = 0;
    allocation_to_fail = nth;
}

uint64_t mem_count(void) {
    return allocation_count;
}

void *mem_hook_alloc(size_t size) {
    return may_allocate() ? malloc(size) : NULL;
}

void *mem_hook_resize(void *memory, size_t size) {
    return may_allocate() ? realloc(memory, size) : NULL;
}

void mem_hook_free(void *memory) {
    free(memory);
}

static bool out_of_memory(size_t size, struct err *e) {
    return err_set(e, ERR_BASE_OOM, "out of memory (%zu bytes)", size);
}

bool mem_alloc(size_t size, void **out_memory, struct err *e) {
    void *memory = may_allocate() ? calloc(1, size) : NULL;
    if (memory == NULL) {
        return out_of_memory(size, e);
    }
    *out_memory = memory;
    return true;
}

bool mem_array(size_t count, size_t size, void **out_memory, struct err *e) {
    size_t total = 0;
    if (__builtin_mul_overflow(count, size, &total)) {
        return out_of_memory(SIZE_MAX, e);
    }
    return mem_alloc(total == 0 ? 1 : total, out_memory, e);
}

bool mem_resize(void **memory, size_t size, struct err *e) {
    PL_BUG_UNLESS(size > 0);
    void *resized = may_allocate() ? realloc(*memory, size) : NULL;
    if (resized == NULL) {
        return out_of_memory(size, e);
    }
    *memory = resized;
    return true;
}

bool mem_dup(const void *bytes, size_t len, void **out_memory, struct err *e) {
    size_t size = 0;
    if (__builtin_add_overflow(len, (size_t)1, &size)) {
        return out_of_memory(SIZE_MAX, e);
    }
    void *memory = NULL;
    if (!mem_alloc(size, &memory, e)) {
        return false;
    }
    if (len > 0) {
        memcpy(memory, bytes, len);
    }
    *out_memory = memory;
    return true;
}

bool mem_strdup(const char *string, char **out_string, struct err *e) {
    void *memory = NULL;
    if (!mem_dup(string, strlen(string), &memory, e)) {
        return false;
    }
    *out_string = memory;
    return true;
}

bool mem_printf(char **out_string, struct err *e, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (len < 0 || len > PRINTF_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "a text is longer than %d bytes", PRINTF_MAX);
    }
    void *memory = NULL;
    if (!mem_alloc((size_t)len + 1, &memory, e)) {
        return false;
    }
    va_start(arguments, format);
    (void)vsnprintf(memory, (size_t)len + 1, format, arguments);
    va_end(arguments);
    *out_string = memory;
    return true;
}

void mem_free(void *memory) {
    free(memory);
}

void mem_freep(void *pointer_to_pointer) {
    void **owner = pointer_to_pointer;
    free(*owner);
    *owner = NULL;
}
