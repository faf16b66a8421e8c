/* The plan's phases and lanes: who may ask now, and to whom an answer goes. */
#include "inspect/scan/plan.h"

#include "base/str.h"
#include "inspect/scan/plan_parts.h"
#include "inspect/wire/numbers.h"
#include "pki/cert_pool.h"

#include <string.h>

enum { PHASES = 4, SSL2 = SCAN_VERSIONS };

static const struct lane_rules *const rules[LANE_KIND_COUNT] = {
    [LANE_REACH] = &plan_reach,
    [LANE_VERSION] = &plan_version,
    [LANE_SUITES] = &plan_suites,
    [LANE_GROUPS_12] = &plan_groups_12,
    [LANE_GROUPS_13] = &plan_groups_13,
    [LANE_SCHEMES_12] = &plan_schemes_12,
    [LANE_SCHEMES_13] = &plan_schemes_13,
    [LANE_CHAINS] = &plan_chains,
    [LANE_SESSION_12] = &plan_session_12,
    [LANE_SESSION_13] = &plan_session_13,
    [LANE_PROTOCOLS] = &plan_protocols,
    [LANE_FALLBACK] = &plan_fallback,
    [LANE_COMPRESSION] = &plan_compression,
    [LANE_RENEGOTIATION] = &plan_renegotiation,
    [LANE_TOLERANCE] = &plan_tolerance,
    [LANE_HEARTBEAT] = &plan_heartbeat,
    [LANE_EARLY_CHANGE] = &plan_early_change,
    [LANE_ROBOT] = &plan_robot,
};

/* --- what is offered -----------------------------------------------------------------------------
 */

static const uint16_t all_groups[] = {
    /* curves, from the ones that everyone has to those that nobody should */
    0x001D, 0x0017, 0x0018, 0x0019, 0x001E, 0x001A, 0x001B, 0x001C, 0x0016, 0x0015,
    0x0014, 0x0013, 0x0012, 0x0011, 0x0010, 0x000F, 0x000E, 0x000D, 0x000C, 0x000B,
    0x000A, 0x0009, 0x0008, 0x0007, 0x0006, 0x0005, 0x0004, 0x0003, 0x0002, 0x0001};
static const uint16_t all_groups_13[] = {0x11EC, 0x11EB, 0x11ED, 0x0201, 0x0200, 0x0202, 0x6399,
                                         0x001D, 0x0017, 0x0018, 0x0019, 0x001E, 0x001F, 0x0020,
                                         0x0021, 0x0029, 0x0100, 0x0101, 0x0102, 0x0103, 0x0104};
static const uint16_t all_schemes[] = {
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B,
    0x0401, 0x0501, 0x0601, 0x0904, 0x0905, 0x0906, 0x081A, 0x081B, 0x081C, 0x0303, 0x0301,
    0x0302, 0x0402, 0x0502, 0x0602, 0x0203, 0x0201, 0x0202, 0x0101, 0x0103};

bool plan_has(const uint16_t *items, size_t count, uint16_t value) {
    for (size_t i = 0; i < count; i++) {
        if (items[i] == value) {
            return true;
        }
    }
    return false;
}

void plan_remove(uint16_t *items, size_t *count, const uint16_t *gone, size_t gone_count) {
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        if (!plan_has(gone, gone_count, items[i])) {
            items[kept++] = items[i];
        }
    }
    *count = kept;
}

static void offer_suites(uint16_t version, struct scan_ask *ask) {
    ask->suite_count = 0;
    for (size_t i = 0; i < scan_suite_count() && ask->suite_count < SCAN_SUITES_MAX - 2; i++) {
        uint16_t code = scan_suite_code(i);
        if (scan_suite_is_tls13(code) == (version == WIRE_TLS13)) {
            ask->suites[ask->suite_count++] = code;
        }
    }
    /* Where there are no extensions to say it in. */
    if (version == WIRE_SSL30) {
        ask->suites[ask->suite_count++] = WIRE_SUITE_RENEGOTIATION;
    }
}

void plan_offer(const struct scan_host *h, uint16_t version, struct scan_ask *ask) {
    bool is_tls13 = version == WIRE_TLS13;
    *ask = (struct scan_ask){.kind = ASK_HELLO, .starttls = h->starttls, .version = version};
    if (h->name_count > 0) {
        (void)str_copy(ask->host, sizeof(ask->host), h->names[0]);
    }
    offer_suites(version, ask);
    ask->group_count = is_tls13 ? PL_ARRAY_LEN(all_groups_13) : PL_ARRAY_LEN(all_groups);
    memcpy(ask->groups, is_tls13 ? all_groups_13 : all_groups,
           ask->group_count * sizeof(ask->groups[0]));
    ask->scheme_count = PL_ARRAY_LEN(all_schemes);
    memcpy(ask->schemes, all_schemes, sizeof(all_schemes));
    if (is_tls13) {
        ask->versions[ask->version_count++] = WIRE_TLS13;
    }
}

void plan_offer_found(struct scan_host *h, uint16_t version, struct scan_ask *ask) {
    const struct scan_version *v = scan_host_version(h, version);
    plan_offer(h, version, ask);
    if (v != NULL && v->suite_count > 0) {
        memcpy(ask->suites, v->suites, v->suite_count * sizeof(v->suites[0]));
        ask->suite_count = v->suite_count;
    }
}

/* --- chains --------------------------------------------------------------------------------------
 */

static bool is_same_chain(const struct scan_chain *chain, const struct scan_answer *a) {
    bool is_same = chain->certs.count == a->cert_count;
    for (size_t i = 0; is_same && i < a->cert_count; i++) {
        is_same =
            wire_equal(a->certs[i], chain->certs.items[i]->der, chain->certs.items[i]->der_len);
    }
    return is_same;
}

static bool keep_response(struct scan_chain *chain, const struct scan_answer *a, struct err *e) {
    return a->ocsp.len == 0 || chain->ocsp.len > 0 ||
           buf_append(&chain->ocsp, a->ocsp.bytes, a->ocsp.len, e);
}

/* The host's own copy of a name that was asked for. */
static const char *own_name(const struct scan_host *h, const char *name) {
    for (size_t i = 0; i < h->name_count; i++) {
        if (str_equal(h->names[i], name)) {
            return h->names[i];
        }
    }
    return "";
}

static void keep_name(struct scan_chain *chain, const char *name) {
    for (size_t i = 0; i < chain->name_count; i++) {
        if (str_equal(chain->names[i], name)) {
            return;
        }
    }
    if (chain->name_count < PL_ARRAY_LEN(chain->names)) {
        chain->names[chain->name_count++] = name;
    }
}

bool plan_keep_chain(struct scan_host *h, const char *name, const struct scan_answer *a,
                     struct err *e) {
    struct err unreadable = {0};
    if (a->cert_count == 0) {
        return true;
    }
    for (size_t i = 0; i < h->chain_count; i++) {
        if (is_same_chain(&h->chains[i], a)) {
            keep_name(&h->chains[i], own_name(h, name));
            return keep_response(&h->chains[i], a, e);
        }
    }
    if (h->chain_count == SCAN_CHAINS_MAX) {
        return true;
    }
    struct scan_chain *chain = &h->chains[h->chain_count];
    buf_init(&chain->ocsp, ANSWER_BYTES_MAX);
    for (size_t i = 0; i < a->cert_count; i++) {
        PL_AUTO(cert_freep) struct cert *cert = NULL;
        if (cert_pool_read(h->pool, a->certs[i].bytes, a->certs[i].len, &cert, &unreadable) &&
            !cert_list_add(&chain->certs, cert, e)) {
            cert_list_clear(&chain->certs);
            return false;
        }
    }
    if (unreadable.code != ERR_NONE) {
        (void)str_copy(h->unreadable, sizeof(h->unreadable), unreadable.step[0]);
    }
    if (chain->certs.count == 0) {
        return unreadable.code != ERR_BASE_OOM || err_set(e, ERR_BASE_OOM, "out of memory");
    }
    h->chain_count++;
    keep_name(chain, own_name(h, name));
    return keep_response(chain, a, e);
}

/* --- phases --------------------------------------------------------------------------------------
 */

static void add_lane(struct scan_host *h, enum lane_kind kind, unsigned number) {
    if (h->lane_count < SCAN_LANES_MAX) {
        h->lanes[h->lane_count++] = (struct scan_lane){.kind = kind, .number = number};
    }
}

static void open_details(struct scan_host *h) {
    uint16_t old = scan_host_newest_12(h);
    bool is_13 = scan_host_speaks(h, WIRE_TLS13);
    /* Where the end of the handshake is the end of packets around it. */
    bool is_packed = h->starttls != NULL && h->starttls->is_packed;
    if (is_13) {
        add_lane(h, LANE_SESSION_13, 0);
        add_lane(h, LANE_GROUPS_13, 0);
        add_lane(h, LANE_SCHEMES_13, 0);
        add_lane(h, LANE_TOLERANCE, 0);
    }
    if (old != 0) {
        add_lane(h, LANE_SESSION_12, 0);
        add_lane(h, LANE_COMPRESSION, 0);
        if (!is_packed) {
            add_lane(h, LANE_RENEGOTIATION, 0);
        }
        add_lane(h, LANE_HEARTBEAT, 0);
        add_lane(h, LANE_EARLY_CHANGE, 0);
        add_lane(h, LANE_ROBOT, 0);
        add_lane(h, LANE_ROBOT, 1);
        add_lane(h, LANE_FALLBACK, 0);
    }
    if (old >= WIRE_TLS10) {
        add_lane(h, LANE_GROUPS_12, 0);
    }
    if (old == WIRE_TLS12) {
        add_lane(h, LANE_SCHEMES_12, 0);
    }
    for (unsigned i = 0; i <= h->name_count; i++) {
        add_lane(h, LANE_CHAINS, i);
    }
    add_lane(h, LANE_PROTOCOLS, 0);
}

static void open_phase(struct scan_host *h) {
    switch (h->phase) {
    case 0:
        add_lane(h, LANE_REACH, 0);
        return;
    case 1:
        for (unsigned i = 0; !h->is_quick && i <= SSL2; i++) {
            add_lane(h, LANE_VERSION, i);
        }
        return;
    case 2:
        for (unsigned i = 0; !h->is_quick && i < SCAN_VERSIONS; i++) {
            if (h->versions[i].is_spoken == FACT_YES) {
                add_lane(h, LANE_SUITES, i);
            }
        }
        return;
    case 3:
        if (!h->is_quick) {
            open_details(h);
        }
        return;
    }
}

/* A host without a version that it speaks has shown nothing. */
static void finish(struct scan_host *h) {
    if (h->state == SCAN_UNDER_WAY) {
        scan_host_set_state(h, SCAN_FINISHED);
    }
}

enum plan_next plan_next(struct scan_host *h, struct scan_ask *out_ask) {
    for (; h->phase < PHASES && h->state == SCAN_UNDER_WAY; h->phase++) {
        bool is_waiting = false;
        if (h->lane_count == 0) {
            open_phase(h);
        }
        for (size_t i = 0; i < h->lane_count; i++) {
            struct scan_lane *lane = &h->lanes[i];
            if (lane->is_done || lane->is_busy) {
                is_waiting = is_waiting || lane->is_busy;
                continue;
            }
            if (rules[lane->kind]->next(h, lane, out_ask)) {
                out_ask->lane = i;
                lane->is_busy = true;
                h->connections++;
                return PLAN_ASK;
            }
            lane->is_done = true;
        }
        if (is_waiting) {
            return PLAN_WAIT;
        }
        h->lane_count = 0;
    }
    finish(h);
    return PLAN_OVER;
}

/* No answer, where one was to be expected. */
static bool is_lost(const struct scan_answer *a) {
    return a->end == ANSWER_SILENT || a->end == ANSWER_REFUSED;
}

bool plan_take(struct scan_host *h, const struct scan_ask *ask, const struct scan_answer *a,
               const struct observe_session *session, struct err *e) {
    struct scan_lane *lane = &h->lanes[ask->lane];
    const struct plan_answer answer = {.ask = ask, .a = a, .session = session};
    lane->is_busy = false;
    if (is_lost(a) && lane->kind != LANE_REACH) {
        lane->tries++;
        if (lane->tries < ASK_TRIES) {
            return true;
        }
        h->lost++;
    }
    lane->tries = 0;
    return rules[lane->kind]->take(h, lane, &answer, e);
}
