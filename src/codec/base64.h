/*
 * Base64 and base64url. Pure functions.
 * Source: RFC 4648 §4, §5; RFC 7515 §2 (base64url without padding)
 */
#ifndef PL_CODEC_BASE64_H
#define PL_CODEC_BASE64_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"

/* Each appends to out and leaves it as it was on failure. All fail base.oom, base.limit. */

/* With padding, on one line. */
bool base64_encode(const void *bytes, size_t len, struct buf *out, struct err *e) PL_MUST_USE;
/* With padding, lines of line_len characters (a multiple of 4), each ended by LF, as in PEM. */
bool base64_encode_lines(const void *bytes, size_t len, size_t line_len, struct buf *out,
                         struct err *e) PL_MUST_USE;
/* The URL alphabet, without padding. */
bool base64url_encode(const void *bytes, size_t len, struct buf *out, struct err *e) PL_MUST_USE;

/*
 * The one encoding of some bytes: padding where it belongs, no spaces, unused bits zero.
 * Fails codec.base64
 */
bool base64_decode(const char *text, size_t len, struct buf *out, struct err *e) PL_MUST_USE;
/* The same for base64url without padding. Fails codec.base64 */
bool base64url_decode(const char *text, size_t len, struct buf *out, struct err *e) PL_MUST_USE;
/* As people paste it: white space anywhere, padding may be missing. Fails codec.base64 */
bool base64_decode_tolerant(const char *text, size_t len, struct buf *out, struct err *e)
    PL_MUST_USE;

#endif
