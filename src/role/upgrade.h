/*
 * Another version of the program takes over without a refused connection (SIGUSR2): the program is
 * started again from where it was started first, with the same arguments and the listening sockets;
 * once it serves, the one before finishes what is under way and ends. When the new one does not
 * come to serve, the old one goes on as if nothing had been. Process: supervisor. Private to role/.
 */
#ifndef PL_ROLE_UPGRADE_H
#define PL_ROLE_UPGRADE_H

#include "base/compiler.h"
#include "base/err.h"
#include "sys/process.h"

#include <sys/types.h>

struct upgrade {
    struct process_again again;
    int ready_fd; /* -1: none is on its way */
    int64_t deadline_ms;
    pid_t pid;
};

/* Remembers program and arguments as they are now. Fails sys.process. */
bool upgrade_init(struct upgrade *upgrade, struct err *e) PL_MUST_USE;
void upgrade_clear(struct upgrade *upgrade); /* ends one that is on its way */

/* sockets are borrowed; the first kept of them are a service manager's. Fails sys.process. */
bool upgrade_start(struct upgrade *upgrade, const int *sockets, size_t count, size_t kept,
                   struct err *e) PL_MUST_USE;

enum upgrade_status {
    UPGRADE_NONE,
    UPGRADE_WAITS,
    UPGRADE_SERVES, /* told once */
    UPGRADE_FAILED, /* told once: role.upgrade */
};
/* To be asked now and then. */
enum upgrade_status upgrade_check(struct upgrade *upgrade, struct err *e) PL_MUST_USE;

#endif
