/* Certificates for each name, sessions and what whole handshakes let see, protocols inside. */
#include "inspect/scan/plan_parts.h"

#include "base/mem.h"
#include "base/str.h"
#include "inspect/wire/numbers.h"

#include <string.h>

/* --- certificates --------------------------------------------------------------------------------
 */

/* The kinds of keys that a server may have a certificate for. */
enum chain_step { CHAIN_ANY, CHAIN_ECDSA, CHAIN_RSA, CHAIN_ED25519, CHAIN_END };

static bool is_scheme_of(uint16_t scheme, enum chain_step step) {
    bool is_ecdsa = (scheme & 0xFF) == 0x03 && scheme >> 8 <= 6;
    bool is_ed = scheme == 0x0807 || scheme == 0x0808;
    return (step == CHAIN_ECDSA && is_ecdsa) || (step == CHAIN_ED25519 && is_ed) ||
           (step == CHAIN_RSA && !is_ecdsa && !is_ed && scheme < 0x0900);
}

static bool is_suite_of(const struct scan_suite *suite, enum chain_step step) {
    return suite->auth == (step == CHAIN_RSA ? SCAN_AUTH_RSA : SCAN_AUTH_ECDSA);
}

/* Only what goes with such a key. False: nothing is left to be asked. */
static bool narrow(struct scan_ask *ask, enum chain_step step) {
    struct scan_suite suite;
    size_t kept = 0;
    for (size_t i = 0; i < ask->scheme_count; i++) {
        if (step == CHAIN_ANY || is_scheme_of(ask->schemes[i], step)) {
            ask->schemes[kept++] = ask->schemes[i];
        }
    }
    ask->scheme_count = kept;
    if (ask->version == WIRE_TLS13) {
        return kept > 0;
    }
    kept = 0;
    for (size_t i = 0; i < ask->suite_count; i++) {
        if (scan_suite_find(ask->suites[i], &suite) &&
            (step == CHAIN_ANY || is_suite_of(&suite, step))) {
            ask->suites[kept++] = suite.code;
        }
    }
    ask->suite_count = kept;
    return kept > 0 && (step != CHAIN_ED25519 || ask->version == WIRE_TLS12);
}

static bool next_chains(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask) {
    uint16_t old = scan_host_newest_12(h);
    uint16_t version = old == 0 || old == WIRE_SSL30 ? WIRE_TLS13 : old;
    if (version == WIRE_TLS13 && !scan_host_speaks(h, WIRE_TLS13)) {
        version = old;
    }
    for (; lane->step < CHAIN_END; lane->step++) {
        /* All suites: a name may have another kind of key than the first one. */
        plan_offer(h, version, ask);
        if (version == WIRE_TLS13) {
            ask->kind = ASK_FULL;
            ask->stops_early = true;
            ask->suite_count = ask->group_count = 0;
        }
        (void)str_copy(ask->host, sizeof(ask->host),
                       lane->number < h->name_count ? h->names[lane->number] : "");
        if (version != 0 && narrow(ask, (enum chain_step)lane->step)) {
            return true;
        }
    }
    return false;
}

static bool take_chains(struct scan_host *h, struct scan_lane *lane,
                        const struct plan_answer *answer, struct err *e) {
    const struct scan_answer *a = answer->a;
    lane->step++;
    if (a->asks_for_certificate) {
        h->asks_for_certificate = FACT_YES;
        if (h->authorities.len == 0 &&
            !buf_append(&h->authorities, a->authorities.bytes, a->authorities.len, e)) {
            return false;
        }
    } else if (a->cert_count > 0 && h->asks_for_certificate == FACT_UNKNOWN) {
        h->asks_for_certificate = FACT_NO;
    }
    return plan_keep_chain(h, lane->number < h->name_count ? h->names[lane->number] : "", a, e);
}

const struct lane_rules plan_chains = {.phase = 3, .next = next_chains, .take = take_chains};

/* --- sessions ------------------------------------------------------------------------------------
 */

enum session_step {
    SESSION_FULL,
    SESSION_RESUME,
    SESSION_FULL_ID, /* before TLS 1.3: without tickets */
    SESSION_RESUME_ID,
    SESSION_END
};

static bool keep_session(struct observe_session **slot, const struct observe_session *session,
                         struct err *e) {
    void *memory = *slot;
    if (session == NULL) {
        mem_free(PL_TAKE(*slot));
        return true;
    }
    if (memory == NULL && !mem_alloc(sizeof(*session), &memory, e)) {
        return false;
    }
    *slot = memory;
    **slot = *session;
    return true;
}

static bool keep_head(struct scan_host *h, const struct scan_answer *a, struct err *e) {
    return h->head.len > 0 || a->head.len == 0 ||
           buf_append(&h->head, a->head.bytes, a->head.len, e);
}

/* Of the hello in a whole handshake; that of TLS 1.3 counts more. */
static bool keep_print(struct scan_host *h, const struct scan_answer *a, struct err *e) {
    bool is_wanted = a->has_hello && (h->print.ja3s[0] == '\0' || a->hello.version == WIRE_TLS13);
    return !is_wanted || wire_fingerprint_server(&a->hello, &h->print, NULL, NULL, e);
}

static void ask_for_session(const struct scan_host *h, uint16_t version, struct scan_ask *ask) {
    plan_offer(h, version, ask);
    ask->kind = ASK_FULL;
    ask->suite_count = ask->group_count = ask->scheme_count = 0;
}

static bool next_session_12(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask) {
    bool is_resuming = lane->step == SESSION_RESUME || lane->step == SESSION_RESUME_ID;
    ask_for_session(h, scan_host_newest_12(h), ask);
    ask->has_no_ticket = lane->step >= SESSION_FULL_ID;
    /* Where TLS 1.3 is spoken, that asks. */
    ask->has_request =
        lane->step == SESSION_FULL && h->starttls == NULL && !scan_host_speaks(h, WIRE_TLS13);
    /* A ticket comes before the server's Finished. */
    ask->stops_early = !ask->has_request;
    if (ask->has_request) {
        (void)str_copy(ask->protocols, sizeof(ask->protocols), "http/1.1");
    }
    if (is_resuming) {
        if (h->sessions[0] == NULL) {
            /* What was to be resumed did not come. */
            lane->step = lane->step == SESSION_RESUME ? SESSION_FULL_ID : SESSION_END;
            return lane->step != SESSION_END && next_session_12(h, lane, ask);
        }
        ask->resume = h->sessions[0];
    }
    return lane->step != SESSION_END;
}

static enum fact fact_of(bool is_true) {
    return is_true ? FACT_YES : FACT_NO;
}

static bool take_session_12(struct scan_host *h, struct scan_lane *lane,
                            const struct plan_answer *answer, struct err *e) {
    const struct scan_answer *a = answer->a;
    const struct observe_session *session = a->is_handshake_complete ? answer->session : NULL;
    enum session_step step = (enum session_step)lane->step;
    lane->step++;
    switch (step) {
    case SESSION_FULL:
        if (a->has_hello) {
            h->has_extended_master_secret = fact_of(a->hello.has_extended_master_secret);
            h->has_encrypt_then_mac = fact_of(a->hello.has_encrypt_then_mac);
            h->resumes_tickets_12 = FACT_NO;
        }
        if (a->has_ticket) {
            h->ticket_lifetime_s = a->ticket_lifetime_s;
        }
        if (!keep_head(h, a, e) || !keep_print(h, a, e)) {
            return false;
        }
        return keep_session(&h->sessions[0], a->has_ticket ? session : NULL, e);
    case SESSION_RESUME:
        h->resumes_tickets_12 = fact_of(a->is_resumed);
        return keep_session(&h->sessions[0], NULL, e);
    case SESSION_FULL_ID:
        h->resumes_ids_12 = a->has_hello ? FACT_NO : FACT_UNKNOWN;
        return keep_session(&h->sessions[0],
                            session != NULL && session->session_id_len > 0 ? session : NULL, e);
    case SESSION_RESUME_ID:
        h->resumes_ids_12 = fact_of(a->is_resumed);
        return true;
    case SESSION_END:
        return true;
    }
    return true;
}

const struct lane_rules plan_session_12 = {
    .phase = 3, .next = next_session_12, .take = take_session_12};

static bool next_session_13(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask) {
    ask_for_session(h, WIRE_TLS13, ask);
    ask->has_request = lane->step == SESSION_FULL && h->starttls == NULL;
    if (ask->has_request) {
        (void)str_copy(ask->protocols, sizeof(ask->protocols), "http/1.1");
    }
    if (lane->step == SESSION_RESUME) {
        ask->resume = h->sessions[1];
        ask->stops_early = true;
        return ask->resume != NULL;
    }
    return lane->step == SESSION_FULL;
}

static bool take_session_13(struct scan_host *h, struct scan_lane *lane,
                            const struct plan_answer *answer, struct err *e) {
    const struct scan_answer *a = answer->a;
    if (lane->step == SESSION_RESUME) {
        h->resumes_13 = fact_of(a->is_resumed);
        lane->step = SESSION_END;
        return true;
    }
    lane->step = SESSION_RESUME;
    if (a->is_handshake_complete) {
        h->resumes_13 = FACT_NO;
        h->has_early_data = fact_of(a->early_data_max > 0);
        h->ticket_lifetime_s = a->has_ticket ? a->ticket_lifetime_s : h->ticket_lifetime_s;
    }
    return keep_head(h, a, e) && keep_print(h, a, e) &&
           plan_keep_chain(h, answer->ask->host, a, e) &&
           keep_session(&h->sessions[1], a->has_ticket ? answer->session : NULL, e);
}

const struct lane_rules plan_session_13 = {
    .phase = 3, .next = next_session_13, .take = take_session_13};

/* --- protocols inside (ALPN) ---------------------------------------------------------------------
 */

static const char *const protocol_names[] = {
    "h2",   "http/1.1", "http/1.0", "spdy/3.1", "acme-tls/1", "dot",         "imap",
    "pop3", "smtp",     "ftp",      "mqtt",     "postgresql", "xmpp-client", "xmpp-server"};

static bool is_listed(const char *list, const char *name, size_t len) {
    for (const char *at = list; *at != '\0';) {
        size_t part = strcspn(at, ",");
        if (part == len && memcmp(at, name, len) == 0) {
            return true;
        }
        at += part + (at[part] == ',' ? 1 : 0);
    }
    return false;
}

static void add_protocol(char list[ASK_PROTOCOLS_MAX], const char *name, size_t len) {
    size_t used = strlen(list);
    size_t comma = used == 0 ? 0 : 1;
    if (used + comma + len < ASK_PROTOCOLS_MAX) {
        list[used] = ',';
        memcpy(list + used + comma, name, len);
        list[used + comma + len] = '\0';
    }
}

static bool next_protocols(struct scan_host *h, struct scan_lane *lane, struct scan_ask *ask) {
    uint16_t old = scan_host_newest_12(h);
    if (lane->step > 0) {
        return false;
    }
    if (old >= WIRE_TLS10) {
        plan_offer_found(h, old, ask);
    } else {
        plan_offer(h, WIRE_TLS13, ask);
        ask->kind = ASK_FULL;
        ask->suite_count = ask->group_count = ask->scheme_count = 0;
    }
    ask->stops_early = true;
    for (size_t i = 0; i < PL_ARRAY_LEN(protocol_names); i++) {
        if (!is_listed(h->protocols, protocol_names[i], strlen(protocol_names[i]))) {
            add_protocol(ask->protocols, protocol_names[i], strlen(protocol_names[i]));
        }
    }
    return ask->protocols[0] != '\0' && (old >= WIRE_TLS10 || scan_host_speaks(h, WIRE_TLS13));
}

static bool take_protocols(struct scan_host *h, struct scan_lane *lane,
                           const struct plan_answer *answer, struct err *e) {
    struct wire_span name = answer->a->protocol;
    (void)e;
    if (name.len == 0 || !is_listed(answer->ask->protocols, (const char *)name.bytes, name.len)) {
        lane->step = 1;
        return true;
    }
    add_protocol(h->protocols, (const char *)name.bytes, name.len);
    return true;
}

const struct lane_rules plan_protocols = {
    .phase = 3, .next = next_protocols, .take = take_protocols};
