/*
 * What the supervisor opens for a version of the bindings: document roots and listeners, as the
 * messages "roots" and "listeners".
 */
#ifndef PL_ROLE_LISTING_H
#define PL_ROLE_LISTING_H

#include "base/buf.h"
#include "ipc/channel.h"
#include "tls/snapshot.h"

/* Zeroed: nothing was sent yet. */
struct listing {
    struct buf roots;
    struct buf listeners;
};
void listing_clear(struct listing *listing);
/* Fails base.limit, base.oom, tls.snapshot.broken, sys.memory_file. */
bool listing_read(const struct snapshot_image *image, struct listing *out_listing, struct err *e)
    PL_MUST_USE;
bool listing_same(const struct buf *a, const struct buf *b);

struct listing_listener {
    union snapshot_address address;
    char text[SNAPSHOT_ADDRESS_TEXT];
    bool is_services; /* for net-services, and for no other */
};

/* Calls each for every entry, borrowed; false when the message is malformed. */
bool listing_each_root(const struct ipc_message *message, void (*each)(void *ctx, const char *path),
                       void *ctx);
bool listing_each_listener(const struct ipc_message *message,
                           void (*each)(void *ctx, const struct listing_listener *listener),
                           void *ctx);

#endif
