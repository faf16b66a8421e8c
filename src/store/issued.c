/*
 * What the CA signed, or reserved for signing. Rows are never deleted; the to-be-signed bytes never
 * change after they are reserved.
 */
#include "store/issued.h"

#include "base/hex.h"
#include "store/aggregate.h"
#include "store/handle.h"
#include "store/names.h"

#include <string.h>

enum { CERTIFICATE_HOLD = 6 }; /* RFC 5280 §5.3.1: the one reason that can be replaced */

static const char *const state_words[] = {"reserved", "signed", "revoked"};

const char *issued_state_text(enum issued_state state) {
    return state_words[state];
}

/* Reserved, then signed, then revoked; revoked before it is signed, too. */
static void issued_set_state(struct issued_row *row, enum issued_state state) {
    PL_BUG_UNLESS(state == ISSUED_RESERVED || row->state <= state);
    row->state = state;
}

static const struct column columns[] = {
    HEAD_COLUMNS(issued_row),
    COLUMN(issued_row, issuer_id, COLUMN_ID),
    COLUMN(issued_row, submission_id, COLUMN_ID_OPTIONAL),
    COLUMN(issued_row, serial, COLUMN_BYTES),
    COLUMN_OF_WORDS(issued_row, state, state_words),
    COLUMN(issued_row, tbs, COLUMN_BYTES),
    COLUMN(issued_row, certificate, COLUMN_BYTES_OPTIONAL),
    COLUMN(issued_row, subject, COLUMN_TEXT),
    COLUMN(issued_row, names, COLUMN_TEXTS),
    COLUMN(issued_row, profile, COLUMN_TEXT),
    COLUMN(issued_row, key_spec, COLUMN_TEXT),
    COLUMN(issued_row, spki_sha256, COLUMN_FIXED),
    COLUMN(issued_row, not_before_ms, COLUMN_INT64),
    COLUMN(issued_row, not_after_ms, COLUMN_INT64),
    COLUMN(issued_row, crl_shard, COLUMN_UNSIGNED),
    COLUMN(issued_row, revoked_ms, COLUMN_INT64_OPTIONAL),
    COLUMN(issued_row, revocation_reason, COLUMN_INT),
};

const struct table issued_table = {
    .name = "issued",
    .noun = "issued certificate",
    .taken = "the issuer has used this serial number already",
    .columns = columns,
    .column_count = PL_ARRAY_LEN(columns),
    .row_size = sizeof(struct issued_row),
};

static const struct names_index names_index = {.table = "issued_names",
                                               .owner_column = "issued_id"};

DEFINE_ROWS(issued, issued_table)
DEFINE_GET(issued, issued_table)

bool store_issued_reserve(struct store *store, struct issued_row *row, struct err *e) {
    issued_set_state(row, ISSUED_RESERVED);
    row->certificate = (struct bytes){0};
    row->revoked_ms = 0;
    row->revocation_reason = 0;
    if (!table_insert(store, &issued_table, row, e)) {
        return false;
    }
    const struct named named = {
        .owner = &row->id, .names = &row->names, .not_after_ms = row->not_after_ms};
    return names_add(store, &names_index, &named, e);
}

bool store_issued_complete(struct store *store, struct issued_row *row, struct bytes certificate,
                           struct err *e) {
    if (row->certificate.len > 0) {
        return err_set(e, ERR_STORE_STATE, "it has its certificate already");
    }
    struct issued_row next = *row;
    next.certificate = certificate;
    issued_set_state(&next, row->state == ISSUED_REVOKED ? ISSUED_REVOKED : ISSUED_SIGNED);
    if (!table_update(store, &issued_table, &next, e)) {
        return false;
    }
    *row = next;
    return true;
}

bool store_issued_revoke(struct store *store, struct issued_row *row, int64_t revoked_ms,
                         int reason, struct err *e) {
    if (row->state == ISSUED_REVOKED && row->revocation_reason != CERTIFICATE_HOLD) {
        return err_set(e, ERR_STORE_STATE, "it is revoked already");
    }
    struct issued_row next = *row;
    issued_set_state(&next, ISSUED_REVOKED);
    next.revoked_ms = revoked_ms;
    next.revocation_reason = reason;
    if (!table_update(store, &issued_table, &next, e)) {
        return false;
    }
    *row = next;
    return true;
}

/* --- looking up ----------------------------------------------------------------------------------
 */

bool store_issued_find_serial(struct store *store, const struct id *issuer_id,
                              const uint8_t *serial, size_t serial_len, struct issued_row **out_row,
                              struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_select(&q, &issued_table, e);
    query_where(&q, QUERY_LOOKED_UP, "issuer_id", "=");
    query_id(&q, issuer_id);
    query_where(&q, QUERY_LOOKED_UP, "serial", "=");
    query_blob(&q, serial, serial_len);
    return issued_one(&q, store, out_row, e);
}

/* text as hexadecimal digits of a serial number, with or without leading zeros; 0 when it is none.
 */
static size_t parse_serial(const char *text, uint8_t out[ISSUED_SERIAL_MAX]) {
    text += strspn(text, "0");
    size_t len = strlen(text);
    char digits[2 * ISSUED_SERIAL_MAX + 2] = "0";
    if (len == 0 || len > (size_t)2 * ISSUED_SERIAL_MAX) {
        return 0;
    }
    memcpy(digits + len % 2, text, len + 1);
    len += len % 2;
    return hex_decode(digits, len, out) ? len / 2 : 0;
}

static bool find_by_serial(struct store *store, const char *text, struct issued_rows *out,
                           struct err *e) {
    uint8_t serial[ISSUED_SERIAL_MAX];
    size_t len = parse_serial(text, serial);
    if (len == 0) {
        *out = (struct issued_rows){0};
        return true;
    }
    PL_AUTO(query_clear) struct query q;
    query_select(&q, &issued_table, e);
    query_where(&q, QUERY_LOOKED_UP, "serial", "=");
    query_blob(&q, serial, len);
    query_sql(&q, " LIMIT 10");
    return issued_many(&q, store, STORE_FIND_MAX, out, e);
}

static bool find_by_name(struct store *store, const char *text, struct issued_rows *out,
                         struct err *e) {
    const struct issued_filter filter = {.name = text};
    const struct page newest = {.limit = STORE_FIND_MAX, .is_descending = true};
    if (!store_issued_list(store, &filter, ISSUED_SORT_AGE, &newest, out, e)) {
        return false;
    }
    mem_free(out->next);
    out->next = NULL;
    return true;
}

bool store_issued_find(struct store *store, const char *text, struct issued_rows *out,
                       struct err *e) {
    struct rows by_id = {0};
    PL_AUTO(issued_rows_clear) struct issued_rows found = {0};
    if (!table_find(store, &issued_table, text, &by_id, e)) {
        return false;
    }
    issued_rows_take(&by_id, &found);
    if (found.count == 0) {
        issued_rows_clear(&found);
        if (!find_by_serial(store, text, &found, e)) {
            return false;
        }
    }
    if (found.count == 0) {
        issued_rows_clear(&found);
        return find_by_name(store, text, out, e);
    }
    *out = found;
    found = (struct issued_rows){0};
    return true;
}

/* --- lists ---------------------------------------------------------------------------------------
 */

static struct listing listing_of(const struct issued_filter *filter, enum issued_sort sort) {
    bool is_named = filter->name != NULL || filter->domain != NULL;
    return (struct listing){.table = &issued_table,
                            .from = is_named ? "issued_names n CROSS JOIN issued t" : "issued t",
                            .alias = is_named ? "n" : "t",
                            .id_column = is_named ? "issued_id" : "id",
                            .key = sort == ISSUED_SORT_EXPIRY ? "not_after_ms" : NULL};
}

static void put_name(struct query *q, const struct issued_filter *filter) {
    const char *name = filter->name != NULL ? filter->name : filter->domain;
    if (name != NULL) {
        query_sql(q, " AND t.id = n.issued_id AND n.kind = ");
        query_int64(q, filter->name != NULL ? NAMES_EXACT : NAMES_UNDER);
        query_sql(q, " AND n.name = ");
        query_text(q, name);
    }
}

static void put_expiry(struct query *q, const struct issued_filter *filter, enum query_use use) {
    if (filter->expires_before_ms != 0) {
        query_where(q, use, "not_after_ms", "<");
        query_int64(q, filter->expires_before_ms);
    }
    if (filter->expires_from_ms != 0) {
        query_where(q, use, "not_after_ms", ">=");
        query_int64(q, filter->expires_from_ms);
    }
}

/* One condition is looked up, the most telling one that the order allows; the others are tested. */
static enum query_use use_first(bool *is_free) {
    enum query_use use = *is_free ? QUERY_LOOKED_UP : QUERY_TESTED;
    *is_free = false;
    return use;
}

static void put_conditions(struct query *q, const struct issued_filter *filter,
                           enum issued_sort sort) {
    bool is_free = sort == ISSUED_SORT_AGE && filter->name == NULL && filter->domain == NULL;
    put_name(q, filter);
    if (filter->spki_sha256 != NULL) {
        query_where(q, use_first(&is_free), "spki_sha256", "=");
        query_blob(q, filter->spki_sha256, 32);
    }
    if (filter->state != NULL) {
        query_where(q, use_first(&is_free), "state", "=");
        query_text(q, issued_state_text(*filter->state));
    }
    if (filter->issuer_id != NULL) {
        query_where(q, use_first(&is_free), "issuer_id", "=");
        query_id(q, filter->issuer_id);
    }
    if (filter->crl_shard != NULL) {
        query_where(q, QUERY_TESTED, "crl_shard", "=");
        query_int64(q, *filter->crl_shard);
    }
    bool by_expiry = sort == ISSUED_SORT_EXPIRY && filter->name == NULL && filter->domain == NULL;
    put_expiry(q, filter, by_expiry ? QUERY_LOOKED_UP : QUERY_TESTED);
}

bool store_issued_list(struct store *store, const struct issued_filter *filter,
                       enum issued_sort sort, const struct page *page, struct issued_rows *out,
                       struct err *e) {
    static const struct issued_filter none = {0};
    filter = filter == NULL ? &none : filter;
    struct listing listing = listing_of(filter, sort);
    PL_AUTO(query_clear) struct query q;
    query_init(&q, e);
    query_page_begin(&q, &listing);
    put_conditions(&q, filter, sort);
    return issued_page(&q, store, &listing, page, out, e);
}

static bool read_revoked(const struct db_statement *statement, struct revoked *out, struct err *e) {
    size_t len = 0;
    const uint8_t *serial = db_column_blob(statement, 0, &len);
    if (serial == NULL || len > sizeof(out->serial)) {
        return len <= sizeof(out->serial)
                   ? err_set(e, ERR_BASE_OOM, "out of memory")
                   : err_set(e, ERR_STORE_CORRUPT, "a serial number in the store is too long");
    }
    *out = (struct revoked){.serial_len = len,
                            .revoked_ms = db_column_int64(statement, 1),
                            .reason = (int)db_column_int64(statement, 2)};
    memcpy(out->serial, serial, len);
    return true;
}

bool store_issued_each_revoked(struct store *store, const struct id *issuer_id, unsigned shard,
                               int64_t not_after_from_ms,
                               bool (*each)(void *user, const struct revoked *revoked,
                                            struct err *e),
                               void *user, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    PL_AUTO(db_releasep) struct db_statement *statement = NULL;
    bool has_row = true;
    query_init(&q, e);
    query_sql(&q, "SELECT t.serial, t.revoked_ms, t.revocation_reason FROM issued t "
                  "WHERE t.revoked_ms IS NOT NULL AND t.issuer_id = ");
    query_id(&q, issuer_id);
    query_sql(&q, " AND t.crl_shard = ");
    query_int64(&q, shard);
    query_where(&q, QUERY_TESTED, "not_after_ms", ">=");
    query_int64(&q, not_after_from_ms);
    query_sql(&q, " ORDER BY t.serial");
    if (!query_start(&q, store->db, &statement, e)) {
        return false;
    }
    while (db_step(statement, &has_row, e)) {
        struct revoked revoked;
        if (!has_row) {
            return true;
        }
        if (!read_revoked(statement, &revoked, e) || !each(user, &revoked, e)) {
            return false;
        }
    }
    return false;
}

bool store_issued_has_revoked(struct store *store, const struct id *issuer_id, unsigned shard,
                              int64_t from_ms, bool *out_has, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    PL_AUTO(db_releasep) struct db_statement *statement = NULL;
    query_init(&q, e);
    query_sql(&q, "SELECT 1 FROM issued t WHERE t.revoked_ms IS NOT NULL AND t.issuer_id = ");
    query_id(&q, issuer_id);
    query_sql(&q, " AND t.crl_shard = ");
    query_int64(&q, shard);
    query_where(&q, QUERY_TESTED, "revoked_ms", ">=");
    query_int64(&q, from_ms);
    query_sql(&q, " LIMIT 1");
    return query_start(&q, store->db, &statement, e) && db_step(statement, out_has, e);
}

static bool count_state(struct store *store, enum issued_state state, int64_t *out_count,
                        struct err *e) {
    PL_AUTO(query_clear) struct query q;
    PL_AUTO(db_releasep) struct db_statement *statement = NULL;
    bool has_row = false;
    query_init(&q, e);
    query_sql(&q, "SELECT count(*) FROM issued WHERE state = ");
    query_text(&q, issued_state_text(state));
    if (!query_start(&q, store->db, &statement, e) || !db_step(statement, &has_row, e)) {
        return false;
    }
    *out_count = has_row ? db_column_int64(statement, 0) : 0;
    return true;
}

bool store_issued_count(struct store *store, struct issued_counts *out, struct err *e) {
    return count_state(store, ISSUED_RESERVED, &out->reserved, e) &&
           count_state(store, ISSUED_SIGNED, &out->signed_count, e) &&
           count_state(store, ISSUED_REVOKED, &out->revoked, e);
}
