/*
 * Text files as they come from other systems, made plain: no byte order mark, UTF-8, LF. Pure
 * functions.
 */
#ifndef PL_CODEC_TEXT_H
#define PL_CODEC_TEXT_H

#include "base/buf.h"
#include "base/compiler.h"
#include "base/err.h"

enum text_encoding {
    TEXT_UTF8, /* or any other superset of ASCII: bytes ≥ 0x80 are passed on as they are */
    TEXT_UTF8_WITH_BOM,
    TEXT_UTF16_LE,
    TEXT_UTF16_BE,
};

/*
 * By byte order mark; UTF-16 without one is recognised when the first characters are all ASCII (at
 * least TEXT_UTF16_EVIDENCE of them).
 */
enum text_encoding text_detect(const void *bytes, size_t len);
enum { TEXT_UTF16_EVIDENCE = 4 };

/*
 * Appends the text as UTF-8 with LF for CRLF and for CR; what is no UTF-16 becomes U+FFFD.
 * Fails base.oom, base.limit.
 */
bool text_normalize(const void *bytes, size_t len, struct buf *out, struct err *e) PL_MUST_USE;

/* True when nothing in it is a control character other than tab, LF, CR and FF, or a NUL. */
bool text_is_plain(const void *bytes, size_t len);

#endif
