/* The next version of the program, until it serves. */
#include "role/upgrade.h"

#include "base/clock.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TIMEOUT_MS = 60 * 1000 };

bool upgrade_init(struct upgrade *upgrade, struct err *e) {
    *upgrade = (struct upgrade){.ready_fd = -1};
    return process_remember(&upgrade->again, e);
}

static void end_process(const struct upgrade *u) {
    (void)kill(u->pid, SIGKILL);
    while (waitpid(u->pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

static void stop_waiting(struct upgrade *u) {
    (void)close(u->ready_fd);
    u->ready_fd = -1;
}

void upgrade_clear(struct upgrade *upgrade) {
    if (upgrade->ready_fd >= 0) {
        end_process(upgrade);
        stop_waiting(upgrade);
    }
    process_forget(&upgrade->again);
}

bool upgrade_start(struct upgrade *upgrade, const int *sockets, size_t count, size_t kept,
                   struct err *e) {
    upgrade->deadline_ms = clock_monotonic_ms() + TIMEOUT_MS;
    return process_start_again(&upgrade->again, sockets, count, kept, &upgrade->pid,
                               &upgrade->ready_fd, e);
}

static enum upgrade_status fail(struct upgrade *u, const char *reason, struct err *e) {
    end_process(u);
    stop_waiting(u);
    (void)err_set(e, ERR_ROLE_UPGRADE, "the new version %s: this one goes on", reason);
    (void)err_hint(e, "its own message stands before this one");
    return UPGRADE_FAILED;
}

enum upgrade_status upgrade_check(struct upgrade *upgrade, struct err *e) {
    char byte = 0;
    if (upgrade->ready_fd < 0) {
        return UPGRADE_NONE;
    }
    ssize_t got = read(upgrade->ready_fd, &byte, 1);
    if (got == 1) {
        stop_waiting(upgrade);
        return UPGRADE_SERVES;
    }
    if (got == 0) {
        return fail(upgrade, "ended before it served", e);
    }
    return clock_monotonic_ms() < upgrade->deadline_ms
               ? UPGRADE_WAITS
               : fail(upgrade, "did not come to serve within a minute", e);
}
