/*
 * The key exchange with both of our values known: elliptic curves, finite fields, ML-KEM, and the
 * hybrids of the two kinds.
 *
 * Source: RFC 8446 §7.4, RFC 8422, RFC 7748, draft-ietf-tls-ecdhe-mlkem, FIPS 203
 */
#ifndef PL_INSPECT_OBSERVE_EXCHANGE_H
#define PL_INSPECT_OBSERVE_EXCHANGE_H

#include "base/err.h"
#include "inspect/wire/reader.h"

#include <openssl/evp.h>

enum {
    EXCHANGE_PUBLIC_MAX = 2048,
    EXCHANGE_PRIVATE_MAX = 1100,
    EXCHANGE_SECRET_MAX = 1100, /* a finite field of 8192 bits, and more */
};

/* Where random bytes come from; tests bring their own. */
struct observe_random {
    bool (*fill)(void *ctx, uint8_t *out, size_t len);
    void *ctx;
};

/* One part: a curve, or a KEM. Empty where a group has but one. */
struct exchange_part {
    const char *name;
    EVP_PKEY *key;
    uint8_t private_value[EXCHANGE_PRIVATE_MAX]; /* ML-KEM: the seed of the key */
    size_t private_len;
    uint8_t public_value[EXCHANGE_PUBLIC_MAX];
    size_t public_len;
    uint8_t peer_value[EXCHANGE_PUBLIC_MAX]; /* the other side's public value, or ciphertext */
    size_t peer_len;
    uint8_t secret[EXCHANGE_SECRET_MAX];
    size_t secret_len;
};

struct exchange {
    uint16_t group; /* 0: a finite field of the server's choice */
    size_t part_count;
    struct exchange_part parts[2]; /* in the order in which they stand in the share */
    uint8_t secret[EXCHANGE_SECRET_MAX];
    size_t secret_len;
};
void exchange_clear(struct exchange *x);

/* Whether the library knows the group (ML-KEM since OpenSSL 3.5). */
bool exchange_can(uint16_t group);

/* Makes our value. X25519's comes from random, so that tests can know it. Fails observe.crypto. */
bool exchange_begin(uint16_t group, const struct observe_random *random, struct exchange *out,
                    struct err *e) PL_MUST_USE;
/* The same in the field that a server gave (before TLS 1.3). Fails observe.crypto. */
bool exchange_begin_field(struct wire_span p, struct wire_span g, struct exchange *out,
                          struct err *e) PL_MUST_USE;
/* Our public value, all parts. out has EXCHANGE_PUBLIC_MAX bytes. */
size_t exchange_public(const struct exchange *x, uint8_t *out);
/* With the other side's value: the secret. Fails observe.peer_value, observe.crypto. */
bool exchange_finish(struct exchange *x, struct wire_span peer, struct err *e) PL_MUST_USE;

#endif
