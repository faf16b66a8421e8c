/* Single questions: protection against fallback, compression, tolerance, and known attacks. */
#include "inspect/scan/plan_parts.h"
#include "inspect/wire/numbers.h"

#include <string.h>

enum { FALLBACK_SCSV = 0x5600 };

static enum fact fact_of(bool is_true) {
    return is_true ? FACT_YES : FACT_NO;
}

/* The second newest version that is spoken; 0: there is none to fall back to. */
static uint16_t second_newest(const struct scan_host *h) {
    bool has_newest = false;
    for (size_t i = SCAN_VERSIONS; i-- > 0;) {
        if (h->versions[i].is_spoken == FACT_YES) {
            if (has_newest) {
                return h->versions[i].version;
            }
            has_newest = true;
        }
    }
    return 0;
}

static bool next_fallback(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask) {
    uint16_t version = second_newest(h);
    if (version == 0 || lane->step > 0) {
        return false;
    }
    plan_offer_found(h, version, ask);
    if (ask->suite_count < SCAN_SUITES_MAX) {
        ask->suites[ask->suite_count++] = FALLBACK_SCSV;
    }
    ask->stops_early = true;
    return true;
}

static bool take_fallback(struct scan_host *h, struct scan_lane *lane,
                          const struct plan_answer *answer, struct err *e) {
    const struct scan_answer *a = answer->a;
    (void)e;
    lane->step++;
    if (a->has_hello || a->end == ANSWER_ALERT) {
        h->has_fallback_protection = fact_of(!a->has_hello);
    }
    return true;
}

const struct lane_rules plan_fallback = {.phase = 3, .next = next_fallback, .take = take_fallback};

/* --- compression ---------------------------------------------------------------------------------
 */

static bool next_compression(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask) {
    plan_offer_found(h, scan_host_newest_12(h), ask);
    ask->offers_compression = true;
    ask->stops_early = true;
    return lane->step == 0;
}

static bool take_compression(struct scan_host *h, struct scan_lane *lane,
                             const struct plan_answer *answer, struct err *e) {
    const struct scan_answer *a = answer->a;
    (void)e;
    lane->step++;
    h->compresses = a->has_hello ? fact_of(a->hello.compression != 0) : FACT_NO;
    return true;
}

const struct lane_rules plan_compression = {
    .phase = 3, .next = next_compression, .take = take_compression};

/* --- another handshake on the same connection ----------------------------------------------------
 */

/* First as today's clients, where the server knows RFC 5746; then as those before it. */
enum renegotiation_step { RENEGOTIATION_SECURE, RENEGOTIATION_OLD, RENEGOTIATION_END };

static bool next_renegotiation(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask) {
    if (lane->step == RENEGOTIATION_SECURE && h->has_secure_renegotiation == FACT_NO) {
        lane->step = RENEGOTIATION_OLD;
    }
    plan_offer(h, scan_host_newest_12(h), ask);
    ask->kind = ASK_FULL;
    ask->suite_count = ask->group_count = ask->scheme_count = 0;
    ask->wants_renegotiation = true;
    ask->has_no_renegotiation_info = lane->step == RENEGOTIATION_OLD;
    return lane->step != RENEGOTIATION_END;
}

static bool take_renegotiation(struct scan_host *h, struct scan_lane *lane,
                               const struct plan_answer *answer, struct err *e) {
    enum trace_renegotiation outcome = answer->a->renegotiation;
    enum fact *known =
        lane->step == RENEGOTIATION_SECURE ? &h->renegotiates : &h->renegotiates_insecurely;
    (void)e;
    lane->step++;
    if (outcome != TRACE_RENEGOTIATION_UNTRIED) {
        *known = fact_of(outcome == TRACE_RENEGOTIATION_BEGUN);
    }
    return true;
}

const struct lane_rules plan_renegotiation = {
    .phase = 3, .next = next_renegotiation, .take = take_renegotiation};

/* --- does it bear what it does not know (RFC 8701) -----------------------------------------------
 */

static void put_first(uint16_t *items, size_t *count, size_t max, uint16_t value) {
    if (*count < max) {
        memmove(items + 1, items, *count * sizeof(items[0]));
        items[0] = value;
        (*count)++;
    }
}

static bool next_tolerance(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask) {
    enum { GREASE = 0x2A2A, TLS_OF_TOMORROW = 0x0305 };
    plan_offer_found(h, WIRE_TLS13, ask);
    put_first(ask->suites, &ask->suite_count, SCAN_SUITES_MAX, GREASE);
    put_first(ask->groups, &ask->group_count, ASK_GROUPS_MAX, GREASE);
    put_first(ask->schemes, &ask->scheme_count, ASK_SCHEMES_MAX, GREASE);
    put_first(ask->versions, &ask->version_count, ASK_VERSIONS_MAX, TLS_OF_TOMORROW);
    put_first(ask->versions, &ask->version_count, ASK_VERSIONS_MAX, GREASE);
    ask->stops_early = true;
    return lane->step == 0;
}

static bool take_tolerance(struct scan_host *h, struct scan_lane *lane,
                           const struct plan_answer *answer, struct err *e) {
    (void)e;
    lane->step++;
    h->is_tolerant = fact_of(answer->a->has_hello);
    return true;
}

const struct lane_rules plan_tolerance = {
    .phase = 3, .next = next_tolerance, .take = take_tolerance};

/* --- known attacks -------------------------------------------------------------------------------
 */

static bool next_attack(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask,
                        enum ask_kind kind) {
    plan_offer_found(h, scan_host_newest_12(h), ask);
    ask->kind = kind;
    return lane->step == 0;
}

static bool next_heartbeat(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask) {
    return next_attack(h, lane, ask, ASK_HEARTBEAT);
}

static bool take_heartbeat(struct scan_host *h, struct scan_lane *lane,
                           const struct plan_answer *answer, struct err *e) {
    (void)e;
    lane->step++;
    if (answer->a->has_hello) {
        h->has_heartbeat = fact_of(answer->a->hello.has_heartbeat);
    }
    h->heartbleed = answer->a->weakness;
    return true;
}

const struct lane_rules plan_heartbeat = {
    .phase = 3, .next = next_heartbeat, .take = take_heartbeat};

static bool next_early_change(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask) {
    return next_attack(h, lane, ask, ASK_EARLY_CHANGE);
}

static bool take_early_change(struct scan_host *h, struct scan_lane *lane,
                              const struct plan_answer *answer, struct err *e) {
    (void)e;
    lane->step++;
    h->early_change = answer->a->weakness;
    return true;
}

const struct lane_rules plan_early_change = {
    .phase = 3, .next = next_early_change, .take = take_early_change};
