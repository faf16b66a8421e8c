/* The foreign files of tests/data/pfx, opened. A failure inside fails the test. */
#ifndef PL_TESTS_KEYS_FOREIGN_H
#define PL_TESTS_KEYS_FOREIGN_H

#include "base/buf.h"
#include "keys/unpack.h"

typedef bool foreign_unpack_fn(const uint8_t *bytes, size_t len, const struct secret *password,
                               struct unpacked *out, struct err *e);

/* Caller clears. */
struct buf foreign_file(const char *name);
struct secret foreign_password(const char *text);
/* Opens a file of that name. */
bool foreign_open(foreign_unpack_fn *unpack, const char *name, const char *password,
                  struct unpacked *out, struct err *e);
/* Succeeds with the key of shop.key.pem; describes a failure. */
void assert_shop_key(const struct unpacked *unpacked, const char *name);

#endif
