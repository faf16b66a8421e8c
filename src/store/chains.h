/*
 * Intermediate certificates that the store knows, and which of them follow each installed
 * certificate. The common functions: store/row.h.
 */
#ifndef PL_STORE_CHAINS_H
#define PL_STORE_CHAINS_H

#include "store/store.h"

struct intermediate_row {
    STORE_ROW_HEAD;
    uint8_t sha256[32]; /* of der; unique */
    uint8_t spki_sha256[32];
    const char *subject; /* RFC 4514 */
    const char *issuer;
    int64_t not_before_ms;
    int64_t not_after_ms;
    struct bytes der;
};
struct intermediate_rows {
    struct intermediate_row **items;
    size_t count;
    char *next; /* for page.after; NULL: that was all */
};
void intermediate_row_free(struct intermediate_row *row);
PL_DEFINE_FREEP(intermediate_row_freep, struct intermediate_row, intermediate_row_free)
void intermediate_rows_clear(struct intermediate_rows *rows);

/* Adds it unless it is there; either way row->id is its id. */
bool store_intermediate_put(struct store *store, struct intermediate_row *row, struct err *e)
    PL_MUST_USE;
/*
 * The pool for completing chains: all with this subject, those that expire last first, at most
 * STORE_PAGE_MAX.
 */
bool store_intermediate_find_subject(struct store *store, const char *subject,
                                     struct intermediate_rows *out, struct err *e) PL_MUST_USE;
/* By age. */
bool store_intermediate_list(struct store *store, const struct page *page,
                             struct intermediate_rows *out, struct err *e) PL_MUST_USE;

enum { CHAIN_LENGTH_MAX = 16 };

/*
 * What follows the certificate, nearest issuer first; 0 takes the chain away. Fails base.limit,
 * store.reference (unknown intermediate).
 */
bool store_chain_set(struct store *store, const struct id *cert_id,
                     const struct id *intermediate_ids, size_t count, struct err *e) PL_MUST_USE;
/* In that order; none is an empty list. */
bool store_chain_get(struct store *store, const struct id *cert_id, struct intermediate_rows *out,
                     struct err *e) PL_MUST_USE;

#endif
