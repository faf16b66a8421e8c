/*
 * What the files of the supervisor share: supervisor.c (its life), children.c (starting and
 * restarting processes), holdings.c (what it holds for them: listeners, document roots, versions of
 * the bindings, segments of keys). Private to role/.
 */
#ifndef PL_ROLE_SUPERVISOR_PARTS_H
#define PL_ROLE_SUPERVISOR_PARTS_H

#include "keys/key_table.h"
#include "role/listing.h"
#include "role/serve.h"
#include "role/upgrade.h"
#include "role/worker.h"
#include "sys/service_manager.h"
#include "tls/snapshot.h"

#include <sys/types.h>

enum { NET_PROCESSES_MAX = 256, SUPERVISOR_ROLES_MAX = 8 };

/* --- children ------------------------------------------------------------------------------------
 */

enum child_state {
    CHILD_WAITING,  /* begins, and is to be handed what it works with */
    CHILD_STARTING, /* until it is ready */
    CHILD_SERVING,
    CHILD_DRAINING, /* finishes what is under way, then ends */
    CHILD_STATE_COUNT
};

struct child {
    struct child *next;
    struct supervisor *supervisor;
    enum ipc_role role;
    enum child_state state;
    uint32_t number; /* of several net */
    pid_t pid;
    struct peer *peer; /* NULL: it said goodbye, its end is to be collected */
    int64_t started_ms;
    uint64_t roots_version; /* that it was started with */
    int64_t applied_seq;    /* net: what it serves */
    uint64_t serial;        /* no other child of this supervisor has it */
    int figures_fd;         /* net: what it counts; -1: not told yet */
};

/* A place that is to be filled, and when. */
struct vacancy {
    enum ipc_role role;
    uint32_t number;
    int64_t at_ms; /* 0: filled */
    unsigned quick_deaths;
};

/* --- holdings ------------------------------------------------------------------------------------
 */

struct held_socket {
    struct held_socket *next;
    struct listing_listener about;
    int fd; /* -1: could not be opened yet */
    bool is_wanted;
    bool is_told; /* that it could not be */
};

struct held_folder {
    struct held_folder *next;
    int fd;
    bool is_wanted;
    char path[];
};

/* One generation of segments. */
struct held_version {
    uint64_t generation; /* 0: none */
    int segments[SNAPSHOT_SEGMENTS_MAX];
    uint32_t segment_count;
    int index_fd; /* -1: incomplete */
    uint32_t index_segments;
};

struct held_keys {
    uint64_t generation;
    int segments[KEY_TABLE_SEGMENTS_MAX];
    uint64_t used[KEY_TABLE_SEGMENTS_MAX];
    uint32_t count;
};

struct holdings {
    int given[SERVICE_SOCKETS_MAX]; /* listening already, by the service manager */
    size_t given_count;
    size_t
        given_kept; /* the first ones: the manager's, who has them open for as long as it likes */
    struct held_socket *sockets;
    struct held_folder *folders;
    uint64_t roots_version; /* grows with each new folder */
    struct held_version current;
    struct held_version coming; /* of a new generation, until its index is there */
    struct held_keys keys;
    struct held_keys keys_before;
};

void holdings_init(struct holdings *holdings);
void holdings_clear(struct holdings *holdings);

/* The one for that address among those that were handed over at the start, copied; -1: none. */
int holdings_find_given(const struct holdings *holdings, const union snapshot_address *address);
/* All that listen, those that were handed over first, borrowed; at most max of them. Returns how
 * many.
 */
size_t holdings_list_sockets(const struct holdings *holdings, int *out_fds, size_t max);
/* What an earlier version of the program handed over is in use now, or wanted by nobody. */
void holdings_drop_given(struct holdings *holdings);

/* From control; false when malformed. */
bool holdings_take_roots(struct holdings *holdings, const struct ipc_message *message);
bool holdings_take_listeners(struct holdings *holdings, const struct ipc_message *message);
/* out_fd: borrowed. */
bool holdings_take_segment(struct holdings *holdings, struct ipc_message *message, int *out_fd);
bool holdings_take_index(struct holdings *holdings, struct ipc_message *message);
bool holdings_take_key_segment(struct holdings *holdings, struct ipc_message *message);
bool holdings_take_keys_added(struct holdings *holdings, const struct ipc_message *message);

/* Opens what is not open; opened is told each of them. False, with the first failure, when one
 * cannot be. Each failure is logged once. */
bool holdings_open_sockets(struct holdings *holdings,
                           void (*opened)(void *ctx, const struct held_socket *socket), void *ctx,
                           struct err *e);
/* Closes those that nobody wants any more; each is told before. */
void holdings_drop_sockets(struct holdings *holdings,
                           void (*closing)(void *ctx, const struct held_socket *socket), void *ctx);

/* Whether there is a listener of the site "services". */
bool holdings_have_services(const struct holdings *holdings);

/* To a process that starts; role: which of both net. */
void holdings_give_net(const struct holdings *holdings, struct peer *peer, enum ipc_role role);
void holdings_give_keys(const struct holdings *holdings, struct peer *peer);
/* To one that runs, if it is for its kind. */
void holdings_send_socket(struct peer *peer, enum ipc_role role, const struct held_socket *socket);
void holdings_send_index(const struct holdings *holdings, struct peer *peer);

/* --- the supervisor ------------------------------------------------------------------------------
 */

struct supervisor {
    const struct serve_wish *wish;
    const char *data_dir;
    uv_loop_t loop;
    uv_signal_t interrupt;
    uv_signal_t terminate;
    uv_signal_t child_ended;
    uv_signal_t upgrade_asked;
    uv_timer_t timer;
    struct child *children;
    struct vacancy vacancies[NET_PROCESSES_MAX + SUPERVISOR_ROLES_MAX];
    size_t vacancy_count;
    uint32_t net_count;
    struct holdings holdings;
    struct upgrade upgrade;
    int metrics_fd;  /* listens for "metrics"; -1: there are none */
    uint64_t serial; /* of the child that was started last */
    uint64_t restarts[SUPERVISOR_ROLES_MAX];
    uint8_t world[64]; /* what control told last, for metrics alone */
    size_t world_len;
    int64_t told_seq; /* what control knows to be applied */
    int64_t stop_ms;  /* when those that still run are ended */
    bool has_world;
    bool is_ready;
    bool is_upgrading; /* control is on its way out, or the new version on its way in */
    bool is_stopping;
    bool has_failed;
    struct err error;
};

/* supervisor_upgrade.c */
void supervisor_upgrade(struct supervisor *s);          /* asked for, by a signal */
void supervisor_continue_upgrade(struct supervisor *s); /* control has ended */
void supervisor_check_upgrade(struct supervisor *s);    /* now and then */

/* children.c */
/* A net waits while there is nothing to serve yet: it cannot be given document roots any later. */
bool child_start(struct supervisor *s, enum ipc_role role, uint32_t number, struct err *e)
    PL_MUST_USE;
void children_go(struct supervisor *s); /* those that wait: now there is something to serve */
bool child_is_given(const struct child *child); /* a net that gets what comes */
struct child *child_find(const struct supervisor *s, enum ipc_role role);
void children_collect(struct supervisor *s);        /* those that have ended */
void children_fill_vacancies(struct supervisor *s); /* whose time has come */
void children_end(struct supervisor *s);            /* all, at once */
void child_drain(struct child *child);
void child_end(struct child *child); /* at once; it is not started again */
/* New net processes for those that were started before the newest roots. */
void children_roll(struct supervisor *s);

/* supervisor_metrics.c; all do nothing while there is no "metrics" */
void supervisor_tell_processes(const struct supervisor *s);
void supervisor_count_restart(struct supervisor *s, enum ipc_role role);
void supervisor_end_figures(const struct child *child);                      /* it has ended */
void supervisor_give_metrics(const struct supervisor *s, struct peer *peer); /* when it starts */
/* Messages; false when malformed. */
bool supervisor_take_figures(struct child *child, struct ipc_message *message);
bool supervisor_take_world(struct supervisor *s, const struct ipc_message *message);

/* supervisor.c */
bool supervisor_on_message(struct child *child, struct ipc_message *message);
void supervisor_on_ready(struct child *child);
/* One has ended; whether it is to be started again is children.c's. */
void supervisor_on_ended(struct supervisor *s, enum ipc_role role);
void supervisor_fail(struct supervisor *s, const struct err *error);
/* Finishes what is under way, then ends. */
void supervisor_stop(struct supervisor *s);

#endif
