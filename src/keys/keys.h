/*
 * All that may be done with private keys but for handshakes. This is the side of those who ask:
 * each call becomes a message (keys/wire.h) to whoever holds the ring of keys (keys/ring.h), which
 * is the process "keys", or in tests the caller's own.
 *
 * A key leaves only as a sealed blob: AES-256-GCM under the sealing key, authenticating key id,
 * purpose, provider, exportable and limits. keys signs meanings, never bytes: each call names what
 * is to be signed, and keys rebuilds or re-reads the signed bytes and refuses what the key is not
 * for.
 *
 * Limits: KEYS_BLOB_MAX bytes a blob, KEYS_PASSWORD_MAX a password.
 */
#ifndef PL_KEYS_KEYS_H
#define PL_KEYS_KEYS_H

#include "base/buf.h"
#include "base/id.h"
#include "base/secret.h"
#include "pki/cert.h"
#include "pki/request.h"

struct keys;

enum key_purpose {
    KEY_PURPOSE_TLS_SERVER = 1,
    KEY_PURPOSE_TLS_CLIENT,
    KEY_PURPOSE_CA,
    KEY_PURPOSE_OCSP,
    KEY_PURPOSE_ACME_ACCOUNT,
    KEY_PURPOSE_AUDIT,
};

enum {
    KEYS_BLOB_MAX = 32 * 1024,
    KEYS_PASSWORD_MAX = 1024,
    KEYS_SEALING_ID_LEN = 16,
    KEYS_SIGNATURE_MAX = 1024
};

/* Outer limits of a CA key, sealed with it. Profiles in the store can only narrow them. */
struct key_limits {
    bool may_sign_ca;         /* a root: may sign certificates with CA:TRUE */
    unsigned path_length_max; /* of those */
    int64_t lifetime_max_ms;  /* not_after - not_before of a leaf (or of a sub-CA for a root) */
    bool may_sign_crl;
};

/*
 * What the store keeps of a key, and hands back for each use. All but blob is authenticated by it.
 */
struct sealed_key {
    struct id id;
    enum key_purpose purpose;
    char provider[16]; /* "software" */
    bool is_exportable;
    struct key_spec spec;
    uint8_t spki_sha256[KEY_SPKI_SHA256_LEN];
    struct key_limits limits; /* zero unless purpose is CA */
    uint8_t sealing_key_id[KEYS_SEALING_ID_LEN];
    uint8_t *blob; /* owned */
    size_t blob_len;
};
void sealed_key_clear(struct sealed_key *key);
bool sealed_key_copy(const struct sealed_key *from, struct sealed_key *out_key, struct err *e)
    PL_MUST_USE;

/* --- opening --------------------------------------------------------------------------------- */

/*
 * Makes the sealing key file (32 random bytes + id, mode 0600). Fails keys.sealing.exists,
 * sys.file.*.
 */
bool keys_create_sealing_key(const char *path, struct err *e) PL_MUST_USE;
/*
 * The ring in the caller's own process.
 * Fails keys.sealing.missing, keys.sealing.mode (readable by others), keys.sealing.malformed.
 */
bool keys_open(const char *sealing_key_path, struct keys **out_keys, struct err *e) PL_MUST_USE;

/* The way to a ring elsewhere. */
struct keys_transport {
    void *ctx;
    /* Takes one call there and its answer back; see keys/wire.h. Fails ipc.*. */
    bool (*call)(void *ctx, const struct buf *call, struct buf *out_answer, struct err *e);
    void (*close)(void *ctx);
};
/* The transport is closed with it, also when this fails. Fails base.oom. */
bool keys_connect(const struct keys_transport *transport, struct keys **out_keys, struct err *e)
    PL_MUST_USE;
void keys_close(struct keys *keys);
PL_DEFINE_FREEP(keys_closep, struct keys, keys_close)

/* --- making ---------------------------------------------------------------------------------- */

struct key_wish {
    struct key_spec spec;
    enum key_purpose purpose;
    bool is_exportable;
    struct key_limits limits;
};

/* A new key pair, born sealed. Fails pki.key.generate, base.random, base.oom. */
bool keys_make(struct keys *keys, const struct key_wish *wish, struct sealed_key *out_key,
               struct err *e) PL_MUST_USE;

/*
 * Seals a PKCS#8 DER key that unpack or the user brought; wish->spec is taken from the key. Fails
 * pki.key.invalid, keys.import.kind.
 */
bool keys_import(struct keys *keys, const struct secret *pkcs8, const struct key_wish *wish,
                 struct sealed_key *out_key, struct err *e) PL_MUST_USE;

/* --- signing meanings ------------------------------------------------------------------------ */

/* The DER SubjectPublicKeyInfo of a sealed key. */
bool keys_public(struct keys *keys, const struct sealed_key *key, struct buf *out_spki,
                 struct err *e) PL_MUST_USE;

/* A CSR for these names. Purposes TLS server, TLS client and CA. */
bool keys_sign_request(struct keys *keys, const struct sealed_key *key,
                       const struct request_names *names, struct buf *out_der, struct err *e)
    PL_MUST_USE;

/*
 * A certificate from to-be-signed bytes (DER TBSCertificate). keys reads them and refuses, with
 * keys.limit.*: CA:TRUE or keyCertSign from a key that may not, a path length or lifetime above the
 * limits, an issuer's key identifier that is not this key's, a signature algorithm that is not this
 * key's, not strictly DER. The answer's TBS is byte-identical.
 */
bool keys_sign_certificate(struct keys *keys, const struct sealed_key *ca, const uint8_t *tbs,
                           size_t tbs_len, struct buf *out_der, struct err *e) PL_MUST_USE;

/*
 * A certificate revocation list from a DER TBSCertList. Purpose CA with may_sign_crl. Fails
 * keys.limit.*
 */
bool keys_sign_crl(struct keys *keys, const struct sealed_key *ca, const uint8_t *tbs,
                   size_t tbs_len, struct buf *out_der, struct err *e) PL_MUST_USE;
/*
 * The same for a process that cannot wait: the call written, and its answer read. Fail base.limit,
 * base.oom, ipc.malformed; keys_read_signed() also as keys_sign_crl() does.
 */
bool keys_pack_sign_crl(const struct sealed_key *ca, const uint8_t *tbs, size_t tbs_len,
                        struct buf *out_call, struct err *e) PL_MUST_USE;
bool keys_read_signed(const uint8_t *answer, size_t len, struct buf *out_der, struct err *e)
    PL_MUST_USE;

/*
 * Signs a fixed text of ours and verifies it with certificate's public key: a key that works, and
 * is its. Fails keys.test, pki.key.mismatch.
 */
bool keys_test(struct keys *keys, const struct sealed_key *key, const struct cert *certificate,
               struct err *e) PL_MUST_USE;

/*
 * --- leaving, always encrypted
 * ---------------------------------------------------------------------
 */

enum pfx_reader {
    PFX_FOR_WINDOWS_2008, /* also for Windows before Server 2019, older Java: 3DES, SHA-1 MAC */
    PFX_FOR_WINDOWS_2016,
    PFX_FOR_WINDOWS, /* Server 2019, Windows 10 1709 and later: AES-256, SHA-256 */
    PFX_FOR_JAVA, /* keytool 8u301+, 11.0.12+: AES-256, SHA-256, with the alias as friendly name */
    PFX_FOR_OPENSSL, /* AES-256, SHA-256, more iterations */
};

struct pfx_wish {
    enum pfx_reader reader;
    const char *friendly_name; /* may be NULL */
    const struct cert *certificate;
    const struct cert_list *chain; /* without the certificate itself; may be NULL */
    const struct secret *password;
};

/* Refuses non-exportable keys: keys.export.denied; empty passwords: keys.export.password. */
bool keys_export_pfx(struct keys *keys, const struct sealed_key *key, const struct pfx_wish *wish,
                     struct buf *out_der, struct err *e) PL_MUST_USE;
/* PKCS#8 EncryptedPrivateKeyInfo as PEM, PBES2 AES-256-CBC with HMAC-SHA-256. Refuses as above. */
bool keys_export_pem(struct keys *keys, const struct sealed_key *key, const struct secret *password,
                     struct buf *out_pem, struct err *e) PL_MUST_USE;

/* --- secrets that are not keys --------------------------------------------------------------- */

/*
 * Seals and opens a column's value; table, id and column are authenticated. Fails
 * keys.secret.broken.
 */
bool keys_seal_secret(struct keys *keys, const char *table, const struct id *id, const char *column,
                      const struct secret *value, struct buf *out_blob, struct err *e) PL_MUST_USE;
bool keys_open_secret(struct keys *keys, const char *table, const struct id *id, const char *column,
                      const uint8_t *blob, size_t blob_len, struct secret *out_value, struct err *e)
    PL_MUST_USE;

#endif
