/*
 * Whose clients a binding lets in: the CA certificates of snapshots as trust stores, each made once
 * and shared by all bindings that have the same. One thread.
 *
 * A certificate of the set is an anchor by itself, whether it is a root or not: a set that names an
 * intermediate CA lets in its clients, not those of its sisters.
 * Not done: revocation of clients' certificates.
 */
#ifndef PL_TLS_CLIENTS_H
#define PL_TLS_CLIENTS_H

#include "base/compiler.h"
#include "base/err.h"
#include "tls/snapshot.h"

#include <openssl/types.h>
#include <openssl/x509.h>

struct client_sets;

enum { CLIENT_SETS_MAX = 64 };

/* library: that of the contexts. Fails base.oom. */
bool client_sets_new(OSSL_LIB_CTX *library, struct client_sets **out_sets, struct err *e)
    PL_MUST_USE;
void client_sets_free(struct client_sets *sets);
PL_DEFINE_FREEP(client_sets_freep, struct client_sets, client_sets_free)

/*
 * Makes a connection ask for a certificate as its binding says; nothing for one that asks for none.
 *
 * Fails  tls.certificate.broken (a CA certificate cannot be read), base.oom
 */
bool client_sets_ask(struct client_sets *sets, const struct snapshot *snapshot,
                     const struct snapshot_binding *binding, SSL *ssl, struct err *e) PL_MUST_USE;

#endif
