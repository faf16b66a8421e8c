/* What the files of net share: net.c (loop, listeners, limits), net_connection.c (one connection),
 * net_times.c (its deadlines), net_log.c. */
#ifndef PL_ROLE_NET_PARTS_H
#define PL_ROLE_NET_PARTS_H

#include "http/h1.h"
#include "role/net.h"
#include "role/net_clients.h"
#include "site/file_cache.h"
#include "tls/connection.h"

enum {
    NET_IN_SIZE = 64 * 1024,    /* one read */
    NET_PLAIN_SIZE = 16 * 1024, /* one TLS record */
    NET_OUT_FLUSH = 64 * 1024,  /* ciphertext that is gathered before it is sent */
    NET_OUT_MAX = 512 * 1024,
};

enum net_source_kind { NET_SOURCE_LISTENER, NET_SOURCE_CONNECTION };

/* What an epoll event points to; the first member of both. */
struct net_source {
    enum net_source_kind kind;
};

struct net_listener {
    struct net_source source;
    struct net *net;
    struct net_listener *next;
    struct snapshot_listener about;
    uint32_t index; /* in net's snapshot; SNAPSHOT_NONE: it is gone, and its connections end */
    int fd;         /* -1: not open */
    size_t users;   /* its connections, and the net while it is in its list */
    bool is_told;   /* trouble() knows that it cannot be opened */
};

/* Each has one fixed time, so that the queue's first is always the next to expire. */
enum net_deadline {
    NET_DEADLINE_NONE,
    NET_DEADLINE_HANDSHAKE,
    NET_DEADLINE_HEADER,
    NET_DEADLINE_IDLE,
    NET_DEADLINE_STALL,
    NET_DEADLINE_CONTENT,
    NET_DEADLINE_LINGER,
    NET_DEADLINE_COUNT
};

struct net_queue {
    struct net_connection *first;
    struct net_connection *last;
    int64_t duration_ms;
};

enum net_state {
    NET_STATE_PROXY, /* waiting for the PROXY header */
    NET_STATE_HANDSHAKE,
    NET_STATE_READING,    /* a request's head; or nothing: idle */
    NET_STATE_CONTENT,    /* a request's content, for the services */
    NET_STATE_WAITING,    /* for the services' answer */
    NET_STATE_RESPONDING, /* a body that is larger than what is sent at once */
    NET_STATE_DISCARDING, /* a request's body */
    NET_STATE_CLOSING,    /* when all is sent */
    NET_STATE_LINGERING,  /* our side is shut; what still comes is dropped */
    NET_STATE_CLOSED,
    NET_STATE_COUNT
};

/* A request from its head to its last byte sent. */
struct net_exchange {
    struct http_response response;
    struct http_text method;
    struct http_text target;
    struct http_text host;
    char *texts; /* the three of them, once the request's bytes are gone */
    const char *site;
    const char *reason;
    int64_t started_ms; /* the loop's clock */
    uint64_t body_sent;
    struct buf content;    /* of a request to the services */
    struct buf frame;      /* the request, as it is handed on with its content */
    uint64_t content_seen; /* when its deadline was looked at last */
    uint32_t ticket;
    unsigned minor;    /* the request's HTTP/1.minor */
    bool is_forwarded; /* another process answers */
    bool is_sent;      /* and has the request */
    bool is_answered;
    bool is_head;
    bool is_safe;
};

struct net_connection {
    struct net_source source;
    enum net_state state;
    int fd;
    uint32_t binding; /* of the handshake, in snapshot */
    struct net *net;
    struct net_listener *listener;
    uint32_t listener_index; /* in snapshot */
    struct snapshot *snapshot;
    struct tls_connection *tls; /* NULL: plain http */
    struct tls_io io;           /* this turn's */
    struct buf head;            /* plaintext that is not used up */
    size_t scanned;
    struct buf pending; /* ciphertext that the socket did not take */
    struct net_exchange *exchange;
    struct h1_body body;
    union snapshot_address peer;
    struct net_client *client; /* NULL: not counted */
    uint64_t taken;            /* bytes acknowledged when the stall deadline was looked at last */
    struct net_connection *earlier; /* in its deadline's queue; or among the dead */
    struct net_connection *later;
    struct net_connection *next_ready;
    int64_t expires_ms;
    enum net_deadline deadline;
    bool can_read;       /* the socket may have bytes */
    bool has_hung_up;    /* the end of its bytes is in sight */
    bool has_ended;      /* and has come */
    bool watches_output; /* registered for it too */
    bool is_ready;       /* in the ready list */
    bool has_body;       /* the request's body follows */
    bool is_keep_alive;  /* after the request under way */
    bool lingers;        /* the client may still be sending */
    bool has_progressed; /* a request or a handshake came to its end in this turn */
    bool has_received;   /* at least one byte */
    bool awaits_signature;
    bool has_answered; /* at least one request */
};

struct net {
    struct net_config config;
    uv_poll_t poll;
    uv_timer_t tick;
    uv_idle_t idle;
    unsigned handles; /* to be closed before the memory goes */
    int epoll_fd;
    struct snapshot *snapshot;
    struct net_listener *listeners;
    struct net_queue queues[NET_DEADLINE_COUNT];
    struct net_connection *ready;
    struct net_connection *dead;
    struct net_figures *figures;    /* config's, or own_figures */
    struct net_figures own_figures; /* when nobody else reads them */
    struct net_clients *clients;
    struct file_cache *files;
    bool is_paused; /* listeners are not watched */
    int64_t paused_until_ms;
    int64_t retry_ms;   /* when listeners that are not open are tried again; 0: all are open */
    int64_t trouble_ms; /* when trouble() may be told of descriptors again */
    bool is_stopping;
    int64_t stop_ms;
    int64_t stopping_since_ms;
    void (*stopped)(void *ctx);
    void *stopped_ctx;
    int64_t date_s;
    char date[30];
    struct buf out;   /* ciphertext of the turn */
    struct buf first; /* a response's first record */
    struct net_exchange *spare;
    size_t contents;                /* bytes of all exchanges' content */
    struct net_connection *current; /* whose turn it is */
    struct http_request request;
    uint8_t plain[NET_PLAIN_SIZE];
    uint8_t in[NET_IN_SIZE];
};

/* net_connection.c */
bool net_connection_open(struct net *net, struct net_listener *listener, int fd,
                         const union snapshot_address *peer, struct net_client *client,
                         struct err *e) PL_MUST_USE;
void net_connection_run(struct net_connection *c);
void net_connection_expire(struct net_connection *c); /* its deadline has come; net_times.c */
void net_connection_close(
    struct net_connection *c); /* at once; net.c frees the memory after the turn */
bool net_connection_is_idle(const struct net_connection *c);
/* Sends what the turn has gathered; what the socket does not take waits. False: it is broken. */
bool net_connection_flush(struct net_connection *c);
/* The request did not come in time: 408, and the end. */
void net_connection_time_out(struct net_connection *c);
/* The answer to a request that was forwarded; taken. */
void net_connection_answered(struct net_connection *c, struct http_response *response);

/* net_exchange.c */
void net_exchange_free(struct net_exchange *exchange);
/* The connection's, for the request that begins. Fails base.oom. */
bool net_exchange_new(struct net_connection *c, struct err *e) PL_MUST_USE;
void net_exchange_drop(struct net_connection *c); /* when it has one */
/* The request's bytes go before the response is sent: the log's texts get a place of their own. */
bool net_exchange_own_texts(struct net_exchange *exchange, struct err *e) PL_MUST_USE;
/* Makes the response, or has the request forwarded. Fails base.oom, base.limit. */
bool net_exchange_respond(struct net_connection *c, const struct http_request *request,
                          struct err *e) PL_MUST_USE;

/* net_forward.c: requests to the site "services" */
/* Answers, or makes the exchange one that is forwarded. Fails base.oom, base.limit. */
bool net_forward_respond(struct net_connection *c, const struct http_request *request,
                         uint32_t parts, struct err *e) PL_MUST_USE;
enum net_content {
    NET_CONTENT_KEPT,
    NET_CONTENT_TOO_LARGE,
    NET_CONTENT_NO_ROOM,
    NET_CONTENT_FAILED
};
/* More of the content. Fails base.oom. */
enum net_content net_forward_add(struct net_connection *c, const uint8_t *bytes, size_t len,
                                 struct err *e) PL_MUST_USE;
/* All of it is there: hands the request on; false, with the response made, when nobody takes it. */
bool net_forward_send(struct net_connection *c, struct err *e) PL_MUST_USE;
/* Drops what the exchange holds. */
void net_forward_drop(struct net *net, struct net_exchange *exchange);

/* net_redirect.c: to the https address of the same name */
bool net_redirect_respond(const struct net_connection *c, const struct http_request *request,
                          struct http_response *response, struct err *e) PL_MUST_USE;

/* net_times.c */
enum net_deadline net_deadline_of(const struct net_connection *c);
void net_renew_deadline(struct net_connection *c); /* after a turn */

/* net_proxy.c */
bool net_proxy_is_trusted(const struct net *net, const struct net_listener *listener,
                          const union snapshot_address *peer);
enum net_proxy { NET_HEADER_READ, NET_HEADER_MORE, NET_HEADER_REFUSED };
/* Takes the header from head, where all that was received is; then peer is the client. */
enum net_proxy net_proxy_read(struct net_connection *c);

/* net.c */
int64_t net_now_ms(const struct net *net);
const char *net_date(struct net *net);
void net_set_deadline(struct net_connection *c, enum net_deadline deadline);
void net_make_ready(struct net_connection *c);
void net_listener_drop(struct net_listener *listener); /* one user less */
/* A limit was met: counted, and told. */
void net_limit_met(struct net *net, enum net_figure limit, const union snapshot_address *client,
                   const struct net_listener *listener);
/* Counts the connection to its client's address; false when that has as many as it may, which is
 * told. */
bool net_count_client(struct net *net, const union snapshot_address *client,
                      const struct net_listener *listener, struct net_client **out_client);
void net_start_tick(struct net *net);

/* net_log.c */
void net_log_access(const struct net_connection *c, const struct net_exchange *exchange);
void net_log_failure(const struct net_connection *c, const struct err *error);
void net_log_refusal(const struct net *net, enum net_figure limit,
                     const union snapshot_address *client, const struct net_listener *listener);

#endif
