/*
 * The ring of keys: opening it, making and importing keys, and unsealing them for one purpose.
 *
 * Limits: RING_CACHE_MAX unsealed keys at a time. Not done: how strong a made key is (it is of the
 * kinds of key_spec_parse).
 */
#include "keys/ring.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "keys/pkcs8.h"
#include "keys/ring_parts.h"
#include "pki/openssl.h"

#include <string.h>

static const char software[] = "software";

static bool fetch_digests(struct ring *ring, struct err *e) {
    static const char *const names[RING_DIGEST_COUNT] = {"SHA2-256", "SHA2-384", "SHA2-512", "SHA1",
                                                         "MD5-SHA1"};
    for (size_t i = 0; i < RING_DIGEST_COUNT; i++) {
        ring->digests[i] = EVP_MD_fetch(NULL, names[i], NULL);
        /* The last two are for old TLS versions; a library without them just does not serve those.
         */
        bool is_needed = i <= RING_SHA512;
        if (is_needed && ring->digests[i] == NULL) {
            return err_set_openssl(e, ERR_KEYS_SIGN, "the OpenSSL library has no %s", names[i]);
        }
    }
    ring->hashing = EVP_MD_CTX_new();
    return ring->hashing != NULL || err_set_openssl(e, ERR_BASE_OOM, "out of memory");
}

bool ring_open(const char *sealing_key_path, struct ring **out_keys, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct ring), &memory, e)) {
        return false;
    }
    PL_AUTO(ring_freep) struct ring *ring = memory;
    if (!sealing_open(sealing_key_path, &ring->sealing, e) ||
        !key_cache_new(RING_CACHE_MAX, &ring->cache, e) || !fetch_digests(ring, e)) {
        return false;
    }
    *out_keys = PL_TAKE(ring);
    return true;
}

void ring_free(struct ring *ring) {
    if (ring == NULL) {
        return;
    }
    key_cache_free(ring->cache);
    EVP_MD_CTX_free(ring->hashing);
    for (size_t i = 0; i < RING_DIGEST_COUNT; i++) {
        EVP_MD_free(ring->digests[i]);
    }
    sealing_clear(&ring->sealing);
    mem_free(ring);
}

/* Fills in out_key's fields but for the blob. */
static bool describe(const struct ring *ring, const EVP_PKEY *pkey, const struct key_wish *wish,
                     struct sealed_key *out_key, struct err *e) {
    struct sealed_key key = {
        .purpose = wish->purpose,
        .is_exportable = wish->is_exportable,
        .spec = key_spec_of(pkey),
    };
    if (wish->purpose == KEY_PURPOSE_CA) {
        key.limits = wish->limits;
    }
    (void)str_copy(key.provider, sizeof(key.provider), software);
    memcpy(key.sealing_key_id, ring->sealing.id, KEYS_SEALING_ID_LEN);
    if (!id_new(clock_now_ms(), &key.id, e) || !key_spki_sha256(pkey, key.spki_sha256, e)) {
        return false;
    }
    *out_key = key;
    return true;
}

static bool seal_key(const struct ring *ring, const EVP_PKEY *pkey, const struct key_wish *wish,
                     struct sealed_key *out_key, struct err *e) {
    struct sealed_key key = {0};
    PL_AUTO(secret_clear) struct secret pkcs8 = {0};
    PL_AUTO(buf_clear) struct buf fields;
    PL_AUTO(buf_clear) struct buf blob;
    buf_init(&fields, SEALED_FIELDS_MAX);
    buf_init(&blob, KEYS_BLOB_MAX);
    if (!describe(ring, pkey, wish, &key, e) || !pkcs8_encode(pkey, &pkcs8, e) ||
        !sealed_key_append_fields(&key, &fields, e) ||
        !sealing_seal(&ring->sealing, &fields, &pkcs8, &blob, e)) {
        return false;
    }
    key.blob_len = blob.len;
    key.blob = PL_TAKE(blob.data);
    *out_key = key;
    return true;
}

bool ring_make(struct ring *ring, const struct key_wish *wish, struct sealed_key *out_key,
               struct err *e) {
    PL_AUTO(evp_pkey_freep) EVP_PKEY *pkey = NULL;
    return key_generate(&wish->spec, &pkey, e) && seal_key(ring, pkey, wish, out_key, e);
}

/* A private half that belongs to the public one, and numbers that are what they claim. */
static bool check_private(EVP_PKEY *pkey, struct err *e) {
    PL_AUTO(evp_pkey_ctx_freep) EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(pkey, NULL);
    if (context == NULL) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot check the private key");
    }
    return EVP_PKEY_check(context) == 1 ||
           err_set_openssl(e, ERR_PKI_KEY_INVALID,
                           "the private key is damaged: its parts do not fit each other");
}

static bool check_import(EVP_PKEY *pkey, struct err *e) {
    struct key_spec spec = key_spec_of(pkey);
    if (spec.family == KEY_OTHER || spec.bits == 0) {
        const char *name = EVP_PKEY_get0_type_name(pkey);
        (void)err_set(e, ERR_KEYS_IMPORT_KIND, "keys of this kind (%s) cannot be used here",
                      name == NULL ? "unknown" : name);
        return err_hint(e, "RSA, P-256, P-384, P-521 and Ed25519 can");
    }
    return key_strength_check(pkey, e) && check_private(pkey, e);
}

bool ring_import(struct ring *ring, const struct secret *pkcs8, const struct key_wish *wish,
                 struct sealed_key *out_key, struct err *e) {
    PL_AUTO(evp_pkey_freep) EVP_PKEY *pkey = NULL;
    return pkcs8_decode(pkcs8, &pkey, e) && check_import(pkey, e) &&
           seal_key(ring, pkey, wish, out_key, e);
}

static const char *purpose_text(enum key_purpose purpose) {
    switch (purpose) {
    case KEY_PURPOSE_TLS_SERVER:
        return "a TLS server";
    case KEY_PURPOSE_TLS_CLIENT:
        return "a TLS client";
    case KEY_PURPOSE_CA:
        return "a certificate authority";
    case KEY_PURPOSE_OCSP:
        return "OCSP answers";
    case KEY_PURPOSE_ACME_ACCOUNT:
        return "an ACME account";
    case KEY_PURPOSE_AUDIT:
        return "the audit trail";
    }
    return "nothing known";
}

static bool check_usable(const struct ring *ring, const struct sealed_key *key, unsigned allowed,
                         struct err *e) {
    bool is_known = key->purpose >= KEY_PURPOSE_TLS_SERVER && key->purpose <= KEY_PURPOSE_AUDIT;
    if (!is_known || (allowed & RING_PURPOSE(key->purpose)) == 0) {
        return err_set(e, ERR_KEYS_PURPOSE, "this key is for %s alone", purpose_text(key->purpose));
    }
    if (strncmp(key->provider, software, sizeof(key->provider)) != 0) {
        return err_set(e, ERR_KEYS_PROVIDER,
                       "this key is in the provider \"%.16s\", which is not here", key->provider);
    }
    if (memcmp(key->sealing_key_id, ring->sealing.id, KEYS_SEALING_ID_LEN) != 0) {
        (void)err_set(e, ERR_KEYS_SEALING_OTHER, "this key was sealed with another sealing key");
        return err_hint(e, "give the sealing key that belongs to this store");
    }
    return key->blob != NULL && key->blob_len <= KEYS_BLOB_MAX
               ? true
               : err_set(e, ERR_KEYS_BLOB_BROKEN, "the sealed key has a wrong length");
}

static bool unseal_into_cache(struct ring *ring, const struct sealed_key *key,
                              const struct buf *fields, struct cached_key **out_key,
                              struct err *e) {
    PL_AUTO(secret_clear) struct secret pkcs8 = {0};
    EVP_PKEY *pkey = NULL;
    return sealing_unseal(&ring->sealing, fields, key->blob, key->blob_len, ERR_KEYS_BLOB_BROKEN,
                          &pkcs8, e) &&
           pkcs8_decode(&pkcs8, &pkey, e) &&
           key_cache_put(ring->cache, &key->id, fields, key->blob, key->blob_len, pkey, out_key, e);
}

bool ring_unseal(struct ring *ring, const struct sealed_key *key, unsigned allowed,
                 struct cached_key **out_key, struct err *e) {
    PL_AUTO(buf_clear) struct buf fields;
    buf_init(&fields, SEALED_FIELDS_MAX);
    if (!check_usable(ring, key, allowed, e) || !sealed_key_append_fields(key, &fields, e)) {
        return false;
    }
    *out_key = key_cache_get(ring->cache, &key->id, &fields, key->blob, key->blob_len);
    return *out_key != NULL || unseal_into_cache(ring, key, &fields, out_key, e);
}

const uint8_t *ring_sealing_key_id(const struct ring *ring) {
    return ring->sealing.id;
}

bool ring_public(struct ring *ring, const struct sealed_key *key, struct buf *out_spki,
                 struct err *e) {
    struct cached_key *cached = NULL;
    return ring_unseal(ring, key, RING_ANY_PURPOSE, &cached, e) &&
           key_append_spki(cached->pkey, out_spki, e);
}
