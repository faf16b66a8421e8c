/*
 * The form of a snapshot in shared memory: a header, then flat arrays joined by indexes, and
 * offsets into strings and segments. Nothing in it is a pointer. Private to tls/.
 *
 * Whoever builds has the arrays on its heap, whoever serves has them in a mapping; both look things
 * up with the same functions.
 */
#ifndef PL_TLS_SNAPSHOT_IMAGE_H
#define PL_TLS_SNAPSHOT_IMAGE_H

#include "base/map.h"
#include "tls/segment.h"
#include "tls/snapshot.h"

enum image_part {
    IMAGE_LISTENERS,    /* struct snapshot_listener */
    IMAGE_POLICIES,     /* struct packed_policy */
    IMAGE_ROOTS,        /* struct packed_string: paths of document roots, each once */
    IMAGE_SITES,        /* struct packed_site */
    IMAGE_CERTIFICATES, /* struct packed_certificate */
    IMAGE_CHAIN_REFS,   /* uint32_t: index into IMAGE_DERS */
    IMAGE_DERS,         /* struct packed_der: intermediates, each once */
    IMAGE_CLIENT_SETS,  /* struct packed_client_set */
    IMAGE_BINDINGS,     /* struct packed_binding */
    IMAGE_SLOTS,        /* uint32_t: binding + 1 by hash of (listener, host), 0 is free */
    IMAGE_STRINGS,      /* bytes; each string ends with NUL */
    IMAGE_PART_COUNT
};

struct packed_string {
    uint32_t offset;
    uint32_t len;
};

struct packed_policy {
    struct packed_string name;
    struct packed_string about;
    struct packed_string suites_tls13;
    struct packed_string suites_tls12;
    struct packed_string groups;
    struct packed_string signature_schemes;
    int32_t version_min;
    int32_t version_max;
    int32_t security_level;
    uint8_t fingerprint[TLS_POLICY_FINGERPRINT_LEN];
};

struct packed_site {
    struct id id;
    struct packed_string name;
    uint32_t root; /* SNAPSHOT_NONE: none */
    uint32_t index_name_count;
    struct packed_string index_names[SNAPSHOT_INDEX_NAMES_MAX];
};

struct packed_der {
    uint32_t segment;
    uint32_t offset;
    uint32_t len;
};

struct packed_certificate {
    struct packed_der leaf;
    uint32_t chain_first;
    uint32_t chain_count;
    uint32_t family;
    uint64_t content_hash;
    struct packed_der staple; /* len 0: none */
    int64_t this_update_ms;
    int64_t next_update_ms;
    struct key_handle key;
};

/* CA certificates of clients: a run of IMAGE_CHAIN_REFS. */
struct packed_client_set {
    uint32_t ref_first;
    uint32_t ref_count;
    uint8_t fingerprint[SNAPSHOT_CLIENTS_FINGERPRINT_LEN];
};

struct packed_binding {
    struct packed_string host;
    uint32_t listener;
    uint32_t site;
    uint32_t policy;
    uint32_t certificates[SNAPSHOT_BINDING_CERTIFICATES_MAX];
    uint32_t client_auth; /* enum snapshot_clients */
    uint32_t clients;     /* SNAPSHOT_NONE: no set */
    uint32_t parts;
};

struct image_span {
    uint64_t offset; /* bytes from the header's start, a multiple of 8 */
    uint64_t count;  /* elements */
};

struct image_header {
    uint8_t magic[8];
    uint32_t version;
    uint32_t segment_count;
    int64_t seq;
    uint64_t seed[2];
    struct image_span parts[IMAGE_PART_COUNT];
};

extern const uint8_t image_magic[8];
enum { IMAGE_VERSION = 5, IMAGE_ALIGNMENT = 8 };

/* Elements of one kind, on the heap (capacity > 0) or in a mapping. */
struct image_array {
    void *items;
    size_t count;
    size_t capacity;
};

struct image {
    int64_t seq;
    uint64_t seed[2]; /* of all hashes */
    struct image_array parts[IMAGE_PART_COUNT];
    struct segment **segments;
    size_t segment_count;
};

size_t image_item_size(enum image_part part);

/* Element access; an index beyond the end is a bug, for image_check() has seen them all. */
void *image_at(const struct image *image, enum image_part part, uint32_t index);
const char *image_string(const struct image *image, struct packed_string string);
const uint8_t *image_der(const struct image *image, const struct packed_der *der);

/* Lower case, without the dot of an absolute name; 0 when it is too long. */
size_t image_fold_host(const char *host, size_t len, char out[SNAPSHOT_HOST_MAX]);
uint64_t image_hash_host(const struct image *image, uint32_t listener, const char *host,
                         size_t len);
/* host is folded. SNAPSHOT_NONE when there is none. */
uint32_t image_find_binding(const struct image *image, uint32_t listener, const char *host,
                            size_t len);
/* Where the table has the binding of that host, or would put it. */
size_t image_find_slot(const struct image *image, uint32_t listener, const char *host, size_t len);

/* True when every index, offset and length in it leads somewhere. */
bool image_check(const struct image *image);

/* --- building, for snapshot_builder.c and snapshot_restore.c ---------------------------------- */

struct snapshot_builder {
    struct image image;
    struct map *roots;       /* path → index + 1 */
    struct map *ders;        /* SHA-256 of an intermediate → index + 1 */
    struct map *client_sets; /* fingerprint → index + 1 */
    size_t segment_capacity;
    size_t uses; /* of certificates by bindings */
};

/* Maps from keys to indexes. */
bool builder_knows(const struct map *map, const void *key, size_t len, uint32_t *out_index);
bool builder_remember(struct map *map, const void *key, size_t len, uint32_t index, struct err *e)
    PL_MUST_USE;

/* The image of an open snapshot; borrowed. */
const struct image *snapshot_image_of(const struct snapshot *snapshot);

bool image_same_address(const union snapshot_address *a, const union snapshot_address *b);

#endif
