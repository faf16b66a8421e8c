/*
 * What is to be scanned and how: made by the command line, carried to the process "probe" as a
 * message; the list of targets goes beside it in a memory file.
 */
#ifndef PL_INSPECT_SCAN_WISH_H
#define PL_INSPECT_SCAN_WISH_H

#include "inspect/scan/host.h"
#include "ipc/pack.h"
#include "sys/dns.h"

enum {
    SCAN_TRUST_MAX = 256 * 1024,
    SCAN_WISH_MAX = 376 * 1024,
    SCAN_CONNECTIONS_MAX = 8192,
    SCAN_PER_HOST_MAX = 64,
    SCAN_RATE_MAX = 100000,
    SCAN_QUICK_CONNECTIONS = 2000, /* at once, when there is one to each host */
};

struct scan_wish {
    char names[SCAN_NAMES_MAX][ASK_NAME_MAX]; /* asked for of every host; none: its own */
    size_t name_count;
    char starttls[16];                /* "" none */
    bool is_quick;                    /* certificates alone */
    uint32_t connections;             /* at once */
    uint32_t per_host;                /* of them to one host and port */
    uint32_t rate;                    /* new ones a second; 0: no limit */
    int64_t timeout_ms;               /* for one connection */
    bool has_caa;                     /* ask the DNS who may issue */
    char dns_server[DNS_SERVER_SIZE]; /* "": the system's */
    struct buf dns_anchor;            /* empty: the root's */
    bool has_system_trust;
    struct buf trust; /* trusted certificates, PEM */
};

/* Zeroes, and sets what is usual. */
void scan_wish_init(struct scan_wish *wish);
void scan_wish_clear(struct scan_wish *wish);

void scan_wish_pack(const struct scan_wish *wish, struct pack_writer *w);
/* out_wish is initialised here. Fails ipc.malformed, base.oom */
bool scan_wish_read(const uint8_t *bytes, size_t len, struct scan_wish *out_wish, struct err *e)
    PL_MUST_USE;

#endif
