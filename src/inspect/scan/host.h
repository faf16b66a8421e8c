/*
 * One listener under a scan: what has been found out, and how far the plan is. Filled by the plan
 * (scan/plan.h), judged by scan/judge.h, told by scan/report.h.
 */
#ifndef PL_INSPECT_SCAN_HOST_H
#define PL_INSPECT_SCAN_HOST_H

#include "inspect/scan/answer.h"
#include "inspect/scan/ask.h"
#include "inspect/scan/caa.h"
#include "inspect/scan/target.h"
#include "inspect/wire/fingerprint.h"
#include "pki/cert_pool.h"

enum {
    SCAN_VERSIONS = 5, /* SSL 3.0 to TLS 1.3 */
    SCAN_CHAINS_MAX = 24,
    SCAN_NAMES_MAX = 8,
    SCAN_LANES_MAX = 40,
    SCAN_FOUND_MAX = 64,
    SCAN_HEAD_MAX = 16 * 1024,
};

enum fact { FACT_UNKNOWN, FACT_NO, FACT_YES };

/* Whose order of preference counts. */
enum scan_order {
    ORDER_UNKNOWN, /* there is no choice, or it was not to be seen */
    ORDER_SERVER,
    ORDER_SERVER_CHACHA, /* but ChaCha20 first for clients that put it first */
    ORDER_CLIENT,
};

struct scan_version {
    uint16_t version;
    enum fact is_spoken;
    uint16_t suites[SCAN_SUITES_MAX]; /* as the server chose from all that were left */
    size_t suite_count;
    enum scan_order order;
};

struct scan_numbers {
    uint16_t items[SCAN_FOUND_MAX];
    size_t count;
};

/* A chain as it was presented, and for which names ("" stands for none). */
struct scan_chain {
    struct cert_list certs;
    const char *names[SCAN_NAMES_MAX + 1]; /* borrowed from the host */
    size_t name_count;
    struct buf ocsp; /* stapled; empty: none */
    bool was_asked_for_ocsp;
};

enum scan_state {
    SCAN_UNDER_WAY,
    SCAN_FINISHED,
    SCAN_UNREACHABLE, /* no connection */
    SCAN_NOT_TLS,     /* it speaks something else */
};

enum lane_kind {
    LANE_REACH,
    LANE_VERSION,
    LANE_SUITES,
    LANE_GROUPS_12,
    LANE_GROUPS_13,
    LANE_SCHEMES_12,
    LANE_SCHEMES_13,
    LANE_CHAINS,
    LANE_SESSION_12,
    LANE_SESSION_13,
    LANE_PROTOCOLS,
    LANE_FALLBACK,
    LANE_COMPRESSION,
    LANE_RENEGOTIATION,
    LANE_TOLERANCE,
    LANE_HEARTBEAT,
    LANE_EARLY_CHANGE,
    LANE_ROBOT,
    LANE_KIND_COUNT
};

/* One question that takes several connections, one after the other. */
struct scan_lane {
    enum lane_kind kind;
    unsigned number; /* of the version, or of the name */
    unsigned step;   /* the lane's own */
    unsigned tries;  /* of the same ask, that failed */
    bool is_busy;
    bool is_done;
};

/* How a server reacted to the blocks of one round, and the round before. */
struct scan_robot {
    uint8_t reactions[ROBOT_BLOCKS][ANSWER_REACTION_MAX];
    size_t lens[ROBOT_BLOCKS];
    bool has_changed;    /* this round is not like the one before */
    unsigned same_count; /* rounds in a row that were alike, and told blocks apart */
    enum answer_weakness outcome;
};

struct scan_host {
    struct scan_target target;
    const struct starttls_protocol *starttls;
    char names[SCAN_NAMES_MAX][ASK_NAME_MAX]; /* to be asked for */
    size_t name_count;
    struct cert_pool *pool; /* borrowed: certificates that were met before; NULL: none */
    bool is_quick;          /* certificates alone */

    enum scan_state state;
    char address[64]; /* that answered */
    unsigned connections;
    unsigned lost; /* that brought nothing although they should have */
    int64_t began_ms;
    int64_t ended_ms;
    unsigned phase;
    struct scan_lane lanes[SCAN_LANES_MAX];
    size_t lane_count;

    enum fact has_ssl2;
    struct scan_version versions[SCAN_VERSIONS];
    struct scan_numbers groups_12;
    struct scan_numbers groups_13;
    struct scan_numbers schemes_12;
    struct scan_numbers schemes_13;
    enum scan_order group_order;
    unsigned dh_bits; /* the smallest field; 0: none seen */
    uint8_t dh_prime_sha256[32];
    bool has_export_dh; /* with a suite for export */
    struct scan_chain chains[SCAN_CHAINS_MAX];
    size_t chain_count;
    char unreadable[ERR_TEXT_MAX];     /* why a certificate that was presented cannot be read; "" */
    struct wire_server_print print;    /* of the newest version's hello; "" not known */
    char protocols[ASK_PROTOCOLS_MAX]; /* ALPN, with commas */
    enum fact resumes_tickets_12;
    enum fact resumes_ids_12;
    enum fact resumes_13;
    uint32_t ticket_lifetime_s;
    enum fact has_early_data;
    enum fact has_extended_master_secret;
    enum fact has_encrypt_then_mac;
    enum fact has_secure_renegotiation;
    enum fact renegotiates;            /* when a client wants it, by RFC 5746 */
    enum fact renegotiates_insecurely; /* with clients that do not know RFC 5746 */
    enum fact has_fallback_protection;
    enum fact compresses;
    enum fact is_tolerant;
    enum fact has_heartbeat;
    enum answer_weakness heartbleed;
    enum answer_weakness early_change;
    struct scan_robot
        robot[2]; /* with ChangeCipherSpec and Finished after the block, and without */
    enum fact asks_for_certificate;
    enum fact has_caa;          /* with its records; unknown: nobody asked, or nobody answered */
    bool caa_is_proven;         /* by DNSSEC */
    char caa_at[SCAN_HOST_MAX]; /* the name that has them */
    struct list caa;            /* as zone files have them */
    struct buf authorities;     /* CertificateRequest's names */
    struct buf head;            /* an HTTP response's */
    struct observe_session *sessions[2]; /* of TLS 1.2 or before, of TLS 1.3 */
};

/*
 * names  asked for by SNI where the target brings none; none: its host, when that is one. Copied
 * Fails  base.oom
 */
bool scan_host_new(const struct scan_target *target, const char *const *names, size_t name_count,
                   const struct starttls_protocol *starttls, bool is_quick,
                   struct scan_host **out_host, struct err *e) PL_MUST_USE;
void scan_host_free(struct scan_host *host);
PL_DEFINE_FREEP(scan_host_freep, struct scan_host, scan_host_free)

/* NULL when there is no such version of the five. */
struct scan_version *scan_host_version(struct scan_host *h, uint16_t version);
/* The newest before TLS 1.3 that is spoken; 0: none. */
uint16_t scan_host_newest_12(const struct scan_host *h);
/* The one writer of how it ended. */
void scan_host_set_state(struct scan_host *h, enum scan_state state);
bool scan_host_speaks(const struct scan_host *h, uint16_t version);
bool scan_numbers_add(struct scan_numbers *list, uint16_t value); /* false: full, or there */
bool scan_numbers_has(const struct scan_numbers *list, uint16_t value);

#endif
