/*
 * Certificates that were met before, by their bytes: authorities stand in many chains, and what was
 * read and checked of one need not be again. At most CERT_POOL_MAX; then all are let go and it
 * begins anew.
 */
#ifndef PL_PKI_CERT_POOL_H
#define PL_PKI_CERT_POOL_H

#include "pki/cert.h"

enum { CERT_POOL_MAX = 1024 };

struct cert_pool;

/* Fails base.oom, base.random. Caller owns, cert_pool_free(). */
bool cert_pool_new(struct cert_pool **out_pool, struct err *e) PL_MUST_USE;
void cert_pool_free(struct cert_pool *pool);
PL_DEFINE_FREEP(cert_pool_freep, struct cert_pool, cert_pool_free)

/*
 * As cert_from_der() (the caller owns a reference), from the pool where it is there. pool NULL: no
 * pool. Fails as that does.
 */
bool cert_pool_read(struct cert_pool *pool, const uint8_t *der, size_t der_len,
                    struct cert **out_cert, struct err *e) PL_MUST_USE;

#endif
