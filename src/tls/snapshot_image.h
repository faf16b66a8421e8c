/*
 * The form of a snapshot in shared memory: arrays joined by indexes, and offsets into strings and
 * segments. Nothing in it is a pointer. Private to tls/.
 *
 * Each array lies in chunks of some kilobytes, and the chunks lie in the segments. A version is a
 * header and the list of its chunks: it shares with the version before all chunks in which nothing
 * has changed, so that making and checking one costs what has changed and not what is there. A
 * chunk that a version has is never written again; whoever builds writes a copy of it.
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

/* Where a chunk is. */
struct chunk_ref {
    uint32_t segment;
    uint32_t offset; /* a multiple of IMAGE_ALIGNMENT */
};

struct image_span {
    uint64_t offset; /* of the chunks' refs: bytes from the header's start, a multiple of 8 */
    uint64_t count;  /* items */
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
enum { IMAGE_VERSION = 6, IMAGE_ALIGNMENT = 16 };

/* Items of one kind. */
struct image_array {
    const struct chunk_ref *refs; /* on the heap of whoever builds, else in the mapping */
    size_t count;
};

struct image {
    int64_t seq;
    uint64_t seed[2]; /* of all hashes */
    struct image_array parts[IMAGE_PART_COUNT];
    struct segment **segments;
    size_t segment_count;
    size_t used_slots; /* once it is checked */
};

size_t image_item_size(enum image_part part);
size_t image_chunk_items(enum image_part part); /* a power of two */
size_t image_chunk_size(enum image_part part);  /* bytes */
size_t image_chunk_count(const struct image *image, enum image_part part);
uint8_t *image_chunk(const struct image *image, enum image_part part, size_t number);

/* Item access; an index beyond the end is a bug, for image_check() has seen them all. To be written
 * only by whoever builds, in a chunk that is no version's. */
void *image_at(const struct image *image, enum image_part part, uint32_t index);
const char *image_string(const struct image *image, struct packed_string string);
const uint8_t *image_der(const struct image *image, const struct packed_der *der);
uint32_t image_slot(const struct image *image, size_t at);

/* Lower case, without the dot of an absolute name; 0 when it is too long. */
size_t image_fold_host(const char *host, size_t len, char out[SNAPSHOT_HOST_MAX]);
uint64_t image_hash_host(const struct image *image, uint32_t listener, const char *host,
                         size_t len);
/* host is folded. SNAPSHOT_NONE when there is none. */
uint32_t image_find_binding(const struct image *image, uint32_t listener, const char *host,
                            size_t len);
/* Where the table has the binding of that host, or would put it. */
size_t image_find_slot(const struct image *image, uint32_t listener, const char *host, size_t len);

/*
 * True when every index, offset and length in it leads somewhere. Chunks that it shares with an
 * image that was checked before (NULL: none) are not looked at again.
 */
bool image_check(struct image *image, const struct image *before);

/* --- building, for snapshot_builder.c, snapshot_chunks.c and snapshot_restore.c --------------- */

/* The chunks of one array. */
struct builder_chunks {
    struct chunk_ref *refs; /* the image's */
    uint32_t *made;         /* the version for which each was made; 0: an earlier one */
    size_t capacity;
};

struct snapshot_builder {
    struct image image;
    struct builder_chunks chunks[IMAGE_PART_COUNT];
    uint32_t version;        /* the next one, from 1 */
    size_t garbage;          /* bytes of chunks that the next version does not have */
    struct map *roots;       /* path → index + 1 */
    struct map *ders;        /* SHA-256 of an intermediate → index + 1 */
    struct map *client_sets; /* fingerprint → index + 1 */
    size_t segment_capacity;
    size_t uses; /* of certificates by bindings */
};

/* The item for writing, in a chunk that is the next version's alone. Fails base.limit, base.oom,
 * sys.memory_file; what was got before stays good. */
bool builder_edit(struct snapshot_builder *b, enum image_part part, uint32_t index, void **out_item,
                  struct err *e) PL_MUST_USE;
/* Appends a copy of one item. Fails likewise. */
bool builder_add(struct snapshot_builder *b, enum image_part part, const void *item,
                 uint32_t *out_index, struct err *e) PL_MUST_USE;
bool builder_add_string(struct snapshot_builder *b, const char *text, size_t len,
                        struct packed_string *out, struct err *e) PL_MUST_USE;
bool builder_store_der(struct snapshot_builder *b, const uint8_t *bytes, size_t len,
                       struct packed_der *out, struct err *e) PL_MUST_USE;
void builder_chunks_clear(struct snapshot_builder *b);
/* The table of names anew, from that: count is a power of two. */
bool builder_set_slots(struct snapshot_builder *b, const uint32_t *slots, size_t count,
                       struct err *e) PL_MUST_USE;
/* Items that are there already, as those of an earlier version. */
bool builder_take_part(struct snapshot_builder *b, enum image_part part,
                       const struct image_array *from, struct err *e) PL_MUST_USE;

/* Maps from keys to indexes. */
bool builder_knows(const struct map *map, const void *key, size_t len, uint32_t *out_index);
bool builder_remember(struct map *map, const void *key, size_t len, uint32_t index, struct err *e)
    PL_MUST_USE;

/* The image of an open snapshot; borrowed. */
const struct image *snapshot_image_of(const struct snapshot *snapshot);

bool image_same_address(const union snapshot_address *a, const union snapshot_address *b);

#endif
