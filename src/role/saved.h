/*
 * The version that was served last, in DIR/serving, with what control needs to go on from it: what
 * a server starts with. Keys in it are sealed.
 */
#ifndef PL_ROLE_SAVED_H
#define PL_ROLE_SAVED_H

#include "base/buf.h"
#include "keys/key_table.h"
#include "tls/snapshot.h"

#define SAVED_NAME "serving"

enum { SAVED_WORLD_MAX = 1024 * 1024 * 1024 };

/* Clear works on a zeroed struct. */
struct saved {
    int64_t seq;
    struct snapshot_image image;
    struct segment *segments[SNAPSHOT_SEGMENTS_MAX]; /* the image's */
    struct key_list keys;
    const uint8_t *world; /* what ops_world_pack() wrote; in the mapping */
    size_t world_len;
    void *mapping; /* of the file */
    size_t mapping_size;
};
void saved_clear(struct saved *saved);

/* Replaces the file whole. seq is of the image. Fails sys.file.write. */
bool saved_write(const char *data_dir, int64_t seq, const struct snapshot_image *image,
                 const struct key_list *keys, const struct buf *world, struct err *e) PL_MUST_USE;

/*
 * Reads it into shared memory of its own; its content is checked by whoever opens it.
 * Fails sys.file.missing, sys.file.read, role.saved.broken, sys.memory_file, base.oom
 */
bool saved_read(const char *data_dir, struct saved *out_saved, struct err *e) PL_MUST_USE;

#endif
