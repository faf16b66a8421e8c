/* Small helpers on C strings. ASCII only where letters matter; never the locale. Pure functions. */
#ifndef PL_BASE_STR_H
#define PL_BASE_STR_H

#include "base/compiler.h"

bool str_equal(const char *a, const char *b);
bool str_equal_nocase(const char *a, const char *b);
bool str_starts_with(const char *string, const char *prefix);
bool str_ends_with(const char *string, const char *suffix);
/* Copies as much as fits, always terminated; false when it was cut. size ≥ 1. */
bool str_copy(char *out, size_t size, const char *string);
void str_lower(char *string);
/* Line ends become spaces: a text from outside must not begin a line of its own. */
void str_one_line(char *string);
/* Space, tab, CR, LF, FF, VT. */
bool str_is_space(char c);
bool str_is_digit(char c);
bool str_is_alpha(char c);
bool str_is_ascii(const char *string);
char str_lower_char(char c);
/* Decimal digits only, no sign, at most max; false on anything else. */
bool str_to_u64(const char *text, uint64_t max, uint64_t *out);

#endif
