/*
 * Revocation lists: to-be-signed bytes are read strictly, then signed as they are.
 * Source: RFC 5280 §5.1, §5.2. Not done: what the entries say, which shard it is.
 */
#include "keys/sign.h"

#include "keys/issuer_key.h"
#include "keys/tbs.h"

bool ring_sign_crl(struct ring *ring, const struct sealed_key *ca, const uint8_t *tbs,
                   size_t tbs_len, struct buf *out_der, struct err *e) {
    struct cached_key *cached = NULL;
    struct tbs_crl crl;
    if (!ring_unseal(ring, ca, RING_PURPOSE(KEY_PURPOSE_CA), &cached, e)) {
        return false;
    }
    if (!ca->limits.may_sign_crl) {
        return err_set(e, ERR_KEYS_LIMIT_CRL, "this key does not sign revocation lists");
    }
    if (!tbs_read_crl(tbs, tbs_len, &crl, e) ||
        !issuer_key_check_algorithm(cached, &crl.algorithm, e) ||
        !issuer_key_check_identifier(cached, &crl.extensions, false, e)) {
        return err_wrap(e, "the key refuses to sign a revocation list");
    }
    return sign_tbs(ring, cached, tbs, tbs_len, out_der, e);
}
