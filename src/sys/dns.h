/*
 * Looking up records in the DNS with DNSSEC: whether the zone's owner signed what came, or signed
 * that there is nothing. The signatures are checked here, from an anchor down, whatever the server
 * that is asked says of them. Over libunbound; runs in the process "probe".
 *
 * Limits: DNS_RECORDS_MAX records of DNS_DATA_MAX bytes in all; more fails base.limit.
 * Source: RFC 4033 to 4035; the root's anchor: https://data.iana.org/root-anchors
 */
#ifndef PL_SYS_DNS_H
#define PL_SYS_DNS_H

#include "base/buf.h"

enum {
    DNS_NAME_SIZE = 256 + 16,
    DNS_SERVER_SIZE = 96,
    DNS_REASON_SIZE = 256,
    DNS_RECORDS_MAX = 32,
    DNS_DATA_MAX = 64 * 1024,
    DNS_ANCHOR_MAX = 64 * 1024,
    DNS_TYPE_A = 1,
    DNS_TYPE_TLSA = 52,
    DNS_TYPE_CAA = 257,
};

struct dns_wish {
    const char *name;
    uint16_t type;
    const char *server; /* "ADDRESS" or "ADDRESS@PORT"; "": the system's (/etc/resolv.conf) */
    const char *anchor; /* records DS or DNSKEY, a line each, as in a zone's file; "": the root's */
    bool is_only_name;  /* asks where aliases lead: the answer has no records */
    int64_t timeout_ms;
};

/* Clear works on a zeroed struct. */
struct dns_answer {
    bool is_proven;               /* DNSSEC proves the records, or that there are none */
    bool is_forged;               /* DNSSEC refuses the answer; then there are no records */
    char reason[DNS_REASON_SIZE]; /* of that; "" */
    char name[DNS_NAME_SIZE]; /* that the one asked for is an alias of, at the end of all aliases,
                                 without a last dot; "": of none */
    size_t count;
    struct buf data; /* each record: two bytes for its length, then the record */
};
void dns_answer_clear(struct dns_answer *answer);

/* The next record; *at begins at 0. Borrowed. False at the end. */
bool dns_answer_next(const struct dns_answer *answer, size_t *at, const uint8_t **out_record,
                     size_t *out_len);

/*
 * Fails sys.dns (no answer, or the server's failure), sys.dns.option (server or anchor are none),
 * base.limit, base.oom. That there are no records is no failure.
 */
bool dns_look_up(const struct dns_wish *wish, struct dns_answer *out_answer, struct err *e)
    PL_MUST_USE;

#endif
