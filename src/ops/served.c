/* Waiting for those who serve, by what they tell the store. */
#include "ops/served.h"

#include "base/clock.h"
#include "ops/context.h"
#include "store/nodes.h"

#include <time.h>

enum { ALIVE_MS = 30 * 1000, FIRST_PAUSE_MS = 2, LONGEST_PAUSE_MS = 50 };

const char *served_outcome_name(enum served_outcome outcome) {
    switch (outcome) {
    case SERVED_BY_NOBODY:
        return "stored";
    case SERVED_PROVEN:
        return "proven";
    case SERVED_UNPROVEN:
        return "unproven";
    case SERVED_TAKEN_BACK:
        return "taken-back";
    case SERVED_UNASKED:
        break;
    }
    return "";
}

static bool was_taken_back(struct ops *ops, int64_t seq, bool *out_was, struct err *e) {
    PL_AUTO(operation_row_freep) struct operation_row *operation = NULL;
    if (!store_operation_of_seq(ops->store, seq, &operation, e)) {
        return false;
    }
    *out_was = operation != NULL && !id_is_zero(&operation->undone_by);
    return true;
}

static bool is_alive(const struct node_row *node) {
    return node->seen_ms > clock_now_ms() - ALIVE_MS;
}

/* Those alive, and how many of them have not settled it yet. */
static bool count_nodes(struct ops *ops, int64_t seq, size_t *out_alive, size_t *out_behind,
                        struct err *e) {
    PL_AUTO(node_rows_clear) struct node_rows nodes = {0};
    const struct page page = {.limit = STORE_PAGE_MAX};
    if (!store_node_list(ops->store, &page, &nodes, e)) {
        return false;
    }
    *out_alive = *out_behind = 0;
    for (size_t i = 0; i < nodes.count; i++) {
        *out_alive += is_alive(nodes.items[i]) ? 1 : 0;
        *out_behind += is_alive(nodes.items[i]) && nodes.items[i]->settled_seq < seq ? 1 : 0;
    }
    return true;
}

bool ops_served_count(struct ops *ops, size_t *out_alive, size_t *out_loaded, struct err *e) {
    PL_AUTO(node_rows_clear) struct node_rows nodes = {0};
    const struct page page = {.limit = STORE_PAGE_MAX};
    int64_t seq = 0;
    if (!store_change_seq(ops->store, &seq, e) || !store_node_list(ops->store, &page, &nodes, e)) {
        return false;
    }
    *out_alive = *out_loaded = 0;
    for (size_t i = 0; i < nodes.count; i++) {
        *out_alive += is_alive(nodes.items[i]) ? 1 : 0;
        *out_loaded += is_alive(nodes.items[i]) && nodes.items[i]->applied_seq >= seq ? 1 : 0;
    }
    return true;
}

static bool look(struct ops *ops, int64_t seq, enum served_outcome *out_outcome, struct err *e) {
    size_t alive = 0;
    size_t behind = 0;
    bool is_back = false;
    if (!count_nodes(ops, seq, &alive, &behind, e) || !was_taken_back(ops, seq, &is_back, e)) {
        return false;
    }
    *out_outcome = is_back       ? SERVED_TAKEN_BACK
                   : alive == 0  ? SERVED_BY_NOBODY
                   : behind == 0 ? SERVED_PROVEN
                                 : SERVED_UNPROVEN;
    return true;
}

static void pause_ms(int64_t time_ms) {
    const struct timespec pause = {.tv_nsec = (long)time_ms * 1000 * 1000};
    (void)nanosleep(&pause, NULL);
}

bool ops_served_wait(struct ops *ops, int64_t timeout_ms, enum served_outcome *out_outcome,
                     struct err *e) {
    int64_t seq = 0;
    int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    int64_t wait_ms = FIRST_PAUSE_MS;
    *out_outcome = SERVED_PROVEN;
    if (ops->is_dry_run) {
        return true;
    }
    if (!store_change_seq(ops->store, &seq, e)) {
        return false;
    }
    for (;;) {
        if (!look(ops, seq, out_outcome, e)) {
            return false;
        }
        if (*out_outcome != SERVED_UNPROVEN || clock_monotonic_ms() >= deadline_ms) {
            return true;
        }
        pause_ms(wait_ms);
        wait_ms = wait_ms * 2 > LONGEST_PAUSE_MS ? LONGEST_PAUSE_MS : wait_ms * 2;
    }
}
