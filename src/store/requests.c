/* Pending and finished requests. */
#include "store/requests.h"

#include "store/aggregate.h"

static const char *const state_words[] = {"pending", "installed", "cancelled"};

const char *request_state_text(enum request_state state) {
    return state_words[state];
}

static const bool may_follow[][PL_ARRAY_LEN(state_words)] = {
    [REQUEST_PENDING] = {[REQUEST_INSTALLED] = true, [REQUEST_CANCELLED] = true},
    [REQUEST_INSTALLED] = {false},
    [REQUEST_CANCELLED] = {false},
};

bool request_set_state(struct request_row *row, enum request_state state, struct err *e) {
    if (!may_follow[row->state][state]) {
        return err_set(e, ERR_STORE_STATE, "a request that is %s cannot become %s",
                       state_words[row->state], state_words[state]);
    }
    row->state = state;
    return true;
}

static const struct column columns[] = {
    HEAD_COLUMNS(request_row),
    COLUMN(request_row, key_id, COLUMN_ID),
    COLUMN_OF_WORDS(request_row, state, state_words),
    COLUMN(request_row, subject, COLUMN_TEXT),
    COLUMN(request_row, names, COLUMN_TEXTS),
    COLUMN(request_row, key_spec, COLUMN_TEXT),
    COLUMN(request_row, spki_sha256, COLUMN_FIXED),
    COLUMN(request_row, csr, COLUMN_BYTES),
    COLUMN(request_row, friendly_name, COLUMN_TEXT),
    COLUMN(request_row, cert_id, COLUMN_ID_OPTIONAL),
};

const struct table requests_table = {
    .name = "requests",
    .noun = "request",
    .columns = columns,
    .column_count = PL_ARRAY_LEN(columns),
    .row_size = sizeof(struct request_row),
};

DEFINE_ROWS(request, requests_table)
DEFINE_GET(request, requests_table)
DEFINE_WRITE(request, insert, requests_table)
DEFINE_WRITE(request, update, requests_table)
DEFINE_WRITE(request, delete, requests_table)

bool store_request_find(struct store *store, const char *text, struct request_rows *out,
                        struct err *e) {
    struct rows by_id = {0};
    if (!table_find(store, &requests_table, text, &by_id, e)) {
        return false;
    }
    if (by_id.count > 0) {
        request_rows_take(&by_id, out);
        return true;
    }
    rows_clear(&by_id);
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &requests_table, e);
    query_where(&q, QUERY_LOOKED_UP, "friendly_name", "=");
    query_text(&q, text);
    query_sql(&q, " ORDER BY t.id DESC LIMIT 10");
    return request_many(&q, store, STORE_FIND_MAX, out, e);
}

bool store_request_find_pending(struct store *store, const uint8_t spki_sha256[32],
                                struct request_row **out_row, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &requests_table, e);
    query_where(&q, QUERY_LOOKED_UP, "spki_sha256", "=");
    query_blob(&q, spki_sha256, 32);
    query_where(&q, QUERY_TESTED, "state", "=");
    query_text(&q, state_words[REQUEST_PENDING]);
    query_sql(&q, " ORDER BY t.id DESC LIMIT 1");
    return request_one(&q, store, out_row, e);
}

bool store_request_list(struct store *store, const struct request_filter *filter,
                        const struct page *page, struct request_rows *out, struct err *e) {
    static const struct listing by_age = LISTING_BY_AGE(requests_table, "requests");
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &requests_table, e);
    if (filter != NULL && filter->state != NULL) {
        query_where(&q, QUERY_LOOKED_UP, "state", "=");
        query_text(&q, request_state_text(*filter->state));
    }
    return request_page(&q, store, &by_age, page, out, e);
}
