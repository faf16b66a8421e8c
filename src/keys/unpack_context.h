/*
 * What opening one foreign file needs: a library context of its own with the legacy algorithms,
 * the ways to spell the password, and how much key derivation the file may still ask for.
 * Private to keys/.
 */
#ifndef PL_KEYS_UNPACK_CONTEXT_H
#define PL_KEYS_UNPACK_CONTEXT_H

#include "base/list.h"
#include "keys/unpack.h"

#include <openssl/pkcs12.h>

enum { UNPACK_SPELLINGS_MAX = 3, UNPACK_ALGORITHM_TEXT = 48 };

/* One way to give the password to a key derivation. */
struct unpack_spelling {
    struct secret bytes;
    const char *text; /* bytes as a string; NULL: no password at all, which is not the empty one */
    int len;
};

struct unpack_context {
    OSSL_LIB_CTX *library;
    OSSL_PROVIDER *standard;
    OSSL_PROVIDER *legacy; /* NULL where the system has none */
    struct unpack_spelling spellings[UNPACK_SPELLINGS_MAX];
    size_t spelling_count;
    uint64_t iterations_left;
};

/*
 * The spellings of a password are: as given; when that is UTF-8 beyond ASCII, in Latin-1 (how a
 * terminal of that kind gave it), and each byte as a character (OpenSSL before 1.1); when it is not
 * UTF-8, as Latin-1 made UTF-8. An empty password is none, and "".
 *
 * Fails base.oom, base.limit (longer than UNPACK_PASSWORD_MAX).
 */
bool unpack_context_init(struct unpack_context *context, const struct secret *password,
                         struct err *e) PL_MUST_USE;
void unpack_context_clear(struct unpack_context *context);

/* Puts spelling i before the others: it is the right one for a part, so likely for the next. */
void unpack_context_prefer(struct unpack_context *context, size_t i);

/*
 * Admits a password-based encryption: its algorithms are there, and its iterations fit into what is
 * left. out_text: "PBES2 AES-256-CBC, 2048 iterations". Nothing is derived yet.
 * Fails unpack.algorithm, unpack.iterations, unpack.malformed
 */
bool unpack_admit_encryption(struct unpack_context *context, const X509_ALGOR *algorithm,
                             char out_text[UNPACK_ALGORITHM_TEXT], struct err *e) PL_MUST_USE;

/* The same for a PFX file's MAC, "MAC SHA-256". */
bool unpack_admit_mac(struct unpack_context *context, const PKCS12 *pfx,
                      char out_text[UNPACK_ALGORITHM_TEXT], struct err *e) PL_MUST_USE;

/* Certificates and keys as they are found. Clear works on a zeroed struct. */
struct unpack_found {
    struct secret pkcs8;
    EVP_PKEY *key; /* of pkcs8, to find its certificate; NULL when OpenSSL cannot read it */
    size_t key_count;
    struct list key_names;
    struct cert_list certs;
    struct list cert_names;                 /* "" for nameless ones */
    char encryption[UNPACK_ALGORITHM_TEXT]; /* of the key, else of the certificates; "" for none */
};

void unpack_found_init(struct unpack_found *found);
void unpack_found_clear(struct unpack_found *found);
/* name may be NULL. The same key a second time counts once. Fails base.oom, unpack.malformed. */
bool unpack_found_add_key(struct unpack_found *found, const PKCS8_PRIV_KEY_INFO *info,
                          const char *name, struct err *e) PL_MUST_USE;
/* Fails base.limit above UNPACK_CERTS_MAX, base.oom. */
bool unpack_found_add_cert(struct unpack_found *found, struct cert *cert, const char *name,
                           struct err *e) PL_MUST_USE;
/* Moves what was found to out, the key's own certificate first. Fails unpack.several_keys. */
bool unpack_found_finish(struct unpack_found *found, struct unpacked *out, struct err *e)
    PL_MUST_USE;

#endif
