/*
 * Whether bytes are DER all the way down. What keys signs has one reading: bytes that two readers
 * could take for two meanings are refused. Private to keys/. Source: X.690 §8, §10, §11.
 */
#ifndef PL_KEYS_STRICT_DER_H
#define PL_KEYS_STRICT_DER_H

#include "base/compiler.h"

enum { STRICT_DER_DEPTH_MAX = 24 };

/*
 * True when the bytes are exactly one DER value: shortest lengths, integers and object identifiers,
 * booleans of 00 and FF, zero bits where none are used, no constructed strings, the elements of
 * each SET in order, at most STRICT_DER_DEPTH_MAX levels. Content of OCTET STRINGs is not looked
 * into.
 */
bool strict_der_check(const uint8_t *bytes, size_t len);

#endif
