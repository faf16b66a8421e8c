/*
 * The cache of parsed certificates. Process: net. An intermediate that many leaves share is parsed
 * once while any of them is in the cache.
 */
#include "tls/certificates.h"

#include "base/map.h"
#include "base/mem.h"
#include "pki/openssl.h"

#include <string.h>

/* What makes two certificates of two snapshots the same. */
struct cache_key {
    uint64_t content_hash;
    uint64_t leaf_len;
    struct id key_id;
};

struct entry {
    struct cache_key key;
    struct entry *newer;
    struct entry *older;
    struct certificates_entry parsed;
    struct err *broken; /* not NULL: what is wrong with it */
};

/* One intermediate, under its DER in the map. */
struct intermediate {
    X509 *x509;
    size_t users;
};

struct certificates {
    OSSL_LIB_CTX *library;
    struct remote_keys *keys;
    size_t max_count;
    struct map *entries;       /* struct cache_key → struct entry */
    struct map *intermediates; /* DER → struct intermediate */
    struct entry *newest;
    struct entry *oldest;
};

enum { INTERMEDIATES_MAX = 1000 * 1000 };

bool certificates_new(OSSL_LIB_CTX *library, struct remote_keys *keys, size_t max_count,
                      struct certificates **out_cache, struct err *e) {
    PL_BUG_UNLESS(max_count > 0);
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct certificates), &memory, e)) {
        return false;
    }
    PL_AUTO(certificates_freep) struct certificates *cache = memory;
    *cache = (struct certificates){.library = library, .keys = keys, .max_count = max_count};
    if (!map_new(max_count + 1, &cache->entries, e) ||
        !map_new(INTERMEDIATES_MAX, &cache->intermediates, e)) {
        return false;
    }
    *out_cache = PL_TAKE(cache);
    return true;
}

static void unlink_entry(struct certificates *cache, struct entry *entry) {
    *(entry->newer == NULL ? &cache->newest : &entry->newer->older) = entry->older;
    *(entry->older == NULL ? &cache->oldest : &entry->older->newer) = entry->newer;
}

static void link_newest(struct certificates *cache, struct entry *entry) {
    entry->newer = NULL;
    entry->older = cache->newest;
    *(cache->newest == NULL ? &cache->oldest : &cache->newest->newer) = entry;
    cache->newest = entry;
}

static void drop_intermediate(struct certificates *cache, X509 *x509) {
    uint8_t *der = NULL;
    int len = i2d_X509(x509, &der);
    if (len <= 0) {
        return;
    }
    struct intermediate *found = map_get(cache->intermediates, der, (size_t)len);
    if (found != NULL && --found->users == 0) {
        (void)map_remove(cache->intermediates, der, (size_t)len);
        X509_free(found->x509);
        mem_free(found);
    }
    OPENSSL_free(der);
}

static void free_entry(struct certificates *cache, struct entry *entry) {
    for (int i = 0; i < sk_X509_num(entry->parsed.chain); i++) {
        drop_intermediate(cache, sk_X509_value(entry->parsed.chain, i));
    }
    sk_X509_pop_free(entry->parsed.chain, X509_free);
    X509_free(entry->parsed.leaf);
    EVP_PKEY_free(entry->parsed.key);
    mem_free(entry->broken);
    mem_free(entry);
}

void certificates_free(struct certificates *cache) {
    if (cache == NULL) {
        return;
    }
    while (cache->newest != NULL) {
        struct entry *entry = cache->newest;
        unlink_entry(cache, entry);
        free_entry(cache, entry);
    }
    map_free(cache->entries);
    map_free(cache->intermediates);
    mem_free(cache);
}

static bool parse(const struct certificates *cache, struct snapshot_der der, X509 **out_x509,
                  struct err *e) {
    X509 *x509 = X509_new_ex(cache->library, NULL);
    const uint8_t *at = der.bytes;
    if (x509 == NULL) {
        return err_set_openssl(e, ERR_BASE_OOM, "out of memory");
    }
    /* d2i frees it on failure. */
    if (d2i_X509(&x509, &at, (long)der.len) == NULL || at != der.bytes + der.len) {
        X509_free(x509);
        return err_set_openssl(e, ERR_TLS_CERTIFICATE_BROKEN, "it is not one certificate in DER");
    }
    *out_x509 = x509;
    return true;
}

static bool new_intermediate(struct certificates *cache, struct snapshot_der der,
                             struct intermediate **out, struct err *e) {
    PL_AUTO(x509_freep) X509 *x509 = NULL;
    void *memory = NULL;
    if (!parse(cache, der, &x509, e)) {
        return err_wrap(e, "its chain is broken");
    }
    if (!mem_alloc(sizeof(struct intermediate), &memory, e)) {
        return false;
    }
    struct intermediate *made = memory;
    made->x509 = x509;
    if (!map_set(cache->intermediates, der.bytes, der.len, made, NULL, e)) {
        mem_free(made);
        return false;
    }
    (void)PL_TAKE(x509);
    *out = made;
    return true;
}

static bool add_intermediate(struct certificates *cache, struct snapshot_der der,
                             STACK_OF(X509) * chain, struct err *e) {
    struct intermediate *found = map_get(cache->intermediates, der.bytes, der.len);
    if (found == NULL && !new_intermediate(cache, der, &found, e)) {
        return false;
    }
    found->users++;
    if (X509_up_ref(found->x509) == 1 && sk_X509_push(chain, found->x509) > 0) {
        return true;
    }
    drop_intermediate(cache, found->x509);
    return err_set_openssl(e, ERR_BASE_OOM, "out of memory");
}

static bool fill_entry(struct certificates *cache, const struct snapshot *snapshot,
                       const struct snapshot_certificate *certificate,
                       struct certificates_entry *out, struct err *e) {
    if (!parse(cache, certificate->leaf, &out->leaf, e)) {
        return false;
    }
    EVP_PKEY *public_key = X509_get0_pubkey(out->leaf);
    if (public_key == NULL) {
        return err_set_openssl(e, ERR_TLS_KEY_FAMILY, "its public key cannot be read");
    }
    if (!remote_key_new(cache->keys, &certificate->key, public_key, &out->key, e)) {
        return false;
    }
    out->chain = sk_X509_new_null();
    if (out->chain == NULL) {
        return err_set_openssl(e, ERR_BASE_OOM, "out of memory");
    }
    for (size_t i = 0; i < certificate->chain_count; i++) {
        if (!add_intermediate(cache, snapshot_chain_at(snapshot, certificate, i), out->chain, e)) {
            return false;
        }
    }
    return true;
}

/* Keeps what is wrong; running out of memory is not the certificate's fault and is not kept. */
static bool remember_fault(struct entry *entry, const struct err *fault) {
    void *copy = NULL;
    if (fault->code == ERR_BASE_OOM || !mem_dup(fault, sizeof(*fault), &copy, NULL)) {
        return false;
    }
    entry->broken = copy;
    return true;
}

static void evict(struct certificates *cache) {
    struct entry *oldest = cache->oldest;
    while (oldest != NULL && map_count(cache->entries) > cache->max_count) {
        struct entry *next = oldest->newer;
        unlink_entry(cache, oldest);
        (void)map_remove(cache->entries, &oldest->key, sizeof(oldest->key));
        free_entry(cache, oldest);
        oldest = next;
    }
}

static bool add_entry(struct certificates *cache, const struct snapshot *snapshot,
                      const struct snapshot_certificate *certificate, const struct cache_key *key,
                      struct entry **out, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct entry), &memory, e)) {
        return false;
    }
    struct entry *entry = memory;
    entry->key = *key;
    struct err fault = {0};
    bool is_kept = fill_entry(cache, snapshot, certificate, &entry->parsed, &fault) ||
                   remember_fault(entry, &fault);
    if (!is_kept && e != NULL) {
        *e = fault;
    }
    if (!is_kept || !map_set(cache->entries, key, sizeof(*key), entry, NULL, e)) {
        free_entry(cache, entry);
        return false;
    }
    link_newest(cache, entry);
    evict(cache);
    *out = entry;
    return true;
}

bool certificates_get(struct certificates *cache, const struct snapshot *snapshot,
                      const struct snapshot_certificate *certificate,
                      struct certificates_entry *out_entry, struct err *e) {
    struct cache_key key = {.content_hash = certificate->content_hash,
                            .leaf_len = certificate->leaf.len,
                            .key_id = certificate->key.id};
    struct entry *entry = map_get(cache->entries, &key, sizeof(key));
    if (entry != NULL && entry != cache->newest) {
        unlink_entry(cache, entry);
        link_newest(cache, entry);
    }
    if (entry == NULL && !add_entry(cache, snapshot, certificate, &key, &entry, e)) {
        return false;
    }
    if (entry->broken != NULL) {
        if (e != NULL) {
            *e = *entry->broken;
        }
        return err_wrap(e, "a certificate cannot be served");
    }
    *out_entry = entry->parsed;
    return true;
}

size_t certificates_count(const struct certificates *cache) {
    return map_count(cache->entries);
}
