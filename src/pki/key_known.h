/*
 * Public keys whose private half is known to everyone.
 *
 * Built in are the example keys that IETF standards print. Everything else comes from a list file
 * that the administrator keeps. In particular the keys of Debian's broken OpenSSL (CVE-2008-0166):
 * Debian no longer packages openssl-blacklist, so nothing is built in for them, and only a list
 * file catches them. Source: CA/Browser Forum BR §6.1.1.3 (2), (3).
 */
#ifndef PL_PKI_KEY_KNOWN_H
#define PL_PKI_KEY_KNOWN_H

#include "base/compiler.h"
#include "base/err.h"
#include "pki/key.h"

struct key_known_list;

enum { KEY_KNOWN_FILE_MAX = 256 * 1024 * 1024 };

/*
 * Reads a list file: one key a line, empty lines and lines that begin with "#" left out. A key is
 *   64 hexadecimal digits  SHA-256 of its DER SubjectPublicKeyInfo, or
 *   20 hexadecimal digits  the last half of SHA-1 over "Modulus=" + the RSA modulus in upper-case
 *                          hexadecimal + newline: the lines of openssl-blacklist's files.
 * Fails sys.file.*, pki.key.known_list (names the line), base.oom. Caller owns,
 * key_known_list_free().
 */
bool key_known_list_read(const char *path, struct key_known_list **out_list, struct err *e)
    PL_MUST_USE;
void key_known_list_free(struct key_known_list *list);
PL_DEFINE_FREEP(key_known_list_freep, struct key_known_list, key_known_list_free)

size_t key_known_list_count(const struct key_known_list *list);

/* Refuses a public or private key that the list names. Fails pki.key.weak.known. */
bool key_known_list_check(const struct key_known_list *list, const EVP_PKEY *key, struct err *e)
    PL_MUST_USE;

/* The same with the built-in keys, by hash; key_strength_check() calls it. */
bool key_known_check_builtin(const uint8_t spki_sha256[KEY_SPKI_SHA256_LEN], struct err *e)
    PL_MUST_USE;

#endif
