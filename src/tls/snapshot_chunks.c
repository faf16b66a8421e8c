/*
 * The memory of what is being built: chunks of the image's arrays, and certificates, in append-only
 * segments. A chunk that a version has already is copied before it is written. Process: control
 * (and tests). Limits: those of tls/snapshot.h.
 */
#include "base/mem.h"
#include "tls/snapshot_image.h"

#include <string.h>

enum {
    SEGMENT_FIRST = 64 * 1024,
    SEGMENT_LARGEST = 16 * 1024 * 1024,
    ARRAY_FIRST = 16,
};

static size_t most(enum image_part part) {
    static const size_t limits[IMAGE_PART_COUNT] = {
        [IMAGE_LISTENERS] = SNAPSHOT_LISTENERS_MAX,
        [IMAGE_POLICIES] = SNAPSHOT_POLICIES_MAX,
        [IMAGE_ROOTS] = SNAPSHOT_SITES_MAX,
        [IMAGE_SITES] = SNAPSHOT_SITES_MAX,
        [IMAGE_CERTIFICATES] = SNAPSHOT_CERTIFICATES_MAX,
        [IMAGE_CHAIN_REFS] = (size_t)SNAPSHOT_CERTIFICATES_MAX * SNAPSHOT_CHAIN_MAX,
        [IMAGE_DERS] = SNAPSHOT_CERTIFICATES_MAX,
        [IMAGE_CLIENT_SETS] = SNAPSHOT_CLIENT_SETS_MAX,
        [IMAGE_BINDINGS] = SNAPSHOT_BINDINGS_MAX,
        [IMAGE_SLOTS] = (size_t)SNAPSHOT_BINDINGS_MAX * 4,
        [IMAGE_STRINGS] = SNAPSHOT_STRINGS_MAX,
    };
    return limits[part];
}

/* --- segments -----------------------------------------------------------------------------------
 */

static bool add_segment(struct snapshot_builder *b, size_t len, struct err *e) {
    struct image *image = &b->image;
    size_t size = image->segment_count == 0 ? SEGMENT_FIRST
                                            : image->segments[image->segment_count - 1]->size * 2;
    size = size > SEGMENT_LARGEST ? SEGMENT_LARGEST : size;
    size = size < len ? len : size;
    if (image->segment_count == SNAPSHOT_SEGMENTS_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "more certificates than %d segments hold",
                       SNAPSHOT_SEGMENTS_MAX);
    }
    if (image->segment_count == b->segment_capacity) {
        size_t capacity = b->segment_capacity == 0 ? ARRAY_FIRST : b->segment_capacity * 2;
        void *segments = image->segments;
        if (!mem_resize(&segments, capacity * sizeof(struct segment *), e)) {
            return false;
        }
        image->segments = segments;
        b->segment_capacity = capacity;
    }
    if (!segment_new(size, &image->segments[image->segment_count], e)) {
        return false;
    }
    image->segment_count++;
    return true;
}

/* Room at the end of the last segment, or of a new one. */
static bool make_room(struct snapshot_builder *b, size_t len, size_t alignment,
                      struct chunk_ref *out_ref, struct err *e) {
    const struct image *image = &b->image;
    struct segment *last =
        image->segment_count == 0 ? NULL : image->segments[image->segment_count - 1];
    size_t gap = last == NULL ? 0 : (alignment - last->used % alignment) % alignment;
    if (last == NULL || last->size - last->used < gap + len) {
        if (!add_segment(b, len, e)) {
            return false;
        }
        last = image->segments[image->segment_count - 1];
        gap = 0;
    }
    *out_ref = (struct chunk_ref){.segment = (uint32_t)image->segment_count - 1,
                                  .offset = (uint32_t)(last->used + gap)};
    last->used += gap + len;
    return true;
}

bool builder_store_der(struct snapshot_builder *b, const uint8_t *bytes, size_t len,
                       struct packed_der *out, struct err *e) {
    struct chunk_ref place;
    if (len == 0 || len > SNAPSHOT_DER_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "a certificate has not 1 to %d bytes", SNAPSHOT_DER_MAX);
    }
    if (!make_room(b, len, 1, &place, e)) {
        return false;
    }
    memcpy(b->image.segments[place.segment]->bytes + place.offset, bytes, len);
    *out =
        (struct packed_der){.segment = place.segment, .offset = place.offset, .len = (uint32_t)len};
    return true;
}

/* --- chunks -------------------------------------------------------------------------------------
 */

static bool reserve_refs(struct snapshot_builder *b, enum image_part part, size_t count,
                         struct err *e) {
    struct builder_chunks *chunks = &b->chunks[part];
    if (count <= chunks->capacity) {
        return true;
    }
    size_t capacity = chunks->capacity == 0 ? ARRAY_FIRST : chunks->capacity * 2;
    capacity = capacity < count ? count : capacity;
    void *refs = chunks->refs;
    void *made = chunks->made;
    if (!mem_resize(&refs, capacity * sizeof(struct chunk_ref), e)) {
        return false;
    }
    chunks->refs = refs;
    b->image.parts[part].refs = refs;
    if (!mem_resize(&made, capacity * sizeof(uint32_t), e)) {
        return false;
    }
    chunks->made = made;
    chunks->capacity = capacity;
    return true;
}

/* A chunk of the next version's own in that place, zeroed if there was none. */
static bool own_chunk(struct snapshot_builder *b, enum image_part part, size_t number, bool is_new,
                      struct err *e) {
    struct builder_chunks *chunks = &b->chunks[part];
    struct chunk_ref place;
    size_t size = image_chunk_size(part);
    if (!is_new && chunks->made[number] == b->version) {
        return true;
    }
    if (!reserve_refs(b, part, number + 1, e) || !make_room(b, size, IMAGE_ALIGNMENT, &place, e)) {
        return false;
    }
    if (!is_new) {
        memcpy(b->image.segments[place.segment]->bytes + place.offset,
               image_chunk(&b->image, part, number), size);
        b->garbage += size;
    }
    chunks->refs[number] = place;
    chunks->made[number] = b->version;
    return true;
}

bool builder_edit(struct snapshot_builder *b, enum image_part part, uint32_t index, void **out_item,
                  struct err *e) {
    PL_BUG_UNLESS(index < b->image.parts[part].count);
    if (!own_chunk(b, part, index / image_chunk_items(part), false, e)) {
        return false;
    }
    *out_item = image_at(&b->image, part, index);
    return true;
}

/* So many more items, zeroed or to be written. */
static bool grow(struct snapshot_builder *b, enum image_part part, size_t more, struct err *e) {
    struct image_array *array = &b->image.parts[part];
    size_t per_chunk = image_chunk_items(part);
    size_t first = array->count / per_chunk;
    size_t end = (array->count + more + per_chunk - 1) / per_chunk;
    if (array->count + more > most(part)) {
        return err_set(e, ERR_BASE_LIMIT, "more than %zu entries", most(part));
    }
    for (size_t i = first; i < end; i++) {
        bool is_new = i * per_chunk >= array->count;
        if (!own_chunk(b, part, i, is_new, e)) {
            return false;
        }
    }
    array->count += more;
    return true;
}

bool builder_add(struct snapshot_builder *b, enum image_part part, const void *item,
                 uint32_t *out_index, struct err *e) {
    uint32_t index = (uint32_t)b->image.parts[part].count;
    if (!grow(b, part, 1, e)) {
        return false;
    }
    memcpy(image_at(&b->image, part, index), item, image_item_size(part));
    *out_index = index;
    return true;
}

/* One that does not fit into what is left of a chunk begins the next. */
bool builder_add_string(struct snapshot_builder *b, const char *text, size_t len,
                        struct packed_string *out, struct err *e) {
    size_t per_chunk = image_chunk_items(IMAGE_STRINGS);
    size_t count = b->image.parts[IMAGE_STRINGS].count;
    size_t left = per_chunk - count % per_chunk;
    size_t gap = left < len + 1 ? left : 0;
    if (len + 1 > per_chunk) {
        return err_set(e, ERR_BASE_LIMIT, "a name or path has more than %zu bytes", per_chunk - 1);
    }
    if (!grow(b, IMAGE_STRINGS, gap + len + 1, e)) {
        return false;
    }
    *out = (struct packed_string){.offset = (uint32_t)(count + gap), .len = (uint32_t)len};
    char *at = image_at(&b->image, IMAGE_STRINGS, out->offset);
    memcpy(at, text, len);
    at[len] = '\0';
    return true;
}

bool builder_set_slots(struct snapshot_builder *b, const uint32_t *slots, size_t count,
                       struct err *e) {
    struct image_array *table = &b->image.parts[IMAGE_SLOTS];
    struct image_array before = *table;
    size_t chunks_before = image_chunk_count(&b->image, IMAGE_SLOTS);
    struct builder_chunks old = b->chunks[IMAGE_SLOTS];
    size_t per_chunk = image_chunk_items(IMAGE_SLOTS);
    b->chunks[IMAGE_SLOTS] = (struct builder_chunks){0};
    *table = (struct image_array){0};
    if (!grow(b, IMAGE_SLOTS, count, e)) {
        mem_free(b->chunks[IMAGE_SLOTS].refs);
        mem_free(b->chunks[IMAGE_SLOTS].made);
        b->chunks[IMAGE_SLOTS] = old;
        *table = before;
        return false;
    }
    for (size_t at = 0; at < count; at += per_chunk) {
        size_t items = count - at < per_chunk ? count - at : per_chunk;
        memcpy(image_at(&b->image, IMAGE_SLOTS, (uint32_t)at), slots + at,
               items * sizeof(uint32_t));
    }
    b->garbage += chunks_before * image_chunk_size(IMAGE_SLOTS);
    mem_free(old.refs);
    mem_free(old.made);
    return true;
}

bool builder_take_part(struct snapshot_builder *b, enum image_part part,
                       const struct image_array *from, struct err *e) {
    size_t per_chunk = image_chunk_items(part);
    size_t count = (from->count + per_chunk - 1) / per_chunk;
    if (!reserve_refs(b, part, count, e)) {
        return false;
    }
    if (count > 0) {
        memcpy(b->chunks[part].refs, from->refs, count * sizeof(struct chunk_ref));
        memset(b->chunks[part].made, 0, count * sizeof(uint32_t));
    }
    b->image.parts[part].count = from->count;
    return true;
}

/* --- less memory --------------------------------------------------------------------------------
 */

enum { GARBAGE_MIN = 32 * 1024 * 1024 };

bool snapshot_builder_has_garbage(const struct snapshot_builder *b) {
    size_t used = 0;
    for (size_t i = 0; i < b->image.segment_count; i++) {
        used += b->image.segments[i]->used;
    }
    return b->garbage > GARBAGE_MIN && b->garbage > used / 2;
}

static bool copy_der(const struct image *from, struct snapshot_builder *to, struct packed_der *der,
                     struct err *e) {
    return der->len == 0 || builder_store_der(to, image_der(from, der), der->len, der, e);
}

static bool copy_items(const struct image *from, struct snapshot_builder *to, enum image_part part,
                       struct err *e) {
    if (!grow(to, part, from->parts[part].count, e)) {
        return false;
    }
    for (size_t i = 0; i < image_chunk_count(from, part); i++) {
        memcpy(image_chunk(&to->image, part, i), image_chunk(from, part, i),
               image_chunk_size(part));
    }
    return true;
}

static bool copy_ders(const struct image *from, struct snapshot_builder *to, struct err *e) {
    bool ok = true;
    for (uint32_t i = 0; ok && i < from->parts[IMAGE_CERTIFICATES].count; i++) {
        struct packed_certificate *certificate = image_at(&to->image, IMAGE_CERTIFICATES, i);
        ok = copy_der(from, to, &certificate->leaf, e) &&
             copy_der(from, to, &certificate->staple, e);
    }
    for (uint32_t i = 0; ok && i < from->parts[IMAGE_DERS].count; i++) {
        ok = copy_der(from, to, image_at(&to->image, IMAGE_DERS, i), e);
    }
    return ok;
}

void builder_chunks_clear(struct snapshot_builder *b) {
    for (size_t i = 0; i < b->image.segment_count; i++) {
        segment_free(b->image.segments[i]);
    }
    for (unsigned part = 0; part < IMAGE_PART_COUNT; part++) {
        mem_free(b->chunks[part].refs);
        mem_free(b->chunks[part].made);
    }
    mem_free(b->image.segments);
}

bool snapshot_builder_compact(struct snapshot_builder *b, struct err *e) {
    struct snapshot_builder anew = {.version = 1, .image = {.seq = b->image.seq}};
    bool ok = true;
    memcpy(anew.image.seed, b->image.seed, sizeof(anew.image.seed));
    for (unsigned part = 0; part < IMAGE_PART_COUNT && ok; part++) {
        ok = copy_items(&b->image, &anew, (enum image_part)part, e);
    }
    if (!ok || !copy_ders(&b->image, &anew, e)) {
        builder_chunks_clear(&anew);
        return false;
    }
    builder_chunks_clear(b);
    b->image = anew.image;
    memcpy(b->chunks, anew.chunks, sizeof(b->chunks));
    b->segment_capacity = anew.segment_capacity;
    b->version = anew.version;
    b->garbage = 0;
    return true;
}
