/*
 * Session ticket keys that all nodes share, as control sees them: sealed. It has keys make the one
 * of each quarter of a ticket's lifetime when no node has yet, ahead of its time, keeps it in the
 * store, and hands the store's to keys, which alone opens them and gives them to net.
 */
#ifndef PL_ROLE_CONTROL_TICKETS_H
#define PL_ROLE_CONTROL_TICKETS_H

#include "ops/ops.h"
#include "role/worker.h"

struct control_tickets;

/* Fails base.oom. */
bool control_tickets_new(struct worker *worker, struct control_tickets **out_tickets, struct err *e)
    PL_MUST_USE;
void control_tickets_free(struct control_tickets *tickets);
/* NULL while there is no store. */
void control_tickets_set_ops(struct control_tickets *tickets, struct ops *ops);
/* The message "peer": keys, or the next one. */
bool control_tickets_connect(struct control_tickets *tickets, struct ipc_message *message);
/* The connection to keys, for others who ask it; NULL while it is not there. */
struct peer *control_tickets_keys(const struct control_tickets *tickets);
/* Who takes the answers of keys to its calls. */
void control_tickets_on_reply(struct control_tickets *tickets,
                              void (*take)(void *ctx, const struct ipc_message *message),
                              void *ctx);
/* Now and then: a second is often enough. */
void control_tickets_tick(struct control_tickets *tickets);

#endif
