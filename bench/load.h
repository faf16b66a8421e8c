/*
 * The load client's parts. One process, one thread: what it does while a server is measured must
 * not disturb it, and one core makes more load than one core of any server can take.
 *
 * It speaks TLS with OpenSSL and no rule of its own, and does not verify certificates: it measures.
 */
#ifndef PL_BENCH_LOAD_H
#define PL_BENCH_LOAD_H

#include "base/compiler.h"
#include "base/err.h"

#include <netinet/in.h>

enum load_mode {
    LOAD_HANDSHAKE, /* connect, handshake, close */
    LOAD_GET,       /* connect, handshake, one request, close */
    LOAD_RESUMED,   /* the same with the ticket of the connection before */
    LOAD_REQUESTS,  /* requests on connections that stay */
    LOAD_IDLE,      /* one request on each connection, which then stays until standard input ends */
};

enum { LOAD_CONNECTIONS_MAX = 20000, LOAD_NAME_MAX = 256 };

struct load_options {
    enum load_mode mode;
    struct sockaddr_in server;
    uint64_t connections; /* at the same time */
    uint64_t seconds;     /* new work begins until then */
    uint64_t count;       /* pieces of work; 0: as many as there is time for */
    const char *path;
    char *group;       /* not const for the library's sake */
    const char *suite; /* of TLS 1.3 */
    bool is_tls12;
    bool is_in_order; /* names one after the other, instead of at random */
    char (*names)[LOAD_NAME_MAX];
    uint64_t name_count;
};

/* What was measured. */
struct load_result {
    uint64_t count;
    uint64_t error_count;
    uint64_t resumed_count;
    double seconds;
    char first_error[256];
    uint32_t *micros; /* one for each piece of work, up to micros_max; owned */
    size_t micros_count;
    size_t micros_max;
};

/* is told once all connections of LOAD_IDLE stand. */
typedef void load_ready(const struct load_result *result);

bool load_run(const struct load_options *options, load_ready *ready, struct load_result *result,
              struct err *e) PL_MUST_USE;

#endif
