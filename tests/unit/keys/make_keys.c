/* An open ring of keys in a folder of its own, and keys in it. */
#include "make_keys.h"

#include "unit.h"

#include "base/str.h"
#include "pki/openssl.h"

#include <stdio.h>
#include <unistd.h>

struct made_keys make_keys(void) {
    struct err e = {0};
    struct made_keys made = {0};
    (void)str_copy(made.folder, sizeof(made.folder), "/tmp/padlock-test-keys-XXXXXX");
    assert_non_null(mkdtemp(made.folder));
    (void)snprintf(made.path, sizeof(made.path), "%s/sealing.key", made.folder);
    assert_ok(keys_create_sealing_key(made.path, &e), &e);
    assert_ok(keys_open(made.path, &made.keys, &e), &e);
    assert_ok(ring_open(made.path, &made.ring, &e), &e);
    return made;
}

void made_keys_clear(struct made_keys *made) {
    keys_close(made->keys);
    ring_free(made->ring);
    (void)unlink(made->path);
    (void)rmdir(made->folder);
}

struct sealed_key make_sealed(struct keys *keys, const char *spec, enum key_purpose purpose) {
    struct err e = {0};
    struct sealed_key key = {0};
    struct key_wish wish = {.purpose = purpose, .is_exportable = true};
    assert_ok(key_spec_parse(spec, &wish.spec, &e), &e);
    assert_ok(keys_make(keys, &wish, &key, &e), &e);
    return key;
}

struct secret pkcs8_of(const EVP_PKEY *pkey) {
    struct err e = {0};
    struct secret pkcs8 = {0};
    PL_AUTO(pkcs8_freep) PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    uint8_t *der = NULL;
    int len = i2d_PKCS8_PRIV_KEY_INFO(info, &der);
    assert_true(len > 0);
    assert_ok(secret_copy(&pkcs8, der, (size_t)len, &e), &e);
    OPENSSL_free(der);
    return pkcs8;
}

static struct sealed_key seal(struct keys *keys, const EVP_PKEY *pkey,
                              const struct key_wish *wish) {
    struct err e = {0};
    struct sealed_key key = {0};
    struct secret pkcs8 = pkcs8_of(pkey);
    assert_ok(keys_import(keys, &pkcs8, wish, &key, &e), &e);
    secret_clear(&pkcs8);
    return key;
}

struct sealed_key seal_ca(struct keys *keys, const EVP_PKEY *pkey, struct key_limits limits) {
    struct key_wish wish = {.purpose = KEY_PURPOSE_CA, .limits = limits};
    return seal(keys, pkey, &wish);
}

struct sealed_key seal_for(struct keys *keys, const EVP_PKEY *pkey, enum key_purpose purpose,
                           bool is_exportable) {
    struct key_wish wish = {.purpose = purpose, .is_exportable = is_exportable};
    return seal(keys, pkey, &wish);
}

EVP_PKEY *public_of(struct keys *keys, const struct sealed_key *key) {
    struct err e = {0};
    EVP_PKEY *pkey = NULL;
    PL_AUTO(buf_clear) struct buf spki;
    buf_init(&spki, KEY_DER_MAX);
    assert_ok(keys_public(keys, key, &spki, &e), &e);
    assert_ok(key_from_spki(spki.data, spki.len, &pkey, &e), &e);
    return pkey;
}
