/*
 * Bytes that must not leave the process: locked in memory where the system allows it, left out of
 * core files, overwritten before they are freed. No formatter accepts a struct secret.
 */
#ifndef PL_BASE_SECRET_H
#define PL_BASE_SECRET_H

#include "base/compiler.h"
#include "base/err.h"

enum { SECRET_MAX = 1024 * 1024 };

struct secret {
    uint8_t *bytes; /* NUL-terminated past len, so that a password can be used as a string */
    size_t len;
    size_t mapped; /* bytes of the mapping */
};

/*
 * Room for len bytes (≤ SECRET_MAX), zeroed. Fails base.oom, base.limit. Clear with secret_clear().
 */
bool secret_init(struct secret *s, size_t len, struct err *e) PL_MUST_USE;
/* The same with a copy of bytes. */
bool secret_copy(struct secret *s, const void *bytes, size_t len, struct err *e) PL_MUST_USE;
/* Overwrites and frees; fine on a zeroed struct. */
void secret_clear(struct secret *s);
/* Shortens without moving. len ≤ s->len. */
void secret_cut(struct secret *s, size_t len);
const char *secret_string(const struct secret *s); /* borrowed; "" when empty */

/* Overwrites memory in a way that the compiler keeps. NULL with 0 is fine. */
void secret_cleanse(void *bytes, size_t len);
/* Compares in time that depends on len alone. */
bool secret_equal(const void *a, const void *b, size_t len);

#endif
