/* The observing client from SSL 3.0 to TLS 1.2: what it does with each message. */
#include "inspect/observe/client_parts.h"
#include "inspect/wire/builder.h"

#include "base/secret.h"
#include "pki/openssl.h"

#include <openssl/rsa.h>

#include <string.h>

static bool malformed(struct observer *o, const char *what) {
    (void)err_set(&o->error, ERR_OBSERVE_MALFORMED, "the server's %s is malformed", what);
    return observer_blame(o, WIRE_ALERT_DECODE_ERROR, "malformed", "");
}

/* --- ServerHello ---------------------------------------------------------------------------------
 */

static bool is_resumption(const struct observer *o, const struct wire_server_hello *hello) {
    const struct observe_session *session = o->wish->resume;
    return session != NULL && session->version != 0 && session->version == hello->version &&
           session->suite == hello->suite && hello->session_id.len > 0 &&
           wire_equal(hello->session_id, o->hello.session_id.bytes, o->hello.session_id.len);
}

static bool resume(struct observer *o) {
    const struct observe_session *session = o->wish->resume;
    memcpy(o->master_secret, session->secret, MASTER_LEN);
    o->trace->facts.is_resumed = true;
    const struct trace_secret note = {
        .name = "master_secret",
        .about = "of the earlier session: no key is exchanged, and no certificate is sent",
        .operation = TRACE_GIVEN,
        .output = observer_span(o->master_secret, MASTER_LEN),
        .step = TRACE_STEP_KEYS};
    if (!observer_note(o, &note) || !observer_12_keys(o)) {
        return false;
    }
    observer_set_state(o, OBSERVER_WAIT_CHANGE_12);
    return true;
}

/* Source: RFC 5746 §3.4 */
static bool note_renegotiation(struct observer *o, const struct wire_server_hello *hello) {
    bool is_said = hello->has_renegotiation_info;
    o->has_renegotiation_info = is_said;
    const struct trace_check check = {
        .name = "secure renegotiation",
        .about = is_said ? "the server says that this is the connection's first handshake: nobody "
                           "has put one of their own before it"
                         : "the server does not say whether this is the connection's first "
                           "handshake: somebody in between could have put words of their own "
                           "before ours (CVE-2009-3555)",
        .outcome = is_said ? TRACE_PASSED : TRACE_UNKNOWN,
        .step = TRACE_STEP_CHOICE};
    return o->hello.has_no_extensions || !o->hello.has_renegotiation_info ||
           trace_add_check(o->trace, &check, &o->error);
}

bool observer_12_begin(struct observer *o, const struct wire_server_hello *hello) {
    struct trace_facts *facts = &o->trace->facts;
    struct observe_session *session = &o->session;
    /* Values that were sent ahead for TLS 1.3 are not used. */
    for (size_t i = 0; i < o->exchange_count; i++) {
        exchange_clear(&o->exchanges[i]);
    }
    o->exchange_count = 0;
    facts->has_extended_master_secret = hello->has_extended_master_secret;
    facts->has_encrypt_then_mac = hello->has_encrypt_then_mac;
    session->session_id_len = hello->session_id.len;
    if (hello->session_id.len > 0) {
        memcpy(session->session_id, hello->session_id.bytes, hello->session_id.len);
    }
    if (!trace_keep(o->trace, hello->protocol, &facts->protocol, &o->error) ||
        !note_renegotiation(o, hello)) {
        return false;
    }
    if (is_resumption(o, hello)) {
        return resume(o);
    }
    observer_set_state(o, OBSERVER_WAIT_CERT_12);
    return true;
}

/* --- the server's first flight -------------------------------------------------------------------
 */

bool observer_on_certificate_12(struct observer *o, struct wire_span body) {
    struct wire_reader r = wire_reader_of(body);
    struct wire_span list = wire_vector(&r, 3);
    return wire_is_done(&r) ? observer_take_chain(o, list, false) : malformed(o, "Certificate");
}

bool observer_on_status_12(struct observer *o, struct wire_span body) {
    (void)o;
    (void)body;
    return true;
}

static bool begin_curve(struct observer *o, struct wire_reader *r, struct exchange *x,
                        struct wire_span *out_peer) {
    uint8_t type = (uint8_t)wire_read(r, 1);
    uint16_t group = (uint16_t)wire_read(r, 2);
    *out_peer = wire_vector(r, 1);
    if (r->is_failed || type != 3 || !exchange_can(group)) {
        (void)err_set(&o->error, ERR_OBSERVE_MALFORMED,
                      "the server's key exchange is on a curve that was not offered");
        return observer_blame(o, WIRE_ALERT_ILLEGAL_PARAMETER, "named_curve", "");
    }
    o->trace->facts.group = group;
    return exchange_begin(group, &o->wish->random, x, &o->error);
}

static bool begin_field(struct observer *o, struct wire_reader *r, struct exchange *x,
                        struct wire_span *out_peer) {
    struct wire_span p = wire_vector(r, 2);
    struct wire_span g = wire_vector(r, 2);
    *out_peer = wire_vector(r, 2);
    if (r->is_failed || p.len == 0 || g.len == 0 || out_peer->len == 0) {
        return malformed(o, "ServerKeyExchange");
    }
    return exchange_begin_field(p, g, x, &o->error);
}

static bool check_parameters(struct observer *o, struct wire_span params, struct wire_reader *r) {
    uint16_t scheme = o->version == WIRE_TLS12 ? (uint16_t)wire_read(r, 2) : 0;
    struct wire_span signature = wire_vector(r, 2);
    PL_AUTO(buf_clear) struct buf content = {.max = 16 * 1024};
    if (!wire_is_done(r)) {
        return malformed(o, "ServerKeyExchange");
    }
    return buf_append(&content, o->client_random, WIRE_RANDOM, &o->error) &&
           buf_append(&content, o->server_random, WIRE_RANDOM, &o->error) &&
           buf_append(&content, params.bytes, params.len, &o->error) &&
           observer_check_signature(o, scheme, observer_span(content.data, content.len), signature,
                                    "the certificate's key signed the server's part of the key "
                                    "exchange together with both random values");
}

bool observer_on_key_exchange_12(struct observer *o, struct wire_span body) {
    struct wire_reader r = wire_reader_of(body);
    struct wire_span peer = {0};
    if (o->suite->exchange == WIRE_EXCHANGE_RSA || o->exchange_count > 0) {
        (void)err_set(&o->error, ERR_OBSERVE_UNEXPECTED,
                      "a ServerKeyExchange came where RSA needs none");
        return observer_blame(o, WIRE_ALERT_UNEXPECTED_MESSAGE, "msg_type", "");
    }
    struct exchange *x = &o->exchanges[0];
    bool ok = o->suite->exchange == WIRE_EXCHANGE_ECDHE ? begin_curve(o, &r, x, &peer)
                                                        : begin_field(o, &r, x, &peer);
    if (!ok) {
        return false;
    }
    o->exchange_count = 1;
    const struct wire_span params = observer_span(body.bytes, body.len - r.left);
    if (!exchange_finish(x, peer, &o->error)) {
        return observer_blame(o, WIRE_ALERT_ILLEGAL_PARAMETER, "public", "");
    }
    return check_parameters(o, params, &r);
}

bool observer_on_request_12(struct observer *o, struct wire_span body) {
    struct wire_reader r = wire_reader_of(body);
    (void)wire_vector(&r, 1);
    struct wire_span schemes = {0};
    if (o->version == WIRE_TLS12) {
        schemes = wire_vector(&r, 2);
    }
    (void)wire_vector(&r, 2);
    o->is_certificate_wanted = o->trace->facts.asks_for_certificate = true;
    if (!wire_is_done(&r)) {
        return malformed(o, "CertificateRequest");
    }
    return buf_append(&o->wanted_schemes, schemes.bytes, schemes.len, &o->error);
}

/* --- the client's flight -------------------------------------------------------------------------
 */

static bool rsa_encrypt(struct observer *o) {
    PL_AUTO(evp_pkey_ctx_freep)
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, o->server_key, NULL);
    size_t len = sizeof(o->encrypted_pre_master);
    if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_encrypt(ctx, o->encrypted_pre_master, &len, o->pre_master, MASTER_LEN) != 1) {
        (void)err_set_openssl(&o->error, ERR_OBSERVE_CRYPTO,
                              "the pre-master secret cannot be encrypted to the certificate's key");
        return observer_blame(o, WIRE_ALERT_ILLEGAL_PARAMETER, "cert_data",
                              "the certificate's key is not one for RSA");
    }
    o->encrypted_pre_master_len = len;
    const struct trace_secret note = {
        .name = "encrypted_pre_master_secret",
        .about =
            "encrypted to the public key of the certificate (the article's SKU), PKCS #1 v1.5: "
            "random padding makes it different each time",
        .operation = TRACE_RSA_ENCRYPT,
        .inputs = {{"pre_master_secret", observer_span(o->pre_master, MASTER_LEN)}},
        .input_count = 1,
        .output = observer_span(o->encrypted_pre_master, len),
        .step = TRACE_STEP_PRE_MASTER};
    return observer_note(o, &note);
}

/* The version first, as it was offered: the server compares it (RFC 5246 §7.4.7.1). */
static bool make_pre_master(struct observer *o) {
    uint16_t offered = o->hello.legacy_version;
    if (!o->wish->random.fill(o->wish->random.ctx, o->pre_master, MASTER_LEN)) {
        return err_set(&o->error, ERR_BASE_RANDOM, "no random bytes are to be had");
    }
    o->pre_master[0] = (uint8_t)(offered >> 8);
    o->pre_master[1] = (uint8_t)offered;
    o->pre_master_len = MASTER_LEN;
    const struct trace_secret note = {
        .name = "pre_master_secret",
        .about = "made up by the client: the version that it offered, and 46 random bytes (the "
                 "article's PMS)",
        .operation = TRACE_GIVEN,
        .output = observer_span(o->pre_master, MASTER_LEN),
        .step = TRACE_STEP_PRE_MASTER};
    return observer_note(o, &note) && rsa_encrypt(o);
}

static bool agree_pre_master(struct observer *o) {
    const struct exchange *x = &o->exchanges[0];
    memcpy(o->pre_master, x->secret, x->secret_len);
    o->pre_master_len = x->secret_len;
    return observer_note_exchange(o, x, TRACE_STEP_PRE_MASTER);
}

static bool send_key_exchange(struct observer *o) {
    PL_AUTO(buf_clear) struct buf message = {.max = 8192};
    uint8_t public_value[EXCHANGE_PUBLIC_MAX];
    struct wire_builder b = {.out = &message};
    bool is_rsa = o->suite->exchange == WIRE_EXCHANGE_RSA;
    if (is_rsa ? !make_pre_master(o) : !agree_pre_master(o)) {
        return false;
    }
    wire_put(&b, 1, WIRE_CLIENT_KEY_EXCHANGE);
    size_t mark = wire_open(&b, 3);
    if (is_rsa && o->version == WIRE_SSL30) {
        wire_put_bytes(&b, o->encrypted_pre_master, o->encrypted_pre_master_len);
    } else if (is_rsa) {
        wire_put_vector(&b, 2, o->encrypted_pre_master, o->encrypted_pre_master_len);
    } else {
        size_t len = exchange_public(&o->exchanges[0], public_value);
        wire_put_vector(&b, o->suite->exchange == WIRE_EXCHANGE_ECDHE ? 1 : 2, public_value, len);
    }
    wire_close(&b, mark, 3);
    return wire_built(&b, &o->error) &&
           observer_send_message(o, TRACE_STEP_PRE_MASTER,
                                 observer_span(message.data, message.len));
}

static bool send_finished(struct observer *o) {
    uint8_t verify_data[DERIVE_HASH_MAX];
    size_t len = 0;
    PL_AUTO(buf_clear) struct buf message = {.max = 128};
    struct wire_builder b = {.out = &message};
    if (!observer_send_change(o)) {
        return false;
    }
    o->write = o->next_write;
    o->next_write = (struct protect){0};
    o->write_keys = TRACE_KEYS_DATA;
    if (!observer_12_verify_data(o, true, o->transcript.len, o->transcript_count, verify_data,
                                 &len)) {
        return false;
    }
    memcpy(o->own_verify_data, verify_data, len);
    o->own_verify_len = len;
    wire_put(&b, 1, WIRE_FINISHED);
    wire_put_vector(&b, 3, verify_data, len);
    return wire_built(&b, &o->error) &&
           observer_send_message(o, TRACE_STEP_CLIENT_FINISHED,
                                 observer_span(message.data, message.len));
}

/* SSL 3.0 has an alert for it, and no empty list. */
static bool show_certificate(struct observer *o) {
    enum { NO_CERTIFICATE = 41, WARNING = 1 };
    if (!o->is_certificate_wanted) {
        return true;
    }
    if (o->version == WIRE_SSL30) {
        observer_send_alert(o, WARNING, NO_CERTIFICATE);
        return true;
    }
    return observer_send_certificate(o);
}

bool observer_on_done_12(struct observer *o, struct wire_span body) {
    if (body.len != 0) {
        return malformed(o, "ServerHelloDone");
    }
    if (o->suite->exchange != WIRE_EXCHANGE_RSA && o->exchange_count == 0) {
        (void)err_set(&o->error, ERR_OBSERVE_UNEXPECTED,
                      "the server's ServerKeyExchange is missing");
        return observer_blame(o, WIRE_ALERT_UNEXPECTED_MESSAGE, "msg_type", "");
    }
    return show_certificate(o) && send_key_exchange(o) && observer_12_master(o) &&
           observer_12_keys(o) &&
           (!o->trace->facts.sent_certificate || observer_send_certificate_verify(o)) &&
           send_finished(o);
}

/* --- the server's second flight ------------------------------------------------------------------
 */

bool observer_on_ticket_12(struct observer *o, struct wire_span body) {
    struct wire_reader r = wire_reader_of(body);
    struct observe_session *session = &o->session;
    (void)wire_read(&r, 4);
    struct wire_span ticket = wire_vector(&r, 2);
    if (!wire_is_done(&r)) {
        return malformed(o, "NewSessionTicket");
    }
    session->ticket_len = ticket.len <= sizeof(session->ticket) ? ticket.len : 0;
    if (session->ticket_len > 0) {
        memcpy(session->ticket, ticket.bytes, ticket.len);
    }
    return true;
}

bool observer_on_change_12(struct observer *o) {
    if (o->state != OBSERVER_WAIT_CHANGE_12) {
        (void)err_set(&o->error, ERR_OBSERVE_UNEXPECTED,
                      "the server's ChangeCipherSpec came before the keys were agreed");
        return observer_blame(o, WIRE_ALERT_UNEXPECTED_MESSAGE, "type", "");
    }
    protect_clear(&o->read);
    o->read = o->next_read;
    o->next_read = (struct protect){0};
    o->read_keys = TRACE_KEYS_DATA;
    observer_set_state(o, OBSERVER_WAIT_FINISHED_12);
    return true;
}

static void remember(struct observer *o) {
    struct observe_session *session = &o->session;
    if (session->ticket_len == 0 && session->session_id_len == 0) {
        return;
    }
    session->version = o->version;
    session->suite = o->suite->code;
    session->has_extended_master_secret = o->trace->facts.has_extended_master_secret;
    session->secret_len = MASTER_LEN;
    memcpy(session->secret, o->master_secret, MASTER_LEN);
}

bool observer_on_finished_12(struct observer *o, struct wire_span body) {
    uint8_t expected[DERIVE_HASH_MAX];
    size_t len = 0;
    if (!observer_12_verify_data(o, false, o->transcript_before, o->transcript_count - 1, expected,
                                 &len) ||
        !observer_check(o, "server Finished",
                        "the server reckons the same over the same messages as we do",
                        observer_span(expected, len), body, TRACE_STEP_SERVER_FINISHED)) {
        return false;
    }
    if (!wire_equal(body, expected, len)) {
        (void)err_set(&o->error, ERR_OBSERVE_FINISHED, "the server's Finished is wrong");
        return observer_blame(o, WIRE_ALERT_DECRYPT_ERROR, "verify_data",
                              "client and server have not seen the same messages");
    }
    remember(o);
    return o->trace->facts.is_resumed ? send_finished(o) : observer_note_acceptance(o);
}

bool observer_on_hello_request(struct observer *o, struct wire_span body) {
    (void)body;
    if (o->version == WIRE_TLS13) {
        (void)err_set(&o->error, ERR_OBSERVE_UNEXPECTED, "a HelloRequest came in TLS 1.3");
        return observer_blame(o, WIRE_ALERT_UNEXPECTED_MESSAGE, "msg_type", "");
    }
    /* It may be ignored, but then the server waits. Source: RFC 5246 §7.4.1.1 */
    observer_send_alert(o, 1, WIRE_ALERT_NO_RENEGOTIATION);
    o->has_refused_renegotiation = true;
    return true;
}
