/*
 * How secrets become other secrets: HKDF of TLS 1.3, the PRFs of TLS 1.2 and of TLS 1.0 and 1.1,
 * and what SSL 3.0 did. Over OpenSSL's digests and HMAC; nothing is kept.
 *
 * Hashes are named as OpenSSL names them ("SHA256"). All fail observe.crypto.
 */
#ifndef PL_INSPECT_OBSERVE_DERIVE_H
#define PL_INSPECT_OBSERVE_DERIVE_H

#include "base/err.h"
#include "inspect/wire/reader.h"

enum { DERIVE_HASH_MAX = 64, DERIVE_LABEL_MAX = 64 };

size_t derive_hash_len(const char *hash); /* 0: no such hash */

bool derive_hash(const char *hash, struct wire_span bytes, uint8_t out[DERIVE_HASH_MAX],
                 struct err *e) PL_MUST_USE;
/* key is never empty. */
bool derive_hmac(const char *hash, struct wire_span key, struct wire_span bytes,
                 uint8_t out[DERIVE_HASH_MAX], struct err *e) PL_MUST_USE;

/* Source: RFC 5869 §2.2. An empty salt or key is as many zeros as the hash is long. */
bool derive_extract(const char *hash, struct wire_span salt, struct wire_span key,
                    uint8_t out[DERIVE_HASH_MAX], struct err *e) PL_MUST_USE;
/* The label without "tls13 ". Source: RFC 8446 §7.1 */
bool derive_expand_label(const char *hash, struct wire_span secret, const char *label,
                         struct wire_span context, uint8_t *out, size_t out_len, struct err *e)
    PL_MUST_USE;

/*
 * Source: RFC 5246 §5 (version 0x0303, with hash), RFC 2246 §5 (0x0301, 0x0302: MD5 and SHA-1, hash
 * is not used).
 */
bool derive_prf(uint16_t version, const char *hash, struct wire_span secret, const char *label,
                struct wire_span seed, uint8_t *out, size_t out_len, struct err *e) PL_MUST_USE;

/* MD5(secret + SHA('A' + secret + seed)) + MD5(… 'BB' …) … Source: RFC 6101 §6.1 */
bool derive_ssl3(struct wire_span secret, struct wire_span seed, uint8_t *out, size_t out_len,
                 struct err *e) PL_MUST_USE;

#endif
