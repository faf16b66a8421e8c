/* Certificate requests: keys builds them itself from the names. */
#include "keys/ring_parts.h"

bool ring_sign_request(struct ring *ring, const struct sealed_key *key,
                       const struct request_names *names, struct buf *out_der, struct err *e) {
    struct cached_key *cached = NULL;
    unsigned allowed = RING_PURPOSE(KEY_PURPOSE_TLS_SERVER) | RING_PURPOSE(KEY_PURPOSE_TLS_CLIENT) |
                       RING_PURPOSE(KEY_PURPOSE_CA);
    return ring_unseal(ring, key, allowed, &cached, e) &&
           request_build(names, cached->pkey, out_der, e);
}
