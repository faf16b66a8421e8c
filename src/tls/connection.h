/*
 * One TLS server connection, without I/O: bytes in, bytes out. The caller reads the socket and
 * gives the bytes; what is to be sent is appended to a buffer of the caller, so that one flight is
 * one read and one write, and an idle connection holds no buffer at all.
 *
 * The ClientHello is read first, before anything of the TLS library exists for the connection: it
 * names the binding, and the binding the policy and the certificates. A client that never finishes
 * its ClientHello costs a small struct and its bytes.
 *
 * Limits: CLIENT_HELLO_MAX bytes until the ClientHello is whole, TLS_CLIENT_CHAIN_MAX for a
 * client's certificates, TLS_HANDSHAKE_BYTES_MAX for all of a handshake, TLS_POST_HANDSHAKE_MAX
 * messages after it; of records without content the library takes 32 in a row. Time limits are the
 * caller's. Source: RFC 8446, RFC 5246; SSL_do_handshake(3)
 */
#ifndef PL_TLS_CONNECTION_H
#define PL_TLS_CONNECTION_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"
#include "tls/client_offer.h"
#include "tls/engine.h"
#include "tls/snapshot.h"

struct tls_connection;

enum {
    TLS_HANDSHAKE_BYTES_MAX = 128 * 1024, /* from the client: ClientHello twice, certificates */
    TLS_CLIENT_CHAIN_MAX = 32 * 1024,     /* bytes of a client's Certificate message */
    /*
     * Handshake messages of a client on an open connection, for its life: each KeyUpdate costs us
     * keys anew, and an answer. One is due after 2^24 records (RFC 8446 §5.5).
     */
    TLS_POST_HANDSHAKE_MAX = 64,
};

enum tls_state {
    TLS_STATE_CLIENT_HELLO, /* waiting for the ClientHello */
    TLS_STATE_HANDSHAKE,
    TLS_STATE_SIGNING, /* parked until the signer answers */
    TLS_STATE_OPEN,
    TLS_STATE_CLOSED, /* our close_notify is written; nothing more can be */
    TLS_STATE_FAILED,
    TLS_STATE_COUNT
};

enum tls_status {
    TLS_DONE,
    TLS_WANT_INPUT,     /* all input is used up; call again with more */
    TLS_WANT_SIGNATURE, /* call again, with or without input, when the signer has answered */
    TLS_ENDED,          /* the client said close_notify */
    TLS_BROKEN,         /* e says why; an alert may have been appended to the output */
};

/* The bytes of one turn. in is borrowed during each call and advanced over what was used. */
struct tls_io {
    const uint8_t *in;
    size_t in_len;
    struct buf *out; /* ciphertext to send is appended */
};

/*
 * listener  index in the snapshot, of scheme https; a reference to the snapshot is taken
 * Fails     base.oom
 */
bool tls_connection_new(struct tls_engine *engine, struct snapshot *snapshot, uint32_t listener,
                        struct tls_connection **out_connection, struct err *e) PL_MUST_USE;
/* A connection whose signature is under way is resumed once more so that its job ends. */
void tls_connection_free(struct tls_connection *connection);
PL_DEFINE_FREEP(tls_connection_freep, struct tls_connection, tls_connection_free)

/*
 * Goes on with the handshake.
 *
 * TLS_DONE  the connection is open; input may be left
 * Fails     (TLS_BROKEN) tls.handshake.http (plain HTTP came), tls.handshake.not_tls,
 *           tls.handshake.malformed, tls.handshake.name (no binding for the name),
 *           tls.handshake.refused (nothing in common), tls.handshake.client (its certificate),
 *           tls.handshake.alert (the client gave up),
 *           tls.handshake.failed, tls.certificate.broken, tls.key.*, base.oom; and what the signer
 * failed with
 */
enum tls_status tls_connection_handshake(struct tls_connection *connection, struct tls_io *io,
                                         struct err *e) PL_MUST_USE;

/* Decrypts up to size bytes; TLS_DONE with *out_len ≥ 1. Fails tls.record, tls.record.flood,
 * tls.handshake.alert, base.oom. */
enum tls_status tls_connection_read(struct tls_connection *connection, struct tls_io *io, void *out,
                                    size_t size, size_t *out_len, struct err *e) PL_MUST_USE;

/* Encrypts all len bytes (records of up to 16 KiB) into io->out. Fails (false) tls.record,
 * base.oom, base.limit. */
bool tls_connection_write(struct tls_connection *connection, struct tls_io *io, const void *bytes,
                          size_t len, struct err *e) PL_MUST_USE;

/* Appends close_notify, once. */
void tls_connection_close(struct tls_connection *connection, struct tls_io *io);

/* Keeps what is left of io's input for the next call, when the caller stops reading for a while.
 * Fails base.oom, base.limit. */
bool tls_connection_keep(struct tls_connection *connection, struct tls_io *io, struct err *e)
    PL_MUST_USE;
/* True when a read may give bytes without new input. */
bool tls_connection_has_input(const struct tls_connection *connection);

enum tls_state tls_connection_state(const struct tls_connection *connection);
/* The state machine's table, for its test. */
bool tls_state_may_follow(enum tls_state from, enum tls_state to);

/* The connection's binding: valid from the end of the ClientHello on; SNAPSHOT_NONE before. */
uint32_t tls_connection_binding(const struct tls_connection *connection);
/* The snapshot in which that binding is; borrowed. */
struct snapshot *tls_connection_snapshot(const struct tls_connection *connection);
/* The name as the client sent it (any bytes but NUL), "" when it sent none. Borrowed. */
const char *tls_connection_server_name(const struct tls_connection *connection);

/* What was agreed; "" where nothing was. Borrowed from the library's tables. */
const char *tls_connection_version(const struct tls_connection *connection); /* "TLS 1.3" */
const char *
tls_connection_suite(const struct tls_connection *connection); /* "TLS_AES_128_GCM_SHA256" */
const char *tls_connection_group(const struct tls_connection *connection);
/* The scheme of the server's signature, "ecdsa_secp256r1_sha256"; "" when the session was resumed.
 */
const char *tls_connection_signature(const struct tls_connection *connection);
/* The ALPN protocol, not terminated, and its length; 0: none was agreed. */
size_t tls_connection_protocol(const struct tls_connection *connection, const uint8_t **out_name);
/* The name of the binding's policy at the handshake; "" before the ClientHello. */
const char *tls_connection_policy(const struct tls_connection *connection);
/*
 * For the library's callback on a client that asks for an OCSP response: gives it the one of the
 * certificate that was chosen, while it is current. Returns SSL_TLSEXT_ERR_….
 */
int tls_connection_staple(SSL *ssl);
/* What the client offered; NULL before the ClientHello. Borrowed. */
const struct client_offer *tls_connection_offer(const struct tls_connection *connection);
/* The client's certificate, verified by the binding's rule; NULL when it showed none. Borrowed. */
X509 *tls_connection_client(const struct tls_connection *connection);
/*
 * True when this connection's handshake did what another binding, or a newer version of its own,
 * asks of clients: a request for that binding may be answered on it.
 */
bool tls_connection_covers(const struct tls_connection *connection,
                           const struct snapshot_binding *binding);
bool tls_connection_is_resumed(const struct tls_connection *connection);

#endif
