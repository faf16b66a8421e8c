/*
 * The supervisor's processes: started, connected to each other, and started again when they end.
 *
 * A process that ends is replaced at once; one that ends again and again within QUICK_MS of its
 * start is waited for, longer each time, up to BACKOFF_MAX_MS.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/supervisor_parts.h"
#include "sys/process.h"
#include "sys/service_manager.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { QUICK_MS = 1000, QUICK_DEATHS_FREE = 3, BACKOFF_MS = 200, BACKOFF_MAX_MS = 5000 };

/* --- states --------------------------------------------------------------------------------------
 */

static const bool may_follow[CHILD_STATE_COUNT][CHILD_STATE_COUNT] = {
    [CHILD_WAITING] = {[CHILD_STARTING] = true, [CHILD_DRAINING] = true},
    [CHILD_STARTING] = {[CHILD_SERVING] = true, [CHILD_DRAINING] = true},
    [CHILD_SERVING] = {[CHILD_DRAINING] = true},
};

static void child_set_state(struct child *child, enum child_state state) {
    PL_BUG_UNLESS(may_follow[child->state][state]);
    child->state = state;
}

static bool is_net(const struct child *child) {
    return (child->role & IPC_BOTH_NET) != 0;
}

/* --- finding -------------------------------------------------------------------------------------
 */

struct child *child_find(const struct supervisor *s, enum ipc_role role) {
    struct child *child = s->children;
    while (child != NULL && (child->role != role || child->peer == NULL)) {
        child = child->next;
    }
    return child;
}

static struct vacancy *find_vacancy(struct supervisor *s, enum ipc_role role, uint32_t number) {
    for (size_t i = 0; i < s->vacancy_count; i++) {
        if (s->vacancies[i].role == role && s->vacancies[i].number == number) {
            return &s->vacancies[i];
        }
    }
    PL_BUG_UNLESS(s->vacancy_count < PL_ARRAY_LEN(s->vacancies));
    struct vacancy *vacancy = &s->vacancies[s->vacancy_count++];
    *vacancy = (struct vacancy){.role = role, .number = number};
    return vacancy;
}

/* --- connecting them to each other ---------------------------------------------------------------
 */

static void send_end(const struct child *child, enum ipc_role other, uint32_t number, int fd) {
    uint32_t about[2] = {(uint32_t)other, number};
    peer_send(child->peer, IPC_PEER, about, sizeof(about), fd);
    (void)close(fd);
}

static void connect_two(const struct child *a, const struct child *b) {
    int ends[2];
    struct err e = {0};
    if (!ipc_pair(ends, &e)) {
        log_error(&e, "not-connected");
        return;
    }
    send_end(a, b->role, b->number, ends[0]);
    send_end(b, a->role, a->number, ends[1]);
}

static bool belong_together(enum ipc_role a, enum ipc_role b) {
    static const unsigned pairs[] = {IPC_NET | IPC_KEYS, IPC_NET_SERVICES | IPC_KEYS,
                                     IPC_NET_SERVICES | IPC_CONTROL, IPC_CONTROL | IPC_PROBE,
                                     IPC_CONTROL | IPC_KEYS};
    bool is_pair = false;
    for (size_t i = 0; i < PL_ARRAY_LEN(pairs); i++) {
        is_pair = is_pair || (a | b) == pairs[i];
    }
    return is_pair;
}

static void connect_to_others(const struct supervisor *s, const struct child *child) {
    for (const struct child *other = s->children; other != NULL; other = other->next) {
        if (other != child && other->peer != NULL && belong_together(child->role, other->role)) {
            connect_two(child, other);
        }
    }
}

/* --- starting ------------------------------------------------------------------------------------
 */

static bool send_start(const struct supervisor *s, const struct child *child, struct err *e) {
    PL_AUTO(buf_clear) struct buf message = {.max = 16384};
    struct pack_writer w = {.out = &message};
    struct worker_start start = {.is_json_log = s->wish->is_json_log,
                                 .is_logging = true,
                                 .has_access_log = s->wish->has_access_log,
                                 .fetches_from_loopback = s->wish->fetches_from_loopback,
                                 .number = child->number,
                                 .limits = s->wish->limits,
                                 .proxies = s->wish->proxies};
    bool is_outside = (child->role & (IPC_BOTH_NET | IPC_PROBE | IPC_METRICS)) != 0;
    enum user_role role = is_outside ? USER_NET : child->role == IPC_KEYS ? USER_KEYS : USER_STORE;
    if (!user_for(role, &start.user, e)) {
        return false;
    }
    if (child->role == IPC_KEYS) {
        (void)service_find_credential(SEALING_CREDENTIAL, start.sealing_key);
    }
    (void)snprintf(start.data_dir, sizeof(start.data_dir), "%s", s->data_dir);
    worker_start_pack(&start, &w);
    if (!pack_end(&w, e)) {
        return false;
    }
    peer_send(child->peer, IPC_START, message.data, message.len, -1);
    return true;
}

static bool on_message(void *ctx, struct peer *peer, struct ipc_message *message) {
    struct child *child = ctx;
    (void)peer;
    if (message->type == IPC_READY) {
        if (child->state == CHILD_STARTING) {
            child_set_state(child, CHILD_SERVING);
        }
        supervisor_on_ready(child);
        return true;
    }
    return supervisor_on_message(child, message);
}

/* Its end is collected when the system tells; one that broke the rules is helped to it. */
static void on_gone(void *ctx, struct peer *peer) {
    struct child *child = ctx;
    const char *why = peer_broken_because(peer);
    if (why != NULL) {
        log_event(LOG_ERROR, "process-refused", "process", ipc_role_name(child->role), "why", why,
                  NULL);
    }
    peer_free(PL_TAKE(child->peer));
    if (why != NULL && child->pid > 0) {
        (void)kill(child->pid, SIGKILL);
    }
}

static bool start_process(struct child *child, struct err *e) {
    int ends[2];
    struct ipc_channel *channel = NULL;
    const struct peer_callbacks callbacks = {.ctx = child, .message = on_message, .gone = on_gone};
    if (!ipc_pair(ends, e)) {
        return false;
    }
    bool ok = process_start(ipc_role_name(child->role), ipc_role_name(IPC_SUPERVISOR), ends[1],
                            &child->pid, e);
    (void)close(ends[1]);
    if (!ok) {
        (void)close(ends[0]);
        return false;
    }
    return ipc_channel_new(ends[0], IPC_SUPERVISOR, child->role, &channel, e) &&
           peer_new(&child->supervisor->loop, channel, &callbacks, &child->peer, e);
}

static void give_holdings(const struct child *child) {
    const struct supervisor *s = child->supervisor;
    if (child->role == IPC_KEYS) {
        holdings_give_keys(&s->holdings, child->peer);
    }
    if (is_net(child)) {
        holdings_give_net(&s->holdings, child->peer, child->role);
    }
    if (child->role == IPC_METRICS) {
        supervisor_give_metrics(s, child->peer);
    }
}

bool child_is_given(const struct child *child) {
    return is_net(child) && child->peer != NULL &&
           (child->state == CHILD_STARTING || child->state == CHILD_SERVING);
}

static void go(struct child *child) {
    child->roots_version = child->supervisor->holdings.roots_version;
    child_set_state(child, CHILD_STARTING);
    give_holdings(child);
    peer_send(child->peer, IPC_GO, NULL, 0, -1);
}

void children_go(struct supervisor *s) {
    for (struct child *child = s->children; child != NULL; child = child->next) {
        if (child->state == CHILD_WAITING && child->peer != NULL) {
            go(child);
        }
    }
}

bool child_start(struct supervisor *s, enum ipc_role role, uint32_t number, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct child), &memory, e)) {
        return false;
    }
    struct child *child = memory;
    *child = (struct child){.next = s->children,
                            .supervisor = s,
                            .role = role,
                            .number = number,
                            .started_ms = clock_monotonic_ms(),
                            .serial = ++s->serial,
                            .figures_fd = -1};
    s->children = child;
    if (!start_process(child, e) || !send_start(s, child, e)) {
        return false; /* the list has it; its end is collected, or it never was */
    }
    connect_to_others(s, child);
    if (s->has_world || !is_net(child)) {
        go(child);
    }
    return true;
}

/* --- ending --------------------------------------------------------------------------------------
 */

static void log_end(const struct child *child, int status) {
    char pid[16];
    char how[48];
    (void)snprintf(pid, sizeof(pid), "%d", (int)child->pid);
    (void)snprintf(how, sizeof(how), WIFSIGNALED(status) ? "signal %d" : "exit status %d",
                   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    log_event(LOG_WARNING, "process-ended", "process", ipc_role_name(child->role), "pid", pid,
              "how", how, NULL);
}

static void plan_restart(struct supervisor *s, const struct child *child) {
    int64_t now_ms = clock_monotonic_ms();
    struct vacancy *vacancy = find_vacancy(s, child->role, child->number);
    bool is_quick = now_ms - child->started_ms < QUICK_MS;
    vacancy->quick_deaths = is_quick ? vacancy->quick_deaths + 1 : 0;
    int64_t wait_ms = 0;
    if (vacancy->quick_deaths > QUICK_DEATHS_FREE) {
        unsigned doublings = vacancy->quick_deaths - QUICK_DEATHS_FREE;
        wait_ms = doublings > 5 ? BACKOFF_MAX_MS : BACKOFF_MS << doublings;
        wait_ms = wait_ms > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : wait_ms;
    }
    vacancy->at_ms = now_ms + wait_ms;
}

static void free_child(struct child *child) {
    peer_free(child->peer);
    if (child->figures_fd >= 0) {
        (void)close(child->figures_fd);
    }
    mem_free(child);
}

static void remove_child(struct supervisor *s, struct child *gone) {
    struct child **at = &s->children;
    while (*at != gone) {
        at = &(*at)->next;
    }
    *at = gone->next;
    free_child(gone);
}

/* What it said before it ended is heard first: why it could not begin. */
static void hear_last_words(const struct child *child) {
    if (child->peer != NULL) {
        peer_drain(child->peer);
    }
}

static void collect(struct supervisor *s, struct child *child, int status) {
    bool is_planned = child->state == CHILD_DRAINING || s->is_stopping;
    enum ipc_role role = child->role;
    hear_last_words(child);
    if (!is_planned && !s->has_failed) {
        log_end(child, status);
        plan_restart(s, child);
        supervisor_count_restart(s, role);
    }
    supervisor_end_figures(child);
    remove_child(s, child);
    supervisor_on_ended(s, role);
}

void children_collect(struct supervisor *s) {
    struct child *child = s->children;
    while (child != NULL) {
        struct child *next = child->next;
        int status = 0;
        if (child->pid > 0 && waitpid(child->pid, &status, WNOHANG) == child->pid) {
            collect(s, child, status);
            next = s->children; /* others may have come or gone */
        }
        child = next;
    }
    children_fill_vacancies(s);
}

void children_fill_vacancies(struct supervisor *s) {
    int64_t now_ms = clock_monotonic_ms();
    for (size_t i = 0; i < s->vacancy_count && !s->is_stopping && !s->has_failed; i++) {
        struct vacancy *vacancy = &s->vacancies[i];
        struct err e = {0};
        if (vacancy->at_ms == 0 || vacancy->at_ms > now_ms) {
            continue;
        }
        vacancy->at_ms = 0;
        if (!child_start(s, vacancy->role, vacancy->number, &e)) {
            log_error(&e, "not-started");
            vacancy->at_ms = now_ms + BACKOFF_MAX_MS;
        }
    }
}

void child_drain(struct child *child) {
    if (child->state == CHILD_DRAINING) {
        return;
    }
    bool has_begun = child->state != CHILD_WAITING;
    child_set_state(child, CHILD_DRAINING);
    if (!has_begun) {
        (void)kill(child->pid, SIGKILL);
    } else if (child->peer != NULL) {
        peer_send(child->peer, IPC_STOP, NULL, 0, -1);
    }
}

void child_end(struct child *child) {
    if (child->state != CHILD_DRAINING) {
        child_set_state(child, CHILD_DRAINING);
    }
    (void)kill(child->pid, SIGKILL);
}

void children_end(struct supervisor *s) {
    while (s->children != NULL) {
        struct child *child = s->children;
        s->children = child->next;
        if (child->pid > 0) {
            (void)kill(child->pid, SIGKILL);
            while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
            }
        }
        free_child(child);
    }
}

void children_roll(struct supervisor *s) {
    for (struct child *child = s->children; child != NULL; child = child->next) {
        bool is_old = child->role == IPC_NET && child->state == CHILD_SERVING &&
                      child->roots_version < s->holdings.roots_version;
        struct vacancy *vacancy = is_old ? find_vacancy(s, IPC_NET, child->number) : NULL;
        bool has_heir = false;
        for (const struct child *other = s->children; other != NULL; other = other->next) {
            has_heir = has_heir || (other != child && other->role == IPC_NET &&
                                    other->number == child->number &&
                                    other->roots_version == s->holdings.roots_version);
        }
        if (vacancy != NULL && !has_heir) {
            vacancy->at_ms = clock_monotonic_ms();
        }
    }
    children_fill_vacancies(s);
}
