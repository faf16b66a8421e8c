/* What the use cases share. Private to ops/. */
#ifndef PL_OPS_CONTEXT_H
#define PL_OPS_CONTEXT_H

#include "keys/keys.h"
#include "ops/ops.h"
#include "store/audit.h"
#include "store/keys.h"
#include "store/operation.h"
#include "store/store.h"

enum { OPS_ACTOR_MAX = 200, OPS_PATH_MAX = 4096 };

#define OPS_SEALING_KEY_NAME "sealing.key"

struct ops {
    struct store *store;
    struct keys *keys; /* NULL until it is first needed */
    char data_dir[OPS_PATH_MAX];
    char actor[OPS_ACTOR_MAX];
    bool is_dry_run;
};

/*
 * One change of the store, with its audit record: begin, do, end. A dry run does all of it and
 * takes it back at the end.
 */
bool ops_begin(struct ops *ops, struct operation *op, const char *title, bool is_undoable,
               struct err *e) PL_MUST_USE;
bool ops_end(struct ops *ops, struct operation *op, struct err *e) PL_MUST_USE;

/* An audit record inside the open operation. id and details may be NULL. */
bool ops_audit(struct ops *ops, const char *action, const char *object_kind, const struct id *id,
               const char *details, struct err *e) PL_MUST_USE;

/* Zeroed: our own. */
const struct ops_processes *ops_processes_in_use(void);

/* --- keys in the store ----------------------------------------------------------------------- */

/* Inserts a sealed key; inside an operation. Fails store.constraint (the key is here already). */
bool ops_key_insert(struct ops *ops, const struct sealed_key *key, struct err *e) PL_MUST_USE;
/* Reads a key back. Clear with sealed_key_clear(). Fails pki.key.missing. */
bool ops_key_load(struct ops *ops, const struct id *id, struct sealed_key *out_key, struct err *e)
    PL_MUST_USE;
/* The same by public key; *out_found is false when it is not here. */
bool ops_key_load_spki(struct ops *ops, const uint8_t spki_sha256[32], struct sealed_key *out_key,
                       bool *out_found, struct err *e) PL_MUST_USE;

#endif
