/* ipc/channel: any bytes from the other side, for each pair of processes. */
#include "fuzz.h"

#include "ipc/channel.h"

#include <sys/socket.h>
#include <unistd.h>

static void hear(enum ipc_role self, enum ipc_role other, const uint8_t *bytes, size_t len) {
    int ends[2];
    struct ipc_channel *channel = NULL;
    struct ipc_message message;
    enum ipc_status status = IPC_DONE;
    FUZZ_CHECK(ipc_pair(ends, NULL) && ipc_channel_new(ends[0], self, other, &channel, NULL));
    FUZZ_CHECK(send(ends[1], bytes, len, 0) == (ssize_t)len || len == 0);
    (void)close(ends[1]);
    while (status == IPC_DONE && ipc_broken_because(channel) == NULL) {
        status = ipc_receive(channel);
        while (ipc_next(channel, &message)) {
            FUZZ_CHECK(ipc_may_send(message.type, other, self));
            FUZZ_CHECK(message.len <= ipc_max(message.type));
            FUZZ_CHECK(!ipc_has_fd(message.type)); /* no descriptor was sent */
        }
    }
    ipc_channel_free(channel);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    enum { LEN_MAX = 64 * 1024 };
    len = len > LEN_MAX ? LEN_MAX : len;
    hear(IPC_KEYS, IPC_NET, bytes, len);
    hear(IPC_SUPERVISOR, IPC_NET, bytes, len);
    hear(IPC_SUPERVISOR, IPC_CONTROL, bytes, len);
    hear(IPC_CONTROL, IPC_PROBE, bytes, len);
    hear(IPC_CLIENT, IPC_UNPACK, bytes, len);
    return 0;
}
