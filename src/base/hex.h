/* Hexadecimal, lower case out, either case in. Pure functions. */
#ifndef PL_BASE_HEX_H
#define PL_BASE_HEX_H

#include "base/compiler.h"

/* Writes 2 × len digits and a NUL at out. */
void hex_encode(const uint8_t *bytes, size_t len, char *out);
/* Reads text_len digits (an even number) into text_len / 2 bytes; false on anything else. */
bool hex_decode(const char *text, size_t text_len, uint8_t *out);
/* The digit's value, -1 when it is none. */
int hex_value(char digit);

#endif
