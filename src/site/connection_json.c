/* The visitor's connection as JSON. */
#include "codec/json.h"
#include "site/connection_facts.h"

#include <stdio.h>

static bool set_code(json_t *object, uint16_t code, struct err *e) {
    char text[8];
    (void)snprintf(text, sizeof(text), "0x%04x", code);
    return json_set_text(object, "code", text, e);
}

static bool set_entry(json_t *object, const struct tls_entry *entry, struct err *e) {
    const char *rating = connection_rating_text((enum tls_rating)entry->rating);
    return set_code(object, entry->code, e) &&
           (rating[0] == '\0' || json_set_text(object, "rating", rating, e)) &&
           (entry->about[0] == '\0' || json_set_text(object, "about", entry->about, e));
}

/* What was agreed; null where nothing was. */
static bool set_choice(json_t *document, const char *word, const struct connection_choice *choice,
                       struct err *e) {
    PL_AUTO(json_freep) json_t *object = NULL;
    if (choice->name[0] == '\0') {
        return json_set_taken(document, word, json_null(), e);
    }
    return json_new_object(&object, e) && json_set_text(object, "name", choice->name, e) &&
           (choice->entry == NULL || set_entry(object, choice->entry, e)) &&
           json_set_taken(document, word, PL_TAKE(object), e);
}

static bool add_number(json_t *array, const struct connection_list *list, uint16_t code,
                       struct err *e) {
    PL_AUTO(json_freep) json_t *object = NULL;
    const struct tls_entry *entry = tls_registry_find(list->kind, code);
    bool is_grease = tls_is_grease(code);
    const char *rating =
        entry == NULL ? "" : connection_rating_text((enum tls_rating)entry->rating);
    return json_new_object(&object, e) && set_code(object, code, e) &&
           json_set_text(object, "name",
                         is_grease       ? "GREASE"
                         : entry == NULL ? NULL
                                         : entry->name,
                         e) &&
           (rating[0] == '\0' || json_set_text(object, "rating", rating, e)) &&
           (!is_grease || json_set_bool(object, "is_grease", true, e)) &&
           json_add_taken(array, PL_TAKE(object), e);
}

static bool set_list(json_t *offered, const struct connection_facts *facts,
                     const struct connection_list *list, struct err *e) {
    PL_AUTO(json_freep) json_t *array = NULL;
    bool ok = json_new_array(&array, e);
    for (size_t i = 0; ok && i < client_offer_count(facts->offer, list->list); i++) {
        ok = add_number(array, list, client_offer_at(facts->offer, list->list, i), e);
    }
    return ok && json_set_taken(offered, list->word, PL_TAKE(array), e);
}

/* Any bytes: what is not UTF-8 becomes U+FFFD. */
static bool add_protocol(json_t *array, const uint8_t *name, size_t len, struct err *e) {
    char text[256];
    (void)snprintf(text, sizeof(text), "%.*s", (int)len, (const char *)name);
    PL_AUTO(json_freep) json_t *holder = NULL;
    return json_new_object(&holder, e) && json_set_text(holder, "name", text, e) &&
           json_add_taken(array, json_incref(json_object_get(holder, "name")), e);
}

static bool set_protocols(json_t *offered, const struct connection_facts *facts, struct err *e) {
    PL_AUTO(json_freep) json_t *array = NULL;
    const uint8_t *name = NULL;
    size_t len = 0;
    size_t cursor = 0;
    bool ok = json_new_array(&array, e);
    while (ok && client_offer_next_protocol(facts->offer, &cursor, &name, &len)) {
        ok = add_protocol(array, name, len, e);
    }
    return ok && json_set_taken(offered, "alpn", PL_TAKE(array), e);
}

static bool set_offered(json_t *document, const struct connection_facts *facts, struct err *e) {
    PL_AUTO(json_freep) json_t *offered = NULL;
    const struct connection_list *list = NULL;
    bool ok = json_new_object(&offered, e);
    for (size_t i = 0; ok && (list = connection_list_at(i)) != NULL; i++) {
        ok = set_list(offered, facts, list, e);
    }
    return ok && set_protocols(offered, facts, e) &&
           json_set_bool(offered, "is_cut", client_offer_is_cut(facts->offer), e) &&
           json_set_taken(document, "offered", PL_TAKE(offered), e);
}

static bool set_client(json_t *document, const struct connection_facts *facts, struct err *e) {
    PL_AUTO(json_freep) json_t *client = NULL;
    if (facts->client == NULL) {
        return json_set_taken(document, "client_certificate", json_null(), e);
    }
    return json_new_object(&client, e) &&
           json_set_text(client, "subject", facts->client->subject_text, e) &&
           json_set_text(client, "issuer", facts->client->issuer_text, e) &&
           json_set_time(client, "not_after", facts->client->not_after_ms, e) &&
           json_set_hex(client, "sha256", facts->client->sha256, sizeof(facts->client->sha256),
                        e) &&
           json_set_taken(document, "client_certificate", PL_TAKE(client), e);
}

static bool set_protocol(json_t *document, const struct connection_facts *facts, struct err *e) {
    char text[256];
    (void)snprintf(text, sizeof(text), "%.*s", (int)facts->protocol_len,
                   facts->protocol == NULL ? "" : (const char *)facts->protocol);
    return json_set_text(document, "alpn", facts->protocol_len == 0 ? NULL : text, e);
}

bool connection_append_json(const struct connection_facts *facts, struct buf *out, struct err *e) {
    PL_AUTO(json_freep) json_t *document = NULL;
    const char *name = facts->server_name[0] == '\0' ? NULL : facts->server_name;
    return json_new_object(&document, e) && set_choice(document, "version", &facts->version, e) &&
           set_choice(document, "suite", &facts->suite, e) &&
           set_choice(document, "group", &facts->group, e) &&
           set_choice(document, "signature", &facts->signature, e) &&
           json_set_bool(document, "is_resumed", facts->is_resumed, e) &&
           json_set_bool(document, "needed_retry", facts->was_retried, e) &&
           json_set_text(document, "server_name", name, e) && set_protocol(document, facts, e) &&
           json_set_text(document, "policy", facts->policy, e) && set_client(document, facts, e) &&
           json_set_text(document, "ja4", facts->ja4[0] == '\0' ? NULL : facts->ja4, e) &&
           json_set_text(document, "ja4_raw",
                         facts->ja4[0] == '\0' ? NULL : buf_string(&facts->ja4_raw), e) &&
           set_offered(document, facts, e) && json_write(document, true, out, e) &&
           buf_append_byte(out, '\n', e);
}
