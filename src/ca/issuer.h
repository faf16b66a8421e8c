/*
 * The issuing side of a certificate or CRL: the CA certificate, the addresses written into what it
 * signs, and the signature algorithm that its key is used with.
 */
#ifndef PL_CA_ISSUER_H
#define PL_CA_ISSUER_H

#include "base/clock.h"
#include "base/compiler.h"
#include "base/err.h"
#include "pki/cert.h"

enum { CA_BASE_URL_MAX = 200, CA_KEY_HASH_TEXT = 32, CA_CRL_SHARDS_MAX = 1024 };

#define CA_BACKDATE_MS CLOCK_HOUR_MS /* at most 48 h are allowed, BR §7.1.2.7 */

struct ca_issuer {
    const struct cert *certificate; /* borrowed */
    const char
        *base_url; /* "http://pki.example.com"; NULL or "": certificates carry no addresses */
    unsigned crl_shard_count;     /* 1..CA_CRL_SHARDS_MAX, fixed for the issuer's life */
    int64_t backdate_ms;          /* what it signs starts this much before now; 0: CA_BACKDATE_MS */
    int64_t leaf_lifetime_max_ms; /* the administrator's own limit, 0: the profile's; only ever
                                     narrows */
    bool has_ocsp;                /* also write the OCSP address */
};

/* True when there is a base URL. */
bool ca_issuer_has_base_url(const struct ca_issuer *issuer);

/*
 * A base URL as typed: http:// (BR §7.1.2.7.7; over https it could not be fetched before it is
 * trusted), host, optional port and path, no query. out_url: canonical, without slashes at the end;
 * caller owns, mem_free(). Fails ca.base_url.invalid, codec.uri, pki.name.*, base.oom.
 */
bool ca_base_url_check(const char *text, char **out_url, struct err *e) PL_MUST_USE;

/* The first 128 bits of the key's SPKI SHA-256, lower-case hexadecimal: names the issuer in
 * addresses. */
void ca_key_hash_format(const uint8_t spki_sha256[KEY_SPKI_SHA256_LEN],
                        char out[CA_KEY_HASH_TEXT + 1]);

/* BASE/ca/KEYHASH.crt, BASE/ca/crl/KEYHASH-SHARD.crl, BASE/ca/ocsp; callers own, mem_free(). */
bool ca_address_certificate(const struct ca_issuer *issuer, char **out_url, struct err *e)
    PL_MUST_USE;
bool ca_address_crl(const struct ca_issuer *issuer, unsigned shard, char **out_url, struct err *e)
    PL_MUST_USE;
bool ca_address_ocsp(const struct ca_issuer *issuer, char **out_url, struct err *e) PL_MUST_USE;

/*
 * The signature algorithm (an OpenSSL NID) of everything that a key of this kind signs: RSA
 * sha256WithRSAEncryption, P-256/384/521 ECDSA with SHA-256/384/512, Ed25519. NID_undef for others.
 */
int ca_signature_nid(const struct key_spec *key);

#endif
