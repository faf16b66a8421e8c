/*
 * Building the binding snapshot: the image's arrays (snapshot_chunks.c has their memory), which can
 * be changed further, and published as a version at any time. Process: control (and tests).
 */
#include "base/buf.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "pki/openssl.h"
#include "sys/memory_file.h"
#include "tls/snapshot_image.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TABLE_FIRST = 64 };

bool builder_knows(const struct map *map, const void *key, size_t len, uint32_t *out_index) {
    uintptr_t number = (uintptr_t)map_get(map, key, len);
    *out_index = (uint32_t)(number - 1);
    return number != 0;
}

bool builder_remember(struct map *map, const void *key, size_t len, uint32_t index, struct err *e) {
    uintptr_t number = (uintptr_t)index + 1;
    void *value = NULL;
    memcpy(&value, &number, sizeof(value));
    return map_set(map, key, len, value, NULL, e);
}

/* --- beginning and end --------------------------------------------------------------------------
 */

/* One seed for the process's life, so that a certificate keeps its content_hash from one snapshot
 * to the next and its parsed form in the cache. */
static bool process_seed(uint64_t out_seed[2], struct err *e) {
    static uint64_t seed[2];
    if (seed[0] == 0 && seed[1] == 0 && !random_bytes(seed, sizeof(seed), e)) {
        return false;
    }
    out_seed[0] = seed[0];
    out_seed[1] = seed[1];
    return true;
}

bool snapshot_builder_new(int64_t seq, struct snapshot_builder **out_builder, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct snapshot_builder), &memory, e)) {
        return false;
    }
    PL_AUTO(snapshot_builder_freep) struct snapshot_builder *builder = memory;
    builder->image.seq = seq;
    builder->version = 1;
    if (!process_seed(builder->image.seed, e) || !map_new(SNAPSHOT_SITES_MAX, &builder->roots, e) ||
        !map_new(SNAPSHOT_CERTIFICATES_MAX, &builder->ders, e) ||
        !map_new(SNAPSHOT_CLIENT_SETS_MAX, &builder->client_sets, e)) {
        return false;
    }
    *out_builder = PL_TAKE(builder);
    return true;
}

void snapshot_builder_free(struct snapshot_builder *builder) {
    if (builder == NULL) {
        return;
    }
    builder_chunks_clear(builder);
    map_free(builder->roots);
    map_free(builder->ders);
    map_free(builder->client_sets);
    mem_free(builder);
}

void snapshot_builder_set_seq(struct snapshot_builder *builder, int64_t seq) {
    builder->image.seq = seq;
}

size_t snapshot_builder_listeners(const struct snapshot_builder *builder) {
    return builder->image.parts[IMAGE_LISTENERS].count;
}

size_t snapshot_builder_roots(const struct snapshot_builder *builder) {
    return builder->image.parts[IMAGE_ROOTS].count;
}

size_t snapshot_builder_sites(const struct snapshot_builder *builder) {
    return builder->image.parts[IMAGE_SITES].count;
}

size_t snapshot_builder_certificates(const struct snapshot_builder *builder) {
    return builder->image.parts[IMAGE_CERTIFICATES].count;
}

size_t snapshot_builder_unused(const struct snapshot_builder *builder) {
    size_t count = builder->image.parts[IMAGE_CERTIFICATES].count;
    return count > builder->uses ? count - builder->uses : 0;
}

/* --- listeners ----------------------------------------------------------------------------------
 */

static bool read_address(const char *address, uint16_t port, union snapshot_address *out,
                         struct err *e) {
    *out = (union snapshot_address){0};
    if (inet_pton(AF_INET, address, &out->ip4.sin_addr) == 1) {
        out->ip4.sin_family = AF_INET;
        out->ip4.sin_port = htons(port);
        return true;
    }
    if (inet_pton(AF_INET6, address, &out->ip6.sin6_addr) == 1) {
        out->ip6.sin6_family = AF_INET6;
        out->ip6.sin6_port = htons(port);
        return true;
    }
    return err_set(e, ERR_TLS_SNAPSHOT_ADDRESS, "\"%.80s\" is not an IP address", address);
}

static void write_listener_text(struct snapshot_listener *listener) {
    char address[INET6_ADDRSTRLEN] = "";
    bool is_ip6 = listener->address.any.sa_family == AF_INET6;
    const void *bytes = is_ip6 ? (const void *)&listener->address.ip6.sin6_addr
                               : (const void *)&listener->address.ip4.sin_addr;
    (void)inet_ntop(listener->address.any.sa_family, bytes, address, sizeof(address));
    /* The port is at the same place in both. */
    unsigned port = ntohs(listener->address.ip4.sin_port);
    (void)snprintf(listener->text, sizeof(listener->text), is_ip6 ? "%s://[%s]:%u" : "%s://%s:%u",
                   listener->scheme == SNAPSHOT_HTTPS ? "https" : "http", address, port);
}

/* Port 0 (the system chooses) is never the same as another. */
static bool is_taken(const struct image *image, const union snapshot_address *address) {
    for (uint32_t i = 0; i < image->parts[IMAGE_LISTENERS].count && address->ip4.sin_port != 0;
         i++) {
        const struct snapshot_listener *listener = image_at(image, IMAGE_LISTENERS, i);
        if (image_same_address(&listener->address, address)) {
            return true;
        }
    }
    return false;
}

bool snapshot_builder_add_listener(struct snapshot_builder *builder, enum snapshot_scheme scheme,
                                   const char *address, uint16_t port, bool is_strict,
                                   uint32_t *out_listener, struct err *e) {
    struct snapshot_listener wanted = {
        .scheme = scheme, .is_strict = is_strict, .default_binding = SNAPSHOT_NONE};
    if (!read_address(address, port, &wanted.address, e)) {
        return false;
    }
    write_listener_text(&wanted);
    if (is_taken(&builder->image, &wanted.address)) {
        return err_set(e, ERR_TLS_SNAPSHOT_DUPLICATE, "%s is there twice", wanted.text);
    }
    return builder_add(builder, IMAGE_LISTENERS, &wanted, out_listener, e);
}

/* NULL: it failed. */
static struct snapshot_listener *edit_listener(struct snapshot_builder *b, uint32_t listener,
                                               struct err *e) {
    void *item = NULL;
    return builder_edit(b, IMAGE_LISTENERS, listener, &item, e) ? item : NULL;
}

bool snapshot_builder_set_proxied(struct snapshot_builder *builder, uint32_t listener,
                                  struct err *e) {
    struct snapshot_listener *about = edit_listener(builder, listener, e);
    if (about != NULL) {
        about->is_proxied = true;
    }
    return about != NULL;
}

bool snapshot_builder_set_services(struct snapshot_builder *builder, uint32_t listener,
                                   struct err *e) {
    struct snapshot_listener *about = edit_listener(builder, listener, e);
    if (about != NULL) {
        about->is_services = true;
    }
    return about != NULL;
}

/* --- sites --------------------------------------------------------------------------------------
 */

static bool add_root(struct snapshot_builder *b, const char *path, uint32_t *out_root,
                     struct err *e) {
    size_t len = strlen(path);
    struct packed_string packed;
    return builder_knows(b->roots, path, len, out_root) ||
           (builder_add_string(b, path, len, &packed, e) &&
            builder_add(b, IMAGE_ROOTS, &packed, out_root, e) &&
            builder_remember(b->roots, path, len, *out_root, e));
}

static bool add_index_names(struct snapshot_builder *b, const struct snapshot_site_wish *wish,
                            struct packed_site *site, struct err *e) {
    static const char *const usual[] = {"index.html", "index.htm"};
    const char *const *names = wish->index_names == NULL ? usual : wish->index_names;
    size_t count = wish->index_names == NULL ? PL_ARRAY_LEN(usual) : wish->index_name_count;
    if (count > SNAPSHOT_INDEX_NAMES_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "more than %d index names", SNAPSHOT_INDEX_NAMES_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        if (!builder_add_string(b, names[i], strlen(names[i]), &site->index_names[i], e)) {
            return false;
        }
    }
    site->index_name_count = (uint32_t)count;
    return true;
}

bool snapshot_builder_add_site(struct snapshot_builder *builder,
                               const struct snapshot_site_wish *wish, uint32_t *out_site,
                               struct err *e) {
    struct packed_site site = {.id = wish->id, .root = SNAPSHOT_NONE};
    return builder_add_string(builder, wish->name, strlen(wish->name), &site.name, e) &&
           add_index_names(builder, wish, &site, e) &&
           (wish->root_path == NULL || add_root(builder, wish->root_path, &site.root, e)) &&
           builder_add(builder, IMAGE_SITES, &site, out_site, e);
}

/* --- certificates -------------------------------------------------------------------------------
 */

/* Appends a reference to one chain certificate, kept once however often it is used. */
static bool add_chain_der(struct snapshot_builder *b, const struct snapshot_der *wanted,
                          uint64_t *out_hash, struct err *e) {
    uint8_t digest[32];
    uint32_t index = 0;
    if (!sha256(wanted->bytes, wanted->len, digest, e)) {
        return false;
    }
    *out_hash = hash_bytes(b->image.seed, digest, sizeof(digest));
    if (!builder_knows(b->ders, digest, sizeof(digest), &index)) {
        struct packed_der stored;
        if (!builder_store_der(b, wanted->bytes, wanted->len, &stored, e) ||
            !builder_add(b, IMAGE_DERS, &stored, &index, e) ||
            !builder_remember(b->ders, digest, sizeof(digest), index, e)) {
            return false;
        }
    }
    uint32_t ref = 0;
    return builder_add(b, IMAGE_CHAIN_REFS, &index, &ref, e);
}

bool snapshot_builder_add_certificate(struct snapshot_builder *builder,
                                      const struct snapshot_certificate_wish *wish,
                                      uint32_t *out_certificate, struct err *e) {
    struct image *image = &builder->image;
    struct packed_certificate added = {.chain_first =
                                           (uint32_t)image->parts[IMAGE_CHAIN_REFS].count,
                                       .chain_count = (uint32_t)wish->chain_count,
                                       .family = (uint32_t)wish->family,
                                       .key = wish->key};
    if (wish->chain_count > SNAPSHOT_CHAIN_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "a chain has more than %d certificates",
                       SNAPSHOT_CHAIN_MAX);
    }
    uint64_t hashes[2 + SNAPSHOT_CHAIN_MAX] = {0};
    if (!builder_store_der(builder, wish->leaf, wish->leaf_len, &added.leaf, e)) {
        return false;
    }
    hashes[0] = hash_bytes(image->seed, wish->leaf, wish->leaf_len);
    hashes[1] = hash_bytes(image->seed, &wish->key, sizeof(wish->key));
    for (size_t i = 0; i < wish->chain_count; i++) {
        if (!add_chain_der(builder, &wish->chain[i], &hashes[2 + i], e)) {
            return false;
        }
    }
    added.content_hash = hash_bytes(image->seed, hashes, sizeof(hashes));
    return builder_add(builder, IMAGE_CERTIFICATES, &added, out_certificate, e);
}

bool snapshot_builder_staple(struct snapshot_builder *builder, uint32_t certificate,
                             const struct snapshot_staple *staple, struct err *e) {
    struct packed_der stored = {0};
    if (staple->der.len > 0 &&
        !builder_store_der(builder, staple->der.bytes, staple->der.len, &stored, e)) {
        return false;
    }
    void *item = NULL;
    if (!builder_edit(builder, IMAGE_CERTIFICATES, certificate, &item, e)) {
        return false;
    }
    struct packed_certificate *packed = item;
    packed->staple = stored;
    packed->this_update_ms = staple->this_update_ms;
    packed->next_update_ms = staple->next_update_ms;
    return true;
}

/* --- clients' CAs -------------------------------------------------------------------------------
 */

static bool fingerprint_clients(const struct snapshot_binding_wish *wish,
                                uint8_t out[SNAPSHOT_CLIENTS_FINGERPRINT_LEN], struct err *e) {
    uint8_t digests[SNAPSHOT_CLIENT_CAS_MAX][32];
    if (wish->client_ca_count > SNAPSHOT_CLIENT_CAS_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "a binding has more than %d CAs of clients",
                       SNAPSHOT_CLIENT_CAS_MAX);
    }
    for (size_t i = 0; i < wish->client_ca_count; i++) {
        if (!sha256(wish->client_cas[i].bytes, wish->client_cas[i].len, digests[i], e)) {
            return false;
        }
    }
    return sha256(digests, wish->client_ca_count * sizeof(digests[0]), out, e);
}

static bool add_clients(struct snapshot_builder *b, const struct snapshot_binding_wish *wish,
                        uint32_t *out_set, struct err *e) {
    struct packed_client_set set = {.ref_first = (uint32_t)b->image.parts[IMAGE_CHAIN_REFS].count,
                                    .ref_count = (uint32_t)wish->client_ca_count};
    *out_set = SNAPSHOT_NONE;
    if (wish->client_auth == SNAPSHOT_CLIENTS_ANY) {
        return true;
    }
    PL_BUG_UNLESS(wish->client_ca_count > 0);
    if (!fingerprint_clients(wish, set.fingerprint, e)) {
        return false;
    }
    if (builder_knows(b->client_sets, set.fingerprint, sizeof(set.fingerprint), out_set)) {
        return true;
    }
    for (size_t i = 0; i < wish->client_ca_count; i++) {
        uint64_t unused = 0;
        if (!add_chain_der(b, &wish->client_cas[i], &unused, e)) {
            return false;
        }
    }
    return builder_add(b, IMAGE_CLIENT_SETS, &set, out_set, e) &&
           builder_remember(b->client_sets, set.fingerprint, sizeof(set.fingerprint), *out_set, e);
}

/* --- policies -----------------------------------------------------------------------------------
 */

static bool find_policy(const struct snapshot_builder *b, const uint8_t *fingerprint,
                        uint32_t *out_index) {
    for (uint32_t i = 0; i < b->image.parts[IMAGE_POLICIES].count; i++) {
        const struct packed_policy *policy = image_at(&b->image, IMAGE_POLICIES, i);
        if (memcmp(policy->fingerprint, fingerprint, TLS_POLICY_FINGERPRINT_LEN) == 0) {
            *out_index = i;
            return true;
        }
    }
    return false;
}

static bool add_text(struct snapshot_builder *b, const char *text, struct packed_string *out,
                     struct err *e) {
    return builder_add_string(b, text == NULL ? "" : text, text == NULL ? 0 : strlen(text), out, e);
}

static bool add_policy(struct snapshot_builder *b, const struct tls_policy *policy,
                       uint32_t *out_index, struct err *e) {
    struct packed_policy packed = {.version_min = policy->version_min,
                                   .version_max = policy->version_max,
                                   .security_level = policy->security_level};
    if (!tls_policy_fingerprint(policy, packed.fingerprint, e)) {
        return false;
    }
    return find_policy(b, packed.fingerprint, out_index) ||
           (add_text(b, policy->name, &packed.name, e) &&
            add_text(b, policy->about, &packed.about, e) &&
            add_text(b, policy->suites_tls13, &packed.suites_tls13, e) &&
            add_text(b, policy->suites_tls12, &packed.suites_tls12, e) &&
            add_text(b, policy->groups, &packed.groups, e) &&
            add_text(b, policy->signature_schemes, &packed.signature_schemes, e) &&
            builder_add(b, IMAGE_POLICIES, &packed, out_index, e));
}

/* --- bindings -----------------------------------------------------------------------------------
 */

static bool check_host(const char *host, size_t len, struct err *e) {
    bool is_host = len > 0;
    char before = '.';
    for (size_t i = 0; i < len; i++) {
        char c = host[i];
        bool is_wildcard = c == '*' && i == 0 && len > 2 && host[1] == '.';
        bool is_plain = str_is_alpha(c) || str_is_digit(c) || c == '-' || c == '_' || c == ':';
        is_host = is_host && (is_wildcard || is_plain || (c == '.' && before != '.'));
        before = c;
    }
    return is_host ||
           err_set(e, ERR_TLS_SNAPSHOT_HOST, "\"%.*s\" is not a host name", (int)len, host);
}

static uint32_t family_of(const struct image *image, uint32_t certificate) {
    const struct packed_certificate *packed = image_at(image, IMAGE_CERTIFICATES, certificate);
    return packed->family;
}

static bool check_certificates(const struct image *image, const struct snapshot_binding_wish *wish,
                               struct err *e) {
    if (wish->certificate_count > SNAPSHOT_BINDING_CERTIFICATES_MAX) {
        return err_set(e, ERR_TLS_SNAPSHOT_CERTIFICATES, "a binding has more than %d certificates",
                       SNAPSHOT_BINDING_CERTIFICATES_MAX);
    }
    for (size_t i = 0; i < wish->certificate_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (family_of(image, wish->certificates[i]) ==
                family_of(image, wish->certificates[j])) {
                return err_set(e, ERR_TLS_SNAPSHOT_CERTIFICATES,
                               "a binding has two certificates of one kind of key");
            }
        }
    }
    return true;
}

static uint64_t hash_of(const struct image *image, const struct packed_binding *binding) {
    return image_hash_host(image, binding->listener, image_string(image, binding->host),
                           binding->host.len);
}

/* Room for one more binding in the table, which is at most half full. */
static bool reserve_slot(struct snapshot_builder *b, struct err *e) {
    const struct image *image = &b->image;
    size_t slot_count = image->parts[IMAGE_SLOTS].count;
    size_t bindings = image->parts[IMAGE_BINDINGS].count;
    if ((bindings + 1) * 2 <= slot_count) {
        return true;
    }
    size_t count = slot_count == 0 ? TABLE_FIRST : slot_count * 2;
    PL_AUTO(mem_freep) void *memory = NULL;
    if (!mem_array(count, sizeof(uint32_t), &memory, e)) {
        return false;
    }
    uint32_t *slots = memory;
    for (uint32_t i = 0; i < bindings; i++) {
        size_t at = (size_t)hash_of(image, image_at(image, IMAGE_BINDINGS, i)) & (count - 1);
        while (slots[at] != 0) {
            at = (at + 1) & (count - 1);
        }
        slots[at] = i + 1;
    }
    return builder_set_slots(b, slots, count, e);
}

static bool store_binding(struct snapshot_builder *b, const struct snapshot_binding_wish *wish,
                          const char *host, size_t host_len, uint32_t *out_index, struct err *e) {
    struct packed_binding added = {.listener = wish->listener,
                                   .site = wish->site,
                                   .client_auth = (uint32_t)wish->client_auth,
                                   .parts = wish->parts};
    const struct tls_policy *policy = wish->policy == NULL ? tls_policy_default() : wish->policy;
    for (size_t i = 0; i < SNAPSHOT_BINDING_CERTIFICATES_MAX; i++) {
        added.certificates[i] = i < wish->certificate_count ? wish->certificates[i] : SNAPSHOT_NONE;
    }
    void *slot = NULL;
    if (!reserve_slot(b, e) || !add_policy(b, policy, &added.policy, e) ||
        !add_clients(b, wish, &added.clients, e) ||
        !builder_add_string(b, host, host_len, &added.host, e)) {
        return false;
    }
    size_t at = image_find_slot(&b->image, wish->listener, host, host_len);
    if (!builder_edit(b, IMAGE_SLOTS, (uint32_t)at, &slot, e) ||
        !builder_add(b, IMAGE_BINDINGS, &added, out_index, e)) {
        return false;
    }
    *(uint32_t *)slot = *out_index + 1;
    b->uses += wish->certificate_count;
    return true;
}

bool snapshot_builder_add_binding(struct snapshot_builder *builder,
                                  const struct snapshot_binding_wish *wish, struct err *e) {
    struct image *image = &builder->image;
    PL_BUG_UNLESS(wish->listener < image->parts[IMAGE_LISTENERS].count &&
                  wish->site < image->parts[IMAGE_SITES].count);
    struct snapshot_listener *listener = image_at(image, IMAGE_LISTENERS, wish->listener);
    const char *given = wish->host == NULL ? "" : wish->host;
    char host[SNAPSHOT_HOST_MAX + 1] = "";
    size_t host_len = image_fold_host(given, strlen(given), host);
    uint32_t index = 0;
    if (given[0] != '\0' && !check_host(host, host_len, e)) {
        return false;
    }
    if (!check_certificates(image, wish, e)) {
        return false;
    }
    if (image_find_binding(image, wish->listener, host, host_len) != SNAPSHOT_NONE) {
        return err_set(e, ERR_TLS_SNAPSHOT_DUPLICATE, "%s has two bindings for \"%s\"",
                       listener->text, host);
    }
    bool is_default =
        !listener->is_strict && (host_len == 0 || listener->default_binding == SNAPSHOT_NONE);
    if (is_default && (listener = edit_listener(builder, wish->listener, e)) == NULL) {
        return false;
    }
    if (!store_binding(builder, wish, host, host_len, &index, e)) {
        return false;
    }
    if (is_default) {
        listener->default_binding = index;
    }
    return true;
}

/* --- taking bindings away ----------------------------------------------------------------------
 */

/* All that taking one away writes is the next version's own: then it cannot fail any more. */
static bool prepare_removal(struct snapshot_builder *b, uint32_t listener, uint32_t index,
                            size_t slot, struct err *e) {
    const struct image *image = &b->image;
    size_t mask = image->parts[IMAGE_SLOTS].count - 1;
    uint32_t from = (uint32_t)image->parts[IMAGE_BINDINGS].count - 1;
    const struct packed_binding *last = image_at(image, IMAGE_BINDINGS, from);
    size_t last_slot =
        image_find_slot(image, last->listener, image_string(image, last->host), last->host.len);
    uint32_t last_listener = last->listener;
    void *item = NULL;
    bool ok = builder_edit(b, IMAGE_BINDINGS, index, &item, e) &&
              builder_edit(b, IMAGE_LISTENERS, listener, &item, e) &&
              builder_edit(b, IMAGE_LISTENERS, last_listener, &item, e) &&
              builder_edit(b, IMAGE_SLOTS, (uint32_t)last_slot, &item, e);
    for (; ok && image_slot(image, slot) != 0; slot = (slot + 1) & mask) {
        ok = builder_edit(b, IMAGE_SLOTS, (uint32_t)slot, &item, e);
    }
    return ok;
}

static void set_slot(const struct image *image, size_t at, uint32_t value) {
    uint32_t *slot = image_at(image, IMAGE_SLOTS, (uint32_t)at);
    *slot = value;
}

/* Frees a slot; entries after it that are there only because it was taken move up. */
static void free_slot(const struct image *image, size_t at) {
    size_t mask = image->parts[IMAGE_SLOTS].count - 1;
    uint32_t slot = 0;
    for (size_t next = (at + 1) & mask; (slot = image_slot(image, next)) != 0;
         next = (next + 1) & mask) {
        size_t home = (size_t)hash_of(image, image_at(image, IMAGE_BINDINGS, slot - 1)) & mask;
        bool may_move = ((next - home) & mask) >= ((next - at) & mask);
        if (may_move) {
            set_slot(image, at, slot);
            at = next;
        }
    }
    set_slot(image, at, 0);
}

/* The binding without a host, else the first that is there. */
static uint32_t choose_default(const struct image *image, uint32_t listener) {
    uint32_t chosen = image_find_binding(image, listener, "", 0);
    for (uint32_t i = 0; chosen == SNAPSHOT_NONE && i < image->parts[IMAGE_BINDINGS].count; i++) {
        const struct packed_binding *binding = image_at(image, IMAGE_BINDINGS, i);
        chosen = binding->listener == listener ? i : SNAPSHOT_NONE;
    }
    return chosen;
}

/* The last binding takes the place of one that went. */
static void move_last(struct image *image, uint32_t to) {
    struct image_array *bindings = &image->parts[IMAGE_BINDINGS];
    uint32_t from = (uint32_t)bindings->count - 1;
    if (from != to) {
        struct packed_binding *last = image_at(image, IMAGE_BINDINGS, from);
        size_t slot =
            image_find_slot(image, last->listener, image_string(image, last->host), last->host.len);
        set_slot(image, slot, to + 1);
        struct snapshot_listener *listener = image_at(image, IMAGE_LISTENERS, last->listener);
        if (listener->default_binding == from) {
            listener->default_binding = to;
        }
        memcpy(image_at(image, IMAGE_BINDINGS, to), last, sizeof(*last));
    }
    bindings->count--;
}

bool snapshot_builder_remove_binding(struct snapshot_builder *builder, uint32_t listener,
                                     const char *host, bool *out_was_there, struct err *e) {
    struct image *image = &builder->image;
    char folded[SNAPSHOT_HOST_MAX];
    size_t len = image_fold_host(host == NULL ? "" : host, host == NULL ? 0 : strlen(host), folded);
    uint32_t index = image_find_binding(image, listener, folded, len);
    *out_was_there = index != SNAPSHOT_NONE;
    if (index == SNAPSHOT_NONE) {
        return true;
    }
    size_t slot = image_find_slot(image, listener, folded, len);
    if (!prepare_removal(builder, listener, index, slot, e)) {
        return false;
    }
    const struct packed_binding *binding = image_at(image, IMAGE_BINDINGS, index);
    for (size_t i = 0; i < SNAPSHOT_BINDING_CERTIFICATES_MAX; i++) {
        builder->uses -= binding->certificates[i] != SNAPSHOT_NONE ? 1 : 0;
    }
    struct snapshot_listener *where = image_at(image, IMAGE_LISTENERS, listener);
    bool was_default = where->default_binding == index;
    free_slot(image, slot);
    where->default_binding = was_default ? SNAPSHOT_NONE : where->default_binding;
    move_last(image, index);
    if (was_default) {
        where->default_binding = choose_default(image, listener);
    }
    return true;
}

/* --- publishing ---------------------------------------------------------------------------------
 */

void snapshot_image_clear(struct snapshot_image *image) {
    if (image->is_made) {
        (void)close(image->index_fd);
        image->is_made = false;
    }
}

/* The header, then the refs of each part's chunks, where the header says. Returns how many pieces
 * that are. */
static size_t lay_out(const struct image *image, struct image_header *header,
                      struct memory_part out[1 + IMAGE_PART_COUNT]) {
    size_t offset = sizeof(*header);
    size_t count = 0;
    out[count++] = (struct memory_part){header, sizeof(*header)};
    for (unsigned i = 0; i < IMAGE_PART_COUNT; i++) {
        enum image_part part = (enum image_part)i;
        size_t len = image_chunk_count(image, part) * sizeof(struct chunk_ref);
        header->parts[part] =
            (struct image_span){.offset = offset, .count = image->parts[part].count};
        out[count++] = (struct memory_part){image->parts[part].refs, len};
        offset += len;
    }
    return count;
}

bool snapshot_builder_publish(struct snapshot_builder *builder, struct snapshot_image *out_image,
                              struct err *e) {
    const struct image *image = &builder->image;
    struct image_header header = {.version = IMAGE_VERSION,
                                  .segment_count = (uint32_t)image->segment_count,
                                  .seq = image->seq,
                                  .seed = {image->seed[0], image->seed[1]}};
    memcpy(header.magic, image_magic, sizeof(header.magic));
    struct memory_part parts[1 + IMAGE_PART_COUNT];
    size_t count = lay_out(image, &header, parts);
    if (!memory_file_write("padlock-bindings", parts, count, &out_image->index_fd, e)) {
        return false;
    }
    builder->version++; /* what it has now is not written any more */
    out_image->is_made = true;
    out_image->segments = image->segments;
    out_image->segment_count = image->segment_count;
    return true;
}

bool snapshot_builder_finish(struct snapshot_builder *builder, struct snapshot **out_snapshot,
                             struct err *e) {
    PL_AUTO(snapshot_builder_freep) struct snapshot_builder *owned = builder;
    PL_AUTO(snapshot_image_clear) struct snapshot_image image = {0};
    if (!snapshot_builder_publish(owned, &image, e)) {
        return false;
    }
    const struct snapshot_source source = {.index_fd = image.index_fd,
                                           .segments = image.segments,
                                           .segment_count = image.segment_count};
    return snapshot_open(&source, out_snapshot, e);
}
