/*
 * What one connection of a scan asks. Made by the plan (scan/plan.h), carried out by a talk
 * (scan/talk.h), which borrows it; all lists are the ask's own.
 */
#ifndef PL_INSPECT_SCAN_ASK_H
#define PL_INSPECT_SCAN_ASK_H

#include "inspect/observe/client.h"
#include "inspect/observe/starttls.h"
#include "inspect/scan/robot.h"
#include "inspect/scan/suites.h"

enum ask_kind {
    ASK_HELLO,        /* one hello, and what the server answers in the clear */
    ASK_FULL,         /* a whole handshake, by the observing client */
    ASK_SSL2,         /* SSL 2.0's own hello */
    ASK_HEARTBEAT,    /* Heartbleed (CVE-2014-0160) */
    ASK_EARLY_CHANGE, /* CCS injection (CVE-2014-0224) */
    ASK_ROBOT,        /* Bleichenbacher's attack: see scan/robot.h */
};

enum {
    ASK_GROUPS_MAX = 64,
    ASK_SCHEMES_MAX = 64,
    ASK_VERSIONS_MAX = 6,
    ASK_PROTOCOLS_MAX = 256,
    ASK_NAME_MAX = 256
};

struct scan_ask {
    enum ask_kind kind;
    size_t lane; /* the plan's, which takes the answer */
    const struct starttls_protocol *starttls;
    char host[ASK_NAME_MAX]; /* server_name, and the host of a request; "" none */
    char protocols[ASK_PROTOCOLS_MAX];
    uint16_t suites[SCAN_SUITES_MAX];
    size_t suite_count;
    uint16_t groups[ASK_GROUPS_MAX];
    size_t group_count;
    uint16_t schemes[ASK_SCHEMES_MAX];
    size_t scheme_count;
    uint16_t versions[ASK_VERSIONS_MAX]; /* supported_versions */
    size_t version_count;
    uint16_t version;   /* the newest that is offered */
    bool stops_early;   /* at the ServerHello; a whole handshake: when it is made */
    bool has_request;   /* "HEAD /" after a whole handshake */
    bool has_no_ticket; /* sessions by their id alone */
    bool offers_compression;
    enum robot_block block;         /* ASK_ROBOT */
    bool has_finish;                /* ASK_ROBOT: ChangeCipherSpec and a wrong Finished follow */
    bool wants_renegotiation;       /* a whole handshake: then another on the same connection */
    bool has_no_renegotiation_info; /* as clients before RFC 5746 */
    const struct observe_session *resume; /* borrowed; NULL: none */
};

#endif
