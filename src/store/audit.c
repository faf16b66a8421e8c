/*
 * The audit trail: records that only grow, each with the hash of the one before.
 */
#include "store/audit.h"

#include "base/clock.h"
#include "pki/openssl.h"
#include "store/aggregate.h"
#include "store/handle.h"

#include <string.h>

enum { AUDIT_ENCODED_MAX = 8 * STORE_TEXT_MAX };
#define AUDIT_TAG "padlock-audit-1"

static const struct column columns[] = {
    COLUMN(audit_row, id, COLUMN_ID),
    COLUMN(audit_row, node_id, COLUMN_ID),
    COLUMN(audit_row, number, COLUMN_INT64),
    COLUMN(audit_row, time_ms, COLUMN_INT64),
    COLUMN(audit_row, actor, COLUMN_TEXT),
    COLUMN(audit_row, action, COLUMN_TEXT),
    COLUMN(audit_row, object_kind, COLUMN_TEXT),
    COLUMN(audit_row, object_id, COLUMN_ID_OPTIONAL),
    COLUMN(audit_row, details, COLUMN_TEXT),
    COLUMN(audit_row, previous_hash, COLUMN_FIXED),
    COLUMN(audit_row, hash, COLUMN_FIXED),
};

static const struct table audit_table = {
    .name = "audit",
    .noun = "audit record",
    .taken = "the audit trail has this number already",
    .columns = columns,
    .column_count = PL_ARRAY_LEN(columns),
    .row_size = sizeof(struct audit_row),
};

DEFINE_ROWS(audit, audit_table)

/* --- hashing -------------------------------------------------------------------------------------
 */

static bool put_number(struct buf *out, uint64_t number, unsigned bytes, struct err *e) {
    uint8_t encoded[8];
    for (unsigned i = 0; i < bytes; i++) {
        encoded[i] = (uint8_t)(number >> (8 * (bytes - 1 - i)));
    }
    return buf_append(out, encoded, bytes, e);
}

static bool put_text(struct buf *out, const char *text, struct err *e) {
    size_t len = strlen(text);
    return put_number(out, len, 4, e) && buf_append(out, text, len, e);
}

static bool hash_record(const struct audit_row *row, uint8_t out[32], struct err *e) {
    PL_AUTO(buf_clear) struct buf encoded;
    buf_init(&encoded, AUDIT_ENCODED_MAX);
    return buf_append_string(&encoded, AUDIT_TAG, e) &&
           buf_append(&encoded, row->previous_hash, sizeof(row->previous_hash), e) &&
           buf_append(&encoded, row->node_id.bytes, ID_LEN, e) &&
           put_number(&encoded, (uint64_t)row->number, 8, e) &&
           put_number(&encoded, (uint64_t)row->time_ms, 8, e) &&
           put_text(&encoded, row->actor, e) && put_text(&encoded, row->action, e) &&
           put_text(&encoded, row->object_kind, e) &&
           buf_append(&encoded, row->object_id.bytes, ID_LEN, e) &&
           put_text(&encoded, row->details, e) && sha256(encoded.data, encoded.len, out, e);
}

/* --- adding --------------------------------------------------------------------------------------
 */

static bool last_of_node(struct store *store, struct audit_row **out_row, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_select(&q, &audit_table, e);
    query_where(&q, QUERY_LOOKED_UP, "node_id", "=");
    query_id(&q, &store->node_id);
    query_sql(&q, " ORDER BY t.number DESC LIMIT 1");
    return audit_one(&q, store, out_row, e);
}

static bool insert(struct store *store, const struct audit_row *row, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_init(&q, e);
    query_insert(&q, &audit_table, row);
    return query_run(&q, store->db, NULL, e);
}

static const char *text_or_empty(const char *text) {
    return text == NULL ? "" : text;
}

bool store_audit_append(struct store *store, const struct audit_entry *entry, struct err *e) {
    PL_AUTO(audit_row_freep) struct audit_row *last = NULL;
    struct operation_record *record = NULL;
    int64_t now_ms = clock_now_ms();
    struct audit_row row = {.node_id = store->node_id,
                            .number = 1,
                            .time_ms = now_ms,
                            .actor = text_or_empty(entry->actor),
                            .action = text_or_empty(entry->action),
                            .object_kind = text_or_empty(entry->object_kind),
                            .details = text_or_empty(entry->details)};
    if (!store_require_operation(store, &record, e) || !last_of_node(store, &last, e) ||
        !id_new(now_ms, &row.id, e)) {
        return false;
    }
    if (entry->object_id != NULL) {
        row.object_id = *entry->object_id;
    }
    if (last != NULL) {
        id_follow(&last->id, &row.id);
        row.number = last->number + 1;
        memcpy(row.previous_hash, last->hash, sizeof(row.previous_hash));
    }
    return hash_record(&row, row.hash, e) && insert(store, &row, e);
}

/* --- reading -------------------------------------------------------------------------------------
 */

bool store_audit_list(struct store *store, const struct audit_filter *filter,
                      const struct page *page, struct audit_rows *out, struct err *e) {
    static const struct listing by_age = LISTING_BY_AGE(audit_table, "audit");
    PL_AUTO(query_clear) struct query q;
    query_select(&q, &audit_table, e);
    if (filter != NULL && filter->object_id != NULL) {
        query_where(&q, QUERY_LOOKED_UP, "object_id", "=");
        query_id(&q, filter->object_id);
    }
    return audit_page(&q, store, &by_age, page, out, e);
}

/* Where the walk is: the record before in the same chain. */
struct walk {
    struct id node_id;
    int64_t number;
    uint8_t hash[32];
};

static const char *fault_of(const struct walk *walk, const struct audit_row *row,
                            const uint8_t hash[32]) {
    if (row->number != walk->number + 1) {
        return "a record before it is missing";
    }
    if (memcmp(row->previous_hash, walk->hash, sizeof(walk->hash)) != 0) {
        return "it does not follow the record before it";
    }
    return memcmp(row->hash, hash, sizeof(row->hash)) == 0 ? NULL
                                                           : "its content does not fit its hash";
}

static bool verify_record(struct walk *walk, const struct audit_row *row, struct audit_verdict *out,
                          struct err *e) {
    uint8_t hash[32];
    if (!hash_record(row, hash, e)) {
        return false;
    }
    if (!id_equal(&walk->node_id, &row->node_id)) {
        *walk = (struct walk){.node_id = row->node_id};
    }
    const char *fault = fault_of(walk, row, hash);
    out->record_count++;
    if (fault != NULL) {
        out->is_broken = true;
        out->broken_node = row->node_id;
        out->broken_number = row->number;
        out->reason = fault;
    }
    walk->number = row->number;
    memcpy(walk->hash, row->hash, sizeof(walk->hash));
    return true;
}

bool store_audit_verify(struct store *store, struct audit_verdict *out, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    PL_AUTO(db_releasep) struct db_statement *statement = NULL;
    struct audit_verdict verdict = {0};
    struct walk walk = {0};
    bool has_row = true;
    query_select(&q, &audit_table, e);
    query_sql(&q, " ORDER BY t.node_id, t.number");
    if (!query_start(&q, store->db, &statement, e)) {
        return false;
    }
    while (has_row && !verdict.is_broken) {
        void *row = NULL;
        if (!db_step(statement, &has_row, e) ||
            (has_row && !row_read(statement, &audit_table, &row, e))) {
            return false;
        }
        bool ok = !has_row || verify_record(&walk, row, &verdict, e);
        mem_free(row);
        if (!ok) {
            return false;
        }
    }
    *out = verdict;
    return true;
}
