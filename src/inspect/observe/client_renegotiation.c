/*
 * Another handshake on the connection that stands, before TLS 1.3: our hello under its keys, and
 * whether the server goes into it. The handshake itself is not made.
 *
 * Source: RFC 5246 §7.4.1.1, RFC 5746 §3.5
 */
#include "inspect/observe/client_parts.h"
#include "inspect/wire/builder.h"

enum { WARNING = 1 };

static bool note_outcome(struct observer *o, enum trace_renegotiation outcome) {
    bool is_begun = outcome == TRACE_RENEGOTIATION_BEGUN;
    const struct trace_check check = {
        .name = "renegotiation",
        .about = is_begun ? "the server goes into another handshake when a client wants one"
                          : "the server does not go into the other handshake that we wanted",
        .outcome = is_begun ? TRACE_UNKNOWN : TRACE_PASSED,
        .step = TRACE_STEP_DATA};
    o->trace->facts.renegotiation = outcome;
    observer_set_state(o, OBSERVER_CLOSED);
    return trace_add_check(o->trace, &check, &o->error);
}

/* The same offer as the first, and by RFC 5746 what ties it to that. */
static struct wire_client_hello make_hello(const struct observer *o) {
    bool is_told = o->has_renegotiation_info && !o->wish->has_no_renegotiation_info;
    struct wire_client_hello hello = o->hello;
    hello.session_id = hello.ticket = (struct wire_span){0};
    if (hello.has_no_extensions) {
        /* Nothing but what ties it; and the suite that stood for the extension stays away. */
        struct wire_list suites = hello.suites;
        bool has_stand_in =
            suites.count > 0 && suites.items[suites.count - 1] == WIRE_SUITE_RENEGOTIATION;
        suites.count -= has_stand_in ? 1 : 0;
        hello = (struct wire_client_hello){.legacy_version = hello.legacy_version,
                                           .random = hello.random,
                                           .suites = suites,
                                           .has_no_extensions = !is_told};
    }
    hello.has_renegotiation_info = is_told;
    hello.renegotiated =
        is_told ? observer_span(o->own_verify_data, o->own_verify_len) : (struct wire_span){0};
    return hello;
}

bool observer_ask_renegotiation(struct observer *o) {
    uint8_t random[WIRE_RANDOM];
    PL_AUTO(buf_clear) struct buf message = {.max = WIRE_CLIENT_HELLO_MAX};
    struct wire_client_hello hello = make_hello(o);
    if (!o->wish->random.fill(o->wish->random.ctx, random, sizeof(random))) {
        return err_set(&o->error, ERR_BASE_RANDOM, "no random bytes are to be had");
    }
    hello.random = random;
    o->has_asked_renegotiation = true;
    return wire_client_hello_build(&hello, &message, &o->error) &&
           observer_send_message(o, TRACE_STEP_DATA, observer_span(message.data, message.len));
}

bool observer_on_renegotiation(struct observer *o, struct wire_span body) {
    struct wire_server_hello hello;
    if (!o->has_asked_renegotiation) {
        (void)err_set(&o->error, ERR_OBSERVE_UNEXPECTED,
                      "the server sent a ServerHello where none may come");
        return observer_blame(o, WIRE_ALERT_UNEXPECTED_MESSAGE, "msg_type", "");
    }
    if (!wire_server_hello_read(body, &hello)) {
        (void)err_set(&o->error, ERR_OBSERVE_MALFORMED, "the ServerHello is malformed");
        return observer_blame(o, WIRE_ALERT_DECODE_ERROR, "malformed", "");
    }
    /* No close_notify: Node.js 0.10 falls over one in the middle of a handshake. */
    return note_outcome(o, TRACE_RENEGOTIATION_BEGUN);
}

bool observer_end_renegotiation(struct observer *o) {
    observer_send_alert(o, WARNING, WIRE_ALERT_CLOSE_NOTIFY);
    return note_outcome(o, TRACE_RENEGOTIATION_REFUSED);
}
