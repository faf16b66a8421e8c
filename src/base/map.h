/*
 * A hash map from byte strings to pointers, with a maximum. Keyed hashing (SipHash-like mixing with
 * a random key per map) so that names chosen by an attacker do not collide on purpose. Keys are
 * copied; values are borrowed.
 */
#ifndef PL_BASE_MAP_H
#define PL_BASE_MAP_H

#include "base/compiler.h"
#include "base/err.h"

struct map;

/* Fails base.oom, base.random. */
bool map_new(size_t max_count, struct map **out_map, struct err *e) PL_MUST_USE;
void map_free(struct map *m);
PL_DEFINE_FREEP(map_freep, struct map, map_free)

/*
 * Sets or replaces; the old value (NULL: none) goes to out_old when that is not NULL. Fails
 * base.oom, base.limit.
 */
bool map_set(struct map *m, const void *key, size_t key_len, void *value, void **out_old,
             struct err *e) PL_MUST_USE;
/* NULL when there is none. */
void *map_get(const struct map *m, const void *key, size_t key_len);
/* Removes and returns the value; NULL when there was none. */
void *map_remove(struct map *m, const void *key, size_t key_len);
size_t map_count(const struct map *m);

/*
 * Walks all entries in no order; *cursor starts at 0; false at the end. The map must not change
 * meanwhile.
 */
bool map_next(const struct map *m, size_t *cursor, const void **out_key, size_t *out_key_len,
              void **out_value);

#endif
