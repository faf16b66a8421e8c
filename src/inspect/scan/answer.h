/*
 * What one connection brought: whether TLS was spoken, what the server chose, its certificates and
 * what else it let see. Filled message by message, from a conversation in the clear (scan/talk.h)
 * or from a handshake that the observing client made (observe/client.h).
 *
 * Everything is hostile: a message that cannot be read is an answer that is malformed.
 * Limits: ANSWER_BYTES_MAX kept of one connection.
 * Source: RFC 8446 §4, RFC 5246 §7.4, RFC 8422 §5.4, RFC 5077, RFC 6066 §8
 */
#ifndef PL_INSPECT_SCAN_ANSWER_H
#define PL_INSPECT_SCAN_ANSWER_H

#include "base/arena.h"
#include "inspect/trace/record.h"
#include "inspect/wire/hello.h"

enum {
    ANSWER_CERTS_MAX = 16,
    ANSWER_BYTES_MAX = 1024 * 1024,
    ANSWER_RESPONSE_MAX = 16 * 1024,
    ANSWER_REACTION_MAX = 32
};

enum answer_end {
    ANSWER_OPEN,     /* the conversation is not over */
    ANSWER_COMPLETE, /* all that was asked for has come */
    ANSWER_ALERT,    /* the server said no */
    ANSWER_CLOSED,   /* it closed without a word */
    ANSWER_SILENT,   /* it said nothing (more) within the time */
    ANSWER_REFUSED,  /* there was no connection */
    ANSWER_NOT_TLS,  /* it speaks something else, or does not begin TLS */
    ANSWER_MALFORMED,
};

/* Of a test for one weakness. */
enum answer_weakness { ANSWER_UNTESTED, ANSWER_SAFE, ANSWER_VULNERABLE, ANSWER_UNCLEAR };

/* Spans are the answer's own. Clear works on a zeroed struct. */
struct scan_answer {
    struct arena arena;
    enum answer_end end;
    uint8_t alert; /* its code, with ANSWER_ALERT */
    bool has_hello;
    struct wire_server_hello hello; /* its spans are kept, too */
    uint16_t group;                 /* of the key exchange; 0: none, or not seen */
    uint16_t scheme;                /* of the server's signature; 0: not seen */
    unsigned dh_bits;               /* of a finite field; 0: none */
    struct wire_span dh_prime;
    struct wire_span certs[ANSWER_CERTS_MAX]; /* DER, as presented */
    size_t cert_count;
    struct wire_span ocsp; /* stapled response */
    bool asks_for_certificate;
    struct wire_span authorities; /* the list of names, each with its length of two bytes before */
    struct wire_span protocol;    /* ALPN */
    bool has_ticket;              /* that came */
    uint32_t ticket_lifetime_s;
    uint32_t early_data_max; /* bytes of 0-RTT; 0: none */
    bool is_done;            /* ServerHelloDone */
    bool is_resumed;
    bool is_handshake_complete;
    enum trace_renegotiation renegotiation;
    struct wire_span head; /* of an HTTP response; text, no NUL */
    enum answer_weakness weakness;
    uint8_t reaction[ANSWER_REACTION_MAX]; /* to ASK_ROBOT: what came, in short, and how it ended */
    size_t reaction_len;
    bool has_ssl2; /* an SSL 2.0 server hello */
};
void scan_answer_init(struct scan_answer *a);
void scan_answer_clear(struct scan_answer *a);

/*
 * One handshake message's body, as the version has it. False when it is malformed (end says so) or
 * memory is short.
 */
bool scan_answer_take_message(struct scan_answer *a, uint16_t version, uint8_t type,
                              struct wire_span body);
/* What came after a block of ASK_ROBOT: a record (of an alert what it says, of others how long they
 * are), the end of the connection (type 0), or nothing. What does not fit is not told apart. */
enum { ANSWER_REACTION_SILENCE = 0xFF };
void scan_answer_note_reaction(struct scan_answer *a, uint8_t type, struct wire_span content);
/* Everything that the observing client wrote down. */
bool scan_answer_take_trace(struct scan_answer *a, const struct trace *trace);

#endif
