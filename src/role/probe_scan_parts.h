/* What the files of a scan share: the listeners, and their connections on the loop. */
#ifndef PL_ROLE_PROBE_SCAN_PARTS_H
#define PL_ROLE_PROBE_SCAN_PARTS_H

#include "base/map.h"
#include "inspect/scan/plan.h"
#include "inspect/scan/talk.h"
#include "inspect/scan/wish.h"
#include "role/probe_scan.h"

#include <netinet/in.h>

enum { SCAN_ADDRESSES_MAX = 4, SCAN_READ_SIZE = 64 * 1024 };

struct scan_connection;

struct probe_scan {
    struct worker *worker;
    struct scan_wish wish;
    struct scan_targets targets;
    struct scan_cursor cursor;
    struct map *done; /* targets that are not looked at again; NULL: none */
    struct cert_list anchors;
    struct cert_pool *pool;
    struct scan_run *runs;
    uint32_t run_count;
    struct scan_connection *connections;
    uint32_t connection_count;
    int64_t next_connect_us;
    uint64_t waiting_bytes; /* of documents that the command line has not taken */
    uv_timer_t tick;
    bool has_held; /* listeners that are finished and not told yet */
    bool is_read;  /* all targets have begun */
    bool is_over;
    bool is_ending;
    bool is_going_on;
    uint8_t bytes[SCAN_READ_SIZE]; /* what is being read, for the length of one call */
};

/* One listener. */
struct scan_run {
    struct probe_scan *scan;
    struct scan_run *next;
    struct scan_run **link; /* what points to it */
    struct scan_host *host;
    struct sockaddr_storage addresses[SCAN_ADDRESSES_MAX];
    size_t address_count;
    size_t address; /* that is in use */
    uv_getaddrinfo_t look_up;
    bool is_looked_up; /* under way */
    uv_work_t dns;     /* in a thread: nobody else touches the host's CAA records meanwhile */
    bool is_asking_dns;
    uint32_t connection_count;
    bool has_ask; /* one waits for the pace */
    struct scan_ask ask;
};

/* --- probe_scan.c --- */
bool scan_may_connect(struct probe_scan *scan);
/* Asks what can be asked. False: the listener is finished and gone. */
bool scan_run_go_on(struct scan_run *run);
void scan_run_free(struct scan_run *run);
/* A connection of the run, or its look-up, has gone: go on, or let go. */
void scan_run_closed(struct scan_run *run);
/* Begins more listeners, or says that it is over. */
void scan_go_on(struct probe_scan *scan);

/* --- probe_scan_connection.c --- */
/* False: it cannot be looked up at all. An address is there at once. */
bool scan_look_up(struct scan_run *run);
/* Asks the DNS for CAA records, beside the connections. */
void scan_ask_dns(struct scan_run *run);
/* Carries one ask out; the answer comes to the plan. */
void scan_connect(struct scan_run *run, const struct scan_ask *ask);
void scan_check_deadlines(struct probe_scan *scan);
void scan_close_connections(struct probe_scan *scan);

#endif
