/*
 * Operations: what a user did, as one transaction, recorded so that servers notice it and undo can
 * take it back.
 *
 *     PL_AUTO(operation_rollback) struct operation op = {0};
 *     if (!operation_begin(&op, store, &(struct operation_wish){.title = "cert install shop.pem",
 * …}, e) || !store_cert_insert(store, &row, e) || …) { return false;
 *     }
 *     return operation_commit(&op, e);
 *
 * An operation begun inside another joins it: it is a savepoint, its changes are recorded under the
 * outer one, and the whole can be undone only if every part can. Inside a batch each operation is a
 * savepoint with a record of its own, and all are committed together.
 *
 * Every insert, update and delete of a row is recorded; in undoable operations with images of what
 * changed, before and after (JSON; sealed blobs are left out). Numbers (seq) are given as the
 * transaction's last statements: number order is commit order.
 */
#ifndef PL_STORE_OPERATION_H
#define PL_STORE_OPERATION_H

#include "store/store.h"

enum { OPERATION_TITLE_MAX = 512, OPERATION_ACTOR_MAX = 256, STORE_BATCH_MAX = 256 };

struct operation_wish {
    const char *title; /* as the user would say it: "cert install shop.pem" */
    const char *actor; /* "cli:root", "api:alice", "renewal" */
    bool is_undoable;  /* false: issue, revoke, export, purge */
};

/* Zeroed: not open. */
struct operation {
    struct store *store;
    struct id id;   /* of the outermost operation */
    unsigned level; /* savepoint; 0: the transaction itself */
    bool is_joined; /* recorded under an outer operation */
    bool is_open;
    int64_t mark;      /* changes of the outer operation when this part began */
    bool was_undoable; /* and whether that could be undone */
};

/* Takes the write lock (waits at most STORE_BUSY_TIMEOUT_MS). Fails store.busy, store.readonly … */
bool operation_begin(struct operation *op, struct store *store, const struct operation_wish *wish,
                     struct err *e) PL_MUST_USE;
/* An operation that changed nothing leaves no record. On failure it is rolled back. */
bool operation_commit(struct operation *op, struct err *e) PL_MUST_USE;
/* Takes everything back; for PL_AUTO: fine on one that is committed or was never begun. */
void operation_rollback(struct operation *op);

/*
 * Several operations, one commit. At most STORE_BATCH_MAX. Operations inside may fail and be rolled
 * back singly.
 */
struct batch {
    struct store *store;
    bool is_open;
};
bool batch_begin(struct batch *batch, struct store *store, struct err *e) PL_MUST_USE;
bool batch_commit(struct batch *batch, struct err *e) PL_MUST_USE;
void batch_rollback(struct batch *batch);

/* --- what was done -------------------------------------------------------------------------------
 */

struct operation_row {
    struct id id;
    struct id node_id;
    int64_t created_ms;
    int64_t seq;
    const char *title;
    const char *actor;
    bool is_undoable;
    struct id undone_by; /* operation that took it back; zero: it stands */
    struct id undoes;    /* operation that this one took back; zero: none */
};
struct operation_rows {
    struct operation_row **items;
    size_t count;
    char *next; /* for page.after; NULL: that was all */
};
void operation_row_free(struct operation_row *row);
PL_DEFINE_FREEP(operation_row_freep, struct operation_row, operation_row_free)
void operation_rows_clear(struct operation_rows *rows);

bool store_operation_get(struct store *store, const struct id *id, struct operation_row **out_row,
                         struct err *e) PL_MUST_USE;
bool store_operation_find(struct store *store, const char *text, struct operation_rows *out,
                          struct err *e) PL_MUST_USE;
/* The actor of what a server does for itself: session ticket keys, OCSP responses. */
#define STORE_ACTOR_SERVER "serve"

/* By seq; without what a server did for itself and nobody can undo. */
bool store_operation_list(struct store *store, const struct page *page, struct operation_rows *out,
                          struct err *e) PL_MUST_USE;
/* That of the number; NULL when there is none. */
bool store_operation_of_seq(struct store *store, int64_t seq, struct operation_row **out_row,
                            struct err *e) PL_MUST_USE;
/* The newest that can be undone and was not; NULL when there is none. */
bool store_operation_newest_undoable(struct store *store, struct operation_row **out_row,
                                     struct err *e) PL_MUST_USE;

enum change_kind { CHANGE_INSERT, CHANGE_UPDATE, CHANGE_DELETE };

/* One row that an operation changed. */
struct change_row {
    struct id id;
    struct id operation_id;
    int64_t ordinal;        /* within the operation, from 1 */
    const char *table_name; /* "certs" */
    struct id row_id;
    enum change_kind kind;
    int64_t before_version; /* 0: it was not there */
    int64_t after_version;
    const char *before_image; /* JSON object of the columns that changed; "" for none */
    const char *after_image;
};
struct change_rows {
    struct change_row **items;
    size_t count;
    char *next;
};
void change_row_free(struct change_row *row);
PL_DEFINE_FREEP(change_row_freep, struct change_row, change_row_free)
void change_rows_clear(struct change_rows *rows);

/* Of one operation, in order. */
bool store_change_list(struct store *store, const struct id *operation_id, const struct page *page,
                       struct change_rows *out, struct err *e) PL_MUST_USE;

/*
 * For servers that follow: which rows changed after the change (seq, ordinal), in order, at most
 * limit and of at most STORE_PAGE_MAX operations; a row that changed often comes often. (seq,
 * INT64_MAX) skips the rest of that operation.
 */
struct changed {
    int64_t seq;
    int64_t ordinal; /* within the operation, from 1 */
    char table_name[32];
    struct id row_id;
};
bool store_changed_since(struct store *store, int64_t seq, int64_t ordinal, struct changed *out,
                         size_t limit, size_t *out_count, struct err *e) PL_MUST_USE;

/*
 * Takes an operation back by the inverse of each of its changes, in an operation of its own ("undo
 * cert install shop.pem"), which can be undone in turn. All or nothing. Not inside an operation.
 *
 * Fails  store.undo.never (it cannot be undone, with the reason), store.undo.done (it was undone
 *        already), store.undo.stale (what it left was changed since: says what), store.undo.old
 *        (retention removed its images), store.constraint (its natural key is taken by now),
 * store.missing_row
 */
bool store_undo(struct store *store, const struct id *operation_id, const char *actor,
                struct err *e) PL_MUST_USE;

#endif
