/* Why a handshake failed, in words for people. */
#ifndef PL_TLS_REASON_H
#define PL_TLS_REASON_H

#include "base/compiler.h"
#include "base/err.h"
#include "tls/policy.h"

/* What is known of a connection whose handshake failed. */
struct tls_reason_facts {
    const struct tls_policy *policy;
    uint16_t version_max; /* offered by the client */
    long verify_result;   /* X509_V_…, of the client's certificate */
};

/*
 * Turns the TLS library's error queue into a reason, and empties it. Sets tls.handshake.refused,
 * tls.handshake.client (no certificate, or one that is not accepted), tls.handshake.alert,
 * tls.handshake.failed or base.oom; returns false.
 */
bool tls_reason_set(const struct tls_reason_facts *facts, struct err *e);

/* "unknown_ca"; "unknown" for a number without a name (RFC 8446 §6). */
const char *tls_alert_name(int alert);

#endif
