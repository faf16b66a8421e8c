/*
 * From rows to a snapshot: sites, certificates and keys are added once, when the first binding
 * needs them.
 */
#include "ops/world.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "ops/bindings.h"
#include "ops/certs.h"
#include "ops/context.h"
#include "ops/world_parts.h"
#include "store/bindings.h"
#include "store/certs.h"
#include "store/chains.h"
#include "store/operation.h"
#include "store/sites.h"
#include "store/staples.h"

#include <stdio.h>
#include <string.h>

enum {
    CHANGES_MAX = 1024, /* that are followed one by one; more build everything anew */
    UNUSED_MIN = 4096,  /* certificates that nobody uses any more, before it is built anew */
};

static void free_places(struct map *places) {
    size_t cursor = 0;
    const void *key = NULL;
    size_t key_len = 0;
    void *value = NULL;
    while (places != NULL && map_next(places, &cursor, &key, &key_len, &value)) {
        mem_free(value);
    }
    map_free(places);
}

void building_free(struct building *building) {
    if (building == NULL) {
        return;
    }
    snapshot_builder_free(building->builder);
    map_free(building->sites);
    map_free(building->certs);
    map_free(building->listeners);
    free_places(building->places);
    policy_cache_free(building->policies);
    key_list_clear(&building->keys);
    mem_free(building);
}

static bool known(const struct map *map, const void *key, size_t key_len, uint32_t *out_index) {
    const void *value = map_get(map, key, key_len);
    *out_index = value == NULL ? SNAPSHOT_NONE : (uint32_t)((uintptr_t)value - WORLD_INDEX_BASE);
    return value != NULL;
}

bool world_remember(struct map *map, const void *key, size_t key_len, uint32_t index,
                    struct err *e) {
    uintptr_t number = (uintptr_t)index + WORLD_INDEX_BASE;
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
                                            .root_path =
                                                row->kind == SITE_SERVICES ? NULL : row->root_path,
                                            .index_names = index_names,
                                            .index_name_count = count};
    return snapshot_builder_add_site(building->builder, &wish, out_site, e) &&
           world_remember(building->sites, id->bytes, ID_LEN, *out_site, e);
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

/* A certificate whose key is gone fails its own handshakes, and nothing else. */
static bool add_key(struct building *building, const struct cert_row *row, struct err *e) {
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    struct err failure = {0};
    if (ops_key_load(building->ops, &row->key_id, &key, &failure)) {
        return key_list_add(&building->keys, &key, e);
    }
    if (failure.code != ERR_PKI_KEY_MISSING) {
        *e = failure;
        return false;
    }
    return note(building, "a bound certificate's key is gone", row->friendly_name, e);
}

/* The certificate's OCSP response, if it has one now. */
static bool staple(struct building *building, const struct id *cert_id, uint32_t certificate,
                   struct err *e) {
    PL_AUTO(staple_row_freep) struct staple_row *row = NULL;
    struct snapshot_staple wish = {0};
    if (!store_staple_find_cert(building->ops->store, cert_id, &row, e)) {
        return false;
    }
    if (row != NULL) {
        wish = (struct snapshot_staple){.der = {row->der.data, (uint32_t)row->der.len},
                                        .this_update_ms = row->this_update_ms,
                                        .next_update_ms = row->next_update_ms};
    }
    return snapshot_builder_staple(building->builder, certificate, &wish, e);
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
    return add_key(building, row, e) &&
           snapshot_builder_add_certificate(building->builder, &wish, out_certificate, e) &&
           staple(building, id, *out_certificate, e) &&
           world_remember(building->certs, id->bytes, ID_LEN, *out_certificate, e);
}

enum { LISTENER_KEY_MAX = 96 };

static void format_listener(const struct binding_row *row, char out[LISTENER_KEY_MAX]) {
    (void)snprintf(out, LISTENER_KEY_MAX, "%s|%s|%u", row->scheme, row->address, row->port);
}

static bool add_listener(struct building *building, const struct binding_row *row,
                         uint32_t *out_listener, struct err *e) {
    char key[LISTENER_KEY_MAX];
    format_listener(row, key);
    if (known(building->listeners, key, strlen(key), out_listener)) {
        return true;
    }
    enum snapshot_scheme scheme = str_equal(row->scheme, "https") ? SNAPSHOT_HTTPS : SNAPSHOT_HTTP;
    if (!snapshot_builder_add_listener(building->builder, scheme, row->address, (uint16_t)row->port,
                                       row->is_strict, out_listener, e)) {
        return false;
    }
    building->is_strict[*out_listener] = row->is_strict;
    building->is_proxied[*out_listener] = row->is_proxied;
    building->is_services[*out_listener] = row->parts.count > 0;
    return (row->parts.count == 0 ||
            snapshot_builder_set_services(building->builder, *out_listener, e)) &&
           (!row->is_proxied ||
            snapshot_builder_set_proxied(building->builder, *out_listener, e)) &&
           world_remember(building->listeners, key, strlen(key), *out_listener, e);
}

bool world_remember_place(struct building *building, const struct id *id, const char *host,
                          uint32_t listener, struct err *e) {
    size_t size = strlen(host) + 1;
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct place) + size, &memory, e)) {
        return false;
    }
    struct place *place = memory;
    place->listener = listener;
    memcpy(place->host, host, size);
    if (!map_set(building->places, id->bytes, ID_LEN, place, NULL, e)) {
        mem_free(place);
        return false;
    }
    building->uses[listener]++;
    building->binding_count++;
    return true;
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

/* Whose clients are let in. */
struct chosen_clients {
    struct cert_list certs;
    struct snapshot_der ders[SNAPSHOT_CLIENT_CAS_MAX];
};

static void chosen_clients_clear(struct chosen_clients *clients) {
    cert_list_clear(&clients->certs);
}

static bool choose_clients(struct building *building, const struct binding_row *row,
                           struct chosen_clients *clients, struct snapshot_binding_wish *wish,
                           struct err *e) {
    struct err fault = {0};
    if (!ops_bind_client_cas(building->ops, row, &clients->certs, &fault)) {
        if (err_kind_of(&fault) != ERR_KIND_INVALID) {
            *e = fault;
            return false;
        }
        cert_list_clear(&clients->certs); /* damaged: this binding alone is not served */
    }
    wish->client_auth = clients_of(row->client_auth);
    wish->client_cas = clients->ders;
    for (size_t i = 0; i < clients->certs.count && i < SNAPSHOT_CLIENT_CAS_MAX; i++) {
        const struct cert *cert = clients->certs.items[i];
        clients->ders[wish->client_ca_count++] =
            (struct snapshot_der){cert->der, (uint32_t)cert->der_len};
    }
    bool is_own = row->client_auth != CLIENT_AUTH_NONE && row->client_ca.len == 0;
    building->has_own_clients = building->has_own_clients || is_own;
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
    if (is_https && wish.certificate_count == 0) {
        return note(building, "a binding has no certificate left and is not served", row->host, e);
    }
    PL_AUTO(chosen_clients_clear) struct chosen_clients clients = {0};
    if (!choose_clients(building, row, &clients, &wish, e)) {
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
    wish.parts = binding_parts_mask(row);
    if (!add_listener(building, row, &wish.listener, e)) {
        return false;
    }
    if (building->is_services[wish.listener] != (row->parts.count > 0)) {
        return note(building, "a binding shares its address with the services and is not served",
                    row->host, e);
    }
    return snapshot_builder_add_binding(building->builder, &wish, e) &&
           world_remember_place(building, &row->id, row->host, wish.listener, e);
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

/* --- anew ----------------------------------------------------------------------------------------
 */

bool building_new(struct ops *ops, struct building **out_building, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct building), &memory, e)) {
        return false;
    }
    PL_AUTO(building_freep) struct building *building = memory;
    building->ops = ops;
    if (!map_new(SNAPSHOT_SITES_MAX, &building->sites, e) ||
        !map_new(SNAPSHOT_CERTIFICATES_MAX, &building->certs, e) ||
        !map_new(SNAPSHOT_LISTENERS_MAX, &building->listeners, e) ||
        !map_new(SNAPSHOT_BINDINGS_MAX, &building->places, e) ||
        !policy_cache_new(&building->policies, e)) {
        return false;
    }
    *out_building = PL_TAKE(building);
    return true;
}

static void begin_generation(struct ops_world *world) {
    uint64_t time = (uint64_t)clock_now_ms();
    world->generation = time > world->generation ? time : world->generation + 1;
}

/* Other segments from now on, as far as memory goes. */
static void compact(struct ops_world *world) {
    struct snapshot_builder *builder = world->now->builder;
    if (snapshot_builder_has_garbage(builder) && snapshot_builder_compact(builder, NULL)) {
        begin_generation(world);
    }
}

void world_take(struct ops_world *world, struct building *building, int64_t seq) {
    building_free(world->now);
    world->is_changed = true;
    world->now = building;
    world->seq = seq;
    begin_generation(world);
}

static bool build_anew(struct ops_world *world, int64_t seq, struct list *notes, struct err *e) {
    PL_AUTO(building_freep) struct building *building = NULL;
    if (!building_new(world->ops, &building, e)) {
        return false;
    }
    building->notes = notes;
    if (!snapshot_builder_new(seq, &building->builder, e) || !add_all(building, e)) {
        return false;
    }
    world_take(world, PL_TAKE(building), seq);
    return true;
}

/* --- change by change ----------------------------------------------------------------------------
 */

enum step { STEP_DONE, STEP_ANEW, STEP_FAILED };

static bool remove_binding(struct building *building, const struct id *id, struct err *e) {
    const struct place *place = map_get(building->places, id->bytes, ID_LEN);
    bool was_there = false;
    if (place == NULL) {
        return true;
    }
    if (!snapshot_builder_remove_binding(building->builder, place->listener, place->host,
                                         &was_there, e)) {
        return false;
    }
    if (was_there) {
        building->binding_count--;
        building->uses[place->listener]--;
    }
    mem_free(map_remove(building->places, id->bytes, ID_LEN));
    return true;
}

/* What a listener is, is read from its first binding: another answer needs a new one. */
static bool fits_listener(const struct building *building, const struct binding_row *row) {
    char key[LISTENER_KEY_MAX];
    uint32_t listener = 0;
    format_listener(row, key);
    return !known(building->listeners, key, strlen(key), &listener) ||
           (building->is_strict[listener] == row->is_strict &&
            building->is_proxied[listener] == row->is_proxied &&
            building->is_services[listener] == (row->parts.count > 0));
}

static enum step follow_binding(struct building *building, const struct id *id, struct err *e) {
    PL_AUTO(binding_row_freep) struct binding_row *row = NULL;
    const struct place *before = map_get(building->places, id->bytes, ID_LEN);
    uint32_t listener = before == NULL ? SNAPSHOT_NONE : before->listener;
    if (!store_binding_get(building->ops->store, id, &row, e)) {
        return STEP_FAILED;
    }
    bool is_live = row != NULL && row->deleted_ms == 0;
    if (is_live && !fits_listener(building, row)) {
        return STEP_ANEW;
    }
    if (!remove_binding(building, id, e) || (is_live && !add_binding(building, row, e))) {
        return STEP_FAILED;
    }
    return listener != SNAPSHOT_NONE && building->uses[listener] == 0 ? STEP_ANEW : STEP_DONE;
}

static enum step follow_staple(struct building *building, const struct id *id, struct err *e) {
    PL_AUTO(staple_row_freep) struct staple_row *row = NULL;
    uint32_t certificate = 0;
    if (!store_staple_get(building->ops->store, id, &row, e)) {
        return STEP_FAILED;
    }
    if (row == NULL || !known(building->certs, row->cert_id.bytes, ID_LEN, &certificate)) {
        return STEP_DONE;
    }
    return staple(building, &row->cert_id, certificate, e) ? STEP_DONE : STEP_FAILED;
}

/* Tables whose rows are served only through a binding made later, or not at all. */
static bool is_about_nothing_served(const char *table) {
    static const char *const tables[] = {"audit",     "cert_names",   "crls",    "intermediates",
                                         "issued",    "issued_names", "issuers", "keys",
                                         "nodes",     "requests",     "secrets", "settings",
                                         "sightings", "submissions"};
    for (size_t i = 0; i < PL_ARRAY_LEN(tables); i++) {
        if (str_equal(table, tables[i])) {
            return true;
        }
    }
    return false;
}

static bool is_of_unserved_cert(const struct building *building, const struct changed *changed) {
    uint32_t index = 0;
    return str_equal(changed->table_name, "certs") &&
           !known(building->certs, changed->row_id.bytes, ID_LEN, &index);
}

/* A chain comes and goes with its certificate, in one operation. */
static bool is_of_unserved_chain(const struct building *building, const struct changed *changed,
                                 const struct changed *all, size_t count) {
    for (size_t i = 0; i < count && str_equal(changed->table_name, "chain_links"); i++) {
        if (all[i].seq == changed->seq && is_of_unserved_cert(building, &all[i])) {
            return true;
        }
    }
    return false;
}

static enum step follow_one(struct building *building, const struct changed *changed,
                            const struct changed *all, size_t count, struct err *e) {
    uint32_t index = 0;
    if (str_equal(changed->table_name, "bindings")) {
        return follow_binding(building, &changed->row_id, e);
    }
    if (str_equal(changed->table_name, "staples")) {
        return follow_staple(building, &changed->row_id, e);
    }
    bool is_new_site = str_equal(changed->table_name, "sites") &&
                       !known(building->sites, changed->row_id.bytes, ID_LEN, &index);
    bool is_unknown_policy = str_equal(changed->table_name, "tls_policies") &&
                             !policy_cache_has(building->policies, &changed->row_id);
    bool is_other_ca = str_equal(changed->table_name, "issuers") && building->has_own_clients;
    if (is_other_ca) {
        return STEP_ANEW;
    }
    bool is_nothing = is_new_site || is_unknown_policy ||
                      is_about_nothing_served(changed->table_name) ||
                      is_of_unserved_cert(building, changed) ||
                      is_of_unserved_chain(building, changed, all, count);
    return is_nothing ? STEP_DONE : STEP_ANEW;
}

static bool has_much_unused(const struct building *building) {
    size_t unused = snapshot_builder_unused(building->builder);
    return unused > UNUSED_MIN && unused > building->binding_count;
}

/*
 * A failure half-way leaves what was applied so far; the next attempt starts from the same change,
 * and applying one twice does no harm.
 */
static enum step follow_changes(struct ops_world *world, int64_t seq, struct list *notes,
                                struct err *e) {
    struct building *building = world->now;
    PL_AUTO(mem_freep) void *memory = NULL;
    size_t count = 0;
    if (building == NULL || has_much_unused(building)) {
        return STEP_ANEW;
    }
    if (!mem_array(CHANGES_MAX, sizeof(struct changed), &memory, e) ||
        !store_changed_since(world->ops->store, world->seq, INT64_MAX, memory, CHANGES_MAX, &count,
                             e)) {
        return STEP_FAILED;
    }
    compact(world);
    const struct changed *changes = memory;
    enum step step = count == CHANGES_MAX ? STEP_ANEW : STEP_DONE;
    building->notes = notes;
    for (size_t i = 0; i < count && step == STEP_DONE; i++) {
        world->is_changed = world->is_changed || str_equal(changes[i].table_name, "bindings") ||
                            str_equal(changes[i].table_name, "staples");
        step = follow_one(building, &changes[i], changes, count, e);
    }
    if (step == STEP_DONE) {
        snapshot_builder_set_seq(building->builder, seq);
        world->seq = seq;
    }
    return step;
}

/* --- the whole -----------------------------------------------------------------------------------
 */

bool ops_world_new(struct ops *ops, struct ops_world **out_world, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct ops_world), &memory, e)) {
        return false;
    }
    struct ops_world *world = memory;
    world->ops = ops;
    *out_world = world;
    return true;
}

void ops_world_free(struct ops_world *world) {
    if (world != NULL) {
        building_free(world->now);
        mem_free(world);
    }
}

static bool follow(struct ops_world *world, struct list *notes, struct err *e) {
    int64_t seq = 0;
    if (!store_change_seq(world->ops->store, &seq, e)) {
        return false;
    }
    if (world->now != NULL && seq == world->seq) {
        return true;
    }
    enum step step = follow_changes(world, seq, notes, e);
    if (step == STEP_FAILED && e->code == ERR_BASE_LIMIT) {
        err_init(e); /* what was taken away still fills the tables */
        step = STEP_ANEW;
    }
    return step == STEP_ANEW ? build_anew(world, seq, notes, e) : step == STEP_DONE;
}

bool ops_world_follow(struct ops_world *world, struct list *notes, bool *out_is_changed,
                      struct err *e) {
    world->is_changed = false;
    if (!store_read_begin(world->ops->store, e)) {
        return false;
    }
    bool ok = follow(world, notes, e);
    store_read_end(world->ops->store);
    *out_is_changed = world->is_changed;
    return ok;
}

bool ops_world_is_built(const struct ops_world *world) {
    return world != NULL && world->now != NULL;
}

int64_t ops_world_seq(const struct ops_world *world) {
    return world->seq;
}

uint64_t ops_world_generation(const struct ops_world *world) {
    return world->generation;
}

size_t ops_world_bindings(const struct ops_world *world) {
    return world->now == NULL ? 0 : world->now->binding_count;
}

size_t ops_world_openings(const struct ops_world *world) {
    const struct snapshot_builder *builder = world->now->builder;
    return snapshot_builder_listeners(builder) + snapshot_builder_roots(builder);
}

const struct key_list *ops_world_keys(const struct ops_world *world) {
    static const struct key_list none;
    return world->now == NULL ? &none : &world->now->keys;
}

bool ops_world_publish(struct ops_world *world, struct snapshot_image *out_image, struct err *e) {
    return snapshot_builder_publish(world->now->builder, out_image, e);
}
