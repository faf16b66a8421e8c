/* Other programs. Passwords reach them by file, never by argument: arguments are visible to all
 * users. */
#include "sys/run.h"

#include "base/clock.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READ_STEP = 4096, ENVIRONMENT_MAX = 4, ENVIRONMENT_TEXT = 4200 };

static bool find_program(const char *program, char out_path[PATH_MAX]) {
    static const char *const folders[] = {"/usr/sbin", "/usr/bin", "/sbin", "/bin"};
    for (size_t i = 0; i < PL_ARRAY_LEN(folders); i++) {
        int len = snprintf(out_path, PATH_MAX, "%s/%s", folders[i], program);
        if (len > 0 && len < PATH_MAX && access(out_path, X_OK) == 0) {
            return true;
        }
    }
    return false;
}

bool run_is_installed(const char *program) {
    char path[PATH_MAX];
    return find_program(program, path);
}

/* Waits for the end, then until the deadline, then kills. */
static bool reap(pid_t child, int64_t deadline_ms, int *out_status) {
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    for (;;) {
        pid_t ended = waitpid(child, out_status, WNOHANG);
        if (ended == child || (ended < 0 && errno != EINTR)) {
            return ended == child;
        }
        if (clock_monotonic_ms() >= deadline_ms) {
            (void)kill(child, SIGKILL);
            (void)waitpid(child, out_status, 0);
            return false;
        }
        (void)nanosleep(&pause, NULL);
    }
}

/* Reads until the end or the deadline; false at the deadline. What does not fit is dropped. */
static bool drain(int fd, int64_t deadline_ms, struct buf *out_output) {
    for (;;) {
        int64_t left_ms = deadline_ms - clock_monotonic_ms();
        struct pollfd waited = {.fd = fd, .events = POLLIN};
        if (left_ms <= 0 || poll(&waited, 1, (int)left_ms) == 0) {
            return false;
        }
        uint8_t step[READ_STEP];
        ssize_t got = read(fd, step, sizeof(step));
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return true;
        }
        if (got > 0 && out_output != NULL && (size_t)got <= out_output->max - out_output->len) {
            (void)!buf_append(out_output, step, (size_t)got, NULL);
        }
    }
}

static int start(const char *path, const char *const *arguments, int output, pid_t *out_child) {
    char home[ENVIRONMENT_TEXT];
    const char *home_dir = getenv("HOME");
    (void)snprintf(home, sizeof(home), "HOME=%s", home_dir == NULL ? "/" : home_dir);
    char path_variable[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    char language[] = "LC_ALL=C.UTF-8";
    char *environment[ENVIRONMENT_MAX] = {path_variable, language, home, NULL};
    posix_spawn_file_actions_t actions;
    int reason = posix_spawn_file_actions_init(&actions);
    if (reason != 0) {
        return reason;
    }
    (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    union {
        const char *const *given;
        char *const *wanted; /* posix_spawn does not write to them (POSIX, rationale of exec) */
    } words = {.given = arguments};
    reason = posix_spawn(out_child, path, &actions, NULL, words.wanted, environment);
    (void)posix_spawn_file_actions_destroy(&actions);
    return reason;
}

bool run_program(const char *const *arguments, int64_t timeout_ms, struct buf *out_output,
                 int *out_exit_code, struct err *e) {
    char path[PATH_MAX];
    if (!find_program(arguments[0], path)) {
        return err_set(e, ERR_SYS_RUN_MISSING, "the program \"%s\" is not installed", arguments[0]);
    }
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return err_set_errno(e, ERR_SYS_RUN_FAILED, errno, "cannot start \"%s\"", arguments[0]);
    }
    pid_t child = 0;
    int reason = start(path, arguments, ends[1], &child);
    (void)close(ends[1]);
    if (reason != 0) {
        (void)close(ends[0]);
        return err_set_errno(e, ERR_SYS_RUN_FAILED, reason, "cannot start \"%s\"", arguments[0]);
    }
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    int status = 0;
    bool is_read = drain(ends[0], deadline_ms, out_output);
    bool is_ended = reap(child, is_read ? deadline_ms : 0, &status);
    (void)close(ends[0]);
    if (!is_ended) {
        return err_set(e, ERR_SYS_RUN_TIMEOUT, "\"%s\" did not end within %lld s", arguments[0],
                       (long long)(timeout_ms / 1000));
    }
    if (!WIFEXITED(status)) {
        return err_set(e, ERR_SYS_RUN_FAILED, "\"%s\" was ended by signal %d", arguments[0],
                       WTERMSIG(status));
    }
    *out_exit_code = WEXITSTATUS(status);
    return true;
}
