/* Sightings. */
#include "store/sightings.h"

#include "store/aggregate.h"

static const char *const state_words[] = {"seen", "unreachable", "not_tls"};

const char *sighting_state_text(enum sighting_state state) {
    return state_words[state];
}

void sighting_set_state(struct sighting_row *row, enum sighting_state state) {
    row->state = state;
}

static const struct column columns[] = {
    HEAD_COLUMNS(sighting_row),
    COLUMN(sighting_row, listener, COLUMN_TEXT),
    COLUMN(sighting_row, address, COLUMN_TEXT),
    COLUMN(sighting_row, port, COLUMN_UNSIGNED),
    COLUMN(sighting_row, host, COLUMN_TEXT),
    COLUMN(sighting_row, seen_ms, COLUMN_INT64),
    COLUMN(sighting_row, tried_ms, COLUMN_INT64),
    COLUMN_OF_WORDS(sighting_row, state, state_words),
    COLUMN(sighting_row, sha256, COLUMN_FIXED),
    COLUMN(sighting_row, subject, COLUMN_TEXT),
    COLUMN(sighting_row, issuer, COLUMN_TEXT),
    COLUMN(sighting_row, not_after_ms, COLUMN_INT64),
    COLUMN(sighting_row, fault, COLUMN_TEXT),
    COLUMN(sighting_row, der, COLUMN_BYTES),
};

const struct table sightings_table = {
    .name = "sightings",
    .noun = "sighting",
    .taken = "this listener was seen already",
    .columns = columns,
    .column_count = PL_ARRAY_LEN(columns),
    .row_size = sizeof(struct sighting_row),
};

DEFINE_ROWS(sighting, sightings_table)
DEFINE_GET(sighting, sightings_table)
DEFINE_WRITE(sighting, insert, sightings_table)
DEFINE_WRITE(sighting, update, sightings_table)
DEFINE_WRITE(sighting, delete, sightings_table)

bool store_sighting_find_listener(struct store *store, const char *listener,
                                  struct sighting_row **out_row, struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &sightings_table, e);
    query_sql(&q, " AND t.listener = ");
    query_text(&q, listener);
    return sighting_one(&q, store, out_row, e);
}

bool store_sighting_list(struct store *store, bool is_by_end, const struct page *page,
                         struct sighting_rows *out, struct err *e) {
    static const struct listing by_end = {.table = &sightings_table,
                                          .from = "sightings t",
                                          .alias = "t",
                                          .id_column = "id",
                                          .key = "not_after_ms"};
    static const struct listing by_listener = {.table = &sightings_table,
                                               .from = "sightings t",
                                               .alias = "t",
                                               .id_column = "id",
                                               .key = "listener",
                                               .is_key_unique = true};
    PL_AUTO(query_clear) struct query q;
    query_select_live(&q, &sightings_table, e);
    return sighting_page(&q, store, is_by_end ? &by_end : &by_listener, page, out, e);
}
