/*
 * Records encrypted and decrypted with keys that are known: AEAD of TLS 1.2 and 1.3, CBC with HMAC
 * in either order, stream ciphers, and SSL 3.0's checksum. One direction each; the sequence number
 * is counted here.
 *
 * This observes connections and protects nobody's data: checks are made in the order in which they
 * explain best, without care for what time tells.
 *
 * Source: RFC 8446 §5, RFC 5246 §6.2.3, RFC 7366, RFC 7905, RFC 2246 §6.2.3, RFC 6101 §5.2.3
 */
#ifndef PL_INSPECT_OBSERVE_PROTECT_H
#define PL_INSPECT_OBSERVE_PROTECT_H

#include "base/buf.h"
#include "inspect/observe/suite.h"

#include <openssl/evp.h>
#include <openssl/provider.h>

enum { PROTECT_KEY_MAX = 32, PROTECT_IV_MAX = 16, PROTECT_MAC_MAX = 48, PROTECT_FIXED_NONCE = 4 };

struct protect {
    const struct observe_suite *suite; /* NULL: nothing is protected yet */
    uint16_t version;
    bool is_encrypt_then_mac;
    uint64_t sequence; /* of the next record */
    uint8_t key[PROTECT_KEY_MAX];
    uint8_t iv[PROTECT_IV_MAX];
    uint8_t mac_key[PROTECT_MAC_MAX];
    EVP_CIPHER_CTX *stream; /* goes on from record to record */
    OSSL_LIB_CTX *legacy;   /* for ciphers of the legacy provider */
    OSSL_PROVIDER *providers[2];
};
void protect_clear(struct protect *p);

/* Sizes of a connection's keys before TLS 1.3. */
size_t protect_mac_len(const struct observe_suite *suite);
size_t protect_iv_len(const struct observe_suite *suite, uint16_t version);

/*
 * One record's payload, without its header. out_type: the real one, from inside for TLS 1.3.
 * Fails observe.record (it does not decrypt: whose keys are these?), observe.crypto, base.*
 */
bool protect_open(struct protect *p, uint8_t type, struct wire_span payload, uint8_t *out_type,
                  struct buf *out_plain, struct err *e) PL_MUST_USE;
/*
 * Appends a whole record, header and all. explicit_iv: random bytes for CBC since TLS 1.1.
 * Fails observe.crypto, base.*
 */
bool protect_seal(struct protect *p, uint8_t type, struct wire_span plain,
                  const uint8_t explicit_iv[PROTECT_IV_MAX], struct buf *out, struct err *e)
    PL_MUST_USE;

#endif
