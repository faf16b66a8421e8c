/* What was handed to the CA. */
#include "store/submissions.h"

#include "store/aggregate.h"

static const char *const state_words[] = {"pending", "approved", "denied", "issued", "failed"};

const char *submission_state_text(enum submission_state state) {
    return state_words[state];
}

static const bool may_follow[][PL_ARRAY_LEN(state_words)] = {
    [SUBMISSION_PENDING] = {[SUBMISSION_APPROVED] = true,
                            [SUBMISSION_DENIED] = true,
                            [SUBMISSION_ISSUED] = true,
                            [SUBMISSION_FAILED] = true},
    [SUBMISSION_APPROVED] =
        {[SUBMISSION_DENIED] = true, [SUBMISSION_ISSUED] = true, [SUBMISSION_FAILED] = true},
    [SUBMISSION_DENIED] = {false},
    [SUBMISSION_ISSUED] = {false},
    [SUBMISSION_FAILED] = {false},
};

bool submission_set_state(struct submission_row *row, enum submission_state state, struct err *e) {
    if (!may_follow[row->state][state]) {
        return err_set(e, ERR_STORE_STATE, "a submission that is %s cannot become %s",
                       state_words[row->state], state_words[state]);
    }
    row->state = state;
    return true;
}

static const struct column columns[] = {
    HEAD_COLUMNS(submission_row),
    COLUMN(submission_row, csr, COLUMN_BYTES),
    COLUMN(submission_row, spki_sha256, COLUMN_FIXED),
    COLUMN(submission_row, requester, COLUMN_TEXT),
    COLUMN(submission_row, profile, COLUMN_TEXT),
    COLUMN(submission_row, subject, COLUMN_TEXT),
    COLUMN(submission_row, names, COLUMN_TEXTS),
    COLUMN(submission_row, key_spec, COLUMN_TEXT),
    COLUMN(submission_row, lifetime_ms, COLUMN_INT64),
    COLUMN(submission_row, is_client_auth, COLUMN_BOOL),
    COLUMN_OF_WORDS(submission_row, state, state_words),
    COLUMN(submission_row, reason, COLUMN_TEXT),
    COLUMN(submission_row, notices, COLUMN_TEXTS),
    COLUMN(submission_row, decided_by, COLUMN_TEXT),
    COLUMN(submission_row, decided_ms, COLUMN_INT64_OPTIONAL),
    COLUMN(submission_row, issued_id, COLUMN_ID_OPTIONAL),
};

const struct table submissions_table = {
    .name = "submissions",
    .noun = "submission",
    .columns = columns,
    .column_count = PL_ARRAY_LEN(columns),
    .row_size = sizeof(struct submission_row),
};

DEFINE_ROWS(submission, submissions_table)
DEFINE_GET(submission, submissions_table)
DEFINE_FIND_ID(submission, submissions_table)
DEFINE_WRITE(submission, insert, submissions_table)
DEFINE_WRITE(submission, update, submissions_table)
DEFINE_WRITE(submission, delete, submissions_table)

bool store_submission_list(struct store *store, const struct submission_filter *filter,
                           const struct page *page, struct submission_rows *out, struct err *e) {
    static const struct listing by_age = LISTING_BY_AGE(submissions_table, "submissions");
    static const struct submission_filter none = {0};
    filter = filter == NULL ? &none : filter;
    enum query_use state_use = filter->spki_sha256 == NULL ? QUERY_LOOKED_UP : QUERY_TESTED;
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &submissions_table, e);
    if (filter->spki_sha256 != NULL) {
        query_where(&q, QUERY_LOOKED_UP, "spki_sha256", "=");
        query_blob(&q, filter->spki_sha256, 32);
    }
    if (filter->state != NULL) {
        query_where(&q, state_use, "state", "=");
        query_text(&q, submission_state_text(*filter->state));
    }
    return submission_page(&q, store, &by_age, page, out, e);
}
