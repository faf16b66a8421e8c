/* From a version back to what builds the next one. Process: control, when it starts. */
#include "base/hash.h"
#include "base/mem.h"
#include "pki/openssl.h"
#include "tls/snapshot_image.h"

#include <string.h>

/* Document roots are not looked at here. */
static struct folder *no_root(void *ctx, const char *path) {
    (void)ctx;
    (void)path;
    return NULL;
}

/* What is added later goes into segments of their own: these may be no one's to write. */
static bool take_segments(const struct image *from, struct snapshot_builder *b, struct err *e) {
    void *memory = NULL;
    if (from->segment_count == 0) {
        return true;
    }
    if (!mem_array(from->segment_count, sizeof(struct segment *), &memory, e)) {
        return false;
    }
    b->image.segments = memory;
    b->segment_capacity = from->segment_count;
    for (size_t i = 0; i < from->segment_count; i++) {
        b->image.segments[i] = segment_ref(from->segments[i]);
        b->image.segments[i]->used = b->image.segments[i]->size;
        b->image.segment_count++;
    }
    return true;
}

static bool remember_roots(struct snapshot_builder *b, struct err *e) {
    for (uint32_t i = 0; i < b->image.parts[IMAGE_ROOTS].count; i++) {
        const struct packed_string *path = image_at(&b->image, IMAGE_ROOTS, i);
        if (!builder_remember(b->roots, image_string(&b->image, *path), path->len, i, e)) {
            return false;
        }
    }
    return true;
}

static bool remember_ders(struct snapshot_builder *b, struct err *e) {
    for (uint32_t i = 0; i < b->image.parts[IMAGE_DERS].count; i++) {
        const struct packed_der *der = image_at(&b->image, IMAGE_DERS, i);
        uint8_t digest[32];
        if (!sha256(image_der(&b->image, der), der->len, digest, e) ||
            !builder_remember(b->ders, digest, sizeof(digest), i, e)) {
            return false;
        }
    }
    return true;
}

static bool remember_clients(struct snapshot_builder *b, struct err *e) {
    for (uint32_t i = 0; i < b->image.parts[IMAGE_CLIENT_SETS].count; i++) {
        const struct packed_client_set *set = image_at(&b->image, IMAGE_CLIENT_SETS, i);
        if (!builder_remember(b->client_sets, set->fingerprint, sizeof(set->fingerprint), i, e)) {
            return false;
        }
    }
    return true;
}

static void count_uses(struct snapshot_builder *b) {
    for (uint32_t i = 0; i < b->image.parts[IMAGE_BINDINGS].count; i++) {
        const struct packed_binding *binding = image_at(&b->image, IMAGE_BINDINGS, i);
        for (size_t j = 0; j < SNAPSHOT_BINDING_CERTIFICATES_MAX; j++) {
            b->uses += binding->certificates[j] != SNAPSHOT_NONE ? 1 : 0;
        }
    }
}

bool snapshot_builder_restore(const struct snapshot_image *image,
                              struct snapshot_builder **out_builder, struct err *e) {
    PL_AUTO(snapshot_freep) struct snapshot *snapshot = NULL;
    PL_AUTO(snapshot_builder_freep) struct snapshot_builder *b = NULL;
    const struct snapshot_source source = {.index_fd = image->index_fd,
                                           .segments = image->segments,
                                           .segment_count = image->segment_count,
                                           .root = no_root};
    if (!snapshot_open(&source, &snapshot, e) ||
        !snapshot_builder_new(snapshot_seq(snapshot), &b, e)) {
        return false;
    }
    const struct image *from = snapshot_image_of(snapshot);
    memcpy(b->image.seed, from->seed, sizeof(b->image.seed)); /* the hashes in it are of that */
    for (unsigned part = 0; part < IMAGE_PART_COUNT; part++) {
        if (!builder_take_part(b, (enum image_part)part, &from->parts[part], e)) {
            return false;
        }
    }
    if (!take_segments(from, b, e)) {
        return false;
    }
    count_uses(b);
    if (!remember_roots(b, e) || !remember_ders(b, e) || !remember_clients(b, e)) {
        return false;
    }
    *out_builder = PL_TAKE(b);
    return true;
}
