/*
 * From rows to a snapshot: sites and certificates are added once, when the first binding needs
 * them.
 */
#include "ops/snapshot.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "ops/bindings.h"
#include "ops/certs.h"
#include "ops/context.h"
#include "ops/policies.h"
#include "store/bindings.h"
#include "store/certs.h"
#include "store/chains.h"
#include "store/sites.h"

#include <stdio.h>
#include <string.h>

enum { INDEX_BASE = 1 }; /* map values are index + 1, since NULL means none */

struct building {
    struct ops *ops;
    struct snapshot_builder *builder;
    struct map *sites;     /* site id → index */
    struct map *certs;     /* certificate id → index */
    struct map *listeners; /* "https://…" → index */
    struct policy_cache *policies;
    struct list *notes;
};

static void building_clear(struct building *building) {
    snapshot_builder_free(building->builder);
    map_free(building->sites);
    map_free(building->certs);
    map_free(building->listeners);
    policy_cache_free(building->policies);
}

static bool known(const struct map *map, const void *key, size_t key_len, uint32_t *out_index) {
    const void *value = map_get(map, key, key_len);
    *out_index = value == NULL ? SNAPSHOT_NONE : (uint32_t)((uintptr_t)value - INDEX_BASE);
    return value != NULL;
}

static bool remember(struct map *map, const void *key, size_t key_len, uint32_t index,
                     struct err *e) {
    uintptr_t number = (uintptr_t)index + INDEX_BASE;
    void *value = NULL;
    memcpy(&value, &number, sizeof(value));
    return map_set(map, key, key_len, value, NULL, e);
}

static bool note(struct building *building, const char *text, const char *detail, struct err *e) {
    struct list *notes = building->notes;
    return notes->count == notes->max || list_printf(notes, e, "%s: %.300s", text, detail);
}

static bool add_site(struct building *building, const struct id *id, uint32_t *out_site,
                     struct err *e) {
    if (known(building->sites, id->bytes, ID_LEN, out_site)) {
        return true;
    }
    PL_AUTO(site_row_freep) struct site_row *row = NULL;
    if (!store_site_get(building->ops->store, id, &row, e)) {
        return false;
    }
    if (row == NULL) {
        return true;
    }
    const char *index_names[SNAPSHOT_INDEX_NAMES_MAX];
    size_t count = 0;
    for (; count < row->index_names.count && count < SNAPSHOT_INDEX_NAMES_MAX; count++) {
        index_names[count] = row->index_names.items[count];
    }
    const struct snapshot_site_wish wish = {.id = *id,
                                            .name = row->name,
                                            .root_path = row->root_path,
                                            .index_names = index_names,
                                            .index_name_count = count};
    return snapshot_builder_add_site(building->builder, &wish, out_site, e) &&
           remember(building->sites, id->bytes, ID_LEN, *out_site, e);
}

/* The chain as it is presented: without a self-signed root, which clients have or do not trust. */
static size_t presented_chain(const struct cert_list *chain,
                              struct snapshot_der out[SNAPSHOT_CHAIN_MAX]) {
    size_t count = 0;
    for (size_t i = 0; i < chain->count && count < SNAPSHOT_CHAIN_MAX; i++) {
        if (!chain->items[i]->is_self_signed) {
            out[count++] =
                (struct snapshot_der){chain->items[i]->der, (uint32_t)chain->items[i]->der_len};
        }
    }
    return count;
}

static bool add_certificate(struct building *building, const struct id *id,
                            uint32_t *out_certificate, struct err *e) {
    if (known(building->certs, id->bytes, ID_LEN, out_certificate)) {
        return true;
    }
    PL_AUTO(cert_row_freep) struct cert_row *row = NULL;
    PL_AUTO(cert_list_clear) struct cert_list chain = {0};
    struct snapshot_der presented[SNAPSHOT_CHAIN_MAX];
    struct key_spec spec = {0};
    if (!store_cert_get(building->ops->store, id, &row, e)) {
        return false;
    }
    if (row == NULL || row->deleted_ms != 0 || !key_spec_parse(row->key_spec, &spec, NULL)) {
        return note(building, "a bound certificate is gone", row == NULL ? "" : row->friendly_name,
                    e);
    }
    if (!ops_cert_chain(building->ops, id, &chain, e)) {
        return false;
    }
    struct snapshot_certificate_wish wish = {
        .leaf = row->der.data,
        .leaf_len = row->der.len,
        .chain = presented,
        .chain_count = presented_chain(&chain, presented),
        .family = spec.family,
        .key = {.id = row->key_id},
    };
    memcpy(wish.key.spki_sha256, row->spki_sha256, sizeof(wish.key.spki_sha256));
    return snapshot_builder_add_certificate(building->builder, &wish, out_certificate, e) &&
           remember(building->certs, id->bytes, ID_LEN, *out_certificate, e);
}

static bool add_listener(struct building *building, const struct binding_row *row,
                         uint32_t *out_listener, struct err *e) {
    char key[96];
    (void)snprintf(key, sizeof(key), "%s|%s|%u", row->scheme, row->address, row->port);
    if (known(building->listeners, key, strlen(key), out_listener)) {
        return true;
    }
    enum snapshot_scheme scheme = str_equal(row->scheme, "https") ? SNAPSHOT_HTTPS : SNAPSHOT_HTTP;
    return snapshot_builder_add_listener(building->builder, scheme, row->address,
                                         (uint16_t)row->port, row->is_strict, out_listener, e) &&
           remember(building->listeners, key, strlen(key), *out_listener, e);
}

/* The words of the store and of the snapshot, in one order. */
static enum snapshot_clients clients_of(enum client_auth auth) {
    switch (auth) {
    case CLIENT_AUTH_NONE:
        return SNAPSHOT_CLIENTS_ANY;
    case CLIENT_AUTH_OPTIONAL:
        return SNAPSHOT_CLIENTS_OPTIONAL;
    case CLIENT_AUTH_REQUIRED:
        break;
    }
    return SNAPSHOT_CLIENTS_REQUIRED;
}

static bool choose_clients(struct building *building, const struct binding_row *row,
                           struct cert_list *out_certs,
                           struct snapshot_der out_ders[SNAPSHOT_CLIENT_CAS_MAX],
                           struct snapshot_binding_wish *wish, struct err *e) {
    struct err fault = {0};
    if (!ops_bind_client_cas(building->ops, row, out_certs, &fault)) {
        if (err_kind_of(&fault) != ERR_KIND_INVALID) {
            *e = fault;
            return false;
        }
        cert_list_clear(out_certs); /* damaged: this binding alone is not served */
    }
    wish->client_auth = clients_of(row->client_auth);
    wish->client_cas = out_ders;
    for (size_t i = 0; i < out_certs->count && i < SNAPSHOT_CLIENT_CAS_MAX; i++) {
        const struct cert *cert = out_certs->items[i];
        out_ders[wish->client_ca_count++] =
            (struct snapshot_der){cert->der, (uint32_t)cert->der_len};
    }
    return true;
}

static bool choose_policy(struct building *building, const struct binding_row *row,
                          struct snapshot_binding_wish *wish, struct err *e) {
    bool is_missing = false;
    return ops_policy_of_binding(building->ops, building->policies, row, &wish->policy, &is_missing,
                                 e) &&
           (!is_missing ||
            note(building, "a binding's TLS policy cannot be used, intermediate stands in",
                 row->tls_policy, e));
}

static bool add_binding(struct building *building, const struct binding_row *row, struct err *e) {
    const struct id *ids[] = {&row->ec_cert_id, &row->rsa_cert_id, &row->ed25519_cert_id};
    uint32_t certificates[PL_ARRAY_LEN(ids)];
    struct snapshot_binding_wish wish = {
        .host = row->host, .certificates = certificates, .site = SNAPSHOT_NONE};
    for (size_t i = 0; i < PL_ARRAY_LEN(ids); i++) {
        uint32_t index = SNAPSHOT_NONE;
        if (!id_is_zero(ids[i]) && !add_certificate(building, ids[i], &index, e)) {
            return false;
        }
        if (index != SNAPSHOT_NONE) {
            certificates[wish.certificate_count++] = index;
        }
    }
    bool is_https = str_equal(row->scheme, "https");
    struct snapshot_der client_cas[SNAPSHOT_CLIENT_CAS_MAX];
    PL_AUTO(cert_list_clear) struct cert_list clients = {0};
    if (is_https && wish.certificate_count == 0) {
        return note(building, "a binding has no certificate left and is not served", row->host, e);
    }
    if (!choose_clients(building, row, &clients, client_cas, &wish, e)) {
        return false;
    }
    if (wish.client_auth != SNAPSHOT_CLIENTS_ANY && wish.client_ca_count == 0) {
        return note(building, "a binding asks clients for certificates of no CA and is not served",
                    row->host, e);
    }
    if (is_https && !choose_policy(building, row, &wish, e)) {
        return false;
    }
    if (!add_site(building, &row->site_id, &wish.site, e)) {
        return false;
    }
    if (wish.site == SNAPSHOT_NONE) {
        return note(building, "a binding's site is gone", row->host, e);
    }
    return add_listener(building, row, &wish.listener, e) &&
           snapshot_builder_add_binding(building->builder, &wish, e);
}

static bool add_all(struct building *building, struct err *e) {
    const struct binding_filter filter = {0};
    PL_AUTO(mem_freep) char *after = NULL;
    do {
        const struct page page = {.limit = STORE_PAGE_MAX, .after = after};
        PL_AUTO(binding_rows_clear) struct binding_rows rows = {0};
        if (!store_binding_list(building->ops->store, &filter, BINDING_SORT_AGE, &page, &rows, e)) {
            return false;
        }
        for (size_t i = 0; i < rows.count; i++) {
            if (!add_binding(building, rows.items[i], e)) {
                return false;
            }
        }
        mem_free(after);
        after = PL_TAKE(rows.next);
    } while (after != NULL);
    return true;
}

static bool build(struct building *building, struct err *e) {
    int64_t seq = 0;
    return store_change_seq(building->ops->store, &seq, e) &&
           snapshot_builder_new(seq, &building->builder, e) &&
           map_new(SNAPSHOT_SITES_MAX, &building->sites, e) &&
           map_new(SNAPSHOT_CERTIFICATES_MAX, &building->certs, e) &&
           map_new(SNAPSHOT_LISTENERS_MAX, &building->listeners, e) &&
           policy_cache_new(&building->policies, e) && add_all(building, e);
}

bool ops_snapshot(struct ops *ops, struct list *notes, struct snapshot **out_snapshot,
                  struct err *e) {
    PL_AUTO(building_clear) struct building building = {.ops = ops, .notes = notes};
    if (!store_read_begin(ops->store, e)) {
        return false;
    }
    bool ok = build(&building, e);
    store_read_end(ops->store);
    return ok && snapshot_builder_finish(PL_TAKE(building.builder), out_snapshot, e);
}
