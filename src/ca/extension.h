/*
 * Extensions and small pieces that certificates and revocation lists share, as OpenSSL's objects.
 * Private to ca/. Each add function appends one extension to *extensions (NULL: an empty list).
 */
#ifndef PL_CA_EXTENSION_H
#define PL_CA_EXTENSION_H

#include "base/compiler.h"
#include "base/err.h"
#include "ca/issuer.h"
#include "ca/serial.h"
#include "pki/openssl.h"

static inline void ca_extensions_free(STACK_OF(X509_EXTENSION) * extensions) {
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

/* An extension's value by its OpenSSL type. Fails pki.der.encode, base.oom. */
bool ca_extension_add(STACK_OF(X509_EXTENSION) * *extensions, int nid, bool is_critical,
                      void *value, struct err *e) PL_MUST_USE;
/* keyIdentifier alone. Fails ca.issuer.key when the issuer has none. */
bool ca_extension_add_authority_key_id(STACK_OF(X509_EXTENSION) * *extensions,
                                       const uint8_t *key_id, size_t key_id_len, struct err *e)
    PL_MUST_USE;

/* A GeneralName of kind URI; caller owns. */
bool ca_general_name_url(const char *url, GENERAL_NAME **out_name, struct err *e) PL_MUST_USE;
/* A DistributionPointName with one URI; caller owns. */
bool ca_distribution_point_name(const char *url, DIST_POINT_NAME **out_name, struct err *e)
    PL_MUST_USE;

/* AlgorithmIdentifier of what a key of this kind signs. Fails ca.issuer.key. */
bool ca_signature_algorithm(const struct key_spec *key, X509_ALGOR *out_algorithm, struct err *e)
    PL_MUST_USE;
/* UTCTime through 2049, GeneralizedTime after (RFC 5280 §4.1.2.5). */
bool ca_time(int64_t time_ms, ASN1_TIME *out_time, struct err *e) PL_MUST_USE;
bool ca_serial_to_integer(const struct ca_serial *serial, ASN1_INTEGER *out_integer, struct err *e)
    PL_MUST_USE;

#endif
