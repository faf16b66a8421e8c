/*
 * CSRs handed to the CA, and what was decided.
 * The common functions: store/row.h. Text for find: id.
 */
#ifndef PL_STORE_SUBMISSIONS_H
#define PL_STORE_SUBMISSIONS_H

#include "store/store.h"

enum submission_state {
    SUBMISSION_PENDING,
    SUBMISSION_APPROVED, /* and not yet issued */
    SUBMISSION_DENIED,
    SUBMISSION_ISSUED,
    SUBMISSION_FAILED,
};
const char *submission_state_text(enum submission_state state); /* "pending" … */
struct submission_row;
/*
 * Pending to all others, approved to denied, issued or failed; the last three are final:
 * store.state. The row is to be updated then.
 */
bool submission_set_state(struct submission_row *row, enum submission_state state, struct err *e)
    PL_MUST_USE;

struct submission_row {
    STORE_ROW_HEAD;
    struct bytes csr; /* DER */
    uint8_t spki_sha256[32];
    const char *requester; /* "cli:root", "enroll:alice" */
    const char *profile;   /* "server", "internal" */
    const char *subject;   /* wanted, RFC 4514 */
    struct texts names;    /* wanted subject alternative names, one line each */
    const char *key_spec;
    int64_t lifetime_ms; /* wanted; 0: the profile's */
    bool is_client_auth; /* wanted: good for clients, too */
    enum submission_state state;
    const char *reason;   /* of denial or failure */
    struct texts notices; /* what was normalised or left aside */
    const char *decided_by;
    int64_t decided_ms;  /* 0: not yet */
    struct id issued_id; /* zero until issued */
};
struct submission_rows {
    struct submission_row **items;
    size_t count;
    char *next; /* for page.after; NULL: that was all */
};
void submission_row_free(struct submission_row *row);
PL_DEFINE_FREEP(submission_row_freep, struct submission_row, submission_row_free)
void submission_rows_clear(struct submission_rows *rows);

bool store_submission_insert(struct store *store, struct submission_row *row, struct err *e)
    PL_MUST_USE;
bool store_submission_get(struct store *store, const struct id *id, struct submission_row **out_row,
                          struct err *e) PL_MUST_USE;
bool store_submission_update(struct store *store, struct submission_row *row, struct err *e)
    PL_MUST_USE;
bool store_submission_delete(struct store *store, struct submission_row *row, struct err *e)
    PL_MUST_USE;
bool store_submission_find(struct store *store, const char *text, struct submission_rows *out,
                           struct err *e) PL_MUST_USE;
struct submission_filter {
    const enum submission_state *state; /* NULL: any */
    const uint8_t *spki_sha256;         /* 32 bytes; NULL: any */
};
/* By age. */
bool store_submission_list(struct store *store, const struct submission_filter *filter,
                           const struct page *page, struct submission_rows *out, struct err *e)
    PL_MUST_USE;

#endif
