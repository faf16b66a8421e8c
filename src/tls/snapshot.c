/*
 * The binding snapshot in use: a mapped image and the segments that it refers to. Process: net, and
 * whoever hands it on. No parsing, no I/O but the mapping.
 */
#include "tls/snapshot.h"

#include "base/mem.h"
#include "sys/memory_file.h"
#include "tls/snapshot_image.h"

#include <string.h>

struct policy_entry {
    struct tls_policy policy;
    const uint8_t *fingerprint;
};

struct snapshot {
    unsigned references;
    struct image image;
    void *mapping;
    size_t mapping_size;
    struct folder **roots;         /* one for each of IMAGE_ROOTS, NULL where there is none */
    struct policy_entry *policies; /* one for each of IMAGE_POLICIES */
};

const struct image *snapshot_image_of(const struct snapshot *snapshot) {
    return &snapshot->image;
}

/* --- opening ------------------------------------------------------------------------------------
 */

static bool locate_part(struct snapshot *s, const struct image_header *header,
                        enum image_part part) {
    const struct image_span *span = &header->parts[part];
    bool fits = span->offset % sizeof(struct chunk_ref) == 0 && span->offset <= s->mapping_size &&
                span->count < SNAPSHOT_NONE;
    if (!fits) {
        return false;
    }
    const void *refs = (const uint8_t *)s->mapping + span->offset;
    s->image.parts[part] = (struct image_array){.refs = refs, .count = (size_t)span->count};
    return image_chunk_count(&s->image, part) <=
           (s->mapping_size - span->offset) / sizeof(struct chunk_ref);
}

static bool locate(struct snapshot *s, const struct snapshot_source *source) {
    const struct image_header *header = s->mapping;
    if (s->mapping_size < sizeof(*header) ||
        memcmp(header->magic, image_magic, sizeof(header->magic)) != 0 ||
        header->version != IMAGE_VERSION || header->segment_count > source->segment_count) {
        return false;
    }
    s->image.seq = header->seq;
    memcpy(s->image.seed, header->seed, sizeof(header->seed));
    bool ok = true;
    for (unsigned part = 0; part < IMAGE_PART_COUNT; part++) {
        ok = ok && locate_part(s, header, (enum image_part)part);
    }
    return ok;
}

static bool take_segments(struct snapshot *s, const struct snapshot_source *source, struct err *e) {
    void *memory = NULL;
    if (source->segment_count == 0) {
        return true;
    }
    if (!mem_array(source->segment_count, sizeof(struct segment *), &memory, e)) {
        return false;
    }
    s->image.segments = memory;
    for (size_t i = 0; i < source->segment_count; i++) {
        s->image.segments[i] = segment_ref(source->segments[i]);
    }
    s->image.segment_count = source->segment_count;
    return true;
}

static struct folder *open_root(void *ctx, const char *path) {
    (void)ctx;
    struct folder *folder = NULL;
    return folder_open(path, &folder, NULL) ? folder : NULL;
}

static bool find_roots(struct snapshot *s, const struct snapshot_source *source, struct err *e) {
    size_t count = s->image.parts[IMAGE_ROOTS].count;
    void *memory = NULL;
    if (count > 0 && !mem_array(count, sizeof(struct folder *), &memory, e)) {
        return false;
    }
    s->roots = memory;
    for (uint32_t i = 0; i < count; i++) {
        const char *path = snapshot_root_at(s, i);
        s->roots[i] =
            source->root != NULL ? source->root(source->root_ctx, path) : open_root(NULL, path);
    }
    return true;
}

static bool unpack_policies(struct snapshot *s, struct err *e) {
    const struct image *image = &s->image;
    size_t count = image->parts[IMAGE_POLICIES].count;
    void *memory = NULL;
    if (count > 0 && !mem_array(count, sizeof(struct policy_entry), &memory, e)) {
        return false;
    }
    s->policies = memory;
    for (uint32_t i = 0; i < count; i++) {
        const struct packed_policy *packed = image_at(image, IMAGE_POLICIES, i);
        s->policies[i] = (struct policy_entry){
            .fingerprint = packed->fingerprint,
            .policy = {.name = image_string(image, packed->name),
                       .about = image_string(image, packed->about),
                       .version_min = packed->version_min,
                       .version_max = packed->version_max,
                       .suites_tls13 = image_string(image, packed->suites_tls13),
                       .suites_tls12 = image_string(image, packed->suites_tls12),
                       .groups = image_string(image, packed->groups),
                       .signature_schemes = image_string(image, packed->signature_schemes),
                       .security_level = packed->security_level}};
    }
    return true;
}

bool snapshot_open(const struct snapshot_source *source, struct snapshot **out_snapshot,
                   struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct snapshot), &memory, e)) {
        return false;
    }
    PL_AUTO(snapshot_freep) struct snapshot *s = memory;
    s->references = 1;
    if (!memory_file_map(source->index_fd, &s->mapping, &s->mapping_size, e) ||
        !take_segments(s, source, e)) {
        return false;
    }
    if (!locate(s, source) ||
        !image_check(&s->image, source->before == NULL ? NULL : &source->before->image)) {
        return err_set(e, ERR_TLS_SNAPSHOT_BROKEN, "a version of the bindings is damaged");
    }
    if (!find_roots(s, source, e) || !unpack_policies(s, e)) {
        return false;
    }
    *out_snapshot = PL_TAKE(s);
    return true;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot) {
    snapshot->references++;
    return snapshot;
}

void snapshot_free(struct snapshot *snapshot) {
    if (snapshot == NULL || --snapshot->references > 0) {
        return;
    }
    for (size_t i = 0; snapshot->roots != NULL && i < snapshot->image.parts[IMAGE_ROOTS].count;
         i++) {
        folder_free(snapshot->roots[i]);
    }
    for (size_t i = 0; i < snapshot->image.segment_count; i++) {
        segment_free(snapshot->image.segments[i]);
    }
    memory_file_unmap(snapshot->mapping, snapshot->mapping_size);
    mem_free(snapshot->image.segments);
    mem_free(snapshot->roots);
    mem_free(snapshot->policies);
    mem_free(snapshot);
}

/* --- using --------------------------------------------------------------------------------------
 */

int64_t snapshot_seq(const struct snapshot *snapshot) {
    return snapshot->image.seq;
}

size_t snapshot_listener_count(const struct snapshot *snapshot) {
    return snapshot->image.parts[IMAGE_LISTENERS].count;
}

size_t snapshot_binding_count(const struct snapshot *snapshot) {
    return snapshot->image.parts[IMAGE_BINDINGS].count;
}

const struct snapshot_listener *snapshot_listener_at(const struct snapshot *snapshot,
                                                     uint32_t index) {
    return image_at(&snapshot->image, IMAGE_LISTENERS, index);
}

size_t snapshot_root_count(const struct snapshot *snapshot) {
    return snapshot->image.parts[IMAGE_ROOTS].count;
}

const char *snapshot_root_at(const struct snapshot *snapshot, uint32_t index) {
    const struct packed_string *path = image_at(&snapshot->image, IMAGE_ROOTS, index);
    return image_string(&snapshot->image, *path);
}

struct snapshot_site snapshot_site_at(const struct snapshot *snapshot, uint32_t index) {
    const struct packed_site *packed = image_at(&snapshot->image, IMAGE_SITES, index);
    struct snapshot_site site = {
        .id = packed->id,
        .name = image_string(&snapshot->image, packed->name),
        .root = packed->root == SNAPSHOT_NONE ? NULL : snapshot->roots[packed->root],
    };
    for (uint32_t i = 0; i < packed->index_name_count; i++) {
        site.index_names[i] = image_string(&snapshot->image, packed->index_names[i]);
    }
    return site;
}

static struct snapshot_der der_of(const struct snapshot *s, const struct packed_der *packed) {
    return (struct snapshot_der){.bytes = image_der(&s->image, packed), .len = packed->len};
}

static struct snapshot_staple staple_of(const struct snapshot *s,
                                        const struct packed_certificate *packed) {
    struct snapshot_staple staple = {.this_update_ms = packed->this_update_ms,
                                     .next_update_ms = packed->next_update_ms};
    if (packed->staple.len > 0) {
        staple.der = der_of(s, &packed->staple);
    }
    return staple;
}

struct snapshot_certificate snapshot_certificate_at(const struct snapshot *snapshot,
                                                    uint32_t index) {
    const struct packed_certificate *packed = image_at(&snapshot->image, IMAGE_CERTIFICATES, index);
    return (struct snapshot_certificate){.leaf = der_of(snapshot, &packed->leaf),
                                         .chain_first = packed->chain_first,
                                         .chain_count = (uint8_t)packed->chain_count,
                                         .family = (enum key_family)packed->family,
                                         .content_hash = packed->content_hash,
                                         .staple = staple_of(snapshot, packed),
                                         .key = packed->key};
}

struct snapshot_der snapshot_chain_at(const struct snapshot *snapshot,
                                      const struct snapshot_certificate *certificate,
                                      size_t position) {
    PL_BUG_UNLESS(position < certificate->chain_count);
    const uint32_t *ref =
        image_at(&snapshot->image, IMAGE_CHAIN_REFS, certificate->chain_first + (uint32_t)position);
    return der_of(snapshot, image_at(&snapshot->image, IMAGE_DERS, *ref));
}

struct snapshot_binding snapshot_binding_at(const struct snapshot *snapshot, uint32_t index) {
    const struct packed_binding *packed = image_at(&snapshot->image, IMAGE_BINDINGS, index);
    const struct policy_entry *policy = &snapshot->policies[packed->policy];
    struct snapshot_binding binding = {.host = image_string(&snapshot->image, packed->host),
                                       .listener = packed->listener,
                                       .site = packed->site,
                                       .policy = &policy->policy,
                                       .policy_fingerprint = policy->fingerprint};
    memcpy(binding.certificates, packed->certificates, sizeof(binding.certificates));
    binding.client_auth = (enum snapshot_clients)packed->client_auth;
    binding.clients = packed->clients;
    binding.parts = packed->parts;
    if (packed->clients != SNAPSHOT_NONE) {
        const struct packed_client_set *set =
            image_at(&snapshot->image, IMAGE_CLIENT_SETS, packed->clients);
        binding.clients_fingerprint = set->fingerprint;
    }
    return binding;
}

size_t snapshot_client_ca_count(const struct snapshot *snapshot,
                                const struct snapshot_binding *binding) {
    if (binding->clients == SNAPSHOT_NONE) {
        return 0;
    }
    const struct packed_client_set *set =
        image_at(&snapshot->image, IMAGE_CLIENT_SETS, binding->clients);
    return set->ref_count;
}

struct snapshot_der snapshot_client_ca_at(const struct snapshot *snapshot,
                                          const struct snapshot_binding *binding, size_t position) {
    const struct packed_client_set *set =
        image_at(&snapshot->image, IMAGE_CLIENT_SETS, binding->clients);
    PL_BUG_UNLESS(position < set->ref_count);
    const uint32_t *ref =
        image_at(&snapshot->image, IMAGE_CHAIN_REFS, set->ref_first + (uint32_t)position);
    return der_of(snapshot, image_at(&snapshot->image, IMAGE_DERS, *ref));
}

uint32_t snapshot_find_listener(const struct snapshot *snapshot,
                                const struct snapshot_listener *like) {
    for (uint32_t i = 0; i < snapshot_listener_count(snapshot); i++) {
        const struct snapshot_listener *listener = snapshot_listener_at(snapshot, i);
        if (listener->scheme == like->scheme &&
            image_same_address(&listener->address, &like->address)) {
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
    const struct image *image = &snapshot->image;
    char name[SNAPSHOT_HOST_MAX];
    char wildcard[SNAPSHOT_HOST_MAX + 1];
    size_t len = image_fold_host(host, host_len, name);
    /* A client that sends "*.example.com" as a name gets what any unknown name gets. */
    bool is_name = len > 0 && name[0] != '*';
    *out_binding = is_name ? image_find_binding(image, listener, name, len) : SNAPSHOT_NONE;
    if (*out_binding != SNAPSHOT_NONE) {
        return SNAPSHOT_EXACT;
    }
    size_t wildcard_len = is_name ? wildcard_of(name, len, wildcard) : 0;
    if (wildcard_len > 0 && wildcard_len <= SNAPSHOT_HOST_MAX) {
        *out_binding = image_find_binding(image, listener, wildcard, wildcard_len);
        if (*out_binding != SNAPSHOT_NONE) {
            return SNAPSHOT_WILDCARD;
        }
    }
    *out_binding = snapshot_listener_at(snapshot, listener)->default_binding;
    return *out_binding == SNAPSHOT_NONE ? SNAPSHOT_NO_MATCH : SNAPSHOT_DEFAULT;
}

size_t snapshot_memory(const struct snapshot *snapshot) {
    size_t sum = sizeof(*snapshot) + snapshot->mapping_size;
    for (size_t i = 0; i < snapshot->image.segment_count; i++) {
        sum += snapshot->image.segments[i]->used;
    }
    return sum + snapshot_root_count(snapshot) * sizeof(struct folder *) +
           snapshot->image.parts[IMAGE_POLICIES].count * sizeof(struct policy_entry);
}
