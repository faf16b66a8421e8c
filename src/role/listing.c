/* Roots and listeners of a version. */
#include "role/listing.h"

#include "ipc/pack.h"

#include <string.h>

enum { ROOTS_MAX = 16 * 1024 * 1024, LISTENERS_MAX = 1024 * 1024, PATH_TEXT = 8000 };

void listing_clear(struct listing *listing) {
    buf_clear(&listing->roots);
    buf_clear(&listing->listeners);
}

bool listing_same(const struct buf *a, const struct buf *b) {
    return a->len == b->len && b->data != NULL && memcmp(a->data, b->data, a->len) == 0;
}

/* Nothing is opened here. */
static struct folder *no_root(void *ctx, const char *path) {
    (void)ctx;
    (void)path;
    return NULL;
}

static bool write_lists(const struct snapshot *snapshot, struct listing *out, struct err *e) {
    struct pack_writer roots = {.out = &out->roots};
    struct pack_writer listeners = {.out = &out->listeners};
    size_t root_count = snapshot_root_count(snapshot);
    size_t listener_count = snapshot_listener_count(snapshot);
    pack_u32(&roots, (uint32_t)root_count);
    for (uint32_t i = 0; i < root_count; i++) {
        pack_text(&roots, snapshot_root_at(snapshot, i));
    }
    pack_u32(&listeners, (uint32_t)listener_count);
    for (uint32_t i = 0; i < listener_count; i++) {
        const struct snapshot_listener *listener = snapshot_listener_at(snapshot, i);
        pack_raw(&listeners, &listener->address, sizeof(listener->address));
        pack_text(&listeners, listener->text);
        pack_bool(&listeners, listener->is_services);
    }
    return pack_end(&roots, e) && pack_end(&listeners, e);
}

bool listing_read(const struct snapshot_image *image, struct listing *out_listing, struct err *e) {
    PL_AUTO(snapshot_freep) struct snapshot *snapshot = NULL;
    const struct snapshot_source source = {.index_fd = image->index_fd,
                                           .segments = image->segments,
                                           .segment_count = image->segment_count,
                                           .root = no_root};
    PL_AUTO(listing_clear)
    struct listing listing = {.roots = {.max = ROOTS_MAX}, .listeners = {.max = LISTENERS_MAX}};
    if (!snapshot_open(&source, &snapshot, e) || !write_lists(snapshot, &listing, e)) {
        return false;
    }
    *out_listing = listing;
    listing = (struct listing){0};
    return true;
}

bool listing_each_root(const struct ipc_message *message, void (*each)(void *ctx, const char *path),
                       void *ctx) {
    struct unpack_reader r;
    unpack_init(&r, message->bytes, message->len);
    uint32_t count = unpack_u32(&r);
    for (uint32_t i = 0; i < count && !r.is_broken; i++) {
        const char *path = unpack_text(&r, PATH_TEXT);
        if (path != NULL) {
            each(ctx, path);
        }
    }
    return unpack_is_done(&r);
}

bool listing_each_listener(const struct ipc_message *message,
                           void (*each)(void *ctx, const struct listing_listener *listener),
                           void *ctx) {
    struct unpack_reader r;
    unpack_init(&r, message->bytes, message->len);
    uint32_t count = unpack_u32(&r);
    for (uint32_t i = 0; i < count && !r.is_broken; i++) {
        struct listing_listener listener;
        unpack_raw(&r, &listener.address, sizeof(listener.address));
        unpack_text_into(&r, listener.text, sizeof(listener.text));
        listener.is_services = unpack_bool(&r);
        sa_family_t family = listener.address.any.sa_family;
        r.is_broken = r.is_broken || (family != AF_INET && family != AF_INET6);
        if (!r.is_broken) {
            each(ctx, &listener);
        }
    }
    return unpack_is_done(&r);
}
