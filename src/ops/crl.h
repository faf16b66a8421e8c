/*
 * The CA's revocation lists: one for each issuer and shard, signed anew after a revocation and when
 * a part of its time has passed.
 */
#ifndef PL_OPS_CRL_H
#define PL_OPS_CRL_H

#include "keys/keys.h"
#include "ops/issuer.h"
#include "ops/ops.h"
#include "store/issuers.h"

/* A list that is on its way: numbered and written, to be signed. Clear works on a zeroed struct. */
struct crl_work {
    struct issuer issuer;
    struct sealed_key key;
    struct crl_row row; /* without its DER */
    size_t entry_count;
    struct buf tbs;
};
void crl_work_clear(struct crl_work *work);

/*
 * The next list of a shard: its number is committed before anything is signed, so that none is
 * given out twice. Lists everything that is revoked and has not expired.
 * Fails store.*, ca.crl.*, base.limit (more than a list can hold), base.oom
 */
bool ops_crl_begin(struct ops *ops, const struct id *issuer_id, unsigned shard, int64_t now_ms,
                   struct crl_work *out_work, struct err *e) PL_MUST_USE;
/*
 * Keeps what was signed after comparing it with what was to be signed. When another has kept a
 * newer one meanwhile, that one stays and nothing fails. Fails ca.signed.differs, store.*
 */
bool ops_crl_keep(struct ops *ops, struct crl_work *work, const uint8_t *der, size_t len,
                  struct err *e) PL_MUST_USE;
/* Both, with the signature between them. Fails as they do, keys.limit.* */
bool ops_crl_make(struct ops *ops, const struct id *issuer_id, unsigned shard, int64_t now_ms,
                  struct err *e) PL_MUST_USE;

/* A list that is due. */
struct crl_due {
    struct id issuer_id;
    unsigned shard;
};
/*
 * The first list that is missing, that should say more than it does, or whose time to be replaced
 * has come (CA_CRL_REISSUE_MS after it was signed, and never later than half of its life).
 * *out_is_due is false when there is none.
 */
bool ops_crl_find_due(struct ops *ops, int64_t now_ms, struct crl_due *out_due, bool *out_is_due,
                      struct err *e) PL_MUST_USE;

/* The current list. Fails ops.crl.missing. */
bool ops_crl_get(struct ops *ops, const struct id *issuer_id, unsigned shard,
                 struct crl_row **out_row, struct err *e) PL_MUST_USE;

#endif
