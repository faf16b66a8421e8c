/* Bindings: which certificate a site shows at which address, port and host name. */
#ifndef PL_OPS_BINDINGS_H
#define PL_OPS_BINDINGS_H

#include "base/buf.h"
#include "base/list.h"
#include "ops/ops.h"
#include "ops/policies.h"
#include "pki/cert.h"
#include "store/bindings.h"
#include "store/certs.h"
#include "store/sites.h"

struct bind_wish {
    const char *site;       /* name or id */
    const char *url;        /* "https://ADDRESS:PORT" */
    const char *host;       /* NULL or "": none; "*.example.com" allowed */
    const char *cert;       /* name, id or fingerprint; NULL for http */
    const char *tls_policy; /* NULL: intermediate */
    bool is_strict;
    bool is_proxied; /* all bindings of an address and port, or none */
    enum client_auth client_auth;
    const char *client_ca; /* a file with CA certificates; NULL or "own": the own CA */
    const char *parts;     /* of the site "services": "console,api"; NULL for other sites */
};

/* What a wish comes to, before anything is changed. Clear works on a zeroed struct. */
struct bind_plan {
    struct site_row *site;
    struct cert_row *cert; /* NULL for http */
    struct binding_row
        *existing; /* that is extended by a certificate of another key type; NULL: a new one */
    struct binding_row row; /* what would be inserted or written */
    char scheme[8];
    char address[64];
    char host[256];
    struct policy_found policy;  /* none for http */
    struct buf client_ca;        /* what row.client_ca points to */
    struct list parts;           /* what row.parts points to */
    struct list conflicts;       /* reasons why it cannot be made, a sentence each */
    struct list warnings;        /* what will work, but perhaps not as meant */
    enum err_code conflict_code; /* of the first conflict */
};
void bind_plan_clear(struct bind_plan *plan);

/*
 * Looks at a wish: conflicts (same endpoint and host; another scheme on that port; name not in the
 * certificate; no key; expired), warnings (a binding without a host is overridden for names that
 * others have; the certificate ends soon; nothing else answers for names that are not bound).
 * Success is that it could be looked at. Fails for what is no binding at all: ops.bind.url,
 * ops.policy.missing, ops.site.missing, ops.cert.missing, ops.bind.client_ca, ops.bind.client_auth,
 * ops.bind.parts.
 */
bool ops_bind_plan(struct ops *ops, const struct bind_wish *wish, struct bind_plan *out_plan,
                   struct err *e) PL_MUST_USE;

/*
 * Whether a certificate would do in a binding that is there: its key, dates, names, and the
 * binding's TLS policy. warnings are appended. Fails with what is wrong first: ops.bind.*.
 */
bool ops_bind_suits(struct ops *ops, const struct binding_row *row, struct cert_row *cert,
                    struct list *warnings, struct err *e) PL_MUST_USE;

/*
 * Makes the binding of a plan without conflicts; the key has made a test signature before. Fails
 * with the first conflict (ops.bind.*), keys.test. Can be undone.
 */
bool ops_bind_add(struct ops *ops, struct bind_plan *plan, struct binding_row **out_row,
                  struct err *e) PL_MUST_USE;

/*
 * Found by id, or by "https://ADDRESS:PORT" and host (NULL: the one without, or the only one
 * there). Fails ops.bind.missing, ops.bind.ambiguous, ops.bind.url.
 */
bool ops_bind_pick(struct ops *ops, const char *text, const char *host,
                   struct binding_row **out_row, struct err *e) PL_MUST_USE;

/* What is to be changed of a binding; NULL leaves it. */
struct bind_change {
    const char *tls_policy;
    const bool *is_strict;
    const enum client_auth *client_auth;
    const char *client_ca;  /* as in a wish */
    const char *parts;      /* likewise */
    const bool *is_proxied; /* of all bindings of its address and port */
};

/*
 * Changes a binding; row is renewed. Can be undone.
 *
 * Fails  ops.policy.missing, ops.bind.policy_key (the policy cannot use its certificate),
 *        ops.bind.client_auth, ops.bind.client_ca, ops.bind.parts, pki.trust.empty, sys.file.*
 */
bool ops_bind_set(struct ops *ops, struct binding_row **row, const struct bind_change *change,
                  struct err *e) PL_MUST_USE;

/* The subjects of a binding's own list of client CAs, appended; none: the own CA is asked. */
bool ops_bind_client_ca_names(const struct binding_row *row, struct list *out, struct err *e)
    PL_MUST_USE;

/*
 * For snapshots: the certificates whose clients a binding lets in, in DER, appended; nothing for
 * one that asks for none.
 */
bool ops_bind_client_cas(struct ops *ops, const struct binding_row *row, struct cert_list *out,
                         struct err *e) PL_MUST_USE;

/* Can be undone. */
bool ops_bind_remove(struct ops *ops, struct binding_row *row, struct err *e) PL_MUST_USE;

/* The services' parts of the row as http/parts.h numbers them; words that are none are left out. */
uint32_t binding_parts_mask(const struct binding_row *row);

/* "https://[::1]:8443" */
void binding_format(const struct binding_row *row, char out[96]);

#endif
