/* Names looked up in the process "probe" for the command line. */
#ifndef PL_ROLE_PROBE_DNS_H
#define PL_ROLE_PROBE_DNS_H

#include "role/worker.h"

/* Asks in a thread, and answers with IPC_FOUND or IPC_FAILED. False when the message is malformed.
 */
bool probe_look_up(struct worker *worker, const struct ipc_message *message) PL_MUST_USE;

#endif
