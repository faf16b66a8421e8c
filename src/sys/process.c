/* Starting this program in another role. */
#include "sys/process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ROLE_TEXT = 32 };

static int set_actions(posix_spawn_file_actions_t *actions, int fd) {
    int reason = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    reason =
        reason != 0 ? reason : posix_spawn_file_actions_adddup2(actions, fd, PROCESS_PARENT_FD);
    return reason != 0 ? reason
                       : posix_spawn_file_actions_addclosefrom_np(actions, PROCESS_PARENT_FD + 1);
}

static int start(const char *role, const char *parent, int fd, pid_t *out_pid) {
    char program[] = "padlock";
    char marked[ROLE_TEXT];
    char parent_role[ROLE_TEXT];
    char *const arguments[] = {program, marked, parent_role, NULL};
    char *const environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    (void)snprintf(marked, sizeof(marked), "%c%s", PROCESS_ROLE_MARK, role);
    (void)snprintf(parent_role, sizeof(parent_role), "%s", parent);
    int reason = posix_spawn_file_actions_init(&actions);
    if (reason != 0) {
        return reason;
    }
    reason = set_actions(&actions, fd);
    reason = reason != 0
                 ? reason
                 : posix_spawn(out_pid, "/proc/self/exe", &actions, NULL, arguments, environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    return reason;
}

bool process_start(const char *role, const char *parent, int fd, pid_t *out_pid, struct err *e) {
    int reason = start(role, parent, fd, out_pid);
    return reason == 0 ||
           err_set_errno(e, ERR_SYS_PROCESS, reason, "cannot start the process \"%s\"", role);
}

void process_begin(const char *role) {
    char name[ROLE_TEXT];
    const struct rlimit none = {0};
    (void)snprintf(name, sizeof(name), "padlock-%s", role);
    (void)prctl(PR_SET_NAME, name, 0, 0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)setrlimit(RLIMIT_CORE, &none);
}
