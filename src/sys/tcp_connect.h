/*
 * Making a TCP connection to a name: all of its addresses in the system's order, one deadline.
 */
#ifndef PL_SYS_TCP_CONNECT_H
#define PL_SYS_TCP_CONNECT_H

#include "base/compiler.h"

enum { TCP_HOST_TEXT = 64 };

enum tcp_connect_outcome {
    TCP_CONNECTED,
    TCP_NO_ADDRESS, /* the name has none */
    TCP_REFUSED,    /* none of them took it: errno_value says why */
    TCP_TIMED_OUT,
};

struct tcp_connection {
    int fd;                          /* not blocking, close-on-exec; the caller closes */
    char address[TCP_HOST_TEXT];     /* that answered */
    char own_address[TCP_HOST_TEXT]; /* and from where */
    uint16_t own_port;
    int errno_value;
};

/* Blocks until deadline_ms (clock_monotonic_ms()). out_connection is set in any case. */
enum tcp_connect_outcome tcp_connect(const char *host, uint16_t port, int64_t deadline_ms,
                                     struct tcp_connection *out_connection) PL_MUST_USE;

/* Waits until the socket can be read or written, as events (poll(2)) say; false at the deadline. */
bool tcp_wait(int fd, short events, int64_t deadline_ms);

#endif
