/*
 * Memory that processes share by handing over a descriptor: anonymous files whose size is fixed and
 * that nobody but their maker can write.
 */
#ifndef PL_SYS_MEMORY_FILE_H
#define PL_SYS_MEMORY_FILE_H

#include "base/compiler.h"
#include "base/err.h"

/*
 * Makes one, zeroed, mapped for writing here and sealed for everybody else: it cannot be resized,
 * nor written through the descriptor or a later mapping.
 *
 * name       for /proc alone
 * size       ≥ 1
 * out_fd     caller closes; the mapping stays
 * out_bytes  caller unmaps, memory_file_unmap()
 * Fails      sys.memory_file
 * Source     memfd_create(2), fcntl(2) F_SEAL_FUTURE_WRITE (Linux 5.1)
 */
bool memory_file_new(const char *name, size_t size, int *out_fd, void **out_bytes, struct err *e)
    PL_MUST_USE;

struct memory_part {
    const void *bytes;
    size_t len;
};
/*
 * Makes one with this content, one part after the other, sealed for everybody. The content is
 * written, not mapped: much cheaper for what is large.
 *
 * parts   borrowed for the call; together ≥ 1 byte
 * out_fd  caller closes
 * Fails   sys.memory_file
 */
bool memory_file_write(const char *name, const struct memory_part *parts, size_t count, int *out_fd,
                       struct err *e) PL_MUST_USE;

/*
 * Maps one that came from another process, for reading. One that could shrink under us is refused.
 *
 * fd         borrowed
 * out_bytes  caller unmaps, memory_file_unmap()
 * Fails      sys.memory_file
 */
bool memory_file_map(int fd, void **out_bytes, size_t *out_size, struct err *e) PL_MUST_USE;

/* NULL is fine. */
void memory_file_unmap(void *bytes, size_t size);

#endif
