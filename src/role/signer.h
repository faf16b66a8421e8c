/*
 * Handshake signatures asked of the process "keys": the handshake's job is paused until its answer
 * comes, and the loop goes on with others. Requests of one turn of the loop leave in one write, and
 * answers that come together wake their handshakes together.
 *
 * Limits: SIGNER_WAITING_MAX handshakes wait at a time, each at most SIGNER_TIMEOUT_MS; what is
 * beyond fails with an error, never blocks. When keys ends, those that wait are asked again of the
 * one that is started in its place.
 */
#ifndef PL_ROLE_SIGNER_H
#define PL_ROLE_SIGNER_H

#include "role/net.h"
#include "role/worker.h"
#include "tls/remote_key.h"
#include "tls/tickets.h"

struct signer;

enum { SIGNER_WAITING_MAX = 4096, SIGNER_TIMEOUT_MS = 5 * 1000 };

/* It counts in figures, which outlive it. Fails base.oom. */
bool signer_new(struct worker *worker, struct net_figures *figures, struct signer **out_signer,
                struct err *e) PL_MUST_USE;
void signer_free(struct signer *signer);

/* Whose connections are woken. */
void signer_set_net(struct signer *signer, struct net *net);
/* The message "peer" with a connection to keys; the one before is left. False when malformed. */
bool signer_connect(struct signer *signer, struct ipc_message *message);
/* Called with ticket keys that keys hands out. */
void signer_on_ticket_key(struct signer *signer,
                          void (*call)(void *ctx, const struct ticket_key *key), void *ctx);

/* For tls_engine_config. Only under an ASYNC_JOB. */
struct remote_signer signer_remote(struct signer *signer);

#endif
