/*
 * A look at what a server presents: one TCP connection, one TLS handshake, then good-bye. Nothing
 * is sent but the handshake, and nothing is believed: checking is for pki/verify.h.
 */
#ifndef PL_TLS_CLIENT_H
#define PL_TLS_CLIENT_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"
#include "pki/cert.h"

struct tls_look_wish {
    const char *connect_host; /* name or address to connect to */
    uint16_t port;
    bool is_proxied;    /* send a PROXY header first that says: no proxy, I myself */
    const char *sni;    /* name to ask for; NULL or an address: none is sent */
    int64_t timeout_ms; /* for connecting and handshake together */
    /* What is said before TLS begins, in the protocol's own words; NULL: nothing. Whatever it fails
     * is the look's failure. */
    bool (*begin)(void *ctx, int fd, int64_t deadline_ms, struct err *e);
    void *ctx;
};

enum { TLS_LOOK_TEXT = 64, TLS_LOOK_CERTS_MAX = 32, TLS_LOOK_PROOF_MAX = 65535 };

/* What was seen. Clear works on a zeroed struct. */
struct tls_look {
    struct cert_list presented;  /* as sent, leaf first */
    char address[TLS_LOOK_TEXT]; /* that answered */
    char version[TLS_LOOK_TEXT]; /* "TLSv1.3" */
    char suite[TLS_LOOK_TEXT];
    char group[TLS_LOOK_TEXT];
    struct buf stapled;        /* an OCSP response as sent; empty: none */
    struct buf timestamps;     /* of public logs, as sent (RFC 6962 §3.3); empty: none */
    bool asks_for_certificate; /* of the client; that it got none may have ended the handshake */
};
void tls_look_clear(struct tls_look *look);

/*
 * Addresses of the name are tried in the system's order. Everything is offered, from TLS 1.0 on: a
 * server that refuses a client without a certificate has been seen all the same.
 * Fails  tls.look.resolve, tls.look.connect, tls.look.timeout, tls.look.handshake (with what the
 * server said), tls.look.no_certificate, pki.cert.*, base.oom
 */
bool tls_look_at(const struct tls_look_wish *wish, struct tls_look *out_look, struct err *e)
    PL_MUST_USE;

#endif
