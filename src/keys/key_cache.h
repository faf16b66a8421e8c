/*
 * Unsealed keys that were used lately, so that a handshake does not unseal. Private to keys/.
 *
 * A key is found only by exactly the bytes that were unsealed: its authenticated fields and its
 * blob. When full, the one that was not used for the longest time goes.
 */
#ifndef PL_KEYS_KEY_CACHE_H
#define PL_KEYS_KEY_CACHE_H

#include "base/buf.h"
#include "base/id.h"
#include "pki/key.h"

#include <openssl/types.h>

enum { KEY_CACHE_CONTEXTS = 16 };

/* A private key, ready to sign. */
struct cached_key {
    EVP_PKEY *pkey;
    struct key_spec spec;
    EVP_PKEY_CTX *contexts[KEY_CACHE_CONTEXTS]; /* by signature scheme; made when first needed */
    /* the rest is the cache's own */
    struct id id;
    uint8_t *sealed; /* fields, then blob */
    size_t sealed_len;
    size_t fields_len;
    struct cached_key *newer;
    struct cached_key *older;
};

struct key_cache;

/* Fails base.oom, base.random. max_count ≥ 1. */
bool key_cache_new(size_t max_count, struct key_cache **out_cache, struct err *e) PL_MUST_USE;
void key_cache_free(struct key_cache *cache);

/* NULL when it is not there. Borrowed until the next put. */
struct cached_key *key_cache_get(struct key_cache *cache, const struct id *id,
                                 const struct buf *fields, const uint8_t *blob, size_t blob_len);

/* Takes pkey, also on failure; replaces what was there under id. out_key as above. Fails base.oom.
 */
bool key_cache_put(struct key_cache *cache, const struct id *id, const struct buf *fields,
                   const uint8_t *blob, size_t blob_len, EVP_PKEY *pkey,
                   struct cached_key **out_key, struct err *e) PL_MUST_USE;

size_t key_cache_count(const struct key_cache *cache);

#endif
