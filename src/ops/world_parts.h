/* What the files of ops/world share: world.c (from rows to a snapshot, and change by change),
 * world_saved.c (what of it is saved, and how to go on from there). Private to ops/. */
#ifndef PL_OPS_WORLD_PARTS_H
#define PL_OPS_WORLD_PARTS_H

#include "base/map.h"
#include "ops/policies.h"
#include "ops/world.h"

enum { WORLD_INDEX_BASE = 1 }; /* map values are index + 1, since NULL means none */

struct building {
    struct ops *ops;
    struct snapshot_builder *builder;
    struct map *sites;     /* site id → index */
    struct map *certs;     /* certificate id → index */
    struct map *listeners; /* "https|…" → index */
    struct map *places;    /* binding id → struct place, owned */
    struct policy_cache *policies;
    struct key_list keys;
    struct list *notes;
    bool has_own_clients;                  /* a binding lets in clients of the own CA */
    uint32_t uses[SNAPSHOT_LISTENERS_MAX]; /* bindings of each listener */
    bool is_strict[SNAPSHOT_LISTENERS_MAX];
    bool is_proxied[SNAPSHOT_LISTENERS_MAX];
    bool is_services[SNAPSHOT_LISTENERS_MAX];
    size_t binding_count;
};

struct place {
    uint32_t listener;
    char host[];
};

struct ops_world {
    struct ops *ops;
    struct building *now; /* NULL: nothing was built yet */
    int64_t seq;
    uint64_t generation;
    bool is_changed; /* by what is being followed */
};

/* Without a builder. Fails base.oom. */
bool building_new(struct ops *ops, struct building **out_building, struct err *e) PL_MUST_USE;
void building_free(struct building *building);
PL_DEFINE_FREEP(building_freep, struct building, building_free)

bool world_remember(struct map *map, const void *key, size_t key_len, uint32_t index, struct err *e)
    PL_MUST_USE;
/* Where a binding is, for the time when its row says something else. */
bool world_remember_place(struct building *building, const struct id *id, const char *host,
                          uint32_t listener, struct err *e) PL_MUST_USE;
/* From now on this is what is to be served: a new generation. */
void world_take(struct ops_world *world, struct building *building, int64_t seq);

#endif
