/*
 * Handshake signatures by key id: the sealed blobs of bound keys, kept as they are read from the
 * store, so that a handshake costs no query.
 */
#ifndef PL_OPS_SERVER_KEY_H
#define PL_OPS_SERVER_KEY_H

#include "base/id.h"
#include "keys/keys.h"
#include "ops/ops.h"

enum { SERVER_KEYS_MAX = 1000 * 1000 };

struct server_keys;

/* ops is borrowed and outlives it. Fails keys.sealing.* (now, not at the first handshake),
 * base.oom. */
bool server_keys_new(struct ops *ops, struct server_keys **out_keys, struct err *e) PL_MUST_USE;
void server_keys_free(struct server_keys *keys);

/* keys_sign_handshake() with the key of that id. Fails pki.key.missing, keys.*. */
bool server_keys_sign(struct server_keys *keys, const struct id *id, enum handshake_kind kind,
                      uint16_t scheme, const uint8_t *input, size_t input_len,
                      uint8_t out[KEYS_SIGNATURE_MAX], size_t *out_len, struct err *e) PL_MUST_USE;

#endif
