/*
 * Parsed certificates: made at a certificate's first handshake, kept in a bounded cache where the
 * least recently used one goes first, and kept from one snapshot to the next. What is broken stays
 * in the cache as broken, so that it costs nothing to be asked for it again.
 */
#ifndef PL_TLS_CERTIFICATES_H
#define PL_TLS_CERTIFICATES_H

#include "base/compiler.h"
#include "base/err.h"
#include "tls/remote_key.h"
#include "tls/snapshot.h"

#include <openssl/x509.h>

struct certificates;

/* What libssl needs of one certificate; borrowed, valid until the cache is next asked. */
struct certificates_entry {
    X509 *leaf;
    STACK_OF(X509) * chain;
    EVP_PKEY *key; /* a remote one */
};

/*
 * library, keys  outlive the cache
 * max_count      certificates kept, ≥ 1
 * Fails          base.oom, base.random
 */
bool certificates_new(OSSL_LIB_CTX *library, struct remote_keys *keys, size_t max_count,
                      struct certificates **out_cache, struct err *e) PL_MUST_USE;
void certificates_free(struct certificates *cache);
PL_DEFINE_FREEP(certificates_freep, struct certificates, certificates_free)

/*
 * The parsed form of a snapshot's certificate.
 *
 * Fails  tls.certificate.broken (not one certificate in DER, or its chain is not), tls.key.family,
 *        tls.key.mismatch, base.oom
 */
bool certificates_get(struct certificates *cache, const struct snapshot *snapshot,
                      const struct snapshot_certificate *certificate,
                      struct certificates_entry *out_entry, struct err *e) PL_MUST_USE;

size_t certificates_count(const struct certificates *cache);

#endif
