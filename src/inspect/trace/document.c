/* The document: one function for each kind of object in it. */
#include "inspect/trace/document.h"

#include "base/hex.h"
#include "base/mem.h"
#include "base/str.h"
#include "inspect/trace/explain.h"
#include "inspect/wire/fingerprint.h"
#include "inspect/wire/numbers.h"

#include <string.h>

static const char *from_word(enum trace_from from) {
    return from == TRACE_CLIENT ? "client" : "server";
}

static const char *keys_word(enum trace_keys keys) {
    static const char *const words[] = {"none", "handshake", "data", "early"};
    return words[keys];
}

static bool set_span(json_t *o, const char *name, struct wire_span span, struct err *e) {
    return json_set_hex(o, name, span.bytes, span.len, e);
}

static bool set_bytes_as_text(json_t *o, const char *name, struct wire_span span, struct err *e) {
    PL_AUTO(mem_freep) void *copy = NULL;
    return mem_dup(span.bytes == NULL ? (const uint8_t *)"" : span.bytes, span.len, &copy, e) &&
           json_set_text(o, name, copy, e);
}

/* Takes the object when it is whole, and frees it when it is not. */
static json_t *whole(json_t *o, bool ok) {
    if (!ok) {
        json_decref(o);
        return NULL;
    }
    return o;
}

/* --- records and messages ------------------------------------------------------------------------
 */

static json_t *record_object(const struct trace_record *r, struct err *e) {
    json_t *o = json_object();
    bool ok =
        json_set_text(o, "from", from_word(r->from), e) &&
        json_set_integer(o, "time_us", r->time_us, e) &&
        json_set_text(o, "type", r->type == 0 ? "plain text" : wire_record_name(r->type), e) &&
        json_set_text(o, "inner_type",
                      r->inner_type == 0 ? "plain text" : wire_record_name(r->inner_type), e) &&
        json_set_text(o, "keys", keys_word(r->keys), e) &&
        json_set_integer(o, "sequence", (int64_t)r->sequence, e) &&
        set_span(o, "bytes", r->bytes, e) && set_span(o, "plain", r->plain, e);
    return whole(o, ok);
}

static json_t *field_object(const struct wire_field *f, struct err *e) {
    json_t *o = json_object();
    bool ok = json_set_text(o, "name", f->name, e) &&
              (f->value[0] == '\0' || json_set_text(o, "value", f->value, e)) &&
              (f->about[0] == '\0' || json_set_text(o, "about", f->about, e)) &&
              json_set_integer(o, "offset", f->offset, e) &&
              json_set_integer(o, "length", f->len, e) && json_set_integer(o, "depth", f->depth, e);
    return whole(o, ok);
}

static bool set_fields(json_t *o, const struct wire_fields *fields, struct err *e) {
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t i = 0; ok && i < fields->count; i++) {
        ok = json_add_taken(array, field_object(&fields->items[i], e), e);
    }
    return json_set_taken(o, "fields", whole(array, ok), e) &&
           (!fields->is_malformed || json_set_bool(o, "is_malformed", true, e));
}

static json_t *message_object(const struct trace *t, size_t index, struct err *e) {
    const struct trace_message *m = &t->messages[index];
    const struct explain_message says = explain_message(&t->facts, m);
    const struct wire_alert_about *alert = m->kind == TRACE_ALERT ? wire_alert_find(m->type) : NULL;
    static const char *const kinds[] = {"handshake", "change_cipher_spec", "alert",
                                        "application_data", "plain text"};
    json_t *o = json_object();
    bool ok = json_set_integer(o, "number", (int64_t)index + 1, e) &&
              json_set_text(o, "from", from_word(m->from), e) &&
              json_set_text(o, "kind", kinds[m->kind], e) &&
              json_set_text(o, "name", explain_name(m), e) &&
              (alert == NULL || json_set_text(o, "alert", alert->name, e)) &&
              json_set_integer(o, "step", m->step, e) &&
              json_set_integer(o, "time_us", m->time_us, e) &&
              json_set_integer(o, "record", m->record, e) &&
              json_set_text(o, "keys", keys_word(m->keys), e) &&
              json_set_text(o, "why", alert == NULL ? says.why : alert->about, e) &&
              json_set_text(o, "readers", explain_readers(&t->facts, m), e) &&
              json_set_text(o, "attacker", says.attacker, e) &&
              json_set_integer(o, "length", (int64_t)m->bytes.len, e) &&
              set_span(o, "bytes", m->bytes, e) &&
              ((m->kind != TRACE_DATA && m->kind != TRACE_PLAIN) ||
               set_bytes_as_text(o, "text", m->bytes, e)) &&
              set_fields(o, &m->fields, e);
    return whole(o, ok);
}

/* --- secrets and checks --------------------------------------------------------------------------
 */

static json_t *input_object(const struct trace_input *input, struct err *e) {
    json_t *o = json_object();
    return whole(o,
                 json_set_text(o, "name", input->name, e) && set_span(o, "bytes", input->bytes, e));
}

static json_t *secret_object(const struct trace_secret *s, struct err *e) {
    json_t *o = json_object();
    json_t *inputs = json_array();
    bool ok = inputs != NULL;
    for (size_t i = 0; ok && i < s->input_count; i++) {
        ok = json_add_taken(inputs, input_object(&s->inputs[i], e), e);
    }
    ok = ok && json_set_text(o, "name", s->name, e) &&
         json_set_text(o, "about", s->about == NULL ? "" : s->about, e) &&
         json_set_text(o, "operation", explain_operation_word(s->operation), e) &&
         json_set_text(o, "operation_text", explain_operation(s->operation), e) &&
         (s->hash == NULL || json_set_text(o, "hash", s->hash, e)) &&
         (s->label == NULL || json_set_text(o, "label", s->label, e)) &&
         json_set_integer(o, "number", (int64_t)s->number, e) &&
         json_set_integer(o, "step", s->step, e) &&
         json_set_integer(o, "after_message", (int64_t)s->after_message, e) &&
         json_set_bool(o, "is_server_only", s->is_server_only, e) &&
         set_span(o, "output", s->output, e);
    /* Set last, so that it is given away in any case. */
    bool has_inputs = json_set_taken(o, "inputs", inputs, e);
    return whole(o, ok && has_inputs);
}

static const char *outcome_word(enum trace_outcome outcome) {
    static const char *const words[] = {"pass", "fail", "unknown"};
    return words[outcome];
}

static json_t *check_object(const struct trace_check *c, struct err *e) {
    json_t *o = json_object();
    bool ok = json_set_text(o, "name", c->name, e) &&
              json_set_text(o, "outcome", outcome_word(c->outcome), e) &&
              json_set_text(o, "sentence", c->about, e) &&
              json_set_integer(o, "step", c->step, e) &&
              json_set_integer(o, "after_message", (int64_t)c->after_message, e) &&
              (c->expected.len == 0 ||
               (set_span(o, "expected", c->expected, e) && set_span(o, "found", c->found, e)));
    return whole(o, ok);
}

/* --- certificates --------------------------------------------------------------------------------
 */

static bool set_names(json_t *o, const struct cert *cert, struct err *e) {
    enum { NAMES_SHOWN = 200 };
    PL_AUTO(list_clear) struct list names;
    list_init(&names, NAMES_SHOWN);
    for (size_t i = 0; i < cert->sans.count && i < NAMES_SHOWN; i++) {
        if (!list_add(&names, cert->sans.items[i].text, e)) {
            return false;
        }
    }
    return json_set_list(o, "names", &names, e);
}

static bool set_certificate_print(json_t *o, const struct cert *cert, struct err *e) {
    PL_AUTO(buf_clear) struct buf text = {.max = 2 * WIRE_FINGERPRINT_TEXT_MAX};
    char ja4x[WIRE_JA4X_SIZE];
    return wire_fingerprint_certificate(cert, ja4x, &text, e) &&
           json_set_text(o, "ja4x", ja4x, e) && json_set_text(o, "ja4x_raw", buf_string(&text), e);
}

json_t *trace_certificate(const struct cert *cert, struct err *e) {
    char key[KEY_SPEC_TEXT];
    json_t *o = json_object();
    key_spec_describe(&cert->key_spec, key);
    bool ok = json_set_text(o, "subject", cert->subject_text, e) &&
              json_set_text(o, "issuer", cert->issuer_text, e) &&
              json_set_time(o, "not_before", cert->not_before_ms, e) &&
              json_set_time(o, "not_after", cert->not_after_ms, e) &&
              json_set_text(o, "serial", cert->serial, e) && json_set_text(o, "key", key, e) &&
              json_set_text(o, "signature_algorithm", cert->signature_algorithm, e) &&
              json_set_hex(o, "sha256", cert->sha256, sizeof(cert->sha256), e) &&
              set_certificate_print(o, cert, e) && set_names(o, cert, e) &&
              json_set_hex(o, "der", cert->der, cert->der_len, e);
    return whole(o, ok);
}

static bool read_certs(const struct trace *t, struct cert_list *out, struct err *e) {
    for (size_t i = 0; i < t->cert_count; i++) {
        PL_AUTO(cert_freep) struct cert *cert = NULL;
        struct err unreadable = {0};
        if (cert_from_der(t->certs[i].bytes, t->certs[i].len, &cert, &unreadable) &&
            !cert_list_add(out, cert, e)) {
            return false;
        }
    }
    return true;
}

json_t *trace_verification(const struct verdict *verdict, struct err *e) {
    static const char *const words[] = {"pass", "fail", "unknown"};
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t i = 0; ok && i < VERIFY_CHECK_COUNT; i++) {
        const struct verify_check *check = &verdict->checks[i];
        json_t *o = json_object();
        bool is_set =
            json_set_text(o, "check", verify_check_name(check->id), e) &&
            json_set_text(o, "outcome", words[check->outcome], e) &&
            json_set_text(o, "sentence", check->sentence, e) &&
            (check->code == ERR_NONE || json_set_text(o, "code", err_code_text(check->code), e));
        ok = json_add_taken(array, whole(o, is_set), e);
    }
    return whole(array, ok);
}

/* The client's five checks, as "padlock verify" makes them. */
static bool set_verification(json_t *o, const struct trace_target *target,
                             const struct cert_list *presented, const struct cert_list *anchors,
                             struct err *e) {
    PL_AUTO(verdict_clear) struct verdict verdict = {0};
    if (presented->count == 0) {
        return true;
    }
    const struct verify_input input = {.leaf = presented->items[0],
                                       .presented = presented,
                                       .anchors = anchors,
                                       .host = target->host[0] == '\0' ? NULL : target->host,
                                       .at_ms = target->at_ms};
    return verify_certificate(&input, &verdict, e) &&
           json_set_taken(o, "verification", trace_verification(&verdict, e), e);
}

static bool set_certificates(json_t *o, const struct trace *t, const struct trace_target *target,
                             const struct cert_list *anchors, struct err *e) {
    PL_AUTO(cert_list_clear) struct cert_list presented = {0};
    if (!read_certs(t, &presented, e)) {
        return false;
    }
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t i = 0; ok && i < presented.count; i++) {
        ok = json_add_taken(array, trace_certificate(presented.items[i], e), e);
    }
    return json_set_taken(o, "certificates", whole(array, ok), e) &&
           set_verification(o, target, &presented, anchors, e);
}

/* --- what was agreed -----------------------------------------------------------------------------
 */

bool trace_set_entry(json_t *o, const char *name, enum tls_kind kind, uint16_t code,
                     struct err *e) {
    const struct tls_entry *entry = tls_registry_find(kind, code);
    json_t *value = json_object();
    static const char *const ratings[] = {"good", "fair", "poor", "none"};
    bool ok = json_set_integer(value, "code", code, e) &&
              json_set_text(value, "name", entry == NULL ? "unknown" : entry->name, e) &&
              json_set_text(value, "about", entry == NULL ? "" : entry->about, e) &&
              json_set_text(value, "rating", entry == NULL ? "none" : ratings[entry->rating], e);
    return json_set_taken(o, name, whole(value, ok), e);
}

static json_t *facts_object(const struct trace *t, struct err *e) {
    static const char *const exchanges[] = {"TLS 1.3", "RSA", "ECDHE", "DHE"};
    const struct trace_facts *f = &t->facts;
    json_t *o = json_object();
    bool ok = (f->version == 0 || (trace_set_entry(o, "version", TLS_KIND_VERSION, f->version, e) &&
                                   trace_set_entry(o, "suite", TLS_KIND_SUITE, f->suite, e) &&
                                   json_set_text(o, "key_exchange", exchanges[f->exchange], e))) &&
              (f->group == 0 || trace_set_entry(o, "group", TLS_KIND_GROUP, f->group, e)) &&
              (f->scheme == 0 || trace_set_entry(o, "signature", TLS_KIND_SCHEME, f->scheme, e)) &&
              (f->protocol.len == 0 || set_bytes_as_text(o, "protocol", f->protocol, e)) &&
              json_set_bool(o, "is_resumed", f->is_resumed, e) &&
              json_set_bool(o, "was_retried", f->was_retried, e) &&
              (!f->has_sent_early || json_set_bool(o, "has_early_data", f->has_early_data, e)) &&
              json_set_bool(o, "has_extended_master_secret", f->has_extended_master_secret, e) &&
              json_set_bool(o, "has_encrypt_then_mac", f->has_encrypt_then_mac, e) &&
              json_set_bool(o, "asks_for_certificate", f->asks_for_certificate, e) &&
              json_set_bool(o, "sent_certificate", f->sent_certificate, e) &&
              json_set_text(o, "lesson", explain_lesson(f), e);
    return whole(o, ok);
}

/* The ServerHello that stands, as it was sent. */
static bool find_server_hello(const struct trace *t, struct wire_server_hello *out) {
    for (size_t i = 0; i < t->message_count; i++) {
        const struct trace_message *m = &t->messages[i];
        if (m->kind == TRACE_HANDSHAKE && m->from == TRACE_SERVER && m->type == WIRE_SERVER_HELLO &&
            !m->is_retry && m->bytes.len > WIRE_MESSAGE_HEADER) {
            const struct wire_span body = {.bytes = m->bytes.bytes + WIRE_MESSAGE_HEADER,
                                           .len = m->bytes.len - WIRE_MESSAGE_HEADER};
            return wire_server_hello_read(body, out);
        }
    }
    return false;
}

static bool set_server_print(json_t *o, const struct trace *t, struct err *e) {
    PL_AUTO(buf_clear) struct buf ja3s = {.max = WIRE_FINGERPRINT_TEXT_MAX};
    PL_AUTO(buf_clear) struct buf ja4s = {.max = WIRE_FINGERPRINT_TEXT_MAX};
    struct wire_server_hello hello;
    struct wire_server_print print;
    if (!find_server_hello(t, &hello)) {
        return true;
    }
    json_t *value = json_object();
    bool ok = wire_fingerprint_server(&hello, &print, &ja3s, &ja4s, e) &&
              json_set_text(value, "ja4s", print.ja4s, e) &&
              json_set_text(value, "ja4s_raw", buf_string(&ja4s), e) &&
              json_set_text(value, "ja3s", print.ja3s, e) &&
              json_set_text(value, "ja3s_raw", buf_string(&ja3s), e);
    return json_set_taken(o, "fingerprint", whole(value, ok), e);
}

static json_t *failure_object(const struct trace_failure *f, struct err *e) {
    const struct wire_alert_about *alert = f->has_alert ? wire_alert_find(f->alert) : NULL;
    json_t *o = json_object();
    bool ok = json_set_text(o, "code", f->code, e) &&
              json_set_text(o, "sentence", f->sentence, e) &&
              json_set_text(o, "by", from_word(f->from), e) &&
              (f->field == NULL || json_set_text(o, "field", f->field, e)) &&
              (f->meaning == NULL || json_set_text(o, "meaning", f->meaning, e)) &&
              (alert == NULL || json_set_text(o, "alert", alert->name, e));
    return whole(o, ok);
}

/* --- flights: who spoke, how much, how long
 * -------------------------------------------------------
 */

static json_t *flight_object(const struct trace *t, size_t first, size_t last, int64_t before_us,
                             struct err *e) {
    size_t bytes = 0;
    for (size_t i = first; i <= last; i++) {
        bytes += t->records[i].bytes.len;
    }
    json_t *o = json_object();
    bool ok =
        json_set_text(o, "from", from_word(t->records[first].from), e) &&
        json_set_integer(o, "bytes", (int64_t)bytes, e) &&
        json_set_integer(o, "records", (int64_t)(last - first + 1), e) &&
        json_set_integer(o, "time_us", t->records[first].time_us, e) &&
        json_set_integer(o, "waited_us", t->records[first].time_us - before_us, e) &&
        json_set_integer(o, "took_us", t->records[last].time_us - t->records[first].time_us, e);
    return whole(o, ok);
}

static json_t *flights_array(const struct trace *t, struct err *e) {
    json_t *array = json_array();
    int64_t before_us = 0;
    bool ok = array != NULL;
    for (size_t first = 0; ok && first < t->record_count;) {
        size_t last = first;
        while (last + 1 < t->record_count && t->records[last + 1].from == t->records[first].from) {
            last++;
        }
        ok = json_add_taken(array, flight_object(t, first, last, before_us, e), e);
        before_us = t->records[last].time_us;
        first = last + 1;
    }
    return whole(array, ok);
}

/* --- the key log ---------------------------------------------------------------------------------
 */

/* Source: the SSLKEYLOGFILE format, draft-ietf-tls-keylogfile */
static const struct {
    const char *name;
    const char *line;
} logged[] = {
    {"client_early_traffic_secret", "CLIENT_EARLY_TRAFFIC_SECRET"},
    {"client_handshake_traffic_secret", "CLIENT_HANDSHAKE_TRAFFIC_SECRET"},
    {"server_handshake_traffic_secret", "SERVER_HANDSHAKE_TRAFFIC_SECRET"},
    {"client_application_traffic_secret_0", "CLIENT_TRAFFIC_SECRET_0"},
    {"server_application_traffic_secret_0", "SERVER_TRAFFIC_SECRET_0"},
    {"exporter_master_secret", "EXPORTER_SECRET"},
    {"master_secret", "CLIENT_RANDOM"},
};

static const char *logged_line(const struct trace *t, const struct trace_secret *s) {
    for (size_t i = 0; i < PL_ARRAY_LEN(logged); i++) {
        bool is_master = i + 1 == PL_ARRAY_LEN(logged);
        if (str_equal(logged[i].name, s->name) && (!is_master || t->facts.version < WIRE_TLS13)) {
            return logged[i].line;
        }
    }
    return NULL;
}

static bool add_log_line(json_t *array, const struct trace *t, const struct trace_secret *s,
                         const char *name, struct err *e) {
    PL_AUTO(buf_clear) struct buf line = {.max = 1024};
    char client_random[2 * WIRE_RANDOM + 1];
    char secret[2 * 64 + 1];
    json_t *text = NULL;
    if (s->output.len > 64) {
        return true;
    }
    hex_encode(t->client_random, WIRE_RANDOM, client_random);
    hex_encode(s->output.bytes, s->output.len, secret);
    if (!buf_printf(&line, e, "%s %s %s", name, client_random, secret)) {
        return false;
    }
    text = json_string(buf_string(&line));
    return json_add_taken(array, text, e);
}

static json_t *key_log_array(const struct trace *t, struct err *e) {
    json_t *array = json_array();
    bool ok = array != NULL;
    for (size_t i = 0; ok && i < t->secret_count; i++) {
        const char *line = logged_line(t, &t->secrets[i]);
        ok = line == NULL || add_log_line(array, t, &t->secrets[i], line, e);
    }
    return whole(array, ok);
}

/* --- the whole -----------------------------------------------------------------------------------
 */

static json_t *steps_array(const struct trace *t, struct err *e) {
    json_t *array = json_array();
    bool ok = array != NULL;
    for (unsigned number = 1; ok && number <= EXPLAIN_STEPS; number++) {
        const struct explain_step step = explain_step(&t->facts, number);
        json_t *o = json_object();
        bool is_set =
            json_set_integer(o, "number", number, e) && json_set_text(o, "title", step.title, e) &&
            json_set_text(o, "article", step.article, e) && json_set_text(o, "text", step.text, e);
        ok = json_add_taken(array, whole(o, is_set), e);
    }
    return whole(array, ok);
}

static bool set_lists(json_t *o, const struct trace *t, struct err *e) {
    json_t *records = json_array();
    json_t *messages = json_array();
    json_t *secrets = json_array();
    json_t *checks = json_array();
    bool ok = records != NULL && messages != NULL && secrets != NULL && checks != NULL;
    for (size_t i = 0; ok && i < t->record_count; i++) {
        ok = json_add_taken(records, record_object(&t->records[i], e), e);
    }
    for (size_t i = 0; ok && i < t->message_count; i++) {
        ok = json_add_taken(messages, message_object(t, i, e), e);
    }
    for (size_t i = 0; ok && i < t->secret_count; i++) {
        ok = json_add_taken(secrets, secret_object(&t->secrets[i], e), e);
    }
    for (size_t i = 0; ok && i < t->check_count; i++) {
        ok = json_add_taken(checks, check_object(&t->checks[i], e), e);
    }
    bool has_records = json_set_taken(o, "records", records, e);
    bool has_messages = json_set_taken(o, "messages", messages, e);
    bool has_secrets = json_set_taken(o, "secrets", secrets, e);
    bool has_checks = json_set_taken(o, "checks", checks, e);
    return ok && has_records && has_messages && has_secrets && has_checks;
}

static json_t *handshake_object(const struct trace *t, const struct trace_target *target,
                                const struct cert_list *anchors, struct err *e) {
    json_t *o = json_object();
    bool ok = json_set_text(o, "title", t->title, e) &&
              json_set_bool(o, "is_complete", t->facts.is_complete, e) &&
              json_set_integer(o, "took_us", t->end_us, e) &&
              json_set_taken(o, "agreed", facts_object(t, e), e) && set_server_print(o, t, e) &&
              (!t->failure.is_failed ||
               json_set_taken(o, "failure", failure_object(&t->failure, e), e)) &&
              json_set_taken(o, "steps", steps_array(t, e), e) &&
              json_set_taken(o, "flights", flights_array(t, e), e) && set_lists(o, t, e) &&
              set_certificates(o, t, target, anchors, e) &&
              json_set_taken(o, "key_log", key_log_array(t, e), e);
    return whole(o, ok);
}

bool trace_document(const struct trace_target *target, struct trace *const *traces, size_t count,
                    const struct cert_list *anchors, json_t **out_document, struct err *e) {
    json_t *o = json_object();
    json_t *handshakes = json_array();
    bool ok = handshakes != NULL;
    for (size_t i = 0; ok && i < count; i++) {
        ok = json_add_taken(handshakes, handshake_object(traces[i], target, anchors, e), e);
    }
    ok = json_set_text(o, "target", target->target, e) &&
         json_set_text(o, "host", target->host, e) &&
         json_set_text(o, "address", target->address, e) &&
         json_set_integer(o, "port", target->port, e) &&
         json_set_text(o, "client_address", target->client_address, e) &&
         json_set_integer(o, "client_port", target->client_port, e) &&
         json_set_text(o, "starttls", target->starttls, e) &&
         json_set_text(o, "lab", target->lab, e) && json_set_time(o, "time", target->at_ms, e) &&
         ok;
    bool has_handshakes = json_set_taken(o, "handshakes", handshakes, e);
    *out_document = whole(o, ok && has_handshakes);
    return *out_document != NULL ||
           (err_is_set(e) ? false : err_set(e, ERR_BASE_OOM, "out of memory"));
}
