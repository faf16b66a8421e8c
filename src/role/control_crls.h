/*
 * The CA's revocation lists, signed anew by keys when they are due: looked at every few seconds,
 * one at a time.
 */
#ifndef PL_ROLE_CONTROL_CRLS_H
#define PL_ROLE_CONTROL_CRLS_H

#include "ops/ops.h"
#include "role/worker.h"

struct control_crls;

/* Fails base.oom. */
bool control_crls_new(struct control_crls **out_crls, struct err *e) PL_MUST_USE;
void control_crls_free(struct control_crls *crls);
/* NULL while there is no store. */
void control_crls_set_ops(struct control_crls *crls, struct ops *ops);
/* Each second; keys: NULL while it is not there. */
void control_crls_tick(struct control_crls *crls, struct peer *keys);
/* The message "keys-reply"; one that came too late is passed over. */
void control_crls_take(struct control_crls *crls, const struct ipc_message *message);

#endif
