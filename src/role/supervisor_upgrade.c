/*
 * The supervisor hands over to another version of the program: control ends first (it saves what is
 * served, and two of them would prove and take back each other's changes), then the new program
 * starts with the sockets, and when it serves, everything here finishes. If it does not, control is
 * started again. Who looks at what is served sees no gap: those that serve do so all the time.
 */
#include "base/log.h"
#include "base/mem.h"
#include "role/supervisor_parts.h"

#include <stdio.h>

enum { STATUS_TEXT = 64 };

void supervisor_upgrade(struct supervisor *s) {
    struct child *control = child_find(s, IPC_CONTROL);
    if (s->is_stopping || s->is_upgrading || !s->is_ready) {
        log_event(LOG_WARNING, "upgrade-refused", "why",
                  s->is_upgrading ? "one is under way" : "nothing is served yet, or any more",
                  NULL);
        return;
    }
    log_event(LOG_INFO, "upgrading", "program", s->upgrade.again.program, NULL);
    s->is_upgrading = true;
    if (control == NULL || control->state == CHILD_DRAINING) {
        supervisor_continue_upgrade(s);
        return;
    }
    child_drain(control);
}

static void give_up(struct supervisor *s, const struct err *error) {
    struct err e = {0};
    log_error(error, "not-upgraded");
    s->is_upgrading = false;
    if (!child_start(s, IPC_CONTROL, 0, &e)) {
        supervisor_fail(s, &e);
    }
}

static bool start_next(struct supervisor *s, struct err *e) {
    PL_AUTO(mem_freep) void *memory = NULL;
    if (!mem_array(SERVICE_SOCKETS_MAX, sizeof(int), &memory, e)) {
        return false;
    }
    int *sockets = memory;
    size_t count = holdings_list_sockets(&s->holdings, sockets, SERVICE_SOCKETS_MAX - 1);
    if (s->metrics_fd >= 0) {
        sockets[count++] = s->metrics_fd;
    }
    return upgrade_start(&s->upgrade, sockets, count, s->holdings.given_kept, e);
}

void supervisor_continue_upgrade(struct supervisor *s) {
    struct err e = {0};
    if (!s->is_stopping && s->upgrade.ready_fd < 0 && !start_next(s, &e)) {
        give_up(s, &e);
    }
}

/* Watchers ask the new one from now on. */
static void finish(struct supervisor *s) {
    struct child *metrics = child_find(s, IPC_METRICS);
    char status[STATUS_TEXT];
    char pid[16];
    (void)snprintf(pid, sizeof(pid), "%d", (int)s->upgrade.pid);
    (void)snprintf(status, sizeof(status), "MAINPID=%s\nREADY=1\nSTATUS=serving", pid);
    log_event(LOG_INFO, "upgraded", "pid", pid, NULL);
    service_notify(status);
    if (metrics != NULL) {
        child_end(metrics);
    }
    supervisor_stop(s);
}

void supervisor_check_upgrade(struct supervisor *s) {
    struct err e = {0};
    switch (upgrade_check(&s->upgrade, &e)) {
    case UPGRADE_NONE:
    case UPGRADE_WAITS:
        return;
    case UPGRADE_SERVES:
        finish(s);
        return;
    case UPGRADE_FAILED:
        give_up(s, &e);
        return;
    }
}
