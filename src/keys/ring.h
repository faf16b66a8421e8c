/*
 * The ring of keys: the open sealing key, and everything that is done with private keys. This is
 * the side of the process "keys", in whose memory alone they are unsealed; what each function does
 * and refuses is said in keys/keys.h, whose names they have. Not for several threads.
 *
 * Limits: RING_CACHE_MAX unsealed keys at a time.
 */
#ifndef PL_KEYS_RING_H
#define PL_KEYS_RING_H

#include "keys/keys.h"

struct ring;

enum { RING_CACHE_MAX = 4096 };

/* Fails keys.sealing.missing, keys.sealing.mode (readable by others), keys.sealing.malformed. */
bool ring_open(const char *sealing_key_path, struct ring **out_ring, struct err *e) PL_MUST_USE;
void ring_free(struct ring *ring);
PL_DEFINE_FREEP(ring_freep, struct ring, ring_free)

/* --- handshakes -------------------------------------------------------------------------------
 */

enum handshake_kind {
    /* Input: the transcript hash; keys builds RFC 8446 §4.4.3's 64 spaces and context. */
    HANDSHAKE_TLS13_SERVER_VERIFY = 1,
    /* Input: client random, server random, ServerECDHParams (RFC 8422 §5.4). */
    HANDSHAKE_TLS12_SERVER_KEY_EXCHANGE,
};

/* Schemes of TLS 1.0 and 1.1, which have no code point for theirs. */
enum {
    HANDSHAKE_SCHEME_RSA_MD5_SHA1 =
        0xFF01, /* PKCS #1 over MD5 and SHA-1 together; from private use */
    HANDSHAKE_SCHEME_ECDSA_SHA1 = 0x0203,
};

/*
 * A handshake signature of a TLS server key. scheme is the TLS SignatureScheme code point
 * (RFC 8446 §4.2.3); it must fit the key. input is checked for its exact form.
 * Fails keys.handshake.input, keys.handshake.scheme, keys.purpose.
 */
bool ring_sign_handshake(struct ring *ring, const struct sealed_key *key, enum handshake_kind kind,
                         uint16_t scheme, const uint8_t *input, size_t input_len,
                         uint8_t out[KEYS_SIGNATURE_MAX], size_t *out_len, struct err *e)
    PL_MUST_USE;

/* --- as in keys/keys.h --------------------------------------------------------------------------
 */

bool ring_make(struct ring *ring, const struct key_wish *wish, struct sealed_key *out_key,
               struct err *e) PL_MUST_USE;

bool ring_import(struct ring *ring, const struct secret *pkcs8, const struct key_wish *wish,
                 struct sealed_key *out_key, struct err *e) PL_MUST_USE;

bool ring_public(struct ring *ring, const struct sealed_key *key, struct buf *out_spki,
                 struct err *e) PL_MUST_USE;

bool ring_sign_request(struct ring *ring, const struct sealed_key *key,
                       const struct request_names *names, struct buf *out_der, struct err *e)
    PL_MUST_USE;

bool ring_sign_certificate(struct ring *ring, const struct sealed_key *ca, const uint8_t *tbs,
                           size_t tbs_len, struct buf *out_der, struct err *e) PL_MUST_USE;

bool ring_sign_crl(struct ring *ring, const struct sealed_key *ca, const uint8_t *tbs,
                   size_t tbs_len, struct buf *out_der, struct err *e) PL_MUST_USE;

bool ring_test(struct ring *ring, const struct sealed_key *key, const struct cert *certificate,
               struct err *e) PL_MUST_USE;

bool ring_export_pfx(struct ring *ring, const struct sealed_key *key, const struct pfx_wish *wish,
                     struct buf *out_der, struct err *e) PL_MUST_USE;

bool ring_export_pem(struct ring *ring, const struct sealed_key *key, const struct secret *password,
                     struct buf *out_pem, struct err *e) PL_MUST_USE;

/* KEYS_SEALING_ID_LEN bytes that name the sealing key, borrowed; they are no secret. */
const uint8_t *ring_sealing_key_id(const struct ring *ring);

bool ring_seal_secret(struct ring *ring, const char *table, const struct id *id, const char *column,
                      const struct secret *value, struct buf *out_blob, struct err *e) PL_MUST_USE;

bool ring_open_secret(struct ring *ring, const char *table, const struct id *id, const char *column,
                      const uint8_t *blob, size_t blob_len, struct secret *out_value, struct err *e)
    PL_MUST_USE;

#endif
