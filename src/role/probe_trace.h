/*
 * One observed handshake for the command line: connects, lets the observing client run, and hands
 * its document over in a memory file. What the server sends is read here, in the process "probe",
 * and nowhere else.
 */
#ifndef PL_ROLE_PROBE_TRACE_H
#define PL_ROLE_PROBE_TRACE_H

#include "inspect/trace/wish.h"

/*
 * Blocks; for a thread of its own.
 * out_fd  the document's JSON text in a sealed memory file; the caller closes
 * Fails   tls.look.resolve, tls.look.connect, tls.look.timeout, inspect.*, base.*. A handshake that
 *         fails is no failure: the document tells it
 */
bool probe_trace(const struct trace_wish *wish, int *out_fd, struct err *e) PL_MUST_USE;

#endif
