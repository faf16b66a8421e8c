/*
 * The bindings as one immutable whole: what listens where, and which site, TLS policy and
 * certificates answer for which name. Built by whoever reads the store, used by whoever serves;
 * a newer one replaces it by pointer. Reference-counted; one thread.
 *
 * It lies in shared memory: append-only segments with the index and the certificates, in chunks
 * that all versions and all processes share, and for each version the list of its chunks. A change
 * costs what it changes. A name costs about 250 bytes of index and its certificate's DER, once per
 * machine, while it is unused; intermediates that many share are kept once. Nothing is parsed here:
 * a certificate that is broken is found at its first handshake and concerns its own bindings alone.
 *
 * Order of lookup: the exact name, then the wildcard of one label ("*.example.com" covers
 * "a.example.com", not "example.com" nor "b.a.example.com"), then the listener's default. The
 * default is the binding without a host, else the listener's first; a strict listener has none and
 * refuses clients that send no name or an unknown one.
 */
#ifndef PL_TLS_SNAPSHOT_H
#define PL_TLS_SNAPSHOT_H

#include "base/compiler.h"
#include "base/err.h"
#include "base/id.h"
#include "pki/key.h"
#include "sys/folder.h"
#include "tls/policy.h"
#include "tls/remote_key.h"

#include <netinet/in.h>

enum {
    SNAPSHOT_LISTENERS_MAX = 4096,
    SNAPSHOT_SITES_MAX = 1000 * 1000,
    SNAPSHOT_BINDINGS_MAX = 4 * 1000 * 1000,
    SNAPSHOT_CERTIFICATES_MAX = 4 * 1000 * 1000,
    SNAPSHOT_BINDING_CERTIFICATES_MAX = 3, /* one per family: RSA, EC, Ed25519 */
    SNAPSHOT_CHAIN_MAX = 10,
    SNAPSHOT_DER_MAX = 256 * 1024,
    SNAPSHOT_HOST_MAX = 253,
    SNAPSHOT_INDEX_NAMES_MAX = 8,
    SNAPSHOT_ADDRESS_TEXT = 72, /* "https://[…]:65535" */
    SNAPSHOT_POLICIES_MAX = 1000,
    SNAPSHOT_SEGMENTS_MAX = 512,
    SNAPSHOT_STRINGS_MAX = 1024 * 1024 * 1024,
    SNAPSHOT_CLIENT_SETS_MAX = 10 * 1000,
    SNAPSHOT_CLIENT_CAS_MAX = 200, /* of one set */
    SNAPSHOT_CLIENTS_FINGERPRINT_LEN = 32,
};
#define SNAPSHOT_NONE UINT32_MAX

struct segment;
struct snapshot;
struct snapshot_builder;

enum snapshot_scheme { SNAPSHOT_HTTPS, SNAPSHOT_HTTP };

union snapshot_address {
    struct sockaddr any;
    struct sockaddr_in ip4;
    struct sockaddr_in6 ip6;
};

struct snapshot_listener {
    enum snapshot_scheme scheme;
    bool is_strict;
    bool is_proxied;  /* each connection begins with the PROXY protocol's header */
    bool is_services; /* its bindings are the site "services"; served by a process of its own */
    union snapshot_address address;
    uint32_t default_binding;         /* SNAPSHOT_NONE when strict or without bindings */
    char text[SNAPSHOT_ADDRESS_TEXT]; /* "https://127.0.0.1:8443" */
};

struct snapshot_site {
    struct id id;
    const char *name;
    struct folder *root; /* NULL: its folder cannot be opened; requests are answered with 503 */
    const char *index_names[SNAPSHOT_INDEX_NAMES_MAX]; /* NULL after the last */
};

struct snapshot_der {
    const uint8_t *bytes;
    uint32_t len;
};

/* An OCSP response; der.len 0: there is none. */
struct snapshot_staple {
    struct snapshot_der der;
    int64_t this_update_ms;
    int64_t next_update_ms;
};

struct snapshot_certificate {
    struct snapshot_der leaf;
    uint32_t chain_first; /* see snapshot_chain_at() */
    uint8_t chain_count;
    enum key_family family;
    uint64_t content_hash; /* of leaf, chain and key id, under the process's seed */
    struct snapshot_staple staple;
    struct key_handle key;
};

/* Whether clients are asked for a certificate. */
enum snapshot_clients {
    SNAPSHOT_CLIENTS_ANY,      /* they are not */
    SNAPSHOT_CLIENTS_OPTIONAL, /* one that is shown must be right */
    SNAPSHOT_CLIENTS_REQUIRED,
};

struct snapshot_binding {
    const char *host; /* lower case, "" for the default */
    uint32_t listener;
    uint32_t site;
    const struct tls_policy *policy;
    const uint8_t *policy_fingerprint;                        /* tls_policy_fingerprint() */
    uint32_t certificates[SNAPSHOT_BINDING_CERTIFICATES_MAX]; /* SNAPSHOT_NONE after the last */
    enum snapshot_clients client_auth;
    uint32_t clients;                   /* the set of CAs; SNAPSHOT_NONE for SNAPSHOT_CLIENTS_ANY */
    const uint8_t *clients_fingerprint; /* of the set; NULL likewise */
    uint32_t parts;                     /* of the site "services" (http/parts.h); 0 for others */
};

/* --- building -----------------------------------------------------------------------------------
 */

/* seq: the number of the change that the snapshot shows. Fails base.oom, base.random. */
bool snapshot_builder_new(int64_t seq, struct snapshot_builder **out_builder, struct err *e)
    PL_MUST_USE;
void snapshot_builder_free(struct snapshot_builder *builder);
PL_DEFINE_FREEP(snapshot_builder_freep, struct snapshot_builder, snapshot_builder_free)

/*
 * Adds an address to listen on.
 *
 * address       "127.0.0.1", "::1", "0.0.0.0", "::" (IPv6 alone), without brackets
 * port          1..65535, or 0 for one that the system chooses (tests)
 * out_listener  its index
 * Fails         tls.snapshot.address, tls.snapshot.duplicate (same address and port), base.limit,
 * base.oom
 */
bool snapshot_builder_add_listener(struct snapshot_builder *builder, enum snapshot_scheme scheme,
                                   const char *address, uint16_t port, bool is_strict,
                                   uint32_t *out_listener, struct err *e) PL_MUST_USE;
/* Its connections begin with the PROXY protocol's header. */
bool snapshot_builder_set_proxied(struct snapshot_builder *builder, uint32_t listener,
                                  struct err *e) PL_MUST_USE;
/* Its bindings are the site "services". */
bool snapshot_builder_set_services(struct snapshot_builder *builder, uint32_t listener,
                                   struct err *e) PL_MUST_USE;

struct snapshot_site_wish {
    struct id id;
    const char *name;
    const char *root_path;          /* absolute; NULL: the site has no folder */
    const char *const *index_names; /* NULL: index.html, index.htm */
    size_t index_name_count;
};

/* Fails base.limit, base.oom. */
bool snapshot_builder_add_site(struct snapshot_builder *builder,
                               const struct snapshot_site_wish *wish, uint32_t *out_site,
                               struct err *e) PL_MUST_USE;

struct snapshot_certificate_wish {
    const uint8_t *leaf; /* DER, copied */
    size_t leaf_len;
    const struct snapshot_der *chain; /* intermediates, leaf's issuer first, copied */
    size_t chain_count;
    enum key_family family;
    struct key_handle key;
};

/* Not read here: a leaf that is no certificate is found at its first handshake. Fails base.limit,
 * base.oom. */
bool snapshot_builder_add_certificate(struct snapshot_builder *builder,
                                      const struct snapshot_certificate_wish *wish,
                                      uint32_t *out_certificate, struct err *e) PL_MUST_USE;

/*
 * Gives a certificate another OCSP response, or takes it away (der.len 0). Bytes of the one before
 * stay in the segments until everything is built anew. Fails base.limit, base.oom.
 */
bool snapshot_builder_staple(struct snapshot_builder *builder, uint32_t certificate,
                             const struct snapshot_staple *staple, struct err *e) PL_MUST_USE;

struct snapshot_binding_wish {
    uint32_t listener;
    const char *host; /* a name, "*.name", or NULL or "" for the default; letters in either case */
    uint32_t site;
    const struct tls_policy *policy; /* NULL: the default; not used for http */
    const uint32_t *certificates;    /* indexes, one per family; none for http */
    size_t certificate_count;
    enum snapshot_clients client_auth;
    const struct snapshot_der *client_cas; /* whose clients are let in; none when any are */
    size_t client_ca_count;
    uint32_t parts; /* of the site "services"; 0 for others */
};

/*
 * Fails tls.snapshot.host, tls.snapshot.duplicate (same listener and host),
 * tls.snapshot.certificates (two of a family), base.limit, base.oom. Indexes that were never handed
 * out are a bug.
 */
bool snapshot_builder_add_binding(struct snapshot_builder *builder,
                                  const struct snapshot_binding_wish *wish, struct err *e)
    PL_MUST_USE;

/* out_was_there: there was a binding of that listener and host, which is gone then. Fails base.oom,
 * base.limit, sys.memory_file; then it is still there. */
bool snapshot_builder_remove_binding(struct snapshot_builder *builder, uint32_t listener,
                                     const char *host, bool *out_was_there, struct err *e)
    PL_MUST_USE;

/* The number of the change that the next image shows. */
void snapshot_builder_set_seq(struct snapshot_builder *builder, int64_t seq);

/* How many there are: indexes are below these. */
size_t snapshot_builder_listeners(const struct snapshot_builder *builder);
size_t snapshot_builder_roots(const struct snapshot_builder *builder);
size_t snapshot_builder_sites(const struct snapshot_builder *builder);
size_t snapshot_builder_certificates(const struct snapshot_builder *builder);

/* At least so many certificates were added that no binding was given, or has any more: reason to
 * build anew.
 */
size_t snapshot_builder_unused(const struct snapshot_builder *builder);

/*
 * Each version leaves behind what it changed of the one before. When that is more than is in use,
 * everything can be written anew, into new segments with new numbers; indexes stay as they are.
 * Fails as adding; then nothing has changed.
 */
bool snapshot_builder_has_garbage(const struct snapshot_builder *builder);
bool snapshot_builder_compact(struct snapshot_builder *builder, struct err *e) PL_MUST_USE;

/*
 * One version, in descriptors that can be handed to other processes. Clear works on a zeroed
 * struct.
 */
struct snapshot_image {
    bool is_made;
    int index_fd;              /* owned */
    struct segment **segments; /* borrowed from the builder, whose fd each of them has */
    size_t segment_count;
};
void snapshot_image_clear(struct snapshot_image *image);

/*
 * A builder that goes on from a version: as if everything in it had been added one by one. Its
 * segments are shared and full. Fails tls.snapshot.broken, sys.memory_file, base.oom.
 */
bool snapshot_builder_restore(const struct snapshot_image *image,
                              struct snapshot_builder **out_builder, struct err *e) PL_MUST_USE;

/* The builder's content as of now; it can be changed further. Fails sys.memory_file. */
bool snapshot_builder_publish(struct snapshot_builder *builder, struct snapshot_image *out_image,
                              struct err *e) PL_MUST_USE;

/* Publishes and opens in one process; the builder is freed in any case. Caller owns one reference.
 * Fails as these. */
bool snapshot_builder_finish(struct snapshot_builder *builder, struct snapshot **out_snapshot,
                             struct err *e) PL_MUST_USE;

/* --- opening ------------------------------------------------------------------------------------
 */

/*
 * Finds the folder of a document root: one that was handed over, or opens it. Returns a reference,
 * or NULL when there is none.
 */
typedef struct folder *snapshot_root_fn(void *ctx, const char *path);

struct snapshot_source {
    int index_fd;                    /* borrowed for the call */
    struct segment *const *segments; /* references are taken */
    size_t segment_count;
    const struct snapshot *before; /* what they share is not checked again; NULL: none */
    snapshot_root_fn *root;        /* NULL: folder_open() */
    void *root_ctx;
};

/*
 * Maps a version and checks it: every index and offset in it leads somewhere.
 *
 * Fails  tls.snapshot.broken, sys.memory_file, base.oom
 */
bool snapshot_open(const struct snapshot_source *source, struct snapshot **out_snapshot,
                   struct err *e) PL_MUST_USE;

/* --- using --------------------------------------------------------------------------------------
 */

struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_free(struct snapshot *snapshot); /* drops a reference */
PL_DEFINE_FREEP(snapshot_freep, struct snapshot, snapshot_free)

int64_t snapshot_seq(const struct snapshot *snapshot);
size_t snapshot_listener_count(const struct snapshot *snapshot);
size_t snapshot_binding_count(const struct snapshot *snapshot);
const struct snapshot_listener *snapshot_listener_at(const struct snapshot *snapshot,
                                                     uint32_t index);
struct snapshot_site snapshot_site_at(const struct snapshot *snapshot, uint32_t index);
struct snapshot_certificate snapshot_certificate_at(const struct snapshot *snapshot,
                                                    uint32_t index);
/* The paths of all document roots, each once. */
size_t snapshot_root_count(const struct snapshot *snapshot);
const char *snapshot_root_at(const struct snapshot *snapshot, uint32_t index);
/* The certificate's chain, position 0..chain_count-1. */
struct snapshot_der snapshot_chain_at(const struct snapshot *snapshot,
                                      const struct snapshot_certificate *certificate,
                                      size_t position);
struct snapshot_binding snapshot_binding_at(const struct snapshot *snapshot, uint32_t index);
/* The CAs of the binding's clients, position 0..count-1. */
size_t snapshot_client_ca_count(const struct snapshot *snapshot,
                                const struct snapshot_binding *binding);
struct snapshot_der snapshot_client_ca_at(const struct snapshot *snapshot,
                                          const struct snapshot_binding *binding, size_t position);

/* The index of the listener with the same scheme, address and port, SNAPSHOT_NONE when there is
 * none. */
uint32_t snapshot_find_listener(const struct snapshot *snapshot,
                                const struct snapshot_listener *like);

enum snapshot_match { SNAPSHOT_NO_MATCH, SNAPSHOT_EXACT, SNAPSHOT_WILDCARD, SNAPSHOT_DEFAULT };

/*
 * The binding that answers for a name on a listener.
 *
 * host         as the client sent it: any bytes, letters in either case, one dot at the end is
 *              ignored; NULL with len 0 when it sent none
 * out_binding  its index; SNAPSHOT_NONE with SNAPSHOT_NO_MATCH
 */
enum snapshot_match snapshot_lookup(const struct snapshot *snapshot, uint32_t listener,
                                    const char *host, size_t host_len, uint32_t *out_binding);

/* Bytes of memory, shared and own, that the snapshot holds, for figures. */
size_t snapshot_memory(const struct snapshot *snapshot);

#endif
