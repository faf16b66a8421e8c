/* TLS policies: checked against the words, the library and the bindings before anything changes. */
#include "ops/policies.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "ops/bindings.h"
#include "ops/context.h"
#include "store/certs.h"
#include "tls/policy_words.h"

#include <openssl/ssl.h>

#include <stdio.h>
#include <string.h>

enum { POLICY_ABOUT_MAX = 200, POLICIES_MAX = 10 * 1000 };

void policy_found_clear(struct policy_found *found) {
    mem_free(found->owned);
    tls_policy_row_free(found->row);
    *found = (struct policy_found){0};
}

/* --- rows and words ---------------------------------------------------------------------------
 */

/* The three lists of a policy, in words. Clear works on a zeroed struct. */
struct policy_lists {
    struct list suites;
    struct list groups;
    struct list schemes;
};

static void policy_lists_clear(struct policy_lists *lists) {
    list_clear(&lists->suites);
    list_clear(&lists->groups);
    list_clear(&lists->schemes);
}

static void policy_lists_init(struct policy_lists *lists) {
    list_init(&lists->suites, TLS_POLICY_NAMES_MAX);
    list_init(&lists->groups, TLS_POLICY_NAMES_MAX);
    list_init(&lists->schemes, TLS_POLICY_NAMES_MAX);
}

static bool add_all(struct list *out, const struct texts *texts, struct err *e) {
    for (size_t i = 0; i < texts->count; i++) {
        if (!list_add(out, texts->items[i], e)) {
            return false;
        }
    }
    return true;
}

static struct texts texts_of(const struct list *list) {
    return (struct texts){.items = list->items, .count = list->count};
}

static struct tls_policy_words words_of(const struct tls_policy_row *row,
                                        const struct policy_lists *lists) {
    return (struct tls_policy_words){.name = row->name,
                                     .about = row->about,
                                     .version_min = row->version_min,
                                     .version_max = row->version_max,
                                     .suites = &lists->suites,
                                     .groups = &lists->groups,
                                     .schemes = &lists->schemes};
}

bool ops_policy_from_row(const struct tls_policy_row *row, struct tls_policy **out_policy,
                         struct err *e) {
    PL_AUTO(policy_lists_clear) struct policy_lists lists = {0};
    policy_lists_init(&lists);
    if (!add_all(&lists.suites, &row->suite_names, e) ||
        !add_all(&lists.groups, &row->group_names, e) ||
        !add_all(&lists.schemes, &row->scheme_names, e)) {
        return false;
    }
    const struct tls_policy_words words = words_of(row, &lists);
    return tls_policy_from_words(&words, out_policy, e);
}

static bool read_lists(const struct tls_policy *policy, struct policy_lists *out, struct err *e) {
    return tls_policy_names(TLS_KIND_SUITE, policy->suites_tls13, &out->suites, e) &&
           tls_policy_names(TLS_KIND_SUITE, policy->suites_tls12, &out->suites, e) &&
           tls_policy_names(TLS_KIND_GROUP, policy->groups, &out->groups, e) &&
           tls_policy_names(TLS_KIND_SCHEME, policy->signature_schemes, &out->schemes, e);
}

/* --- finding ----------------------------------------------------------------------------------
 */

bool ops_policy_pick(struct ops *ops, const char *name, struct policy_found *out_found,
                     struct err *e) {
    *out_found = (struct policy_found){.policy = tls_policy_find(name)};
    if (out_found->policy == NULL) {
        if (!store_tls_policy_find_name(ops->store, name, &out_found->row, e)) {
            return false;
        }
        if (out_found->row == NULL) {
            (void)err_set(e, ERR_OPS_POLICY_MISSING, "there is no TLS policy \"%.60s\"", name);
            return err_hint(e, "\"padlock policy list\" shows all; \"padlock policy add NAME\" "
                               "makes one");
        }
        if (!ops_policy_from_row(out_found->row, &out_found->owned, e)) {
            return err_wrap(e, "the TLS policy \"%.60s\" cannot be used", out_found->row->name);
        }
        out_found->policy = out_found->owned;
    }
    return true;
}

bool ops_policy_use_count(struct ops *ops, const struct policy_found *found, size_t *out_count,
                          struct err *e) {
    const struct binding_filter filter = {.tls_policy = found->policy->name};
    const struct page page = {.limit = STORE_PAGE_MAX};
    PL_AUTO(binding_rows_clear) struct binding_rows rows = {0};
    if (!store_binding_list(ops->store, &filter, BINDING_SORT_AGE, &page, &rows, e)) {
        return false;
    }
    *out_count = rows.count;
    return true;
}

/* --- what is wished ---------------------------------------------------------------------------
 */

static bool check_name(const char *name, struct err *e) {
    size_t len = strlen(name);
    bool is_fine = len > 0 && len <= POLICY_NAME_MAX;
    for (size_t i = 0; i < len; i++) {
        is_fine = is_fine && (str_is_alpha(name[i]) || str_is_digit(name[i]) ||
                              (i > 0 && strchr("-_.", name[i]) != NULL));
    }
    if (is_fine) {
        return true;
    }
    (void)err_set(e, ERR_OPS_POLICY_NAME, "\"%.100s\" cannot be a TLS policy's name", name);
    return err_hint(e, "1 to %d letters, digits, \"-\", \"_\", \".\"", POLICY_NAME_MAX);
}

static bool refuse_taken(struct ops *ops, const char *name, struct err *e) {
    PL_AUTO(tls_policy_row_freep) struct tls_policy_row *taken = NULL;
    const struct tls_policy *built_in = NULL;
    for (size_t i = 0; tls_policy_at(i) != NULL; i++) {
        built_in = str_equal_nocase(tls_policy_at(i)->name, name) ? tls_policy_at(i) : built_in;
    }
    if (built_in != NULL) {
        (void)err_set(e, ERR_OPS_POLICY_EXISTS, "there is a built-in TLS policy \"%s\"",
                      built_in->name);
        return err_hint(e, "take another name, and --from %s", built_in->name);
    }
    if (!store_tls_policy_find_name(ops->store, name, &taken, e)) {
        return false;
    }
    if (taken == NULL) {
        return true;
    }
    (void)err_set(e, ERR_OPS_POLICY_EXISTS, "there is a TLS policy \"%.63s\" already", taken->name);
    return err_hint(e, "\"padlock policy set %.63s\" changes it", taken->name);
}

/* One list: what is named, or what the base has and the versions can use. */
static bool choose_list(enum tls_kind kind, const char *named, const struct tls_policy_row *row,
                        struct list *base, struct err *e) {
    if (named == NULL) {
        tls_policy_drop_unused(kind, row->version_min, row->version_max, base);
        return true;
    }
    list_clear(base);
    list_init(base, TLS_POLICY_NAMES_MAX);
    return tls_policy_parse_names(kind, named, base, e);
}

/* The library must be able to do it, too. */
static bool try_library(const struct tls_policy *policy, struct err *e) {
    SSL_CTX *context = NULL;
    if (!tls_policy_new_context(policy, NULL, &context, e)) {
        return false;
    }
    SSL_CTX_free(context);
    return true;
}

/*
 * The row as wished, from the base. Its texts lie in the wish, the base and lists. Tried out:
 * out_policy is what it comes to.
 */
static bool plan(const struct policy_wish *wish, const struct tls_policy *base,
                 struct policy_lists *lists, struct tls_policy_row *row,
                 struct tls_policy **out_policy, struct err *e) {
    row->version_min = base->version_min;
    row->version_max = base->version_max;
    policy_lists_init(lists);
    if (wish->about != NULL && strlen(wish->about) > POLICY_ABOUT_MAX) {
        return err_set(e, ERR_TLS_POLICY_WORD, "the sentence about it has more than %d bytes",
                       POLICY_ABOUT_MAX);
    }
    if ((wish->versions != NULL &&
         !tls_policy_parse_versions(wish->versions, &row->version_min, &row->version_max, e)) ||
        !read_lists(base, lists, e) ||
        !choose_list(TLS_KIND_SUITE, wish->suites, row, &lists->suites, e) ||
        !choose_list(TLS_KIND_GROUP, wish->groups, row, &lists->groups, e) ||
        !choose_list(TLS_KIND_SCHEME, wish->schemes, row, &lists->schemes, e)) {
        return false;
    }
    row->suite_names = texts_of(&lists->suites);
    row->group_names = texts_of(&lists->groups);
    row->scheme_names = texts_of(&lists->schemes);
    const struct tls_policy_words words = words_of(row, lists);
    PL_AUTO(mem_freep) struct tls_policy *policy = NULL;
    if (!tls_policy_from_words(&words, &policy, e) || !try_library(policy, e)) {
        return false;
    }
    *out_policy = PL_TAKE(policy);
    return true;
}

/* --- changes ----------------------------------------------------------------------------------
 */

bool ops_policy_add(struct ops *ops, const struct policy_wish *wish, struct policy_found *out_found,
                    struct err *e) {
    PL_AUTO(policy_found_clear) struct policy_found base = {0};
    PL_AUTO(policy_lists_clear) struct policy_lists lists = {0};
    char title[OPERATION_TITLE_MAX];
    *out_found = (struct policy_found){0};
    struct tls_policy_row row = {.name = wish->name};
    if (!check_name(wish->name, e) || !refuse_taken(ops, wish->name, e) ||
        !ops_policy_pick(ops, wish->base == NULL ? tls_policy_default()->name : wish->base, &base,
                         e)) {
        return false;
    }
    row.about = wish->about == NULL ? "" : wish->about;
    if (!plan(wish, base.policy, &lists, &row, &out_found->owned, e)) {
        return false;
    }
    out_found->policy = out_found->owned;
    (void)snprintf(title, sizeof(title), "policy add %s", wish->name);
    PL_AUTO(operation_rollback) struct operation op = {0};
    return ops_begin(ops, &op, title, true, e) && store_tls_policy_insert(ops->store, &row, e) &&
           ops_audit(ops, "policy.add", "tls policy", &row.id, wish->name, e) &&
           store_tls_policy_get(ops->store, &row.id, &out_found->row, e) && ops_end(ops, &op, e);
}

static bool refuse_built_in(const struct policy_found *found, struct err *e) {
    if (found->row != NULL) {
        return true;
    }
    (void)err_set(e, ERR_OPS_POLICY_BUILT_IN, "\"%s\" is built in", found->policy->name);
    return err_hint(e, "\"padlock policy add NAME --from %s\" makes one that you can change",
                    found->policy->name);
}

static bool check_certificate(struct ops *ops, const struct tls_policy *policy, const struct id *id,
                              const struct binding_row *binding, struct err *e) {
    PL_AUTO(cert_row_freep) struct cert_row *cert = NULL;
    struct key_spec spec = {0};
    if (id_is_zero(id)) {
        return true;
    }
    if (!store_cert_get(ops->store, id, &cert, e)) {
        return false;
    }
    if (cert == NULL || !key_spec_parse(cert->key_spec, &spec, NULL) ||
        tls_policy_serves(policy, spec.family, spec.bits)) {
        return true;
    }
    char place[96];
    binding_format(binding, place);
    return err_set(e, ERR_OPS_BIND_POLICY_KEY,
                   "%s %.200s has \"%.100s\" (%s), which the policy could not use any more", place,
                   binding->host, cert->friendly_name, cert->key_spec);
}

/* Every binding of the policy goes on with every certificate that it has. */
static bool check_bindings(struct ops *ops, const struct tls_policy_row *row,
                           const struct tls_policy *policy, struct err *e) {
    const struct binding_filter filter = {.tls_policy = row->name};
    PL_AUTO(mem_freep) char *after = NULL;
    do {
        const struct page page = {.limit = STORE_PAGE_MAX, .after = after};
        PL_AUTO(binding_rows_clear) struct binding_rows rows = {0};
        if (!store_binding_list(ops->store, &filter, BINDING_SORT_AGE, &page, &rows, e)) {
            return false;
        }
        for (size_t i = 0; i < rows.count; i++) {
            const struct binding_row *binding = rows.items[i];
            if (!check_certificate(ops, policy, &binding->ec_cert_id, binding, e) ||
                !check_certificate(ops, policy, &binding->rsa_cert_id, binding, e) ||
                !check_certificate(ops, policy, &binding->ed25519_cert_id, binding, e)) {
                return false;
            }
        }
        mem_free(after);
        after = PL_TAKE(rows.next);
    } while (after != NULL);
    return true;
}

bool ops_policy_set(struct ops *ops, struct policy_found *found, const struct policy_wish *wish,
                    struct err *e) {
    PL_AUTO(policy_lists_clear) struct policy_lists lists = {0};
    PL_AUTO(mem_freep) struct tls_policy *policy = NULL;
    char title[OPERATION_TITLE_MAX];
    if (!refuse_built_in(found, e)) {
        return false;
    }
    struct tls_policy_row *row = found->row;
    row->about = wish->about == NULL ? row->about : wish->about;
    if (!plan(wish, found->policy, &lists, row, &policy, e) ||
        !check_bindings(ops, row, policy, e)) {
        return false;
    }
    (void)snprintf(title, sizeof(title), "policy set %s", row->name);
    struct tls_policy_row *written = NULL;
    PL_AUTO(operation_rollback) struct operation op = {0};
    if (!ops_begin(ops, &op, title, true, e) || !store_tls_policy_update(ops->store, row, e) ||
        !ops_audit(ops, "policy.set", "tls policy", &row->id, row->name, e) ||
        !store_tls_policy_get(ops->store, &row->id, &written, e)) {
        return false;
    }
    policy_found_clear(found);
    found->row = written;
    found->owned = PL_TAKE(policy);
    found->policy = found->owned;
    return ops_end(ops, &op, e);
}

static bool refuse_used(struct ops *ops, const struct policy_found *found, struct err *e) {
    const struct binding_filter filter = {.tls_policy = found->policy->name};
    const struct page page = {.limit = 1};
    PL_AUTO(binding_rows_clear) struct binding_rows rows = {0};
    if (!store_binding_list(ops->store, &filter, BINDING_SORT_AGE, &page, &rows, e)) {
        return false;
    }
    if (rows.count == 0) {
        return true;
    }
    char place[96];
    binding_format(rows.items[0], place);
    (void)err_set(e, ERR_OPS_POLICY_USED, "%s %.200s has the policy \"%s\"", place,
                  rows.items[0]->host, found->row->name);
    return err_hint(e,
                    "\"padlock bind list --policy %s\" shows all; \"padlock bind set\" gives "
                    "another policy",
                    found->row->name);
}

bool ops_policy_remove(struct ops *ops, struct policy_found *found, struct err *e) {
    char title[OPERATION_TITLE_MAX];
    if (!refuse_built_in(found, e) || !refuse_used(ops, found, e)) {
        return false;
    }
    (void)snprintf(title, sizeof(title), "policy remove %s", found->row->name);
    PL_AUTO(operation_rollback) struct operation op = {0};
    return ops_begin(ops, &op, title, true, e) &&
           store_tls_policy_delete(ops->store, found->row, e) &&
           ops_audit(ops, "policy.remove", "tls policy", &found->row->id, found->row->name, e) &&
           ops_end(ops, &op, e);
}

/* --- for snapshots ----------------------------------------------------------------------------
 */

struct policy_cache {
    struct map *by_id; /* id → struct tls_policy, owned */
};

bool policy_cache_new(struct policy_cache **out_cache, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct policy_cache), &memory, e)) {
        return false;
    }
    PL_AUTO(policy_cache_freep) struct policy_cache *cache = memory;
    if (!map_new(POLICIES_MAX, &cache->by_id, e)) {
        return false;
    }
    *out_cache = PL_TAKE(cache);
    return true;
}

void policy_cache_free(struct policy_cache *cache) {
    if (cache == NULL) {
        return;
    }
    size_t cursor = 0;
    const void *key = NULL;
    size_t key_len = 0;
    void *policy = NULL;
    while (cache->by_id != NULL && map_next(cache->by_id, &cursor, &key, &key_len, &policy)) {
        mem_free(policy);
    }
    map_free(cache->by_id);
    mem_free(cache);
}

bool policy_cache_has(const struct policy_cache *cache, const struct id *id) {
    return map_get(cache->by_id, id->bytes, ID_LEN) != NULL;
}

/* *out_policy NULL: it is gone, or cannot be read. */
static bool load(struct ops *ops, struct policy_cache *cache, const struct id *id,
                 const struct tls_policy **out_policy, struct err *e) {
    PL_AUTO(tls_policy_row_freep) struct tls_policy_row *row = NULL;
    PL_AUTO(mem_freep) struct tls_policy *policy = NULL;
    struct err fault = {0};
    if (!store_tls_policy_get(ops->store, id, &row, e)) {
        return false;
    }
    *out_policy = NULL;
    if (row == NULL || row->deleted_ms != 0) {
        return true;
    }
    if (!ops_policy_from_row(row, &policy, &fault)) {
        return fault.code != ERR_BASE_OOM || err_set(e, ERR_BASE_OOM, "out of memory");
    }
    if (!map_set(cache->by_id, id->bytes, ID_LEN, policy, NULL, e)) {
        return false;
    }
    *out_policy = PL_TAKE(policy);
    return true;
}

bool policy_cache_add(struct ops *ops, struct policy_cache *cache, const struct id *id,
                      struct err *e) {
    const struct tls_policy *unused = NULL;
    return policy_cache_has(cache, id) || load(ops, cache, id, &unused, e);
}

bool ops_policy_of_binding(struct ops *ops, struct policy_cache *cache,
                           const struct binding_row *row, const struct tls_policy **out_policy,
                           bool *out_is_missing, struct err *e) {
    const struct tls_policy *policy = NULL;
    if (id_is_zero(&row->tls_policy_id)) {
        policy = tls_policy_find(row->tls_policy);
    } else {
        policy = map_get(cache->by_id, row->tls_policy_id.bytes, ID_LEN);
        if (policy == NULL && !load(ops, cache, &row->tls_policy_id, &policy, e)) {
            return false;
        }
    }
    *out_is_missing = policy == NULL;
    *out_policy = policy == NULL ? tls_policy_default() : policy;
    return true;
}
