/*
 * The part "redirect": from http to the https address that answers for the same name. Process:
 * net-services; it needs nobody else, for the bindings say where that is.
 */
#include "role/net_parts.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { TARGET_MAX = 16 * 1024, HTTPS_PORT = 443 };

/* How well an https listener would do; 0: it does not answer for the name. */
static unsigned rank(const struct net_connection *c, const struct snapshot_listener *about,
                     enum snapshot_match match) {
    if (about->scheme != SNAPSHOT_HTTPS || match == SNAPSHOT_NO_MATCH) {
        return 0;
    }
    const struct snapshot_listener *here = &c->listener->about;
    bool is_same_family = about->address.any.sa_family == here->address.any.sa_family;
    return 1U + (is_same_family ? 1U : 0) +
           (about->address.ip4.sin_port == htons(HTTPS_PORT) ? 2U : 0) +
           (about->is_services ? 0 : 4U) + (match == SNAPSHOT_DEFAULT ? 0 : 8U);
}

/* The port to go to; 0 when no https binding answers for the name. */
static uint16_t find_port(const struct net_connection *c, struct http_text host) {
    unsigned best = 0;
    uint16_t port = 0;
    for (uint32_t i = 0; i < snapshot_listener_count(c->snapshot); i++) {
        const struct snapshot_listener *about = snapshot_listener_at(c->snapshot, i);
        uint32_t binding = SNAPSHOT_NONE;
        enum snapshot_match match = snapshot_lookup(c->snapshot, i, host.at, host.len, &binding);
        unsigned how_well = rank(c, about, match);
        if (how_well > best) {
            best = how_well;
            port = ntohs(about->address.ip4.sin_port); /* at the same place in both families */
        }
    }
    return port;
}

static bool write_target(const struct http_request *request, uint16_t port, struct buf *out,
                         struct err *e) {
    bool is_all = http_text_equal(request->path, "*");
    return buf_append_string(out, "https://", e) &&
           buf_append(out, request->host.at, request->host.len, e) &&
           (port == HTTPS_PORT || buf_printf(out, e, ":%u", (unsigned)port)) &&
           (is_all ? buf_append(out, "/", 1, e)
                   : buf_append(out, request->path.at, request->path.len, e)) &&
           (request->query.at == NULL ||
            (buf_append(out, "?", 1, e) &&
             (request->query.len == 0 ||
              buf_append(out, request->query.at, request->query.len, e)))) &&
           buf_append(out, "", 1, e);
}

bool net_redirect_respond(const struct net_connection *c, const struct http_request *request,
                          struct http_response *response, struct err *e) {
    PL_AUTO(buf_clear) struct buf target = {.max = TARGET_MAX};
    if (request->host.len == 0) {
        return http_response_set_page(response, 400, "The request names no host.", e);
    }
    struct http_text name = request->host;
    if (name.len > 2 && name.at[0] == '[') {
        name = (struct http_text){.at = name.at + 1, .len = name.len - 2};
    }
    uint16_t port = find_port(c, name);
    if (port == 0) {
        return http_response_set_page(
            response, 404, "Nothing on this machine is served over https for this name.", e);
    }
    /* The older 301 lets clients turn a POST into a GET. */
    bool is_read = request->method == HTTP_GET || request->method == HTTP_HEAD;
    return write_target(request, port, &target, e) &&
           http_response_add(response, "Location", (const char *)target.data, e) &&
           http_response_set_page(response, is_read ? 301 : 308,
                                  "This address is served over "
                                  "https.",
                                  e);
}
