/* One request and its response: its memory, and from the request to the site that answers. */
#include "base/mem.h"
#include "role/net_parts.h"
#include "site/connection_page.h"
#include "site/static.h"

#include <string.h>

void net_exchange_free(struct net_exchange *exchange) {
    mem_free(exchange);
}

bool net_exchange_new(struct net_connection *c, struct err *e) {
    void *memory = PL_TAKE(c->net->spare);
    if (memory == NULL && !mem_alloc(sizeof(struct net_exchange), &memory, e)) {
        return false;
    }
    struct net_exchange *exchange = memory;
    http_response_init(&exchange->response, 200);
    exchange->method = exchange->target = exchange->host = (struct http_text){0};
    exchange->texts = NULL;
    exchange->site = NULL;
    exchange->reason = NULL;
    exchange->started_ms = net_now_ms(c->net);
    exchange->body_sent = 0;
    exchange->minor = 1;
    exchange->is_head = exchange->is_safe = exchange->is_forwarded = exchange->is_answered = false;
    c->exchange = exchange;
    return true;
}

void net_exchange_drop(struct net_connection *c) {
    struct net_exchange *exchange = PL_TAKE(c->exchange);
    if (exchange == NULL) {
        return;
    }
    if (exchange->is_forwarded) {
        net_forward_drop(c->net, exchange);
    }
    http_response_clear(&exchange->response);
    mem_free(exchange->texts);
    net_exchange_free(c->net->spare);
    c->net->spare = exchange;
}

static struct http_text move_text(struct http_text text, char **at) {
    if (text.len > 0) {
        memcpy(*at, text.at, text.len);
    }
    struct http_text moved = {.at = *at, .len = text.len};
    *at += text.len;
    return moved;
}

/* The request's bytes go before the response is sent: the log's texts get a place of their own. */
bool net_exchange_own_texts(struct net_exchange *exchange, struct err *e) {
    void *memory = NULL;
    if (exchange->texts != NULL) {
        return true;
    }
    if (!mem_alloc(exchange->method.len + exchange->target.len + exchange->host.len + 1, &memory,
                   e)) {
        return false;
    }
    char *at = exchange->texts = memory;
    exchange->method = move_text(exchange->method, &at);
    exchange->target = move_text(exchange->target, &at);
    exchange->host = move_text(exchange->host, &at);
    return true;
}

/* --- from a request to its site
 * --------------------------------------------------------------------- */

/* The handshake's binding in the newest snapshot; false when nothing answers for the name any more.
 */
static bool renew_binding(struct net_connection *c) {
    struct net *net = c->net;
    if (c->listener->index == SNAPSHOT_NONE) {
        return net->is_stopping; /* what was begun is finished as it was */
    }
    if (c->snapshot == net->snapshot) {
        return true;
    }
    const char *name = c->tls == NULL ? "" : tls_connection_server_name(c->tls);
    uint32_t binding = SNAPSHOT_NONE;
    bool is_found = c->tls == NULL || snapshot_lookup(net->snapshot, c->listener->index, name,
                                                      strlen(name), &binding) != SNAPSHOT_NO_MATCH;
    if (is_found) {
        snapshot_free(c->snapshot);
        c->snapshot = snapshot_ref(net->snapshot);
        c->listener_index = c->listener->index;
        c->binding = binding;
    }
    return is_found;
}

/* What the client has shown of itself is enough for the binding, too. */
static bool is_covered(const struct net_connection *c, uint32_t binding) {
    if (c->tls == NULL || binding == SNAPSHOT_NONE) {
        return true;
    }
    struct snapshot_binding rule = snapshot_binding_at(c->snapshot, binding);
    return tls_connection_covers(c->tls, &rule);
}

/*
 * The site that answers. Over TLS it is the handshake's; a Host that belongs to another site is
 * sent away (RFC 9110 §7.4), for the certificate and the rules of this connection are not that
 * site's.
 */
static bool find_site(struct net_connection *c, const struct http_request *request,
                      struct snapshot_site *out_site, uint32_t *out_parts) {
    uint32_t asked = SNAPSHOT_NONE;
    if (!renew_binding(c)) {
        return false;
    }
    struct http_text host = request->host;
    if (host.len > 2 && host.at[0] == '[') {
        host = (struct http_text){.at = host.at + 1, .len = host.len - 2};
    }
    bool is_named = c->tls == NULL || host.len > 0;
    if (is_named && snapshot_lookup(c->snapshot, c->listener_index, host.at, host.len, &asked) ==
                        SNAPSHOT_NO_MATCH) {
        return false;
    }
    uint32_t asked_site =
        asked == SNAPSHOT_NONE ? SNAPSHOT_NONE : snapshot_binding_at(c->snapshot, asked).site;
    uint32_t site = c->tls == NULL ? asked_site : snapshot_binding_at(c->snapshot, c->binding).site;
    bool is_same = (asked_site == SNAPSHOT_NONE || asked_site == site) &&
                   is_covered(c, c->binding) && is_covered(c, asked);
    if (is_same) {
        uint32_t binding = asked == SNAPSHOT_NONE ? c->binding : asked;
        *out_site = snapshot_site_at(c->snapshot, site);
        *out_parts = snapshot_binding_at(c->snapshot, binding).parts;
    }
    return is_same;
}

bool net_exchange_respond(struct net_connection *c, const struct http_request *request,
                          struct err *e) {
    struct http_response *response = &c->exchange->response;
    struct snapshot_site site;
    uint32_t parts = 0;
    if (!find_site(c, request, &site, &parts)) {
        response->must_close = true;
        return http_response_set_page(response, 421, "This connection was made for another name.",
                                      e);
    }
    c->exchange->site = site.name;
    if (c->tls != NULL && connection_page_is_asked(request)) {
        return connection_page_respond(c->tls, request, response, e);
    }
    if (parts != 0) {
        return net_forward_respond(c, request, parts, e);
    }
    if (request->body_kind == HTTP_BODY_LENGTH && request->body_len > NET_DISCARD_MAX) {
        response->must_close = true;
        return http_response_set_page(response, 413, "Requests to this address have no content.",
                                      e);
    }
    return static_respond(&site, c->net->files, request, response, e);
}
