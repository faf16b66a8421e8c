/* One connection's answer, read message by message. */
#include "inspect/scan/answer.h"

#include "inspect/wire/numbers.h"

#include <string.h>

enum { TRAFFIC_HEAD = 4, CURVE_NAMED = 3 };

void scan_answer_init(struct scan_answer *a) {
    *a = (struct scan_answer){.end = ANSWER_OPEN};
    arena_init(&a->arena, ANSWER_BYTES_MAX);
}

void scan_answer_clear(struct scan_answer *a) {
    arena_clear(&a->arena);
    *a = (struct scan_answer){0};
}

static bool malformed(struct scan_answer *a) {
    a->end = ANSWER_MALFORMED;
    return false;
}

static bool keep(struct scan_answer *a, struct wire_span span, struct wire_span *out) {
    char *copy = NULL;
    if (span.len == 0) {
        *out = (struct wire_span){0};
        return true;
    }
    if (!arena_string(&a->arena, (const char *)span.bytes, span.len, &copy, NULL)) {
        return malformed(a);
    }
    *out = (struct wire_span){.bytes = (const uint8_t *)copy, .len = span.len};
    return true;
}

/* --- one message each ----------------------------------------------------------------------------
 */

static bool take_server_hello(struct scan_answer *a, struct wire_span body) {
    struct wire_span kept = {0};
    /* A second one follows a retry: the last counts. */
    if (!keep(a, body, &kept) || !wire_server_hello_read(kept, &a->hello)) {
        return malformed(a);
    }
    a->has_hello = true;
    if (a->hello.group != 0) {
        a->group = a->hello.group;
    }
    if (a->hello.protocol.len > 0) {
        a->protocol = a->hello.protocol;
    }
    return true;
}

static bool take_status(struct scan_answer *a, struct wire_span content) {
    struct wire_reader r = wire_reader_of(content);
    uint32_t type = wire_read(&r, 1);
    struct wire_span response = wire_vector(&r, 3);
    if (!wire_is_done(&r) || type != 1) {
        return malformed(a);
    }
    return keep(a, response, &a->ocsp);
}

/* The content of one extension in a list of them; empty where it is not there. */
static bool find_extension(struct scan_answer *a, struct wire_span rest, uint16_t wanted,
                           struct wire_span *out_content) {
    *out_content = (struct wire_span){.bytes = NULL};
    while (rest.len > 0) {
        uint16_t type = 0;
        struct wire_span content = {0};
        if (!wire_next_extension(&rest, &type, &content)) {
            return malformed(a);
        }
        if (type == wanted) {
            *out_content = content;
        }
    }
    return true;
}

static bool take_entry_extensions(struct scan_answer *a, struct wire_span list, bool is_leaf) {
    struct wire_span status;
    return find_extension(a, list, WIRE_EXT_STATUS_REQUEST, &status) &&
           (status.len == 0 || !is_leaf || take_status(a, status));
}

static bool take_certificate(struct scan_answer *a, uint16_t version, struct wire_span body) {
    struct wire_reader r = wire_reader_of(body);
    bool is_tls13 = version == WIRE_TLS13;
    if (is_tls13) {
        (void)wire_vector(&r, 1);
    }
    struct wire_reader list = wire_reader_of(wire_vector(&r, 3));
    a->cert_count = 0;
    while (list.left > 0 && !list.is_failed) {
        struct wire_span der = wire_vector(&list, 3);
        struct wire_span extensions =
            is_tls13 ? wire_vector(&list, 2) : (struct wire_span){.bytes = NULL};
        if (list.is_failed || der.len == 0) {
            return malformed(a);
        }
        if (a->cert_count == ANSWER_CERTS_MAX) {
            continue; /* more than anybody needs: told as many as are kept */
        }
        if (!keep(a, der, &a->certs[a->cert_count]) ||
            !take_entry_extensions(a, extensions, a->cert_count == 0)) {
            return false;
        }
        a->cert_count++;
    }
    return (wire_is_done(&r) && !list.is_failed) || malformed(a);
}

static unsigned bits_of(struct wire_span number) {
    while (number.len > 0 && number.bytes[0] == 0) {
        number.bytes++;
        number.len--;
    }
    if (number.len == 0) {
        return 0;
    }
    unsigned bits = (unsigned)(8 * (number.len - 1));
    for (unsigned top = number.bytes[0]; top > 0; top >>= 1) {
        bits++;
    }
    return bits;
}

/* Before TLS 1.3: parameters, and from TLS 1.2 on which signature. A suite without certificates has
 * no signature. */
static bool take_key_exchange(struct scan_answer *a, uint16_t version, struct wire_span body) {
    struct wire_reader r = wire_reader_of(body);
    if (body.len > 4 && body.bytes[0] == CURVE_NAMED) {
        (void)wire_read(&r, 1);
        a->group = (uint16_t)wire_read(&r, 2);
        (void)wire_vector(&r, 1);
    } else {
        struct wire_span prime = wire_vector(&r, 2);
        (void)wire_vector(&r, 2);
        (void)wire_vector(&r, 2);
        if (!r.is_failed) {
            a->dh_bits = bits_of(prime);
            if (!keep(a, prime, &a->dh_prime)) {
                return false;
            }
        }
    }
    /* Parameters of suites that are not looked into (PSK, SRP) say nothing here. */
    if (!r.is_failed && version == WIRE_TLS12 && r.left > 2) {
        a->scheme = (uint16_t)wire_read(&r, 2);
    }
    return true;
}

static bool take_request(struct scan_answer *a, uint16_t version, struct wire_span body) {
    struct wire_reader r = wire_reader_of(body);
    a->asks_for_certificate = true;
    (void)wire_vector(&r, 1); /* the context, or the types */
    if (version != WIRE_TLS13) {
        if (version == WIRE_TLS12) {
            (void)wire_vector(&r, 2);
        }
        struct wire_span names = wire_vector(&r, 2);
        return wire_is_done(&r) ? keep(a, names, &a->authorities) : malformed(a);
    }
    struct wire_span content;
    if (!find_extension(a, wire_vector(&r, 2), WIRE_EXT_AUTHORITIES, &content)) {
        return false;
    }
    struct wire_reader names = wire_reader_of(content);
    return wire_is_done(&r) ? content.len == 0 || keep(a, wire_vector(&names, 2), &a->authorities)
                            : malformed(a);
}

static bool take_ticket(struct scan_answer *a, uint16_t version, struct wire_span body) {
    struct wire_reader r = wire_reader_of(body);
    a->ticket_lifetime_s = wire_read(&r, 4);
    if (version != WIRE_TLS13) {
        a->has_ticket = wire_vector(&r, 2).len > 0;
        return wire_is_done(&r) || malformed(a);
    }
    (void)wire_read(&r, 4);
    (void)wire_vector(&r, 1);
    a->has_ticket = wire_vector(&r, 2).len > 0;
    struct wire_span content;
    if (!find_extension(a, wire_vector(&r, 2), WIRE_EXT_EARLY_DATA, &content)) {
        return false;
    }
    struct wire_reader number = wire_reader_of(content);
    a->early_data_max = wire_read(&number, 4);
    return wire_is_done(&r) || malformed(a);
}

static bool take_encrypted_extensions(struct scan_answer *a, struct wire_span body) {
    struct wire_reader r = wire_reader_of(body);
    struct wire_span content;
    if (!find_extension(a, wire_vector(&r, 2), WIRE_EXT_ALPN, &content)) {
        return false;
    }
    return wire_is_done(&r) ? content.len == 0 || keep(a, wire_alpn_chosen(content), &a->protocol)
                            : malformed(a);
}

bool scan_answer_take_message(struct scan_answer *a, uint16_t version, uint8_t type,
                              struct wire_span body) {
    switch (type) {
    case WIRE_SERVER_HELLO:
        return take_server_hello(a, body);
    case WIRE_ENCRYPTED_EXTENSIONS:
        return take_encrypted_extensions(a, body);
    case WIRE_CERTIFICATE:
        return take_certificate(a, version, body);
    case WIRE_CERTIFICATE_STATUS:
        return take_status(a, body);
    case WIRE_SERVER_KEY_EXCHANGE:
        return take_key_exchange(a, version, body);
    case WIRE_CERTIFICATE_REQUEST:
        return take_request(a, version, body);
    case WIRE_NEW_SESSION_TICKET:
        return take_ticket(a, version, body);
    case WIRE_SERVER_HELLO_DONE:
        a->is_done = true;
        return true;
    }
    return true;
}

void scan_answer_note_reaction(struct scan_answer *a, uint8_t type, struct wire_span content) {
    bool is_alert = type == WIRE_ALERT && content.len == 2;
    const uint8_t noted[] = {type, is_alert ? content.bytes[0] : (uint8_t)(content.len >> 8),
                             is_alert ? content.bytes[1] : (uint8_t)content.len};
    if (a->reaction_len + sizeof(noted) <= sizeof(a->reaction)) {
        memcpy(a->reaction + a->reaction_len, noted, sizeof(noted));
        a->reaction_len += sizeof(noted);
    }
}

/* --- what the observing client saw ---------------------------------------------------------------
 */

static bool take_data(struct scan_answer *a, struct wire_span bytes) {
    if (a->head.len > 0) {
        return true;
    }
    struct wire_span cut = {bytes.bytes,
                            bytes.len < ANSWER_RESPONSE_MAX ? bytes.len : ANSWER_RESPONSE_MAX};
    return keep(a, cut, &a->head);
}

bool scan_answer_take_trace(struct scan_answer *a, const struct trace *trace) {
    const struct trace_facts *facts = &trace->facts;
    for (size_t i = 0; i < trace->message_count; i++) {
        const struct trace_message *m = &trace->messages[i];
        if (m->from != TRACE_SERVER) {
            continue;
        }
        if (m->kind == TRACE_DATA && !take_data(a, m->bytes)) {
            return false;
        }
        if (m->kind == TRACE_ALERT && !facts->is_complete) {
            a->alert = m->type;
        }
        if (m->kind == TRACE_HANDSHAKE && m->bytes.len >= TRAFFIC_HEAD) {
            struct wire_span body = {m->bytes.bytes + TRAFFIC_HEAD, m->bytes.len - TRAFFIC_HEAD};
            if (!scan_answer_take_message(a, facts->version, m->type, body)) {
                return false;
            }
        }
    }
    if (facts->scheme != 0) {
        a->scheme = facts->scheme;
    }
    if (facts->group != 0) {
        a->group = facts->group;
    }
    a->is_resumed = facts->is_resumed;
    a->renegotiation = facts->renegotiation;
    a->is_handshake_complete = facts->is_complete;
    return true;
}
