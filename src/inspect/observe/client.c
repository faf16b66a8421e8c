/*
 * The observing client: records in and out, the table of what may come when. Reads what a hostile
 * server sends; keeps nothing beyond the trace.
 */
#include "inspect/observe/client.h"

#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "inspect/observe/client_parts.h"
#include "inspect/wire/builder.h"

#include <stdio.h>
#include <string.h>

enum { ALERT_WARNING = 1, ALERT_FATAL = 2, RESPONSE_MAX = 64 * 1024 };

void observer_set_state(struct observer *o, enum observer_state state) {
    o->state = state;
}

bool observer_blame(struct observer *o, uint8_t alert, const char *field, const char *meaning) {
    o->alert = alert;
    o->blamed_field = field;
    o->blamed_meaning = meaning;
    return false;
}

struct wire_span observer_span(const uint8_t *bytes, size_t len) {
    return (struct wire_span){.bytes = bytes, .len = len};
}

struct wire_setting observer_setting(const struct observer *o, bool is_client) {
    return (struct wire_setting){.version = o->version,
                                 .exchange =
                                     o->suite == NULL ? WIRE_EXCHANGE_TLS13 : o->suite->exchange,
                                 .is_client = is_client};
}

/* --- sending -------------------------------------------------------------------------------------
 */

static uint16_t record_version(const struct observer *o) {
    if (o->version != 0) {
        return o->version == WIRE_TLS13 ? WIRE_TLS12 : o->version;
    }
    /* The first hello: as old as anything that may read it. */
    return o->wish->version_max == WIRE_SSL30 ? WIRE_SSL30 : WIRE_TLS10;
}

bool observer_send_record(struct observer *o, uint8_t type, struct wire_span plain) {
    size_t start = o->out.len;
    uint8_t iv[PROTECT_IV_MAX] = {0};
    bool is_protected = o->write.suite != NULL;
    struct trace_record record = {.from = TRACE_CLIENT,
                                  .time_us = o->time_us,
                                  .type = type,
                                  .inner_type = type,
                                  .keys = is_protected ? o->write_keys : TRACE_KEYS_NONE,
                                  .sequence = o->write.sequence,
                                  .plain = plain};
    if (is_protected) {
        if (!o->wish->random.fill(o->wish->random.ctx, iv, sizeof(iv))) {
            return err_set(&o->error, ERR_BASE_RANDOM, "no random bytes are to be had");
        }
        if (!protect_seal(&o->write, type, plain, iv, &o->out, &o->error)) {
            return false;
        }
    } else if (!wire_record_wrap(type, record_version(o), plain.bytes, plain.len, &o->out,
                                 &o->error)) {
        return false;
    }
    record.bytes = observer_span(o->out.data + start, o->out.len - start);
    record.type = record.bytes.bytes[0];
    return trace_add_record(o->trace, &record, &o->error);
}

static enum trace_keys keys_of(const struct observer *o, enum trace_kind kind,
                               enum trace_from from) {
    const struct protect *p = from == TRACE_CLIENT ? &o->write : &o->read;
    bool is_clear = p->suite == NULL || (kind == TRACE_CHANGE && o->version == WIRE_TLS13);
    return is_clear ? TRACE_KEYS_NONE : from == TRACE_CLIENT ? o->write_keys : o->read_keys;
}

static bool write_down(struct observer *o, enum trace_kind kind, enum trace_from from,
                       enum trace_step step, struct wire_span bytes) {
    const struct wire_setting setting = observer_setting(o, from == TRACE_CLIENT);
    const struct trace_message message = {
        .kind = kind,
        .from = from,
        .step = step,
        .keys = keys_of(o, kind, from),
        .type = kind == TRACE_ALERT ? (bytes.len > 1 ? bytes.bytes[1] : 0)
                                    : (kind == TRACE_HANDSHAKE ? bytes.bytes[0] : 0),
        .is_retry = kind == TRACE_HANDSHAKE && bytes.bytes[0] == WIRE_SERVER_HELLO &&
                    bytes.len > 38 && memcmp(bytes.bytes + 6, wire_retry_random, WIRE_RANDOM) == 0,
        .time_us = o->time_us,
        .bytes = bytes};
    return trace_add_message(o->trace, &message, &setting, &o->error);
}

static bool add_to_transcript(struct observer *o, struct wire_span message) {
    o->transcript_before = o->transcript.len;
    o->transcript_count++;
    return buf_append(&o->transcript, message.bytes, message.len, &o->error);
}

bool observer_send_message(struct observer *o, enum trace_step step, struct wire_span message) {
    bool is_in_transcript = o->state != OBSERVER_CONNECTED;
    return observer_send_record(o, WIRE_HANDSHAKE, message) &&
           write_down(o, TRACE_HANDSHAKE, TRACE_CLIENT, step, message) &&
           (!is_in_transcript || add_to_transcript(o, message));
}

bool observer_send_change(struct observer *o) {
    static const uint8_t change[] = {1};
    if (o->has_sent_change) {
        return true;
    }
    o->has_sent_change = true;
    /* Never encrypted in TLS 1.3, where it means nothing. */
    struct protect kept = o->write;
    if (o->version == WIRE_TLS13) {
        o->write = (struct protect){0};
    }
    bool ok = observer_send_record(o, WIRE_CHANGE_CIPHER_SPEC, observer_span(change, 1)) &&
              write_down(o, TRACE_CHANGE, TRACE_CLIENT, TRACE_STEP_CLIENT_FINISHED,
                         observer_span(change, 1));
    if (o->version == WIRE_TLS13) {
        o->write = kept;
    }
    return ok;
}

void observer_send_alert(struct observer *o, uint8_t level, uint8_t description) {
    const uint8_t alert[] = {level, description};
    /* What cannot be sent any more is no second failure. */
    (void)!(observer_send_record(o, WIRE_ALERT, observer_span(alert, sizeof(alert))) &&
            write_down(o, TRACE_ALERT, TRACE_CLIENT, TRACE_STEP_DATA,
                       observer_span(alert, sizeof(alert))));
}

bool observer_send_request(struct observer *o, enum trace_step step) {
    PL_AUTO(buf_clear) struct buf request = {.max = 1024};
    if (o->wish->http_host == NULL || o->is_request_sent) {
        return true;
    }
    o->is_request_sent = true;
    return buf_printf(&request, &o->error,
                      "HEAD / HTTP/1.1\r\nHost: %.300s\r\nUser-Agent: padlock-trace\r\n"
                      "Connection: close\r\n\r\n",
                      o->wish->http_host) &&
           observer_send_record(o, WIRE_APPLICATION_DATA,
                                observer_span(request.data, request.len)) &&
           write_down(o, TRACE_DATA, TRACE_CLIENT, step, observer_span(request.data, request.len));
}

bool observer_enter_connected(struct observer *o) {
    observer_set_state(o, OBSERVER_CONNECTED);
    o->trace->facts.is_complete = true;
    if (o->wish->wants_key_update && o->version == WIRE_TLS13 &&
        !observer_send_key_update(o, true)) {
        return false;
    }
    if (o->wish->wants_renegotiation && o->version != WIRE_TLS13) {
        return observer_ask_renegotiation(o);
    }
    return observer_send_request(o, TRACE_STEP_DATA);
}

/* --- the table of states -------------------------------------------------------------------------
 */

typedef bool (*on_message)(struct observer *o, struct wire_span body);

/* A message that is not here for the state ends the handshake. Where next is the state itself, the
 * handler goes on by what it finds. */
static const struct transition {
    enum observer_state state;
    uint8_t type;
    on_message handle;
    enum observer_state next;
    enum trace_step step;
} transitions[] = {
    {OBSERVER_WAIT_SH, WIRE_SERVER_HELLO, observer_on_server_hello, OBSERVER_WAIT_SH,
     TRACE_STEP_CHOICE},
    {OBSERVER_WAIT_EE, WIRE_ENCRYPTED_EXTENSIONS, observer_on_encrypted_extensions,
     OBSERVER_WAIT_EE, TRACE_STEP_CHOICE},
    {OBSERVER_WAIT_CERT_CR, WIRE_CERTIFICATE_REQUEST, observer_on_certificate_request,
     OBSERVER_WAIT_CERT, TRACE_STEP_CHOICE},
    {OBSERVER_WAIT_CERT_CR, WIRE_CERTIFICATE, observer_on_certificate, OBSERVER_WAIT_CV,
     TRACE_STEP_CHOICE},
    {OBSERVER_WAIT_CERT_CR, WIRE_COMPRESSED_CERTIFICATE, observer_on_compressed_certificate,
     OBSERVER_WAIT_CV, TRACE_STEP_CHOICE},
    {OBSERVER_WAIT_CERT, WIRE_COMPRESSED_CERTIFICATE, observer_on_compressed_certificate,
     OBSERVER_WAIT_CV, TRACE_STEP_CHOICE},
    {OBSERVER_WAIT_CERT, WIRE_CERTIFICATE, observer_on_certificate, OBSERVER_WAIT_CV,
     TRACE_STEP_CHOICE},
    {OBSERVER_WAIT_CV, WIRE_CERTIFICATE_VERIFY, observer_on_certificate_verify,
     OBSERVER_WAIT_FINISHED, TRACE_STEP_AUTHENTICATE},
    {OBSERVER_WAIT_FINISHED, WIRE_FINISHED, observer_on_finished, OBSERVER_CONNECTED,
     TRACE_STEP_SERVER_FINISHED},
    {OBSERVER_CONNECTED, WIRE_NEW_SESSION_TICKET, observer_on_ticket, OBSERVER_CONNECTED,
     TRACE_STEP_DATA},
    {OBSERVER_CONNECTED, WIRE_KEY_UPDATE, observer_on_key_update, OBSERVER_CONNECTED,
     TRACE_STEP_DATA},
    {OBSERVER_WAIT_CERT_12, WIRE_CERTIFICATE, observer_on_certificate_12, OBSERVER_WAIT_KEY_12,
     TRACE_STEP_CHOICE},
    {OBSERVER_WAIT_KEY_12, WIRE_CERTIFICATE_STATUS, observer_on_status_12, OBSERVER_WAIT_KEY_12,
     TRACE_STEP_CHOICE},
    {OBSERVER_WAIT_KEY_12, WIRE_SERVER_KEY_EXCHANGE, observer_on_key_exchange_12,
     OBSERVER_WAIT_DONE_12, TRACE_STEP_CHOICE},
    {OBSERVER_WAIT_KEY_12, WIRE_CERTIFICATE_REQUEST, observer_on_request_12, OBSERVER_WAIT_DONE_12,
     TRACE_STEP_CHOICE},
    {OBSERVER_WAIT_KEY_12, WIRE_SERVER_HELLO_DONE, observer_on_done_12, OBSERVER_WAIT_CHANGE_12,
     TRACE_STEP_CHOICE},
    {OBSERVER_WAIT_DONE_12, WIRE_CERTIFICATE_REQUEST, observer_on_request_12, OBSERVER_WAIT_DONE_12,
     TRACE_STEP_CHOICE},
    {OBSERVER_WAIT_DONE_12, WIRE_SERVER_HELLO_DONE, observer_on_done_12, OBSERVER_WAIT_CHANGE_12,
     TRACE_STEP_CHOICE},
    {OBSERVER_WAIT_CHANGE_12, WIRE_NEW_SESSION_TICKET, observer_on_ticket_12,
     OBSERVER_WAIT_CHANGE_12, TRACE_STEP_SERVER_FINISHED},
    {OBSERVER_WAIT_FINISHED_12, WIRE_FINISHED, observer_on_finished_12, OBSERVER_CONNECTED,
     TRACE_STEP_SERVER_FINISHED},
    {OBSERVER_CONNECTED, WIRE_SERVER_HELLO, observer_on_renegotiation, OBSERVER_CONNECTED,
     TRACE_STEP_DATA},
    {OBSERVER_CONNECTED, WIRE_HELLO_REQUEST, observer_on_hello_request, OBSERVER_CONNECTED,
     TRACE_STEP_DATA},
};

static const struct transition *find_transition(const struct observer *o, uint8_t type) {
    for (size_t i = 0; i < PL_ARRAY_LEN(transitions); i++) {
        if (transitions[i].state == o->state && transitions[i].type == type) {
            return &transitions[i];
        }
    }
    return NULL;
}

static bool handle_message(struct observer *o, struct wire_span message) {
    const struct transition *found = find_transition(o, message.bytes[0]);
    bool is_in_transcript = o->state != OBSERVER_CONNECTED;
    if (!write_down(o, TRACE_HANDSHAKE, TRACE_SERVER,
                    found == NULL ? TRACE_STEP_CHOICE : found->step, message) ||
        (is_in_transcript && !add_to_transcript(o, message))) {
        return false;
    }
    if (found == NULL) {
        (void)err_set(&o->error, ERR_OBSERVE_UNEXPECTED, "the server sent a %s where none may come",
                      wire_message_name(message.bytes[0]));
        return observer_blame(o, WIRE_ALERT_UNEXPECTED_MESSAGE, "msg_type",
                              "the server does not follow the protocol, or somebody on the way "
                              "adds messages");
    }
    enum observer_state before = o->state;
    if (!found->handle(o, observer_span(message.bytes + WIRE_MESSAGE_HEADER,
                                        message.len - WIRE_MESSAGE_HEADER))) {
        return false;
    }
    if (found->next != before) {
        observer_set_state(o, found->next);
    }
    return found->next != OBSERVER_CONNECTED || before == OBSERVER_CONNECTED ||
           observer_enter_connected(o);
}

/* --- receiving -----------------------------------------------------------------------------------
 */

static bool take_messages(struct observer *o) {
    while (o->messages.len >= WIRE_MESSAGE_HEADER && o->state != OBSERVER_CLOSED) {
        const uint8_t *at = o->messages.data;
        size_t len =
            WIRE_MESSAGE_HEADER + ((size_t)at[1] << 16 | (size_t)at[2] << 8 | (size_t)at[3]);
        if (len > WIRE_MESSAGE_MAX) {
            (void)err_set(&o->error, ERR_OBSERVE_MALFORMED, "the server's %s would have %zu bytes",
                          wire_message_name(at[0]), len);
            return observer_blame(o, WIRE_ALERT_DECODE_ERROR, "length", "");
        }
        if (o->messages.len < len) {
            return true;
        }
        PL_AUTO(buf_clear) struct buf message = {.max = WIRE_MESSAGE_MAX};
        if (!buf_append(&message, at, len, &o->error)) {
            return false;
        }
        buf_consume(&o->messages, len);
        if (!handle_message(o, observer_span(message.data, message.len))) {
            return false;
        }
    }
    return true;
}

/* The handshake had come to its end: that is not taken back. */
static bool end_without_renegotiation(struct observer *o) {
    const struct trace_check check = {
        .name = "renegotiation",
        .about = "the server ended the connection when we refused the new handshake that it wanted",
        .outcome = TRACE_UNKNOWN,
        .step = TRACE_STEP_DATA};
    observer_set_state(o, OBSERVER_CLOSED);
    return trace_add_check(o->trace, &check, &o->error);
}

static bool on_alert(struct observer *o, struct wire_span content) {
    if (!write_down(o, TRACE_ALERT, TRACE_SERVER, TRACE_STEP_DATA, content)) {
        return false;
    }
    if (content.len != 2) {
        (void)err_set(&o->error, ERR_OBSERVE_MALFORMED, "the server's alert has not two bytes");
        return observer_blame(o, WIRE_ALERT_DECODE_ERROR, "alert", "");
    }
    uint8_t description = content.bytes[1];
    bool is_warning = content.bytes[0] == ALERT_WARNING && o->version != WIRE_TLS13;
    if (o->has_asked_renegotiation && (!is_warning || description == WIRE_ALERT_CLOSE_NOTIFY ||
                                       description == WIRE_ALERT_NO_RENEGOTIATION)) {
        return observer_end_renegotiation(o);
    }
    if (description == WIRE_ALERT_CLOSE_NOTIFY && o->state == OBSERVER_CONNECTED) {
        observer_send_alert(o, ALERT_WARNING, WIRE_ALERT_CLOSE_NOTIFY);
        observer_set_state(o, OBSERVER_CLOSED);
        return true;
    }
    if (is_warning && description != WIRE_ALERT_CLOSE_NOTIFY) {
        return true;
    }
    if (o->has_refused_renegotiation) {
        return end_without_renegotiation(o);
    }
    const struct wire_alert_about *about = wire_alert_find(description);
    char sentence[256];
    (void)snprintf(sentence, sizeof(sentence),
                   "the server ended the handshake with the alert %s%s%s",
                   about == NULL ? "unknown" : about->name, about == NULL ? "" : ": ",
                   about == NULL ? "" : about->about);
    struct trace_failure failure = {.code = err_code_text(ERR_OBSERVE_ALERT),
                                    .sentence = sentence,
                                    .alert = description,
                                    .has_alert = true,
                                    .from = TRACE_SERVER};
    observer_explain_alert(o, description, &failure.field, &failure.meaning);
    trace_set_failure(o->trace, &failure);
    o->trace->facts.is_complete = false;
    observer_set_state(o, OBSERVER_GAVE_UP);
    return true;
}

static bool on_change(struct observer *o, struct wire_span content) {
    bool is_tls13 = o->version == WIRE_TLS13 || o->version == 0;
    if (!write_down(o, TRACE_CHANGE, TRACE_SERVER,
                    is_tls13 ? TRACE_STEP_CHOICE : TRACE_STEP_SERVER_FINISHED, content)) {
        return false;
    }
    if (content.len != 1 || content.bytes[0] != 1 || o->messages.len > 0) {
        (void)err_set(&o->error, ERR_OBSERVE_UNEXPECTED,
                      "the server's ChangeCipherSpec stands in the middle of something else");
        return observer_blame(o, WIRE_ALERT_UNEXPECTED_MESSAGE, "type", "");
    }
    return is_tls13 || observer_on_change_12(o);
}

/* After a HEAD request the answer is its head alone. */
static bool is_answered(const struct observer *o) {
    return o->is_request_sent && strstr(buf_string(&o->response), "\r\n\r\n") != NULL;
}

bool observer_note_acceptance(struct observer *o) {
    if (o->is_accepted) {
        return true;
    }
    o->is_accepted = true;
    return observer_check(o, "client Finished",
                          "the server goes on: it reckoned the same over our messages",
                          (struct wire_span){0}, (struct wire_span){0}, TRACE_STEP_CLIENT_FINISHED);
}

static bool on_data(struct observer *o, struct wire_span content) {
    if (o->state != OBSERVER_CONNECTED) {
        (void)err_set(&o->error, ERR_OBSERVE_UNEXPECTED,
                      "the server sent data before the handshake was over");
        return observer_blame(o, WIRE_ALERT_UNEXPECTED_MESSAGE, "type", "");
    }
    if (content.len == 0) {
        return write_down(o, TRACE_DATA, TRACE_SERVER, TRACE_STEP_DATA, content);
    }
    if (!write_down(o, TRACE_DATA, TRACE_SERVER, TRACE_STEP_DATA, content) ||
        !observer_note_acceptance(o)) {
        return false;
    }
    size_t room = RESPONSE_MAX - o->response.len;
    if (!buf_append(&o->response, content.bytes, content.len < room ? content.len : room,
                    &o->error)) {
        return false;
    }
    if (is_answered(o)) {
        observer_send_alert(o, ALERT_WARNING, WIRE_ALERT_CLOSE_NOTIFY);
        observer_set_state(o, OBSERVER_CLOSED);
    }
    return true;
}

static bool dispatch(struct observer *o, uint8_t type, struct wire_span content) {
    if (type != WIRE_HANDSHAKE && type != WIRE_ALERT && o->messages.len > 0) {
        (void)err_set(&o->error, ERR_OBSERVE_UNEXPECTED,
                      "the server put another record into the middle of a message");
        return observer_blame(o, WIRE_ALERT_UNEXPECTED_MESSAGE, "type", "");
    }
    switch (type) {
    case WIRE_HANDSHAKE:
        return buf_append(&o->messages, content.bytes, content.len, &o->error) && take_messages(o);
    case WIRE_ALERT:
        return on_alert(o, content);
    case WIRE_CHANGE_CIPHER_SPEC:
        return on_change(o, content);
    case WIRE_APPLICATION_DATA:
        return on_data(o, content);
    }
    (void)err_set(&o->error, ERR_OBSERVE_MALFORMED, "the server sent a record of type %u", type);
    return observer_blame(o, WIRE_ALERT_UNEXPECTED_MESSAGE, "type", "");
}

static bool open_record(struct observer *o, uint8_t type, struct wire_span payload,
                        uint8_t *out_inner) {
    bool is_first = o->read.sequence == 0;
    if (!protect_open(&o->read, type, payload, out_inner, &o->plain, &o->error)) {
        return observer_blame(o, WIRE_ALERT_BAD_RECORD_MAC, "fragment",
                              "client and server have different keys, or the record was changed "
                              "on its way");
    }
    return !is_first ||
           observer_check(
               o, o->read_keys == TRACE_KEYS_HANDSHAKE ? "server handshake keys" : "server keys",
               "the server's first record under these keys decrypts with what we derived",
               (struct wire_span){0}, (struct wire_span){0}, TRACE_STEP_KEYS);
}

static bool take_record(struct observer *o, struct wire_span whole) {
    uint8_t type = whole.bytes[0];
    uint8_t inner = type;
    struct wire_span payload =
        observer_span(whole.bytes + WIRE_RECORD_HEADER, whole.len - WIRE_RECORD_HEADER);
    bool is_protected =
        o->read.suite != NULL && !(o->version == WIRE_TLS13 && type != WIRE_APPLICATION_DATA);
    struct trace_record record = {.from = TRACE_SERVER,
                                  .time_us = o->time_us,
                                  .bytes = whole,
                                  .type = type,
                                  .keys = is_protected ? o->read_keys : TRACE_KEYS_NONE,
                                  .sequence = o->read.sequence};
    buf_reset(&o->plain);
    bool ok = is_protected ? open_record(o, type, payload, &inner)
                           : buf_append(&o->plain, payload.bytes, payload.len, &o->error);
    record.inner_type = inner;
    record.plain = observer_span(o->plain.data, ok ? o->plain.len : 0);
    return trace_add_record(o->trace, &record, ok ? &o->error : NULL) && ok &&
           dispatch(o, inner, observer_span(o->plain.data, o->plain.len));
}

static bool not_tls(struct observer *o) {
    bool is_http = o->in.len >= 4 && memcmp(o->in.data, "HTTP", 4) == 0;
    (void)err_set(&o->error, ERR_OBSERVE_NOT_TLS,
                  is_http ? "the server answered in plain HTTP" : "the server does not speak TLS");
    return observer_blame(o, WIRE_ALERT_UNEXPECTED_MESSAGE, "",
                          is_http ? "the port is one for http, not for https"
                                  : "the port belongs to another protocol");
}

static bool check_header(struct observer *o) {
    const uint8_t *at = o->in.data;
    if (at[0] < WIRE_CHANGE_CIPHER_SPEC || at[0] > WIRE_APPLICATION_DATA ||
        (o->in.len > 1 && at[1] != 3)) {
        return not_tls(o);
    }
    if (o->in.len >= WIRE_RECORD_HEADER && ((size_t)at[3] << 8 | at[4]) > WIRE_RECORD_MAX) {
        (void)err_set(&o->error, ERR_OBSERVE_MALFORMED,
                      "the server sent a record that is too long");
        return observer_blame(o, WIRE_ALERT_DECODE_ERROR, "length", "");
    }
    return true;
}

static bool take_records(struct observer *o) {
    while (o->in.len > 0 && o->state != OBSERVER_CLOSED && o->state != OBSERVER_GAVE_UP) {
        if (!check_header(o)) {
            return false;
        }
        if (o->in.len < WIRE_RECORD_HEADER) {
            return true;
        }
        size_t len = WIRE_RECORD_HEADER + ((size_t)o->in.data[3] << 8 | o->in.data[4]);
        if (o->in.len < len) {
            return true;
        }
        if (!take_record(o, observer_span(o->in.data, len))) {
            return false;
        }
        buf_consume(&o->in, len);
    }
    return true;
}

/* --- the interface -------------------------------------------------------------------------------
 */

static void give_up(struct observer *o) {
    char sentence[ERR_TEXT_MAX];
    (void)snprintf(sentence, sizeof(sentence), "%s",
                   o->error.step_count > 0 ? o->error.step[0] : "the handshake failed");
    uint8_t alert = o->alert == 0 ? WIRE_ALERT_HANDSHAKE_FAILURE : o->alert;
    const struct trace_failure failure = {.code = err_code_text(o->error.code),
                                          .sentence = sentence,
                                          .field = o->blamed_field == NULL ? "" : o->blamed_field,
                                          .meaning =
                                              o->blamed_meaning == NULL ? "" : o->blamed_meaning,
                                          .alert = alert,
                                          .has_alert = o->error.code != ERR_OBSERVE_NOT_TLS,
                                          .from = TRACE_CLIENT};
    trace_set_failure(o->trace, &failure);
    o->trace->facts.is_complete = false;
    if (o->error.code != ERR_OBSERVE_NOT_TLS) {
        observer_send_alert(o, ALERT_FATAL, alert);
    }
    observer_set_state(o, OBSERVER_GAVE_UP);
}

static enum observe_status status_of(const struct observer *o) {
    switch (o->state) {
    case OBSERVER_CLOSED:
        return OBSERVE_DONE;
    case OBSERVER_GAVE_UP:
        return OBSERVE_FAILED;
    case OBSERVER_START:
    case OBSERVER_WAIT_SH:
    case OBSERVER_WAIT_EE:
    case OBSERVER_WAIT_CERT_CR:
    case OBSERVER_WAIT_CERT:
    case OBSERVER_WAIT_CV:
    case OBSERVER_WAIT_FINISHED:
    case OBSERVER_WAIT_CERT_12:
    case OBSERVER_WAIT_KEY_12:
    case OBSERVER_WAIT_DONE_12:
    case OBSERVER_WAIT_CHANGE_12:
    case OBSERVER_WAIT_FINISHED_12:
    case OBSERVER_CONNECTED:
    case OBSERVER_STATE_COUNT:
        return OBSERVE_GOES_ON;
    }
    return OBSERVE_FAILED;
}

bool observer_new(const struct observe_wish *wish, struct trace *trace,
                  struct observer **out_observer, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct observer), &memory, e)) {
        return false;
    }
    struct observer *o = memory;
    o->wish = wish;
    o->trace = trace;
    buf_init(&o->in, OBSERVE_IN_MAX);
    buf_init(&o->plain, WIRE_RECORD_MAX + 64);
    buf_init(&o->messages, WIRE_MESSAGE_MAX + WIRE_RECORD_MAX);
    buf_init(&o->out, OBSERVE_IN_MAX);
    buf_init(&o->transcript, OBSERVE_TRANSCRIPT_MAX);
    buf_init(&o->response, RESPONSE_MAX);
    buf_init(&o->cookie, UINT16_MAX);
    buf_init(&o->wanted_schemes, UINT16_MAX);
    buf_init(&o->request_context, UINT8_MAX);
    *out_observer = o;
    return true;
}

void observer_free(struct observer *o) {
    if (o == NULL) {
        return;
    }
    buf_clear(&o->in);
    buf_cleanse(&o->plain);
    buf_cleanse(&o->messages);
    buf_clear(&o->out);
    buf_clear(&o->transcript);
    buf_clear(&o->response);
    buf_clear(&o->cookie);
    buf_clear(&o->wanted_schemes);
    buf_clear(&o->request_context);
    protect_clear(&o->read);
    protect_clear(&o->write);
    protect_clear(&o->next_read);
    protect_clear(&o->next_write);
    for (size_t i = 0; i < o->exchange_count; i++) {
        exchange_clear(&o->exchanges[i]);
    }
    X509_free(o->leaf);
    EVP_PKEY_free(o->server_key);
    secret_cleanse(o, sizeof(*o));
    mem_free(o);
}

enum observe_status observer_start(struct observer *o, int64_t time_us) {
    o->time_us = o->trace->end_us = time_us;
    observer_set_state(o, OBSERVER_WAIT_SH);
    if (!observer_prepare_offer(o) || !observer_send_hello(o) ||
        (o->hello.has_early_data && !observer_tls13_begin_early(o))) {
        give_up(o);
    }
    return status_of(o);
}

enum observe_status observer_receive(struct observer *o, const uint8_t *bytes, size_t len,
                                     int64_t time_us) {
    o->time_us = o->trace->end_us = time_us;
    if (status_of(o) == OBSERVE_GOES_ON &&
        (!buf_append(&o->in, bytes, len, &o->error) || !take_records(o))) {
        give_up(o);
    }
    return status_of(o);
}

enum observe_status observer_end(struct observer *o, bool is_timeout, int64_t time_us) {
    o->time_us = o->trace->end_us = time_us;
    if (o->state == OBSERVER_CONNECTED && o->has_asked_renegotiation) {
        (void)!observer_end_renegotiation(o);
    } else if (o->state == OBSERVER_CONNECTED) {
        observer_send_alert(o, ALERT_WARNING, WIRE_ALERT_CLOSE_NOTIFY);
        observer_set_state(o, OBSERVER_CLOSED);
    } else if (status_of(o) == OBSERVE_GOES_ON) {
        struct trace_failure failure = {
            .code = err_code_text(is_timeout ? ERR_OBSERVE_TIMEOUT : ERR_OBSERVE_CLOSED),
            .sentence = is_timeout ? "the server did not answer in time"
                                   : "the server closed the connection without a word",
            .from = TRACE_SERVER};
        failure.meaning = observer_explain_silence(o, &failure.field);
        trace_set_failure(o->trace, &failure);
        observer_set_state(o, OBSERVER_GAVE_UP);
    }
    return status_of(o);
}

bool observer_is_connected(const struct observer *o) {
    return o->state == OBSERVER_CONNECTED;
}

struct buf *observer_output(struct observer *o) {
    return &o->out;
}

const struct observe_session *observer_session(const struct observer *o) {
    return &o->session;
}

struct wire_span observer_encrypted_pre_master(const struct observer *o) {
    return observer_span(o->encrypted_pre_master, o->encrypted_pre_master_len);
}

struct wire_span observer_pre_master(const struct observer *o) {
    return observer_span(o->pre_master, o->pre_master_len);
}
