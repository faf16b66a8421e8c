/*
 * The sealing key, and sealing with it: AES-256-GCM over a secret, with fields beside it that are
 * authenticated but not hidden. Private to keys/.
 *
 * A blob is: format (1 byte, SEALING_FORMAT), nonce (12 random bytes), ciphertext, tag (16 bytes).
 * Limits: random nonces are good for 2^32 blobs under one sealing key (NIST SP 800-38D §8.3); every
 * key and secret that is ever stored counts as one.
 */
#ifndef PL_KEYS_SEALING_H
#define PL_KEYS_SEALING_H

#include "base/buf.h"
#include "base/secret.h"
#include "keys/keys.h"

#include <openssl/types.h>

enum {
    SEALING_FORMAT = 1,
    SEALING_KEY_LEN = 32,
    SEALING_NONCE_LEN = 12,
    SEALING_TAG_LEN = 16,
    SEALING_OVERHEAD = 1 + SEALING_NONCE_LEN + SEALING_TAG_LEN,
};

struct sealing {
    struct secret key;
    uint8_t id[KEYS_SEALING_ID_LEN]; /* derived from the key, names it */
    EVP_CIPHER *cipher;
};

/* Reads a sealing key's file. Fails keys.sealing.missing, keys.sealing.mode,
 * keys.sealing.malformed. */
bool sealing_open(const char *path, struct sealing *out_sealing, struct err *e) PL_MUST_USE;
void sealing_clear(struct sealing *sealing);

/* Appends the blob. Fails base.random, base.oom, base.limit. */
bool sealing_seal(const struct sealing *sealing, const struct buf *fields,
                  const struct secret *value, struct buf *out_blob, struct err *e) PL_MUST_USE;

/*
 * Opens a blob that was sealed with the same fields. Fails with the code broken when any bit of the
 * blob or of the fields is another, base.oom.
 */
bool sealing_unseal(const struct sealing *sealing, const struct buf *fields, const uint8_t *blob,
                    size_t blob_len, enum err_code broken, struct secret *out_value, struct err *e)
    PL_MUST_USE;

#endif
