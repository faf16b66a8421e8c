/* The record of a handshake: memory and limits. */
#include "inspect/trace/record.h"

#include "base/mem.h"
#include "base/secret.h"

#include <string.h>

static bool make_arrays(struct trace *t, struct err *e) {
    void *records = NULL;
    void *messages = NULL;
    void *secrets = NULL;
    void *checks = NULL;
    bool ok = mem_array(TRACE_RECORDS_MAX, sizeof(*t->records), &records, e) &&
              mem_array(TRACE_MESSAGES_MAX, sizeof(*t->messages), &messages, e) &&
              mem_array(TRACE_SECRETS_MAX, sizeof(*t->secrets), &secrets, e) &&
              mem_array(TRACE_CHECKS_MAX, sizeof(*t->checks), &checks, e);
    t->records = records;
    t->messages = messages;
    t->secrets = secrets;
    t->checks = checks;
    return ok;
}

bool trace_new(const char *title, struct trace **out_trace, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct trace), &memory, e)) {
        return false;
    }
    PL_AUTO(trace_freep) struct trace *trace = memory;
    arena_init(&trace->arena, TRACE_BYTES_MAX);
    trace->title = title;
    if (!make_arrays(trace, e)) {
        return false;
    }
    *out_trace = PL_TAKE(trace);
    return true;
}

void trace_free(struct trace *trace) {
    if (trace == NULL) {
        return;
    }
    for (size_t i = 0; i < trace->message_count; i++) {
        wire_fields_clear(&trace->messages[i].fields);
    }
    mem_free(trace->records);
    mem_free(trace->messages);
    mem_free(trace->secrets);
    mem_free(trace->checks);
    arena_clear(&trace->arena);
    mem_free(trace);
}

static bool too_many(const char *what, struct err *e) {
    return err_set(e, ERR_BASE_LIMIT, "the connection has more %s than a trace holds", what);
}

bool trace_keep(struct trace *trace, struct wire_span bytes, struct wire_span *out_copy,
                struct err *e) {
    void *memory = NULL;
    if (bytes.len == 0) {
        *out_copy = (struct wire_span){0};
        return true;
    }
    if (!arena_alloc(&trace->arena, bytes.len, &memory, e)) {
        return false;
    }
    memcpy(memory, bytes.bytes, bytes.len);
    *out_copy = (struct wire_span){.bytes = memory, .len = bytes.len};
    return true;
}

bool trace_keep_text(struct trace *trace, const char *text, const char **out_copy, struct err *e) {
    char *copy = NULL;
    if (!arena_string(&trace->arena, text, strlen(text), &copy, e)) {
        return false;
    }
    *out_copy = copy;
    return true;
}

bool trace_add_record(struct trace *trace, const struct trace_record *record, struct err *e) {
    if (trace->record_count == TRACE_RECORDS_MAX) {
        return too_many("records", e);
    }
    struct trace_record *added = &trace->records[trace->record_count];
    *added = *record;
    if (!trace_keep(trace, record->bytes, &added->bytes, e) ||
        !trace_keep(trace, record->plain, &added->plain, e)) {
        return false;
    }
    trace->record_count++;
    return true;
}

static bool describe(struct trace_message *message, const struct wire_setting *setting,
                     struct err *e) {
    switch (message->kind) {
    case TRACE_HANDSHAKE:
        return wire_describe_message(message->bytes, setting, &message->fields, e);
    case TRACE_ALERT:
        return wire_describe_alert(message->bytes, &message->fields, e);
    case TRACE_CHANGE:
        return wire_describe_change(message->bytes, &message->fields, e);
    case TRACE_DATA:
    case TRACE_PLAIN:
        return true;
    }
    return true;
}

bool trace_add_message(struct trace *trace, const struct trace_message *message,
                       const struct wire_setting *setting, struct err *e) {
    if (trace->message_count == TRACE_MESSAGES_MAX) {
        return too_many("messages", e);
    }
    struct trace_message *added = &trace->messages[trace->message_count];
    *added = *message;
    added->fields = (struct wire_fields){.arena = &trace->arena};
    added->record = trace->record_count == 0 ? 0 : (uint32_t)trace->record_count - 1;
    if (!trace_keep(trace, message->bytes, &added->bytes, e)) {
        return false;
    }
    trace->message_count++;
    return describe(added, setting, e);
}

bool trace_add_secret(struct trace *trace, const struct trace_secret *secret, struct err *e) {
    if (trace->secret_count == TRACE_SECRETS_MAX) {
        return too_many("secrets", e);
    }
    struct trace_secret *added = &trace->secrets[trace->secret_count];
    *added = *secret;
    added->after_message = trace->message_count;
    for (size_t i = 0; i < secret->input_count; i++) {
        if (!trace_keep(trace, secret->inputs[i].bytes, &added->inputs[i].bytes, e)) {
            return false;
        }
    }
    if (!trace_keep(trace, secret->output, &added->output, e)) {
        return false;
    }
    trace->secret_count++;
    return true;
}

bool trace_add_check(struct trace *trace, const struct trace_check *check, struct err *e) {
    if (trace->check_count == TRACE_CHECKS_MAX) {
        return too_many("checks", e);
    }
    struct trace_check *added = &trace->checks[trace->check_count];
    *added = *check;
    added->after_message = trace->message_count;
    if (!trace_keep(trace, check->expected, &added->expected, e) ||
        !trace_keep(trace, check->found, &added->found, e) ||
        !trace_keep_text(trace, check->about, &added->about, e)) {
        return false;
    }
    trace->check_count++;
    return true;
}

bool trace_add_plain(struct trace *trace, enum trace_from from, int64_t time_us,
                     struct wire_span bytes, struct err *e) {
    static const struct wire_setting nothing;
    const struct trace_record record = {
        .from = from, .time_us = time_us, .bytes = bytes, .plain = bytes};
    const struct trace_message message = {.kind = TRACE_PLAIN,
                                          .from = from,
                                          .step = TRACE_STEP_OFFER,
                                          .time_us = time_us,
                                          .bytes = bytes};
    trace->end_us = time_us;
    return trace_add_record(trace, &record, e) && trace_add_message(trace, &message, &nothing, e);
}

bool trace_add_cert(struct trace *trace, struct wire_span der, struct err *e) {
    if (trace->cert_count == TRACE_CERTS_MAX) {
        return true; /* the message itself shows them all */
    }
    if (!trace_keep(trace, der, &trace->certs[trace->cert_count], e)) {
        return false;
    }
    trace->cert_count++;
    return true;
}

void trace_set_failure(struct trace *trace, const struct trace_failure *failure) {
    if (trace->failure.is_failed) {
        return;
    }
    trace->failure = *failure;
    trace->failure.is_failed = true;
    if (failure->sentence == NULL ||
        !trace_keep_text(trace, failure->sentence, &trace->failure.sentence, NULL)) {
        trace->failure.sentence = "";
    }
}
