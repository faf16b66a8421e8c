/*
 * What a leaf certificate will say, but for issuer and serial: made by the gate, written by tbs.
 */
#ifndef PL_CA_LEAF_H
#define PL_CA_LEAF_H

#include "base/compiler.h"
#include "base/list.h"
#include "ca/lifetime.h"
#include "ca/profile.h"

enum { CA_NOTICES_MAX = 128 };

/* Clear works on a zeroed struct. */
struct ca_leaf {
    const struct ca_profile *profile;
    char profile_reason[CA_PROFILE_REASON_MAX]; /* a sentence part: why this profile */
    enum ca_validation validation;
    struct dn subject;    /* in the order of the encoding: C, ST, L, O, OU, CN; may be empty */
    struct san_list sans; /* canonical, DNS and IP alone */
    struct key_spec key_spec;
    uint8_t *spki; /* owned; the DER SubjectPublicKeyInfo of the CSR */
    size_t spki_len;
    uint8_t spki_sha256[KEY_SPKI_SHA256_LEN];
    bool is_client_auth; /* also clientAuth in the extended key usage */
    struct ca_validity validity;
    struct list notices; /* what was changed, cut or left out, the CSR's notices first */
};
void ca_leaf_clear(struct ca_leaf *leaf);

#endif
