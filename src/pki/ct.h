/*
 * What a certificate's timestamps are worth: whether logs that count signed them, and whether these
 * are enough for browsers. No I/O, no clock.
 * Source: RFC 6962 §3.2, §3.3; Chrome's Certificate Transparency policy (since 2026-04-15 without a
 * word on how a log is read); Apple's also wants one from a log that is read by RFC 6962
 */
#ifndef PL_PKI_CT_H
#define PL_PKI_CT_H

#include "pki/cert.h"
#include "pki/ct_logs.h"
#include "pki/sct.h"

/* How a timestamp came to the client. */
enum ct_way { CT_IN_CERTIFICATE, CT_IN_HANDSHAKE, CT_IN_OCSP, CT_WAY_COUNT };

enum ct_worth {
    CT_COUNTS,
    CT_UNCHECKED,     /* no list of logs was given */
    CT_NO_ISSUER,     /* what the log signed cannot be made again without the issuer */
    CT_UNKNOWN_LOG,   /* not in the list */
    CT_BAD_SIGNATURE, /* its log did not sign that */
    CT_FROM_FUTURE,   /* later than the time of checking */
    CT_NOT_COUNTED,   /* its log is pending or rejected */
    CT_TOO_LATE,      /* after its log retired; in handshakes: a retired log's */
};

struct ct_timestamp {
    struct sct sct; /* borrows what it was read from */
    enum ct_way way;
    enum ct_worth worth;
    const struct ct_log *log; /* borrowed from the list; NULL: unknown */
};

/* What is looked at. Everything is borrowed, also by what comes out. */
struct ct_input {
    const struct cert *leaf;
    const struct cert *issuer;  /* NULL: unknown */
    const struct ct_logs *logs; /* NULL: nothing is checked, distinct logs are counted */
    const struct sct_list *ways[CT_WAY_COUNT]; /* indexed by ct_way; NULL: none */
    int64_t at_ms;
};

struct ct_result {
    struct ct_timestamp items[CT_WAY_COUNT * SCT_MAX];
    size_t count;
    bool is_checked;    /* against a list of logs */
    size_t wanted_logs; /* of timestamps in the certificate; in the other ways it is always two */
    /* Of the way that comes closest: browsers do not add the ways up. */
    enum ct_way way;
    size_t logs;      /* distinct ones whose timestamps count */
    size_t operators; /* distinct ones that ran them; without a list 0 */
    bool has_rfc6962; /* one of them is read by RFC 6962, not by tiles alone; without a list true */
    bool is_enough;
};

enum { CT_WANTED_OPERATORS = 2, CT_LIST_LIFE_DAYS = 70 /* beyond, browsers give up asking */ };

/* A bad timestamp is no failure. Fails base.oom, pki.der.encode. */
bool ct_check(const struct ct_input *input, struct ct_result *out_result, struct err *e)
    PL_MUST_USE;

/*
 * Whether the log's key made the timestamp's signature over the certificate. way says over what: a
 * timestamp in the certificate is over the certificate without its timestamps and the issuer's key;
 * otherwise issuer may be NULL. Fails base.oom, pki.der.encode
 */
bool ct_verify(const struct sct *sct, const struct ct_log *log, const struct cert *leaf,
               const struct cert *issuer, enum ct_way way, bool *out_is_right, struct err *e)
    PL_MUST_USE;

const char *ct_way_text(enum ct_way way);       /* "in the certificate" */
const char *ct_worth_text(enum ct_worth worth); /* "signature verified" */

#endif
