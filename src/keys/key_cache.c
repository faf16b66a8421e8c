/* Unsealed keys that were used lately: a map by id, and a list by time of use. */
#include "keys/key_cache.h"

#include "base/map.h"
#include "base/mem.h"
#include "pki/openssl.h"

#include <string.h>

struct key_cache {
    struct map *by_id;
    size_t max_count;
    struct cached_key *newest;
    struct cached_key *oldest;
};

bool key_cache_new(size_t max_count, struct key_cache **out_cache, struct err *e) {
    void *memory = NULL;
    PL_BUG_UNLESS(max_count >= 1);
    if (!mem_alloc(sizeof(struct key_cache), &memory, e)) {
        return false;
    }
    struct key_cache *cache = memory;
    cache->max_count = max_count;
    if (!map_new(max_count, &cache->by_id, e)) {
        mem_free(cache);
        return false;
    }
    *out_cache = cache;
    return true;
}

static void unlink_key(struct key_cache *cache, struct cached_key *key) {
    *(key->newer == NULL ? &cache->newest : &key->newer->older) = key->older;
    *(key->older == NULL ? &cache->oldest : &key->older->newer) = key->newer;
    key->newer = NULL;
    key->older = NULL;
}

static void link_newest(struct key_cache *cache, struct cached_key *key) {
    key->older = cache->newest;
    *(cache->newest == NULL ? &cache->oldest : &cache->newest->newer) = key;
    cache->newest = key;
}

static void cached_key_free(struct cached_key *key) {
    if (key == NULL) {
        return;
    }
    for (size_t i = 0; i < KEY_CACHE_CONTEXTS; i++) {
        EVP_PKEY_CTX_free(key->contexts[i]);
    }
    EVP_PKEY_free(key->pkey);
    mem_free(key->sealed);
    mem_free(key);
}
PL_DEFINE_FREEP(cached_key_freep, struct cached_key, cached_key_free)

static void drop(struct key_cache *cache, struct cached_key *key) {
    if (key != NULL) {
        (void)map_remove(cache->by_id, key->id.bytes, ID_LEN);
        unlink_key(cache, key);
        cached_key_free(key);
    }
}

void key_cache_free(struct key_cache *cache) {
    if (cache == NULL) {
        return;
    }
    while (cache->newest != NULL) {
        drop(cache, cache->newest);
    }
    map_free(cache->by_id);
    mem_free(cache);
}

struct cached_key *key_cache_get(struct key_cache *cache, const struct id *id,
                                 const struct buf *fields, const uint8_t *blob, size_t blob_len) {
    struct cached_key *key = map_get(cache->by_id, id->bytes, ID_LEN);
    if (key == NULL || key->fields_len != fields->len ||
        key->sealed_len != fields->len + blob_len ||
        memcmp(key->sealed, fields->data, fields->len) != 0 ||
        memcmp(key->sealed + fields->len, blob, blob_len) != 0) {
        return NULL;
    }
    if (cache->newest != key) {
        unlink_key(cache, key);
        link_newest(cache, key);
    }
    return key;
}

static bool make_entry(const struct id *id, const struct buf *fields, const uint8_t *blob,
                       size_t blob_len, EVP_PKEY *pkey, struct cached_key **out_key,
                       struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct cached_key), &memory, e)) {
        EVP_PKEY_free(pkey);
        return false;
    }
    PL_AUTO(cached_key_freep) struct cached_key *key = memory;
    void *sealed = NULL;
    key->pkey = pkey;
    key->spec = key_spec_of(pkey);
    key->id = *id;
    key->fields_len = fields->len;
    key->sealed_len = fields->len + blob_len;
    if (!mem_alloc(key->sealed_len, &sealed, e)) {
        return false;
    }
    key->sealed = sealed;
    memcpy(key->sealed, fields->data, fields->len);
    memcpy(key->sealed + fields->len, blob, blob_len);
    *out_key = PL_TAKE(key);
    return true;
}

bool key_cache_put(struct key_cache *cache, const struct id *id, const struct buf *fields,
                   const uint8_t *blob, size_t blob_len, EVP_PKEY *pkey,
                   struct cached_key **out_key, struct err *e) {
    PL_AUTO(cached_key_freep) struct cached_key *key = NULL;
    if (!make_entry(id, fields, blob, blob_len, pkey, &key, e)) {
        return false;
    }
    drop(cache, map_get(cache->by_id, id->bytes, ID_LEN));
    while (map_count(cache->by_id) >= cache->max_count) {
        drop(cache, cache->oldest);
    }
    if (!map_set(cache->by_id, id->bytes, ID_LEN, key, NULL, e)) {
        return false;
    }
    link_newest(cache, key);
    *out_key = PL_TAKE(key);
    return true;
}

size_t key_cache_count(const struct key_cache *cache) {
    return map_count(cache->by_id);
}
