/*
 * The schema: numbered steps forward, each one text of SQL, applied whole or not at all.
 */
#ifndef PL_STORE_SCHEMA_H
#define PL_STORE_SCHEMA_H

#include "store/db.h"

/* The newest number that this program knows. */
int schema_newest(void);
/* Fails store.schema.newer when the store's number is above schema_newest(). */
bool schema_read(struct db *db, int *out_number, struct err *e) PL_MUST_USE;
/*
 * Applies what is missing, in one transaction; an empty database gets everything.
 * Fails store.schema.newer, store.busy, store.full …
 */
bool schema_bring_forward(struct db *db, bool is_empty, struct err *e) PL_MUST_USE;

#endif
