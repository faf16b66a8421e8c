/*
 * Padlock's own processes: the same program again, with another role, no environment, and one
 * connection to whoever started it.
 */
#ifndef PL_SYS_PROCESS_H
#define PL_SYS_PROCESS_H

#include "base/compiler.h"
#include "base/err.h"

#include <sys/types.h>

/* Where a process finds the connection to its parent. */
enum { PROCESS_PARENT_FD = 3 };

/* Its arguments are "padlock", the role after this letter, which nobody types, and its parent's
 * role. */
#define PROCESS_ROLE_MARK '@'

/*
 * Starts this program in a role, without a shell and with an empty environment. Standard output and
 * error are ours; the input is empty; of all descriptors it gets fd alone, as PROCESS_PARENT_FD.
 *
 * role     "net"
 * parent   "supervisor"
 * fd       borrowed
 * out_pid  to be waited for
 * Fails    sys.process
 */
bool process_start(const char *role, const char *parent, int fd, pid_t *out_pid, struct err *e)
    PL_MUST_USE;

/*
 * For the started process, first thing: it is named after its role, dies with its parent, and
 * leaves no core file.
 */
void process_begin(const char *role);

/* --- the whole program once more, for an upgrade ------------------------------------------------
 */

/* Which program this is, and how it was started. */
struct process_again {
    char *program;    /* its path */
    char **arguments; /* without --ready-fd; NULL after the last */
    char *memory;     /* in which they lie */
};

/* Fails sys.process, base.oom. */
bool process_remember(struct process_again *out_again, struct err *e) PL_MUST_USE;
void process_forget(struct process_again *again); /* works on a zeroed struct */

/*
 * Starts what is at that path now, with the same arguments and environment. It gets the sockets as
 * a service manager hands them over (sd_listen_fds(3)), and of our other descriptors only standard
 * input, output and error.
 *
 * sockets       borrowed
 * kept          how many of them, the first ones, are a service manager's
 * out_pid       to be waited for
 * out_ready_fd  caller's to close, not blocking: a byte comes when it is ready; the end when it
 * ends Fails         sys.process
 */
bool process_start_again(const struct process_again *again, const int *sockets, size_t count,
                         size_t kept, pid_t *out_pid, int *out_ready_fd, struct err *e) PL_MUST_USE;

#endif
