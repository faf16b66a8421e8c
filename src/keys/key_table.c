/* Sealed keys in shared memory: each a length, then the key as it is in messages. */
#include "keys/key_table.h"

#include "base/map.h"
#include "base/mem.h"
#include "keys/wire.h"

#include <string.h>

enum {
    SEGMENT_FIRST = 64 * 1024,
    SEGMENT_LARGEST = 8 * 1024 * 1024,
    RECORD_MAX = KEYS_BLOB_MAX + 1024,
    PLACE_BITS = 32, /* of the offset, beside the segment's number */
};

/* --- writing -------------------------------------------------------------------------------------
 */

void key_list_clear(struct key_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        segment_free(list->segments[i]);
    }
    *list = (struct key_list){0};
}

static bool make_room(struct key_list *list, size_t len, struct err *e) {
    const struct segment *last = list->count == 0 ? NULL : list->segments[list->count - 1];
    if (last != NULL && last->size - last->used >= len) {
        return true;
    }
    if (list->count == KEY_TABLE_SEGMENTS_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "more sealed keys than fit");
    }
    size_t size = last == NULL ? SEGMENT_FIRST : last->size * 2;
    size = size > SEGMENT_LARGEST ? SEGMENT_LARGEST : size;
    if (!segment_new(size, &list->segments[list->count], e)) {
        return false;
    }
    list->count++;
    return true;
}

bool key_list_add(struct key_list *list, const struct sealed_key *key, struct err *e) {
    PL_AUTO(buf_clear) struct buf record = {.max = RECORD_MAX};
    struct pack_writer w = {.out = &record};
    wire_pack_key(&w, key);
    if (!pack_end(&w, e) || !make_room(list, sizeof(uint32_t) + record.len, e)) {
        return false;
    }
    struct segment *segment = list->segments[list->count - 1];
    uint32_t len = (uint32_t)record.len;
    memcpy(segment->bytes + segment->used, &len, sizeof(len));
    memcpy(segment->bytes + segment->used + sizeof(len), record.data, record.len);
    segment->used += sizeof(len) + record.len;
    return true;
}

/* --- reading -------------------------------------------------------------------------------------
 */

struct generation {
    uint64_t number;
    struct segment *segments[KEY_TABLE_SEGMENTS_MAX];
    size_t count;
    struct map *places; /* key id → segment and offset, never 0 */
};

struct key_table {
    struct generation *newest; /* NULL: none yet */
    struct generation *before;
};

static void generation_free(struct generation *generation) {
    if (generation != NULL) {
        for (size_t i = 0; i < generation->count; i++) {
            segment_free(generation->segments[i]);
        }
        map_free(generation->places);
        mem_free(generation);
    }
}

bool key_table_new(struct key_table **out_table, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct key_table), &memory, e)) {
        return false;
    }
    *out_table = memory;
    return true;
}

void key_table_free(struct key_table *table) {
    if (table != NULL) {
        generation_free(table->newest);
        generation_free(table->before);
        mem_free(table);
    }
}

static bool begin_generation(struct key_table *table, uint64_t number, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct generation), &memory, e)) {
        return false;
    }
    struct generation *made = memory;
    made->number = number;
    if (!map_new(KEY_TABLE_KEYS_MAX, &made->places, e)) {
        mem_free(made);
        return false;
    }
    generation_free(table->before);
    table->before = table->newest;
    table->newest = made;
    return true;
}

bool key_table_map(struct key_table *table, uint64_t generation, uint32_t number, int fd,
                   struct err *e) {
    bool is_new = table->newest == NULL || table->newest->number != generation;
    size_t expected = is_new ? 0 : table->newest->count;
    if (number != expected || number >= KEY_TABLE_SEGMENTS_MAX) {
        return err_set(e, ERR_IPC_MALFORMED, "a segment of keys came out of order");
    }
    if (is_new && !begin_generation(table, generation, e)) {
        return false;
    }
    struct generation *newest = table->newest;
    if (!segment_map(fd, &newest->segments[number], e)) {
        return false;
    }
    newest->segments[number]->used = 0; /* of what has been read */
    newest->count++;
    return true;
}

static void *place_of(size_t segment, size_t offset) {
    uintptr_t place = (uintptr_t)(segment + 1) << PLACE_BITS | offset;
    void *value = NULL;
    memcpy(&value, &place, sizeof(value));
    return value;
}

/* The record at offset; NULL when there is no whole one before end. */
static const uint8_t *record_at(const struct segment *segment, size_t offset, size_t end,
                                uint32_t *out_len) {
    if (end - offset < sizeof(*out_len)) {
        return NULL;
    }
    memcpy(out_len, segment->bytes + offset, sizeof(*out_len));
    bool fits =
        *out_len >= ID_LEN && *out_len <= RECORD_MAX && *out_len <= end - offset - sizeof(*out_len);
    return fits ? segment->bytes + offset + sizeof(*out_len) : NULL;
}

bool key_table_grow(struct key_table *table, uint64_t generation, uint32_t number, uint64_t used,
                    struct err *e) {
    struct generation *newest = table->newest;
    bool is_known = newest != NULL && newest->number == generation && number < newest->count;
    if (!is_known || used > newest->segments[number]->size ||
        used < newest->segments[number]->used) {
        return err_set(e, ERR_IPC_MALFORMED, "there is no such segment of keys");
    }
    struct segment *segment = newest->segments[number];
    while (segment->used < used) {
        uint32_t len = 0;
        const uint8_t *record = record_at(segment, segment->used, (size_t)used, &len);
        if (record == NULL) {
            return err_set(e, ERR_IPC_MALFORMED, "a segment of keys holds something else");
        }
        /* A record begins with its key's id. */
        if (!map_set(newest->places, record, ID_LEN, place_of(number, segment->used), NULL, e)) {
            return false;
        }
        segment->used += sizeof(len) + len;
    }
    return true;
}

static uintptr_t find_place(const struct generation *generation, const struct id *id) {
    return generation == NULL ? 0 : (uintptr_t)map_get(generation->places, id->bytes, ID_LEN);
}

static bool read_at(const struct generation *generation, uintptr_t place,
                    struct sealed_key *out_key, struct err *e) {
    const struct segment *segment = generation->segments[(place >> PLACE_BITS) - 1];
    size_t offset = place & (((uintptr_t)1 << PLACE_BITS) - 1);
    uint32_t len = 0;
    const uint8_t *record = record_at(segment, offset, segment->used, &len);
    struct unpack_reader r;
    unpack_init(&r, record, record == NULL ? 0 : len);
    wire_read_key(&r, out_key);
    if (!unpack_end(&r, e)) {
        sealed_key_clear(out_key);
        return false;
    }
    return true;
}

bool key_table_find(const struct key_table *table, const struct id *id, struct sealed_key *out_key,
                    struct err *e) {
    const struct generation *const generations[] = {table->newest, table->before};
    for (size_t i = 0; i < PL_ARRAY_LEN(generations); i++) {
        uintptr_t place = find_place(generations[i], id);
        if (place != 0) {
            return read_at(generations[i], place, out_key, e);
        }
    }
    return err_set(e, ERR_PKI_KEY_MISSING,
                   "the process that holds the keys does not have this one");
}

size_t key_table_count(const struct key_table *table) {
    return table->newest == NULL ? 0 : map_count(table->newest->places);
}
