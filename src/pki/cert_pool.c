/* Certificates that were met before. Limits: CERT_POOL_MAX. */
#include "pki/cert_pool.h"

#include "base/map.h"
#include "base/mem.h"
#include "pki/openssl.h"

struct cert_pool {
    struct map *certs; /* by SHA-256 of the DER; a reference each */
};

bool cert_pool_new(struct cert_pool **out_pool, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct cert_pool), &memory, e)) {
        return false;
    }
    PL_AUTO(cert_pool_freep) struct cert_pool *pool = memory;
    if (!map_new(CERT_POOL_MAX, &pool->certs, e)) {
        return false;
    }
    *out_pool = PL_TAKE(pool);
    return true;
}

static void let_go(struct map *certs) {
    const void *key = NULL;
    size_t key_len = 0;
    size_t cursor = 0;
    void *cert = NULL;
    while (certs != NULL && map_next(certs, &cursor, &key, &key_len, &cert)) {
        cert_free(cert);
    }
    map_free(certs);
}

void cert_pool_free(struct cert_pool *pool) {
    if (pool != NULL) {
        let_go(pool->certs);
        mem_free(pool);
    }
}

static bool make_room(struct cert_pool *pool, struct err *e) {
    struct map *empty = NULL;
    if (map_count(pool->certs) < CERT_POOL_MAX) {
        return true;
    }
    if (!map_new(CERT_POOL_MAX, &empty, e)) {
        return false;
    }
    let_go(pool->certs);
    pool->certs = empty;
    return true;
}

bool cert_pool_read(struct cert_pool *pool, const uint8_t *der, size_t der_len,
                    struct cert **out_cert, struct err *e) {
    uint8_t key[32];
    if (pool == NULL) {
        return cert_from_der(der, der_len, out_cert, e);
    }
    if (!sha256(der, der_len, key, e)) {
        return false;
    }
    struct cert *known = map_get(pool->certs, key, sizeof(key));
    if (known != NULL) {
        *out_cert = cert_ref(known);
        return true;
    }
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    if (!cert_from_der(der, der_len, &cert, e) || !make_room(pool, e) ||
        !map_set(pool->certs, key, sizeof(key), cert, NULL, e)) {
        return false;
    }
    *out_cert = cert_ref(cert);
    cert = NULL; /* the pool's */
    return true;
}
