/* Is it there, does it speak TLS, and which versions; then the suites of each, and in whose order.
 */
#include "inspect/scan/plan_parts.h"
#include "inspect/wire/numbers.h"

#include <string.h>

enum { SSL2 = SCAN_VERSIONS, CHACHA_COUNT = 5 };

/* What a hello shows in passing. */
static void note_hello(struct scan_host *h, const struct scan_answer *a) {
    struct scan_version *v = scan_host_version(h, a->hello.version);
    if (!a->has_hello || v == NULL) {
        return;
    }
    v->is_spoken = FACT_YES;
    if (v->version < WIRE_TLS13) {
        h->has_secure_renegotiation = a->hello.has_renegotiation_info ? FACT_YES : FACT_NO;
    }
}

/* --- is it there ---------------------------------------------------------------------------------
 */

/* First as TLS 1.2, in which certificates can be read; then, to servers that do not know it any
 * more, as TLS 1.3. */
static bool next_reach(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask) {
    if (lane->step > 1 || (lane->step == 1 && h->chain_count > 0)) {
        return false;
    }
    plan_offer(h, lane->step == 0 ? WIRE_TLS12 : WIRE_TLS13, ask);
    if (lane->step == 1 && h->is_quick) {
        ask->kind = ASK_FULL;
        ask->suite_count = ask->group_count = ask->scheme_count = 0;
        ask->stops_early = true;
    }
    return true;
}

static bool take_reach(struct scan_host *h, struct scan_lane *lane,
                       const struct plan_answer *answer, struct err *e) {
    const struct scan_answer *a = answer->a;
    bool is_second = lane->step == 1;
    lane->step++;
    if (a->end == ANSWER_REFUSED) {
        scan_host_set_state(h, SCAN_UNREACHABLE);
        return true;
    }
    note_hello(h, a);
    bool is_tls = a->has_hello || a->end == ANSWER_ALERT;
    if (!is_tls && (a->end == ANSWER_NOT_TLS || is_second) && h->chain_count == 0 &&
        scan_host_newest_12(h) == 0) {
        scan_host_set_state(h, SCAN_NOT_TLS);
    }
    return plan_keep_chain(h, answer->ask->host, a, e);
}

const struct lane_rules plan_reach = {.phase = 0, .next = next_reach, .take = take_reach};

/* --- versions ------------------------------------------------------------------------------------
 */

static bool next_version(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask) {
    if (lane->number == SSL2) {
        plan_offer(h, WIRE_TLS12, ask);
        ask->kind = ASK_SSL2;
        return h->has_ssl2 == FACT_UNKNOWN && lane->step == 0;
    }
    const struct scan_version *v = &h->versions[lane->number];
    if (v->is_spoken != FACT_UNKNOWN || lane->step > 0) {
        return false;
    }
    plan_offer(h, v->version, ask);
    ask->stops_early = true;
    return true;
}

static bool take_version(struct scan_host *h, struct scan_lane *lane,
                         const struct plan_answer *answer, struct err *e) {
    const struct scan_answer *a = answer->a;
    (void)e;
    lane->step++;
    if (lane->number == SSL2) {
        h->has_ssl2 = a->has_ssl2 ? FACT_YES : FACT_NO;
        return true;
    }
    struct scan_version *v = &h->versions[lane->number];
    note_hello(h, a);
    /* What was lost stays unknown; a silence is how some servers refuse. */
    if (v->is_spoken == FACT_UNKNOWN && a->end != ANSWER_REFUSED) {
        v->is_spoken = FACT_NO;
    }
    return true;
}

const struct lane_rules plan_version = {.phase = 1, .next = next_version, .take = take_version};

/* --- suites --------------------------------------------------------------------------------------
 */

enum suites_step { STEP_FIND, STEP_ORDER, STEP_CHACHA, STEP_END };

static bool is_chacha(uint16_t suite) {
    static const uint16_t chacha[CHACHA_COUNT] = {0x1303, 0xCCA8, 0xCCA9, 0xCCAA, 0xCCAC};
    return plan_has(chacha, CHACHA_COUNT, suite);
}

static void reverse(uint16_t *items, size_t count) {
    for (size_t i = 0; i < count / 2; i++) {
        uint16_t kept = items[i];
        items[i] = items[count - 1 - i];
        items[count - 1 - i] = kept;
    }
}

/* The same with one that is not ChaCha20 first: whoever took ChaCha20 only because it came first
 * shows its own order then. */
static bool put_other_first(uint16_t *items, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!is_chacha(items[i])) {
            uint16_t kept = items[i];
            memmove(items + 1, items, i * sizeof(items[0]));
            items[0] = kept;
            return true;
        }
    }
    return false;
}

static bool next_suites(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask) {
    const struct scan_version *v = &h->versions[lane->number];
    if (lane->step == STEP_FIND) {
        plan_offer(h, v->version, ask);
        plan_remove(ask->suites, &ask->suite_count, v->suites, v->suite_count);
        ask->stops_early = v->version == WIRE_TLS13;
        return ask->suite_count > 0;
    }
    if (lane->step == STEP_END || v->suite_count < 2) {
        return false;
    }
    plan_offer_found(h, v->version, ask);
    reverse(ask->suites, ask->suite_count);
    ask->stops_early = true;
    return lane->step == STEP_ORDER || put_other_first(ask->suites, ask->suite_count);
}

static void take_order(struct scan_version *v, struct scan_lane *lane, const struct scan_ask *ask,
                       const struct scan_answer *a) {
    bool was_chacha_asked = lane->step == STEP_CHACHA;
    lane->step = STEP_END;
    if (!a->has_hello) {
        return;
    }
    if (a->hello.suite == v->suites[0]) {
        v->order = was_chacha_asked ? ORDER_SERVER_CHACHA : ORDER_SERVER;
    } else if (is_chacha(a->hello.suite) && !was_chacha_asked) {
        lane->step = STEP_CHACHA;
        v->order = ORDER_CLIENT;
    } else if (a->hello.suite == ask->suites[0]) {
        v->order = ORDER_CLIENT;
    }
}

static void note_field(struct scan_host *h, const struct scan_answer *a) {
    struct scan_suite suite;
    if (a->dh_bits == 0) {
        return;
    }
    (void)!scan_suite_find(a->hello.suite, &suite);
    if (suite.is_export) {
        h->has_export_dh = true;
    }
    if (suite.exchange == SCAN_EXCHANGE_DHE && !suite.is_export &&
        (h->dh_bits == 0 || a->dh_bits < h->dh_bits)) {
        h->dh_bits = a->dh_bits;
    }
}

static bool take_suites(struct scan_host *h, struct scan_lane *lane,
                        const struct plan_answer *answer, struct err *e) {
    const struct scan_answer *a = answer->a;
    struct scan_version *v = &h->versions[lane->number];
    (void)e;
    if (lane->step != STEP_FIND) {
        take_order(v, lane, answer->ask, a);
        return true;
    }
    bool is_new = a->has_hello && a->hello.version == v->version &&
                  plan_has(answer->ask->suites, answer->ask->suite_count, a->hello.suite) &&
                  v->suite_count < SCAN_SUITES_MAX;
    if (!is_new) {
        lane->step = STEP_ORDER;
        return true;
    }
    note_field(h, a);
    v->suites[v->suite_count++] = a->hello.suite;
    return true;
}

const struct lane_rules plan_suites = {.phase = 2, .next = next_suites, .take = take_suites};
