/*
 * OCSP responses of bound certificates, fetched by probe and renewed when half of their time has
 * passed: all bound certificates are walked through, some each second, over and over.
 *
 * Limits: STAPLES_ASKED_MAX at a time; a responder that fails is asked again later each time, and
 * told as a warning, LOG_GATE_LINES of them a period.
 */
#ifndef PL_ROLE_CONTROL_STAPLES_H
#define PL_ROLE_CONTROL_STAPLES_H

#include "ops/ops.h"
#include "role/worker.h"

enum { STAPLES_ASKED_MAX = 4 };

struct control_staples;

/* Fails base.oom. */
bool control_staples_new(struct control_staples **out_staples, struct err *e) PL_MUST_USE;
void control_staples_free(struct control_staples *staples);
/* NULL while there is no store. */
void control_staples_set_ops(struct control_staples *staples, struct ops *ops);
/* Each second; probe: NULL while there is none. */
void control_staples_tick(struct control_staples *staples, struct peer *probe);
/* The message "responded". False when malformed. */
bool control_staples_take(struct control_staples *staples, const struct ipc_message *message);

#endif
