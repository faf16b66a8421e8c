/* Segments. */
#include "tls/segment.h"

#include "base/mem.h"
#include "sys/memory_file.h"

#include <unistd.h>

static bool allocate(struct segment **out_segment, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct segment), &memory, e)) {
        return false;
    }
    *out_segment = memory;
    **out_segment = (struct segment){.references = 1, .fd = -1};
    return true;
}

bool segment_new(size_t size, struct segment **out_segment, struct err *e) {
    PL_AUTO(segment_freep) struct segment *segment = NULL;
    void *bytes = NULL;
    if (!allocate(&segment, e) ||
        !memory_file_new("padlock-segment", size, &segment->fd, &bytes, e)) {
        return false;
    }
    segment->bytes = bytes;
    segment->size = size;
    *out_segment = PL_TAKE(segment);
    return true;
}

bool segment_copy(const uint8_t *bytes, size_t len, struct segment **out_segment, struct err *e) {
    PL_AUTO(segment_freep) struct segment *segment = NULL;
    const struct memory_part all = {.bytes = bytes, .len = len};
    void *mapped = NULL;
    if (!allocate(&segment, e) || !memory_file_write("padlock-segment", &all, 1, &segment->fd, e) ||
        !memory_file_map(segment->fd, &mapped, &segment->size, e)) {
        return false;
    }
    segment->bytes = mapped;
    segment->used = segment->size;
    *out_segment = PL_TAKE(segment);
    return true;
}

bool segment_map(int fd, struct segment **out_segment, struct err *e) {
    PL_AUTO(segment_freep) struct segment *segment = NULL;
    void *bytes = NULL;
    if (!allocate(&segment, e) || !memory_file_map(fd, &bytes, &segment->size, e)) {
        return false;
    }
    segment->bytes = bytes;
    segment->used = segment->size;
    *out_segment = PL_TAKE(segment);
    return true;
}

struct segment *segment_ref(struct segment *segment) {
    segment->references++;
    return segment;
}

void segment_free(struct segment *segment) {
    if (segment == NULL || --segment->references > 0) {
        return;
    }
    memory_file_unmap(segment->bytes, segment->size);
    if (segment->fd >= 0) {
        (void)close(segment->fd);
    }
    mem_free(segment);
}
