/*
 * What the supervisor holds, so that a process that is started again gets it at once: sockets that
 * listen, document roots, and the descriptors of shared memory, none of which it reads.
 */
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "role/supervisor_parts.h"
#include "sys/tcp.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { BACKLOG = 4096, DEFER_ACCEPT_S = 10, NAME_ROOM = 8192 };

static void close_fd(int *fd) {
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
}

static void version_clear(struct held_version *version) {
    for (uint32_t i = 0; i < version->segment_count; i++) {
        close_fd(&version->segments[i]);
    }
    close_fd(&version->index_fd);
    version->segment_count = version->index_segments = 0;
    version->generation = 0;
}

static void keys_clear(struct held_keys *keys) {
    for (uint32_t i = 0; i < keys->count; i++) {
        close_fd(&keys->segments[i]);
    }
    keys->count = 0;
    keys->generation = 0;
}

void holdings_init(struct holdings *holdings) {
    *holdings = (struct holdings){0};
    holdings->current.index_fd = holdings->coming.index_fd = -1;
    holdings->given_count = service_take_sockets(holdings->given, &holdings->given_kept);
}

void holdings_clear(struct holdings *holdings) {
    for (size_t i = 0; i < holdings->given_count; i++) {
        close_fd(&holdings->given[i]);
    }
    while (holdings->sockets != NULL) {
        struct held_socket *next = holdings->sockets->next;
        close_fd(&holdings->sockets->fd);
        mem_free(holdings->sockets);
        holdings->sockets = next;
    }
    while (holdings->folders != NULL) {
        struct held_folder *next = holdings->folders->next;
        close_fd(&holdings->folders->fd);
        mem_free(holdings->folders);
        holdings->folders = next;
    }
    version_clear(&holdings->current);
    version_clear(&holdings->coming);
    keys_clear(&holdings->keys);
    keys_clear(&holdings->keys_before);
}

/* --- document roots ------------------------------------------------------------------------------
 */

static void want_root(void *ctx, const char *path) {
    struct holdings *holdings = ctx;
    for (struct held_folder *f = holdings->folders; f != NULL; f = f->next) {
        if (str_equal(f->path, path)) {
            f->is_wanted = true;
            return;
        }
    }
    void *memory = NULL;
    size_t size = strlen(path) + 1;
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || !mem_alloc(sizeof(struct held_folder) + size, &memory, NULL)) {
        close_fd(&fd);
        log_event(LOG_WARNING, "degraded", "what", "a site's folder cannot be opened", "folder",
                  path, NULL);
        return;
    }
    struct held_folder *made = memory;
    memcpy(made->path, path, size);
    made->fd = fd;
    made->is_wanted = true;
    made->next = holdings->folders;
    holdings->folders = made;
    holdings->roots_version++;
}

bool holdings_take_roots(struct holdings *holdings, const struct ipc_message *message) {
    for (struct held_folder *f = holdings->folders; f != NULL; f = f->next) {
        f->is_wanted = false;
    }
    bool ok = listing_each_root(message, want_root, holdings);
    struct held_folder **at = &holdings->folders;
    while (*at != NULL) {
        struct held_folder *f = *at;
        if (f->is_wanted) {
            at = &f->next;
            continue;
        }
        *at = f->next;
        close_fd(&f->fd);
        mem_free(f);
    }
    return ok;
}

/* --- listeners -----------------------------------------------------------------------------------
 */

static void want_listener(void *ctx, const struct listing_listener *about) {
    struct holdings *holdings = ctx;
    for (struct held_socket *s = holdings->sockets; s != NULL; s = s->next) {
        bool is_same = str_equal(s->about.text, about->text);
        if (is_same && s->about.is_services == about->is_services) {
            s->is_wanted = true;
            return;
        }
    }
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct held_socket), &memory, NULL)) {
        return;
    }
    struct held_socket *made = memory;
    *made = (struct held_socket){
        .next = holdings->sockets, .about = *about, .fd = -1, .is_wanted = true};
    holdings->sockets = made;
}

bool holdings_take_listeners(struct holdings *holdings, const struct ipc_message *message) {
    for (struct held_socket *s = holdings->sockets; s != NULL; s = s->next) {
        s->is_wanted = false;
    }
    return listing_each_listener(message, want_listener, holdings);
}

static bool is_at(int fd, const union snapshot_address *wanted) {
    union snapshot_address address = {0};
    socklen_t len = sizeof(address);
    if (fd < 0 || getsockname(fd, &address.any, &len) != 0 ||
        address.any.sa_family != wanted->any.sa_family) {
        return false;
    }
    return address.any.sa_family == AF_INET6
               ? address.ip6.sin6_port == wanted->ip6.sin6_port &&
                     memcmp(&address.ip6.sin6_addr, &wanted->ip6.sin6_addr,
                            sizeof(wanted->ip6.sin6_addr)) == 0
               : address.ip4.sin_port == wanted->ip4.sin_port &&
                     address.ip4.sin_addr.s_addr == wanted->ip4.sin_addr.s_addr;
}

int holdings_find_given(const struct holdings *holdings, const union snapshot_address *address) {
    for (size_t i = 0; i < holdings->given_count; i++) {
        if (is_at(holdings->given[i], address)) {
            return fcntl(holdings->given[i], F_DUPFD_CLOEXEC, 0);
        }
    }
    return -1;
}

/* A copy of the one that the service manager opened for this address; it stays ours, for a binding
 * that goes and comes back. */
static bool find_given(const struct holdings *holdings, struct held_socket *s) {
    s->fd = holdings_find_given(holdings, &s->about.address);
    return s->fd >= 0;
}

size_t holdings_list_sockets(const struct holdings *holdings, int *out_fds, size_t max) {
    size_t count = 0;
    for (size_t i = 0; i < holdings->given_count && count < max; i++) {
        out_fds[count++] = holdings->given[i];
    }
    for (const struct held_socket *s = holdings->sockets; s != NULL && count < max; s = s->next) {
        if (s->fd >= 0) {
            out_fds[count++] = s->fd;
        }
    }
    return count;
}

void holdings_drop_given(struct holdings *holdings) {
    while (holdings->given_count > holdings->given_kept) {
        close_fd(&holdings->given[--holdings->given_count]);
    }
}

/* A copy of the one that listens there for the other kind of net, and is not wanted any more. */
static bool find_former(const struct holdings *holdings, struct held_socket *s) {
    for (const struct held_socket *o = holdings->sockets; o != NULL; o = o->next) {
        if (o != s && o->fd >= 0 && !o->is_wanted && str_equal(o->about.text, s->about.text)) {
            s->fd = fcntl(o->fd, F_DUPFD_CLOEXEC, 0);
            return s->fd >= 0;
        }
    }
    return false;
}

static bool open_socket(struct held_socket *s, struct err *e) {
    const struct tcp_listen_options options = {.backlog = BACKLOG,
                                               .defer_accept_s = DEFER_ACCEPT_S};
    const union snapshot_address *address = &s->about.address;
    socklen_t len =
        address->any.sa_family == AF_INET6 ? sizeof(address->ip6) : sizeof(address->ip4);
    return tcp_listen(&address->any, len, &options, &s->fd, e);
}

bool holdings_open_sockets(struct holdings *holdings,
                           void (*opened)(void *ctx, const struct held_socket *socket), void *ctx,
                           struct err *e) {
    bool all = true;
    for (struct held_socket *s = holdings->sockets; s != NULL; s = s->next) {
        struct err failure = {0};
        if (s->fd >= 0) {
            continue;
        }
        if (find_given(holdings, s) || find_former(holdings, s) || open_socket(s, &failure)) {
            s->is_told = false;
            opened(ctx, s);
            continue;
        }
        if (!s->is_told) {
            log_error(&failure, "trouble");
        }
        s->is_told = true;
        if (all && e != NULL) {
            *e = failure;
        }
        all = false;
    }
    return all;
}

void holdings_drop_sockets(struct holdings *holdings,
                           void (*closing)(void *ctx, const struct held_socket *socket),
                           void *ctx) {
    struct held_socket **at = &holdings->sockets;
    while (*at != NULL) {
        struct held_socket *s = *at;
        if (s->is_wanted) {
            at = &s->next;
            continue;
        }
        closing(ctx, s);
        *at = s->next;
        close_fd(&s->fd);
        mem_free(s);
    }
}

bool holdings_have_services(const struct holdings *holdings) {
    const struct held_socket *s = holdings->sockets;
    while (s != NULL && !(s->is_wanted && s->about.is_services)) {
        s = s->next;
    }
    return s != NULL;
}

/* --- versions ------------------------------------------------------------------------------------
 */

struct place {
    uint64_t generation;
    uint32_t number;
};

static bool read_place(const struct ipc_message *message, struct place *out_place) {
    struct unpack_reader r;
    unpack_init(&r, message->bytes, message->len);
    out_place->generation = unpack_u64(&r);
    out_place->number = unpack_u32(&r);
    return unpack_is_done(&r) && out_place->generation != 0;
}

bool holdings_take_segment(struct holdings *holdings, struct ipc_message *message, int *out_fd) {
    struct place place;
    if (!read_place(message, &place)) {
        return false;
    }
    struct held_version *version = &holdings->current;
    if (version->generation != place.generation) {
        version = &holdings->coming;
    }
    if (version->generation != place.generation) {
        version_clear(version);
        version->generation = place.generation;
    }
    if (place.number != version->segment_count || place.number >= SNAPSHOT_SEGMENTS_MAX) {
        return false;
    }
    *out_fd = version->segments[version->segment_count++] = ipc_take_fd(message);
    return true;
}

bool holdings_take_index(struct holdings *holdings, struct ipc_message *message) {
    struct place place;
    if (!read_place(message, &place)) {
        return false;
    }
    struct held_version *current = &holdings->current;
    if (current->generation != place.generation) {
        bool is_coming = holdings->coming.generation == place.generation;
        version_clear(current);
        if (is_coming) {
            *current = holdings->coming;
            holdings->coming = (struct held_version){.index_fd = -1};
        }
        current->generation = place.generation;
    }
    if (place.number > current->segment_count) {
        return false;
    }
    close_fd(&current->index_fd);
    current->index_fd = ipc_take_fd(message);
    current->index_segments = place.number;
    return true;
}

bool holdings_take_key_segment(struct holdings *holdings, struct ipc_message *message) {
    struct place place;
    struct held_keys *keys = &holdings->keys;
    if (!read_place(message, &place)) {
        return false;
    }
    if (keys->generation != place.generation) {
        keys_clear(&holdings->keys_before);
        holdings->keys_before = *keys;
        *keys = (struct held_keys){.generation = place.generation};
    }
    if (place.number != keys->count || place.number >= KEY_TABLE_SEGMENTS_MAX) {
        return false;
    }
    keys->used[keys->count] = 0;
    keys->segments[keys->count++] = ipc_take_fd(message);
    return true;
}

bool holdings_take_keys_added(struct holdings *holdings, const struct ipc_message *message) {
    struct unpack_reader r;
    unpack_init(&r, message->bytes, message->len);
    uint64_t generation = unpack_u64(&r);
    uint32_t number = unpack_u32(&r);
    uint64_t used = unpack_u64(&r);
    bool ok = unpack_is_done(&r) && generation == holdings->keys.generation &&
              number < holdings->keys.count;
    if (ok) {
        holdings->keys.used[number] = used;
    }
    return ok;
}

/* --- handing out ---------------------------------------------------------------------------------
 */

static void send_place(struct peer *peer, enum ipc_type type, uint64_t generation, uint32_t number,
                       int fd) {
    uint8_t bytes[sizeof(generation) + sizeof(number)];
    memcpy(bytes, &generation, sizeof(generation));
    memcpy(bytes + sizeof(generation), &number, sizeof(number));
    peer_send(peer, type, bytes, sizeof(bytes), fd);
}

static void send_named(struct peer *peer, enum ipc_type type, const char *name, int fd) {
    PL_AUTO(buf_clear) struct buf message = {.max = NAME_ROOM};
    struct pack_writer w = {.out = &message};
    pack_text(&w, name);
    if (pack_end(&w, NULL)) {
        peer_send(peer, type, message.data, message.len, fd);
    }
}

void holdings_send_socket(struct peer *peer, enum ipc_role role, const struct held_socket *socket) {
    if (socket->about.is_services != (role == IPC_NET_SERVICES)) {
        return;
    }
    send_named(peer, socket->is_wanted ? IPC_LISTENER : IPC_NOT_LISTENING, socket->about.text,
               socket->is_wanted ? socket->fd : -1);
}

void holdings_send_index(const struct holdings *holdings, struct peer *peer) {
    const struct held_version *version = &holdings->current;
    send_place(peer, IPC_INDEX, version->generation, version->index_segments, version->index_fd);
}

void holdings_give_net(const struct holdings *holdings, struct peer *peer, enum ipc_role role) {
    const struct held_version *version = &holdings->current;
    for (const struct held_folder *f = holdings->folders; f != NULL && role == IPC_NET;
         f = f->next) {
        send_named(peer, IPC_ROOT, f->path, f->fd);
    }
    for (const struct held_socket *s = holdings->sockets; s != NULL; s = s->next) {
        if (s->fd >= 0) {
            holdings_send_socket(peer, role, s);
        }
    }
    for (uint32_t i = 0; i < version->segment_count; i++) {
        send_place(peer, IPC_SEGMENT, version->generation, i, version->segments[i]);
    }
    if (version->index_fd >= 0) {
        holdings_send_index(holdings, peer);
    }
    const struct held_version *coming = &holdings->coming;
    for (uint32_t i = 0; i < coming->segment_count; i++) {
        send_place(peer, IPC_SEGMENT, coming->generation, i, coming->segments[i]);
    }
}

static void give_generation(const struct held_keys *keys, struct peer *peer) {
    for (uint32_t i = 0; i < keys->count; i++) {
        uint8_t bytes[sizeof(keys->generation) + sizeof(i) + sizeof(keys->used[i])];
        memcpy(bytes, &keys->generation, sizeof(keys->generation));
        memcpy(bytes + sizeof(keys->generation), &i, sizeof(i));
        memcpy(bytes + sizeof(keys->generation) + sizeof(i), &keys->used[i], sizeof(keys->used[i]));
        send_place(peer, IPC_KEY_SEGMENT, keys->generation, i, keys->segments[i]);
        peer_send(peer, IPC_KEYS_ADDED, bytes, sizeof(bytes), -1);
    }
}

void holdings_give_keys(const struct holdings *holdings, struct peer *peer) {
    give_generation(&holdings->keys_before, peer);
    give_generation(&holdings->keys, peer);
}
