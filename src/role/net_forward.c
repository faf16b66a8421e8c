/*
 * Requests to the site "services": which part, how much content, and the frame in which another
 * process gets them. Process: net-services.
 */
#include "role/net_parts.h"

#include "base/mem.h"
#include "service/frame.h"
#include "sys/tcp.h"

#include <openssl/crypto.h>
#include <openssl/x509.h>

static bool respond_page(struct net_connection *c, int status, const char *sentence,
                         struct err *e) {
    struct http_response *response = &c->exchange->response;
    response->must_close = status == 413;
    return http_response_set_page(response, status, sentence, e);
}

static bool pack_head(const struct net_connection *c, const struct http_request *http,
                      enum part part, struct buf *out, struct err *e) {
    char client[TCP_ADDRESS_TEXT];
    uint8_t *der = NULL;
    X509 *certificate = c->tls == NULL ? NULL : tls_connection_client(c->tls);
    int der_len = certificate == NULL ? 0 : i2d_X509(certificate, &der);
    struct pack_writer w = {.out = out};
    tcp_format_address(&c->peer.any, client);
    const struct service_request request = {
        .part = part,
        .is_https = c->tls != NULL,
        .listener = c->listener->about.text,
        .client = client,
        .server_name = c->tls == NULL ? "" : tls_connection_server_name(c->tls),
        .tls_version = c->tls == NULL ? "" : tls_connection_version(c->tls),
        .certificate = der,
        .certificate_len = der_len > 0 ? (size_t)der_len : 0,
        .http = *http};
    service_request_pack(&request, &w);
    OPENSSL_free(der);
    return pack_end(&w, e);
}

static bool forward(struct net_connection *c, const struct http_request *request, enum part part,
                    struct err *e) {
    struct net_exchange *exchange = c->exchange;
    exchange->is_forwarded = true;
    exchange->is_sent = false;
    exchange->content_seen = 0;
    buf_init(&exchange->frame, SERVICE_REQUEST_MAX);
    buf_init(&exchange->content, part_content_max(part));
    return pack_head(c, request, part, &exchange->frame, e);
}

bool net_forward_respond(struct net_connection *c, const struct http_request *request,
                         uint32_t parts, struct err *e) {
    enum part part = PART_CONSOLE;
    if (!parts_route(parts, request->path, &part)) {
        return respond_page(c, 404, "Nothing that is switched on here answers for this address.",
                            e);
    }
    if (part == PART_REDIRECT) {
        return net_redirect_respond(c, request, &c->exchange->response, e);
    }
    if (c->net->config.callbacks.forward == NULL) {
        return respond_page(c, 503, "Nobody answers for this address at the moment.", e);
    }
    if (request->body_kind == HTTP_BODY_LENGTH && request->body_len > part_content_max(part)) {
        return respond_page(c, 413, "The request's content is too large for this address.", e);
    }
    return forward(c, request, part, e);
}

enum net_content net_forward_add(struct net_connection *c, const uint8_t *bytes, size_t len,
                                 struct err *e) {
    struct buf *content = &c->exchange->content;
    if (len > content->max - content->len) {
        return NET_CONTENT_TOO_LARGE;
    }
    if (c->net->contents + len > NET_CONTENTS_MAX) {
        return NET_CONTENT_NO_ROOM;
    }
    if (len > 0 && !buf_append(content, bytes, len, e)) {
        return NET_CONTENT_FAILED;
    }
    c->net->contents += len;
    return NET_CONTENT_KEPT;
}

static void drop_content(struct net *net, struct net_exchange *exchange) {
    net->contents -= exchange->content.len;
    buf_clear(&exchange->content);
}

bool net_forward_send(struct net_connection *c, struct err *e) {
    struct net_exchange *exchange = c->exchange;
    const struct net_callbacks *callbacks = &c->net->config.callbacks;
    struct pack_writer w = {.out = &exchange->frame};
    service_request_pack_content(exchange->content.data, exchange->content.len, &w);
    drop_content(c->net, exchange);
    if (!pack_end(&w, e)) {
        return false;
    }
    exchange->is_sent = callbacks->forward(callbacks->ctx, c, exchange->is_safe, &exchange->frame,
                                           &exchange->ticket);
    if (exchange->is_sent) {
        return true;
    }
    struct http_response *response = &exchange->response;
    (void)!(http_response_add(response, "Retry-After", "1", e) &&
            http_response_set_page(response, 503, "Too many requests wait for their answer.", e));
    return false;
}

void net_forward_drop(struct net *net, struct net_exchange *exchange) {
    const struct net_callbacks *callbacks = &net->config.callbacks;
    if (exchange->is_sent && !exchange->is_answered) {
        callbacks->forget(callbacks->ctx, exchange->ticket);
    }
    drop_content(net, exchange);
    buf_clear(&exchange->frame);
    exchange->is_forwarded = false;
}
