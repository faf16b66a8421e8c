/* Certificates and keys as they are found in a foreign file, and their order at the end. */
#include "keys/unpack_context.h"

#include "base/mem.h"
#include "base/str.h"
#include "pki/openssl.h"

#include <openssl/err.h>

enum { NAMES_MAX = 1000 };

void unpack_found_init(struct unpack_found *found) {
    *found = (struct unpack_found){0};
    list_init(&found->key_names, NAMES_MAX);
    list_init(&found->cert_names, UNPACK_CERTS_MAX);
}

void unpack_found_clear(struct unpack_found *found) {
    secret_clear(&found->pkcs8);
    EVP_PKEY_free(found->key);
    list_clear(&found->key_names);
    list_clear(&found->cert_names);
    cert_list_clear(&found->certs);
    *found = (struct unpack_found){0};
}

static bool encode_info(const PKCS8_PRIV_KEY_INFO *info, struct secret *out, struct err *e) {
    int len = i2d_PKCS8_PRIV_KEY_INFO(info, NULL);
    if (len <= 0) {
        return err_set_openssl(e, ERR_UNPACK_MALFORMED, "the private key is malformed");
    }
    if (!secret_init(out, (size_t)len, e)) {
        return false;
    }
    uint8_t *at = out->bytes;
    return i2d_PKCS8_PRIV_KEY_INFO(info, &at) == len ||
           err_set_openssl(e, ERR_UNPACK_MALFORMED, "the private key is malformed");
}

static bool is_same_key(const struct unpack_found *found, const struct secret *pkcs8,
                        const EVP_PKEY *key) {
    bool is_same_bytes = found->pkcs8.len == pkcs8->len &&
                         secret_equal(found->pkcs8.bytes, pkcs8->bytes, pkcs8->len);
    return is_same_bytes ||
           (found->key != NULL && key != NULL && EVP_PKEY_eq(found->key, key) == 1);
}

bool unpack_found_add_key(struct unpack_found *found, const PKCS8_PRIV_KEY_INFO *info,
                          const char *name, struct err *e) {
    PL_AUTO(secret_clear) struct secret pkcs8 = {0};
    if (!encode_info(info, &pkcs8, e)) {
        return false;
    }
    /* A kind that OpenSSL does not know is handed on; whoever uses the key will say so. */
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = EVP_PKCS82PKEY(info);
    ERR_clear_error();
    if (found->key_count > 0 && is_same_key(found, &pkcs8, key)) {
        return true;
    }
    if (!list_add(&found->key_names, name == NULL ? "" : name, e)) {
        return false;
    }
    if (found->key_count == 0) {
        found->pkcs8 = pkcs8;
        pkcs8 = (struct secret){0};
        found->key = PL_TAKE(key);
    }
    found->key_count++;
    return true;
}

bool unpack_found_add_cert(struct unpack_found *found, struct cert *cert, const char *name,
                           struct err *e) {
    if (cert_list_has(&found->certs, cert)) {
        return true;
    }
    if (found->certs.count == UNPACK_CERTS_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "it holds more than %d certificates", UNPACK_CERTS_MAX);
    }
    return list_add(&found->cert_names, name == NULL ? "" : name, e) &&
           cert_list_add(&found->certs, cert, e);
}

/* The place of the key's certificate; count when there is none. */
static size_t find_own(const struct unpack_found *found) {
    size_t i = 0;
    while (i < found->certs.count &&
           (found->key == NULL ||
            X509_check_private_key(found->certs.items[i]->x509, found->key) != 1)) {
        i++;
    }
    ERR_clear_error();
    return i;
}

static bool several_keys(const struct unpack_found *found, struct err *e) {
    PL_AUTO(mem_freep) char *names = NULL;
    if (!list_join(&found->key_names, "\", \"", &names, e)) {
        return false;
    }
    (void)err_set(e, ERR_UNPACK_SEVERAL_KEYS, "it holds %zu private keys (\"%.300s\")",
                  found->key_count, names);
    return err_hint(e, "write one file for each");
}

/* The name of the key, else of its certificate, else of the only certificate. */
static const char *choose_name(const struct unpack_found *found, size_t own) {
    if (found->key_count > 0 && found->key_names.items[0][0] != '\0') {
        return found->key_names.items[0];
    }
    if (own < found->certs.count) {
        return found->cert_names.items[own];
    }
    bool is_only = found->key_count == 0 && found->certs.count == 1;
    return is_only ? found->cert_names.items[0] : "";
}

bool unpack_found_finish(struct unpack_found *found, struct unpacked *out, struct err *e) {
    if (found->key_count > 1) {
        return several_keys(found, e);
    }
    size_t own = find_own(found);
    const char *name = choose_name(found, own);
    char *name_copy = NULL;
    if (name[0] != '\0' && !mem_strdup(name, &name_copy, e)) {
        return false;
    }
    if (own < found->certs.count) {
        struct cert *own_cert = found->certs.items[own];
        for (; own > 0; own--) {
            found->certs.items[own] = found->certs.items[own - 1];
        }
        found->certs.items[0] = own_cert;
    }
    *out =
        (struct unpacked){.pkcs8 = found->pkcs8, .certs = found->certs, .friendly_name = name_copy};
    (void)str_copy(out->encryption, sizeof(out->encryption),
                   found->encryption[0] == '\0' ? "not encrypted" : found->encryption);
    found->pkcs8 = (struct secret){0};
    found->certs = (struct cert_list){0};
    return true;
}
