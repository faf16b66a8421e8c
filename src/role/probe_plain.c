/* The plain text before TLS. Limits: STARTTLS_TEXT_MAX, the caller's deadline. */
#include "role/probe_plain.h"

#include "sys/tcp_connect.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

bool probe_send_all(int fd, struct buf *bytes, int64_t deadline_ms) {
    while (bytes->len > 0) {
        ssize_t sent = send(fd, bytes->data, bytes->len, MSG_NOSIGNAL);
        if (sent > 0) {
            buf_consume(bytes, (size_t)sent);
        } else if (errno != EAGAIN || !tcp_wait(fd, POLLOUT, deadline_ms)) {
            return false;
        }
    }
    return true;
}

enum probe_received probe_receive(int fd, uint8_t bytes[PROBE_READ_SIZE], size_t *out_len,
                                  int64_t deadline_ms) {
    for (;;) {
        ssize_t len = recv(fd, bytes, PROBE_READ_SIZE, 0);
        if (len > 0) {
            *out_len = (size_t)len;
            return PROBE_BYTES;
        }
        if (len == 0 || errno != EAGAIN) {
            return PROBE_END;
        }
        if (!tcp_wait(fd, POLLIN, deadline_ms)) {
            return PROBE_NOTHING;
        }
    }
}

static bool tell(const struct probe_plain *plain, bool is_server, const uint8_t *bytes, size_t len,
                 struct err *e) {
    return len == 0 || plain->said == NULL || plain->said(plain->ctx, is_server, bytes, len, e);
}

/* What is waiting to be said. Who has gone may have said why before: that is read next. */
static bool say(const struct probe_plain *plain, struct starttls *s, struct err *e) {
    bool ok = tell(plain, false, s->out.data, s->out.len, e);
    (void)probe_send_all(plain->fd, &s->out, plain->deadline_ms);
    buf_reset(&s->out);
    return ok;
}

bool probe_ask_for_tls(const struct probe_plain *plain, struct starttls *s, bool *out_is_ready,
                       struct err *e) {
    const struct starttls_protocol *protocol = starttls_find(plain->protocol);
    uint8_t bytes[PROBE_READ_SIZE];
    size_t len = 0;
    if (protocol == NULL) {
        return err_set(e, ERR_INSPECT_OPTION, "there is no such protocol to begin TLS in");
    }
    enum starttls_status status = starttls_begin(s, protocol, plain->host);
    if (!say(plain, s, e)) {
        return false;
    }
    while (status == STARTTLS_GOES_ON &&
           probe_receive(plain->fd, bytes, &len, plain->deadline_ms) == PROBE_BYTES) {
        status = starttls_receive(s, bytes, len);
        size_t plain_len = status == STARTTLS_READY && s->in.len <= len ? len - s->in.len : len;
        if (!tell(plain, true, bytes, plain_len, e) || !say(plain, s, e)) {
            return false;
        }
    }
    *out_is_ready = status == STARTTLS_READY;
    return true;
}

void probe_tell_refusal(const struct starttls *s, char out_sentence[PROBE_REFUSAL_SIZE]) {
    if (s->said[0] == '\0') {
        (void)snprintf(out_sentence, PROBE_REFUSAL_SIZE,
                       "the server does not begin TLS in %s: it says nothing", s->protocol->name);
    } else {
        (void)snprintf(out_sentence, PROBE_REFUSAL_SIZE,
                       "the server does not begin TLS in %s: it said \"%s\"", s->protocol->name,
                       s->said);
    }
}
