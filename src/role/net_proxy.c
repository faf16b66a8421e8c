/*
 * The PROXY protocol at a listener that asks for it: a header, and only from whom it is believed.
 * This machine's own connections are: the proof of service is one.
 */
#include "codec/proxy_header.h"
#include "role/net_parts.h"

#include <string.h>

static bool ip_of(const union snapshot_address *address, struct ip *out) {
    if (address->any.sa_family == AF_INET) {
        return ip_from_bytes((const uint8_t *)&address->ip4.sin_addr, 4, out);
    }
    return address->any.sa_family == AF_INET6 &&
           ip_from_bytes(address->ip6.sin6_addr.s6_addr, IP_LEN_MAX, out);
}

bool net_proxy_is_trusted(const struct net *net, const struct net_listener *listener,
                          const union snapshot_address *peer) {
    struct ip ip;
    struct ip own;
    if (!ip_of(peer, &ip)) {
        return false;
    }
    bool is_trusted = ip_classify(&ip) == IP_LOOPBACK ||
                      (ip_of(&listener->about.address, &own) && ip_equal(&own, &ip));
    for (size_t i = 0; !is_trusted && i < net->config.proxy_count; i++) {
        is_trusted = ip_network_has(&net->config.proxies[i], &ip);
    }
    return is_trusted;
}

static void set_peer(struct net_connection *c, const struct proxy_header *header) {
    c->peer = (union snapshot_address){0};
    if (header->client.len == sizeof(c->peer.ip4.sin_addr)) {
        c->peer.ip4.sin_family = AF_INET;
        c->peer.ip4.sin_port = htons(header->port);
        memcpy(&c->peer.ip4.sin_addr, header->client.bytes, header->client.len);
    } else {
        c->peer.ip6.sin6_family = AF_INET6;
        c->peer.ip6.sin6_port = htons(header->port);
        memcpy(&c->peer.ip6.sin6_addr, header->client.bytes, header->client.len);
    }
}

static enum net_proxy refuse_header(const struct net_connection *c) {
    struct err e = {0};
    (void)err_set(&e, ERR_NET_PROXY_HEADER, "the connection does not begin with a PROXY header");
    net_figure_add(c->net->figures, NET_PROXY_REFUSED, 1);
    net_log_failure(c, &e);
    return NET_HEADER_REFUSED;
}

enum net_proxy net_proxy_read(struct net_connection *c) {
    struct proxy_header header = {0};
    size_t len = 0;
    switch (proxy_header_read(c->head.data, c->head.len, &header, &len)) {
    case PROXY_HEADER_MORE:
        return NET_HEADER_MORE;
    case PROXY_HEADER_MALFORMED:
        return refuse_header(c);
    case PROXY_HEADER_WHOLE:
        break;
    }
    if (header.client.len > 0) {
        set_peer(c, &header);
    }
    if (!net_count_client(c->net, &c->peer, c->listener, &c->client)) {
        return NET_HEADER_REFUSED;
    }
    buf_consume(&c->head, len);
    return NET_HEADER_READ;
}
