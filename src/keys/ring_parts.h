/*
 * What the files of keys/ share: the open sealing key, the unsealed keys in use, the digests.
 * Private to keys/. Not for several threads at once.
 */
#ifndef PL_KEYS_RING_PARTS_H
#define PL_KEYS_RING_PARTS_H

#include "keys/ring.h"
#include "keys/key_cache.h"
#include "keys/sealing.h"

/* Digests by place, fetched once. */
enum ring_digest {
    RING_SHA256,
    RING_SHA384,
    RING_SHA512,
    RING_SHA1,
    RING_MD5_SHA1,
    RING_DIGEST_COUNT,
    RING_NO_DIGEST = RING_DIGEST_COUNT, /* Ed25519 hashes by itself */
};

struct ring {
    struct sealing sealing;
    struct key_cache *cache;
    EVP_MD *digests[RING_DIGEST_COUNT];
    EVP_MD_CTX *hashing; /* used again for each signature */
};

/* One bit each, for ring_unseal. */
#define RING_PURPOSE(purpose) (1U << (unsigned)(purpose))
#define RING_ANY_PURPOSE (~0U)

/*
 * The private key, from the cache or unsealed. allowed: RING_PURPOSE bits.
 * out_key is borrowed until the next call with the same ring.
 * Fails keys.purpose, keys.provider, keys.sealing.other, keys.blob.broken, base.oom
 */
bool ring_unseal(struct ring *ring, const struct sealed_key *key, unsigned allowed,
                 struct cached_key **out_key, struct err *e) PL_MUST_USE;

/* Appends everything about a sealed key that its blob authenticates, in one fixed form. Fails
 * base.oom. */
bool sealed_key_append_fields(const struct sealed_key *key, struct buf *out, struct err *e)
    PL_MUST_USE;

enum { SEALED_FIELDS_MAX = 256 };

#endif
