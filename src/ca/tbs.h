/*
 * To-be-signed bytes of certificates: the fields in, DER out. The same input gives the same bytes.
 *
 * keys signs the bytes as they are; what came back is compared with them. Source: RFC 5280 §4.1,
 * §4.2; BR §7.1.2.1 (root), §7.1.2.6 (issuing CA), §7.1.2.7 (leaf).
 */
#ifndef PL_CA_TBS_H
#define PL_CA_TBS_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"
#include "ca/issuer.h"
#include "ca/leaf.h"
#include "ca/serial.h"

enum { CA_TBS_MAX = 256 * 1024, CA_ROOT_PATH_LENGTH = 1, CA_ISSUING_PATH_LENGTH = 0 };

/* What a CA certificate will say. */
struct ca_authority {
    const struct dn *subject; /* in the order of the encoding: C, ST, L, O, OU, CN (BR §7.1.4.2) */
    const uint8_t *spki;      /* DER SubjectPublicKeyInfo of its key */
    size_t spki_len;
    struct ca_validity validity;
    bool is_client_auth; /* issuing CA: its leaves may be client certificates too */
};

/*
 * A leaf, and the CRL shard of its serial. Extensions: authorityKeyIdentifier, basicConstraints
 * (CA:FALSE, critical), keyUsage (critical), extKeyUsage, subjectAltName (critical when the subject
 * is empty), certificatePolicies (server), authorityInfoAccess and cRLDistributionPoints (with a
 * base URL). No subject key identifier: BR §7.1.2.7.6 does not recommend one.
 *
 * out       appended; its max should be CA_TBS_MAX
 * Fails     ca.profile.base_url, ca.issuer.key (no signature algorithm for it, no key identifier),
 *           pki.der.encode, base.oom, base.limit
 */
bool ca_leaf_tbs(const struct ca_leaf *leaf, const struct ca_issuer *issuer,
                 const struct ca_serial *serial, struct buf *out, struct err *e) PL_MUST_USE;

/*
 * A self-signed root: CA:TRUE, path length 1, keyCertSign and cRLSign, key identifiers; no
 * policies, no extended key usage, no addresses. Fails as above.
 */
bool ca_root_tbs(const struct ca_authority *root, const struct ca_serial *serial, struct buf *out,
                 struct err *e) PL_MUST_USE;

/*
 * An issuing CA under root: CA:TRUE, path length 0, keyCertSign and cRLSign, serverAuth (and
 * clientAuth), anyPolicy, key identifiers, and the root's addresses when it has a base URL. Fails
 * as above.
 */
bool ca_issuing_tbs(const struct ca_authority *authority, const struct ca_issuer *root,
                    const struct ca_serial *serial, struct buf *out, struct err *e) PL_MUST_USE;

#endif
