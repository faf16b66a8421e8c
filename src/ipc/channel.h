/*
 * One end of a connection between two of our processes: a stream socket pair, messages with a
 * length before them, and descriptors.
 *
 * What is sent is gathered and goes out in as few writes as possible; what comes in is read as much
 * at a time as there is. The other side is not trusted: a message that is not in the table, that
 * this process must not get from that one, that is too large or lacks its descriptor, breaks the
 * channel for good. Limits: ipc_max() bytes a message, IPC_QUEUE_MAX bytes that wait to be sent,
 * IPC_FDS_MAX descriptors that wait either way.
 */
#ifndef PL_IPC_CHANNEL_H
#define PL_IPC_CHANNEL_H

#include "base/err.h"
#include "ipc/messages.h"

struct ipc_channel;

enum { IPC_QUEUE_MAX = 16 * 1024 * 1024, IPC_FDS_MAX = 4096 };

/* Two connected sockets, close-on-exec and not blocking. Fails ipc.broken. */
bool ipc_pair(int out_fds[2], struct err *e) PL_MUST_USE;

/*
 * fd           becomes the channel's, also on failure
 * self, other  who speaks here, and who is at the other end
 * Fails        base.oom
 */
bool ipc_channel_new(int fd, enum ipc_role self, enum ipc_role other,
                     struct ipc_channel **out_channel, struct err *e) PL_MUST_USE;
/* Closes; what waits is overwritten and dropped. */
void ipc_channel_free(struct ipc_channel *channel);
PL_DEFINE_FREEP(ipc_channel_freep, struct ipc_channel, ipc_channel_free)

int ipc_channel_fd(const struct ipc_channel *channel); /* to wait on */
enum ipc_role ipc_channel_other(const struct ipc_channel *channel);

/*
 * Puts a message into the queue; ipc_flush() sends it. One that the table does not allow is a bug.
 *
 * fd     goes with it as a copy; -1 for messages that have none
 * Fails  base.oom, base.limit (the queue is full), ipc.broken
 */
bool ipc_send(struct ipc_channel *channel, enum ipc_type type, const void *bytes, size_t len,
              int fd, struct err *e) PL_MUST_USE;

enum ipc_status {
    IPC_DONE,    /* sent everything; read all there is */
    IPC_BLOCKED, /* wait until the socket takes more */
    IPC_ENDED,   /* the other side has gone, or broke the rules */
};
enum ipc_status ipc_flush(struct ipc_channel *channel) PL_MUST_USE;
bool ipc_has_queue(const struct ipc_channel *channel);
/* Reads what is there; messages that are whole come out of ipc_next() first, also after the end. */
enum ipc_status ipc_receive(struct ipc_channel *channel) PL_MUST_USE;

struct ipc_message {
    enum ipc_type type;
    const uint8_t *bytes; /* borrowed until the next call on the channel */
    size_t len;
    int fd; /* -1: none. The channel's until ipc_take_fd(), closed at the next ipc_next() */
    struct ipc_channel *channel;
};
/* False when there is no whole message, or the channel is broken. */
bool ipc_next(struct ipc_channel *channel, struct ipc_message *out_message);
/* The message's descriptor, now the caller's to close. */
int ipc_take_fd(struct ipc_message *message);
/* The last message was not what it has to be: nothing more comes out of this channel. */
void ipc_break(struct ipc_channel *channel);
/* Why it broke: a sentence, NULL while it has not. */
const char *ipc_broken_because(const struct ipc_channel *channel);

/*
 * Sends all, then waits for the next message. For processes without a loop, and before it begins.
 * Fails ipc.broken, ipc.timeout.
 */
bool ipc_wait(struct ipc_channel *channel, int64_t timeout_ms, struct ipc_message *out_message,
              struct err *e) PL_MUST_USE;

#endif
