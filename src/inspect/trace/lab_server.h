/*
 * The laboratory's server: libssl without sockets, with a certificate of a CA made for it. Its
 * private key, and what it writes into its key log, are there to be shown.
 */
#ifndef PL_INSPECT_TRACE_LAB_SERVER_H
#define PL_INSPECT_TRACE_LAB_SERVER_H

#include "base/buf.h"
#include "pki/cert.h"

#include <openssl/ssl.h>

struct lab_server_wish {
    bool is_rsa;        /* the certificate's key */
    int version;        /* TLS1_2_VERSION, …: this one alone */
    const char *suites; /* OpenSSL's list for TLS 1.2; NULL: its default */
    const char *groups;
    bool wants_client_certificate;
    bool takes_early_data;
    int64_t at_ms;
};

struct lab_server;

/* Fails inspect.lab, base.oom */
bool lab_server_new(const struct lab_server_wish *wish, struct lab_server **out_server,
                    struct err *e) PL_MUST_USE;
void lab_server_free(struct lab_server *server);
PL_DEFINE_FREEP(lab_server_freep, struct lab_server, lab_server_free)

/* A new connection; what it had of another is gone, tickets are known still. Fails inspect.lab */
bool lab_server_accept(struct lab_server *server, struct err *e) PL_MUST_USE;
/* Takes the client's bytes, answers, and answers a request once. Appends what goes to the client.
 * Fails inspect.lab */
bool lab_server_step(struct lab_server *server, const struct buf *from_client,
                     struct buf *to_client, struct err *e) PL_MUST_USE;

EVP_PKEY *lab_server_key(const struct lab_server *server);
struct cert *lab_server_root(const struct lab_server *server);
/* The lines of the server's key log on this connection. */
const struct buf *lab_server_key_log(const struct lab_server *server);

/* For the client: a certificate of the same CA. The caller frees both. Fails inspect.lab */
bool lab_server_make_client(struct lab_server *server, X509 **out_cert, EVP_PKEY **out_key,
                            struct err *e) PL_MUST_USE;

#endif
