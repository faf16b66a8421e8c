/*
 * What is to be scanned: hosts, networks and ranges with their ports, from words and from files,
 * counted and walked without being written out.
 *
 *   www.example.com   www.example.com:8443   192.0.2.7:443,8443   [2001:db8::1]:443
 *   192.0.2.0/24:443   2001:db8::/120   192.0.2.10-192.0.2.40   192.0.2.10-40:443
 *   www.example.com@192.0.2.7:443 asks 192.0.2.7 for www.example.com
 *
 * Pure functions. Limits: SCAN_TARGETS_MAX host-and-port pairs in all, SCAN_PORTS_MAX ports a word.
 */
#ifndef PL_INSPECT_SCAN_TARGET_H
#define PL_INSPECT_SCAN_TARGET_H

#include "base/buf.h"
#include "codec/ip.h"

enum {
    SCAN_HOST_MAX = 256,
    SCAN_PORTS_MAX = 16,
    SCAN_PATTERNS_MAX = 1000000,
    SCAN_TARGETS_MAX = 1000000,
    SCAN_TARGET_TEXT = 2 * SCAN_HOST_MAX + 10,
    SCAN_LIST_MAX = 64 * 1024 * 1024, /* bytes of a file of targets */
};

struct scan_target {
    char host[SCAN_HOST_MAX]; /* name or address, as it is connected to */
    char name[SCAN_HOST_MAX]; /* that is asked for; "": the host, when that is a name */
    uint16_t port;
    bool is_address;
};
/* "www.example.com:443", "[::1]:443", "www.example.com@192.0.2.7:443" */
void scan_target_format(const struct scan_target *target, char out[SCAN_TARGET_TEXT]);

struct scan_pattern; /* one word, understood */

/* Clear works on a zeroed struct. */
struct scan_targets {
    struct scan_pattern *patterns;
    size_t count;
    size_t capacity;
    uint64_t total; /* pairs */
};
void scan_targets_clear(struct scan_targets *targets);

/* One word. port: where it has none. Fails inspect.target, base.limit, base.oom */
bool scan_targets_add(struct scan_targets *targets, const char *word, uint16_t port, struct err *e)
    PL_MUST_USE;
/*
 * A list: words with spaces or line ends between; "#" begins a comment. The error
 * names the line. Fails inspect.target, base.limit, base.oom
 */
bool scan_targets_add_list(struct scan_targets *targets, const char *bytes, size_t len,
                           uint16_t port, struct err *e) PL_MUST_USE;
/* Appends words that say the same, a line each. */
bool scan_targets_write(const struct scan_targets *targets, struct buf *out, struct err *e)
    PL_MUST_USE;

/* All pairs in order. A zeroed cursor is the beginning; false at the end. */
struct scan_cursor {
    size_t pattern;
    uint64_t address;
    size_t port;
};
bool scan_targets_next(const struct scan_targets *targets, struct scan_cursor *cursor,
                       struct scan_target *out);

#endif
