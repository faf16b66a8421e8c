/*
 * What all TLS connections of one process share: the library context with the provider of remote
 * keys, one SSL_CTX per policy, the cache of parsed certificates, the ticket keys. One thread.
 */
#ifndef PL_TLS_ENGINE_H
#define PL_TLS_ENGINE_H

#include "base/compiler.h"
#include "base/err.h"
#include "tls/certificates.h"
#include "tls/clients.h"
#include "tls/policy.h"
#include "tls/remote_key.h"
#include "tls/tickets.h"

struct tls_engine;

enum { TLS_CERTIFICATES_DEFAULT = 10 * 1000 };

struct tls_engine_config {
    struct remote_signer signer;
    size_t certificates_max; /* parsed ones kept; 0: TLS_CERTIFICATES_DEFAULT */
    /* The signer may pause an ASYNC_JOB (the key is in another process). */
    bool is_signer_async;
    /* Ticket keys come by tls_engine_add_ticket_key() alone, for several processes share them. */
    bool has_shared_tickets;
};

/* Fails tls.provider, base.oom, base.random. */
bool tls_engine_new(const struct tls_engine_config *config, struct tls_engine **out_engine,
                    struct err *e) PL_MUST_USE;
/* Connections must be gone. */
void tls_engine_free(struct tls_engine *engine);
PL_DEFINE_FREEP(tls_engine_freep, struct tls_engine, tls_engine_free)

/* Fails never: see tickets_add(). */
void tls_engine_add_ticket_key(struct tls_engine *engine, const struct ticket_key *key);

/* --- for tls/connection -------------------------------------------------------------------------
 */

/* Of one policy; connections hold references to the context. */
struct tls_engine_policy {
    SSL_CTX *context;
    uint8_t fingerprint[TLS_POLICY_FINGERPRINT_LEN];
};

/*
 * The policy's context, made when first asked for and found by the fingerprint from then on;
 * borrowed until the next call. Fails tls.policy.unsupported, base.oom.
 */
bool tls_engine_policy(struct tls_engine *engine, const struct tls_policy *policy,
                       const uint8_t fingerprint[TLS_POLICY_FINGERPRINT_LEN],
                       const struct tls_engine_policy **out_policy, struct err *e) PL_MUST_USE;
struct certificates *tls_engine_certificates(struct tls_engine *engine);
struct client_sets *tls_engine_clients(struct tls_engine *engine);
struct remote_keys *tls_engine_keys(struct tls_engine *engine);
struct tickets *tls_engine_tickets(struct tls_engine *engine);
bool tls_engine_is_async(const struct tls_engine *engine);

#endif
