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

#endif
