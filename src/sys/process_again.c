/* The program once more, with the sockets that it listens on. */
#include "base/mem.h"
#include "base/str.h"
#include "sys/process.h"
#include "sys/service_manager.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_SOCKET = 3, ARGUMENTS_BYTES_MAX = 128 * 1024, VARIABLE_TEXT = 48 };

#define READY_OPTION "--ready-fd"

/* --- how it was started --------------------------------------------------------------------------
 */

static bool read_program(struct process_again *again, struct err *e) {
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (len <= 0) {
        return err_set_errno(e, ERR_SYS_PROCESS, errno, "cannot tell which program this is");
    }
    path[len] = '\0';
    return mem_strdup(path, &again->program, e);
}

/* All arguments, each with its NUL. */
static bool read_arguments(struct process_again *again, size_t *out_len, struct err *e) {
    void *memory = NULL;
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return err_set_errno(e, ERR_SYS_PROCESS, errno, "cannot tell how this was started");
    }
    bool ok = mem_alloc(ARGUMENTS_BYTES_MAX + 1, &memory, e);
    again->memory = memory;
    size_t len = 0;
    ssize_t got = 1;
    while (ok && got > 0 && len < ARGUMENTS_BYTES_MAX) {
        got = read(fd, again->memory + len, ARGUMENTS_BYTES_MAX - len);
        len += got > 0 ? (size_t)got : 0;
    }
    (void)close(fd);
    if (ok && (got < 0 || len == 0 || len == ARGUMENTS_BYTES_MAX)) {
        return err_set(e, ERR_SYS_PROCESS, "cannot tell how this was started");
    }
    *out_len = len;
    return ok;
}

/* Whoever waits for us to be ready does not wait for the next one. */
static bool split_arguments(struct process_again *again, size_t len, struct err *e) {
    static const size_t option_len = sizeof(READY_OPTION) - 1;
    void *memory = NULL;
    size_t count = 0;
    bool is_value = false;
    for (size_t i = 0; i < len; i++) {
        count += again->memory[i] == '\0' ? 1 : 0;
    }
    if (!mem_array(count + 4, sizeof(char *), &memory, e)) {
        return false;
    }
    again->arguments = memory;
    size_t kept = 0;
    for (char *at = again->memory; at < again->memory + len; at += strlen(at) + 1) {
        bool is_option = strncmp(at, READY_OPTION, option_len) == 0 &&
                         (at[option_len] == '\0' || at[option_len] == '=');
        if (!is_option && !is_value) {
            again->arguments[kept++] = at;
        }
        is_value = is_option && at[option_len] == '\0';
    }
    return true;
}

bool process_remember(struct process_again *out_again, struct err *e) {
    size_t len = 0;
    *out_again = (struct process_again){0};
    return read_program(out_again, e) && read_arguments(out_again, &len, e) &&
           split_arguments(out_again, len, e);
}

void process_forget(struct process_again *again) {
    mem_free(again->program);
    mem_free(again->arguments);
    mem_free(again->memory);
    *again = (struct process_again){0};
}

/* --- starting it ---------------------------------------------------------------------------------
 */

/* What the child needs, made before the fork: after it, only calls that are safe there. */
struct launch {
    const char *program;
    char **arguments;
    char **environment;
    char listen_fds[VARIABLE_TEXT];
    char listen_pid[VARIABLE_TEXT];
    char listen_kept[VARIABLE_TEXT];
    char ready_fd[VARIABLE_TEXT];
    const int *sockets;
    int *moved; /* as many, for the child */
    size_t count;
    size_t kept;
    int ready_end;
};

static bool is_replaced(const char *variable) {
    return strncmp(variable, "LISTEN_", 7) == 0;
}

static bool make_environment(struct launch *launch, struct err *e) {
    void *memory = NULL;
    size_t count = 0;
    size_t kept = 0;
    while (environ[count] != NULL) {
        count++;
    }
    if (!mem_array(count + 4, sizeof(char *), &memory, e)) {
        return false;
    }
    launch->environment = memory;
    for (size_t i = 0; i < count; i++) {
        if (!is_replaced(environ[i])) {
            launch->environment[kept++] = environ[i];
        }
    }
    (void)snprintf(launch->listen_fds, VARIABLE_TEXT, "LISTEN_FDS=%zu", launch->count);
    (void)snprintf(launch->listen_kept, VARIABLE_TEXT, SERVICE_KEPT_VARIABLE "=%zu", launch->kept);
    launch->environment[kept++] = launch->listen_fds;
    launch->environment[kept++] = launch->listen_kept;
    launch->environment[kept] = launch->listen_pid;
    return true;
}

static bool make_arguments(struct launch *launch, const struct process_again *again,
                           struct err *e) {
    static char option[] = READY_OPTION;
    void *memory = NULL;
    size_t count = 0;
    while (again->arguments[count] != NULL) {
        count++;
    }
    if (!mem_array(count + 3, sizeof(char *), &memory, e)) {
        return false;
    }
    launch->arguments = memory;
    memcpy(launch->arguments, again->arguments, count * sizeof(char *));
    (void)snprintf(launch->ready_fd, VARIABLE_TEXT, "%zu", FIRST_SOCKET + launch->count);
    launch->arguments[count] = option;
    launch->arguments[count + 1] = launch->ready_fd;
    return true;
}

/* "LISTEN_PID=" and the number, without the C library. */
static void write_pid(char out[VARIABLE_TEXT], pid_t pid) {
    static const char name[] = "LISTEN_PID=";
    char digits[VARIABLE_TEXT];
    size_t count = 0;
    size_t at = sizeof(name) - 1;
    memcpy(out, name, at);
    for (unsigned left = (unsigned)pid; left > 0 || count == 0; left /= 10) {
        digits[count++] = (char)('0' + left % 10);
    }
    while (count > 0) {
        out[at++] = digits[--count];
    }
    out[at] = '\0';
}

/* In the child. Descriptors first go where none of their places is, then to their places. */
static void become(struct launch *launch) {
    const int above = FIRST_SOCKET + (int)launch->count + 1;
    int ready = fcntl(launch->ready_end, F_DUPFD_CLOEXEC, above);
    bool ok = ready >= 0;
    for (size_t i = 0; i < launch->count && ok; i++) {
        launch->moved[i] = fcntl(launch->sockets[i], F_DUPFD_CLOEXEC, above);
        ok = launch->moved[i] >= 0;
    }
    for (size_t i = 0; i < launch->count && ok; i++) {
        ok = dup2(launch->moved[i], FIRST_SOCKET + (int)i) >= 0;
    }
    if (ok && dup2(ready, FIRST_SOCKET + (int)launch->count) >= 0) {
        write_pid(launch->listen_pid, getpid());
        (void)execve(launch->program, launch->arguments, launch->environment);
    }
    _exit(127);
}

static bool make_room(struct launch *launch, struct err *e) {
    void *memory = NULL;
    bool ok = mem_array(launch->count + 1, sizeof(int), &memory, e);
    launch->moved = memory;
    return ok;
}

static bool launch_now(struct launch *launch, pid_t *out_pid, int *out_ready_fd, struct err *e) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return err_set_errno(e, ERR_SYS_PROCESS, errno, "cannot start the new version");
    }
    launch->ready_end = ends[1];
    pid_t pid = fork();
    if (pid == 0) {
        become(launch);
    }
    int reason = errno;
    (void)close(ends[1]);
    if (pid < 0) {
        (void)close(ends[0]);
        return err_set_errno(e, ERR_SYS_PROCESS, reason, "cannot start the new version");
    }
    *out_pid = pid;
    *out_ready_fd = ends[0];
    return true;
}

bool process_start_again(const struct process_again *again, const int *sockets, size_t count,
                         size_t kept, pid_t *out_pid, int *out_ready_fd, struct err *e) {
    struct launch launch = {
        .program = again->program, .sockets = sockets, .count = count, .kept = kept};
    bool ok = make_environment(&launch, e) && make_arguments(&launch, again, e) &&
              make_room(&launch, e) && launch_now(&launch, out_pid, out_ready_fd, e);
    mem_free(launch.arguments);
    mem_free(launch.environment);
    mem_free(launch.moved);
    return ok;
}
