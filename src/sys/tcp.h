/*
 * TCP sockets: listening, and addresses as text.
 */
#ifndef PL_SYS_TCP_H
#define PL_SYS_TCP_H

#include "base/compiler.h"
#include "base/err.h"

#include <sys/socket.h>

enum {
    TCP_ADDRESS_TEXT = 64, /* "[ffff:…:ffff%scope]:65535" */
    /* Bytes that a connection takes before they are due to be sent: who reads slowly holds this
     * much of the kernel's memory, and not megabytes. */
    TCP_UNSENT_MAX = 256 * 1024,
};

struct tcp_listen_options {
    int backlog;
    int defer_accept_s; /* a connection is handed over with its first bytes, or after this time; 0:
                           at once */
};

/*
 * Listens on an address, not blocking, with SO_REUSEADDR, TCP_NODELAY and TCP_UNSENT_MAX for what
 * is accepted, IPv6 alone for IPv6 addresses.
 *
 * out_fd  caller closes
 * Fails   net.port.busy, net.port.denied (a port below 1024 without the right), net.address (the
 * machine has no such address), net.listen
 */
bool tcp_listen(const struct sockaddr *address, socklen_t address_len,
                const struct tcp_listen_options *options, int *out_fd, struct err *e) PL_MUST_USE;

/*
 * How many bytes the other side has acknowledged since the connection was made: what it took, not
 * what waits in the kernel. False when the kernel does not tell (before Linux 4.1).
 */
bool tcp_acknowledged(int fd, uint64_t *out_bytes);

/* "192.0.2.1:4711", "[2001:db8::1]:4711"; "?" for other families. */
void tcp_format_address(const struct sockaddr *address, char out[TCP_ADDRESS_TEXT]);

#endif
