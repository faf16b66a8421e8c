/*
 * The typed functions that every aggregate has, over store/table.h and store/query.h. Private to
 * src/store.
 */
#ifndef PL_STORE_AGGREGATE_H
#define PL_STORE_AGGREGATE_H

#include "store/query.h"
#include "store/tables.h"

/*
 * name_row_free(), name_rows_clear(), and for the file itself: name_one() the first row of a query
 * or NULL, name_many() at most max rows, name_page() a page.
 */
#define DEFINE_ROWS(name, table)                                                                   \
    void name##_row_free(struct name##_row *row) {                                                 \
        mem_free(row);                                                                             \
    }                                                                                              \
    void name##_rows_clear(struct name##_rows *rows) {                                             \
        rows_clear(&(struct rows){(void **)rows->items, rows->count, rows->next});                 \
        *rows = (struct name##_rows){0};                                                           \
    }                                                                                              \
    PL_UNUSED static inline bool name##_one(struct query *q, struct store *store,                  \
                                            struct name##_row **out_row, struct err *e) {          \
        void *row = NULL;                                                                          \
        if (!query_one(q, store, &(table), &row, e)) {                                             \
            return false;                                                                          \
        }                                                                                          \
        *out_row = row;                                                                            \
        return true;                                                                               \
    }                                                                                              \
    PL_UNUSED static inline void name##_rows_take(struct rows *from, struct name##_rows *out) {    \
        *out = (struct name##_rows){(struct name##_row **)from->items, from->count, from->next};   \
        *from = (struct rows){0};                                                                  \
    }                                                                                              \
    PL_UNUSED static inline bool name##_many(struct query *q, struct store *store, size_t max,     \
                                             struct name##_rows *out, struct err *e) {             \
        struct rows rows = {0};                                                                    \
        if (!query_many(q, store, &(table), max, &rows, e)) {                                      \
            return false;                                                                          \
        }                                                                                          \
        name##_rows_take(&rows, out);                                                              \
        return true;                                                                               \
    }                                                                                              \
    PL_UNUSED static inline bool name##_page(                                                      \
        struct query *q, struct store *store, const struct listing *listing,                       \
        const struct page *page, struct name##_rows *out, struct err *e) {                         \
        struct rows rows = {0};                                                                    \
        if (!query_page_end(q, store, listing, page, &rows, e)) {                                  \
            return false;                                                                          \
        }                                                                                          \
        name##_rows_take(&rows, out);                                                              \
        return true;                                                                               \
    }

/* store_NAME_get() */
#define DEFINE_GET(name, table)                                                                    \
    bool store_##name##_get(struct store *store, const struct id *id, struct name##_row **out_row, \
                            struct err *e) {                                                       \
        void *row = NULL;                                                                          \
        if (!table_get(store, &(table), id, &row, e)) {                                            \
            return false;                                                                          \
        }                                                                                          \
        *out_row = row;                                                                            \
        return true;                                                                               \
    }

/* store_NAME_find() of what has no other name than its id. */
#define DEFINE_FIND_ID(name, table)                                                                \
    bool store_##name##_find(struct store *store, const char *text, struct name##_rows *out,       \
                             struct err *e) {                                                      \
        struct rows rows = {0};                                                                    \
        if (!table_find(store, &(table), text, &rows, e)) {                                        \
            return false;                                                                          \
        }                                                                                          \
        name##_rows_take(&rows, out);                                                              \
        return true;                                                                               \
    }

/* store_NAME_insert(), _update(), _delete() */
#define DEFINE_WRITE(name, verb, table)                                                            \
    bool store_##name##_##verb(struct store *store, struct name##_row *row, struct err *e) {       \
        return table_##verb(store, &(table), row, e);                                              \
    }

/* By age: ids are in the order of making. */
#define LISTING_BY_AGE(rows_table, sql_name)                                                       \
    { .table = &(rows_table), .from = sql_name " t", .alias = "t", .id_column = "id" }

#endif
