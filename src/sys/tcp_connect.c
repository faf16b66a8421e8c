/* Connections that go out, for those that block. */
#include "sys/tcp_connect.h"

#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void free_addresses(struct addrinfo **addresses) {
    if (*addresses != NULL) {
        freeaddrinfo(*addresses);
    }
}

bool tcp_wait(int fd, short events, int64_t deadline_ms) {
    for (;;) {
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        struct pollfd waited = {.fd = fd, .events = events};
        if (left_ms <= 0) {
            return false;
        }
        int ready = poll(&waited, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);
        if (ready > 0 || (ready < 0 && errno != EINTR)) {
            return ready > 0;
        }
    }
}

/* A connected socket, or -1 with the reason in *out_errno (0: the deadline). */
static int connect_to(const struct addrinfo *address, int64_t deadline_ms, int *out_errno) {
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int reason = 0;
    socklen_t reason_len = sizeof(reason);
    if (fd < 0) {
        *out_errno = errno;
        return -1;
    }
    bool is_under_way =
        connect(fd, address->ai_addr, address->ai_addrlen) == 0 || errno == EINPROGRESS;
    reason = is_under_way ? 0 : errno;
    if (is_under_way && tcp_wait(fd, POLLOUT, deadline_ms) &&
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &reason_len) == 0 && reason == 0) {
        return fd;
    }
    *out_errno = reason;
    (void)close(fd);
    return -1;
}

static void tell(int fd, const struct addrinfo *address, struct tcp_connection *out) {
    struct sockaddr_storage own = {0};
    socklen_t own_len = sizeof(own);
    (void)getnameinfo(address->ai_addr, address->ai_addrlen, out->address, sizeof(out->address),
                      NULL, 0, NI_NUMERICHOST);
    char port[8] = "";
    uint64_t number = 0;
    if (getsockname(fd, (struct sockaddr *)&own, &own_len) == 0 &&
        getnameinfo((struct sockaddr *)&own, own_len, out->own_address, sizeof(out->own_address),
                    port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) == 0 &&
        str_to_u64(port, UINT16_MAX, &number)) {
        out->own_port = (uint16_t)number;
    }
}

/* All of .localhost is this machine (RFC 6761 §6.3), which not every resolver knows. */
static const char *name_to_resolve(const char *host) {
    return str_ends_with(host, ".localhost") ? "localhost" : host;
}

enum tcp_connect_outcome tcp_connect(const char *host, uint16_t port, int64_t deadline_ms,
                                     struct tcp_connection *out) {
    char service[8];
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    PL_AUTO(free_addresses) struct addrinfo *addresses = NULL;
    *out = (struct tcp_connection){.fd = -1};
    (void)snprintf(service, sizeof(service), "%u", port);
    if (getaddrinfo(name_to_resolve(host), service, &hints, &addresses) != 0) {
        return TCP_NO_ADDRESS;
    }
    for (const struct addrinfo *at = addresses; at != NULL; at = at->ai_next) {
        out->fd = connect_to(at, deadline_ms, &out->errno_value);
        if (out->fd >= 0) {
            tell(out->fd, at, out);
            return TCP_CONNECTED;
        }
    }
    return out->errno_value == 0 ? TCP_TIMED_OUT : TCP_REFUSED;
}
