/*
 * What the supervisor tells the process "metrics": where the others count, how many of each kind
 * there are, and, unread, what control tells of the store.
 */
#include "base/mem.h"
#include "role/supervisor_parts.h"

#include <string.h>
#include <unistd.h>

static const enum ipc_role roles[] = {IPC_CONTROL, IPC_KEYS,         IPC_METRICS,
                                      IPC_NET,     IPC_NET_SERVICES, IPC_PROBE};

enum { PROCESSES_MAX = 512 };
_Static_assert(PL_ARRAY_LEN(roles) <= SUPERVISOR_ROLES_MAX, "each role has a count of restarts");

static struct peer *metrics_peer(const struct supervisor *s) {
    const struct child *metrics = child_find(s, IPC_METRICS);
    return metrics == NULL ? NULL : metrics->peer;
}

static uint32_t wanted(const struct supervisor *s, enum ipc_role role) {
    return role == IPC_NET ? s->net_count : 1;
}

static uint32_t running(const struct supervisor *s, enum ipc_role role) {
    uint32_t count = 0;
    for (const struct child *child = s->children; child != NULL; child = child->next) {
        count += child->role == role && child->state == CHILD_SERVING ? 1 : 0;
    }
    return count;
}

static void send_processes(const struct supervisor *s, struct peer *peer) {
    PL_AUTO(buf_clear) struct buf message = {.max = PROCESSES_MAX};
    struct pack_writer w = {.out = &message};
    pack_bool(&w, s->is_stopping);
    pack_u32(&w, PL_ARRAY_LEN(roles));
    for (size_t i = 0; i < PL_ARRAY_LEN(roles); i++) {
        pack_u32(&w, (uint32_t)roles[i]);
        pack_u32(&w, wanted(s, roles[i]));
        pack_u32(&w, running(s, roles[i]));
        pack_u64(&w, s->restarts[i]);
    }
    if (pack_end(&w, NULL)) {
        peer_send(peer, IPC_PROCESSES, message.data, message.len, -1);
    }
}

void supervisor_tell_processes(const struct supervisor *s) {
    struct peer *peer = metrics_peer(s);
    if (peer != NULL) {
        send_processes(s, peer);
    }
}

void supervisor_count_restart(struct supervisor *s, enum ipc_role role) {
    for (size_t i = 0; i < PL_ARRAY_LEN(roles); i++) {
        s->restarts[i] += roles[i] == role ? 1 : 0;
    }
}

bool supervisor_take_figures(struct child *child, struct ipc_message *message) {
    struct peer *peer = metrics_peer(child->supervisor);
    if (child->figures_fd >= 0) {
        return false;
    }
    child->figures_fd = ipc_take_fd(message);
    if (peer != NULL) {
        peer_send(peer, IPC_FIGURES, &child->serial, sizeof(child->serial), child->figures_fd);
    }
    return true;
}

void supervisor_end_figures(const struct child *child) {
    struct peer *peer = metrics_peer(child->supervisor);
    if (child->figures_fd >= 0 && peer != NULL) {
        peer_send(peer, IPC_FIGURES_ENDED, &child->serial, sizeof(child->serial), -1);
    }
}

bool supervisor_take_world(struct supervisor *s, const struct ipc_message *message) {
    struct peer *peer = metrics_peer(s);
    if (message->len > sizeof(s->world)) {
        return false;
    }
    memcpy(s->world, message->bytes, message->len);
    s->world_len = message->len;
    if (peer != NULL) {
        peer_send(peer, IPC_WORLD, s->world, s->world_len, -1);
    }
    return true;
}

void supervisor_give_metrics(const struct supervisor *s, struct peer *peer) {
    peer_send(peer, IPC_LISTENER, NULL, 0, s->metrics_fd);
    for (const struct child *child = s->children; child != NULL; child = child->next) {
        if (child->figures_fd >= 0) {
            peer_send(peer, IPC_FIGURES, &child->serial, sizeof(child->serial), child->figures_fd);
        }
    }
    if (s->world_len > 0) {
        peer_send(peer, IPC_WORLD, s->world, s->world_len, -1);
    }
    send_processes(s, peer);
}
