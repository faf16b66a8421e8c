/*
 * What the files of the observing client share. The client's state names are RFC 8446's (appendix
 * A.1); those of the versions before end in _12.
 */
#ifndef PL_INSPECT_OBSERVE_CLIENT_PARTS_H
#define PL_INSPECT_OBSERVE_CLIENT_PARTS_H

#include "inspect/observe/client.h"
#include "inspect/observe/derive.h"
#include "inspect/observe/protect.h"

enum observer_state {
    OBSERVER_START,
    OBSERVER_WAIT_SH,
    OBSERVER_WAIT_EE,
    OBSERVER_WAIT_CERT_CR,
    OBSERVER_WAIT_CERT,
    OBSERVER_WAIT_CV,
    OBSERVER_WAIT_FINISHED,
    OBSERVER_WAIT_CERT_12,
    OBSERVER_WAIT_KEY_12,  /* ServerKeyExchange; with RSA what follows it */
    OBSERVER_WAIT_DONE_12, /* CertificateRequest, ServerHelloDone */
    OBSERVER_WAIT_CHANGE_12,
    OBSERVER_WAIT_FINISHED_12,
    OBSERVER_CONNECTED,
    OBSERVER_CLOSED,
    OBSERVER_GAVE_UP,
    OBSERVER_STATE_COUNT
};

enum { OBSERVE_TRANSCRIPT_MAX = 1024 * 1024, OBSERVE_IN_MAX = 2 * 1024 * 1024, MASTER_LEN = 48 };

/* A traffic secret of TLS 1.3 and what comes of it. */
struct observer_traffic {
    uint8_t secret[DERIVE_HASH_MAX];
};

struct observer {
    const struct observe_wish *wish;
    struct trace *trace;
    enum observer_state state;
    int64_t time_us;
    struct err error;         /* the first */
    uint8_t alert;            /* to be sent for it */
    const char *blamed_field; /* static */
    const char *blamed_meaning;

    struct buf in;            /* records that are not whole yet */
    struct buf plain;         /* of the record being read */
    struct buf messages;      /* handshake messages that are not whole yet */
    struct buf out;           /* to be sent */
    struct buf transcript;    /* all handshake messages */
    size_t transcript_before; /* its length before the message being handled */
    size_t transcript_count;  /* messages in it */
    struct buf response;      /* application data */
    struct protect read;
    struct protect write;
    enum trace_keys read_keys;
    enum trace_keys write_keys;

    /* what was offered */
    uint16_t suites[OBSERVE_LIST_MAX];
    uint16_t versions[8];
    uint16_t groups[16];
    uint16_t schemes[OBSERVE_LIST_MAX];
    struct wire_client_hello hello;
    struct exchange exchanges[WIRE_SHARES_MAX];
    size_t exchange_count;
    uint8_t publics[WIRE_SHARES_MAX][EXCHANGE_PUBLIC_MAX];
    struct wire_share shares[WIRE_SHARES_MAX];
    uint8_t client_random[WIRE_RANDOM];
    uint8_t session_id[32];
    struct buf cookie;

    /* what was agreed */
    uint16_t version;
    const struct observe_suite *suite;
    const char *hash; /* of the schedule and of the transcript */
    uint8_t server_random[WIRE_RANDOM];
    X509 *leaf;
    EVP_PKEY *server_key;
    bool is_certificate_wanted;
    struct buf wanted_schemes;  /* of the client's signature */
    struct buf request_context; /* of a CertificateRequest */
    bool has_sent_change;
    bool has_got_change;
    bool is_request_sent;
    bool has_refused_renegotiation;
    bool has_asked_renegotiation;
    bool has_renegotiation_info; /* the server knows RFC 5746 */
    uint8_t own_verify_data[DERIVE_HASH_MAX];
    size_t own_verify_len;
    bool is_early;    /* data went ahead, and the server has not said what becomes of it */
    bool is_accepted; /* the server has shown that it takes our Finished */

    /* secrets */
    uint8_t early_secret[DERIVE_HASH_MAX];
    uint8_t handshake_secret[DERIVE_HASH_MAX];
    uint8_t master_secret[DERIVE_HASH_MAX];
    struct observer_traffic client_early;
    struct observer_traffic client_handshake;
    struct observer_traffic server_handshake;
    struct observer_traffic client_data;
    struct observer_traffic server_data;
    uint8_t resumption_secret[DERIVE_HASH_MAX];
    uint8_t pre_master[EXCHANGE_SECRET_MAX];
    size_t pre_master_len;
    uint8_t encrypted_pre_master[2048];
    size_t encrypted_pre_master_len;
    struct protect next_read; /* before TLS 1.3: takes over at ChangeCipherSpec */
    struct protect next_write;

    struct observe_session session;
};

/* The one writer of the state. */
void observer_set_state(struct observer *o, enum observer_state state);

/* What a failure says beside the error: the alert, the field behind it, a sentence; returns false.
 */
bool observer_blame(struct observer *o, uint8_t alert, const char *field, const char *meaning);

/* --- sending (client.c) --- */
bool observer_send_record(struct observer *o, uint8_t type, struct wire_span plain);
/* A whole handshake message: written down, added to the transcript. */
bool observer_send_message(struct observer *o, enum trace_step step, struct wire_span message);
bool observer_send_change(struct observer *o);
bool observer_send_request(struct observer *o, enum trace_step step);
void observer_send_alert(struct observer *o, uint8_t level, uint8_t description);
/* After the handshake: what the wish wants, once. */
bool observer_enter_connected(struct observer *o);
/* The check of our own Finished: what only a server that accepted it sends has come. */
bool observer_note_acceptance(struct observer *o);
struct wire_setting observer_setting(const struct observer *o, bool is_client);

/* --- the hellos (client_hello.c) --- */
bool observer_prepare_offer(struct observer *o);
bool observer_send_hello(struct observer *o);
bool observer_on_server_hello(struct observer *o, struct wire_span body);

/* --- secrets --- */
struct wire_span observer_span(const uint8_t *bytes, size_t len);
size_t observer_hash_len(const struct observer *o);
/* Hash of the transcript's first len bytes; count is for the note. */
bool observer_hash_transcript(struct observer *o, size_t len, size_t count, enum trace_step step,
                              const char *about, uint8_t out[DERIVE_HASH_MAX]);
bool observer_note_exchange(struct observer *o, const struct exchange *x, enum trace_step step);
bool observer_note(struct observer *o, const struct trace_secret *secret);
bool observer_check(struct observer *o, const char *name, const char *about,
                    struct wire_span expected, struct wire_span found, enum trace_step step);

/* --- TLS 1.3 (client_tls13.c, schedule.c) --- */
bool observer_tls13_binder(struct observer *o, struct wire_span truncated,
                           uint8_t out[DERIVE_HASH_MAX]);
bool observer_tls13_early(struct observer *o, bool is_psk);
/* After the first hello: the keys for what goes ahead, and the request under them. */
bool observer_tls13_begin_early(struct observer *o);
/* The server does not take it: the client goes on as if nothing had been sent. */
bool observer_tls13_drop_early(struct observer *o);
bool observer_tls13_handshake_secrets(struct observer *o, const struct exchange *x);
bool observer_tls13_data_secrets(struct observer *o);
bool observer_tls13_resumption(struct observer *o);
bool observer_tls13_use(struct observer *o, bool is_client, bool is_data);
bool observer_tls13_verify_data(struct observer *o, bool is_client, uint8_t out[DERIVE_HASH_MAX]);
bool observer_tls13_update(struct observer *o, bool is_client);
bool observer_tls13_ticket_key(struct observer *o, struct wire_span nonce,
                               uint8_t out[DERIVE_HASH_MAX]);
bool observer_on_encrypted_extensions(struct observer *o, struct wire_span body);
bool observer_on_certificate_request(struct observer *o, struct wire_span body);
bool observer_on_certificate(struct observer *o, struct wire_span body);
bool observer_on_compressed_certificate(struct observer *o, struct wire_span body);
bool observer_on_certificate_verify(struct observer *o, struct wire_span body);
bool observer_on_finished(struct observer *o, struct wire_span body);
bool observer_on_ticket(struct observer *o, struct wire_span body);
bool observer_on_key_update(struct observer *o, struct wire_span body);
bool observer_send_key_update(struct observer *o, bool is_requested);

/* --- before TLS 1.3 (client_tls12.c, schedule12.c) --- */
bool observer_12_begin(struct observer *o, const struct wire_server_hello *hello);
bool observer_12_master(struct observer *o);
bool observer_12_keys(struct observer *o);
bool observer_12_verify_data(struct observer *o, bool is_client, size_t transcript_len,
                             size_t count, uint8_t out[DERIVE_HASH_MAX], size_t *out_len);
bool observer_on_certificate_12(struct observer *o, struct wire_span body);
bool observer_on_status_12(struct observer *o, struct wire_span body);
bool observer_on_key_exchange_12(struct observer *o, struct wire_span body);
bool observer_on_request_12(struct observer *o, struct wire_span body);
bool observer_on_done_12(struct observer *o, struct wire_span body);
bool observer_on_ticket_12(struct observer *o, struct wire_span body);
bool observer_on_change_12(struct observer *o);
bool observer_on_finished_12(struct observer *o, struct wire_span body);
bool observer_on_hello_request(struct observer *o, struct wire_span body);

/* --- another handshake on the same connection (client_renegotiation.c) --- */
bool observer_ask_renegotiation(struct observer *o);
bool observer_on_renegotiation(struct observer *o, struct wire_span body);
/* The server does not want one: the connection ends. */
bool observer_end_renegotiation(struct observer *o);

/* --- certificates and signatures (client_auth.c) --- */
bool observer_take_chain(struct observer *o, struct wire_span list, bool is_tls13);
bool observer_check_signature(struct observer *o, uint16_t scheme, struct wire_span content,
                              struct wire_span signature, const char *about);
/* scheme 0: as before TLS 1.2. The signature into out. */
bool observer_sign(struct observer *o, uint16_t scheme, struct wire_span content, struct buf *out);
bool observer_choose_scheme(const struct observer *o, uint16_t *out_scheme);
bool observer_send_certificate(struct observer *o);
bool observer_send_certificate_verify(struct observer *o);

/* --- failures (client_fault.c) --- */
/* The field and the meaning of an alert that came in this state. */
void observer_explain_alert(const struct observer *o, uint8_t alert, const char **out_field,
                            const char **out_meaning);
const char *observer_explain_silence(const struct observer *o, const char **out_field);

#endif
