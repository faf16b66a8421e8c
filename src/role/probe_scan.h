/*
 * A scan in the process "probe": many listeners at once on its loop, each asked as the plan says
 * (inspect/scan/plan.h), politely: so many connections at once to one listener and in all, so many
 * new ones a second. What servers send is read here and nowhere else.
 *
 * Limits: the wish's; PROBE_SCAN_WAITING_MAX bytes of documents that the command line has not taken
 * yet, then no further listener is begun.
 */
#ifndef PL_ROLE_PROBE_SCAN_H
#define PL_ROLE_PROBE_SCAN_H

#include "role/worker.h"

enum { PROBE_SCAN_WAITING_MAX = 8 * 1024 * 1024 };

struct probe_scan;

/*
 * Begins it. message: IPC_SCAN; false when it is malformed. What cannot be begun is told to the
 * command line, and *out_scan is NULL then.
 */
bool probe_scan_begin(struct worker *worker, struct ipc_message *message,
                      struct probe_scan **out_scan) PL_MUST_USE;
/* IPC_SCAN_TAKEN; false when it is malformed. */
bool probe_scan_taken(struct probe_scan *scan, const struct ipc_message *message) PL_MUST_USE;
/* Ends it, also in its middle; its memory goes with the loop's next turns. NULL is fine. */
void probe_scan_end(struct probe_scan *scan);
/* As many descriptors as the system lets this process have: before it restricts itself. */
void probe_scan_raise_limit(void);

#endif
