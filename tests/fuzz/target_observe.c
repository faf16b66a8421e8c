/*
 * inspect/observe: any bytes as a server's. The first byte says which version is offered alone; the
 * client's random bytes are always the same, so that what a server once sent decrypts again. The
 * bytes come in pieces. Whatever they are: the trace tells it, and its limits hold.
 */
#include "fuzz.h"

#include "inspect/observe/client.h"

static const uint16_t versions[] = {0x0300, 0x0301, 0x0302, 0x0303, 0x0304};
/* The value that is sent ahead is the one that random bytes make. */
static const uint16_t groups[] = {0x001D, 0x0017};

static bool fill(void *ctx, uint8_t *out, size_t len) {
    uint32_t *state = ctx;
    for (size_t i = 0; i < len; i++) {
        *state = *state * 1664525 + 1013904223;
        out[i] = (uint8_t)(*state >> 24);
    }
    return true;
}

static void check_trace(const struct trace *trace, bool is_over) {
    FUZZ_CHECK(trace->record_count <= TRACE_RECORDS_MAX);
    FUZZ_CHECK(trace->message_count <= TRACE_MESSAGES_MAX);
    FUZZ_CHECK(!trace->failure.is_failed || trace->failure.sentence[0] != '\0');
    FUZZ_CHECK(!trace->failure.is_failed || trace->failure.code[0] != '\0');
    FUZZ_CHECK(!is_over || trace->failure.is_failed || trace->facts.is_complete);
    for (size_t i = 0; i < trace->message_count; i++) {
        const struct trace_message *message = &trace->messages[i];
        for (size_t n = 0; n < message->fields.count; n++) {
            const struct wire_field *field = &message->fields.items[n];
            FUZZ_CHECK(field->offset <= message->bytes.len &&
                       field->len <= message->bytes.len - field->offset);
        }
    }
}

static void observe(uint16_t version, const uint8_t *bytes, size_t len) {
    struct trace *trace = NULL;
    struct observer *observer = NULL;
    uint32_t seed = 1;
    const struct observe_wish wish = {.server_name = "lab.example",
                                      .http_host = "lab.example",
                                      .version_min = version,
                                      .version_max = version,
                                      .groups = {groups, 2},
                                      .shares = {groups, 1},
                                      .random = {fill, &seed}};
    FUZZ_CHECK(trace_new("fuzz", &trace, NULL) && observer_new(&wish, trace, &observer, NULL));
    enum observe_status status = observer_start(observer, 0);
    for (size_t at = 0; at < len && status == OBSERVE_GOES_ON;) {
        size_t part = len - at < 700 ? len - at : 700;
        status = observer_receive(observer, bytes + at, part, (int64_t)at);
        at += part;
    }
    if (status == OBSERVE_GOES_ON) {
        status = observer_end(observer, false, (int64_t)len);
    }
    FUZZ_CHECK(status != OBSERVE_GOES_ON);
    check_trace(trace, true);
    observer_free(observer);
    trace_free(trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    if (len > 0 && len < 64 * 1024) {
        observe(versions[bytes[0] % PL_ARRAY_LEN(versions)], bytes + 1, len - 1);
    }
    return 0;
}
