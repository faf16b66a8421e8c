/*
 * Requests to the site "services", as control answers them: one after the other, each an operation
 * of its own.
 */
#ifndef PL_ROLE_CONTROL_SERVICES_H
#define PL_ROLE_CONTROL_SERVICES_H

#include "ops/ops.h"
#include "role/worker.h"

struct control_services;

/* Fails base.oom. */
bool control_services_new(struct worker *worker, struct control_services **out_services,
                          struct err *e) PL_MUST_USE;
void control_services_free(struct control_services *services);
/* NULL while there is no store. */
void control_services_set_ops(struct control_services *services, struct ops *ops);
/* The message "peer": net-services. */
bool control_services_connect(struct control_services *services, struct ipc_message *message);

#endif
