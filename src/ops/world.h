/*
 * What is to be served: the store's bindings as the snapshot that servers work with, and the sealed
 * keys of their certificates, kept up to date change by change.
 *
 * A change of bindings alone is applied to what is there, in time that depends on the change; any
 * other that matters (a site's folder, a certificate's chain) builds everything anew, which is a
 * new generation. So does too much of what no binding uses any more.
 */
#ifndef PL_OPS_WORLD_H
#define PL_OPS_WORLD_H

#include "base/buf.h"
#include "base/list.h"
#include "keys/key_table.h"
#include "ops/ops.h"
#include "tls/snapshot.h"

struct ops_world;

/* ops is borrowed and outlives it. Fails base.oom. */
bool ops_world_new(struct ops *ops, struct ops_world **out_world, struct err *e) PL_MUST_USE;
void ops_world_free(struct ops_world *world);
PL_DEFINE_FREEP(ops_world_freep, struct ops_world, ops_world_free)

/*
 * Brings it to the store's newest change, in one consistent reading. A binding that cannot be
 * served (its certificate is gone) is left out and told in notes, as far as they have room.
 *
 * out_is_changed  whether what is served has changed, and not only the store
 * Fails           store.*, base.oom, base.limit, sys.memory_file; it stands as it was then
 */
bool ops_world_follow(struct ops_world *world, struct list *notes, bool *out_is_changed,
                      struct err *e) PL_MUST_USE;

bool ops_world_is_built(const struct ops_world *world); /* false for NULL */
int64_t ops_world_seq(const struct ops_world *world);   /* 0: nothing was built yet */
uint64_t ops_world_generation(const struct ops_world *world);
size_t ops_world_bindings(const struct ops_world *world);
/* Grows, within a generation, when there is another listener or document root; else all of them are
 * as before. */
size_t ops_world_openings(const struct ops_world *world);
const struct key_list *ops_world_keys(const struct ops_world *world); /* borrowed */

/* What is to be served as of now. Clear with snapshot_image_clear(). Fails sys.memory_file. */
bool ops_world_publish(struct ops_world *world, struct snapshot_image *out_image, struct err *e)
    PL_MUST_USE;

/*
 * What is needed beside an image and its keys to go on from there, appended to out. Fails base.oom,
 * base.limit, store.*.
 */
bool ops_world_pack(const struct ops_world *world, struct buf *out, struct err *e) PL_MUST_USE;

/*
 * Goes on from what was saved: as if it had been built from the store as it was then; what has
 * happened since is for ops_world_follow(). keys is taken on success. Fails ops.world.stale (it is
 * not of this store's past), tls.snapshot.broken, ipc.malformed, store.*, base.oom; then the world
 * is as before.
 */
bool ops_world_restore(struct ops_world *world, const struct snapshot_image *image,
                       struct key_list *keys, const uint8_t *packed, size_t packed_len,
                       struct err *e) PL_MUST_USE;

#endif
