/*
 * Retention: what the store forgets, and when (see store_clean() in store/store.h). Small
 * transactions, so that nobody waits long.
 */
#include "store/handle.h"
#include "store/query.h"
#include "store/store.h"

/*
 * One kind of thing to forget: SQL that changes at most ?2 rows older than ?1. Rows that something
 * still refers to stay.
 */
struct rule {
    const char *sql;
    bool is_closed; /* by STORE_CLOSED_MS; else by STORE_UNDO_MS */
};

static const struct rule rules[] = {
    {"UPDATE changes SET before_image = NULL, after_image = NULL WHERE id IN ("
     "SELECT c.id FROM operations o JOIN changes c ON c.operation_id = o.id "
     "WHERE o.is_undoable = 1 AND o.created_ms < ?1 "
     "AND (c.before_image IS NOT NULL OR c.after_image IS NOT NULL) LIMIT ?2)",
     false},
    {"UPDATE operations SET is_undoable = 0 WHERE id IN ("
     "SELECT o.id FROM operations o WHERE o.is_undoable = 1 AND o.created_ms < ?1 LIMIT ?2)",
     false},
    {"DELETE FROM bindings WHERE id IN ("
     "SELECT id FROM bindings WHERE deleted_ms < ?1 LIMIT ?2)",
     false},
    {"DELETE FROM sites WHERE id IN ("
     "SELECT s.id FROM sites s WHERE s.deleted_ms < ?1 "
     "AND NOT EXISTS (SELECT 1 FROM bindings b WHERE b.site_id = s.id) LIMIT ?2)",
     false},
    {"DELETE FROM tls_policies WHERE id IN ("
     "SELECT p.id FROM tls_policies p WHERE p.deleted_ms < ?1 "
     "AND NOT EXISTS (SELECT 1 FROM bindings b WHERE b.tls_policy_id = p.id) LIMIT ?2)",
     false},
    {"DELETE FROM chain_links WHERE id IN ("
     "SELECT id FROM chain_links WHERE deleted_ms < ?1 LIMIT ?2)",
     false},
    {"DELETE FROM chain_links WHERE id IN ("
     "SELECT l.id FROM certs c JOIN chain_links l ON l.cert_id = c.id "
     "WHERE c.deleted_ms < ?1 LIMIT ?2)",
     false},
    {"DELETE FROM staples WHERE id IN ("
     "SELECT id FROM staples WHERE deleted_ms < ?1 LIMIT ?2)",
     false},
    {"DELETE FROM staples WHERE id IN ("
     "SELECT s.id FROM certs c JOIN staples s ON s.cert_id = c.id "
     "WHERE c.deleted_ms < ?1 LIMIT ?2)",
     false},
    {"DELETE FROM sightings WHERE id IN ("
     "SELECT id FROM sightings WHERE deleted_ms < ?1 LIMIT ?2)",
     false},
    {"DELETE FROM certs WHERE id IN ("
     "SELECT c.id FROM certs c WHERE c.deleted_ms < ?1 "
     "AND NOT EXISTS (SELECT 1 FROM bindings b WHERE b.rsa_cert_id = c.id) "
     "AND NOT EXISTS (SELECT 1 FROM bindings b WHERE b.ec_cert_id = c.id) "
     "AND NOT EXISTS (SELECT 1 FROM bindings b WHERE b.ed25519_cert_id = c.id) LIMIT ?2)",
     false},
    {"UPDATE keys SET blob = substr(blob, 1, 0) WHERE id IN ("
     "SELECT id FROM keys WHERE deleted_ms < ?1 AND deleted_ms IS NOT NULL "
     "AND length(blob) > 0 LIMIT ?2)",
     false},
    {"DELETE FROM secrets WHERE id IN ("
     "SELECT id FROM secrets WHERE deleted_ms < ?1 LIMIT ?2)",
     false},
    {"DELETE FROM requests WHERE id IN ("
     "SELECT id FROM requests WHERE state = 'cancelled' AND updated_ms < ?1 LIMIT ?2)",
     true},
    {"DELETE FROM submissions WHERE id IN ("
     "SELECT id FROM submissions WHERE state IN ('denied', 'failed') AND updated_ms < ?1 LIMIT ?2)",
     true},
};

static bool run_step(struct store *store, const struct rule *rule, int64_t before_ms,
                     int64_t *out_changed, struct err *e) {
    PL_AUTO(db_releasep) struct db_statement *statement = NULL;
    if (!db_prepare(store->db, rule->sql, &statement, e)) {
        return false;
    }
    db_bind_int64(statement, 1, before_ms);
    db_bind_int64(statement, 2, STORE_CLEAN_STEP);
    return db_run(statement, out_changed, e);
}

static bool apply(struct store *store, const struct rule *rule, int64_t before_ms, int64_t *removed,
                  struct err *e) {
    int64_t changed = STORE_CLEAN_STEP;
    while (changed == STORE_CLEAN_STEP) {
        if (!run_step(store, rule, before_ms, &changed, e)) {
            return false;
        }
        *removed += changed;
    }
    return true;
}

bool store_clean(struct store *store, int64_t now_ms, int64_t *out_removed, struct err *e) {
    PL_BUG_UNLESS(!store->is_writing && !store->is_reading);
    int64_t removed = 0;
    if (store->mode == STORE_READ) {
        return err_set(e, ERR_STORE_READONLY, "the store was opened for reading only");
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(rules); i++) {
        int64_t kept_ms = rules[i].is_closed ? STORE_CLOSED_MS : STORE_UNDO_MS;
        if (!apply(store, &rules[i], now_ms - kept_ms, &removed, e)) {
            return false;
        }
    }
    *out_removed = removed;
    return true;
}
