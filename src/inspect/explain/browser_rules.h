/* Private to inspect/explain/browser*.c: which fault leads to which page. */
#ifndef PL_INSPECT_EXPLAIN_BROWSER_RULES_H
#define PL_INSPECT_EXPLAIN_BROWSER_RULES_H

#include "inspect/explain/browser.h"

/* What a rule looks for, besides faults of the verdict. */
enum browser_condition {
    WHEN_FAULT,           /* the rule's fault was found */
    WHEN_STAPLED_REVOKED, /* the server itself says so */
    WHEN_OCSP_REVOKED,    /* it or the responder says so */
    WHEN_KEY_USAGE,       /* the key may not make the signatures of TLS */
    WHEN_NO_TLS_KEY,      /* the key may do nothing that TLS ever asked of it */
    WHEN_USAGE,           /* the certificate itself is for other things */
    WHEN_NOT_SIGNER,      /* an issuer is an authority, but its key may not sign certificates */
    WHEN_HOLE,            /* a link was not presented, and the browser cannot fetch it */
    WHEN_HOLE_ANYWAY,     /* a link was not presented, whether or not it could be fetched */
    WHEN_SHORT_KEY,       /* RSA below 1024 bits */
    WHEN_NO_TIMESTAMPS,   /* of a public root */
    WHEN_TOO_LONG,        /* of a public root */
    WHEN_NO_STAPLE,       /* it asks for a stapled response and the server has none */
    WHEN_NO_NAME_FITS,    /* nor the common name */
};

/*
 * Texts hold {host}, {site} (host and port), {ago}, {ahead}, {first} (the first name), {names},
 * {end}, {start}, {today}, {moment}, {weekday}.
 */
struct browser_rule {
    enum browser_condition condition;
    enum err_code fault;
    enum browser_outcome outcome;
    bool is_observed;
    const char *code;
    const char *detail;
};

struct browser_kind {
    const char *name;
    const struct browser_rule *rules; /* the worst first */
    size_t rule_count;
    const char *title;
    const char *text;
    const char *proceed;
    bool is_telling_all; /* one line for each fault */
};

extern const struct browser_kind browser_kinds[BROWSER_COUNT];

/* A page of its own instead of the browser's usual one; NULL: the usual one. */
struct browser_page {
    const char *code;
    const char *title;
    const char *text;
};
const struct browser_page *browser_page_of(const char *code);

#endif
