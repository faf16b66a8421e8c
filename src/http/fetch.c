/* One request and its answer for each connection; the address is checked before it is connected. */
#include "http/fetch.h"

#include "base/clock.h"
#include "base/str.h"
#include "codec/ip.h"
#include "codec/uri.h"
#include "http/answer.h"
#include "pki/ocsp.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK_SIZE = 16 * 1024, REQUEST_MAX = FETCH_CONTENT_MAX + 4096, STATUS_OK = 200 };

static void close_fd(const int *fd) {
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static void free_addresses(struct addrinfo **addresses) {
    if (*addresses != NULL) {
        freeaddrinfo(*addresses);
    }
}

static bool timed_out(const struct uri *uri, struct err *e) {
    return err_set(e, ERR_HTTP_FETCH_TIMEOUT, "no answer from %s in time", uri->host);
}

/* Waits for the socket; false at the deadline. */
static bool wait_for(int fd, short events, int64_t deadline_ms) {
    for (;;) {
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        struct pollfd waited = {.fd = fd, .events = events};
        int ready =
            left_ms <= 0 ? 0 : poll(&waited, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);
        if (ready >= 0 || errno != EINTR) {
            return ready > 0;
        }
    }
}

/* --- where it may go --- */

static bool address_of(const struct sockaddr *from, struct ip *out_ip) {
    struct sockaddr_in ip4;
    struct sockaddr_in6 ip6;
    if (from->sa_family == AF_INET) {
        memcpy(&ip4, from, sizeof(ip4));
        return ip_from_bytes((const uint8_t *)&ip4.sin_addr, sizeof(ip4.sin_addr), out_ip);
    }
    memcpy(&ip6, from, sizeof(ip6));
    return from->sa_family == AF_INET6 &&
           ip_from_bytes((const uint8_t *)&ip6.sin6_addr, sizeof(ip6.sin6_addr), out_ip);
}

static bool may_ask(const struct sockaddr *address, unsigned networks) {
    struct ip ip;
    if (!address_of(address, &ip)) {
        return false;
    }
    switch (ip_classify(&ip)) {
    case IP_PUBLIC:
        return true;
    case IP_PRIVATE:
        return (networks & FETCH_PRIVATE) != 0;
    case IP_LOOPBACK:
        return (networks & FETCH_LOOPBACK) != 0;
    case IP_LINK_LOCAL:
    case IP_RESERVED:
        return false;
    }
    return false;
}

/* A connected socket, or -1. */
static int connect_to(const struct addrinfo *address, int64_t deadline_ms) {
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int reason = 0;
    socklen_t len = sizeof(reason);
    if (fd < 0) {
        return -1;
    }
    bool is_under_way =
        connect(fd, address->ai_addr, address->ai_addrlen) == 0 || errno == EINPROGRESS;
    if (is_under_way && wait_for(fd, POLLOUT, deadline_ms) &&
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &len) == 0 && reason == 0) {
        return fd;
    }
    (void)close(fd);
    return -1;
}

static bool open_connection(const struct uri *uri, unsigned networks, int64_t deadline_ms,
                            int *out_fd, struct err *e) {
    char port[8];
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    PL_AUTO(free_addresses) struct addrinfo *addresses = NULL;
    bool was_refused = false;
    (void)snprintf(port, sizeof(port), "%u", uri->port);
    if (getaddrinfo(uri->host, port, &hints, &addresses) != 0) {
        return err_set(e, ERR_HTTP_FETCH_CONNECT, "the name %s has no address", uri->host);
    }
    for (const struct addrinfo *at = addresses; at != NULL; at = at->ai_next) {
        bool is_allowed = may_ask(at->ai_addr, networks);
        was_refused = was_refused || !is_allowed;
        *out_fd = is_allowed ? connect_to(at, deadline_ms) : -1;
        if (*out_fd >= 0) {
            return true;
        }
    }
    if (was_refused) {
        return err_set(e, ERR_HTTP_FETCH_ADDRESS, "%s is in a network that is not asked",
                       uri->host);
    }
    return clock_monotonic_ms() >= deadline_ms
               ? timed_out(uri, e)
               : err_set(e, ERR_HTTP_FETCH_CONNECT, "cannot connect to %s port %u", uri->host,
                         uri->port);
}

/* --- request and answer --- */

static bool write_request(const struct fetch_wish *wish, const struct uri *uri, struct buf *out,
                          struct err *e) {
    char authority[URI_AUTHORITY_SIZE];
    uri_format_authority(uri, authority);
    const char *path = uri->path[0] == '\0' ? "/" : uri->path;
    if (wish->content == NULL) {
        return buf_printf(out, e, "GET %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n\r\n", path,
                          authority);
    }
    return buf_printf(out, e,
                      "POST %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\nContent-Type: "
                      "%s\r\nContent-Length: %zu\r\n\r\n",
                      path, authority, wish->content_type, wish->content_len) &&
           buf_append(out, wish->content, wish->content_len, e);
}

static bool send_all(int fd, const struct buf *request, const struct uri *uri, int64_t deadline_ms,
                     struct err *e) {
    for (size_t sent = 0; sent < request->len;) {
        ssize_t step = send(fd, request->data + sent, request->len - sent, MSG_NOSIGNAL);
        if (step > 0) {
            sent += (size_t)step;
        } else if (errno != EAGAIN) {
            return err_set_errno(e, ERR_HTTP_FETCH_CONNECT, errno, "cannot ask %s", uri->host);
        } else if (!wait_for(fd, POLLOUT, deadline_ms)) {
            return timed_out(uri, e);
        }
    }
    return true;
}

static bool no_answer(const struct uri *uri, const char *why, struct err *e) {
    return err_set(e, ERR_HTTP_FETCH_ANSWER, "%s %s", uri->host, why);
}

/* Reads until the answer is whole; it points into bytes. */
static bool receive(int fd, const struct uri *uri, int64_t deadline_ms, struct buf *bytes,
                    struct answer *out_answer, struct err *e) {
    for (;;) {
        uint8_t chunk[CHUNK_SIZE];
        ssize_t got = recv(fd, chunk, sizeof(chunk), 0);
        if (got < 0 && errno == EAGAIN) {
            if (!wait_for(fd, POLLIN, deadline_ms)) {
                return timed_out(uri, e);
            }
            continue;
        }
        if (got < 0 || !buf_append(bytes, chunk, (size_t)got, e)) {
            return got < 0 ? err_set_errno(e, ERR_HTTP_FETCH_CONNECT, errno,
                                           "the connection to %s broke", uri->host)
                           : err_wrap(e, "%s sends too much", uri->host);
        }
        switch (answer_read(bytes->data, bytes->len, got == 0, out_answer)) {
        case ANSWER_WHOLE:
            return true;
        case ANSWER_BROKEN:
            return no_answer(uri, "does not answer as HTTP does", e);
        case ANSWER_MORE:
            break;
        }
    }
}

/* One step: an answer, or where to go on (in url). */
static bool ask(const struct fetch_wish *wish, const char *url, int64_t deadline_ms,
                struct buf *bytes, struct answer *out_answer, struct err *e) {
    struct uri uri;
    PL_AUTO(close_fd) int fd = -1;
    PL_AUTO(buf_clear) struct buf request = {.max = REQUEST_MAX};
    if (!uri_parse(url, &uri, NULL) || uri.is_https) {
        return err_set(e, ERR_HTTP_FETCH_URL, "\"%.200s\" is not an http:// address", url);
    }
    return open_connection(&uri, wish->networks, deadline_ms, &fd, e) &&
           write_request(wish, &uri, &request, e) && send_all(fd, &request, &uri, deadline_ms, e) &&
           receive(fd, &uri, deadline_ms, bytes, out_answer, e) &&
           (out_answer->status == STATUS_OK || out_answer->location[0] != '\0' ||
            err_set(e, ERR_HTTP_FETCH_ANSWER, "%s answers with status %d", uri.host,
                    out_answer->status));
}

bool fetch_http(const struct fetch_wish *wish, struct buf *out, struct err *e) {
    char url[ANSWER_LOCATION_MAX];
    int64_t deadline_ms = clock_monotonic_ms() + wish->timeout_ms;
    if (!str_copy(url, sizeof(url), wish->url)) {
        return err_set(e, ERR_HTTP_FETCH_URL, "the address is longer than %d bytes",
                       ANSWER_LOCATION_MAX - 1);
    }
    for (size_t i = 0; i <= FETCH_REDIRECTS_MAX; i++) {
        struct answer answer = {0};
        PL_AUTO(buf_clear) struct buf bytes = {.max = out->max + ANSWER_HEAD_MAX};
        if (!ask(wish, url, deadline_ms, &bytes, &answer, e)) {
            return err_wrap(e, "cannot fetch %.200s", wish->url);
        }
        if (answer.status == STATUS_OK) {
            return buf_append(out, answer.body, answer.body_len, e);
        }
        (void)str_copy(url, sizeof(url), answer.location);
    }
    return err_set(e, ERR_HTTP_FETCH_ANSWER, "%.200s leads on more than %d times", wish->url,
                   FETCH_REDIRECTS_MAX);
}

bool fetch_ocsp(const struct cert *cert, const struct cert *issuer, const struct fetch_wish *wish,
                struct buf *out, struct err *e) {
    PL_AUTO(buf_clear) struct buf request = {.max = REQUEST_MAX};
    if (!ocsp_append_request(cert, issuer, &request, e)) {
        return false;
    }
    struct fetch_wish post = *wish;
    post.content_type = FETCH_OCSP_TYPE;
    post.content = request.data;
    post.content_len = request.len;
    return fetch_http(&post, out, e);
}
