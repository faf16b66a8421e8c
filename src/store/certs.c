/* Installed certificates. Names are indexed beside the rows, for live ones only. */
#include "store/certs.h"

#include "base/hex.h"
#include "base/utf8.h"
#include "store/aggregate.h"
#include "store/names.h"

#include <string.h>

static const struct column columns[] = {
    HEAD_COLUMNS(cert_row),
    COLUMN(cert_row, friendly_name, COLUMN_TEXT),
    COLUMN(cert_row, key_id, COLUMN_ID_OPTIONAL),
    COLUMN(cert_row, request_id, COLUMN_ID_OPTIONAL),
    COLUMN(cert_row, der, COLUMN_BYTES),
    COLUMN(cert_row, sha256, COLUMN_FIXED),
    COLUMN(cert_row, spki_sha256, COLUMN_FIXED),
    COLUMN(cert_row, subject, COLUMN_TEXT),
    COLUMN(cert_row, issuer, COLUMN_TEXT),
    COLUMN(cert_row, serial, COLUMN_TEXT),
    COLUMN(cert_row, names, COLUMN_TEXTS),
    COLUMN(cert_row, not_before_ms, COLUMN_INT64),
    COLUMN(cert_row, not_after_ms, COLUMN_INT64),
    COLUMN(cert_row, key_spec, COLUMN_TEXT),
    COLUMN(cert_row, is_ca, COLUMN_BOOL),
};

static const struct names_index names_index = {
    .table = "cert_names", .owner_column = "cert_id", .has_friendly_name = true};

static bool index_names(struct store *store, const void *written, struct err *e) {
    const struct cert_row *row = written;
    const struct named named = {.owner = &row->id,
                                .names = &row->names,
                                .not_after_ms = row->not_after_ms,
                                .friendly_name =
                                    row->friendly_name == NULL ? "" : row->friendly_name};
    return names_remove(store, &names_index, &row->id, e) &&
           (row->deleted_ms != 0 || names_add(store, &names_index, &named, e));
}

const struct table certs_table = {
    .name = "certs",
    .noun = "certificate",
    .taken = "this certificate is already installed",
    .columns = columns,
    .column_count = PL_ARRAY_LEN(columns),
    .row_size = sizeof(struct cert_row),
    .after_write = index_names,
};

DEFINE_ROWS(cert, certs_table)
DEFINE_GET(cert, certs_table)
DEFINE_WRITE(cert, insert, certs_table)
DEFINE_WRITE(cert, update, certs_table)
DEFINE_WRITE(cert, delete, certs_table)

/* --- looking up ----------------------------------------------------------------------------------
 */

bool store_cert_find_sha256(struct store *store, const uint8_t sha256[32],
                            struct cert_row **out_row, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &certs_table, e);
    query_where(&q, QUERY_LOOKED_UP, "sha256", "=");
    query_blob(&q, sha256, 32);
    return cert_one(&q, store, out_row, e);
}

static bool find_by_id(struct store *store, const char *text, struct cert_rows *out,
                       struct err *e) {
    struct rows rows = {0};
    if (!table_find(store, &certs_table, text, &rows, e)) {
        return false;
    }
    cert_rows_take(&rows, out);
    return true;
}

static bool find_by_friendly_name(struct store *store, const char *text, struct cert_rows *out,
                                  struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &certs_table, e);
    query_where(&q, QUERY_LOOKED_UP, "friendly_name", "=");
    query_text(&q, text);
    query_sql(&q, " ORDER BY t.id DESC LIMIT 10");
    return cert_many(&q, store, STORE_FIND_MAX, out, e);
}

/* Digits, with or without colons between pairs. */
static bool parse_fingerprint(const char *text, uint8_t out[32]) {
    char digits[65];
    size_t count = 0;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at != ':' && count < sizeof(digits) - 1) {
            digits[count++] = *at;
        } else if (*at != ':') {
            return false;
        }
    }
    return count == sizeof(digits) - 1 && hex_decode(digits, count, out);
}

static bool find_by_fingerprint(struct store *store, const char *text, struct cert_rows *out,
                                struct err *e) {
    uint8_t sha256[32];
    if (!parse_fingerprint(text, sha256)) {
        *out = (struct cert_rows){0};
        return true;
    }
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &certs_table, e);
    query_where(&q, QUERY_LOOKED_UP, "sha256", "=");
    query_blob(&q, sha256, sizeof(sha256));
    return cert_many(&q, store, 1, out, e);
}

static bool find_by_name(struct store *store, const char *text, struct cert_rows *out,
                         struct err *e) {
    const struct cert_filter filter = {.name = text};
    const struct page newest = {.limit = STORE_FIND_MAX, .is_descending = true};
    if (!store_cert_list(store, &filter, CERT_SORT_AGE, &newest, out, e)) {
        return false;
    }
    mem_free(out->next);
    out->next = NULL;
    return true;
}

bool store_cert_find(struct store *store, const char *text, struct cert_rows *out, struct err *e) {
    static bool (*const ways[])(struct store *, const char *, struct cert_rows *, struct err *) = {
        find_by_id, find_by_friendly_name, find_by_fingerprint, find_by_name};
    for (size_t i = 0; i < PL_ARRAY_LEN(ways); i++) {
        struct cert_rows found = {0};
        if (!ways[i](store, text, &found, e)) {
            return false;
        }
        if (found.count > 0) {
            *out = found;
            return true;
        }
        cert_rows_clear(&found);
    }
    *out = (struct cert_rows){0};
    return true;
}

/* --- lists ---------------------------------------------------------------------------------------
 */

static const char *key_of_sort(enum cert_sort sort) {
    switch (sort) {
    case CERT_SORT_EXPIRY:
        return "not_after_ms";
    case CERT_SORT_NAME:
        return "friendly_name";
    case CERT_SORT_AGE:
        return NULL;
    }
    PL_BUG_UNLESS(false);
}

static bool is_named(const struct cert_filter *filter) {
    return filter->name != NULL || filter->domain != NULL;
}

static struct listing listing_of(const struct cert_filter *filter, enum cert_sort sort) {
    bool by_name = is_named(filter);
    return (struct listing){.table = &certs_table,
                            .from = by_name ? "cert_names n CROSS JOIN certs t" : "certs t",
                            .alias = by_name ? "n" : "t",
                            .id_column = by_name ? "cert_id" : "id",
                            .key = key_of_sort(sort)};
}

static void put_name(struct query *q, const struct cert_filter *filter) {
    const char *name = filter->name != NULL ? filter->name : filter->domain;
    if (name != NULL) {
        query_sql(q, " AND t.id = n.cert_id AND n.kind = ");
        query_int64(q, filter->name != NULL ? NAMES_EXACT : NAMES_UNDER);
        query_sql(q, " AND n.name = ");
        query_text(q, name);
    }
}

/* The highest text that begins with the prefix is below prefix + U+10FFFF, the last character there
 * is. */
static void put_prefix(struct query *q, const char *prefix, enum query_use use) {
    char last[4];
    struct buf above;
    buf_init(&above, STORE_TEXT_MAX);
    size_t last_len = utf8_put(0x10FFFF, last);
    if (!buf_append_string(&above, prefix, q->e) || !buf_append(&above, last, last_len, q->e)) {
        q->has_failed = true;
    }
    query_where(q, use, "friendly_name", ">=");
    query_text(q, prefix);
    query_where(q, use, "friendly_name", "<=");
    query_text(q, buf_string(&above));
    buf_clear(&above);
}

static void put_expiry(struct query *q, const struct cert_filter *filter, enum query_use use) {
    if (filter->expires_before_ms != 0) {
        query_where(q, use, "not_after_ms", "<");
        query_int64(q, filter->expires_before_ms);
    }
    if (filter->expires_from_ms != 0) {
        query_where(q, use, "not_after_ms", ">=");
        query_int64(q, filter->expires_from_ms);
    }
}

static void put_wants(struct query *q, const struct cert_filter *filter) {
    if (filter->key != CERT_ANY) {
        query_sql(q, filter->key == CERT_WITH ? " AND COALESCE(length(t.key_id), 0) = 16"
                                              : " AND COALESCE(length(t.key_id), 0) = 0");
    }
    if (filter->binding != CERT_ANY) {
        query_sql(q, filter->binding == CERT_WITH ? " AND (" : " AND NOT (");
        query_sql(q, "EXISTS (SELECT 1 FROM bindings b WHERE b.deleted_ms IS NULL "
                     "AND b.ec_cert_id = t.id) OR "
                     "EXISTS (SELECT 1 FROM bindings b WHERE b.deleted_ms IS NULL "
                     "AND b.rsa_cert_id = t.id) OR "
                     "EXISTS (SELECT 1 FROM bindings b WHERE b.deleted_ms IS NULL "
                     "AND b.ed25519_cert_id = t.id))");
    }
}

/* What is looked up must not take the order away from the index: see store/certs.h. */
static void put_conditions(struct query *q, const struct cert_filter *filter, enum cert_sort sort) {
    bool by_expiry = sort == CERT_SORT_EXPIRY && !is_named(filter);
    bool by_friendly_name = sort == CERT_SORT_NAME && !is_named(filter);
    put_name(q, filter);
    if (filter->spki_sha256 != NULL) {
        query_where(q, by_expiry ? QUERY_LOOKED_UP : QUERY_TESTED, "spki_sha256", "=");
        query_blob(q, filter->spki_sha256, 32);
    }
    if (filter->issuer != NULL) {
        bool is_first = by_expiry && filter->spki_sha256 == NULL;
        query_where(q, is_first ? QUERY_LOOKED_UP : QUERY_TESTED, "issuer", "=");
        query_text(q, filter->issuer);
    }
    if (filter->friendly_name_prefix != NULL) {
        put_prefix(q, filter->friendly_name_prefix,
                   by_friendly_name ? QUERY_LOOKED_UP : QUERY_TESTED);
    }
    put_expiry(q, filter, by_expiry ? QUERY_LOOKED_UP : QUERY_TESTED);
    put_wants(q, filter);
}

bool store_cert_list(struct store *store, const struct cert_filter *filter, enum cert_sort sort,
                     const struct page *page, struct cert_rows *out, struct err *e) {
    static const struct cert_filter none = {0};
    filter = filter == NULL ? &none : filter;
    struct listing listing = listing_of(filter, sort);
    PL_AUTO(query_clear) struct query q;
    query_init(&q, e);
    query_page_begin(&q, &listing);
    query_sql(&q, " AND t.deleted_ms IS NULL");
    put_conditions(&q, filter, sort);
    return cert_page(&q, store, &listing, page, out, e);
}
