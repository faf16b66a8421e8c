/* The store's bindings as the snapshot that servers work with. */
#ifndef PL_OPS_SNAPSHOT_H
#define PL_OPS_SNAPSHOT_H

#include "base/list.h"
#include "ops/ops.h"
#include "tls/snapshot.h"

/*
 * One consistent reading of all sites, bindings and certificates. A binding that cannot be served
 * (its certificate is gone, its site's folder cannot be opened) is left out or degraded and told in
 * notes.
 *
 * out_snapshot  caller owns one reference, snapshot_free(); its seq is store_change_seq()'s
 * Fails         store.*, base.oom, base.limit
 */
bool ops_snapshot(struct ops *ops, struct list *notes, struct snapshot **out_snapshot,
                  struct err *e) PL_MUST_USE;

#endif
