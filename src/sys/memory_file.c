/* Sealed anonymous files. */
#include "sys/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool seal(int fd) {
    return fcntl(fd, F_ADD_SEALS,
                 F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) == 0;
}

bool memory_file_new(const char *name, size_t size, int *out_fd, void **out_bytes, struct err *e) {
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    void *bytes = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, (off_t)size) == 0) {
        bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    if (bytes != MAP_FAILED && seal(fd)) {
        *out_fd = fd;
        *out_bytes = bytes;
        return true;
    }
    int reason = errno;
    memory_file_unmap(bytes == MAP_FAILED ? NULL : bytes, size);
    if (fd >= 0) {
        (void)close(fd);
    }
    return err_set_errno(e, ERR_SYS_MEMORY_FILE, reason, "cannot make shared memory of %zu bytes",
                         size);
}

static bool write_part(int fd, const struct memory_part *part) {
    const uint8_t *at = part->bytes;
    size_t left = part->len;
    while (left > 0) {
        ssize_t written = write(fd, at, left);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        at += written;
        left -= (size_t)written;
    }
    return true;
}

bool memory_file_write(const char *name, const struct memory_part *parts, size_t count, int *out_fd,
                       struct err *e) {
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    bool ok = fd >= 0;
    for (size_t i = 0; i < count && ok; i++) {
        ok = write_part(fd, &parts[i]);
    }
    if (ok && seal(fd)) {
        *out_fd = fd;
        return true;
    }
    int reason = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    return err_set_errno(e, ERR_SYS_MEMORY_FILE, reason, "cannot make shared memory");
}

bool memory_file_map(int fd, void **out_bytes, size_t *out_size, struct err *e) {
    struct stat about;
    int seals = fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || fstat(fd, &about) != 0 || about.st_size <= 0) {
        return err_set(e, ERR_SYS_MEMORY_FILE, "what was handed over is no sealed shared memory");
    }
    void *bytes = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED) {
        return err_set_errno(e, ERR_SYS_MEMORY_FILE, errno, "cannot map shared memory");
    }
    *out_bytes = bytes;
    *out_size = (size_t)about.st_size;
    return true;
}

void memory_file_unmap(void *bytes, size_t size) {
    if (bytes != NULL) {
        (void)munmap(bytes, size);
    }
}
