/*
 * What to ask a listener next, and what its answers say. Sans-I/O: the plan hands out asks, several
 * at a time where they do not depend on each other, and is given their answers in any order.
 *
 * First whether it is there and speaks TLS; then the versions; then the suites of each; then
 * everything that needs to know those. A suite, group or signature is found by offering all that
 * are left until the server has none of them.
 *
 * An ask that is lost (no connection, silence) is made again once; then what it was for stays
 * unknown. Limits: ASK_TRIES.
 */
#ifndef PL_INSPECT_SCAN_PLAN_H
#define PL_INSPECT_SCAN_PLAN_H

#include "inspect/scan/host.h"

enum { ASK_TRIES = 2 };

enum plan_next {
    PLAN_ASK,  /* out_ask is to be carried out */
    PLAN_WAIT, /* for answers that are under way */
    PLAN_OVER, /* everything is known: host->state says how it ended */
};
enum plan_next plan_next(struct scan_host *h, struct scan_ask *out_ask);

/*
 * The answer to an ask. session: what a whole handshake left to be resumed; NULL: nothing.
 * Fails  base.oom
 */
bool plan_take(struct scan_host *h, const struct scan_ask *ask, const struct scan_answer *a,
               const struct observe_session *session, struct err *e) PL_MUST_USE;

#endif
