/*
 * The schema and its history. A step, once released, is never changed: the next one mends it.
 *
 * The texts are src/store/schema_*.sql; each says what a driver may have to rewrite in it.
 */
#include "store/schema.h"

/* The texts of schema_*.sql, as the build embeds them. */
#include "store/schema_1.sql.h"
#include "store/schema_2.sql.h"

/* steps[n] takes a store from number n to n + 1. */
static const char *const steps[] = {schema_1_sql, schema_2_sql};

int schema_newest(void) {
    return (int)PL_ARRAY_LEN(steps);
}

static bool read_number(struct db *db, int64_t *out_number, struct err *e) {
    PL_AUTO(db_releasep) struct db_statement *ask = NULL;
    bool has_row = false;
    if (!db_prepare(db, "SELECT value FROM counters WHERE name = 'schema'", &ask, e) ||
        !db_step(ask, &has_row, e)) {
        return false;
    }
    if (!has_row || db_column_int64(ask, 0) < 1) {
        return err_set(e, ERR_STORE_CORRUPT, "the store does not say its schema's number");
    }
    *out_number = db_column_int64(ask, 0);
    return true;
}

bool schema_read(struct db *db, int *out_number, struct err *e) {
    int64_t number = 0;
    if (!read_number(db, &number, e)) {
        return false;
    }
    if (number > schema_newest()) {
        (void)err_set(e, ERR_STORE_SCHEMA_NEWER,
                      "the store was made by a newer Padlock (schema %lld, this one knows %d)",
                      (long long)number, schema_newest());
        return err_hint(e, "use that Padlock, or restore a backup that was made by this one");
    }
    *out_number = (int)number;
    return true;
}

static bool write_number(struct db *db, int number, struct err *e) {
    PL_AUTO(db_releasep) struct db_statement *set = NULL;
    if (!db_prepare(db, "UPDATE counters SET value = ?1 WHERE name = 'schema'", &set, e)) {
        return false;
    }
    db_bind_int64(set, 1, number);
    return db_run(set, NULL, e);
}

static bool apply_missing(struct db *db, bool is_empty, struct err *e) {
    int number = 0;
    if (!is_empty && !schema_read(db, &number, e)) {
        return false;
    }
    for (int i = number; i < schema_newest(); i++) {
        if (!db_exec_schema(db, steps[i], e)) {
            return false;
        }
    }
    return write_number(db, schema_newest(), e);
}

bool schema_bring_forward(struct db *db, bool is_empty, struct err *e) {
    if (!db_begin_write(db, e)) {
        return false;
    }
    if (!apply_missing(db, is_empty, e)) {
        db_rollback(db);
        return false;
    }
    return db_commit(db, e);
}
