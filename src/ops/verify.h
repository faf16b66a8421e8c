/* Verifying a server or a file as a client would, and asking what a file is. */
#ifndef PL_OPS_VERIFY_H
#define PL_OPS_VERIFY_H

#include "inspect/explain/browser.h"
#include "inspect/explain/panel.h"
#include "ops/ops.h"
#include "pki/detect.h"
#include "pki/verify.h"
#include "store/certs.h"
#include "tls/client.h"

enum verify_roots { VERIFY_ROOTS_BOTH, VERIFY_ROOTS_SYSTEM, VERIFY_ROOTS_OWN };

struct verify_wish {
    const char *target;             /* HOST[:PORT], [ADDRESS]:PORT, or a file */
    const struct cert_row *planned; /* instead of a target: this store's, as it would be served */
    uint16_t planned_port;
    const char *starttls; /* the protocol that the server is asked for TLS in; NULL: none */
    uint16_t usual_port;  /* where the target names none; 0: 443 */
    const char *host;     /* the name to check; NULL: the target's own */
    const char
        *trust_file; /* PEM with trusted certificates; NULL: the system's and this store's roots */
    enum verify_roots roots;         /* without trust_file: which of these two */
    const struct list *issuer_files; /* more issuers, as if known or fetched; NULL: none */
    const struct list *crl_files;    /* revocation lists; NULL: none */
    const char *ct_logs_file; /* public logs; NULL: the data directory's ct-logs.json, if any */
    int64_t at_ms;
    int64_t timeout_ms;
    bool is_fetching;  /* issuers, OCSP responses and revocation lists, where certificates say */
    bool has_drawings; /* of what browsers show */
    bool is_dane;      /* the DNS is asked what the domain's owner says */
    const char *dns_server;      /* "ADDRESS[@PORT]"; NULL: the system's */
    const char *dns_anchor_file; /* DS or DNSKEY records to trust instead of the root's; NULL */
};

/* Clear works on a zeroed struct. */
struct verification {
    struct verdict verdict;
    struct panels panels;
    struct browser_view views[BROWSER_COUNT];
    struct list drawings; /* lines, when they were asked for */
    struct panel dane;    /* when it was asked for */
    bool has_dane;
    struct list fetches; /* what was fetched or could not be, a sentence each */
    uint16_t port;
    bool is_public;              /* the root is one that browsers trust */
    struct ct_logs *logs;        /* the list that timestamps were checked against; NULL: none */
    struct ct_result timestamps; /* borrows from look, logs, ocsp_timestamps */
    struct buf ocsp_timestamps;  /* as the OCSP response had them */
    struct tls_look look;        /* of a server; presented are the file's certificates otherwise */
    bool is_server;
    char host[256];  /* that was checked, "" for none */
    char trust[320]; /* what was trusted, for people */
};
void verification_clear(struct verification *verification);

/*
 * ops may be NULL. A bad certificate is no failure. Servers are looked at, and addresses asked, by
 * another process (ops_use_processes()). Fails tls.look.*, inspect.starttls, ipc.*, sys.file.*,
 * ops.verify.target, ops.verify.no_list, pki.ct_logs.malformed, codec.json.*; with is_dane
 * also sys.dns.*, ops.verify.dane_name
 */
bool ops_verify(struct ops *ops, const struct verify_wish *wish, struct verification *out,
                struct err *e) PL_MUST_USE;

/*
 * What a client makes of it: with DANE's word, where the DNS gives one that is proven, else by the
 * trusted roots alone.
 */
bool ops_verify_is_good(const struct verification *v);

/* Where the other halves of an item are; ops may be NULL: no lines. */
bool ops_relations(struct ops *ops, const uint8_t spki_sha256[32], const struct detected *detected,
                   struct list *lines, struct err *e) PL_MUST_USE;

#endif
