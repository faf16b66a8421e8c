/* ASN.1 values in our forms. For pki/ and the floors that read certificates through OpenSSL. */
#ifndef PL_PKI_ASN1_H
#define PL_PKI_ASN1_H

#include "base/compiler.h"

#include <openssl/asn1.h>

/* UTCTime or GeneralizedTime to Unix milliseconds; false when it is no valid time or NULL. */
bool asn1_time_to_ms(const ASN1_TIME *time, int64_t *out_ms);

/*
 * The magnitude's bytes in hexadecimal, lower case, "00" for none; cut after size / 2 bytes.
 * size is odd and ≥ 3.
 */
void asn1_integer_to_hex(const ASN1_INTEGER *integer, char *out, size_t size);

#endif
