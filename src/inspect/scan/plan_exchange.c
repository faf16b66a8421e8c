/* Groups of the key exchange, and signatures: found by leaving out what was chosen already. */
#include "inspect/scan/plan_parts.h"
#include "inspect/wire/numbers.h"

enum { STEP_FIND, STEP_ORDER, STEP_END };

/* Only suites of one kind, of those that were found. */
static void keep_suites(struct scan_ask *ask, bool (*is_kept)(const struct scan_suite *suite)) {
    struct scan_suite suite;
    size_t kept = 0;
    for (size_t i = 0; i < ask->suite_count; i++) {
        if (scan_suite_find(ask->suites[i], &suite) && is_kept(&suite)) {
            ask->suites[kept++] = suite.code;
        }
    }
    ask->suite_count = kept;
}

static bool has_curve(const struct scan_suite *suite) {
    return suite->exchange == SCAN_EXCHANGE_ECDHE;
}

static bool has_signature(const struct scan_suite *suite) {
    return suite->exchange == SCAN_EXCHANGE_ECDHE || suite->exchange == SCAN_EXCHANGE_DHE;
}

/* --- groups --------------------------------------------------------------------------------------
 */

static bool take_group(struct scan_lane *lane, struct scan_numbers *found, uint16_t group,
                       const struct scan_ask *ask) {
    if (group == 0 || !plan_has(ask->groups, ask->group_count, group) ||
        !scan_numbers_add(found, group)) {
        lane->step = STEP_END;
        return false;
    }
    return true;
}

/* The curve of the server's own key; 0: it has none. */
static uint16_t curve_of_key(const struct scan_host *h) {
    for (size_t i = 0; i < h->chain_count; i++) {
        const struct key_spec *spec = &h->chains[i].certs.items[0]->key_spec;
        if (spec->family == KEY_EC) {
            return spec->bits == 256 ? 0x0017 : (spec->bits == 384 ? 0x0018 : 0x0019);
        }
    }
    return 0;
}

/*
 * Before TLS 1.3 the list also says which curves a certificate's key may have: at the end the key's
 * own is offered again behind the others, so that its absence does not hide them.
 */
static bool next_groups_12(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask) {
    plan_offer_found(h, scan_host_newest_12(h), ask);
    keep_suites(ask, has_curve);
    plan_remove(ask->groups, &ask->group_count, h->groups_12.items, h->groups_12.count);
    if (lane->step == STEP_ORDER) {
        uint16_t own = curve_of_key(h);
        if (own == 0 || !scan_numbers_has(&h->groups_12, own)) {
            return false;
        }
        ask->groups[ask->group_count++] = own;
    }
    return lane->step != STEP_END && ask->suite_count > 0 && ask->group_count > 0;
}

static bool take_groups_12(struct scan_host *h, struct scan_lane *lane,
                           const struct plan_answer *answer, struct err *e) {
    bool was_last = lane->step == STEP_ORDER;
    (void)e;
    if (!take_group(lane, &h->groups_12, answer->a->group, answer->ask) && !was_last) {
        lane->step = STEP_ORDER;
    }
    return true;
}

const struct lane_rules plan_groups_12 = {
    .phase = 3, .next = next_groups_12, .take = take_groups_12};

static bool next_groups_13(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask) {
    plan_offer_found(h, WIRE_TLS13, ask);
    ask->stops_early = true;
    if (lane->step == STEP_ORDER) {
        /* Those that were found, the other way round. */
        ask->group_count = h->groups_13.count;
        for (size_t i = 0; i < ask->group_count; i++) {
            ask->groups[i] = h->groups_13.items[ask->group_count - 1 - i];
        }
        return ask->group_count > 1;
    }
    plan_remove(ask->groups, &ask->group_count, h->groups_13.items, h->groups_13.count);
    return lane->step == STEP_FIND && ask->group_count > 0;
}

static bool take_groups_13(struct scan_host *h, struct scan_lane *lane,
                           const struct plan_answer *answer, struct err *e) {
    uint16_t group = answer->a->group;
    (void)e;
    if (lane->step == STEP_ORDER) {
        lane->step = STEP_END;
        if (group != 0 && h->groups_13.count > 1) {
            h->group_order = group == h->groups_13.items[0] ? ORDER_SERVER : ORDER_CLIENT;
        }
        return true;
    }
    if (!take_group(lane, &h->groups_13, group, answer->ask)) {
        lane->step = STEP_ORDER;
    }
    return true;
}

const struct lane_rules plan_groups_13 = {
    .phase = 3, .next = next_groups_13, .take = take_groups_13};

/* --- signatures ----------------------------------------------------------------------------------
 */

static bool take_scheme(struct scan_lane *lane, struct scan_numbers *found,
                        const struct plan_answer *answer) {
    uint16_t scheme = answer->a->scheme;
    if (scheme == 0 || !plan_has(answer->ask->schemes, answer->ask->scheme_count, scheme) ||
        !scan_numbers_add(found, scheme)) {
        lane->step = STEP_END;
    }
    return true;
}

static bool next_schemes_12(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask) {
    plan_offer_found(h, WIRE_TLS12, ask);
    keep_suites(ask, has_signature);
    plan_remove(ask->schemes, &ask->scheme_count, h->schemes_12.items, h->schemes_12.count);
    return lane->step == STEP_FIND && ask->suite_count > 0 && ask->scheme_count > 0;
}

static bool take_schemes_12(struct scan_host *h, struct scan_lane *lane,
                            const struct plan_answer *answer, struct err *e) {
    (void)e;
    return take_scheme(lane, &h->schemes_12, answer);
}

const struct lane_rules plan_schemes_12 = {
    .phase = 3, .next = next_schemes_12, .take = take_schemes_12};

/* The signature is encrypted: whole handshakes. */
static bool next_schemes_13(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask) {
    plan_offer(h, WIRE_TLS13, ask);
    ask->kind = ASK_FULL;
    ask->stops_early = true;
    ask->suite_count = ask->group_count = 0;
    plan_remove(ask->schemes, &ask->scheme_count, h->schemes_13.items, h->schemes_13.count);
    return lane->step == STEP_FIND && ask->scheme_count > 0;
}

static bool take_schemes_13(struct scan_host *h, struct scan_lane *lane,
                            const struct plan_answer *answer, struct err *e) {
    (void)e;
    return take_scheme(lane, &h->schemes_13, answer);
}

const struct lane_rules plan_schemes_13 = {
    .phase = 3, .next = next_schemes_13, .take = take_schemes_13};
