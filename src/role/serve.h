/*
 * padlock serve: every binding of the store, until someone stops it.
 *
 * A change of the store (a byte in DIR/changed, and a look each second) becomes a new version of
 * the bindings that is swapped in by pointer: nothing is restarted, no connection dropped. While
 * the store cannot be read, the last version goes on being served, also from the start.
 */
#ifndef PL_ROLE_SERVE_H
#define PL_ROLE_SERVE_H

#include "base/compiler.h"
#include "base/err.h"
#include "role/worker.h"
#include "tls/snapshot.h"

struct serve_wish {
    int ready_fd;        /* gets a byte and is closed once all listeners are open; -1: none */
    bool has_access_log; /* a line a request on standard output */
    bool is_json_log;
    bool fetches_from_loopback;     /* OCSP responders on this machine are asked, too */
    uint32_t net_count;             /* processes that serve; 0: one for each processor */
    struct worker_limits limits;    /* of each of them */
    struct worker_proxies proxies;  /* trusted beside this machine itself */
    union snapshot_address metrics; /* where /metrics and /healthz are; AF_UNSPEC: nowhere */
};

/*
 * Runs until SIGINT or SIGTERM, then finishes what is under way (at most ten seconds; a second
 * signal ends at once). As root, its processes become the users padlock, padlock-net and
 * padlock-keys where those are there; see docs/SECURITY.md.
 *
 * Fails net.port.busy, net.port.denied, net.address (at the start, naming the address), store.*,
 * keys.*, tls.*, sys.process
 */
bool serve_run(const char *data_dir, const struct serve_wish *wish, struct err *e) PL_MUST_USE;

#endif
