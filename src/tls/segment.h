/*
 * Segments: the append-only shared memory in which a snapshot's certificates lie. Several versions
 * of the snapshot, and all processes that serve, share them. Reference-counted; one thread.
 */
#ifndef PL_TLS_SEGMENT_H
#define PL_TLS_SEGMENT_H

#include "base/compiler.h"
#include "base/err.h"

struct segment {
    unsigned references;
    int fd; /* -1: of another process, mapped only */
    uint8_t *bytes;
    size_t size;
    size_t used; /* by whoever fills it */
};

/* A new one of size bytes (≥ 1) to be filled. Fails sys.memory_file, base.oom. */
bool segment_new(size_t size, struct segment **out_segment, struct err *e) PL_MUST_USE;
/* A copy of what was filled before, full: nothing can be added. Fails sys.memory_file, base.oom. */
bool segment_copy(const uint8_t *bytes, size_t len, struct segment **out_segment, struct err *e)
    PL_MUST_USE;
/* One that came from another process; fd is borrowed for the call. Fails sys.memory_file, base.oom.
 */
bool segment_map(int fd, struct segment **out_segment, struct err *e) PL_MUST_USE;
struct segment *segment_ref(struct segment *segment);
void segment_free(struct segment *segment); /* drops a reference */
PL_DEFINE_FREEP(segment_freep, struct segment, segment_free)

#endif
