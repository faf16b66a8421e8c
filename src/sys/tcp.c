/* TCP sockets. */
#include "sys/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h> /* glibc's does not know tcpi_bytes_acked */
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

void tcp_format_address(const struct sockaddr *address, char out[TCP_ADDRESS_TEXT]) {
    char text[INET6_ADDRSTRLEN] = "?";
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *ip4 = (const void *)address;
        (void)inet_ntop(AF_INET, &ip4->sin_addr, text, sizeof(text));
        (void)snprintf(out, TCP_ADDRESS_TEXT, "%s:%u", text, (unsigned)ntohs(ip4->sin_port));
    } else if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *ip6 = (const void *)address;
        (void)inet_ntop(AF_INET6, &ip6->sin6_addr, text, sizeof(text));
        (void)snprintf(out, TCP_ADDRESS_TEXT, "[%s]:%u", text, (unsigned)ntohs(ip6->sin6_port));
    } else {
        (void)snprintf(out, TCP_ADDRESS_TEXT, "?");
    }
}

bool tcp_acknowledged(int fd, uint64_t *out_bytes) {
    struct tcp_info info;
    socklen_t len = sizeof(info);
    bool ok = getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
              len >= offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof(info.tcpi_bytes_acked);
    if (ok) {
        *out_bytes = info.tcpi_bytes_acked;
    }
    return ok;
}

static bool set_option(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

static bool listen_failed(const struct sockaddr *address, int reason, struct err *e) {
    char text[TCP_ADDRESS_TEXT];
    tcp_format_address(address, text);
    switch (reason) {
    case EADDRINUSE:
        (void)err_set(e, ERR_NET_PORT_BUSY, "cannot listen on %s: another program does already",
                      text);
        return err_hint(e,
                        "stop the other program (\"ss -ltnp\" names it), or choose another port");
    case EACCES:
    case EPERM:
        (void)err_set(e, ERR_NET_PORT_DENIED, "cannot listen on %s: this user may not use the port",
                      text);
        return err_hint(e, "ports below 1024 need root, or the capability CAP_NET_BIND_SERVICE");
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
        (void)err_set(e, ERR_NET_ADDRESS, "cannot listen on %s: this machine has no such address",
                      text);
        return err_hint(e, "0.0.0.0 and :: stand for all addresses");
    default:
        return err_set_errno(e, ERR_NET_LISTEN, reason, "cannot listen on %s", text);
    }
}

bool tcp_listen(const struct sockaddr *address, socklen_t address_len,
                const struct tcp_listen_options *options, int *out_fd, struct err *e) {
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return listen_failed(address, errno, e);
    }
    bool ok = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
              set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) &&
              set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, TCP_UNSENT_MAX) &&
              (address->sa_family != AF_INET6 || set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) &&
              (options->defer_accept_s == 0 ||
               set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, options->defer_accept_s)) &&
              bind(fd, address, address_len) == 0 && listen(fd, options->backlog) == 0;
    if (!ok) {
        int reason = errno;
        (void)close(fd);
        return listen_failed(address, reason, e);
    }
    *out_fd = fd;
    return true;
}
