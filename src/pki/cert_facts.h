/*
 * What a certificate's extensions say, in words, for whoever explains it. Nothing is judged here:
 * see pki/verify.h. An extension that cannot be decoded counts as absent.
 *
 * Texts come from the certificate: whoever prints them escapes them.
 * Source: RFC 5280 §4.2; RFC 7633 (must-staple); CA/Browser Forum BR §7.1.6.1 (policies)
 */
#ifndef PL_PKI_CERT_FACTS_H
#define PL_PKI_CERT_FACTS_H

#include "base/list.h"
#include "pki/cert.h"
#include "pki/crl.h"

enum { CERT_FACTS_MAX = 64 }; /* of each kind that are told */

/*
 * "digital signature, key encipherment"; "TLS server, TLS client": caller owns, mem_free(). NULL:
 * the certificate has no such extension, and so no limits. Fails base.oom.
 */
bool cert_key_usages(const struct cert *cert, char **out_text, struct err *e) PL_MUST_USE;
bool cert_extended_usages(const struct cert *cert, char **out_text, struct err *e) PL_MUST_USE;

/* How many more authorities may follow below; -1: as many as they like. */
int cert_path_length(const struct cert *cert);

/*
 * What it may certify, one a line of the list: "only DNS example.com", "never IP 10.0.0.0/8"; empty
 * without name constraints. Fails base.oom.
 */
bool cert_name_constraints(const struct cert *cert, struct list *out_lines, struct err *e)
    PL_MUST_USE;

/* The policies as dotted numbers, with their qualifiers left out. Fails base.oom. */
bool cert_policies(const struct cert *cert, struct list *out_oids, struct err *e) PL_MUST_USE;

/* How its issuer says that it checked who asked. */
enum cert_validation {
    CERT_VALIDATION_NONE, /* says nothing: as private authorities do */
    CERT_VALIDATION_DOMAIN,
    CERT_VALIDATION_ORGANISATION,
    CERT_VALIDATION_INDIVIDUAL,
    CERT_VALIDATION_EXTENDED,
};
/* By the CA/Browser Forum's reserved policies; the strictest that is there. */
enum cert_validation cert_validation_of(const struct cert *cert);

enum cert_address {
    CERT_ADDRESS_ISSUER,
    CERT_ADDRESS_OCSP,
    CERT_ADDRESS_CRL,
    CERT_ADDRESS_DELTA, /* of what changed since a revocation list */
};
/* The http:// and other URLs of that kind, in order. Fails base.oom. */
bool cert_addresses(const struct cert *cert, enum cert_address kind, struct list *out_urls,
                    struct err *e) PL_MUST_USE;

/* A revocation list's own word where its deltas are. Fails base.oom. */
bool crl_delta_addresses(const struct crl *crl, struct list *out_urls, struct err *e) PL_MUST_USE;

/* It asks clients to insist on a stapled OCSP response. */
bool cert_wants_staple(const struct cert *cert);

#endif
