/*
 * The key identifier that our CA certificates carry as subjectKeyIdentifier, and what they sign as
 * authorityKeyIdentifier.
 * Source: RFC 5280 §4.2.1.2; RFC 7093 §2 method 1 (SHA-256 instead of SHA-1, cut to 160 bits).
 */
#ifndef PL_PKI_KEY_ID_H
#define PL_PKI_KEY_ID_H

#include "base/compiler.h"
#include "base/err.h"

enum { KEY_ID_LEN = 20 };

/* From a DER SubjectPublicKeyInfo. Fails pki.key.invalid, base.oom. */
bool key_id_from_spki(const uint8_t *spki, size_t spki_len, uint8_t out[KEY_ID_LEN], struct err *e)
    PL_MUST_USE;

#endif
