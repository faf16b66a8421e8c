/*
 * Another process at the end of a channel, on a libuv loop: messages come as calls, and what was
 * sent in a turn of the loop goes out in one write before it waits again.
 */
#ifndef PL_ROLE_PEER_H
#define PL_ROLE_PEER_H

#include "ipc/channel.h"

#include <uv.h>

struct peer;

struct peer_callbacks {
    void *ctx;
    /*
     * One message, borrowed for the call. False: it is malformed, and the peer is not heard again
     * (gone() follows).
     */
    bool (*message)(void *ctx, struct peer *peer, struct ipc_message *message);
    /* The peer has ended or broke the rules. Called once, never from peer_send(). */
    void (*gone)(void *ctx, struct peer *peer);
};

/* The channel becomes the peer's, also on failure. Fails base.oom, ipc.broken. */
bool peer_new(uv_loop_t *loop, struct ipc_channel *channel, const struct peer_callbacks *callbacks,
              struct peer **out_peer, struct err *e) PL_MUST_USE;
/* Nothing is called any more. The memory goes when the loop has closed its handles. NULL is fine.
 */
void peer_free(struct peer *peer);

/*
 * Queues a message; fd is copied, -1 for none. What cannot be queued breaks the peer: gone() tells.
 */
void peer_send(struct peer *peer, enum ipc_type type, const void *bytes, size_t len, int fd);
/* Sends what is queued now, for those who work long in one turn. */
void peer_flush(struct peer *peer);

/* Hands out what the other side said before it ended, as from the loop. */
void peer_drain(struct peer *peer);

enum ipc_role peer_role(const struct peer *peer);
const char *peer_broken_because(const struct peer *peer); /* NULL: it just ended */

#endif
