/*
 * What every row of the store has in common, and how every aggregate's functions behave.
 *
 * One file per aggregate, each with the same functions (ROW: cert, site, binding …):
 *
 *   store_ROW_insert  Adds the row inside the open operation (store/operation.h). The caller fills
 *                     the fields and may borrow what they point to; id (when zero), version, times
 *                     and node_id are filled in. Fails store.constraint when a live row has the
 *                     same natural key (the reason names it), store.text (not UTF-8).
 *   store_ROW_get     The row with this id, deleted or not; NULL when there is none.
 *   store_ROW_find    Live rows that text, as a person types it, may mean: an id, the short form of
 *                     an id, or a natural name where the aggregate has one; at most STORE_FIND_MAX,
 *                     the caller tells none from several.
 *   store_ROW_list    One page of live rows; see struct page.
 *   store_ROW_update  Writes all fields if version still stands, and counts version up in the row.
 *                     Fails store.version when the row was changed or deleted meanwhile.
 *   store_ROW_delete  The same for deleting: the row stays, deleted_ms says when.
 *
 * Rows that come from the store are one block of memory each: ROW_row_free() frees the row and all
 * it points to. Their pointer fields are const: point them elsewhere, then update. Texts are never
 * NULL in rows from the store; NULL counts as "" in rows given to it.
 *
 * All of these fail store.busy, store.full, store.readonly, store.corrupt, store.io, base.oom;
 * those that write stop the program when no operation is open.
 */
#ifndef PL_STORE_ROW_H
#define PL_STORE_ROW_H

#include "base/compiler.h"
#include "base/err.h"
#include "base/id.h"
#include "base/mem.h"

struct store;

/* The first members of every row. Times are Unix milliseconds. */
#define STORE_ROW_HEAD                                                                             \
    struct id id;                                                                                  \
    int64_t version; /* 1 when inserted, counts up with each change */                             \
    int64_t created_ms;                                                                            \
    int64_t updated_ms;                                                                            \
    int64_t deleted_ms; /* 0: live */                                                              \
    struct id node_id   /* where it was last changed */

/* Bytes that the row's memory, or the caller's, holds. */
struct bytes {
    const uint8_t *data;
    size_t len;
};

/* Texts likewise. A list's are {list.items, list.count}. */
struct texts {
    char *const *items;
    size_t count;
};

enum {
    STORE_PAGE_DEFAULT = 100,
    STORE_PAGE_MAX = 1000,
    STORE_FIND_MAX = 10,
    STORE_TEXT_MAX = 32 * 1024,    /* bytes of one text */
    STORE_TEXTS_MAX = 1024 * 1024, /* of a list of texts */
    STORE_BYTES_MAX = 64 * 1024 * 1024,
};

/*
 * Which part of a list: at most limit rows (0: STORE_PAGE_DEFAULT; capped at STORE_PAGE_MAX) after
 * a place.
 */
struct page {
    size_t limit;
    const char *after; /* the next of the page before; NULL: from the start; else store.page */
    bool is_descending;
};

#endif
