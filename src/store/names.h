/*
 * Names of certificates, indexed: each exactly, and each under every domain above it, so that "all
 * below example.com, by expiry" is read along one index. Private to src/store.
 *
 * Limits: names of more than NAMES_INDEXED_MAX bytes are not indexed (no host name is that long);
 * a name is listed under itself and at most NAMES_DOMAINS_MAX domains above it, without the
 * topmost.
 */
#ifndef PL_STORE_NAMES_H
#define PL_STORE_NAMES_H

#include "store/row.h"

enum { NAMES_INDEXED_MAX = 253, NAMES_DOMAINS_MAX = 8 };
enum names_kind { NAMES_EXACT = 0, NAMES_UNDER = 1 };

struct names_index {
    const char *table;        /* "cert_names" */
    const char *owner_column; /* "cert_id" */
    bool has_friendly_name;
};

struct named {
    const struct id *owner;
    const struct texts *names;
    int64_t not_after_ms;
    const char *friendly_name; /* with has_friendly_name */
};

bool names_add(struct store *store, const struct names_index *index, const struct named *named,
               struct err *e) PL_MUST_USE;
bool names_remove(struct store *store, const struct names_index *index, const struct id *owner,
                  struct err *e) PL_MUST_USE;

/* Calls put for the name and each domain above it (for addresses and the like: for itself alone),
 * lower case. */
bool names_each_domain(const char *name,
                       bool (*put)(void *user, enum names_kind kind, const char *domain,
                                   struct err *e),
                       void *user, struct err *e) PL_MUST_USE;

#endif
