/*
 * Serves the sites: listeners, TLS, HTTP/1.1, static files, on the caller's libuv loop. One thread.
 *
 * The world comes as a snapshot (tls/snapshot.h) and is replaced by pointer: open connections stay,
 * new requests on them see the new world. The store is never touched here.
 *
 * All sockets are in one epoll set of their own (edge-triggered, registered once for a connection's
 * life), which the loop watches as a single descriptor: libuv's own handle for a socket costs three
 * system calls more for each connection.
 *
 * Limits: config's and those below. An idle connection holds its TLS state and no buffer. Where
 * there is no room for a new connection, the one that is idle longest gives way, and of handshakes
 * the oldest that dawdles; a client address that has as many as it may is refused. What trickles
 * renews no deadline: a request must be whole in its time, and a response must be taken at a rate.
 */
#ifndef PL_ROLE_NET_H
#define PL_ROLE_NET_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"
#include "codec/ip.h"
#include "http/message.h"
#include "role/net_figures.h"
#include "tls/engine.h"
#include "tls/snapshot.h"

#include <uv.h>

struct net;

enum {
    NET_CONNECTIONS_DEFAULT = 16 * 1024,
    NET_PER_CLIENT_DEFAULT = 256,  /* connections of an IPv4 address or an IPv6 /64 */
    NET_HANDSHAKES_DEFAULT = 4096, /* under way at a time */
    NET_LIMIT_MAX = 1000 * 1000,   /* that these can be set to */
    NET_DAWDLE_MS = 2 * 1000,      /* a handshake older than this gives way to new ones */
    NET_IDLE_MIN_MS = 1000,        /* and a connection that is idle for longer */
    NET_HANDSHAKE_MS = 10 * 1000,  /* from accept to the end of the handshake */
    NET_HEADER_MS = 10 * 1000,     /* from a request's first byte to its header's end; bodies too */
    NET_IDLE_MS = 60 * 1000,       /* between requests */
    /* A client takes NET_TAKEN_MIN bytes of a response, or all, in each NET_STALL_MS: 273 bytes a
     * second (IIS asks for 240, Apache's mod_reqtimeout for 500). */
    NET_STALL_MS = 60 * 1000,
    NET_TAKEN_MIN = 16 * 1024,
    NET_LINGER_MS = 2 * 1000,    /* reading over what a client still sends after a refusal */
    NET_DISCARD_MAX = 64 * 1024, /* bytes of request body that are read over */
    /* A request's content for the services comes at NET_CONTENT_MIN bytes, or is whole, in each
     * NET_CONTENT_MS; of all of them so much is kept at a time. */
    NET_CONTENT_MS = 10 * 1000,
    NET_CONTENT_MIN = 8 * 1024,
    NET_CONTENTS_MAX = 64 * 1024 * 1024,
};

/* One request that was answered, or refused (then method and target may be empty). */
struct net_access {
    int64_t time_ms;
    const char *client;   /* "192.0.2.1:4711" */
    const char *listener; /* "https://0.0.0.0:443" */
    struct http_text method;
    struct http_text target;
    struct http_text host;
    int status;
    uint64_t body_bytes; /* sent */
    int64_t duration_ms;
    const char *version; /* "TLS 1.3"; "" on http */
    const char *suite;
    const char *server_name;
    bool is_resumed;
    const char *site;   /* "" when none was found */
    const char *reason; /* why it was refused; NULL */
};

/* A handshake that failed, or a connection that never got so far. */
struct net_failure {
    int64_t time_ms;
    const char *client;
    const char *listener;
    const char *server_name;
    const struct err *error;
};

/* A connection that a limit refused or made give way. */
struct net_refusal {
    const char *client;
    const char *listener;
    enum net_figure limit; /* NET_LIMIT_… */
    const char *reason;    /* a sentence */
};

struct net_callbacks {
    void *ctx;
    void (*access)(void *ctx, const struct net_access *access);    /* may be NULL */
    void (*failure)(void *ctx, const struct net_failure *failure); /* may be NULL */
    void (*refusal)(void *ctx, const struct net_refusal *refusal); /* may be NULL */
    /* Something that the administrator should know: no more descriptors, a listener that cannot be
     * opened. */
    void (*trouble)(void *ctx, const struct err *error); /* may be NULL */
    /*
     * Opens a listener in another way (handed over by the supervisor or systemd); NULL:
     * tcp_listen(). The descriptor becomes net's.
     */
    bool (*open_listener)(void *ctx, const struct snapshot_listener *listener, int *out_fd,
                          struct err *e);
    /*
     * Hands a request to the site "services" to whoever answers (service/frame.h). It stays the
     * connection's until net_answer(), or forget(). False: nobody takes more.
     *
     * connection   a name for net_answer()
     * is_safe      it may be asked twice (RFC 9110 §9.2.1)
     * request      its frame, taken
     * out_ticket   for forget()
     */
    bool (*forward)(void *ctx, void *connection, bool is_safe, struct buf *request,
                    uint32_t *out_ticket);
    /* The connection has ended: nobody waits for that answer any more. */
    void (*forget)(void *ctx, uint32_t ticket);
};

struct net_config {
    bool is_services;          /* serves the listeners of the site "services", and no others */
    uv_loop_t *loop;           /* outlives the net */
    struct tls_engine *engine; /* outlives the net */
    struct net_callbacks callbacks;
    struct net_figures *figures; /* where it counts, outlives the net; NULL: memory of its own */
    size_t connections_max;      /* 0: NET_CONNECTIONS_DEFAULT */
    uint32_t per_client_max;     /* 0: NET_PER_CLIENT_DEFAULT; UINT32_MAX: no limit */
    uint32_t handshakes_max;     /* 0: NET_HANDSHAKES_DEFAULT */
    const struct ip_network *proxies; /* trusted beside this machine itself; outlives the net */
    size_t proxy_count;
    bool counts_loopback; /* per_client_max holds for this machine's own clients, too */
    /* 0: the times above; for tests */
    int64_t handshake_ms;
    int64_t header_ms;
    int64_t idle_ms;
    int64_t stall_ms;
    int64_t content_ms;
};

/* Fails base.oom, net.loop. */
bool net_new(const struct net_config *config, struct net **out_net, struct err *e) PL_MUST_USE;

/*
 * Takes a new snapshot (a reference): listeners that are new are opened, those that are gone are
 * closed and their connections end with the request under way. What can be applied is applied; a
 * listener that cannot be opened is tried again each second, and told to trouble() once.
 *
 * Fails with the first such listener's error (net.port.busy, net.port.denied, net.address,
 * net.listen); base.oom
 */
bool net_apply(struct net *net, struct snapshot *snapshot, struct err *e) PL_MUST_USE;

/*
 * Stops: no new connections; idle ones are closed; others finish their request, at most until
 * timeout_ms from now. done is called from the loop when none is left.
 */
void net_stop(struct net *net, int64_t timeout_ms, void (*done)(void *ctx), void *ctx);

/* Closes everything at once. The memory goes when the loop has run its handles' closing. */
void net_free(struct net *net);

/*
 * The connection that is being run now, for a signer that pauses its handshake; a name that
 * net_resume() takes, and nothing else. It is good until the paused job is resumed.
 */
void *net_current(const struct net *net);
/* The signature that the connection waits for has come, or will not come: its handshake goes on. */
void net_resume(struct net *net, void *connection);

/* The answer to a request that was forwarded; the response is taken. */
void net_answer(struct net *net, void *connection, struct http_response *response);

/* Borrowed. */
const struct net_figures *net_figures(const struct net *net);
/* The port that a listener of port 0 got; 0 when it is not open. For tests and messages. */
uint16_t net_listener_port(const struct net *net, uint32_t listener);

/*
 * The line of the access log:
 *   2026-11-23T20:15:00Z 192.0.2.1:4711 GET /index.html 200 5120 3ms "TLS 1.3"
 * TLS_AES_128_GCM_SHA256 www.example.com shop Texts from outside are escaped; what is empty is "-".
 * Fails base.oom, base.limit.
 */
bool net_access_format(const struct net_access *access, struct buf *out, struct err *e) PL_MUST_USE;

#endif
