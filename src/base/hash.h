/* The keyed hash of all hash tables: names chosen by an attacker do not collide on purpose. */
#ifndef PL_BASE_HASH_H
#define PL_BASE_HASH_H

#include "base/compiler.h"

/*
 * SipHash-1-3 (Aumasson, Bernstein 2012) under a seed of 16 random bytes. Not cryptography that
 * protects data: for hash tables and caches inside one process.
 */
uint64_t hash_bytes(const uint64_t seed[2], const void *bytes, size_t len);

#endif
