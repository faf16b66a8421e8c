/* The index of names: rows derived from certificates, written with them. */
#include "store/names.h"

#include "base/str.h"
#include "store/handle.h"
#include "store/query.h"

#include <string.h>

/* Addresses, mail addresses and URIs have no domain above them that anyone would list them by. */
static bool is_host_name(const char *name) {
    bool has_letter = false;
    for (const char *at = name; *at != '\0'; at++) {
        if (*at == ':' || *at == '@' || *at == '/') {
            return false;
        }
        has_letter |= str_is_alpha(*at);
    }
    return has_letter;
}

/* The part after the first dot; NULL when that is the topmost domain, or nothing. */
static const char *domain_above(const char *name) {
    const char *dot = strchr(name, '.');
    return dot != NULL && strchr(dot + 1, '.') != NULL ? dot + 1 : NULL;
}

/* The name without its first labels, so that no more than NAMES_DOMAINS_MAX domains are above it.
 */
static const char *skip_deep_labels(const char *name) {
    size_t count = 0;
    for (const char *at = name; at != NULL; at = domain_above(at)) {
        count++;
    }
    for (; count > NAMES_DOMAINS_MAX + 1; count--) {
        name = domain_above(name);
    }
    return name;
}

bool names_each_domain(const char *name,
                       bool (*put)(void *user, enum names_kind kind, const char *domain,
                                   struct err *e),
                       void *user, struct err *e) {
    char lower[NAMES_INDEXED_MAX + 1];
    if (name[0] == '\0' || !str_copy(lower, sizeof(lower), name)) {
        return true;
    }
    str_lower(lower);
    if (!put(user, NAMES_EXACT, lower, e) || !put(user, NAMES_UNDER, lower, e)) {
        return false;
    }
    if (!is_host_name(lower)) {
        return true;
    }
    const char *at = domain_above(skip_deep_labels(lower));
    for (; at != NULL; at = domain_above(at)) {
        if (!put(user, NAMES_UNDER, at, e)) {
            return false;
        }
    }
    return true;
}

struct adding {
    struct store *store;
    const struct names_index *index;
    const struct named *named;
};

static bool add_one(void *user, enum names_kind kind, const char *domain, struct err *e) {
    const struct adding *adding = user;
    PL_AUTO(query_clear) struct query q;
    query_init(&q, e);
    query_sql(&q, "INSERT INTO ");
    query_sql(&q, adding->index->table);
    query_sql(&q, " (kind, name, ");
    query_sql(&q, adding->index->owner_column);
    query_sql(&q, adding->index->has_friendly_name ? ", not_after_ms, friendly_name) VALUES ("
                                                   : ", not_after_ms) VALUES (");
    query_int64(&q, kind);
    query_sql(&q, ", ");
    query_text(&q, domain);
    query_sql(&q, ", ");
    query_id(&q, adding->named->owner);
    query_sql(&q, ", ");
    query_int64(&q, adding->named->not_after_ms);
    if (adding->index->has_friendly_name) {
        query_sql(&q, ", ");
        query_text(&q, adding->named->friendly_name);
    }
    query_sql(&q, ") ON CONFLICT DO NOTHING");
    return query_run(&q, adding->store->db, NULL, e);
}

bool names_add(struct store *store, const struct names_index *index, const struct named *named,
               struct err *e) {
    struct adding adding = {store, index, named};
    for (size_t i = 0; i < named->names->count; i++) {
        if (!names_each_domain(named->names->items[i], add_one, &adding, e)) {
            return false;
        }
    }
    return true;
}

bool names_remove(struct store *store, const struct names_index *index, const struct id *owner,
                  struct err *e) {
    PL_AUTO(query_clear) struct query q;
    query_init(&q, e);
    query_sql(&q, "DELETE FROM ");
    query_sql(&q, index->table);
    query_sql(&q, " WHERE ");
    query_sql(&q, index->owner_column);
    query_sql(&q, " = ");
    query_id(&q, owner);
    return query_run(&q, store->db, NULL, e);
}
