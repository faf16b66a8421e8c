/* An open ring of keys in a folder of its own, and keys in it. A failure inside fails the test. */
#ifndef PL_TESTS_KEYS_MAKE_KEYS_H
#define PL_TESTS_KEYS_MAKE_KEYS_H

#include "keys/ring.h"

struct made_keys {
    char folder[64];
    char path[96]; /* of the sealing key */
    struct keys *keys;
    struct ring *ring; /* another opening of the same */
};

struct made_keys make_keys(void);
void made_keys_clear(struct made_keys *made);

/* spec: "ec:p256" … */
struct sealed_key make_sealed(struct keys *keys, const char *spec, enum key_purpose purpose);
/* The key in the ring as a CA's, with these limits. */
struct sealed_key seal_ca(struct keys *keys, const EVP_PKEY *pkey, struct key_limits limits);
struct sealed_key seal_for(struct keys *keys, const EVP_PKEY *pkey, enum key_purpose purpose,
                           bool is_exportable);
/* The public half; caller frees. */
EVP_PKEY *public_of(struct keys *keys, const struct sealed_key *key);
/* PKCS #8 of a key. */
struct secret pkcs8_of(const EVP_PKEY *pkey);

#endif
