/*
 * Scans that are kept in the store: each listener's document becomes a look (ops/inventory.h), and
 * looks are noted many at a time.
 */
#ifndef PL_CLI_SCAN_INVENTORY_H
#define PL_CLI_SCAN_INVENTORY_H

#include "codec/json.h"
#include "ops/inventory.h"

/* Clear works on a zeroed struct. What was added and not flushed is lost with it. */
struct scan_inventory {
    json_t *documents[INVENTORY_BATCH_MAX];
    size_t count;
};
void scan_inventory_clear(struct scan_inventory *inventory);

/* Takes a reference; notes all of them when there are enough. Fails as ops_inventory_note() */
bool scan_inventory_add(struct scan_inventory *inventory, struct ops *ops, json_t *document,
                        struct err *e) PL_MUST_USE;
bool scan_inventory_flush(struct scan_inventory *inventory, struct ops *ops, struct err *e)
    PL_MUST_USE;

#endif
