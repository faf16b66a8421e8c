/* UTF-8: validity, cutting at a character, single characters (RFC 3629). Pure functions. */
#ifndef PL_BASE_UTF8_H
#define PL_BASE_UTF8_H

#include "base/compiler.h"

/* Length in bytes (1…4) of the character at bytes, 0 when it is not valid UTF-8. len ≥ 1. */
size_t utf8_char(const uint8_t *bytes, size_t len, uint32_t *out_code_point);

bool utf8_is_valid(const void *bytes, size_t len);

/* Shortens the string so that it has at most len bytes and ends on a character's end. */
void utf8_cut(char *string, size_t len);

/*
 * Appends a code point's bytes (1…4) at out; returns how many. Code points above U+10FFFF and
 * surrogates become U+FFFD.
 */
size_t utf8_put(uint32_t code_point, char out[4]);

#endif
