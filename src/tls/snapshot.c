/*
 * The binding snapshot: flat arrays joined by indexes, one open-addressing table from (listener,
 * host) to binding, DER in blocks. Process: net (and whoever builds). No parsing, no I/O.
 */
#include "tls/snapshot.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum {
    BLOCK_FIRST = 32 * 1024,
    BLOCK_SIZE = 1024 * 1024,
    TABLE_FIRST = 64,
    KEY_MAX = 4 + SNAPSHOT_HOST_MAX,
    HOSTS_MAX = 1024 * 1024 * 1024,
};

/* DER of many certificates, one after the other. */
struct der_block {
    struct der_block *older;
    size_t size;
    size_t used;
    uint8_t bytes[];
};

struct packed_binding {
    uint32_t host_offset;
    uint32_t listener;
    uint32_t site;
    uint32_t certificates[SNAPSHOT_BINDING_CERTIFICATES_MAX];
    uint8_t host_len;
    const struct tls_policy *policy;
};

/* A growing array whose elements are plain data. */
struct array {
    void *items;
    size_t count;
    size_t capacity;
};

/* Indexes + 1 by hash, 0 is free; at most half full. */
struct table {
    uint32_t *slots;
    size_t slot_count; /* a power of two, or 0 */
    size_t count;
};

struct snapshot {
    unsigned references;
    int64_t seq;
    uint64_t seed[2];
    struct array listeners;    /* struct snapshot_listener */
    struct array sites;        /* struct snapshot_site */
    struct array certificates; /* struct snapshot_certificate */
    struct array chain_refs;   /* uint32_t: index into chain_ders */
    struct array chain_ders;   /* struct snapshot_der, each once */
    struct array bindings;     /* struct packed_binding */
    struct buf hosts;
    struct table by_host;
    struct der_block *newest_block;
    size_t block_bytes;
};

struct snapshot_builder {
    struct snapshot *snapshot;
    struct table by_der; /* of chain_ders */
};

/* --- small parts --------------------------------------------------------------------------------
 */

static bool array_add(struct array *a, size_t item_size, size_t max, void **out_item,
                      struct err *e) {
    if (a->count >= max) {
        return err_set(e, ERR_BASE_LIMIT, "more than %zu entries", max);
    }
    if (a->count == a->capacity) {
        size_t capacity = a->capacity == 0 ? 16 : a->capacity * 2;
        void *items = a->items;
        if (!mem_resize(&items, capacity * item_size, e)) {
            return false;
        }
        a->items = items;
        a->capacity = capacity;
    }
    *out_item = (uint8_t *)a->items + a->count * item_size;
    memset(*out_item, 0, item_size);
    a->count++;
    return true;
}

static void table_put(struct table *t, uint64_t hash, uint32_t index) {
    size_t mask = t->slot_count - 1;
    size_t at = (size_t)hash & mask;
    while (t->slots[at] != 0) {
        at = (at + 1) & mask;
    }
    t->slots[at] = index + 1;
}

/* Room for one more; hash_of gives the hash of an entry that is there. */
static bool table_reserve(struct table *t, const struct snapshot *s,
                          uint64_t (*hash_of)(const struct snapshot *s, uint32_t index),
                          struct err *e) {
    if (t->count * 2 < t->slot_count) {
        return true;
    }
    struct table larger = {.slot_count = t->slot_count == 0 ? TABLE_FIRST : t->slot_count * 2,
                           .count = t->count};
    void *memory = NULL;
    if (!mem_array(larger.slot_count, sizeof(uint32_t), &memory, e)) {
        return false;
    }
    larger.slots = memory;
    for (size_t i = 0; i < t->slot_count; i++) {
        if (t->slots[i] != 0) {
            table_put(&larger, hash_of(s, t->slots[i] - 1), t->slots[i] - 1);
        }
    }
    mem_free(t->slots);
    *t = larger;
    return true;
}

static const struct packed_binding *packed_at(const struct snapshot *s, uint32_t index) {
    PL_BUG_UNLESS(index < s->bindings.count);
    return (const struct packed_binding *)s->bindings.items + index;
}

static const char *host_of(const struct snapshot *s, const struct packed_binding *binding) {
    return (const char *)s->hosts.data + binding->host_offset;
}

static uint64_t hash_host(const struct snapshot *s, uint32_t listener, const char *host,
                          size_t len) {
    uint8_t key[KEY_MAX];
    memcpy(key, &listener, 4);
    memcpy(key + 4, host, len);
    return hash_bytes(s->seed, key, 4 + len);
}

static uint64_t hash_of_binding(const struct snapshot *s, uint32_t index) {
    const struct packed_binding *binding = packed_at(s, index);
    return hash_host(s, binding->listener, host_of(s, binding), binding->host_len);
}

static const struct snapshot_der *chain_der_at(const struct snapshot *s, uint32_t index) {
    return (const struct snapshot_der *)s->chain_ders.items + index;
}

static uint64_t hash_of_chain_der(const struct snapshot *s, uint32_t index) {
    const struct snapshot_der *der = chain_der_at(s, index);
    return hash_bytes(s->seed, der->bytes, der->len);
}

/* host is lower case and at most SNAPSHOT_HOST_MAX bytes. */
static uint32_t find_binding(const struct snapshot *s, uint32_t listener, const char *host,
                             size_t len) {
    if (s->by_host.count == 0) {
        return SNAPSHOT_NONE;
    }
    size_t mask = s->by_host.slot_count - 1;
    size_t at = (size_t)hash_host(s, listener, host, len) & mask;
    for (; s->by_host.slots[at] != 0; at = (at + 1) & mask) {
        uint32_t index = s->by_host.slots[at] - 1;
        const struct packed_binding *binding = packed_at(s, index);
        if (binding->listener == listener && binding->host_len == len &&
            memcmp(host_of(s, binding), host, len) == 0) {
            return index;
        }
    }
    return SNAPSHOT_NONE;
}

/* --- building -----------------------------------------------------------------------------------
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
    if (!mem_alloc(sizeof(struct snapshot), &memory, e)) {
        return false;
    }
    builder->snapshot = memory;
    builder->snapshot->references = 1;
    builder->snapshot->seq = seq;
    buf_init(&builder->snapshot->hosts, HOSTS_MAX);
    if (!process_seed(builder->snapshot->seed, e)) {
        return false;
    }
    *out_builder = PL_TAKE(builder);
    return true;
}

void snapshot_builder_free(struct snapshot_builder *builder) {
    if (builder == NULL) {
        return;
    }
    snapshot_free(builder->snapshot);
    mem_free(builder->by_der.slots);
    mem_free(builder);
}

struct snapshot *snapshot_builder_finish(struct snapshot_builder *builder) {
    struct snapshot *snapshot = PL_TAKE(builder->snapshot);
    snapshot_builder_free(builder);
    return snapshot;
}

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

static bool same_address(const union snapshot_address *a, const union snapshot_address *b) {
    if (a->any.sa_family != b->any.sa_family) {
        return false;
    }
    if (a->any.sa_family == AF_INET) {
        return a->ip4.sin_port == b->ip4.sin_port &&
               a->ip4.sin_addr.s_addr == b->ip4.sin_addr.s_addr;
    }
    return a->ip6.sin6_port == b->ip6.sin6_port &&
           memcmp(&a->ip6.sin6_addr, &b->ip6.sin6_addr, sizeof(a->ip6.sin6_addr)) == 0;
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
static bool is_taken(const struct snapshot *s, const union snapshot_address *address) {
    for (uint32_t i = 0; i < s->listeners.count && address->ip4.sin_port != 0; i++) {
        if (same_address(&snapshot_listener_at(s, i)->address, address)) {
            return true;
        }
    }
    return false;
}

bool snapshot_builder_add_listener(struct snapshot_builder *builder, enum snapshot_scheme scheme,
                                   const char *address, uint16_t port, bool is_strict,
                                   uint32_t *out_listener, struct err *e) {
    struct snapshot *s = builder->snapshot;
    struct snapshot_listener wanted = {
        .scheme = scheme, .is_strict = is_strict, .default_binding = SNAPSHOT_NONE};
    if (!read_address(address, port, &wanted.address, e)) {
        return false;
    }
    write_listener_text(&wanted);
    if (is_taken(s, &wanted.address)) {
        return err_set(e, ERR_TLS_SNAPSHOT_DUPLICATE, "%s is there twice", wanted.text);
    }
    void *item = NULL;
    if (!array_add(&s->listeners, sizeof(wanted), SNAPSHOT_LISTENERS_MAX, &item, e)) {
        return false;
    }
    memcpy(item, &wanted, sizeof(wanted));
    *out_listener = (uint32_t)(s->listeners.count - 1);
    return true;
}

static bool add_index_names(struct snapshot_site *site, const struct snapshot_site_wish *wish,
                            struct err *e) {
    static const char *const usual[] = {"index.html", "index.htm"};
    const char *const *names = wish->index_names == NULL ? usual : wish->index_names;
    size_t count = wish->index_names == NULL ? PL_ARRAY_LEN(usual) : wish->index_name_count;
    if (count > SNAPSHOT_INDEX_NAMES_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "more than %d index names", SNAPSHOT_INDEX_NAMES_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        if (!mem_strdup(names[i], &site->index_names[i], e)) {
            return false;
        }
    }
    return true;
}

static void clear_site(struct snapshot_site *site) {
    mem_free(site->name);
    folder_free(site->root);
    for (size_t i = 0; i < SNAPSHOT_INDEX_NAMES_MAX; i++) {
        mem_free(site->index_names[i]);
    }
}

bool snapshot_builder_add_site(struct snapshot_builder *builder,
                               const struct snapshot_site_wish *wish, uint32_t *out_site,
                               struct err *e) {
    struct snapshot *s = builder->snapshot;
    void *item = NULL;
    if (!array_add(&s->sites, sizeof(struct snapshot_site), SNAPSHOT_SITES_MAX, &item, e)) {
        return false;
    }
    struct snapshot_site *site = item;
    if (!mem_strdup(wish->name, &site->name, e) || !add_index_names(site, wish, e)) {
        clear_site(site);
        s->sites.count--;
        return false;
    }
    site->id = wish->id;
    site->root = wish->root == NULL ? NULL : folder_ref(wish->root);
    *out_site = (uint32_t)(s->sites.count - 1);
    return true;
}

static bool store_der(struct snapshot *s, const uint8_t *bytes, size_t len,
                      struct snapshot_der *out, struct err *e) {
    if (len == 0 || len > SNAPSHOT_DER_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "a certificate has not 1 to %d bytes", SNAPSHOT_DER_MAX);
    }
    struct der_block *block = s->newest_block;
    if (block == NULL || block->size - block->used < len) {
        size_t size = block == NULL ? BLOCK_FIRST : BLOCK_SIZE;
        size = len > size ? len : size;
        void *memory = NULL;
        if (!mem_alloc(sizeof(struct der_block) + size, &memory, e)) {
            return false;
        }
        block = memory;
        *block = (struct der_block){.older = s->newest_block, .size = size};
        s->newest_block = block;
        s->block_bytes += size;
    }
    memcpy(block->bytes + block->used, bytes, len);
    *out = (struct snapshot_der){.bytes = block->bytes + block->used, .len = (uint32_t)len};
    block->used += len;
    return true;
}

static uint32_t find_chain_der(const struct snapshot_builder *builder, const uint8_t *bytes,
                               size_t len, uint64_t hash) {
    const struct table *t = &builder->by_der;
    for (size_t at = (size_t)hash & (t->slot_count - 1); t->slots[at] != 0;
         at = (at + 1) & (t->slot_count - 1)) {
        const struct snapshot_der *der = chain_der_at(builder->snapshot, t->slots[at] - 1);
        if (der->len == len && memcmp(der->bytes, bytes, len) == 0) {
            return t->slots[at] - 1;
        }
    }
    return SNAPSHOT_NONE;
}

/* Appends a reference to one chain certificate, kept once however often it is used. */
static bool add_chain_der(struct snapshot_builder *builder, const struct snapshot_der *wanted,
                          uint64_t *hash, struct err *e) {
    struct snapshot *s = builder->snapshot;
    if (!table_reserve(&builder->by_der, s, hash_of_chain_der, e)) {
        return false;
    }
    *hash = hash_bytes(s->seed, wanted->bytes, wanted->len);
    uint32_t index = find_chain_der(builder, wanted->bytes, wanted->len, *hash);
    void *item = NULL;
    if (index == SNAPSHOT_NONE) {
        struct snapshot_der stored;
        if (!store_der(s, wanted->bytes, wanted->len, &stored, e) ||
            !array_add(&s->chain_ders, sizeof(stored), SNAPSHOT_CERTIFICATES_MAX, &item, e)) {
            return false;
        }
        memcpy(item, &stored, sizeof(stored));
        index = (uint32_t)(s->chain_ders.count - 1);
        table_put(&builder->by_der, *hash, index);
        builder->by_der.count++;
    }
    if (!array_add(&s->chain_refs, sizeof(index), UINT32_MAX, &item, e)) {
        return false;
    }
    memcpy(item, &index, sizeof(index));
    return true;
}

bool snapshot_builder_add_certificate(struct snapshot_builder *builder,
                                      const struct snapshot_certificate_wish *wish,
                                      uint32_t *out_certificate, struct err *e) {
    struct snapshot *s = builder->snapshot;
    struct snapshot_certificate added = {.chain_first = (uint32_t)s->chain_refs.count,
                                         .chain_count = (uint8_t)wish->chain_count,
                                         .family = wish->family,
                                         .key = wish->key};
    if (wish->chain_count > SNAPSHOT_CHAIN_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "a chain has more than %d certificates",
                       SNAPSHOT_CHAIN_MAX);
    }
    uint64_t hashes[2 + SNAPSHOT_CHAIN_MAX] = {0};
    if (!store_der(s, wish->leaf, wish->leaf_len, &added.leaf, e)) {
        return false;
    }
    hashes[0] = hash_bytes(s->seed, wish->leaf, wish->leaf_len);
    hashes[1] = hash_bytes(s->seed, &wish->key, sizeof(wish->key));
    for (size_t i = 0; i < wish->chain_count; i++) {
        if (!add_chain_der(builder, &wish->chain[i], &hashes[2 + i], e)) {
            return false;
        }
    }
    added.content_hash = hash_bytes(s->seed, hashes, sizeof(hashes));
    void *item = NULL;
    if (!array_add(&s->certificates, sizeof(added), SNAPSHOT_CERTIFICATES_MAX, &item, e)) {
        return false;
    }
    memcpy(item, &added, sizeof(added));
    *out_certificate = (uint32_t)(s->certificates.count - 1);
    return true;
}

/* Lower case, without the dot of an absolute name; 0 when it is too long. */
static size_t fold_host(const char *host, size_t len, char out[SNAPSHOT_HOST_MAX]) {
    len -= len > 0 && host[len - 1] == '.' ? 1 : 0;
    if (len > SNAPSHOT_HOST_MAX) {
        return 0;
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = str_lower_char(host[i]);
    }
    return len;
}

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

static bool check_certificates(const struct snapshot *s, const struct snapshot_binding_wish *wish,
                               struct err *e) {
    if (wish->certificate_count > SNAPSHOT_BINDING_CERTIFICATES_MAX) {
        return err_set(e, ERR_TLS_SNAPSHOT_CERTIFICATES, "a binding has more than %d certificates",
                       SNAPSHOT_BINDING_CERTIFICATES_MAX);
    }
    for (size_t i = 0; i < wish->certificate_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (snapshot_certificate_at(s, wish->certificates[i])->family ==
                snapshot_certificate_at(s, wish->certificates[j])->family) {
                return err_set(e, ERR_TLS_SNAPSHOT_CERTIFICATES,
                               "a binding has two certificates of one kind of key");
            }
        }
    }
    return true;
}

static bool store_binding(struct snapshot *s, const struct snapshot_binding_wish *wish,
                          const char *host, size_t host_len, struct err *e) {
    struct packed_binding added = {.host_offset = (uint32_t)s->hosts.len,
                                   .listener = wish->listener,
                                   .site = wish->site,
                                   .host_len = (uint8_t)host_len,
                                   .policy =
                                       wish->policy == NULL ? tls_policy_default() : wish->policy};
    for (size_t i = 0; i < SNAPSHOT_BINDING_CERTIFICATES_MAX; i++) {
        added.certificates[i] = i < wish->certificate_count ? wish->certificates[i] : SNAPSHOT_NONE;
    }
    void *item = NULL;
    size_t hosts_len = s->hosts.len;
    if (!table_reserve(&s->by_host, s, hash_of_binding, e) ||
        !buf_append(&s->hosts, host, host_len + 1, e)) {
        return false;
    }
    if (!array_add(&s->bindings, sizeof(added), SNAPSHOT_BINDINGS_MAX, &item, e)) {
        s->hosts.len = hosts_len;
        return false;
    }
    memcpy(item, &added, sizeof(added));
    table_put(&s->by_host, hash_host(s, wish->listener, host, host_len),
              (uint32_t)(s->bindings.count - 1));
    s->by_host.count++;
    return true;
}

bool snapshot_builder_add_binding(struct snapshot_builder *builder,
                                  const struct snapshot_binding_wish *wish, struct err *e) {
    struct snapshot *s = builder->snapshot;
    PL_BUG_UNLESS(wish->listener < s->listeners.count && wish->site < s->sites.count);
    struct snapshot_listener *listener =
        (struct snapshot_listener *)s->listeners.items + wish->listener;
    const char *given = wish->host == NULL ? "" : wish->host;
    char host[SNAPSHOT_HOST_MAX + 1] = "";
    size_t host_len = fold_host(given, strlen(given), host);
    if (given[0] != '\0' && !check_host(host, host_len, e)) {
        return false;
    }
    if (!check_certificates(s, wish, e)) {
        return false;
    }
    if (find_binding(s, wish->listener, host, host_len) != SNAPSHOT_NONE) {
        return err_set(e, ERR_TLS_SNAPSHOT_DUPLICATE, "%s has two bindings for \"%s\"",
                       listener->text, host);
    }
    if (!store_binding(s, wish, host, host_len, e)) {
        return false;
    }
    bool is_default = host_len == 0 || listener->default_binding == SNAPSHOT_NONE;
    if (is_default && !listener->is_strict) {
        listener->default_binding = (uint32_t)(s->bindings.count - 1);
    }
    return true;
}

/* --- using --------------------------------------------------------------------------------------
 */

struct snapshot *snapshot_ref(struct snapshot *snapshot) {
    snapshot->references++;
    return snapshot;
}

void snapshot_free(struct snapshot *snapshot) {
    if (snapshot == NULL || --snapshot->references > 0) {
        return;
    }
    for (size_t i = 0; i < snapshot->sites.count; i++) {
        clear_site((struct snapshot_site *)snapshot->sites.items + i);
    }
    while (snapshot->newest_block != NULL) {
        struct der_block *block = snapshot->newest_block;
        snapshot->newest_block = block->older;
        mem_free(block);
    }
    mem_free(snapshot->listeners.items);
    mem_free(snapshot->sites.items);
    mem_free(snapshot->certificates.items);
    mem_free(snapshot->chain_refs.items);
    mem_free(snapshot->chain_ders.items);
    mem_free(snapshot->bindings.items);
    mem_free(snapshot->by_host.slots);
    buf_clear(&snapshot->hosts);
    mem_free(snapshot);
}

int64_t snapshot_seq(const struct snapshot *snapshot) {
    return snapshot->seq;
}

size_t snapshot_listener_count(const struct snapshot *snapshot) {
    return snapshot->listeners.count;
}

size_t snapshot_binding_count(const struct snapshot *snapshot) {
    return snapshot->bindings.count;
}

const struct snapshot_listener *snapshot_listener_at(const struct snapshot *snapshot,
                                                     uint32_t index) {
    PL_BUG_UNLESS(index < snapshot->listeners.count);
    return (const struct snapshot_listener *)snapshot->listeners.items + index;
}

const struct snapshot_site *snapshot_site_at(const struct snapshot *snapshot, uint32_t index) {
    PL_BUG_UNLESS(index < snapshot->sites.count);
    return (const struct snapshot_site *)snapshot->sites.items + index;
}

const struct snapshot_certificate *snapshot_certificate_at(const struct snapshot *snapshot,
                                                           uint32_t index) {
    PL_BUG_UNLESS(index < snapshot->certificates.count);
    return (const struct snapshot_certificate *)snapshot->certificates.items + index;
}

struct snapshot_der snapshot_chain_at(const struct snapshot *snapshot,
                                      const struct snapshot_certificate *certificate,
                                      size_t position) {
    PL_BUG_UNLESS(position < certificate->chain_count);
    const uint32_t *refs = (const uint32_t *)snapshot->chain_refs.items + certificate->chain_first;
    return *chain_der_at(snapshot, refs[position]);
}

struct snapshot_binding snapshot_binding_at(const struct snapshot *snapshot, uint32_t index) {
    const struct packed_binding *packed = packed_at(snapshot, index);
    struct snapshot_binding binding = {.host = host_of(snapshot, packed),
                                       .listener = packed->listener,
                                       .site = packed->site,
                                       .policy = packed->policy};
    memcpy(binding.certificates, packed->certificates, sizeof(binding.certificates));
    return binding;
}

uint32_t snapshot_find_listener(const struct snapshot *snapshot,
                                const struct snapshot_listener *like) {
    for (uint32_t i = 0; i < snapshot->listeners.count; i++) {
        const struct snapshot_listener *listener = snapshot_listener_at(snapshot, i);
        if (listener->scheme == like->scheme && same_address(&listener->address, &like->address)) {
            return i;
        }
    }
    return SNAPSHOT_NONE;
}

/* The name with its first label replaced by "*"; 0 when it has one label only. */
static size_t wildcard_of(const char *host, size_t len, char out[SNAPSHOT_HOST_MAX + 1]) {
    const char *dot = memchr(host, '.', len);
    if (dot == NULL || dot == host) {
        return 0;
    }
    size_t rest = len - (size_t)(dot - host);
    out[0] = '*';
    memcpy(out + 1, dot, rest);
    return 1 + rest;
}

enum snapshot_match snapshot_lookup(const struct snapshot *snapshot, uint32_t listener,
                                    const char *host, size_t host_len, uint32_t *out_binding) {
    char name[SNAPSHOT_HOST_MAX];
    char wildcard[SNAPSHOT_HOST_MAX + 1];
    size_t len = fold_host(host, host_len, name);
    /* A client that sends "*.example.com" as a name gets what any unknown name gets. */
    bool is_name = len > 0 && name[0] != '*';
    *out_binding = is_name ? find_binding(snapshot, listener, name, len) : SNAPSHOT_NONE;
    if (*out_binding != SNAPSHOT_NONE) {
        return SNAPSHOT_EXACT;
    }
    size_t wildcard_len = is_name ? wildcard_of(name, len, wildcard) : 0;
    if (wildcard_len > 0 && wildcard_len <= SNAPSHOT_HOST_MAX) {
        *out_binding = find_binding(snapshot, listener, wildcard, wildcard_len);
        if (*out_binding != SNAPSHOT_NONE) {
            return SNAPSHOT_WILDCARD;
        }
    }
    *out_binding = snapshot_listener_at(snapshot, listener)->default_binding;
    return *out_binding == SNAPSHOT_NONE ? SNAPSHOT_NO_MATCH : SNAPSHOT_DEFAULT;
}

size_t snapshot_memory(const struct snapshot *snapshot) {
    return sizeof(*snapshot) + snapshot->block_bytes + snapshot->hosts.capacity +
           snapshot->listeners.capacity * sizeof(struct snapshot_listener) +
           snapshot->sites.capacity * sizeof(struct snapshot_site) +
           snapshot->certificates.capacity * sizeof(struct snapshot_certificate) +
           snapshot->chain_refs.capacity * sizeof(uint32_t) +
           snapshot->chain_ders.capacity * sizeof(struct snapshot_der) +
           snapshot->bindings.capacity * sizeof(struct packed_binding) +
           snapshot->by_host.slot_count * sizeof(uint32_t);
}
