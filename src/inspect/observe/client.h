/*
 * A TLS client that observes: it makes one handshake with all of its own secrets known, derives
 * every value step by step, writes down what it sent, got and reckoned, and checks that the server
 * reckons the same. It protects nobody's data and believes in no certificate: what it finds is
 * told, and nothing is asked of it.
 *
 * Sans-I/O: bytes and times go in, bytes come out; random bytes are injected. SSL 3.0 to TLS 1.3.
 * Runs in the process "probe"; what the server sends is hostile.
 *
 * Limits: WIRE_MESSAGE_MAX bytes a message, the trace's limits for all.
 * Not done: renegotiation beyond the server's answer to our hello, checking of the certificate's
 * chain. Source: RFC 8446, 5246, 4346, 2246, 6101, 8422, 7627, 7366, 5077
 */
#ifndef PL_INSPECT_OBSERVE_CLIENT_H
#define PL_INSPECT_OBSERVE_CLIENT_H

#include "inspect/observe/exchange.h"
#include "inspect/trace/record.h"
#include "inspect/wire/hello.h"

#include <openssl/x509.h>

enum { OBSERVE_TICKET_MAX = 16 * 1024, OBSERVE_LIST_MAX = 64 };

/* What can be resumed: kept by the first connection, offered by the second. */
struct observe_session {
    uint16_t version; /* 0: there is none */
    uint16_t suite;
    uint8_t ticket[OBSERVE_TICKET_MAX];
    size_t ticket_len;
    uint8_t session_id[32]; /* before TLS 1.3 */
    size_t session_id_len;
    uint8_t secret[64]; /* the PSK, or the master secret */
    size_t secret_len;
    uint32_t age_add;
    int64_t received_us;
    bool has_extended_master_secret;
    uint32_t early_data_max; /* bytes that may go ahead with it (TLS 1.3) */
};

/* Lists are borrowed; an empty one means: all that we can. */
struct observe_wish {
    const char *server_name; /* NULL: none is sent */
    const char *protocols;   /* ALPN, "http/1.1"; NULL: none */
    const char *http_host;   /* after the handshake "HEAD /" for it; NULL: nothing is sent */
    uint16_t version_min;
    uint16_t version_max;
    struct wire_list suites;
    struct wire_list groups;
    struct wire_list shares; /* groups for which a value is sent at once */
    struct wire_list schemes;
    bool has_no_extended_master_secret;
    bool has_no_encrypt_then_mac;
    bool has_no_ticket;     /* before TLS 1.3: sessions by their id alone */
    bool wants_compression; /* of the server's certificate (TLS 1.3) */
    bool wants_key_update;  /* after the handshake (TLS 1.3) */
    /* Before TLS 1.3: a hello for another handshake after the first one, and nothing else. */
    bool wants_renegotiation;
    bool has_no_renegotiation_info; /* as clients before RFC 5746 */
    X509 *const *certs;             /* the client's chain, own first; NULL: none */
    size_t cert_count;
    EVP_PKEY *key;
    const struct observe_session *resume; /* borrowed; NULL: a full handshake */
    bool wants_early_data; /* the request goes ahead, where the session allows it (0-RTT) */
    struct observe_random random;
};

enum observe_status {
    OBSERVE_GOES_ON, /* send what is to be sent, then give it more */
    OBSERVE_DONE,    /* nothing more is to be expected: send, then close */
    OBSERVE_FAILED,  /* the trace says why; there may be an alert to be sent */
};

struct observer;

/*
 * wish   borrowed until the observer is freed
 * trace  borrowed; is filled
 * Fails  base.oom
 */
bool observer_new(const struct observe_wish *wish, struct trace *trace,
                  struct observer **out_observer, struct err *e) PL_MUST_USE;
void observer_free(struct observer *observer);
PL_DEFINE_FREEP(observer_freep, struct observer, observer_free)

/* The ClientHello becomes what is to be sent. Times are microseconds since the beginning. */
enum observe_status observer_start(struct observer *o, int64_t time_us) PL_MUST_USE;
enum observe_status observer_receive(struct observer *o, const uint8_t *bytes, size_t len,
                                     int64_t time_us) PL_MUST_USE;
/* The server has closed, or said nothing any more. */
enum observe_status observer_end(struct observer *o, bool is_timeout, int64_t time_us) PL_MUST_USE;
/* Both Finished messages were right: what may still come is a matter of patience. */
bool observer_is_connected(const struct observer *o);
/* Bytes to be sent: buf_reset() when they are. */
struct buf *observer_output(struct observer *o);
/* What can be resumed afterwards; version 0 when there is nothing. Borrowed. */
const struct observe_session *observer_session(const struct observer *o);
/* The pre-master secret of an RSA key exchange, for the lab, whose server decrypts it. */
struct wire_span observer_encrypted_pre_master(const struct observer *o);
struct wire_span observer_pre_master(const struct observer *o);

#endif
