/*
 * The saved version: a header, then the index, the segments and the segments of keys, each with its
 * length before it. The last bytes are the first ones again, so that a file that was cut is known.
 */
#include "role/saved.h"

#include "base/mem.h"
#include "sys/file.h"
#include "sys/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t saved_magic[8] = "PLSERVE";
enum { SAVED_VERSION = 2 };

struct header {
    uint8_t magic[8];
    uint32_t version;
    uint32_t segment_count;
    uint32_t key_segment_count;
    uint32_t padding;
    int64_t seq;
};

void saved_clear(struct saved *saved) {
    for (size_t i = 0; i < saved->image.segment_count; i++) {
        segment_free(saved->segments[i]);
    }
    saved->image.segment_count = 0;
    snapshot_image_clear(&saved->image);
    key_list_clear(&saved->keys);
    if (saved->mapping != NULL) {
        (void)munmap(saved->mapping, saved->mapping_size);
        saved->mapping = NULL;
    }
}

/* --- writing -------------------------------------------------------------------------------------
 */

static bool write_all(int fd, const void *bytes, size_t len) {
    const uint8_t *at = bytes;
    while (len > 0) {
        ssize_t written = write(fd, at, len);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        at += written;
        len -= (size_t)written;
    }
    return true;
}

static bool write_part(int fd, const void *bytes, size_t len) {
    uint64_t size = len;
    return write_all(fd, &size, sizeof(size)) && write_all(fd, bytes, len);
}

static bool write_index(int fd, int index_fd) {
    void *bytes = NULL;
    size_t size = 0;
    if (!memory_file_map(index_fd, &bytes, &size, NULL)) {
        return false;
    }
    bool ok = write_part(fd, bytes, size);
    memory_file_unmap(bytes, size);
    return ok;
}

static bool write_content(int fd, int64_t seq, const struct snapshot_image *image,
                          const struct key_list *keys, const struct buf *world) {
    struct header header = {.version = SAVED_VERSION,
                            .segment_count = (uint32_t)image->segment_count,
                            .key_segment_count = (uint32_t)keys->count,
                            .seq = seq};
    memcpy(header.magic, saved_magic, sizeof(header.magic));
    bool ok = write_all(fd, &header, sizeof(header)) && write_index(fd, image->index_fd) &&
              write_part(fd, world->data, world->len);
    for (size_t i = 0; i < image->segment_count && ok; i++) {
        ok = write_part(fd, image->segments[i]->bytes, image->segments[i]->used);
    }
    for (size_t i = 0; i < keys->count && ok; i++) {
        ok = write_part(fd, keys->segments[i]->bytes, keys->segments[i]->used);
    }
    return ok && write_all(fd, saved_magic, sizeof(saved_magic)) && fsync(fd) == 0;
}

bool saved_write(const char *data_dir, int64_t seq, const struct snapshot_image *image,
                 const struct key_list *keys, const struct buf *world, struct err *e) {
    PL_AUTO(mem_freep) char *path = NULL;
    PL_AUTO(mem_freep) char *beside = NULL;
    if (!file_join(data_dir, SAVED_NAME, &path, e) ||
        !file_join(data_dir, SAVED_NAME ".new", &beside, e)) {
        return false;
    }
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && write_content(fd, seq, image, keys, world) && rename(beside, path) == 0;
    int reason = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (!ok) {
        (void)unlink(beside);
        return err_set_errno(e, ERR_SYS_FILE_WRITE, reason, "cannot write \"%.300s\"", path);
    }
    return file_sync_folder_of(path, e);
}

/* --- reading -------------------------------------------------------------------------------------
 */

struct cursor {
    const uint8_t *at;
    size_t left;
};

static const uint8_t *take(struct cursor *cursor, size_t len) {
    const uint8_t *at = cursor->at;
    if (len > cursor->left) {
        return NULL;
    }
    cursor->at += len;
    cursor->left -= len;
    return at;
}

static const uint8_t *take_part(struct cursor *cursor, size_t *out_len) {
    uint64_t len = 0;
    const uint8_t *size = take(cursor, sizeof(len));
    if (size == NULL) {
        return NULL;
    }
    memcpy(&len, size, sizeof(len));
    *out_len = (size_t)len;
    return len == 0 ? NULL : take(cursor, (size_t)len);
}

static bool broken(struct err *e) {
    return err_set(e, ERR_ROLE_SAVED_BROKEN, "the saved bindings are damaged");
}

static bool read_segment(struct cursor *cursor, struct segment **out_segment, struct err *e) {
    size_t len = 0;
    const uint8_t *bytes = take_part(cursor, &len);
    if (bytes == NULL) {
        return broken(e);
    }
    return segment_copy(bytes, len, out_segment, e);
}

static bool read_index(struct cursor *cursor, struct saved *saved, struct err *e) {
    struct memory_part all = {0};
    all.bytes = take_part(cursor, &all.len);
    if (all.bytes == NULL) {
        return broken(e);
    }
    saved->image.is_made =
        memory_file_write("padlock-bindings", &all, 1, &saved->image.index_fd, e);
    return saved->image.is_made;
}

static bool read_world(struct cursor *cursor, struct saved *saved, struct err *e) {
    saved->world = take_part(cursor, &saved->world_len);
    return saved->world != NULL || broken(e);
}

static bool read_content(struct cursor *cursor, struct saved *saved, struct err *e) {
    struct header header;
    const uint8_t *bytes = take(cursor, sizeof(header));
    if (bytes == NULL) {
        return broken(e);
    }
    memcpy(&header, bytes, sizeof(header));
    if (memcmp(header.magic, saved_magic, sizeof(header.magic)) != 0 ||
        header.version != SAVED_VERSION || header.segment_count > SNAPSHOT_SEGMENTS_MAX ||
        header.key_segment_count > KEY_TABLE_SEGMENTS_MAX) {
        return broken(e);
    }
    saved->seq = header.seq;
    saved->image.segments = saved->segments;
    if (!read_index(cursor, saved, e) || !read_world(cursor, saved, e)) {
        return false;
    }
    for (; saved->image.segment_count < header.segment_count; saved->image.segment_count++) {
        if (!read_segment(cursor, &saved->segments[saved->image.segment_count], e)) {
            return false;
        }
    }
    for (; saved->keys.count < header.key_segment_count; saved->keys.count++) {
        if (!read_segment(cursor, &saved->keys.segments[saved->keys.count], e)) {
            return false;
        }
    }
    const uint8_t *end = take(cursor, sizeof(saved_magic));
    return (end != NULL && cursor->left == 0 &&
            memcmp(end, saved_magic, sizeof(saved_magic)) == 0) ||
           broken(e);
}

static bool read_mapped(int fd, struct saved *saved, struct err *e) {
    struct stat about;
    if (fstat(fd, &about) != 0 || about.st_size <= 0) {
        return broken(e);
    }
    size_t size = (size_t)about.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (bytes == MAP_FAILED) {
        return err_set_errno(e, ERR_SYS_FILE_READ, errno, "cannot read the saved bindings");
    }
    struct cursor cursor = {.at = bytes, .left = size};
    saved->mapping = bytes;
    saved->mapping_size = size;
    return read_content(&cursor, saved, e);
}

bool saved_read(const char *data_dir, struct saved *out_saved, struct err *e) {
    PL_AUTO(mem_freep) char *path = NULL;
    if (!file_join(data_dir, SAVED_NAME, &path, e)) {
        return false;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return err_set_errno(e, ERR_SYS_FILE_MISSING, errno, "there are no saved bindings");
    }
    *out_saved = (struct saved){0};
    bool ok = read_mapped(fd, out_saved, e);
    (void)close(fd);
    if (!ok) {
        saved_clear(out_saved);
    }
    return ok;
}
