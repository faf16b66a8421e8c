/*
 * What one observed handshake was: every record as it went over the wire, every message with its
 * fields, every secret with what it was made of, every check and its outcome, in the order in which
 * they came. Filled by observe/client.h, read by the document (trace/document.h).
 *
 * All bytes and texts are copies in the trace's arena. A trace holds private values of our own
 * side: of connections that carry nobody's data.
 *
 * Limits: TRACE_…_MAX of each kind, TRACE_BYTES_MAX in all; what exceeds them fails base.limit.
 */
#ifndef PL_INSPECT_TRACE_RECORD_H
#define PL_INSPECT_TRACE_RECORD_H

#include "base/arena.h"
#include "inspect/wire/fields.h"

enum {
    TRACE_RECORDS_MAX = 600,
    TRACE_MESSAGES_MAX = 160,
    TRACE_SECRETS_MAX = 160,
    TRACE_CHECKS_MAX = 64,
    TRACE_INPUTS_MAX = 4,
    TRACE_BYTES_MAX = 16 * 1024 * 1024,
    TRACE_CERTS_MAX = 16,
};

enum trace_from { TRACE_CLIENT, TRACE_SERVER };

/* The article's nine steps, by their numbers. */
enum trace_step {
    TRACE_STEP_OFFER = 1,  /* the client's settings */
    TRACE_STEP_CHOICE = 2, /* the server's settings and certificate */
    TRACE_STEP_AUTHENTICATE = 3,
    TRACE_STEP_PRE_MASTER = 4, /* the pre-master secret, or the client's part of the exchange */
    TRACE_STEP_SERVER_SECRET = 5,
    TRACE_STEP_KEYS = 6,
    TRACE_STEP_CLIENT_FINISHED = 7,
    TRACE_STEP_SERVER_FINISHED = 8,
    TRACE_STEP_DATA = 9,
};

/* Which keys a record was protected with. */
enum trace_keys {
    TRACE_KEYS_NONE,
    TRACE_KEYS_HANDSHAKE,
    TRACE_KEYS_DATA,
    TRACE_KEYS_EARLY, /* of a ticket: data that goes ahead (0-RTT) */
};

struct trace_record {
    enum trace_from from;
    int64_t time_us;        /* since the beginning */
    struct wire_span bytes; /* header and all; plain text of STARTTLS has no header */
    uint8_t type;           /* 0: plain text before TLS */
    enum trace_keys keys;
    uint64_t sequence;
    uint8_t inner_type;
    struct wire_span plain; /* decrypted; of unprotected records the content */
};

enum trace_kind {
    TRACE_HANDSHAKE,
    TRACE_CHANGE,
    TRACE_ALERT,
    TRACE_DATA,
    TRACE_PLAIN, /* before TLS: STARTTLS */
};

struct trace_message {
    enum trace_kind kind;
    enum trace_from from;
    enum trace_step step;
    enum trace_keys keys;
    uint8_t type;    /* of a handshake message; of an alert its description */
    bool is_retry;   /* a ServerHello that is a HelloRetryRequest */
    uint32_t record; /* the record in which it ends */
    int64_t time_us;
    struct wire_span bytes;
    struct wire_fields fields;
};

enum trace_operation {
    TRACE_GIVEN,        /* made up at random, or received */
    TRACE_HASH,         /* hash of input 0 */
    TRACE_EXTRACT,      /* HKDF-Extract(salt, key) */
    TRACE_EXPAND_LABEL, /* HKDF-Expand-Label(secret, label, context) */
    TRACE_HMAC,         /* HMAC(key, bytes) */
    TRACE_PRF,          /* PRF(secret, label, seed) of TLS 1.2 */
    TRACE_PRF10,        /* of TLS 1.0 and 1.1 */
    TRACE_SSL3,         /* of SSL 3.0 */
    TRACE_SLICE,        /* bytes of input 0 from number on */
    TRACE_CONCAT,       /* the inputs one after the other */
    TRACE_AGREE,        /* private value, the other side's public value; label is the curve */
    TRACE_DECAPSULATE,  /* seed, ciphertext; label is the KEM */
    TRACE_RSA_ENCRYPT,  /* by the client, with the certificate's key */
    TRACE_RSA_DECRYPT,  /* by the server, with its private key */
};

struct trace_input {
    const char *name; /* static */
    struct wire_span bytes;
};

struct trace_secret {
    const char *name;  /* static: "client_handshake_traffic_secret" */
    const char *about; /* static */
    enum trace_operation operation;
    const char *hash;  /* static, as OpenSSL names it; NULL: none */
    const char *label; /* static; NULL: none */
    struct trace_input inputs[TRACE_INPUTS_MAX];
    size_t input_count;
    size_t number; /* TRACE_SLICE: the first byte */
    struct wire_span output;
    enum trace_step step;
    size_t after_message; /* messages that there were when it could be known */
    bool is_server_only;  /* what the server alone can reckon: in the lab, whose server is ours */
};

enum trace_outcome { TRACE_PASSED, TRACE_FAILED, TRACE_UNKNOWN };

struct trace_check {
    const char *name;  /* static: "server Finished" */
    const char *about; /* sentence, lower case, no full stop; may hold bytes from outside */
    enum trace_outcome outcome;
    struct wire_span expected; /* empty where nothing is compared */
    struct wire_span found;
    enum trace_step step;
    size_t after_message;
};

struct trace_failure {
    bool is_failed;
    const char *code;     /* static: the error's */
    const char *sentence; /* what went wrong; may hold bytes from outside */
    const char *field;    /* static: the field behind it, "" when none is known */
    const char *meaning;  /* static: what that means, and what would help */
    uint8_t alert;
    bool has_alert;
    enum trace_from from; /* who gave up */
};

/* What came of a second handshake on the same connection that the client wanted. */
enum trace_renegotiation {
    TRACE_RENEGOTIATION_UNTRIED,
    TRACE_RENEGOTIATION_REFUSED,
    TRACE_RENEGOTIATION_BEGUN, /* the server answered with its hello */
};

/* What was agreed. Zeros and empty spans where the handshake did not come so far. */
struct trace_facts {
    uint16_t version;
    uint16_t suite;
    uint16_t group;
    uint16_t scheme; /* of the server's signature */
    enum wire_exchange exchange;
    struct wire_span protocol; /* ALPN */
    bool is_resumed;
    bool was_retried;
    bool has_extended_master_secret;
    bool has_encrypt_then_mac;
    bool has_sent_early; /* data went with the first hello (0-RTT) */
    bool has_early_data; /* and the server took it */
    bool asks_for_certificate;
    bool sent_certificate;
    enum trace_renegotiation renegotiation;
    bool is_complete; /* both Finished messages were right */
};

struct trace {
    struct arena arena;
    const char *title; /* static: "full handshake" */
    struct trace_record *records;
    size_t record_count;
    struct trace_message *messages;
    size_t message_count;
    struct trace_secret *secrets;
    size_t secret_count;
    struct trace_check *checks;
    size_t check_count;
    struct wire_span certs[TRACE_CERTS_MAX]; /* DER, as presented */
    size_t cert_count;
    struct trace_facts facts;
    struct trace_failure failure;
    uint8_t client_random[32]; /* for the key log */
    int64_t end_us;
};

/* Fails base.oom. Caller owns, trace_free(). */
bool trace_new(const char *title, struct trace **out_trace, struct err *e) PL_MUST_USE;
void trace_free(struct trace *trace);
PL_DEFINE_FREEP(trace_freep, struct trace, trace_free)

/* A copy of bytes in the trace. */
bool trace_keep(struct trace *trace, struct wire_span bytes, struct wire_span *out_copy,
                struct err *e) PL_MUST_USE;
bool trace_keep_text(struct trace *trace, const char *text, const char **out_copy, struct err *e)
    PL_MUST_USE;

/* Each copies the bytes that it is given. Fails base.limit, base.oom */
bool trace_add_record(struct trace *trace, const struct trace_record *record, struct err *e)
    PL_MUST_USE;
/* The fields are read here, by the setting. */
bool trace_add_message(struct trace *trace, const struct trace_message *message,
                       const struct wire_setting *setting, struct err *e) PL_MUST_USE;
bool trace_add_secret(struct trace *trace, const struct trace_secret *secret, struct err *e)
    PL_MUST_USE;
bool trace_add_check(struct trace *trace, const struct trace_check *check, struct err *e)
    PL_MUST_USE;
/* Plain text before TLS: a record and a message. */
bool trace_add_plain(struct trace *trace, enum trace_from from, int64_t time_us,
                     struct wire_span bytes, struct err *e) PL_MUST_USE;
bool trace_add_cert(struct trace *trace, struct wire_span der, struct err *e) PL_MUST_USE;

/* The first failure stands; later ones are its consequences. sentence is copied. */
void trace_set_failure(struct trace *trace, const struct trace_failure *failure);

#endif
