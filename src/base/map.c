/* Open addressing with linear probing; half full at most; deletion moves followers back. */
#include "base/map.h"

#include "base/hash.h"
#include "base/id.h"
#include "base/mem.h"

#include <string.h>

struct map_slot {
    void *value; /* NULL: free */
    uint8_t *key;
    size_t key_len;
    uint64_t hash;
};

struct map {
    struct map_slot *slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t count;
    size_t max_count;
    uint64_t seed[2];
};

enum { FIRST_SLOTS = 16 };

bool map_new(size_t max_count, struct map **out_map, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct map), &memory, e)) {
        return false;
    }
    PL_AUTO(map_freep) struct map *m = memory;
    m->max_count = max_count;
    if (!random_bytes(m->seed, sizeof(m->seed), e)) {
        return false;
    }
    *out_map = PL_TAKE(m);
    return true;
}

void map_free(struct map *m) {
    if (m == NULL) {
        return;
    }
    for (size_t i = 0; i < m->slot_count; i++) {
        mem_free(m->slots[i].key);
    }
    mem_free(m->slots);
    mem_free(m);
}

size_t map_count(const struct map *m) {
    return m->count;
}

/* The slot that holds the key, or the free one where it would go. slot_count > 0. */
static struct map_slot *find_slot(const struct map *m, uint64_t hash, const void *key,
                                  size_t key_len) {
    size_t mask = m->slot_count - 1;
    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        struct map_slot *slot = &m->slots[i];
        bool is_same = slot->value != NULL && slot->hash == hash && slot->key_len == key_len &&
                       memcmp(slot->key, key, key_len) == 0;
        if (slot->value == NULL || is_same) {
            return slot;
        }
    }
}

static bool grow(struct map *m, struct err *e) {
    size_t slot_count = m->slot_count == 0 ? FIRST_SLOTS : m->slot_count * 2;
    void *memory = NULL;
    if (!mem_array(slot_count, sizeof(struct map_slot), &memory, e)) {
        return false;
    }
    struct map old = *m;
    m->slots = memory;
    m->slot_count = slot_count;
    for (size_t i = 0; i < old.slot_count; i++) {
        const struct map_slot *slot = &old.slots[i];
        if (slot->value != NULL) {
            *find_slot(m, slot->hash, slot->key, slot->key_len) = *slot;
        }
    }
    mem_free(old.slots);
    return true;
}

bool map_set(struct map *m, const void *key, size_t key_len, void *value, void **out_old,
             struct err *e) {
    PL_BUG_UNLESS(value != NULL);
    if (m->count * 2 >= m->slot_count && !grow(m, e)) {
        return false;
    }
    uint64_t hash = hash_bytes(m->seed, key, key_len);
    struct map_slot *slot = find_slot(m, hash, key, key_len);
    void *old = slot->value;
    if (old == NULL) {
        if (m->count == m->max_count) {
            return err_set(e, ERR_BASE_LIMIT, "more than %zu entries", m->max_count);
        }
        void *copy = NULL;
        if (!mem_dup(key, key_len, &copy, e)) {
            return false;
        }
        *slot = (struct map_slot){.key = copy, .key_len = key_len, .hash = hash};
        m->count++;
    }
    slot->value = value;
    if (out_old != NULL) {
        *out_old = old;
    }
    return true;
}

void *map_get(const struct map *m, const void *key, size_t key_len) {
    if (m->count == 0) {
        return NULL;
    }
    return find_slot(m, hash_bytes(m->seed, key, key_len), key, key_len)->value;
}

/* Entries behind the hole move up when the hole lies between their home and their place. */
static void close_hole(struct map *m, size_t hole) {
    size_t mask = m->slot_count - 1;
    for (size_t i = (hole + 1) & mask; m->slots[i].value != NULL; i = (i + 1) & mask) {
        size_t home = (size_t)m->slots[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            m->slots[hole] = m->slots[i];
            m->slots[i] = (struct map_slot){0};
            hole = i;
        }
    }
}

void *map_remove(struct map *m, const void *key, size_t key_len) {
    if (m->count == 0) {
        return NULL;
    }
    struct map_slot *slot = find_slot(m, hash_bytes(m->seed, key, key_len), key, key_len);
    void *value = slot->value;
    if (value != NULL) {
        mem_free(slot->key);
        *slot = (struct map_slot){0};
        m->count--;
        close_hole(m, (size_t)(slot - m->slots));
    }
    return value;
}

bool map_next(const struct map *m, size_t *cursor, const void **out_key, size_t *out_key_len,
              void **out_value) {
    while (*cursor < m->slot_count) {
        const struct map_slot *slot = &m->slots[(*cursor)++];
        if (slot->value != NULL) {
            *out_key = slot->key;
            *out_key_len = slot->key_len;
            *out_value = slot->value;
            return true;
        }
    }
    return false;
}
