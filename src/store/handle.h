/*
 * The open store itself. Private to src/store.
 */
#ifndef PL_STORE_HANDLE_H
#define PL_STORE_HANDLE_H

#include "store/db.h"
#include "store/operation.h"
#include "store/store.h"

/* An operation that is open, or done and waiting for its batch. */
struct operation_record {
    struct id id;
    struct id undoes;
    char title[OPERATION_TITLE_MAX];
    char actor[OPERATION_ACTOR_MAX];
    bool is_undoable;
    int64_t change_count; /* 0: nothing is written of it yet */
};

struct store {
    struct db *db;
    char *folder;
    enum store_mode mode;
    int schema_number;
    struct id node_id;
    int changed_fd; /* of DIR/changed; -1 when reading */
    bool is_reading;
    bool is_writing; /* a write transaction was begun; the database may have ended it by itself */
    bool is_batch;
    unsigned savepoint_count;
    struct operation_record *records; /* of this transaction; the last may be open */
    size_t record_count;
    size_t record_capacity;
    bool is_recording; /* the last record is open */
};

/* The open operation; a program that writes without one is wrong. Fails store.io when the database
 * ended the transaction. */
bool store_require_operation(struct store *store, struct operation_record **out_record,
                             struct err *e) PL_MUST_USE;

#endif
