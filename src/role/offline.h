/*
 * The command line's own processes: keys, unpack for each file, and probe for what goes out,
 * started when they are first needed and ended with the command. The same program and the same
 * restrictions as under "padlock serve"; see role/worker.h.
 */
#ifndef PL_ROLE_OFFLINE_H
#define PL_ROLE_OFFLINE_H

#include "codec/json.h"
#include "inspect/scan/wish.h"
#include "inspect/trace/wish.h"

/* From now on ops/ asks those processes for everything about keys and foreign files. */
void offline_use(void);

/*
 * One observed handshake, made by a process "probe" of its own.
 * out_document  inspect/trace/document.h's; nothing in it is believed to have a certain form
 * Fails         as role/probe_trace.h; ipc.*, codec.json.*
 */
bool offline_trace(const struct trace_wish *wish, json_t **out_document, struct err *e) PL_MUST_USE;

/* Each listener's document (inspect/scan/report.h's text), as it comes; false ends the scan. */
struct offline_scan_sink {
    void *ctx;
    bool (*take)(void *ctx, const char *text, size_t len, struct err *e);
};

/*
 * A scan, made by a process "probe" of its own.
 * targets, done  lines: what is to be scanned (scan_targets_write()), what is left out of it
 * Fails          what the sink fails; ipc.*, base.*
 */
bool offline_scan(const struct scan_wish *wish, const struct buf *targets, const struct buf *done,
                  const struct offline_scan_sink *sink, struct err *e) PL_MUST_USE;

#endif
