/*
 * What is saved of the world beside the snapshot: which row is which entry. With it a server goes
 * on where it ended, instead of reading the whole store again.
 */
#include "base/mem.h"
#include "ipc/pack.h"
#include "ops/context.h"
#include "ops/world_parts.h"
#include "store/tls_policies.h"

#include <string.h>

/* Each map's entries come after their number. */

/* --- writing -------------------------------------------------------------------------------------
 */

static void pack_indexes(struct pack_writer *w, const struct map *map) {
    size_t cursor = 0;
    const void *key = NULL;
    size_t key_len = 0;
    void *value = NULL;
    pack_u32(w, (uint32_t)map_count(map));
    while (map_next(map, &cursor, &key, &key_len, &value)) {
        pack_bytes(w, key, key_len);
        pack_u32(w, (uint32_t)((uintptr_t)value - WORLD_INDEX_BASE));
    }
}

static void pack_places(struct pack_writer *w, const struct map *map) {
    size_t cursor = 0;
    const void *key = NULL;
    size_t key_len = 0;
    void *value = NULL;
    pack_u32(w, (uint32_t)map_count(map));
    while (map_next(map, &cursor, &key, &key_len, &value)) {
        const struct place *place = value;
        pack_raw(w, key, key_len);
        pack_u32(w, place->listener);
        pack_text(w, place->host);
    }
}

bool ops_world_pack(const struct ops_world *world, struct buf *out, struct err *e) {
    const struct building *now = world->now;
    struct pack_writer w = {.out = out};
    struct id last;
    if (!store_operation_id(world->ops->store, world->seq, &last, e)) {
        return false;
    }
    pack_i64(&w, world->seq);
    pack_id(&w, &last);
    pack_bool(&w, now->has_own_clients);
    pack_indexes(&w, now->sites);
    pack_indexes(&w, now->certs);
    pack_indexes(&w, now->listeners);
    for (size_t i = 0; i < snapshot_builder_listeners(now->builder); i++) {
        pack_bool(&w, now->is_strict[i]);
        pack_bool(&w, now->is_proxied[i]);
        pack_bool(&w, now->is_services[i]);
    }
    pack_places(&w, now->places);
    return pack_end(&w, e);
}

/* --- reading -------------------------------------------------------------------------------------
 */

static bool read_indexes(struct unpack_reader *r, struct map *map, size_t key_max, size_t limit,
                         struct err *e) {
    uint32_t count = unpack_u32(r);
    for (uint32_t i = 0; i < count && !r->is_broken; i++) {
        size_t key_len = 0;
        const uint8_t *key = unpack_bytes(r, key_max, &key_len);
        uint32_t index = unpack_u32(r);
        r->is_broken = r->is_broken || key == NULL || index >= limit;
        if (!r->is_broken && !world_remember(map, key, key_len, index, e)) {
            return false;
        }
    }
    return true;
}

static bool read_places(struct unpack_reader *r, struct building *building, struct err *e) {
    size_t listeners = snapshot_builder_listeners(building->builder);
    uint32_t count = unpack_u32(r);
    for (uint32_t i = 0; i < count && !r->is_broken; i++) {
        struct id id;
        unpack_id(r, &id);
        uint32_t listener = unpack_u32(r);
        const char *host = unpack_text(r, SNAPSHOT_HOST_MAX + 1);
        r->is_broken = r->is_broken || host == NULL || listener >= listeners;
        if (!r->is_broken && !world_remember_place(building, &id, host, listener, e)) {
            return false;
        }
    }
    return true;
}

static bool read_building(struct unpack_reader *r, struct building *building, struct err *e) {
    const struct snapshot_builder *builder = building->builder;
    size_t listeners = snapshot_builder_listeners(builder);
    building->has_own_clients = unpack_bool(r);
    if (!read_indexes(r, building->sites, ID_LEN, snapshot_builder_sites(builder), e) ||
        !read_indexes(r, building->certs, ID_LEN, snapshot_builder_certificates(builder), e) ||
        !read_indexes(r, building->listeners, SNAPSHOT_ADDRESS_TEXT, listeners, e)) {
        return false;
    }
    for (size_t i = 0; i < listeners; i++) {
        building->is_strict[i] = unpack_bool(r);
        building->is_proxied[i] = unpack_bool(r);
        building->is_services[i] = unpack_bool(r);
    }
    return read_places(r, building, e) && unpack_end(r, e);
}

/* Whether it is of this store's past, and of no other's that has the same number by chance. */
static bool check_past(struct ops *ops, int64_t seq, const struct id *last, struct err *e) {
    struct id here;
    if (!store_operation_id(ops->store, seq, &here, e)) {
        return false;
    }
    return (!id_is_zero(&here) && id_equal(&here, last)) ||
           err_set(e, ERR_OPS_WORLD_STALE, "what was saved is not of this store");
}

/* All of one's own: which of them are in use is not known, and a change of any builds anew. */
static bool read_policies(struct building *building, struct err *e) {
    PL_AUTO(mem_freep) char *after = NULL;
    do {
        const struct page page = {.limit = STORE_PAGE_MAX, .after = after};
        PL_AUTO(tls_policy_rows_clear) struct tls_policy_rows rows = {0};
        if (!store_tls_policy_list(building->ops->store, &page, &rows, e)) {
            return false;
        }
        for (size_t i = 0; i < rows.count; i++) {
            if (!policy_cache_add(building->ops, building->policies, &rows.items[i]->id, e)) {
                return false;
            }
        }
        mem_free(after);
        after = PL_TAKE(rows.next);
    } while (after != NULL);
    return true;
}

bool ops_world_restore(struct ops_world *world, const struct snapshot_image *image,
                       struct key_list *keys, const uint8_t *packed, size_t packed_len,
                       struct err *e) {
    PL_AUTO(building_freep) struct building *building = NULL;
    struct unpack_reader r;
    struct id last;
    unpack_init(&r, packed, packed_len);
    int64_t seq = unpack_i64(&r);
    unpack_id(&r, &last);
    if (!check_past(world->ops, seq, &last, e) || !building_new(world->ops, &building, e) ||
        !snapshot_builder_restore(image, &building->builder, e) ||
        !read_building(&r, building, e) || !read_policies(building, e)) {
        return false;
    }
    building->keys = *keys;
    *keys = (struct key_list){0};
    world_take(world, PL_TAKE(building), seq);
    return true;
}
