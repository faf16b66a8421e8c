/* Intermediates, and the chain of each installed certificate. */
#include "store/chains.h"

#include "store/aggregate.h"

static const struct column intermediate_columns[] = {
    HEAD_COLUMNS(intermediate_row),
    COLUMN(intermediate_row, sha256, COLUMN_FIXED),
    COLUMN(intermediate_row, spki_sha256, COLUMN_FIXED),
    COLUMN(intermediate_row, subject, COLUMN_TEXT),
    COLUMN(intermediate_row, issuer, COLUMN_TEXT),
    COLUMN(intermediate_row, not_before_ms, COLUMN_INT64),
    COLUMN(intermediate_row, not_after_ms, COLUMN_INT64),
    COLUMN(intermediate_row, der, COLUMN_BYTES),
};

const struct table intermediates_table = {
    .name = "intermediates",
    .noun = "intermediate certificate",
    .taken = "this intermediate certificate is already there",
    .columns = intermediate_columns,
    .column_count = PL_ARRAY_LEN(intermediate_columns),
    .row_size = sizeof(struct intermediate_row),
};

DEFINE_ROWS(intermediate, intermediates_table)

bool store_intermediate_put(struct store *store, struct intermediate_row *row, struct err *e) {
    PL_AUTO(intermediate_row_freep) struct intermediate_row *there = NULL;
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &intermediates_table, e);
    query_where(&q, QUERY_LOOKED_UP, "sha256", "=");
    query_blob(&q, row->sha256, sizeof(row->sha256));
    if (!intermediate_one(&q, store, &there, e)) {
        return false;
    }
    if (there == NULL) {
        return table_insert(store, &intermediates_table, row, e);
    }
    row->id = there->id;
    row->version = there->version;
    return true;
}

bool store_intermediate_find_subject(struct store *store, const char *subject,
                                     struct intermediate_rows *out, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &intermediates_table, e);
    query_where(&q, QUERY_LOOKED_UP, "subject", "=");
    query_text(&q, subject);
    query_sql(&q, " ORDER BY t.not_after_ms DESC LIMIT 1000");
    return intermediate_many(&q, store, STORE_PAGE_MAX, out, e);
}

bool store_intermediate_list(struct store *store, const struct page *page,
                             struct intermediate_rows *out, struct err *e) {
    static const struct listing by_age = LISTING_BY_AGE(intermediates_table, "intermediates");
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &intermediates_table, e);
    return intermediate_page(&q, store, &by_age, page, out, e);
}

/* --- links ---------------------------------------------------------------------------------------
 */

struct chain_link_row {
    STORE_ROW_HEAD;
    struct id cert_id;
    unsigned position; /* 0: the certificate's own issuer */
    struct id intermediate_id;
};

static const struct column link_columns[] = {
    HEAD_COLUMNS(chain_link_row),
    COLUMN(chain_link_row, cert_id, COLUMN_ID),
    COLUMN(chain_link_row, position, COLUMN_UNSIGNED),
    COLUMN(chain_link_row, intermediate_id, COLUMN_ID),
};

const struct table chain_links_table = {
    .name = "chain_links",
    .noun = "chain",
    .columns = link_columns,
    .column_count = PL_ARRAY_LEN(link_columns),
    .row_size = sizeof(struct chain_link_row),
};

static bool links_of(struct store *store, const struct id *cert_id, struct rows *out,
                     struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &chain_links_table, e);
    query_where(&q, QUERY_LOOKED_UP, "cert_id", "=");
    query_id(&q, cert_id);
    query_sql(&q, " ORDER BY t.position");
    return query_many(&q, store, &chain_links_table, CHAIN_LENGTH_MAX, out, e);
}

static bool is_the_same(const struct rows *links, const struct id *intermediate_ids, size_t count) {
    if (links->count != count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct chain_link_row *link = links->items[i];
        if (!id_equal(&link->intermediate_id, &intermediate_ids[i])) {
            return false;
        }
    }
    return true;
}

bool store_chain_set(struct store *store, const struct id *cert_id,
                     const struct id *intermediate_ids, size_t count, struct err *e) {
    PL_AUTO(rows_clear) struct rows links = {0};
    if (count > CHAIN_LENGTH_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "a chain has more than %d certificates",
                       CHAIN_LENGTH_MAX);
    }
    if (!links_of(store, cert_id, &links, e)) {
        return false;
    }
    if (is_the_same(&links, intermediate_ids, count)) {
        return true;
    }
    for (size_t i = 0; i < links.count; i++) {
        if (!table_delete(store, &chain_links_table, links.items[i], e)) {
            return false;
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct chain_link_row link = {
            .cert_id = *cert_id, .position = (unsigned)i, .intermediate_id = intermediate_ids[i]};
        if (!table_insert(store, &chain_links_table, &link, e)) {
            return false;
        }
    }
    return true;
}

bool store_chain_get(struct store *store, const struct id *cert_id, struct intermediate_rows *out,
                     struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_init(&q, e);
    query_sql(&q, "SELECT ");
    query_columns(&q, &intermediates_table, "t");
    query_sql(&q, " FROM chain_links l JOIN intermediates t ON t.id = l.intermediate_id "
                  "WHERE l.deleted_ms IS NULL AND l.cert_id = ");
    query_id(&q, cert_id);
    query_sql(&q, " ORDER BY l.position");
    return intermediate_many(&q, store, CHAIN_LENGTH_MAX, out, e);
}
