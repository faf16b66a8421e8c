/*
 * Requests to the site "services" on their way to control, and its answers back. Process:
 * net-services.
 *
 * At most FORWARDER_WAITING_MAX requests wait; of these at most FORWARDER_WINDOW are with control,
 * so that neither side's queue can overflow. Who waits longer than FORWARDER_TIMEOUT_MS is told so.
 * When control has ended, requests that may be asked twice are asked again of the next one; the
 * others are told that nobody knows what became of them.
 */
#ifndef PL_ROLE_FORWARDER_H
#define PL_ROLE_FORWARDER_H

#include "role/net.h"
#include "role/worker.h"

struct forwarder;

enum {
    FORWARDER_WAITING_MAX = 1024,
    FORWARDER_WINDOW = 12,
    FORWARDER_TIMEOUT_MS = 30 * 1000,
};

/* Fails base.oom. */
bool forwarder_new(struct worker *worker, struct forwarder **out_forwarder, struct err *e)
    PL_MUST_USE;
/* After the net that it serves. NULL is fine. */
void forwarder_free(struct forwarder *forwarder);
void forwarder_set_net(struct forwarder *forwarder, struct net *net);

/* The message "peer": control, or the next one. False when malformed. */
bool forwarder_connect(struct forwarder *forwarder, struct ipc_message *message);

/* As net's callbacks (role/net.h). */
bool forwarder_forward(struct forwarder *f, void *connection, bool is_safe, struct buf *request,
                       uint32_t *out_ticket);
void forwarder_forget(struct forwarder *f, uint32_t ticket);

#endif
