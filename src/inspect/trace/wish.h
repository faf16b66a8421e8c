/*
 * What is to be traced: made by the command line, carried to the process "probe" as a message, read
 * there. Words are IANA's names, as in TLS policies.
 */
#ifndef PL_INSPECT_TRACE_WISH_H
#define PL_INSPECT_TRACE_WISH_H

#include "inspect/trace/lab.h"
#include "ipc/pack.h"

enum {
    TRACE_HOST_MAX = 256,
    TRACE_LIST_MAX = 32,
    TRACE_PEM_MAX = 64 * 1024,
    TRACE_TRUST_MAX = 256 * 1024,
    TRACE_WISH_MAX = 512 * 1024,
};

struct trace_numbers {
    uint16_t items[TRACE_LIST_MAX];
    size_t count;
};

/* Buffers are the wish's: trace_wish_clear(). */
struct trace_wish {
    bool is_lab;
    enum lab_mode lab;
    char target[TRACE_HOST_MAX + 8]; /* as it was typed */
    char connect_host[TRACE_HOST_MAX];
    uint16_t port;
    char host[TRACE_HOST_MAX];      /* that the certificate must be for, and that is asked for */
    char protocols[TRACE_HOST_MAX]; /* ALPN; "" none */
    char starttls[16];              /* "" none */
    uint16_t version_min;
    uint16_t version_max;
    struct trace_numbers suites;
    struct trace_numbers groups;
    struct trace_numbers shares;
    bool is_resumed; /* a second connection with what the first one left */
    bool is_early;   /* that one's request goes ahead (0-RTT) */
    bool wants_compression;
    bool wants_key_update;
    bool has_no_request; /* no "HEAD /" afterwards */
    bool has_system_trust;
    int64_t timeout_ms;
    int64_t at_ms;
    struct buf certificate; /* the client's chain, PEM; empty: none */
    struct buf key;         /* its private key, PEM */
    struct buf trust;       /* trusted certificates, PEM */
};

/* Zeroes, and sets what is usual: TLS 1.0 to 1.3, http/1.1, port 443. */
void trace_wish_init(struct trace_wish *wish);
void trace_wish_clear(struct trace_wish *wish);

/* "HOST", "HOST:PORT", "[::1]:PORT". Fails inspect.target */
bool trace_wish_target(struct trace_wish *wish, const char *text, struct err *e) PL_MUST_USE;
/* Sets the protocol's usual port as well: before the target. Fails inspect.option */
bool trace_wish_starttls(struct trace_wish *wish, const char *name, struct err *e) PL_MUST_USE;
/* "1.2", "1.0-1.2", "ssl3". Fails inspect.option */
bool trace_wish_versions(struct trace_wish *wish, const char *text, struct err *e) PL_MUST_USE;
/* Names with commas between. Fails inspect.option, base.limit */
bool trace_wish_suites(struct trace_wish *wish, const char *text, struct err *e) PL_MUST_USE;
bool trace_wish_groups(struct trace_wish *wish, struct trace_numbers *out, const char *text,
                       struct err *e) PL_MUST_USE;

void trace_wish_pack(const struct trace_wish *wish, struct pack_writer *w);
/* out_wish is initialised here. Fails ipc.malformed, base.oom */
bool trace_wish_read(const uint8_t *bytes, size_t len, struct trace_wish *out_wish, struct err *e)
    PL_MUST_USE;

#endif
