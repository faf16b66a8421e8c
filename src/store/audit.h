/*
 * The audit trail: one hash chain per node. Records are added inside the operation that they tell
 * of, so that neither is there without the other; what is read only (export) opens an operation for
 * it.
 *
 * hash = SHA-256 over: "padlock-audit-1", previous hash (32 bytes, zero for the first), node id
 * (16), number and time (8 bytes each, big-endian), then actor, action, object kind, object id
 * (16), details, each text with its length before it (4 bytes, big-endian).
 *
 * Not done: a chain that is cut at its end still verifies; checkpoints signed by keys tell that.
 */
#ifndef PL_STORE_AUDIT_H
#define PL_STORE_AUDIT_H

#include "store/store.h"

struct audit_row {
    struct id id;
    struct id node_id;
    int64_t number; /* in its node's chain, from 1 */
    int64_t time_ms;
    const char *actor;
    const char *action;      /* "cert.install" */
    const char *object_kind; /* "cert" */
    struct id object_id;     /* zero: none */
    const char *details;
    uint8_t previous_hash[32];
    uint8_t hash[32];
};
struct audit_rows {
    struct audit_row **items;
    size_t count;
    char *next; /* for page.after; NULL: that was all */
};
void audit_row_free(struct audit_row *row);
PL_DEFINE_FREEP(audit_row_freep, struct audit_row, audit_row_free)
void audit_rows_clear(struct audit_rows *rows);

struct audit_entry {
    const char *actor;
    const char *action;
    const char *object_kind;
    const struct id *object_id; /* NULL: none */
    const char *details;        /* NULL: "" */
};
/* Inside an operation. */
bool store_audit_append(struct store *store, const struct audit_entry *entry, struct err *e)
    PL_MUST_USE;

struct audit_filter {
    const struct id *object_id; /* NULL: any */
};
/* By time of recording. */
bool store_audit_list(struct store *store, const struct audit_filter *filter,
                      const struct page *page, struct audit_rows *out, struct err *e) PL_MUST_USE;

struct audit_verdict {
    int64_t record_count; /* looked at, all nodes */
    bool is_broken;
    struct id broken_node; /* the first broken record, when there is one */
    int64_t broken_number;
    const char *reason; /* static, in words: "its content does not fit its hash" */
};
/* Walks all chains. Success says that the walk was done: the verdict is in out. */
bool store_audit_verify(struct store *store, struct audit_verdict *out, struct err *e) PL_MUST_USE;

#endif
