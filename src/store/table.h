/*
 * How rows are mapped: each aggregate describes its columns once, and everything else (SQL,
 * reading, writing, images, comparing) follows from that. Private to src/store.
 */
#ifndef PL_STORE_TABLE_H
#define PL_STORE_TABLE_H

#include "base/arena.h"
#include "base/buf.h"
#include "store/db.h"
#include "store/row.h"

enum column_kind {
    COLUMN_ID,
    COLUMN_ID_OPTIONAL, /* zero is NULL */
    COLUMN_INT64,
    COLUMN_INT64_OPTIONAL, /* 0 is NULL */
    COLUMN_INT,
    COLUMN_UNSIGNED,
    COLUMN_BOOL,
    COLUMN_WORD, /* an enum from 0, stored as its word */
    COLUMN_TEXT,
    COLUMN_TEXT_OPTIONAL, /* "" is NULL */
    COLUMN_TEXTS,         /* lines; control characters in them are written as escapes */
    COLUMN_BYTES,
    COLUMN_BYTES_OPTIONAL, /* none is NULL */
    COLUMN_FIXED,          /* an array of bytes */
};

struct column {
    const char *name;
    enum column_kind kind;
    bool is_sealed;  /* never in images */
    bool is_counter; /* written when inserted, then by statements of its own; not in images */
    size_t offset;
    size_t size;
    const char *const *words; /* COLUMN_WORD, in the enum's order */
    size_t word_count;
};

enum { TABLE_COLUMNS_MAX = 32 };

struct table {
    const char *name;
    const char *noun;  /* "site": for messages */
    const char *taken; /* why a constraint fails: "a site of this name is already there" */
    const struct column *columns; /* the first is id */
    size_t column_count;
    size_t row_size;
    /* Keeps rows derived from this one (indexes of names) in step; NULL for none. */
    bool (*after_write)(struct store *store, const void *row, struct err *e);
};

#define COLUMN(type, field, column_kind)                                                           \
    {                                                                                              \
        .name = #field, .kind = (column_kind), .offset = offsetof(struct type, field),             \
        .size = sizeof(((struct type *)NULL)->field)                                               \
    }
#define COLUMN_SEALED(type, field)                                                                 \
    {                                                                                              \
        .name = #field, .kind = COLUMN_BYTES, .is_sealed = true,                                   \
        .offset = offsetof(struct type, field)                                                     \
    }
#define COLUMN_COUNTER(type, field)                                                                \
    {                                                                                              \
        .name = #field, .kind = COLUMN_INT64, .is_counter = true,                                  \
        .offset = offsetof(struct type, field)                                                     \
    }
#define COLUMN_OF_WORDS(type, field, list)                                                         \
    {                                                                                              \
        .name = #field, .kind = COLUMN_WORD, .offset = offsetof(struct type, field),               \
        .words = (list), .word_count = PL_ARRAY_LEN(list)                                          \
    }
#define HEAD_COLUMNS(type)                                                                         \
    COLUMN(type, id, COLUMN_ID), COLUMN(type, version, COLUMN_INT64),                              \
        COLUMN(type, created_ms, COLUMN_INT64), COLUMN(type, updated_ms, COLUMN_INT64),            \
        COLUMN(type, deleted_ms, COLUMN_INT64_OPTIONAL), COLUMN(type, node_id, COLUMN_ID)
enum { HEAD_COLUMN_COUNT = 6 };

/* What every row begins with. */
struct row_head {
    STORE_ROW_HEAD;
};

/* --- values: a column's content between a row, SQL and JSON
 * --------------------------------------- */

enum value_kind { VALUE_NULL, VALUE_INT64, VALUE_TEXT, VALUE_BLOB };

struct value {
    enum value_kind kind;
    int64_t number;
    const void *data; /* a text is NUL-terminated */
    size_t len;
};

/* The column's value in row, borrowed from it or made in memory. Fails store.text, base.oom,
 * base.limit. */
bool column_value(const struct column *column, const void *row, struct arena *memory,
                  struct value *out, struct err *e) PL_MUST_USE;
bool value_equal(const struct value *a, const struct value *b);

/* NULL when the table has none of that name. */
const struct column *table_column(const struct table *table, const char *name);

/* The current result row, whose columns are the table's in order: one block of memory, mem_free().
 */
bool row_read(const struct db_statement *statement, const struct table *table, void **out_row,
              struct err *e) PL_MUST_USE;

struct rows {
    void **items;
    size_t count;
    char *next;
};
void rows_clear(struct rows *rows);

/* --- reading and writing whole rows
 * ---------------------------------------------------------------- */

/* NULL when there is none. */
bool table_get(struct store *store, const struct table *table, const struct id *id, void **out_row,
               struct err *e) PL_MUST_USE;
/* Live rows whose id, or short id, text is. */
bool table_find(struct store *store, const struct table *table, const char *text, struct rows *out,
                struct err *e) PL_MUST_USE;
/* See store/row.h for what these do. row begins with a struct row_head. */
bool table_insert(struct store *store, const struct table *table, void *row, struct err *e)
    PL_MUST_USE;
bool table_update(struct store *store, const struct table *table, void *row, struct err *e)
    PL_MUST_USE;
bool table_delete(struct store *store, const struct table *table, void *row, struct err *e)
    PL_MUST_USE;

/* Every table whose changes are recorded; NULL when there is none of that name. */
const struct table *table_by_name(const char *name);

#endif
