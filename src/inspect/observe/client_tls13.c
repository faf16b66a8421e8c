/* The observing client in TLS 1.3: what it does with each message. */
#include "inspect/observe/client_parts.h"
#include "inspect/wire/builder.h"
#include "inspect/wire/unpacked.h"

#include <stdio.h>
#include <string.h>

static bool malformed(struct observer *o, const char *what) {
    (void)err_set(&o->error, ERR_OBSERVE_MALFORMED, "the server's %s is malformed", what);
    return observer_blame(o, WIRE_ALERT_DECODE_ERROR, "malformed", "");
}

bool observer_on_encrypted_extensions(struct observer *o, struct wire_span body) {
    struct wire_reader r = wire_reader_of(body);
    struct wire_span rest = wire_vector(&r, 2);
    if (!wire_is_done(&r)) {
        return malformed(o, "EncryptedExtensions");
    }
    while (rest.len > 0) {
        uint16_t type = 0;
        struct wire_span content = {0};
        if (!wire_next_extension(&rest, &type, &content)) {
            return malformed(o, "EncryptedExtensions");
        }
        o->trace->facts.has_early_data |= type == WIRE_EXT_EARLY_DATA && o->is_early;
        if (type == WIRE_EXT_ALPN && !trace_keep(o->trace, wire_alpn_chosen(content),
                                                 &o->trace->facts.protocol, &o->error)) {
            return false;
        }
    }
    if (o->is_early && !o->trace->facts.has_early_data && !observer_tls13_drop_early(o)) {
        return false;
    }
    observer_set_state(o,
                       o->trace->facts.is_resumed ? OBSERVER_WAIT_FINISHED : OBSERVER_WAIT_CERT_CR);
    return true;
}

bool observer_on_certificate_request(struct observer *o, struct wire_span body) {
    struct wire_reader r = wire_reader_of(body);
    struct wire_span context = wire_vector(&r, 1);
    struct wire_span rest = wire_vector(&r, 2);
    o->is_certificate_wanted = o->trace->facts.asks_for_certificate = true;
    if (!wire_is_done(&r)) {
        return malformed(o, "CertificateRequest");
    }
    while (rest.len > 0) {
        uint16_t type = 0;
        struct wire_span content = {0};
        if (!wire_next_extension(&rest, &type, &content)) {
            return malformed(o, "CertificateRequest");
        }
        if (type == WIRE_EXT_SCHEMES) {
            struct wire_reader list = wire_reader_of(content);
            struct wire_span schemes = wire_vector(&list, 2);
            if (!buf_append(&o->wanted_schemes, schemes.bytes, schemes.len, &o->error)) {
                return false;
            }
        }
    }
    return buf_append(&o->request_context, context.bytes, context.len, &o->error);
}

bool observer_on_certificate(struct observer *o, struct wire_span body) {
    struct wire_reader r = wire_reader_of(body);
    (void)wire_vector(&r, 1);
    struct wire_span list = wire_vector(&r, 3);
    if (!wire_is_done(&r)) {
        return malformed(o, "Certificate");
    }
    return observer_take_chain(o, list, true);
}

static bool note_compression(struct observer *o, uint32_t algorithm, size_t packed, size_t len) {
    char about[128];
    (void)snprintf(about, sizeof(about), "%s made %zu bytes of it; they became %zu again",
                   wire_compression_name(algorithm), packed, len);
    const struct trace_check check = {.name = "compressed certificate",
                                      .about = about,
                                      .outcome = TRACE_PASSED,
                                      .step = TRACE_STEP_CHOICE};
    return trace_add_check(o->trace, &check, &o->error);
}

/* Source: RFC 8879 §4 */
bool observer_on_compressed_certificate(struct observer *o, struct wire_span body) {
    PL_AUTO(buf_clear) struct buf whole = {.max = WIRE_MESSAGE_MAX};
    struct wire_reader r = wire_reader_of(body);
    uint32_t algorithm = wire_read(&r, 2);
    size_t len = wire_read(&r, 3);
    struct wire_span packed = wire_vector(&r, 3);
    if (!wire_is_done(&r)) {
        return malformed(o, "CompressedCertificate");
    }
    if (o->hello.compressions.count == 0) {
        (void)err_set(&o->error, ERR_OBSERVE_UNEXPECTED,
                      "the server compressed its certificate, which was not offered");
        return observer_blame(o, WIRE_ALERT_UNEXPECTED_MESSAGE, "msg_type", "");
    }
    if (!wire_unpack(algorithm, packed, len, &whole)) {
        (void)err_set(&o->error, ERR_OBSERVE_MALFORMED,
                      "the server's certificate cannot be decompressed (%s)",
                      wire_compression_name(algorithm));
        return observer_blame(o, WIRE_ALERT_BAD_CERTIFICATE, "compressed_certificate_message", "");
    }
    return note_compression(o, algorithm, packed.len, len) &&
           observer_on_certificate(o, observer_span(whole.data, whole.len));
}

/* 64 spaces, the context's name, a zero, the transcript's hash; RFC 8446 §4.4.3 */
static bool signed_content(struct observer *o, bool is_client, size_t transcript_len,
                           struct buf *out) {
    uint8_t hash[DERIVE_HASH_MAX];
    struct wire_builder b = {.out = out};
    for (size_t i = 0; i < 64; i++) {
        wire_put(&b, 1, ' ');
    }
    const char *context =
        is_client ? "TLS 1.3, client CertificateVerify" : "TLS 1.3, server CertificateVerify";
    wire_put_bytes(&b, context, strlen(context) + 1);
    if (!derive_hash(o->hash, observer_span(o->transcript.data, transcript_len), hash, &o->error)) {
        return false;
    }
    wire_put_bytes(&b, hash, observer_hash_len(o));
    return wire_built(&b, &o->error);
}

bool observer_on_certificate_verify(struct observer *o, struct wire_span body) {
    struct wire_reader r = wire_reader_of(body);
    uint16_t scheme = (uint16_t)wire_read(&r, 2);
    struct wire_span signature = wire_vector(&r, 2);
    PL_AUTO(buf_clear) struct buf content = {.max = 512};
    if (!wire_is_done(&r)) {
        return malformed(o, "CertificateVerify");
    }
    return signed_content(o, false, o->transcript_before, &content) &&
           observer_check_signature(o, scheme, observer_span(content.data, content.len), signature,
                                    "the certificate's key signed this handshake: the server has "
                                    "the private key (the article's SRK)");
}

static bool send_finished(struct observer *o) {
    uint8_t verify_data[DERIVE_HASH_MAX];
    PL_AUTO(buf_clear) struct buf message = {.max = 128};
    struct wire_builder b = {.out = &message};
    if (!observer_tls13_verify_data(o, true, verify_data)) {
        return false;
    }
    wire_put(&b, 1, WIRE_FINISHED);
    wire_put_vector(&b, 3, verify_data, observer_hash_len(o));
    return wire_built(&b, &o->error) &&
           observer_send_message(o, TRACE_STEP_CLIENT_FINISHED,
                                 observer_span(message.data, message.len));
}

/* The last under the keys of what went ahead. */
static bool end_early(struct observer *o) {
    static const uint8_t message[] = {WIRE_END_OF_EARLY_DATA, 0, 0, 0};
    if (!o->is_early) {
        return true;
    }
    o->is_early = false;
    return observer_send_message(o, TRACE_STEP_CLIENT_FINISHED,
                                 observer_span(message, sizeof(message))) &&
           observer_tls13_use(o, true, false);
}

bool observer_on_finished(struct observer *o, struct wire_span body) {
    uint8_t expected[DERIVE_HASH_MAX];
    size_t len = observer_hash_len(o);
    if (!observer_tls13_verify_data(o, false, expected) ||
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
    if (!observer_tls13_data_secrets(o) || !observer_send_change(o) || !end_early(o) ||
        (o->is_certificate_wanted &&
         (!observer_send_certificate(o) ||
          (o->wish->cert_count > 0 && !observer_send_certificate_verify(o)))) ||
        !send_finished(o) || !observer_tls13_resumption(o)) {
        return false;
    }
    return observer_tls13_use(o, true, true) && observer_tls13_use(o, false, true);
}

static uint32_t early_data_max(struct wire_span extensions) {
    struct wire_span content = {0};
    uint16_t type = 0;
    while (extensions.len > 0 && wire_next_extension(&extensions, &type, &content)) {
        struct wire_reader r = wire_reader_of(content);
        uint32_t max = wire_read(&r, 4);
        if (type == WIRE_EXT_EARLY_DATA && wire_is_done(&r)) {
            return max;
        }
    }
    return 0;
}

bool observer_on_ticket(struct observer *o, struct wire_span body) {
    struct wire_reader r = wire_reader_of(body);
    struct observe_session *session = &o->session;
    if (o->version != WIRE_TLS13) {
        return true; /* of a renegotiation that nobody makes */
    }
    (void)wire_read(&r, 4);
    uint32_t age_add = wire_read(&r, 4);
    struct wire_span nonce = wire_vector(&r, 1);
    struct wire_span ticket = wire_vector(&r, 2);
    struct wire_span extensions = wire_vector(&r, 2);
    if (!wire_is_done(&r)) {
        return malformed(o, "NewSessionTicket");
    }
    if (ticket.len > sizeof(session->ticket) || session->version != 0) {
        return true; /* one is enough */
    }
    if (!observer_tls13_ticket_key(o, nonce, session->secret)) {
        return false;
    }
    session->version = WIRE_TLS13;
    session->suite = o->suite->code;
    session->secret_len = observer_hash_len(o);
    session->age_add = age_add;
    session->early_data_max = early_data_max(extensions);
    session->received_us = o->time_us;
    session->ticket_len = ticket.len;
    if (ticket.len > 0) {
        memcpy(session->ticket, ticket.bytes, ticket.len);
    }
    return true;
}

bool observer_send_key_update(struct observer *o, bool is_requested) {
    const uint8_t message[] = {WIRE_KEY_UPDATE, 0, 0, 1, is_requested ? 1 : 0};
    return observer_send_message(o, TRACE_STEP_DATA, observer_span(message, sizeof(message))) &&
           observer_tls13_update(o, true);
}

bool observer_on_key_update(struct observer *o, struct wire_span body) {
    if (o->version != WIRE_TLS13 || body.len != 1 || body.bytes[0] > 1) {
        return malformed(o, "KeyUpdate");
    }
    if (o->messages.len > 0) {
        (void)err_set(&o->error, ERR_OBSERVE_UNEXPECTED,
                      "the server's KeyUpdate is not the last message of its record");
        return observer_blame(o, WIRE_ALERT_UNEXPECTED_MESSAGE, "msg_type", "");
    }
    return observer_tls13_update(o, false) &&
           (body.bytes[0] == 0 || observer_send_key_update(o, false));
}

/* --- the client's certificate --------------------------------------------------------------------
 */

bool observer_send_certificate_verify(struct observer *o) {
    uint16_t scheme = 0;
    PL_AUTO(buf_clear) struct buf content = {.max = OBSERVE_TRANSCRIPT_MAX};
    PL_AUTO(buf_clear) struct buf signature = {.max = 4096};
    PL_AUTO(buf_clear) struct buf message = {.max = 8192};
    struct wire_builder b = {.out = &message};
    bool has_scheme = o->version >= WIRE_TLS12;
    if (has_scheme && !observer_choose_scheme(o, &scheme)) {
        (void)err_set(&o->error, ERR_OBSERVE_CLIENT_KEY,
                      "the server takes no signature that our key can make");
        return observer_blame(o, WIRE_ALERT_HANDSHAKE_FAILURE, "signature_algorithms", "");
    }
    bool ok = o->version == WIRE_TLS13
                  ? signed_content(o, true, o->transcript.len, &content)
                  : buf_append(&content, o->transcript.data, o->transcript.len, &o->error);
    if (!ok || !observer_sign(o, scheme, observer_span(content.data, content.len), &signature)) {
        return false;
    }
    wire_put(&b, 1, WIRE_CERTIFICATE_VERIFY);
    size_t mark = wire_open(&b, 3);
    if (has_scheme) {
        wire_put(&b, 2, scheme);
    }
    wire_put_vector(&b, 2, signature.data, signature.len);
    wire_close(&b, mark, 3);
    return wire_built(&b, &o->error) &&
           observer_send_message(o, TRACE_STEP_CLIENT_FINISHED,
                                 observer_span(message.data, message.len));
}
