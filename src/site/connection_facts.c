/* The facts of one connection. */
#include "site/connection_facts.h"

#include <string.h>

enum { JA4_RAW_MAX = 32 * 1024 };

static struct connection_choice choice(enum tls_kind kind, const char *name) {
    return (struct connection_choice){
        .name = name,
        .entry = name[0] == '\0' ? NULL : tls_registry_named(kind, name, strlen(name))};
}

/* A group that was agreed though no key for it came along at first. */
static bool was_retried(const struct connection_facts *facts) {
    return facts->version.entry != NULL && facts->version.entry->code == 0x0304 &&
           facts->group.entry != NULL && !client_offer_is_cut(facts->offer) &&
           !client_offer_has(facts->offer, CLIENT_OFFER_KEY_SHARES, facts->group.entry->code);
}

bool connection_facts_read(const struct tls_connection *connection, struct connection_facts *out,
                           struct err *e) {
    X509 *client = tls_connection_client(connection);
    *out = (struct connection_facts){
        .version = choice(TLS_KIND_VERSION, tls_connection_version(connection)),
        .suite = choice(TLS_KIND_SUITE, tls_connection_suite(connection)),
        .group = choice(TLS_KIND_GROUP, tls_connection_group(connection)),
        .signature = choice(TLS_KIND_SCHEME, tls_connection_signature(connection)),
        .is_resumed = tls_connection_is_resumed(connection),
        .server_name = tls_connection_server_name(connection),
        .policy = tls_connection_policy(connection),
        .offer = tls_connection_offer(connection),
    };
    buf_init(&out->ja4_raw, JA4_RAW_MAX);
    out->protocol_len = tls_connection_protocol(connection, &out->protocol);
    out->was_retried = was_retried(out);
    return (client == NULL || cert_from_x509(client, &out->client, e)) &&
           (client_offer_is_cut(out->offer) ||
            client_offer_ja4(out->offer, out->ja4, &out->ja4_raw, e));
}

void connection_facts_clear(struct connection_facts *facts) {
    cert_free(facts->client);
    buf_clear(&facts->ja4_raw);
    *facts = (struct connection_facts){0};
}

const struct connection_list *connection_list_at(size_t index) {
    static const struct connection_list lists[] = {
        {CLIENT_OFFER_VERSIONS, TLS_KIND_VERSION, "versions", "Versions",
         "Programs that know TLS 1.3 list their versions here; older ones name the newest alone."},
        {CLIENT_OFFER_SUITES, TLS_KIND_SUITE, "suites", "Cipher suites",
         "How data can be encrypted, in the client’s order of preference."},
        {CLIENT_OFFER_GROUPS, TLS_KIND_GROUP, "groups", "Groups for the key exchange",
         "Where the two sides can meet to agree on a secret, in the client’s order."},
        {CLIENT_OFFER_KEY_SHARES, TLS_KIND_GROUP, "key_shares", "Keys sent along",
         "Groups for which the client sent a key at once; any other costs a round trip more."},
        {CLIENT_OFFER_SCHEMES, TLS_KIND_SCHEME, "signatures", "Signature algorithms",
         "With which the server may prove that it has the certificate’s key."},
        {CLIENT_OFFER_EXTENSIONS, TLS_KIND_EXTENSION, "extensions", "Extensions",
         "What else the first message says, in the order sent."},
    };
    return index < PL_ARRAY_LEN(lists) ? &lists[index] : NULL;
}

const char *connection_rating_text(enum tls_rating rating) {
    switch (rating) {
    case TLS_RATING_GOOD:
        return "good";
    case TLS_RATING_FAIR:
        return "fair";
    case TLS_RATING_POOR:
        return "poor";
    case TLS_RATING_NONE:
        break;
    }
    return "";
}

bool connection_is_chosen(const struct connection_facts *facts, enum client_offer_list list,
                          uint16_t code) {
    const struct tls_entry *entry = NULL;
    switch (list) {
    case CLIENT_OFFER_VERSIONS:
        entry = facts->version.entry;
        break;
    case CLIENT_OFFER_SUITES:
        entry = facts->suite.entry;
        break;
    case CLIENT_OFFER_GROUPS:
    case CLIENT_OFFER_KEY_SHARES:
        entry = facts->group.entry;
        break;
    case CLIENT_OFFER_SCHEMES:
        entry = facts->signature.entry;
        break;
    case CLIENT_OFFER_EXTENSIONS:
    case CLIENT_OFFER_LIST_COUNT:
        break;
    }
    return entry != NULL && entry->code == code;
}
