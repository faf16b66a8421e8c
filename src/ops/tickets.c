/* Shared session ticket keys. */
#include "ops/tickets.h"

#include "base/clock.h"
#include "ops/context.h"

#include <inttypes.h>
#include <stdio.h>

#define TICKETS_KIND "ticket-key"

void ops_tickets_name(const char *net, int64_t not_before_ms, char out[TICKETS_NAME_TEXT]) {
    (void)snprintf(out, TICKETS_NAME_TEXT, "%s %" PRId64, net, not_before_ms);
}

bool ops_tickets_list(struct ops *ops, struct secret_rows *out, struct err *e) {
    const struct page page = {.limit = STORE_PAGE_MAX};
    return store_secret_list(ops->store, TICKETS_KIND, &page, out, e);
}

static bool drop_old(struct ops *ops, struct err *e) {
    PL_AUTO(secret_rows_clear) struct secret_rows rows = {0};
    int64_t now_ms = clock_now_ms();
    if (!ops_tickets_list(ops, &rows, e)) {
        return false;
    }
    for (size_t i = 0; i < rows.count; i++) {
        if (rows.items[i]->not_after_ms < now_ms &&
            !store_secret_delete(ops->store, rows.items[i], e)) {
            return false;
        }
    }
    return true;
}

bool ops_tickets_add(struct ops *ops, struct secret_row *row, struct err *e) {
    PL_AUTO(operation_rollback) struct operation op = {0};
    PL_AUTO(secret_row_freep) struct secret_row *there = NULL;
    row->kind = TICKETS_KIND;
    if (!ops_begin(ops, &op, "session ticket key", false, e) ||
        !store_secret_find(ops->store, row->kind, row->name, &there, e)) {
        return false;
    }
    return there != NULL ||
           (drop_old(ops, e) && store_secret_insert(ops->store, row, e) && ops_end(ops, &op, e));
}
