/*
 * padlock serve: every binding of the store, until someone stops it. One process, one loop, one
 * thread.
 *
 * A change of the store (a byte in DIR/changed, and a look each second) becomes a new snapshot that
 * is swapped in by pointer: nothing is restarted, no connection dropped. While the store cannot be
 * read, the last snapshot goes on being served.
 */
#ifndef PL_ROLE_SERVE_H
#define PL_ROLE_SERVE_H

#include "base/compiler.h"
#include "base/err.h"
#include "ops/ops.h"

struct serve_wish {
    int ready_fd;        /* gets a byte and is closed once all listeners are open; -1: none */
    bool has_access_log; /* a line a request on standard output */
    bool is_json_log;
};

/*
 * Runs until SIGINT or SIGTERM, then finishes what is under way (at most ten seconds; a second
 * signal ends at once). As root with the user "padlock" there, it becomes that user once it
 * listens.
 *
 * Fails net.port.busy, net.port.denied, net.address (at the start, naming the address), store.*,
 * keys.*, tls.*
 */
bool serve_run(struct ops *ops, const struct serve_wish *wish, struct err *e) PL_MUST_USE;

#endif
