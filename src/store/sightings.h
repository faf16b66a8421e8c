/*
 * What was seen on the wire: the newest sight of each listener and name.
 * The common functions: store/row.h. Text for find: id.
 */
#ifndef PL_STORE_SIGHTINGS_H
#define PL_STORE_SIGHTINGS_H

#include "store/store.h"

enum sighting_state { SIGHTING_SEEN, SIGHTING_UNREACHABLE, SIGHTING_NOT_TLS };
const char *sighting_state_text(enum sighting_state state); /* "seen", "unreachable", "not_tls" */

struct sighting_row {
    STORE_ROW_HEAD;
    const char *listener; /* "www.example.com@192.0.2.1:443"; unique among live sightings */
    const char *address;  /* that answered, or that was tried */
    unsigned port;
    const char *host; /* asked for by SNI; "" none */
    int64_t seen_ms;  /* when the certificate was seen; 0: never */
    int64_t tried_ms; /* the newest look */
    enum sighting_state state;
    uint8_t sha256[32]; /* of the certificate; zeros: none was ever seen */
    const char *subject;
    const char *issuer;
    int64_t not_after_ms; /* 0: none was ever seen */
    const char *fault;    /* the worst finding's code; "" none */
    struct bytes der;
};
struct sighting_rows {
    struct sighting_row **items;
    size_t count;
    char *next; /* for page.after; NULL: that was all */
};
/* The one writer of the state. */
void sighting_set_state(struct sighting_row *row, enum sighting_state state);
void sighting_row_free(struct sighting_row *row);
PL_DEFINE_FREEP(sighting_row_freep, struct sighting_row, sighting_row_free)
void sighting_rows_clear(struct sighting_rows *rows);

bool store_sighting_insert(struct store *store, struct sighting_row *row, struct err *e)
    PL_MUST_USE;
bool store_sighting_get(struct store *store, const struct id *id, struct sighting_row **out_row,
                        struct err *e) PL_MUST_USE;
bool store_sighting_update(struct store *store, struct sighting_row *row, struct err *e)
    PL_MUST_USE;
bool store_sighting_delete(struct store *store, struct sighting_row *row, struct err *e)
    PL_MUST_USE;
/* The live one; NULL when there is none. */
bool store_sighting_find_listener(struct store *store, const char *listener,
                                  struct sighting_row **out_row, struct err *e) PL_MUST_USE;
/* By listener, or by the end of what was seen. */
bool store_sighting_list(struct store *store, bool is_by_end, const struct page *page,
                         struct sighting_rows *out, struct err *e) PL_MUST_USE;

#endif
