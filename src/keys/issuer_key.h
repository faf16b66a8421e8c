/* What to-be-signed bytes say of the key that signs them. Private to keys/. */
#ifndef PL_KEYS_ISSUER_KEY_H
#define PL_KEYS_ISSUER_KEY_H

#include "keys/ring_parts.h"
#include "keys/tbs.h"

/*
 * The signature algorithm is the key's own. Fails keys.limit.algorithm.
 */
bool issuer_key_check_algorithm(const struct cached_key *key, const struct der_value *algorithm,
                                struct err *e) PL_MUST_USE;

/*
 * The authority key identifier is the key's: as pki/key_id.h makes it, or SHA-1 of the public key's
 * bits (RFC 5280 §4.2.1.2), which other CAs use; no issuer and serial.
 *
 * may_be_absent  for a self-signed root
 * Fails          keys.limit.issuer
 */
bool issuer_key_check_identifier(const struct cached_key *key,
                                 const struct tbs_extensions *extensions, bool may_be_absent,
                                 struct err *e) PL_MUST_USE;

#endif
