/* What the files of the plan share. */
#ifndef PL_INSPECT_SCAN_PLAN_PARTS_H
#define PL_INSPECT_SCAN_PLAN_PARTS_H

#include "inspect/scan/plan.h"

/* What an answer is made of, for the lanes. */
struct plan_answer {
    const struct scan_ask *ask;
    const struct scan_answer *a;
    const struct observe_session *session;
};

/*
 * next  fills the ask for the lane's next connection; false: the lane has no more to ask
 * take  the answer; false when memory is short
 */
struct lane_rules {
    unsigned phase;
    bool (*next)(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask);
    bool (*take)(struct scan_host *h, struct scan_lane *lane, const struct plan_answer *answer,
                 struct err *e);
};

/* A hello that offers everything of one version. */
void plan_offer(const struct scan_host *h, uint16_t version, struct scan_ask *ask);
/* Takes values out of an ask's list. */
void plan_remove(uint16_t *items, size_t *count, const uint16_t *gone, size_t gone_count);
/* The version's suites that were found, alone. */
void plan_offer_found(struct scan_host *h, uint16_t version, struct scan_ask *ask);
bool plan_has(const uint16_t *items, size_t count, uint16_t value);
/* Keeps a chain, or adds the name to an equal one. Fails base.oom */
bool plan_keep_chain(struct scan_host *h, const char *name, const struct scan_answer *a,
                     struct err *e) PL_MUST_USE;

/* The lanes' rules, by kind. */
extern const struct lane_rules plan_reach, plan_version, plan_suites;
extern const struct lane_rules plan_groups_12, plan_groups_13, plan_schemes_12, plan_schemes_13;
extern const struct lane_rules plan_chains, plan_session_12, plan_session_13, plan_protocols;
extern const struct lane_rules plan_fallback, plan_compression, plan_renegotiation, plan_tolerance,
    plan_heartbeat, plan_early_change, plan_robot;

#endif
