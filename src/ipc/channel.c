/* Channels between processes. */
#include "ipc/channel.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024, FDS_AT_ONCE = 32, IN_MAX = 32 * 1024 * 1024 };

struct frame {
    uint32_t len;
    uint16_t type;
    uint16_t has_fd;
};

/* A descriptor that goes with the byte at offset of what is sent or was received. */
struct parcel {
    uint64_t offset;
    int fd;
};

struct parcels {
    struct parcel *items;
    size_t first; /* taken so far */
    size_t count;
    size_t capacity;
};

struct ipc_channel {
    int fd;
    enum ipc_role self;
    enum ipc_role other;
    struct buf out;
    uint64_t out_offset; /* of out's first byte among all that were ever sent */
    struct parcels out_fds;
    struct buf in;
    size_t in_used;        /* bytes of messages that were handed out */
    struct parcels in_fds; /* in the order of their messages */
    int current_fd;        /* of the message that was handed out last */
    bool has_ended;
    const char *broken; /* why; NULL */
};

/* --- descriptors in waiting ----------------------------------------------------------------------
 */

static bool parcels_add(struct parcels *parcels, uint64_t offset, int fd, struct err *e) {
    if (parcels->first == parcels->count) {
        parcels->first = parcels->count = 0;
    }
    if (parcels->count - parcels->first >= IPC_FDS_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "too many descriptors wait to be handed over");
    }
    if (parcels->count == parcels->capacity) {
        size_t capacity = parcels->capacity == 0 ? 16 : parcels->capacity * 2;
        void *memory = parcels->items;
        if (!mem_resize(&memory, capacity * sizeof(struct parcel), e)) {
            return false;
        }
        parcels->items = memory;
        parcels->capacity = capacity;
    }
    parcels->items[parcels->count++] = (struct parcel){.offset = offset, .fd = fd};
    return true;
}

static void parcels_clear(struct parcels *parcels) {
    for (size_t i = parcels->first; i < parcels->count; i++) {
        (void)close(parcels->items[i].fd);
    }
    mem_free(parcels->items);
    *parcels = (struct parcels){0};
}

static struct parcel *parcels_first(const struct parcels *parcels) {
    return parcels->first < parcels->count ? &parcels->items[parcels->first] : NULL;
}

/* --- life ----------------------------------------------------------------------------------------
 */

bool ipc_pair(int out_fds[2], struct err *e) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, out_fds) == 0 ||
           err_set_errno(e, ERR_IPC_BROKEN, errno, "cannot connect two processes");
}

bool ipc_channel_new(int fd, enum ipc_role self, enum ipc_role other,
                     struct ipc_channel **out_channel, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct ipc_channel), &memory, e)) {
        (void)close(fd);
        return false;
    }
    struct ipc_channel *channel = memory;
    *channel = (struct ipc_channel){.fd = fd, .self = self, .other = other, .current_fd = -1};
    buf_init(&channel->out, IPC_QUEUE_MAX);
    buf_init(&channel->in, IN_MAX);
    *out_channel = channel;
    return true;
}

static void drop_current_fd(struct ipc_channel *channel) {
    if (channel->current_fd >= 0) {
        (void)close(channel->current_fd);
        channel->current_fd = -1;
    }
}

void ipc_channel_free(struct ipc_channel *channel) {
    if (channel == NULL) {
        return;
    }
    drop_current_fd(channel);
    parcels_clear(&channel->out_fds);
    parcels_clear(&channel->in_fds);
    buf_cleanse(&channel->out);
    buf_cleanse(&channel->in);
    (void)close(channel->fd);
    mem_free(channel);
}

int ipc_channel_fd(const struct ipc_channel *channel) {
    return channel->fd;
}

enum ipc_role ipc_channel_other(const struct ipc_channel *channel) {
    return channel->other;
}

static void set_broken(struct ipc_channel *channel, const char *because) {
    if (channel->broken == NULL) {
        channel->broken = because;
    }
}

void ipc_break(struct ipc_channel *channel) {
    set_broken(channel, "a message is not what it has to be");
}

const char *ipc_broken_because(const struct ipc_channel *channel) {
    return channel->broken;
}

/* --- sending -------------------------------------------------------------------------------------
 */

static bool queue_fd(struct ipc_channel *channel, int fd, struct err *e) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) {
        return err_set_errno(e, ERR_IPC_BROKEN, errno, "cannot hand over a descriptor");
    }
    if (!parcels_add(&channel->out_fds, channel->out_offset + channel->out.len, copy, e)) {
        (void)close(copy);
        return false;
    }
    return true;
}

bool ipc_send(struct ipc_channel *channel, enum ipc_type type, const void *bytes, size_t len,
              int fd, struct err *e) {
    PL_BUG_UNLESS(ipc_may_send(type, channel->self, channel->other));
    PL_BUG_UNLESS(len <= ipc_max(type) && ipc_has_fd(type) == (fd >= 0));
    const struct frame frame = {
        .len = (uint32_t)len, .type = (uint16_t)type, .has_fd = fd >= 0 ? 1 : 0};
    if (channel->broken != NULL) {
        return err_set(e, ERR_IPC_BROKEN, "the connection to %s is broken: %s",
                       ipc_role_name(channel->other), channel->broken);
    }
    if (!buf_reserve(&channel->out, sizeof(frame) + len, e) ||
        (fd >= 0 && !queue_fd(channel, fd, e))) {
        return false;
    }
    bool ok = buf_append(&channel->out, &frame, sizeof(frame), e) &&
              (len == 0 || buf_append(&channel->out, bytes, len, e));
    PL_BUG_UNLESS(ok); /* its room is reserved */
    return true;
}

bool ipc_has_queue(const struct ipc_channel *channel) {
    return channel->out.len > 0;
}

/* One write: up to the next descriptor, which goes with its message's first byte. */
static ssize_t send_part(struct ipc_channel *channel, bool *out_with_fd) {
    const struct parcel *parcel = parcels_first(&channel->out_fds);
    union {
        struct cmsghdr header;
        uint8_t room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {.iov_base = channel->out.data, .iov_len = channel->out.len};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    *out_with_fd = parcel != NULL && parcel->offset == channel->out_offset;
    if (parcel != NULL && !*out_with_fd) {
        part.iov_len = (size_t)(parcel->offset - channel->out_offset);
    }
    if (*out_with_fd) {
        message.msg_control = &control;
        message.msg_controllen = sizeof(control.room);
        control.header = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), &parcel->fd, sizeof(int));
        /* Its own message alone: the next one may have a descriptor, too. */
        struct frame frame;
        memcpy(&frame, channel->out.data, sizeof(frame));
        part.iov_len = sizeof(frame) + frame.len;
    }
    return sendmsg(channel->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

enum ipc_status ipc_flush(struct ipc_channel *channel) {
    while (channel->broken == NULL && channel->out.len > 0) {
        bool with_fd = false;
        ssize_t sent = send_part(channel, &with_fd);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent < 0 && (errno == EAGAIN || errno == ETOOMANYREFS)) {
            return IPC_BLOCKED;
        }
        if (sent < 0) {
            set_broken(channel, "it has ended");
            break;
        }
        if (with_fd) {
            (void)close(channel->out_fds.items[channel->out_fds.first++].fd);
        }
        channel->out_offset += (uint64_t)sent;
        buf_consume(&channel->out, (size_t)sent);
    }
    return channel->broken == NULL ? IPC_DONE : IPC_ENDED;
}

/* --- receiving -----------------------------------------------------------------------------------
 */

static bool keep_fds(struct ipc_channel *channel, struct msghdr *message) {
    bool ok = true;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd = -1;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
            if (!ok || !parcels_add(&channel->in_fds, 0, fd, NULL)) {
                (void)close(fd);
                ok = false;
            }
        }
    }
    return ok;
}

static ssize_t receive_part(struct ipc_channel *channel) {
    union {
        struct cmsghdr header;
        uint8_t room[CMSG_SPACE(FDS_AT_ONCE * sizeof(int))];
    } control = {0};
    struct iovec part = {.iov_base = channel->in.data + channel->in.len, .iov_len = READ_SIZE};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control.room)};
    ssize_t got = recvmsg(channel->fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got >= 0 && (!keep_fds(channel, &message) || (message.msg_flags & MSG_CTRUNC) != 0)) {
        set_broken(channel, "it sent more descriptors than fit");
    }
    return got;
}

enum ipc_status ipc_receive(struct ipc_channel *channel) {
    drop_current_fd(channel);
    buf_consume(&channel->in, channel->in_used);
    channel->in_used = 0;
    while (channel->broken == NULL && !channel->has_ended) {
        if (!buf_reserve(&channel->in, READ_SIZE, NULL)) {
            return IPC_DONE; /* messages that were read must be taken first */
        }
        ssize_t got = receive_part(channel);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno == EAGAIN) {
            return IPC_DONE;
        }
        channel->has_ended = got <= 0;
        channel->in.len += got > 0 ? (size_t)got : 0;
        if (got > 0 && got < READ_SIZE && channel->in_fds.first == channel->in_fds.count) {
            return IPC_DONE;
        }
    }
    return IPC_ENDED;
}

/* Takes a message's descriptor out of those that came. */
static void take_parcel(struct ipc_channel *channel) {
    const struct parcel *parcel = parcels_first(&channel->in_fds);
    if (parcel == NULL) {
        set_broken(channel, "a message lacks its descriptor");
        return;
    }
    channel->current_fd = parcel->fd;
    channel->in_fds.first++;
}

static const char *find_fault(const struct ipc_channel *channel, const struct frame *frame) {
    if (!ipc_may_send((enum ipc_type)frame->type, channel->other, channel->self)) {
        return "it sent a message that it must not send";
    }
    if (frame->len > ipc_max((enum ipc_type)frame->type)) {
        return "it sent a message that is too large";
    }
    return frame->has_fd == (ipc_has_fd((enum ipc_type)frame->type) ? 1 : 0)
               ? NULL
               : "it sent a message with a descriptor too many or too few";
}

bool ipc_next(struct ipc_channel *channel, struct ipc_message *out_message) {
    struct frame frame;
    drop_current_fd(channel);
    size_t left = channel->in.len - channel->in_used;
    if (channel->broken != NULL || left < sizeof(frame)) {
        return false;
    }
    memcpy(&frame, channel->in.data + channel->in_used, sizeof(frame));
    const char *fault = find_fault(channel, &frame);
    if (fault != NULL) {
        set_broken(channel, fault);
        return false;
    }
    if (left < sizeof(frame) + frame.len) {
        return false;
    }
    if (frame.has_fd != 0) {
        take_parcel(channel);
    }
    *out_message = (struct ipc_message){
        .type = (enum ipc_type)frame.type,
        .bytes = channel->in.data + channel->in_used + sizeof(frame),
        .len = frame.len,
        .fd = channel->current_fd,
        .channel = channel,
    };
    channel->in_used += sizeof(frame) + frame.len;
    return channel->broken == NULL;
}

int ipc_take_fd(struct ipc_message *message) {
    int fd = message->channel->current_fd;
    message->channel->current_fd = -1;
    message->fd = -1;
    return fd;
}

/* --- without a loop ------------------------------------------------------------------------------
 */

static bool wait_for(struct ipc_channel *channel, short events, int64_t deadline_ms,
                     struct err *e) {
    for (;;) {
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        struct pollfd waited = {.fd = channel->fd, .events = events};
        int ready = left_ms <= 0 ? 0 : poll(&waited, 1, (int)left_ms);
        if (ready > 0) {
            return true;
        }
        if (ready == 0) {
            return err_set(e, ERR_IPC_TIMEOUT, "the process \"%s\" did not answer in time",
                           ipc_role_name(channel->other));
        }
        if (errno != EINTR) {
            return err_set_errno(e, ERR_IPC_BROKEN, errno, "cannot wait for another process");
        }
    }
}

static bool set_ended(const struct ipc_channel *channel, struct err *e) {
    return err_set(e, ERR_IPC_BROKEN, "the connection to the process \"%s\" broke: %s",
                   ipc_role_name(channel->other),
                   channel->broken == NULL ? "it has ended" : channel->broken);
}

bool ipc_wait(struct ipc_channel *channel, int64_t timeout_ms, struct ipc_message *out_message,
              struct err *e) {
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    while (ipc_flush(channel) == IPC_BLOCKED) {
        if (!wait_for(channel, POLLOUT, deadline_ms, e)) {
            return false;
        }
    }
    /* What it said before it ended is worth hearing: why it ends. */
    while (!ipc_next(channel, out_message)) {
        enum ipc_status status = ipc_receive(channel);
        if (ipc_next(channel, out_message)) {
            return true;
        }
        if (status == IPC_ENDED || channel->broken != NULL) {
            return set_ended(channel, e);
        }
        if (!wait_for(channel, POLLIN, deadline_ms, e)) {
            return false;
        }
    }
    return true;
}
