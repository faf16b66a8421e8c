/* What net tells of requests and handshakes, and the access log's line. */
#include "role/net_parts.h"

#include "base/clock.h"
#include "base/escape.h"
#include "sys/tcp.h"

#include <inttypes.h>
#include <string.h>

void net_log_access(const struct net_connection *c, const struct net_exchange *exchange) {
    const struct net_callbacks *callbacks = &c->net->config.callbacks;
    char client[TCP_ADDRESS_TEXT];
    if (callbacks->access == NULL) {
        return;
    }
    tcp_format_address(&c->peer.any, client);
    const struct net_access access = {
        .time_ms = clock_now_ms(),
        .client = client,
        .listener = c->listener->about.text,
        .method = exchange->method,
        .target = exchange->target,
        .host = exchange->host,
        .status = exchange->response.status,
        .body_bytes = exchange->body_sent,
        .duration_ms = net_now_ms(c->net) - exchange->started_ms,
        .version = c->tls == NULL ? "" : tls_connection_version(c->tls),
        .suite = c->tls == NULL ? "" : tls_connection_suite(c->tls),
        .server_name = c->tls == NULL ? "" : tls_connection_server_name(c->tls),
        .is_resumed = c->tls != NULL && tls_connection_is_resumed(c->tls),
        .site = exchange->site == NULL ? "" : exchange->site,
        .reason = exchange->reason,
    };
    callbacks->access(callbacks->ctx, &access);
}

void net_log_failure(const struct net_connection *c, const struct err *error) {
    const struct net_callbacks *callbacks = &c->net->config.callbacks;
    char client[TCP_ADDRESS_TEXT];
    if (callbacks->failure == NULL) {
        return;
    }
    tcp_format_address(&c->peer.any, client);
    const struct net_failure failure = {
        .time_ms = clock_now_ms(),
        .client = client,
        .listener = c->listener->about.text,
        .server_name = c->tls == NULL ? "" : tls_connection_server_name(c->tls),
        .error = error,
    };
    callbacks->failure(callbacks->ctx, &failure);
}

static const char *limit_reason(enum net_figure limit) {
    switch ((unsigned)limit) {
    case NET_LIMIT_PER_CLIENT:
        return "the client has as many connections open as one address may have";
    case NET_PROXY_REFUSED:
        return "it is no proxy that is believed (padlock serve --proxy-from)";
    case NET_LIMIT_HANDSHAKES:
        return "too many handshakes are under way";
    case NET_LIMIT_OLDEST_HANDSHAKE:
        return "its handshake was the oldest of too many";
    case NET_LIMIT_OLDEST_IDLE:
        return "it was idle longest of too many connections";
    default:
        return "a limit was met";
    }
}

void net_log_refusal(const struct net *net, enum net_figure limit,
                     const union snapshot_address *client, const struct net_listener *listener) {
    const struct net_callbacks *callbacks = &net->config.callbacks;
    char text[TCP_ADDRESS_TEXT];
    if (callbacks->refusal == NULL) {
        return;
    }
    tcp_format_address(&client->any, text);
    const struct net_refusal refusal = {.client = text,
                                        .listener = listener->about.text,
                                        .limit = limit,
                                        .reason = limit_reason(limit)};
    callbacks->refusal(callbacks->ctx, &refusal);
}

/* Escaped for one line, quotes too: nothing inside a value can end it. */
static bool append_escaped(struct buf *out, const char *text, size_t len, struct err *e) {
    while (len > 0) {
        const char *quote = memchr(text, '"', len);
        size_t piece = quote == NULL ? len : (size_t)(quote - text);
        if (!escape_append(out, ESCAPE_TERMINAL, text, piece, e) ||
            (quote != NULL && !buf_append_string(out, "\\x22", e))) {
            return false;
        }
        piece += quote == NULL ? 0 : 1;
        text += piece;
        len -= piece;
    }
    return true;
}

/* " VALUE", " -" for nothing, in quotes when it has a space. */
static bool append_value(struct buf *out, const char *text, size_t len, struct err *e) {
    const char *quote = len > 0 && memchr(text, ' ', len) != NULL ? "\"" : "";
    if (len == 0) {
        return buf_append(out, " -", 2, e);
    }
    return buf_printf(out, e, " %s", quote) && append_escaped(out, text, len, e) &&
           buf_append_string(out, quote, e);
}

static bool append_string(struct buf *out, const char *text, struct err *e) {
    return append_value(out, text, strlen(text), e);
}

bool net_access_format(const struct net_access *access, struct buf *out, struct err *e) {
    char time[CLOCK_TEXT_LEN + 1];
    clock_format(access->time_ms, time);
    return buf_append_string(out, time, e) && append_string(out, access->client, e) &&
           append_value(out, access->method.at, access->method.len, e) &&
           append_value(out, access->target.at, access->target.len, e) &&
           buf_printf(out, e, " %d %" PRIu64 " %" PRId64 "ms", access->status, access->body_bytes,
                      access->duration_ms) &&
           append_string(out, access->version, e) && append_string(out, access->suite, e) &&
           append_string(out, access->server_name, e) && append_string(out, access->site, e) &&
           (access->reason == NULL || append_string(out, access->reason, e));
}
