/* What builders and readers of a snapshot's flat form share: element access, look-up, checking. */
#include "tls/snapshot_image.h"

#include "base/hash.h"
#include "base/str.h"

#include <string.h>

const uint8_t image_magic[8] = {'P', 'L', 'S', 'N', 'A', 'P', '0', '1'};

size_t image_item_size(enum image_part part) {
    static const size_t sizes[IMAGE_PART_COUNT] = {
        [IMAGE_LISTENERS] = sizeof(struct snapshot_listener),
        [IMAGE_POLICIES] = sizeof(struct packed_policy),
        [IMAGE_ROOTS] = sizeof(struct packed_string),
        [IMAGE_SITES] = sizeof(struct packed_site),
        [IMAGE_CERTIFICATES] = sizeof(struct packed_certificate),
        [IMAGE_CHAIN_REFS] = sizeof(uint32_t),
        [IMAGE_DERS] = sizeof(struct packed_der),
        [IMAGE_CLIENT_SETS] = sizeof(struct packed_client_set),
        [IMAGE_BINDINGS] = sizeof(struct packed_binding),
        [IMAGE_SLOTS] = sizeof(uint32_t),
        [IMAGE_STRINGS] = 1,
    };
    return sizes[part];
}

/* Chunks of about 4 KB; a string is in one chunk. */
static const uint8_t chunk_shift[IMAGE_PART_COUNT] = {
    [IMAGE_LISTENERS] = 5,    [IMAGE_POLICIES] = 5, [IMAGE_ROOTS] = 9,       [IMAGE_SITES] = 5,
    [IMAGE_CERTIFICATES] = 5, [IMAGE_DERS] = 8,     [IMAGE_CLIENT_SETS] = 6, [IMAGE_BINDINGS] = 6,
    [IMAGE_CHAIN_REFS] = 10,  [IMAGE_SLOTS] = 10,   [IMAGE_STRINGS] = 13,
};

size_t image_chunk_items(enum image_part part) {
    return (size_t)1 << chunk_shift[part];
}

size_t image_chunk_size(enum image_part part) {
    return image_item_size(part) << chunk_shift[part];
}

static size_t chunks_for(enum image_part part, size_t count) {
    return (count + image_chunk_items(part) - 1) >> chunk_shift[part];
}

size_t image_chunk_count(const struct image *image, enum image_part part) {
    return chunks_for(part, image->parts[part].count);
}

uint8_t *image_chunk(const struct image *image, enum image_part part, size_t number) {
    const struct chunk_ref *ref = &image->parts[part].refs[number];
    return image->segments[ref->segment]->bytes + ref->offset;
}

void *image_at(const struct image *image, enum image_part part, uint32_t index) {
    PL_BUG_UNLESS(index < image->parts[part].count);
    size_t within = index & (image_chunk_items(part) - 1);
    return image_chunk(image, part, index >> chunk_shift[part]) + within * image_item_size(part);
}

uint32_t image_slot(const struct image *image, size_t at) {
    const uint32_t *slot = image_at(image, IMAGE_SLOTS, (uint32_t)at);
    return *slot;
}

const char *image_string(const struct image *image, struct packed_string string) {
    return image_at(image, IMAGE_STRINGS, string.offset);
}

const uint8_t *image_der(const struct image *image, const struct packed_der *der) {
    PL_BUG_UNLESS(der->segment < image->segment_count);
    return image->segments[der->segment]->bytes + der->offset;
}

/* --- look-up ---------------------------------------------------------------------------------- */

size_t image_fold_host(const char *host, size_t len, char out[SNAPSHOT_HOST_MAX]) {
    len -= len > 0 && host[len - 1] == '.' ? 1 : 0;
    if (len > SNAPSHOT_HOST_MAX) {
        return 0;
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = str_lower_char(host[i]);
    }
    return len;
}

uint64_t image_hash_host(const struct image *image, uint32_t listener, const char *host,
                         size_t len) {
    uint8_t key[4 + SNAPSHOT_HOST_MAX];
    memcpy(key, &listener, 4);
    memcpy(key + 4, host, len);
    return hash_bytes(image->seed, key, 4 + len);
}

size_t image_find_slot(const struct image *image, uint32_t listener, const char *host, size_t len) {
    size_t mask = image->parts[IMAGE_SLOTS].count - 1;
    size_t at = (size_t)image_hash_host(image, listener, host, len) & mask;
    for (uint32_t slot = 0; (slot = image_slot(image, at)) != 0; at = (at + 1) & mask) {
        const struct packed_binding *binding = image_at(image, IMAGE_BINDINGS, slot - 1);
        if (binding->listener == listener && binding->host.len == len &&
            memcmp(image_string(image, binding->host), host, len) == 0) {
            break;
        }
    }
    return at;
}

uint32_t image_find_binding(const struct image *image, uint32_t listener, const char *host,
                            size_t len) {
    if (image->parts[IMAGE_SLOTS].count == 0) {
        return SNAPSHOT_NONE;
    }
    uint32_t slot = image_slot(image, image_find_slot(image, listener, host, len));
    return slot == 0 ? SNAPSHOT_NONE : slot - 1;
}

bool image_same_address(const union snapshot_address *a, const union snapshot_address *b) {
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

/* --- checking what came from another process -------------------------------------------------- */

static bool has(const struct image *image, enum image_part part, uint32_t index) {
    return index < image->parts[part].count;
}

static bool has_or_none(const struct image *image, enum image_part part, uint32_t index) {
    return index == SNAPSHOT_NONE || has(image, part, index);
}

static bool is_string(const struct image *image, struct packed_string string) {
    uint64_t end = (uint64_t)string.offset + string.len;
    size_t within = string.offset & (image_chunk_items(IMAGE_STRINGS) - 1);
    return end < image->parts[IMAGE_STRINGS].count &&
           within + string.len < image_chunk_items(IMAGE_STRINGS) &&
           *image_string(image, (struct packed_string){.offset = (uint32_t)end}) == '\0';
}

static bool is_der(const struct image *image, const struct packed_der *der) {
    return der->segment < image->segment_count && der->len > 0 && der->len <= SNAPSHOT_DER_MAX &&
           (uint64_t)der->offset + der->len <= image->segments[der->segment]->size;
}

/* Values that its types do not have are looked for in the bytes, before anybody reads them. */
static bool is_truth(const void *at) {
    uint8_t byte = 0;
    memcpy(&byte, at, sizeof(byte));
    return byte <= 1;
}

static bool check_listener(const struct image *image, const void *item) {
    const struct snapshot_listener *listener = item;
    unsigned scheme = 0;
    memcpy(&scheme, &listener->scheme, sizeof(scheme));
    int family = listener->address.any.sa_family;
    return (scheme == SNAPSHOT_HTTPS || scheme == SNAPSHOT_HTTP) &&
           is_truth(&listener->is_strict) && is_truth(&listener->is_proxied) &&
           is_truth(&listener->is_services) && (family == AF_INET || family == AF_INET6) &&
           has_or_none(image, IMAGE_BINDINGS, listener->default_binding) &&
           memchr(listener->text, '\0', sizeof(listener->text)) != NULL;
}

static bool check_policy(const struct image *image, const void *item) {
    const struct packed_policy *policy = item;
    return is_string(image, policy->name) && is_string(image, policy->about) &&
           is_string(image, policy->suites_tls13) && is_string(image, policy->suites_tls12) &&
           is_string(image, policy->groups) && is_string(image, policy->signature_schemes);
}

static bool check_root(const struct image *image, const void *item) {
    const struct packed_string *path = item;
    return is_string(image, *path);
}

static bool check_site(const struct image *image, const void *item) {
    const struct packed_site *site = item;
    bool ok = is_string(image, site->name) && has_or_none(image, IMAGE_ROOTS, site->root) &&
              site->index_name_count <= SNAPSHOT_INDEX_NAMES_MAX;
    for (uint32_t i = 0; ok && i < site->index_name_count; i++) {
        ok = is_string(image, site->index_names[i]);
    }
    return ok;
}

static bool check_certificate(const struct image *image, const void *item) {
    const struct packed_certificate *certificate = item;
    return is_der(image, &certificate->leaf) &&
           (certificate->staple.len == 0 || is_der(image, &certificate->staple)) &&
           certificate->family <= KEY_ED25519 && certificate->chain_count <= SNAPSHOT_CHAIN_MAX &&
           (uint64_t)certificate->chain_first + certificate->chain_count <=
               image->parts[IMAGE_CHAIN_REFS].count;
}

static bool check_chain_ref(const struct image *image, const void *item) {
    const uint32_t *ref = item;
    return has(image, IMAGE_DERS, *ref);
}

static bool check_der(const struct image *image, const void *item) {
    return is_der(image, item);
}

static bool check_client_set(const struct image *image, const void *item) {
    const struct packed_client_set *set = item;
    return set->ref_count > 0 && set->ref_count <= SNAPSHOT_CLIENT_CAS_MAX &&
           (uint64_t)set->ref_first + set->ref_count <= image->parts[IMAGE_CHAIN_REFS].count;
}

/* A set is there exactly when clients are asked. */
static bool check_clients(const struct image *image, const struct packed_binding *binding) {
    return binding->client_auth == SNAPSHOT_CLIENTS_ANY
               ? binding->clients == SNAPSHOT_NONE
               : binding->client_auth <= SNAPSHOT_CLIENTS_REQUIRED &&
                     has(image, IMAGE_CLIENT_SETS, binding->clients);
}

static bool check_binding(const struct image *image, const void *item) {
    const struct packed_binding *binding = item;
    bool ok = is_string(image, binding->host) && binding->host.len <= SNAPSHOT_HOST_MAX &&
              has(image, IMAGE_LISTENERS, binding->listener) &&
              has(image, IMAGE_SITES, binding->site) &&
              has(image, IMAGE_POLICIES, binding->policy) && check_clients(image, binding);
    for (size_t i = 0; ok && i < SNAPSHOT_BINDING_CERTIFICATES_MAX; i++) {
        ok = has_or_none(image, IMAGE_CERTIFICATES, binding->certificates[i]);
    }
    return ok;
}

static bool check_slot(const struct image *image, const void *item) {
    const uint32_t *slot = item;
    return *slot == 0 || has(image, IMAGE_BINDINGS, *slot - 1);
}

/* A power of two, and at most half of it used: every search meets a free slot. */
static bool check_table(const struct image *image) {
    size_t slots = image->parts[IMAGE_SLOTS].count;
    return slots == 0 ? image->parts[IMAGE_BINDINGS].count == 0
                      : (slots & (slots - 1)) == 0 && image->used_slots * 2 <= slots;
}

static bool check_ref(const struct image *image, enum image_part part, size_t number) {
    const struct chunk_ref *ref = &image->parts[part].refs[number];
    return ref->segment < image->segment_count && ref->offset % IMAGE_ALIGNMENT == 0 &&
           (uint64_t)ref->offset + image_chunk_size(part) <= image->segments[ref->segment]->size;
}

static bool check_refs(const struct image *image) {
    for (unsigned part = 0; part < IMAGE_PART_COUNT; part++) {
        size_t count = image_chunk_count(image, (enum image_part)part);
        for (size_t i = 0; i < count; i++) {
            if (!check_ref(image, (enum image_part)part, i)) {
                return false;
            }
        }
    }
    return true;
}

static bool has_chunk(const struct image *image, enum image_part part, size_t number) {
    return number < image_chunk_count(image, part);
}

/* As it was in an image that was checked. */
static bool is_shared(const struct image *image, const struct image *before, enum image_part part,
                      size_t number) {
    return before != NULL && has_chunk(before, part, number) &&
           image_chunk(image, part, number) == image_chunk(before, part, number) &&
           ((number + 1) << chunk_shift[part] <= before->parts[part].count ||
            image->parts[part].count == before->parts[part].count);
}

/* What was checked there stays true: nothing is taken away, and strings are where they were. */
static bool goes_on_from(const struct image *image, const struct image *before) {
    if (before->segment_count > image->segment_count) {
        return false;
    }
    for (size_t i = 0; i < before->segment_count; i++) {
        if (image->segments[i] != before->segments[i]) {
            return false;
        }
    }
    for (unsigned part = 0; part < IMAGE_PART_COUNT; part++) {
        if (image->parts[part].count < before->parts[part].count) {
            return false;
        }
    }
    size_t known = before->parts[IMAGE_STRINGS].count;
    size_t step = image_chunk_items(IMAGE_STRINGS);
    for (size_t i = 0; i * step < known; i++) {
        const uint8_t *now = image_chunk(image, IMAGE_STRINGS, i);
        const uint8_t *then = image_chunk(before, IMAGE_STRINGS, i);
        size_t len = known - i * step < step ? known - i * step : step;
        if (now != then && memcmp(now, then, len) != 0) {
            return false;
        }
    }
    return true;
}

static size_t used_slots(const struct image *image, size_t number) {
    size_t first = number << chunk_shift[IMAGE_SLOTS];
    size_t left = image->parts[IMAGE_SLOTS].count - first;
    size_t items = image_chunk_items(IMAGE_SLOTS);
    const uint8_t *bytes = image_chunk(image, IMAGE_SLOTS, number);
    size_t used = 0;
    for (size_t i = 0; i < items && i < left; i++) {
        uint32_t slot = 0;
        memcpy(&slot, bytes + i * sizeof(slot), sizeof(slot));
        used += slot != 0 ? 1 : 0;
    }
    return used;
}

static void count_slots(struct image *image, const struct image *before) {
    image->used_slots = before == NULL ? 0 : before->used_slots;
    for (size_t i = 0; i < image_chunk_count(image, IMAGE_SLOTS); i++) {
        if (!is_shared(image, before, IMAGE_SLOTS, i)) {
            bool was_there = before != NULL && has_chunk(before, IMAGE_SLOTS, i);
            image->used_slots += used_slots(image, i);
            image->used_slots -= was_there ? used_slots(before, i) : 0;
        }
    }
}

typedef bool check_fn(const struct image *image, const void *item);

static bool check_chunk(const struct image *image, enum image_part part, size_t number,
                        check_fn *check) {
    size_t first = number << chunk_shift[part];
    size_t left = image->parts[part].count - first;
    size_t items = image_chunk_items(part);
    size_t size = image_item_size(part);
    const uint8_t *bytes = image_chunk(image, part, number);
    for (size_t i = 0; i < items && i < left; i++) {
        if (!check(image, bytes + i * size)) {
            return false;
        }
    }
    return true;
}

bool image_check(struct image *image, const struct image *before) {
    static check_fn *const checks[IMAGE_PART_COUNT] = {
        [IMAGE_LISTENERS] = check_listener,
        [IMAGE_POLICIES] = check_policy,
        [IMAGE_ROOTS] = check_root,
        [IMAGE_SITES] = check_site,
        [IMAGE_CERTIFICATES] = check_certificate,
        [IMAGE_CHAIN_REFS] = check_chain_ref,
        [IMAGE_DERS] = check_der,
        [IMAGE_CLIENT_SETS] = check_client_set,
        [IMAGE_BINDINGS] = check_binding,
        [IMAGE_SLOTS] = check_slot,
    };
    if (!check_refs(image)) {
        return false;
    }
    before = before != NULL && goes_on_from(image, before) ? before : NULL;
    for (unsigned i = 0; i < IMAGE_PART_COUNT; i++) {
        enum image_part part = (enum image_part)i;
        for (size_t j = 0; checks[i] != NULL && j < image_chunk_count(image, part); j++) {
            if (!is_shared(image, before, part, j) && !check_chunk(image, part, j, checks[i])) {
                return false;
            }
        }
    }
    count_slots(image, before);
    return check_table(image);
}
