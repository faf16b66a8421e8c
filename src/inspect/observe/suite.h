/*
 * What a cipher suite stands for: how keys are exchanged, how records are protected, which hash the
 * keys are derived with. Only what the observer can do itself; names and judgements are in
 * tls/registry.h. Pure tables.
 *
 * Source: IANA "TLS Cipher Suites"; RFC 5246 appendix C, RFC 5288, 5289, 7905, 8446 §B.4, 6101
 */
#ifndef PL_INSPECT_OBSERVE_SUITE_H
#define PL_INSPECT_OBSERVE_SUITE_H

#include "base/compiler.h"
#include "inspect/wire/fields.h"

enum observe_protection { OBSERVE_AEAD, OBSERVE_CBC, OBSERVE_STREAM };

struct observe_cipher {
    const char *library; /* OpenSSL's name */
    enum observe_protection protection;
    uint8_t key_len;
    uint8_t block_len;      /* CBC */
    uint8_t tag_len;        /* AEAD */
    bool is_explicit_nonce; /* TLS 1.2 sends 8 bytes of the nonce (GCM, CCM) */
    bool is_ccm;
    bool is_legacy; /* of OpenSSL's legacy provider */
};

struct observe_suite {
    uint16_t code;
    enum wire_exchange exchange;
    const struct observe_cipher *cipher;
    const char *mac; /* hash of the record's HMAC; NULL for AEAD */
    const char *prf; /* hash of the key derivation from TLS 1.2 on */
};

/* NULL: the observer cannot do it. */
const struct observe_suite *observe_suite_find(uint16_t code);
/* All of them, best first; NULL at the end. */
const struct observe_suite *observe_suite_at(size_t index);
/* Whether the version can use it. */
bool observe_suite_fits(const struct observe_suite *suite, uint16_t version);

#endif
