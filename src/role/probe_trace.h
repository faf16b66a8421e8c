/*
 * One observed handshake for the command line: connects, lets the observing client run, and hands
 * its document over in a memory file. What the server sends is read here, in the process "probe",
 * and nowhere else.
 */
#ifndef PL_ROLE_PROBE_TRACE_H
#define PL_ROLE_PROBE_TRACE_H

#include "inspect/trace/wish.h"
#include "pki/cert.h"

/*
 * Blocks; for a thread of its own.
 * out_fd  the document's JSON text in a sealed memory file; the caller closes
 * Fails   tls.look.resolve, tls.look.connect, tls.look.timeout, inspect.*, base.*. A handshake that
 *         fails is no failure: the document tells it
 */
bool probe_trace(const struct trace_wish *wish, int *out_fd, struct err *e) PL_MUST_USE;

/* Whom to trust: certificates in PEM, and the system's when they are wanted. Fails base.oom */
bool probe_gather_anchors(const struct buf *pem, bool has_system, struct cert_list *out,
                          struct err *e) PL_MUST_USE;

#endif
