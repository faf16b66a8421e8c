/*
 * Whether a change has reached those who serve: stored, then loaded, then proven by a connection to
 * the listener, or taken back. See role/confirm.h for who proves.
 */
#ifndef PL_OPS_SERVED_H
#define PL_OPS_SERVED_H

#include "ops/ops.h"

enum served_outcome {
    SERVED_BY_NOBODY, /* no server follows this store */
    SERVED_PROVEN,    /* every server shows it, or it is nothing that can be shown */
    SERVED_UNPROVEN,  /* the time is over; it stands, and is still being tried */
    SERVED_TAKEN_BACK,
    SERVED_UNASKED, /* nobody waited */
};
const char *served_outcome_name(enum served_outcome outcome); /* "proven" */

enum { SERVED_TIMEOUT_MS = 10 * 1000 };

/*
 * Waits for the newest change of the store. A dry run has none: proven at once.
 * Fails store.*
 */
bool ops_served_wait(struct ops *ops, int64_t timeout_ms, enum served_outcome *out_outcome,
                     struct err *e) PL_MUST_USE;

/* Servers that are alive, and how many of them have loaded the store's newest change. Fails store.*
 */
bool ops_served_count(struct ops *ops, size_t *out_alive, size_t *out_loaded, struct err *e)
    PL_MUST_USE;

#endif
