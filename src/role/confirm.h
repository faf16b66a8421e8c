/*
 * Proof of service: a change of bindings counts when a connection to the listener, by its name,
 * shows the new certificate; one that cannot be proven is taken back. Process: control, with probe
 * doing the connecting.
 *
 * A change that probe could not be asked about stands: only what was seen takes it back.
 *
 * Limits: CONFIRM_PROOFS_MAX bindings of one operation are tried (the first ones), for at most
 * CONFIRM_DEADLINE_MS; CONFIRM_PENDING_MAX operations wait at a time, and what is beyond counts
 * without proof.
 */
#ifndef PL_ROLE_CONFIRM_H
#define PL_ROLE_CONFIRM_H

#include "ops/ops.h"
#include "role/worker.h"

struct confirm;

enum { CONFIRM_PROOFS_MAX = 16, CONFIRM_PENDING_MAX = 4096, CONFIRM_DEADLINE_MS = 5 * 1000 };

/* Fails base.oom. */
bool confirm_new(struct worker *worker, struct confirm **out_confirm, struct err *e) PL_MUST_USE;
void confirm_free(struct confirm *confirm);
void confirm_set_ops(struct confirm *confirm, struct ops *ops); /* borrowed */
/* Called whenever the number of what is settled has grown. */
void confirm_on_settled(struct confirm *confirm, void (*call)(void *ctx), void *ctx);

/* The message "peer" with a connection to probe. False when malformed. */
bool confirm_connect(struct confirm *confirm, struct ipc_message *message);
/* The connection to probe, for others in control; NULL while there is none. */
struct peer *confirm_probe(const struct confirm *confirm);
/* Where messages of probe go that are about nothing to be proven. */
void confirm_on_other(struct confirm *confirm,
                      bool (*call)(void *ctx, const struct ipc_message *message), void *ctx);

/* The changes after one number up to another are on their way to be served. Fails store.*,
 * base.oom. */
bool confirm_changes(struct confirm *confirm, int64_t after_seq, int64_t to_seq, struct err *e)
    PL_MUST_USE;
/* All that serve have applied everything up to seq. */
void confirm_applied(struct confirm *confirm, int64_t seq);
/* Deadlines; to be called each second or more often. */
void confirm_tick(struct confirm *confirm);

/* Everything up to here is proven, taken back, or needs no proof. */
int64_t confirm_settled_seq(const struct confirm *confirm);

#endif
