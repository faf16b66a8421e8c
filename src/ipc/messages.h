/*
 * The processes and what they may say to each other: the table of ipc/messages.def as an enum, a
 * permission check and names.
 */
#ifndef PL_IPC_MESSAGES_H
#define PL_IPC_MESSAGES_H

#include "base/compiler.h"

/* One bit each, so that the table can name several. */
enum ipc_role {
    IPC_SUPERVISOR = 1 << 0,
    IPC_CLIENT = 1 << 1, /* the command line */
    IPC_NET = 1 << 2,
    IPC_KEYS = 1 << 3,
    IPC_UNPACK = 1 << 4,
    IPC_CONTROL = 1 << 5,
    IPC_PROBE = 1 << 6,
    IPC_METRICS = 1 << 7,
    IPC_NET_SERVICES = 1 << 8, /* net for the site "services" alone */
    IPC_BOTH_NET = IPC_NET | IPC_NET_SERVICES,
    IPC_ALL_WORKERS = IPC_BOTH_NET | IPC_KEYS | IPC_UNPACK | IPC_CONTROL | IPC_PROBE | IPC_METRICS,
};

enum ipc_type {
#define IPC_MESSAGE(name, text, senders, receivers, max, has_fd) IPC_##name,
#include "ipc/messages.def"
#undef IPC_MESSAGE
    IPC_TYPE_COUNT
};

/* Whether the message may go from one to the other. */
bool ipc_may_send(enum ipc_type type, enum ipc_role from, enum ipc_role to);
size_t ipc_max(enum ipc_type type); /* bytes of payload */
bool ipc_has_fd(enum ipc_type type);
const char *ipc_name(enum ipc_type type);

const char *ipc_role_name(enum ipc_role role); /* "net" */
/* False when there is no role of that name. */
bool ipc_role_find(const char *name, enum ipc_role *out_role);

#endif
