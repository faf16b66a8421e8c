/*
 * Session ticket keys that all nodes of a store share: sealed by keys, one for each kind of net and
 * each quarter of a ticket's lifetime, so that a client's ticket is good at every node, and after a
 * server was started anew. Whoever is first makes the next one.
 */
#ifndef PL_OPS_TICKETS_H
#define PL_OPS_TICKETS_H

#include "ops/ops.h"
#include "store/secrets.h"

enum { TICKETS_NAME_TEXT = 64 };

/* The name of the key of that kind of net whose time begins then. */
void ops_tickets_name(const char *net, int64_t not_before_ms, char out[TICKETS_NAME_TEXT]);

/* All that are live, oldest first. */
bool ops_tickets_list(struct ops *ops, struct secret_rows *out, struct err *e) PL_MUST_USE;

/*
 * Adds one, and takes away those whose not_after_ms has passed. That another node has made one of
 * this name meanwhile is no failure: that one counts. Cannot be undone.
 */
bool ops_tickets_add(struct ops *ops, struct secret_row *row, struct err *e) PL_MUST_USE;

#endif
