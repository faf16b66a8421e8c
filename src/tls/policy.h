/*
 * TLS policies: which versions, suites, groups and signature schemes a binding speaks, as a table,
 * and the one SSL_CTX that each becomes. Certificates, keys and sites are attached per connection.
 *
 * Source: Mozilla's server-side TLS guidelines ("modern", "intermediate", "old"), RFC 8446, RFC
 * 9325.
 */
#ifndef PL_TLS_POLICY_H
#define PL_TLS_POLICY_H

#include "base/compiler.h"
#include "base/err.h"

#include <openssl/types.h>

enum { TLS_POLICY_FINGERPRINT_LEN = 16, TLS_TICKET_LIFETIME_S = 2 * 60 * 60 };

struct tls_policy {
    const char *name;  /* "intermediate" */
    const char *about; /* one sentence, for people */
    int version_min;   /* TLS1_2_VERSION … */
    int version_max;
    const char *suites_tls13;      /* in order of preference */
    const char *suites_tls12;      /* "" where the policy has no TLS 1.2 */
    const char *groups;            /* names that the library lacks are left out */
    const char *signature_schemes; /* "" where no version chooses one (before TLS 1.2) */
    int security_level;            /* OpenSSL's SECLEVEL, 0…5 */
};

/* The built-in policies in the order in which they are shown; NULL at or past the end. */
const struct tls_policy *tls_policy_at(size_t index);
/* By name, letters as written; NULL when there is none. */
const struct tls_policy *tls_policy_find(const char *name);
/* What a binding has that names none: intermediate. */
const struct tls_policy *tls_policy_default(void);

/*
 * A digest of everything in the policy but its texts for people: part of what a session ticket is
 * bound to, so that a ticket outlives no change of policy. The same on all nodes. Fails base.oom.
 */
bool tls_policy_fingerprint(const struct tls_policy *policy,
                            uint8_t out[TLS_POLICY_FINGERPRINT_LEN], struct err *e) PL_MUST_USE;

/*
 * A server context for the policy: no certificate, no session cache, tickets on, renegotiation and
 * compression off, 0-RTT off.
 *
 * library      OpenSSL's library context; NULL: the default one
 * out_context  caller owns, SSL_CTX_free()
 * Fails        tls.policy.unsupported (the library has nothing of what the policy asks for),
 * base.oom
 */
bool tls_policy_new_context(const struct tls_policy *policy, OSSL_LIB_CTX *library,
                            SSL_CTX **out_context, struct err *e) PL_MUST_USE;

/* "TLS 1.3"; "TLS 1.0" … for wire or OpenSSL version numbers (they are the same), "unknown" else.
 */
const char *tls_version_text(int version);

#endif
