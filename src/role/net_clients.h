/*
 * How many connections each client address has open. A client is an IPv4 address or an IPv6 /64,
 * for that is what one client has at the least (RFC 6177 §2).
 *
 * Limits: one small entry for each address with an open connection, so the number of connections
 * bounds it. The table's hash is keyed: addresses cannot be chosen to collide.
 */
#ifndef PL_ROLE_NET_CLIENTS_H
#define PL_ROLE_NET_CLIENTS_H

#include "base/compiler.h"
#include "base/err.h"
#include "tls/snapshot.h"

struct net_clients;
struct net_client; /* one address, while it has connections */

/* Fails base.oom, base.random. */
bool net_clients_new(struct net_clients **out_clients, struct err *e) PL_MUST_USE;
void net_clients_free(struct net_clients *clients);

/*
 * One more connection of the address.
 *
 * max         connections that it may have at a time
 * out_client  for net_clients_leave(); NULL when it is not counted: without memory, or another
 *             family, an address is not refused
 * Returns     false when it has as many already
 */
bool net_clients_enter(struct net_clients *clients, const union snapshot_address *address,
                       uint32_t max, struct net_client **out_client) PL_MUST_USE;
/* One less. NULL is fine. */
void net_clients_leave(struct net_clients *clients, struct net_client *client);

/* Addresses that have connections. */
size_t net_clients_count(const struct net_clients *clients);

/* True for 127.0.0.0/8, ::1, and IPv4 of that kind in IPv6. */
bool net_clients_is_loopback(const union snapshot_address *address);

#endif
