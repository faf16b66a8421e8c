/*
 * The command line's own processes: keys, unpack for each file, and probe for what goes out,
 * started when they are first needed and ended with the command. The same program and the same
 * restrictions as under "padlock serve"; see role/worker.h.
 */
#ifndef PL_ROLE_OFFLINE_H
#define PL_ROLE_OFFLINE_H

#include "codec/json.h"
#include "inspect/trace/wish.h"

/* From now on ops/ asks those processes for everything about keys and foreign files. */
void offline_use(void);

/*
 * One observed handshake, made by a process "probe" of its own.
 * out_document  inspect/trace/document.h's; nothing in it is believed to have a certain form
 * Fails         as role/probe_trace.h; ipc.*, codec.json.*
 */
bool offline_trace(const struct trace_wish *wish, json_t **out_document, struct err *e) PL_MUST_USE;

#endif
