/*
 * The pieces of which the JA4 fingerprints are made, for all who make one: of a client's offer
 * (tls/client_offer.h), of a server's answer and of certificates (inspect/wire/fingerprint.h).
 *
 * Source: FoxIO's "JA4+ network fingerprinting", technical details of JA4, JA4S and JA4X
 */
#ifndef PL_TLS_JA4_H
#define PL_TLS_JA4_H

#include "base/buf.h"

enum { JA4_HASH_SIZE = 12 + 1 };

/* "13", "12", …, "s3", "s2"; "00" of a number that is no version. */
const char *ja4_version(uint16_t version);
/* First and last character of an ALPN protocol; of its hexadecimal digits when one of them is
 * neither a letter nor a digit; "00" of none. */
void ja4_protocol(const uint8_t *name, size_t len, char out[3]);
/* How many, as two digits can say it. */
unsigned ja4_count(size_t count);
/* "1301,1302". Fails base.oom, base.limit */
bool ja4_append_numbers(struct buf *out, const uint16_t *numbers, size_t count, struct err *e)
    PL_MUST_USE;
/* The first digits of the text's SHA-256; zeros of an empty one. Fails base.oom */
bool ja4_hash(const char *text, size_t len, char out[JA4_HASH_SIZE], struct err *e) PL_MUST_USE;

#endif
