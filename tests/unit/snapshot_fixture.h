/* Snapshots in tests. */
#ifndef PL_TESTS_SNAPSHOT_FIXTURE_H
#define PL_TESTS_SNAPSHOT_FIXTURE_H

#include "tls/snapshot.h"
#include "unit.h"

/* Takes the builder; the caller owns the snapshot. */
static inline struct snapshot *fixture_finish(struct snapshot_builder *builder) {
    struct err e = {0};
    struct snapshot *snapshot = NULL;
    assert_ok(snapshot_builder_finish(builder, &snapshot, &e), &e);
    return snapshot;
}

#endif
