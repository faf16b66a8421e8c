/* The table of messages. */
#include "ipc/messages.h"

#include "base/str.h"

static const struct {
    const char *text;
    unsigned senders;
    unsigned receivers;
    size_t max;
    bool has_fd;
} messages[IPC_TYPE_COUNT] = {
#define IPC_MESSAGE(name, text, senders, receivers, max, has_fd)                                   \
    [IPC_##name] = {text, senders, receivers, max, has_fd},
#include "ipc/messages.def"
#undef IPC_MESSAGE
};

static const struct {
    enum ipc_role role;
    const char *name;
} roles[] = {
    {IPC_SUPERVISOR, "supervisor"},
    {IPC_CLIENT, "client"},
    {IPC_NET, "net"},
    {IPC_KEYS, "keys"},
    {IPC_UNPACK, "unpack"},
    {IPC_CONTROL, "control"},
    {IPC_PROBE, "probe"},
    {IPC_METRICS, "metrics"},
    {IPC_NET_SERVICES, "net-services"},
};

bool ipc_may_send(enum ipc_type type, enum ipc_role from, enum ipc_role to) {
    return type < IPC_TYPE_COUNT && (messages[type].senders & from) != 0 &&
           (messages[type].receivers & to) != 0;
}

size_t ipc_max(enum ipc_type type) {
    return messages[type].max;
}

bool ipc_has_fd(enum ipc_type type) {
    return messages[type].has_fd;
}

const char *ipc_name(enum ipc_type type) {
    return messages[type].text;
}

const char *ipc_role_name(enum ipc_role role) {
    for (size_t i = 0; i < PL_ARRAY_LEN(roles); i++) {
        if (roles[i].role == role) {
            return roles[i].name;
        }
    }
    return "unknown";
}

bool ipc_role_find(const char *name, enum ipc_role *out_role) {
    for (size_t i = 0; i < PL_ARRAY_LEN(roles); i++) {
        if (str_equal(roles[i].name, name)) {
            *out_role = roles[i].role;
            return true;
        }
    }
    return false;
}
