/* Looks at servers, and what certificates name, in the process "probe", for the command line. */
#ifndef PL_ROLE_PROBE_LOOK_H
#define PL_ROLE_PROBE_LOOK_H

#include "role/worker.h"

/* The messages "look" and "fetch"; the answer or the error goes to the parent. False when
 * malformed.
 */
bool probe_look(struct worker *worker, const struct ipc_message *message) PL_MUST_USE;
bool probe_fetch(struct worker *worker, const struct ipc_message *message) PL_MUST_USE;

#endif
