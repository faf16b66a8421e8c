/* The CA's own certificates, and the current CRL of each shard. */
#include "store/issuers.h"

#include "base/str.h"
#include "store/aggregate.h"
#include "store/handle.h"

static const char *const kind_words[] = {"root", "issuing"};

enum { ISSUER_NAME_MAX = 255 };

const char *issuer_kind_text(enum issuer_kind kind) {
    return kind_words[kind];
}

static const struct column issuer_columns[] = {
    HEAD_COLUMNS(issuer_row),
    COLUMN_OF_WORDS(issuer_row, kind, kind_words),
    COLUMN(issuer_row, name, COLUMN_TEXT),
    COLUMN(issuer_row, key_id, COLUMN_ID),
    COLUMN(issuer_row, parent_id, COLUMN_ID_OPTIONAL),
    COLUMN(issuer_row, certificate, COLUMN_BYTES),
    COLUMN(issuer_row, subject, COLUMN_TEXT),
    COLUMN(issuer_row, spki_sha256, COLUMN_FIXED),
    COLUMN(issuer_row, key_hash, COLUMN_TEXT),
    COLUMN(issuer_row, base_url, COLUMN_TEXT),
    COLUMN(issuer_row, not_before_ms, COLUMN_INT64),
    COLUMN(issuer_row, not_after_ms, COLUMN_INT64),
    COLUMN(issuer_row, crl_shard_count, COLUMN_UNSIGNED),
    COLUMN_COUNTER(issuer_row, crl_number),
    COLUMN(issuer_row, crl_lifetime_ms, COLUMN_INT64),
    COLUMN(issuer_row, leaf_lifetime_max_ms, COLUMN_INT64),
    COLUMN(issuer_row, backdate_ms, COLUMN_INT64),
    COLUMN(issuer_row, is_active, COLUMN_BOOL),
};

const struct table issuers_table = {
    .name = "issuers",
    .noun = "issuer",
    .taken = "an issuer of this name or key is already there",
    .columns = issuer_columns,
    .column_count = PL_ARRAY_LEN(issuer_columns),
    .row_size = sizeof(struct issuer_row),
};

DEFINE_ROWS(issuer, issuers_table)
DEFINE_GET(issuer, issuers_table)
DEFINE_WRITE(issuer, insert, issuers_table)
DEFINE_WRITE(issuer, update, issuers_table)
DEFINE_WRITE(issuer, delete, issuers_table)

bool store_issuer_find(struct store *store, const char *text, struct issuer_rows *out,
                       struct err *e) {
    struct rows by_id = {0};
    char lower[ISSUER_NAME_MAX + 1];
    if (!table_find(store, &issuers_table, text, &by_id, e)) {
        return false;
    }
    if (by_id.count > 0 || !str_copy(lower, sizeof(lower), text)) {
        issuer_rows_take(&by_id, out);
        return true;
    }
    rows_clear(&by_id);
    str_lower(lower);
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &issuers_table, e);
    query_sql(&q, " AND lower(t.name) = ");
    query_text(&q, lower);
    return issuer_many(&q, store, STORE_FIND_MAX, out, e);
}

bool store_issuer_find_key_hash(struct store *store, const char *key_hash,
                                struct issuer_row **out_row, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &issuers_table, e);
    query_where(&q, QUERY_LOOKED_UP, "key_hash", "=");
    query_text(&q, key_hash);
    return issuer_one(&q, store, out_row, e);
}

bool store_issuer_find_active(struct store *store, struct issuer_row **out_row, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &issuers_table, e);
    query_where(&q, QUERY_LOOKED_UP, "kind", "=");
    query_text(&q, issuer_kind_text(ISSUER_ISSUING));
    query_sql(&q, " AND t.is_active = 1 ORDER BY t.id DESC LIMIT 1");
    return issuer_one(&q, store, out_row, e);
}

bool store_issuer_list(struct store *store, const struct page *page, struct issuer_rows *out,
                       struct err *e) {
    static const struct listing by_age = LISTING_BY_AGE(issuers_table, "issuers");
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &issuers_table, e);
    return issuer_page(&q, store, &by_age, page, out, e);
}

bool store_issuer_next_crl_number(struct store *store, const struct id *issuer_id,
                                  int64_t *out_number, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    PL_AUTO(db_releasep) struct db_statement *statement = NULL;
    struct operation_record *record = NULL;
    bool has_row = false;
    query_init(&q, e);
    query_sql(&q, "UPDATE issuers SET crl_number = crl_number + 1 WHERE deleted_ms IS NULL "
                  "AND id = ");
    query_id(&q, issuer_id);
    query_sql(&q, " RETURNING crl_number");
    if (!store_require_operation(store, &record, e) || !query_start(&q, store->db, &statement, e) ||
        !db_step(statement, &has_row, e)) {
        return false;
    }
    if (!has_row) {
        return err_set(e, ERR_STORE_MISSING_ROW, "there is no such issuer");
    }
    int64_t number = db_column_int64(statement, 0);
    if (!db_run(statement, NULL, e)) {
        return false;
    }
    *out_number = number;
    return true;
}

/* --- CRLs ----------------------------------------------------------------------------------------
 */

static const struct column crl_columns[] = {
    HEAD_COLUMNS(crl_row),
    COLUMN(crl_row, issuer_id, COLUMN_ID),
    COLUMN(crl_row, shard, COLUMN_UNSIGNED),
    COLUMN(crl_row, number, COLUMN_INT64),
    COLUMN(crl_row, this_update_ms, COLUMN_INT64),
    COLUMN(crl_row, next_update_ms, COLUMN_INT64),
    COLUMN(crl_row, der, COLUMN_BYTES),
};

const struct table crls_table = {
    .name = "crls",
    .noun = "CRL",
    .taken = "this shard has a CRL already",
    .columns = crl_columns,
    .column_count = PL_ARRAY_LEN(crl_columns),
    .row_size = sizeof(struct crl_row),
};

DEFINE_ROWS(crl, crls_table)

bool store_crl_find(struct store *store, const struct id *issuer_id, unsigned shard,
                    struct crl_row **out_row, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &crls_table, e);
    query_where(&q, QUERY_LOOKED_UP, "issuer_id", "=");
    query_id(&q, issuer_id);
    query_where(&q, QUERY_LOOKED_UP, "shard", "=");
    query_int64(&q, shard);
    return crl_one(&q, store, out_row, e);
}

bool store_crl_put(struct store *store, struct crl_row *row, struct err *e) {
    PL_AUTO(crl_row_freep) struct crl_row *older = NULL;
    if (!store_crl_find(store, &row->issuer_id, row->shard, &older, e)) {
        return false;
    }
    if (older == NULL) {
        return table_insert(store, &crls_table, row, e);
    }
    if (older->number >= row->number) {
        return err_set(e, ERR_STORE_VERSION, "a newer CRL of this shard is already there");
    }
    row->id = older->id;
    row->version = older->version;
    row->created_ms = older->created_ms;
    return table_update(store, &crls_table, row, e);
}

bool store_crl_list(struct store *store, const struct page *page, struct crl_rows *out,
                    struct err *e) {
    static const struct listing by_next_update = {.table = &crls_table,
                                                  .from = "crls t",
                                                  .alias = "t",
                                                  .id_column = "id",
                                                  .key = "next_update_ms"};
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &crls_table, e);
    return crl_page(&q, store, &by_next_update, page, out, e);
}
