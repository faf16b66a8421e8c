/*
 * The sealed keys of bound certificates in shared memory: control writes them, one after the other,
 * into segments that only grow, and the process "keys" reads them there, so that neither the store
 * nor a message stands between a handshake and its key. They are sealed: whoever reads the memory
 * has nothing.
 *
 * A generation is one set of segments. keys keeps the last two, for while control builds a new one
 * the bindings of the old one are served.
 */
#ifndef PL_KEYS_KEY_TABLE_H
#define PL_KEYS_KEY_TABLE_H

#include "keys/keys.h"
#include "tls/segment.h"

enum { KEY_TABLE_SEGMENTS_MAX = 512, KEY_TABLE_KEYS_MAX = 4 * 1000 * 1000 };

/* --- writing -------------------------------------------------------------------------------------
 */

/* Zeroed: empty. */
struct key_list {
    struct segment *segments[KEY_TABLE_SEGMENTS_MAX]; /* with how much of each is used */
    size_t count;
};
void key_list_clear(struct key_list *list);
/* Fails base.limit, base.oom, sys.memory_file. */
bool key_list_add(struct key_list *list, const struct sealed_key *key, struct err *e) PL_MUST_USE;

/* --- reading -------------------------------------------------------------------------------------
 */

struct key_table;

/* Fails base.oom. */
bool key_table_new(struct key_table **out_table, struct err *e) PL_MUST_USE;
void key_table_free(struct key_table *table);
PL_DEFINE_FREEP(key_table_freep, struct key_table, key_table_free)

/*
 * A segment of a generation, in order: number is 0 for its first. fd is borrowed.
 * Fails ipc.malformed, sys.memory_file, base.oom, base.limit
 */
bool key_table_map(struct key_table *table, uint64_t generation, uint32_t number, int fd,
                   struct err *e) PL_MUST_USE;
/* The segment is filled so far. Fails ipc.malformed (also when what is new is not keys), base.oom.
 */
bool key_table_grow(struct key_table *table, uint64_t generation, uint32_t number, uint64_t used,
                    struct err *e) PL_MUST_USE;
/* A copy: clear with sealed_key_clear(). Fails pki.key.missing, base.oom. */
bool key_table_find(const struct key_table *table, const struct id *id, struct sealed_key *out_key,
                    struct err *e) PL_MUST_USE;
size_t key_table_count(const struct key_table *table); /* of the newest generation */

#endif
