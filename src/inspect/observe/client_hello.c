/* The observing client's hellos: what it offers, and what the server makes of it. */
#include "inspect/observe/client_parts.h"
#include "inspect/wire/builder.h"
#include "inspect/wire/unpacked.h"

#include "base/secret.h"

#include <string.h>

/* --- what is offered -----------------------------------------------------------------------------
 */

static const uint16_t all_versions[] = {WIRE_TLS13, WIRE_TLS12, WIRE_TLS11, WIRE_TLS10};
static const uint16_t all_groups[] = {0x11EC, 0x001D, 0x0017, 0x0018,
                                      0x0019, 0x001E, 0x11EB, 0x11ED};
static const uint16_t all_schemes[] = {0x0403, 0x0807, 0x0804, 0x0503, 0x0805, 0x0806,
                                       0x0603, 0x0401, 0x0501, 0x0601, 0x0808, 0x0809,
                                       0x080A, 0x080B, 0x0203, 0x0201};

static void offer_versions(struct observer *o) {
    size_t count = 0;
    for (size_t i = 0; i < PL_ARRAY_LEN(all_versions); i++) {
        if (all_versions[i] >= o->wish->version_min && all_versions[i] <= o->wish->version_max) {
            o->versions[count++] = all_versions[i];
        }
    }
    o->hello.versions = (struct wire_list){.items = o->versions, .count = count};
}

static bool is_usable(const struct observer *o, const struct observe_suite *suite) {
    uint16_t low = o->wish->version_min;
    bool is_fit = false;
    for (uint16_t version = low; version <= o->wish->version_max; version++) {
        is_fit = is_fit || observe_suite_fits(suite, version);
    }
    /* What is broken is offered only to servers that may know nothing else. */
    bool is_broken = suite->cipher->is_legacy || suite->cipher->block_len == 8;
    return is_fit && (!is_broken || low < WIRE_TLS12);
}

static void offer_suites(struct observer *o) {
    if (o->wish->suites.count > 0) {
        o->hello.suites = o->wish->suites;
        return;
    }
    size_t count = 0;
    const struct observe_suite *suite = NULL;
    for (size_t i = 0; (suite = observe_suite_at(i)) != NULL && count < OBSERVE_LIST_MAX; i++) {
        if (is_usable(o, suite)) {
            o->suites[count++] = suite->code;
        }
    }
    bool has_no_extensions = o->wish->version_max == WIRE_SSL30;
    if (has_no_extensions && o->wish->wants_renegotiation && !o->wish->has_no_renegotiation_info &&
        count < OBSERVE_LIST_MAX) {
        o->suites[count++] = WIRE_SUITE_RENEGOTIATION;
    }
    o->hello.suites = (struct wire_list){.items = o->suites, .count = count};
}

static void offer_groups(struct observer *o) {
    struct wire_list wanted = o->wish->groups;
    if (wanted.count == 0) {
        wanted = (struct wire_list){.items = all_groups, .count = PL_ARRAY_LEN(all_groups)};
    }
    size_t count = 0;
    for (size_t i = 0; i < wanted.count && count < PL_ARRAY_LEN(o->groups); i++) {
        bool is_hybrid = wanted.items[i] > 0x1000;
        if (exchange_can(wanted.items[i]) && (!is_hybrid || o->wish->version_max == WIRE_TLS13)) {
            o->groups[count++] = wanted.items[i];
        }
    }
    o->hello.groups = (struct wire_list){.items = o->groups, .count = count};
}

static bool add_share(struct observer *o, uint16_t group) {
    size_t i = o->exchange_count;
    if (i == WIRE_SHARES_MAX) {
        return err_set(&o->error, ERR_BASE_LIMIT, "too many key shares");
    }
    if (!exchange_begin(group, &o->wish->random, &o->exchanges[i], &o->error)) {
        return false;
    }
    o->exchange_count++;
    o->shares[i].group = group;
    o->shares[i].key =
        observer_span(o->publics[i], exchange_public(&o->exchanges[i], o->publics[i]));
    return true;
}

static bool offer_shares(struct observer *o) {
    o->hello.has_key_share = true;
    if (o->wish->shares.count > 0) {
        for (size_t i = 0; i < o->wish->shares.count; i++) {
            if (exchange_can(o->wish->shares.items[i]) && !add_share(o, o->wish->shares.items[i])) {
                return false;
            }
        }
    } else {
        /* As browsers do: the first, and if that is a hybrid the first that every server knows. */
        for (size_t i = 0; i < o->hello.groups.count; i++) {
            bool is_hybrid = o->groups[i] > 0x1000;
            bool is_wanted = o->exchange_count == 0 ||
                             (o->shares[0].group > 0x1000 && o->exchange_count == 1 && !is_hybrid);
            if (is_wanted && !add_share(o, o->groups[i])) {
                return false;
            }
        }
    }
    o->hello.shares = o->shares;
    o->hello.share_count = o->exchange_count;
    return true;
}

static void offer_resumption(struct observer *o) {
    const struct observe_session *session = o->wish->resume;
    if (session == NULL || session->version == 0) {
        return;
    }
    if (session->version == WIRE_TLS13) {
        int64_t age_ms = (o->time_us - session->received_us) / 1000;
        const struct observe_suite *suite = observe_suite_find(session->suite);
        o->hello.psk_identity = observer_span(session->ticket, session->ticket_len);
        o->hello.psk_obfuscated_age = (uint32_t)(age_ms < 0 ? 0 : age_ms) + session->age_add;
        o->hello.psk_binder_len = suite == NULL ? 32 : derive_hash_len(suite->prf);
        o->hello.has_early_data = o->wish->wants_early_data && session->early_data_max > 0 &&
                                  suite != NULL && o->wish->http_host != NULL;
    } else if (session->ticket_len > 0) {
        o->hello.ticket = observer_span(session->ticket, session->ticket_len);
    } else {
        o->hello.session_id = observer_span(session->session_id, session->session_id_len);
    }
}

static bool make_randoms(struct observer *o) {
    if (!o->wish->random.fill(o->wish->random.ctx, o->client_random, WIRE_RANDOM) ||
        !o->wish->random.fill(o->wish->random.ctx, o->session_id, sizeof(o->session_id))) {
        return err_set(&o->error, ERR_BASE_RANDOM, "no random bytes are to be had");
    }
    memcpy(o->trace->client_random, o->client_random, WIRE_RANDOM);
    return true;
}

bool observer_prepare_offer(struct observer *o) {
    const struct observe_wish *wish = o->wish;
    bool is_tls13 = wish->version_max == WIRE_TLS13;
    bool is_ssl3 = wish->version_max == WIRE_SSL30;
    if (!make_randoms(o)) {
        return false;
    }
    o->hello.legacy_version = is_tls13 ? WIRE_TLS12 : wish->version_max;
    o->hello.random = o->client_random;
    o->hello.server_name = wish->server_name;
    o->hello.protocols = wish->protocols;
    offer_suites(o);
    offer_groups(o);
    o->hello.schemes = wish->schemes.count > 0
                           ? wish->schemes
                           : (struct wire_list){all_schemes, PL_ARRAY_LEN(all_schemes)};
    if (wish->version_max < WIRE_TLS12) {
        o->hello.schemes.count = 0;
    }
    o->hello.has_status_request = true;
    o->hello.has_sct = true;
    o->hello.has_no_extensions = is_ssl3;
    if (wish->version_min < WIRE_TLS13) {
        o->hello.has_extended_master_secret = !wish->has_no_extended_master_secret;
        o->hello.has_encrypt_then_mac = !wish->has_no_encrypt_then_mac;
        o->hello.has_renegotiation_info = !wish->has_no_renegotiation_info;
        o->hello.has_ticket = !wish->has_no_ticket;
    }
    if (is_tls13) {
        offer_versions(o);
        o->hello.has_psk_modes = true;
        if (wish->wants_compression) {
            o->hello.compressions =
                (struct wire_list){wire_compressions, PL_ARRAY_LEN(wire_compressions)};
        }
        o->hello.session_id = observer_span(o->session_id, sizeof(o->session_id));
        if (!offer_shares(o)) {
            return false;
        }
    } else if (wish->resume != NULL && wish->resume->ticket_len > 0) {
        /* A session id of ours, which the server repeats when it resumes (RFC 5077 §3.4). */
        o->hello.session_id = observer_span(o->session_id, sizeof(o->session_id));
    }
    offer_resumption(o);
    return true;
}

static bool note_values(struct observer *o) {
    const struct trace_secret client_random = {.name = "client_random",
                                               .operation = TRACE_GIVEN,
                                               .about = "32 random bytes, sent in the clear",
                                               .output =
                                                   observer_span(o->client_random, WIRE_RANDOM),
                                               .step = TRACE_STEP_OFFER};
    if (o->trace->secret_count > 0) {
        return true;
    }
    return observer_note(o, &client_random);
}

bool observer_send_hello(struct observer *o) {
    PL_AUTO(buf_clear) struct buf message = {.max = WIRE_CLIENT_HELLO_MAX};
    uint8_t binder[DERIVE_HASH_MAX];
    if (!wire_client_hello_build(&o->hello, &message, &o->error)) {
        return false;
    }
    size_t binder_len = o->hello.psk_binder_len;
    if (o->hello.psk_identity.len > 0) {
        size_t truncated = message.len - binder_len - 3;
        if (!observer_tls13_binder(o, observer_span(message.data, truncated), binder)) {
            return false;
        }
        memcpy(message.data + message.len - binder_len, binder, binder_len);
    }
    return observer_send_message(o, TRACE_STEP_OFFER, observer_span(message.data, message.len)) &&
           note_values(o);
}

/* --- what the server chose -----------------------------------------------------------------------
 */

static bool refuse(struct observer *o, const char *field, const char *sentence) {
    (void)err_set(&o->error, ERR_OBSERVE_MALFORMED, "%s", sentence);
    return observer_blame(o, WIRE_ALERT_ILLEGAL_PARAMETER, field,
                          "a server may choose only among what was offered");
}

static bool is_in(struct wire_list list, uint16_t value) {
    for (size_t i = 0; i < list.count; i++) {
        if (list.items[i] == value) {
            return true;
        }
    }
    return false;
}

static struct exchange *find_exchange(struct observer *o, uint16_t group) {
    for (size_t i = 0; i < o->exchange_count; i++) {
        if (o->exchanges[i].group == group) {
            return &o->exchanges[i];
        }
    }
    return NULL;
}

/* The first hello lives on as its hash alone (RFC 8446 §4.4.1). */
static bool fold_transcript(struct observer *o, const struct observe_suite *suite) {
    uint8_t hash[DERIVE_HASH_MAX];
    size_t len = derive_hash_len(suite->prf);
    size_t first = o->transcript_before;
    PL_AUTO(buf_clear) struct buf folded = {.max = OBSERVE_TRANSCRIPT_MAX};
    struct wire_builder b = {.out = &folded};
    if (!derive_hash(suite->prf, observer_span(o->transcript.data, first), hash, &o->error)) {
        return false;
    }
    wire_put(&b, 1, WIRE_MESSAGE_HASH);
    wire_put(&b, 3, (uint32_t)len);
    wire_put_bytes(&b, hash, len);
    wire_put_bytes(&b, o->transcript.data + first, o->transcript.len - first);
    if (!wire_built(&b, &o->error)) {
        return false;
    }
    buf_reset(&o->transcript);
    return buf_append(&o->transcript, folded.data, folded.len, &o->error);
}

static bool on_retry(struct observer *o, const struct wire_server_hello *hello,
                     const struct observe_suite *suite) {
    if (o->trace->facts.was_retried) {
        (void)err_set(&o->error, ERR_OBSERVE_UNEXPECTED, "the server asked for a third hello");
        return observer_blame(o, WIRE_ALERT_UNEXPECTED_MESSAGE, "random", "");
    }
    if (hello->version != WIRE_TLS13) {
        return refuse(o, "supported_versions", "a HelloRetryRequest is not for TLS 1.3");
    }
    if (hello->group != 0 &&
        (!is_in(o->hello.groups, hello->group) || find_exchange(o, hello->group) != NULL)) {
        return refuse(o, "selected_group",
                      "the server asks for a group that was not offered, or was sent already");
    }
    if (hello->group == 0 && hello->cookie.len == 0) {
        return refuse(o, "extensions", "the server asks for a new hello without anything new");
    }
    o->trace->facts.was_retried = true;
    o->version = WIRE_TLS13;
    o->hello.has_early_data = false; /* RFC 8446 §4.2.10: not in a second hello */
    if (o->is_early) {
        o->is_early = o->is_request_sent = false;
        protect_clear(&o->write);
    }
    o->suite = suite;
    if (!fold_transcript(o, suite)) {
        return false;
    }
    if (hello->group != 0) {
        if (!add_share(o, hello->group)) {
            return false;
        }
        o->hello.shares = &o->shares[o->exchange_count - 1];
        o->hello.share_count = 1;
    }
    if (!buf_append(&o->cookie, hello->cookie.bytes, hello->cookie.len, &o->error)) {
        return false;
    }
    o->hello.cookie = observer_span(o->cookie.data, o->cookie.len);
    return observer_send_change(o) && observer_send_hello(o);
}

static bool begin_tls13(struct observer *o, const struct wire_server_hello *hello) {
    struct trace_facts *facts = &o->trace->facts;
    if (!wire_equal(hello->session_id, o->session_id, sizeof(o->session_id))) {
        return refuse(o, "legacy_session_id_echo", "the server did not repeat our session id");
    }
    struct exchange *x = find_exchange(o, hello->group);
    if (!hello->has_share || x == NULL ||
        (o->hello.share_count == 1 && o->hello.shares[0].group != hello->group)) {
        return refuse(o, "key_share", "the server chose a group for which we sent no value");
    }
    if (hello->has_psk && (o->hello.psk_identity.len == 0 || hello->psk_index != 0)) {
        return refuse(o, "pre_shared_key", "the server takes a ticket that was not offered");
    }
    facts->group = hello->group;
    facts->is_resumed = hello->has_psk;
    if (!exchange_finish(x, hello->share, &o->error)) {
        return observer_blame(o, WIRE_ALERT_ILLEGAL_PARAMETER, "key_share", "");
    }
    if (!observer_note_exchange(o, x, TRACE_STEP_PRE_MASTER) ||
        !observer_tls13_early(o, hello->has_psk) || !observer_tls13_handshake_secrets(o, x) ||
        !observer_tls13_use(o, false, false) ||
        (!o->is_early && !observer_tls13_use(o, true, false))) {
        return false;
    }
    observer_set_state(o, OBSERVER_WAIT_EE);
    return true;
}

static bool take_choice(struct observer *o, const struct wire_server_hello *hello,
                        const struct observe_suite **out_suite) {
    bool is_version_fine = hello->version <= o->wish->version_max &&
                           hello->version >= o->wish->version_min && hello->version >= WIRE_SSL30;
    *out_suite = observe_suite_find(hello->suite);
    if (!is_version_fine) {
        (void)err_set(&o->error, ERR_OBSERVE_MALFORMED,
                      "the server chose %s, which was not offered",
                      wire_version_name(hello->version));
        return observer_blame(o, WIRE_ALERT_PROTOCOL_VERSION,
                              hello->legacy_version == hello->version ? "legacy_version"
                                                                      : "selected_version",
                              "the server knows only versions outside of those that were asked "
                              "for: see --version");
    }
    if (*out_suite == NULL || !is_in(o->hello.suites, hello->suite) ||
        !observe_suite_fits(*out_suite, hello->version)) {
        return refuse(o, "cipher_suite", "the server chose a suite that was not offered");
    }
    if (hello->compression != 0) {
        return refuse(o, "legacy_compression_method", "the server wants to compress");
    }
    return true;
}

static bool note_server_random(struct observer *o) {
    static const uint8_t downgrade[] = {'D', 'O', 'W', 'N', 'G', 'R', 'D'};
    bool is_downgrade = memcmp(o->server_random + 24, downgrade, sizeof(downgrade)) == 0;
    const struct trace_secret note = {.name = "server_random",
                                      .operation = TRACE_GIVEN,
                                      .about = "32 random bytes, sent in the clear",
                                      .output = observer_span(o->server_random, WIRE_RANDOM),
                                      .step = TRACE_STEP_CHOICE};
    if (!observer_note(o, &note)) {
        return false;
    }
    if (o->version == WIRE_TLS13 || o->wish->version_max < WIRE_TLS13) {
        return true;
    }
    const struct trace_check check = {
        .name = "no downgrade",
        .about = is_downgrade ? "the server could do a newer version: somebody changed our hello"
                              : "the server's random does not say that it could do a newer version",
        .outcome = is_downgrade ? TRACE_FAILED : TRACE_PASSED,
        .step = TRACE_STEP_CHOICE};
    return trace_add_check(o->trace, &check, &o->error);
}

bool observer_on_server_hello(struct observer *o, struct wire_span body) {
    struct wire_server_hello hello;
    const struct observe_suite *suite = NULL;
    struct trace_facts *facts = &o->trace->facts;
    if (!wire_server_hello_read(body, &hello)) {
        (void)err_set(&o->error, ERR_OBSERVE_MALFORMED, "the ServerHello is malformed");
        return observer_blame(o, WIRE_ALERT_DECODE_ERROR, "malformed", "");
    }
    if (!take_choice(o, &hello, &suite)) {
        return false;
    }
    if (hello.is_retry) {
        return on_retry(o, &hello, suite);
    }
    if (facts->was_retried && (suite != o->suite || hello.version != WIRE_TLS13)) {
        return refuse(o, "cipher_suite", "the server changed its mind after its HelloRetryRequest");
    }
    o->version = facts->version = hello.version;
    o->suite = suite;
    o->hash = o->version == WIRE_TLS13 || o->version == WIRE_TLS12 ? suite->prf : "MD5-SHA1";
    facts->suite = suite->code;
    facts->exchange = suite->exchange;
    memcpy(o->server_random, hello.random, WIRE_RANDOM);
    if (!note_server_random(o)) {
        return false;
    }
    if (o->version != WIRE_TLS13 && o->is_early) {
        o->is_early = o->is_request_sent = false;
        protect_clear(&o->write);
    }
    return o->version == WIRE_TLS13 ? begin_tls13(o, &hello) : observer_12_begin(o, &hello);
}
