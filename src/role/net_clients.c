/* Connections by client address. Process: net. */
#include "role/net_clients.h"

#include "base/map.h"
#include "base/mem.h"
#include "codec/ip.h"

#include <string.h>

enum { KEY_LEN = 8, ADDRESSES_MAX = 4 * 1024 * 1024, IP6_MAPPED_LEN = 12 };

struct net_client {
    uint32_t connections;
    uint8_t key[KEY_LEN]; /* 64 bits of IPv6; or 0, 0, 0, 0 and IPv4: no /64 that is routed */
};

struct net_clients {
    struct map *by_key;
};

bool net_clients_new(struct net_clients **out_clients, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct net_clients), &memory, e)) {
        return false;
    }
    struct net_clients *clients = memory;
    if (!map_new(ADDRESSES_MAX, &clients->by_key, e)) {
        mem_free(clients);
        return false;
    }
    *out_clients = clients;
    return true;
}

void net_clients_free(struct net_clients *clients) {
    size_t cursor = 0;
    const void *key = NULL;
    size_t key_len = 0;
    void *client = NULL;
    if (clients == NULL) {
        return;
    }
    while (map_next(clients->by_key, &cursor, &key, &key_len, &client)) {
        mem_free(client);
    }
    map_free(clients->by_key);
    mem_free(clients);
}

static bool is_mapped(const uint8_t bytes[IP_LEN_MAX]) {
    static const uint8_t prefix[IP6_MAPPED_LEN] = {[10] = 0xff, [11] = 0xff};
    return memcmp(bytes, prefix, sizeof(prefix)) == 0;
}

static bool key_of(const union snapshot_address *address, uint8_t out[KEY_LEN]) {
    memset(out, 0, KEY_LEN);
    if (address->any.sa_family == AF_INET) {
        memcpy(out + 4, &address->ip4.sin_addr, 4);
        return true;
    }
    const uint8_t *bytes = address->ip6.sin6_addr.s6_addr;
    if (address->any.sa_family == AF_INET6 && is_mapped(bytes)) {
        memcpy(out + 4, bytes + IP6_MAPPED_LEN, 4);
    } else if (address->any.sa_family == AF_INET6) {
        memcpy(out, bytes, KEY_LEN);
    } else {
        return false;
    }
    return true;
}

static struct net_client *add(struct net_clients *clients, const uint8_t key[KEY_LEN]) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct net_client), &memory, NULL)) {
        return NULL;
    }
    struct net_client *made = memory;
    memcpy(made->key, key, KEY_LEN);
    if (!map_set(clients->by_key, key, KEY_LEN, made, NULL, NULL)) {
        mem_free(made);
        return NULL;
    }
    return made;
}

bool net_clients_enter(struct net_clients *clients, const union snapshot_address *address,
                       uint32_t max, struct net_client **out_client) {
    uint8_t key[KEY_LEN];
    *out_client = NULL;
    if (!key_of(address, key)) {
        return true;
    }
    struct net_client *client = map_get(clients->by_key, key, KEY_LEN);
    if (client == NULL) {
        client = add(clients, key);
    }
    if (client == NULL) {
        return true;
    }
    if (client->connections >= max) {
        return false;
    }
    client->connections++;
    *out_client = client;
    return true;
}

void net_clients_leave(struct net_clients *clients, struct net_client *client) {
    if (client != NULL && --client->connections == 0) {
        (void)map_remove(clients->by_key, client->key, KEY_LEN);
        mem_free(client);
    }
}

size_t net_clients_count(const struct net_clients *clients) {
    return map_count(clients->by_key);
}

bool net_clients_is_loopback(const union snapshot_address *address) {
    struct ip ip;
    bool is_ip = address->any.sa_family == AF_INET
                     ? ip_from_bytes((const uint8_t *)&address->ip4.sin_addr, 4, &ip)
                     : address->any.sa_family == AF_INET6 &&
                           ip_from_bytes(address->ip6.sin6_addr.s6_addr, IP_LEN_MAX, &ip);
    return is_ip && ip_classify(&ip) == IP_LOOPBACK;
}
