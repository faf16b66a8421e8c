/*
 * What is told of a visitor's own connection: read once from the TLS connection, then written as
 * JSON or as a page. Private to site/.
 */
#ifndef PL_SITE_CONNECTION_FACTS_H
#define PL_SITE_CONNECTION_FACTS_H

#include "base/buf.h"
#include "pki/cert.h"
#include "tls/connection.h"
#include "tls/registry.h"

/* Something agreed: its name, "" when there is none, and what is known of it (NULL: nothing). */
struct connection_choice {
    const char *name;
    const struct tls_entry *entry;
};

/* Borrows from the connection. Clear works on a zeroed struct. */
struct connection_facts {
    struct connection_choice version;
    struct connection_choice suite;
    struct connection_choice group;     /* none in a resumed TLS 1.2 session */
    struct connection_choice signature; /* none in a resumed session */
    bool is_resumed;
    bool was_retried; /* HelloRetryRequest: the client's keys were for other groups */
    const char *server_name;
    const char *policy;
    const uint8_t *protocol;
    size_t protocol_len;
    struct cert *client; /* NULL: it showed none */
    const struct client_offer *offer;
    char ja4[CLIENT_OFFER_JA4_SIZE]; /* "" when the offer was cut */
    struct buf ja4_raw;
};

bool connection_facts_read(const struct tls_connection *connection, struct connection_facts *out,
                           struct err *e) PL_MUST_USE;
void connection_facts_clear(struct connection_facts *facts);

/* Each list of the offer: its word in JSON, its title, and what its numbers are. */
struct connection_list {
    enum client_offer_list list;
    enum tls_kind kind;
    const char *word;
    const char *title;
    const char *about; /* a sentence */
};
const struct connection_list *connection_list_at(size_t index); /* NULL at the end */

/* "good", "fair", "poor"; "" where nothing is rated. */
const char *connection_rating_text(enum tls_rating rating);
/* The number that was chosen of a list; false: none, or not from this list. */
bool connection_is_chosen(const struct connection_facts *facts, enum client_offer_list list,
                          uint16_t code);

/* Appends the document. Fails base.oom, base.limit. */
bool connection_append_json(const struct connection_facts *facts, struct buf *out, struct err *e)
    PL_MUST_USE;
bool connection_append_html(const struct connection_facts *facts, struct buf *out, struct err *e)
    PL_MUST_USE;

#endif
