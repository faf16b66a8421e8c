/* The foreign files of tests/data/pfx, opened. */
#include "foreign.h"

#include "unit.h"

#include "pki/openssl.h"
#include "sys/file.h"

#include <openssl/pem.h>

struct buf foreign_file(const char *name) {
    struct err e = {0};
    struct buf bytes;
    PL_AUTO(mem_freep) char *path = NULL;
    buf_init(&bytes, UNPACK_INPUT_MAX);
    assert_ok(mem_printf(&path, &e, "%s/pfx/%s", PL_TEST_DATA, name), &e);
    assert_ok(file_read(path, &bytes, &e), &e);
    return bytes;
}

struct secret foreign_password(const char *text) {
    struct err e = {0};
    struct secret password = {0};
    assert_ok(secret_copy(&password, text, strlen(text), &e), &e);
    return password;
}

bool foreign_open(foreign_unpack_fn *unpack, const char *name, const char *password,
                  struct unpacked *out, struct err *e) {
    PL_AUTO(buf_clear) struct buf bytes = foreign_file(name);
    PL_AUTO(secret_clear) struct secret secret = foreign_password(password);
    return unpack(bytes.data, bytes.len, &secret, out, e);
}

void assert_shop_key(const struct unpacked *unpacked, const char *name) {
    const uint8_t *at = unpacked->pkcs8.bytes;
    PL_AUTO(bio_freep) BIO *bio = BIO_new_file(PL_TEST_DATA "/pfx/shop.key.pem", "r");
    PL_AUTO(evp_pkey_freep) EVP_PKEY *shop = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    PL_AUTO(pkcs8_freep)
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)unpacked->pkcs8.len);
    assert_non_null(shop);
    if (info == NULL || at != unpacked->pkcs8.bytes + unpacked->pkcs8.len) {
        fail_msg("%s: no PKCS #8", name);
    }
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = EVP_PKCS82PKEY(info);
    if (key == NULL || EVP_PKEY_eq(key, shop) != 1) {
        fail_msg("%s: another key", name);
    }
}
