/*
 * SELECT statements put together piece by piece, and pages of them. Private to src/store.
 *
 * The first failure is kept: the pieces after it do nothing, and running the query fails with it.
 * Values are copied. Limits: QUERY_SQL_MAX bytes, QUERY_VALUES_MAX values.
 */
#ifndef PL_STORE_QUERY_H
#define PL_STORE_QUERY_H

#include "store/table.h"

enum { QUERY_SQL_MAX = 8 * 1024, QUERY_VALUES_MAX = 48 };

struct query {
    struct buf sql;
    struct arena memory;
    struct value values[QUERY_VALUES_MAX];
    size_t value_count;
    bool has_failed;
    struct err *e;
};

void query_init(struct query *q, struct err *e);
/* Begins "SELECT … FROM table t WHERE TRUE"; conditions begin with " AND ". */
void query_select(struct query *q, const struct table *table, struct err *e);
/* Begins it with the condition that the row is live. */
void query_select_live(struct query *q, const struct table *table, struct err *e);
void query_clear(struct query *q);
void query_sql(struct query *q, const char *sql);
/* "t.id, t.version, …" */
void query_columns(struct query *q, const struct table *table, const char *alias);
/* Each writes the next placeholder. */
void query_value(struct query *q, const struct value *value);
void query_int64(struct query *q, int64_t value);
void query_text(struct query *q, const char *value);
void query_blob(struct query *q, const void *bytes, size_t len);
void query_id(struct query *q, const struct id *id);
/* The column's value in row. */
void query_column(struct query *q, const struct column *column, const void *row);

/* A whole INSERT of the row. */
void query_insert(struct query *q, const struct table *table, const void *row);

/* Prepared and bound; the query must live until the release. */
bool query_start(struct query *q, struct db *db, struct db_statement **out_statement, struct err *e)
    PL_MUST_USE;
/* For statements that answer nothing; out_changed may be NULL. */
bool query_run(struct query *q, struct db *db, int64_t *out_changed, struct err *e) PL_MUST_USE;
/* The first row; NULL when there is none. */
bool query_one(struct query *q, struct store *store, const struct table *table, void **out_row,
               struct err *e) PL_MUST_USE;
/* At most max rows. */
bool query_many(struct query *q, struct store *store, const struct table *table, size_t max,
                struct rows *out, struct err *e) PL_MUST_USE;

/*
 * One page of a table, or of a table joined with an index of its own:
 *
 *     query_page_begin(&q, &listing);         SELECT … FROM … WHERE TRUE
 *     query_sql(&q, " AND t.state = "), …      conditions
 *     query_page_end(…)                        AND (key, id) > (…) ORDER BY key, id LIMIT …
 *
 * The page is read along an index that begins with the looked-up columns and goes on with key and
 * id.
 */
struct listing {
    const struct table *table; /* alias t */
    const char *from;          /* "certs t" */
    const char *alias;         /* where key and id are taken from: "t", "n" */
    const char *id_column;     /* "id", "cert_id" */
    const char *key;           /* a column of the table; NULL: by id alone */
    bool is_key_unique;        /* the key alone gives the order */
};
void query_page_begin(struct query *q, const struct listing *listing);
bool query_page_end(struct query *q, struct store *store, const struct listing *listing,
                    const struct page *page, struct rows *out, struct err *e) PL_MUST_USE;
/*
 * " AND t.column operator value"; is_tested: no index is looked up for it, so that the page's own
 * order stays in charge.
 */
enum query_use { QUERY_LOOKED_UP, QUERY_TESTED };
void query_where(struct query *q, enum query_use use, const char *column, const char *operator_sql);

#endif
