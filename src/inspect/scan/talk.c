/* One connection of a scan. */
#include "inspect/scan/talk.h"

#include "base/mem.h"
#include "inspect/observe/tds.h"
#include "inspect/wire/builder.h"

#include <string.h>

enum {
    QUIET_MS = 300,    /* after a whole handshake, for tickets */
    REQUEST_MS = 2000, /* for the answer to a request, or to another hello */
    ATTACK_MS = 1000,  /* after a test's own message */
    WARNING = 1,
    SSL2_HELLO_MAX = 64,
    SSL2_SERVER_HELLO = 4,
};

struct talk {
    const struct scan_ask *ask;
    struct observe_random random;
    struct starttls plain;
    bool is_plain;  /* TLS has not begun */
    bool is_packed; /* what we say goes in packets of TDS */
    struct tds_reader packets;
    struct buf unpacked;
    struct buf packed; /* to be sent */
    bool has_started;
    int64_t begun_us;  /* when the hello went */
    int64_t flight_us; /* until the server had said all of its first flight */
    int64_t now_us;
    unsigned attack_count; /* messages of the test's own that are sent */
    uint8_t hello_random[WIRE_RANDOM];
    struct buf in;       /* records that are not whole yet */
    struct buf messages; /* handshake messages that are not whole yet */
    struct buf out;
    uint16_t version; /* the server's choice; 0: none yet */
    struct trace *trace;
    struct observe_wish observe;
    struct observer *observer;
    struct scan_answer answer;
};

bool talk_new(const struct scan_ask *ask, const struct observe_random *random,
              struct talk **out_talk, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct talk), &memory, e)) {
        return false;
    }
    struct talk *t = memory;
    t->ask = ask;
    t->random = *random;
    t->is_plain = ask->starttls != NULL;
    buf_init(&t->in, TALK_IN_MAX);
    buf_init(&t->messages, TALK_IN_MAX);
    buf_init(&t->out, TALK_IN_MAX);
    buf_init(&t->unpacked, TALK_IN_MAX);
    buf_init(&t->packed, TALK_IN_MAX);
    t->is_packed = ask->starttls != NULL && ask->starttls->is_packed;
    scan_answer_init(&t->answer);
    *out_talk = t;
    return true;
}

void talk_free(struct talk *t) {
    if (t == NULL) {
        return;
    }
    observer_free(t->observer);
    trace_free(t->trace);
    starttls_clear(&t->plain);
    buf_clear(&t->in);
    buf_clear(&t->messages);
    buf_clear(&t->out);
    buf_clear(&t->unpacked);
    buf_clear(&t->packed);
    tds_reader_clear(&t->packets);
    scan_answer_clear(&t->answer);
    mem_free(t);
}

struct scan_answer *talk_answer(struct talk *t) {
    return &t->answer;
}

static enum talk_status over(struct talk *t, enum answer_end end) {
    if (t->answer.end == ANSWER_OPEN) {
        t->answer.end = end;
    }
    return TALK_OVER;
}

/* --- what is asked -------------------------------------------------------------------------------
 */

static struct wire_list list_of(const uint16_t *items, size_t count) {
    return (struct wire_list){.items = items, .count = count};
}

static bool send_hello(struct talk *t) {
    const struct scan_ask *ask = t->ask;
    PL_AUTO(buf_clear) struct buf message = {.max = WIRE_CLIENT_HELLO_MAX};
    bool is_tls13 = ask->version == WIRE_TLS13;
    bool is_ssl3 = ask->version == WIRE_SSL30;
    if (!t->random.fill(t->random.ctx, t->hello_random, WIRE_RANDOM)) {
        return false;
    }
    struct wire_client_hello hello = {
        .legacy_version = is_tls13 ? WIRE_TLS12 : ask->version,
        .random = t->hello_random,
        /* As browsers do in TLS 1.3, so that old boxes on the way let it pass. */
        .session_id = {t->hello_random, is_tls13 ? WIRE_RANDOM : 0},
        .suites = list_of(ask->suites, ask->suite_count),
        .server_name = ask->host[0] == '\0' ? NULL : ask->host,
        .protocols = ask->protocols[0] == '\0' ? NULL : ask->protocols,
        .versions = list_of(ask->versions, ask->version_count),
        .groups = list_of(ask->groups, ask->group_count),
        .schemes = list_of(ask->schemes, ask->version >= WIRE_TLS12 ? ask->scheme_count : 0),
        /* No value: the server has to name the group that it wants. */
        .has_key_share = is_tls13,
        .has_psk_modes = is_tls13,
        .has_extended_master_secret = !is_tls13,
        .has_encrypt_then_mac = !is_tls13,
        .has_renegotiation_info = !is_tls13,
        .has_status_request = true,
        .has_ticket = !is_tls13 && !ask->has_no_ticket,
        .has_heartbeat = ask->kind == ASK_HEARTBEAT,
        .offers_compression = ask->offers_compression,
        .has_no_extensions = is_ssl3};
    return wire_client_hello_build(&hello, &message, NULL) &&
           wire_record_wrap(WIRE_HANDSHAKE, is_ssl3 ? WIRE_SSL30 : WIRE_TLS10, message.data,
                            message.len, &t->out, NULL);
}

static bool send_ssl2_hello(struct talk *t) {
    static const uint8_t specs[] = {0x07, 0x00, 0xC0, 0x05, 0x00, 0x80, 0x03,
                                    0x00, 0x80, 0x01, 0x00, 0x80, 0x06, 0x00,
                                    0x40, 0x04, 0x00, 0x80, 0x02, 0x00, 0x80};
    PL_AUTO(buf_clear) struct buf hello = {.max = SSL2_HELLO_MAX};
    struct wire_builder b = {.out = &hello};
    if (!t->random.fill(t->random.ctx, t->hello_random, WIRE_RANDOM)) {
        return false;
    }
    wire_put(&b, 1, 1);
    wire_put(&b, 2, WIRE_SSL20);
    wire_put(&b, 2, sizeof(specs));
    wire_put(&b, 2, 0);
    wire_put(&b, 2, 16);
    wire_put_bytes(&b, specs, sizeof(specs));
    wire_put_bytes(&b, t->hello_random, 16);
    struct wire_builder out = {.out = &t->out};
    wire_put(&out, 2, 0x8000U | (uint32_t)hello.len);
    wire_put_bytes(&out, hello.data, hello.len);
    return wire_built(&b, NULL) && wire_built(&out, NULL);
}

static bool begin_observing(struct talk *t) {
    const struct scan_ask *ask = t->ask;
    t->observe = (struct observe_wish){
        .server_name = ask->host[0] == '\0' ? NULL : ask->host,
        .protocols = ask->protocols[0] == '\0' ? NULL : ask->protocols,
        .http_host = ask->has_request ? (ask->host[0] == '\0' ? "localhost" : ask->host) : NULL,
        .version_min = ask->version,
        .version_max = ask->version,
        .suites = list_of(ask->suites, ask->suite_count),
        .groups = list_of(ask->groups, ask->group_count),
        .schemes = list_of(ask->schemes, ask->scheme_count),
        .has_no_ticket = ask->has_no_ticket,
        .wants_renegotiation = ask->wants_renegotiation,
        .has_no_renegotiation_info = ask->has_no_renegotiation_info,
        .resume = ask->resume,
        .random = t->random};
    return trace_new("scan", &t->trace, NULL) &&
           observer_new(&t->observe, t->trace, &t->observer, NULL);
}

static enum talk_status begin_tls(struct talk *t, int64_t time_us) {
    bool ok = true;
    t->has_started = true;
    t->begun_us = t->now_us = time_us;
    switch (t->ask->kind) {
    case ASK_HELLO:
    case ASK_HEARTBEAT:
    case ASK_EARLY_CHANGE:
    case ASK_ROBOT:
        ok = send_hello(t);
        break;
    case ASK_SSL2:
        ok = send_ssl2_hello(t);
        break;
    case ASK_FULL:
        ok = begin_observing(t) && observer_start(t->observer, time_us) == OBSERVE_GOES_ON;
        break;
    }
    return ok ? TALK_GOES_ON : over(t, ANSWER_MALFORMED);
}

enum talk_status talk_start(struct talk *t, int64_t time_us) {
    if (!t->is_plain) {
        return begin_tls(t, time_us);
    }
    enum starttls_status status = starttls_begin(&t->plain, t->ask->starttls, t->ask->host);
    return status == STARTTLS_GOES_ON ? TALK_GOES_ON : over(t, ANSWER_NOT_TLS);
}

struct buf *talk_output(struct talk *t) {
    if (t->is_plain) {
        return &t->plain.out;
    }
    struct buf *said = t->observer == NULL ? &t->out : observer_output(t->observer);
    if (t->ask->starttls == NULL || !t->ask->starttls->is_packed) {
        return said;
    }
    /* What was said when the handshake ended still belongs to it. What does not fit stays. */
    (void)!(t->is_packed ? tds_wrap(said, &t->packed, NULL)
                         : buf_append(&t->packed, said->data, said->len, NULL));
    buf_reset(said);
    t->is_packed = t->is_packed && (t->observer == NULL || !observer_is_connected(t->observer));
    return &t->packed;
}

int64_t talk_patience_ms(const struct talk *t) {
    if (t->attack_count > 0) {
        bool is_silence_usual = t->ask->kind == ASK_ROBOT && !t->ask->has_finish;
        return is_silence_usual ? QUIET_MS + 3 * t->flight_us / 1000 : ATTACK_MS;
    }
    if (t->observer == NULL || !observer_is_connected(t->observer)) {
        return 0;
    }
    return t->ask->has_request || t->ask->wants_renegotiation ? REQUEST_MS : QUIET_MS;
}

const struct observe_session *talk_session(const struct talk *t) {
    const struct observe_session *session =
        t->observer == NULL ? NULL : observer_session(t->observer);
    return session == NULL || session->version == 0 ? NULL : session;
}

/* --- tests of single weaknesses ------------------------------------------------------------------
 */

static bool send_change(struct talk *t) {
    static const uint8_t change[] = {1};
    t->attack_count++;
    return wire_record_wrap(WIRE_CHANGE_CIPHER_SPEC, t->version, change, sizeof(change), &t->out,
                            NULL);
}

static bool send_block(struct talk *t) {
    PL_AUTO(buf_clear) struct buf message = {.max = ROBOT_MESSAGE_MAX};
    const struct scan_ask *ask = t->ask;
    t->attack_count++;
    return t->answer.cert_count > 0 &&
           (!t->answer.asks_for_certificate || robot_no_certificate(t->version, &t->out, NULL)) &&
           robot_key_exchange(ask->block, ask->version, t->answer.certs[0], &t->random, &message,
                              NULL) &&
           wire_record_wrap(WIRE_HANDSHAKE, t->version, message.data, message.len, &t->out, NULL) &&
           (!ask->has_finish || robot_finish(t->version, &t->out, NULL));
}

/* The server waits for our key exchange now. */
static enum talk_status attack(struct talk *t) {
    /*
     * Says that 4352 bytes follow, and none do. As few as can be: OpenSSL keeps an answer of less
     * than 4096 back until the handshake is over.
     */
    static const uint8_t heartbeat[] = {1, 0x11, 0};
    bool ok = true;
    if (t->ask->kind == ASK_EARLY_CHANGE) {
        ok = send_change(t);
    } else if (t->ask->kind == ASK_ROBOT) {
        ok = send_block(t);
    } else if (!t->answer.hello.has_heartbeat) {
        t->answer.weakness = ANSWER_SAFE;
        return over(t, ANSWER_COMPLETE);
    } else {
        t->attack_count++;
        ok = wire_record_wrap(WIRE_HEARTBEAT, t->version, heartbeat, sizeof(heartbeat), &t->out,
                              NULL);
    }
    return ok ? TALK_GOES_ON : over(t, ANSWER_MALFORMED);
}

/*
 * What came after the attack: a record, or (type 0) the end of the connection. A server that took
 * the early ChangeCipherSpec, which is a silence, fails at the second: it decrypts that with keys
 * that anybody knows.
 */
static enum talk_status judge_reaction(struct talk *t, uint8_t type, struct wire_span content) {
    if (t->ask->kind == ASK_ROBOT) {
        scan_answer_note_reaction(&t->answer, type, content);
        return type == 0 ? over(t, ANSWER_COMPLETE) : TALK_GOES_ON;
    }
    bool is_hit = t->ask->kind == ASK_HEARTBEAT ? type == WIRE_HEARTBEAT && content.len > 3
                                                : t->attack_count > 1;
    t->answer.weakness = is_hit ? ANSWER_VULNERABLE : ANSWER_SAFE;
    return over(t, ANSWER_COMPLETE);
}

static enum talk_status judge_silence(struct talk *t) {
    if (t->ask->kind == ASK_ROBOT) {
        scan_answer_note_reaction(&t->answer, ANSWER_REACTION_SILENCE, (struct wire_span){0});
        return over(t, ANSWER_COMPLETE);
    }
    if (t->ask->kind == ASK_EARLY_CHANGE && t->attack_count == 1) {
        return send_change(t) ? TALK_GOES_ON : over(t, ANSWER_MALFORMED);
    }
    t->answer.weakness = t->ask->kind == ASK_HEARTBEAT ? ANSWER_SAFE : ANSWER_UNCLEAR;
    return over(t, ANSWER_COMPLETE);
}

/* --- records in the clear ------------------------------------------------------------------------
 */

static bool is_enough(const struct talk *t) {
    bool is_encrypted_from_here = t->version == WIRE_TLS13;
    return t->answer.has_hello &&
           (is_encrypted_from_here || (t->ask->stops_early && t->ask->kind == ASK_HELLO));
}

static enum talk_status on_message(struct talk *t, uint8_t type, struct wire_span body) {
    if (!scan_answer_take_message(&t->answer, t->version, type, body)) {
        return over(t, ANSWER_MALFORMED);
    }
    if (type == WIRE_SERVER_HELLO) {
        t->version = t->answer.hello.version;
    }
    bool is_attack = t->ask->kind == ASK_HEARTBEAT || t->ask->kind == ASK_EARLY_CHANGE ||
                     t->ask->kind == ASK_ROBOT;
    if (t->answer.is_done && is_attack) {
        t->flight_us = t->now_us - t->begun_us;
        return attack(t);
    }
    return t->answer.is_done || is_enough(t) ? over(t, ANSWER_COMPLETE) : TALK_GOES_ON;
}

static enum talk_status on_handshake(struct talk *t, struct wire_span content) {
    enum talk_status status = TALK_GOES_ON;
    if (!buf_append(&t->messages, content.bytes, content.len, NULL)) {
        return over(t, ANSWER_MALFORMED);
    }
    size_t used = 0;
    while (status == TALK_GOES_ON && t->attack_count == 0) {
        struct wire_reader r =
            wire_reader_of((struct wire_span){t->messages.data + used, t->messages.len - used});
        uint8_t type = (uint8_t)wire_read(&r, 1);
        struct wire_span body = wire_vector(&r, 3);
        if (r.is_failed) {
            break;
        }
        used += WIRE_MESSAGE_HEADER + body.len;
        status = on_message(t, type, body);
    }
    buf_consume(&t->messages, used);
    return status;
}

static enum talk_status on_record(struct talk *t, uint8_t type, struct wire_span content) {
    if (t->attack_count > 0) {
        return judge_reaction(t, type, content);
    }
    if (type == WIRE_ALERT) {
        bool is_hint = content.len > 1 && content.bytes[0] == WARNING &&
                       content.bytes[1] != WIRE_ALERT_CLOSE_NOTIFY;
        if (is_hint) {
            return TALK_GOES_ON;
        }
        t->answer.alert = content.len > 1 ? content.bytes[1] : 0;
        return over(t, ANSWER_ALERT);
    }
    return type == WIRE_HANDSHAKE ? on_handshake(t, content) : over(t, ANSWER_MALFORMED);
}

static enum talk_status read_records(struct talk *t) {
    enum talk_status status = TALK_GOES_ON;
    size_t used = 0;
    while (status == TALK_GOES_ON) {
        struct wire_reader r =
            wire_reader_of((struct wire_span){t->in.data + used, t->in.len - used});
        uint8_t type = (uint8_t)wire_read(&r, 1);
        uint32_t version = wire_read(&r, 2);
        if (!r.is_failed &&
            (type < WIRE_CHANGE_CIPHER_SPEC || type > WIRE_HEARTBEAT || version >> 8 != 3)) {
            return over(t, ANSWER_NOT_TLS);
        }
        struct wire_span content = wire_vector(&r, 2);
        if (r.is_failed) {
            break;
        }
        used += WIRE_RECORD_HEADER + content.len;
        status = on_record(t, type, content);
    }
    buf_consume(&t->in, used);
    return status;
}

/* SSL 2.0: one record, of which only the beginning matters. */
static enum talk_status read_ssl2(struct talk *t) {
    struct wire_reader r = wire_reader_of((struct wire_span){t->in.data, t->in.len});
    uint32_t header = wire_read(&r, 2);
    uint32_t type = wire_read(&r, 1);
    if (r.is_failed) {
        return TALK_GOES_ON;
    }
    if ((header & 0x8000) == 0 || type != SSL2_SERVER_HELLO) {
        return over(t, ANSWER_ALERT);
    }
    (void)wire_read(&r, 2); /* session id hit, type of certificate */
    uint32_t version = wire_read(&r, 2);
    (void)wire_read(&r, 2);
    uint32_t specs_len = wire_read(&r, 2);
    if (r.is_failed) {
        return TALK_GOES_ON;
    }
    t->answer.has_ssl2 = version == WIRE_SSL20 && specs_len > 0;
    return over(t, ANSWER_COMPLETE);
}

/* --- a whole handshake ---------------------------------------------------------------------------
 */

static enum talk_status finish_observing(struct talk *t) {
    bool is_read = scan_answer_take_trace(&t->answer, t->trace);
    bool is_complete = t->answer.is_handshake_complete || observer_is_connected(t->observer);
    t->answer.is_handshake_complete = is_complete;
    return over(t, !is_read              ? ANSWER_MALFORMED
                   : is_complete         ? ANSWER_COMPLETE
                   : t->answer.alert > 0 ? ANSWER_ALERT
                                         : ANSWER_CLOSED);
}

static enum talk_status observe(struct talk *t, const uint8_t *bytes, size_t len, int64_t time_us) {
    enum observe_status status = observer_receive(t->observer, bytes, len, time_us);
    bool is_made = t->ask->stops_early && observer_is_connected(t->observer);
    return status == OBSERVE_GOES_ON && !is_made ? TALK_GOES_ON : finish_observing(t);
}

/* --- bytes in ------------------------------------------------------------------------------------
 */

static enum talk_status receive_records(struct talk *t, const uint8_t *bytes, size_t len,
                                        int64_t time_us) {
    if (t->observer != NULL) {
        return observe(t, bytes, len, time_us);
    }
    if (!buf_append(&t->in, bytes, len, NULL)) {
        return over(t, ANSWER_MALFORMED);
    }
    return t->ask->kind == ASK_SSL2 ? read_ssl2(t) : read_records(t);
}

static enum talk_status receive_tls(struct talk *t, const uint8_t *bytes, size_t len,
                                    int64_t time_us) {
    if (t->ask->starttls == NULL || !t->ask->starttls->is_packed) {
        return receive_records(t, bytes, len, time_us);
    }
    buf_reset(&t->unpacked);
    if (!tds_unwrap(&t->packets, bytes, len, &t->unpacked, NULL)) {
        return over(t, ANSWER_NOT_TLS);
    }
    return t->unpacked.len == 0 ? TALK_GOES_ON
                                : receive_records(t, t->unpacked.data, t->unpacked.len, time_us);
}

enum talk_status talk_receive(struct talk *t, const uint8_t *bytes, size_t len, int64_t time_us) {
    t->now_us = time_us;
    if (!t->is_plain) {
        return receive_tls(t, bytes, len, time_us);
    }
    enum starttls_status status = starttls_receive(&t->plain, bytes, len);
    if (status == STARTTLS_GOES_ON) {
        return TALK_GOES_ON;
    }
    if (status == STARTTLS_REFUSED) {
        return over(t, ANSWER_NOT_TLS);
    }
    /* What was to be said before is lost only where a server speaks out of turn. */
    t->is_plain = false;
    enum talk_status begun = begin_tls(t, time_us);
    if (begun == TALK_GOES_ON && t->plain.in.len > 0) {
        begun = receive_tls(t, t->plain.in.data, t->plain.in.len, time_us);
    }
    return begun;
}

enum talk_status talk_end(struct talk *t, bool is_timeout, int64_t time_us) {
    if (t->answer.end != ANSWER_OPEN) {
        return TALK_OVER;
    }
    if (t->observer != NULL) {
        (void)!observer_end(t->observer, is_timeout, time_us);
        return finish_observing(t);
    }
    if (t->attack_count > 0) {
        return is_timeout ? judge_silence(t) : judge_reaction(t, 0, (struct wire_span){0});
    }
    return over(t, is_timeout ? ANSWER_SILENT : ANSWER_CLOSED);
}
