/*
 * To-be-signed bytes of certificate revocation lists, one per issuer and shard.
 * Source: RFC 5280 §5; BR §4.9.7, §7.2.2.
 */
#ifndef PL_CA_CRL_H
#define PL_CA_CRL_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "base/err.h"
#include "ca/issuer.h"
#include "ca/serial.h"

#define CA_CRL_LIFETIME_MAX_MS (10 * CLOCK_DAY_MS)       /* of an issuing CA's list */
#define CA_CRL_LIFETIME_MS (7 * CLOCK_DAY_MS)            /* what we write */
#define CA_CRL_REISSUE_MS (3 * CLOCK_DAY_MS)             /* and how often; 4 days are allowed */
#define CA_ROOT_CRL_LIFETIME_MAX_MS (365 * CLOCK_DAY_MS) /* of a root's, which lists CAs */

enum { CA_CRL_ENTRIES_MAX = 1000000, CA_CRL_DER_MAX = 64 * 1024 * 1024 };

struct ca_crl_entry {
    struct ca_serial serial;
    int64_t revoked_ms;
    int reason; /* a code of ca/reason.h that is allowed; 0 is not written */
};

struct ca_crl {
    const struct ca_crl_entry
        *entries; /* borrowed; written in this order, callers sort by serial */
    size_t entry_count;
    unsigned shard;  /* < the issuer's crl_shard_count; every entry belongs to it */
    uint64_t number; /* one more than the last, per issuer and shard; from 1 */
    int64_t this_update_ms;
    int64_t next_update_ms;
};

/*
 * Version 2, authorityKeyIdentifier, cRLNumber; with more than one shard also a critical
 * issuingDistributionPoint with the shard's address and onlyContainsUserCerts.
 *
 * out    appended; its max should be CA_CRL_DER_MAX
 * Fails  ca.crl.base_url (shards without a base URL), ca.crl.times (next not after this, or more
 *        than the allowed time apart), ca.crl.entry (wrong shard or reason), ca.issuer.key,
 *        pki.der.encode, base.oom, base.limit
 */
bool ca_crl_tbs(const struct ca_issuer *issuer, const struct ca_crl *crl, struct buf *out,
                struct err *e) PL_MUST_USE;

#endif
