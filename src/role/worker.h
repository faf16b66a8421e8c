/*
 * What all of the server's processes but the supervisor have in common: how they begin. Started
 * with one connection to their parent, a process is told who it is (start), opens what it needs
 * with the rights it came with, becomes its user, is handed what it works with, and, at go, gives
 * up every right that it does not need. Only then it says that it is ready and begins its loop. It
 * ends when its parent's connection does.
 */
#ifndef PL_ROLE_WORKER_H
#define PL_ROLE_WORKER_H

#include "codec/ip.h"
#include "ipc/pack.h"
#include "role/peer.h"
#include "sys/sandbox.h"
#include "sys/user.h"

/* The sealing key as a credential of the service manager (systemd: LoadCredentialEncrypted=). */
#define SEALING_CREDENTIAL "padlock-sealing-key"

/* What net allows; each process for itself. 0: net's default (role/net.h). */
struct worker_limits {
    uint32_t connections;
    uint32_t per_client; /* UINT32_MAX: no limit */
    uint32_t handshakes;
};

/* Who may say, by the PROXY protocol, who its client is. */
enum { WORKER_PROXIES_MAX = 32 };
struct worker_proxies {
    struct ip_network networks[WORKER_PROXIES_MAX];
    uint32_t count;
};

/* The message "start". */
struct worker_start {
    struct user user; /* to become; uid 0 or ours: stay */
    bool is_json_log;
    bool is_logging; /* else silent: the command line says what failed */
    bool has_access_log;
    bool fetches_from_loopback; /* probe may ask responders on this machine */
    uint32_t number;            /* of several of a kind */
    struct worker_limits limits;
    struct worker_proxies proxies;
    char data_dir[4096];    /* "" where there is none */
    char sealing_key[4096]; /* a file that is not in the data directory; "": it is there */
};

void worker_start_pack(const struct worker_start *start, struct pack_writer *w);
bool worker_start_read(const struct ipc_message *message, struct worker_start *out_start);

/* The message "peer": a connection to another process, which is the message's descriptor. */
struct worker_peer {
    enum ipc_role role;
    uint32_t number; /* which of its kind */
};
bool worker_peer_read(const struct ipc_message *message, struct worker_peer *out_peer);

struct worker {
    const struct worker_kind *kind;
    struct worker_start start;
    uv_loop_t loop;
    struct peer *parent; /* NULL before the loop */
    bool is_ending;      /* what still comes from the parent is passed over */
    struct sandbox_report sandbox;
    void *own; /* the role's */
};

struct worker_kind {
    enum ipc_role role;
    /* With the rights it was started with. May be NULL. */
    bool (*open)(struct worker *worker, struct err *e);
    /* As its user, with the loop. */
    bool (*begin)(struct worker *worker, struct err *e);
    /* From the parent, before and after go; false when malformed. Start and go are not told. */
    bool (*message)(struct worker *worker, struct ipc_message *message);
    /* What it keeps. The folders' descriptors are borrowed. */
    void (*keep)(struct worker *worker, struct sandbox_wish *wish);
    void (*ready)(struct worker *worker); /* in its loop; may be NULL */
    /* After the loop; works on what was never begun. */
    void (*end)(struct worker *worker);
};

/* To the parent. */
void worker_send(struct worker *worker, enum ipc_type type, const void *bytes, size_t len, int fd);
void worker_send_error(struct worker *worker, const struct err *error);

/* A channel to another process than the parent, from a message's descriptor. Fails base.oom,
 * ipc.broken. */
bool worker_connect(struct worker *worker, struct ipc_message *message, enum ipc_role other,
                    const struct peer_callbacks *callbacks, struct peer **out_peer, struct err *e)
    PL_MUST_USE;

/* Ends the loop. */
void worker_stop(struct worker *worker);

/* The process's life; the exit code. Names as on the command line, without the mark. */
int worker_main(const char *role, const char *parent);

#endif
