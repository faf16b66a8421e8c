/*
 * Certificate requests: a pending key and its CSR, until the certificate comes back.
 * The common functions: store/row.h. Text for find: id or friendly name.
 */
#ifndef PL_STORE_REQUESTS_H
#define PL_STORE_REQUESTS_H

#include "store/store.h"

enum request_state { REQUEST_PENDING, REQUEST_INSTALLED, REQUEST_CANCELLED };
/* "pending" … */
const char *request_state_text(enum request_state state);
struct request_row;
/* Pending to installed or cancelled, nothing else: store.state. The row is to be updated then. */
bool request_set_state(struct request_row *row, enum request_state state, struct err *e)
    PL_MUST_USE;

struct request_row {
    STORE_ROW_HEAD;
    struct id key_id;
    enum request_state state;
    const char *subject;  /* RFC 4514 */
    struct texts names;   /* subject alternative names, one line each */
    const char *key_spec; /* "ec:p256" */
    uint8_t spki_sha256[32];
    struct bytes csr; /* DER */
    const char *friendly_name;
    struct id cert_id; /* zero until installed */
};
struct request_rows {
    struct request_row **items;
    size_t count;
    char *next; /* for page.after; NULL: that was all */
};
void request_row_free(struct request_row *row);
PL_DEFINE_FREEP(request_row_freep, struct request_row, request_row_free)
void request_rows_clear(struct request_rows *rows);

bool store_request_insert(struct store *store, struct request_row *row, struct err *e) PL_MUST_USE;
bool store_request_get(struct store *store, const struct id *id, struct request_row **out_row,
                       struct err *e) PL_MUST_USE;
bool store_request_update(struct store *store, struct request_row *row, struct err *e) PL_MUST_USE;
bool store_request_delete(struct store *store, struct request_row *row, struct err *e) PL_MUST_USE;
bool store_request_find(struct store *store, const char *text, struct request_rows *out,
                        struct err *e) PL_MUST_USE;
/*
 * The pending request for this public key, the newest when there are several; NULL when there is
 * none.
 */
bool store_request_find_pending(struct store *store, const uint8_t spki_sha256[32],
                                struct request_row **out_row, struct err *e) PL_MUST_USE;

struct request_filter {
    const enum request_state *state; /* NULL: any */
};
/* By age. */
bool store_request_list(struct store *store, const struct request_filter *filter,
                        const struct page *page, struct request_rows *out, struct err *e)
    PL_MUST_USE;

#endif
