/*
 * Private keys in PEM, DER or base64, and the certificates beside them. Runs in the unpack process.
 *
 * Not done: OpenSSH's and PuTTY's own formats, PKCS #7 bundles beside a key.
 */
#include "keys/unpack.h"

#include "base/hex.h"
#include "base/mem.h"
#include "base/str.h"
#include "codec/der.h"
#include "codec/pem.h"
#include "codec/sniff.h"
#include "codec/text.h"
#include "keys/unpack_context.h"
#include "pki/openssl.h"

#include <openssl/err.h>

#include <stdio.h>
#include <string.h>

enum { SALT_LEN = 8, CIPHER_NAME_MAX = 32 };

struct pem_reader {
    struct unpack_context context;
    struct unpack_found found;
};

static void reader_clear(struct pem_reader *reader) {
    unpack_found_clear(&reader->found);
    unpack_context_clear(&reader->context);
}

static bool wrong_password(const struct pem_reader *reader, struct err *e) {
    bool is_given = reader->context.spellings[0].len > 0;
    return err_set(e, ERR_UNPACK_PASSWORD,
                   is_given ? "the password is wrong" : "the private key needs a password");
}

/* A key of any plain form as a PKCS #8 structure; NULL when it is none. Caller owns. */
static PKCS8_PRIV_KEY_INFO *parse_key(const struct pem_reader *reader, const uint8_t *der,
                                      size_t len) {
    const uint8_t *at = der;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)len);
    if (info != NULL) {
        return info;
    }
    at = der;
    PL_AUTO(evp_pkey_freep)
    EVP_PKEY *key = d2i_AutoPrivateKey_ex(NULL, &at, (long)len, reader->context.library, NULL);
    return key == NULL ? NULL : EVP_PKEY2PKCS8(key);
}

static bool add_plain_key(struct pem_reader *reader, const uint8_t *der, size_t len,
                          const char *name, struct err *e) {
    PL_AUTO(pkcs8_freep) PKCS8_PRIV_KEY_INFO *info = parse_key(reader, der, len);
    if (info == NULL) {
        return err_set_openssl(e, ERR_UNPACK_MALFORMED, "the private key is malformed");
    }
    ERR_clear_error();
    return unpack_found_add_key(&reader->found, info, name, e);
}

PL_DEFINE_FREEP(x509_sig_freep, X509_SIG, X509_SIG_free)

static bool add_encrypted_key(struct pem_reader *reader, const uint8_t *der, size_t len,
                              const char *name, struct err *e) {
    const uint8_t *at = der;
    const X509_ALGOR *algorithm = NULL;
    PL_AUTO(x509_sig_freep) X509_SIG *sealed = d2i_X509_SIG(NULL, &at, (long)len);
    if (sealed == NULL) {
        return err_set_openssl(e, ERR_UNPACK_MALFORMED, "the encrypted private key is malformed");
    }
    X509_SIG_get0(sealed, &algorithm, NULL);
    if (!unpack_admit_encryption(&reader->context, algorithm, reader->found.encryption, e)) {
        return false;
    }
    for (size_t i = 0; i < reader->context.spelling_count; i++) {
        const struct unpack_spelling *each = &reader->context.spellings[i];
        PL_AUTO(pkcs8_freep)
        PKCS8_PRIV_KEY_INFO *info =
            PKCS8_decrypt_ex(sealed, each->text, each->len, reader->context.library, NULL);
        if (info != NULL) {
            return unpack_found_add_key(&reader->found, info, name, e);
        }
    }
    ERR_clear_error();
    return wrong_password(reader, e);
}

/* What "DEK-Info: AES-256-CBC,0123…" says. */
struct legacy_encryption {
    char cipher_name[CIPHER_NAME_MAX];
    uint8_t iv[EVP_MAX_IV_LENGTH];
    EVP_CIPHER *cipher;
};

static void legacy_encryption_clear(struct legacy_encryption *encryption) {
    EVP_CIPHER_free(encryption->cipher);
}

static bool read_dek_info(const struct pem_reader *reader, const struct pem_block *block,
                          struct legacy_encryption *out, struct err *e) {
    const char *value = pem_block_header(block, "DEK-Info");
    const char *comma = value == NULL ? NULL : strchr(value, ',');
    size_t name_len = comma == NULL ? 0 : (size_t)(comma - value);
    if (name_len == 0 || name_len >= sizeof(out->cipher_name)) {
        return err_set(e, ERR_UNPACK_MALFORMED, "the private key's DEK-Info line is malformed");
    }
    memcpy(out->cipher_name, value, name_len);
    out->cipher_name[name_len] = '\0';
    out->cipher = EVP_CIPHER_fetch(reader->context.library, out->cipher_name, NULL);
    if (out->cipher == NULL || EVP_CIPHER_get_mode(out->cipher) != EVP_CIPH_CBC_MODE) {
        ERR_clear_error();
        return err_set(e, ERR_UNPACK_ALGORITHM,
                       "the private key is encrypted with %s, which is not supported here",
                       out->cipher_name);
    }
    size_t iv_len = (size_t)EVP_CIPHER_get_iv_length(out->cipher);
    return (strlen(comma + 1) == 2 * iv_len && iv_len >= SALT_LEN &&
            hex_decode(comma + 1, 2 * iv_len, out->iv)) ||
           err_set(e, ERR_UNPACK_MALFORMED, "the private key's DEK-Info line is malformed");
}

/* OpenSSL's way of old: one round of MD5, the vector's first bytes as the salt. */
static bool decrypt_legacy(const struct legacy_encryption *encryption,
                           const struct unpack_spelling *spelling, const struct buf *content,
                           struct secret *out) {
    uint8_t key[EVP_MAX_KEY_LENGTH];
    int len = 0, rest = 0;
    PL_AUTO(evp_cipher_ctx_freep) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool ok = context != NULL && spelling->len > 0 &&
              EVP_BytesToKey(encryption->cipher, EVP_md5(), encryption->iv,
                             (const uint8_t *)spelling->text, spelling->len, 1, key, NULL) > 0 &&
              EVP_DecryptInit_ex2(context, encryption->cipher, key, encryption->iv, NULL) == 1 &&
              EVP_DecryptUpdate(context, out->bytes, &len, content->data, (int)content->len) == 1 &&
              EVP_DecryptFinal_ex(context, out->bytes + len, &rest) == 1;
    secret_cleanse(key, sizeof(key));
    if (ok) {
        secret_cut(out, (size_t)len + (size_t)rest);
    }
    return ok;
}

static bool add_legacy_key(struct pem_reader *reader, const struct pem_block *block,
                           struct err *e) {
    PL_AUTO(legacy_encryption_clear) struct legacy_encryption encryption = {0};
    if (!read_dek_info(reader, block, &encryption, e)) {
        return false;
    }
    (void)snprintf(reader->found.encryption, sizeof(reader->found.encryption), "DEK-Info %.30s",
                   encryption.cipher_name);
    for (size_t i = 0; i < reader->context.spelling_count; i++) {
        PL_AUTO(secret_clear) struct secret der = {0};
        if (!secret_init(&der, block->content.len + EVP_MAX_BLOCK_LENGTH, e)) {
            return false;
        }
        /* A wrong password passes the padding once in 256 times, but then gives no SEQUENCE. */
        if (decrypt_legacy(&encryption, &reader->context.spellings[i], &block->content, &der) &&
            der_is_one_sequence(der.bytes, der.len)) {
            return add_plain_key(reader, der.bytes, der.len, block->friendly_name, e);
        }
    }
    ERR_clear_error();
    return wrong_password(reader, e);
}

/* OpenSSL's TRUSTED CERTIFICATE has its own notes behind the certificate. */
static bool add_cert(struct pem_reader *reader, const uint8_t *der, size_t len, const char *name,
                     struct err *e) {
    struct der_reader file = der_reader_init(der, len);
    struct der_value first;
    PL_AUTO(cert_freep) struct cert *cert = NULL;
    if (!der_reader_take(&file, DER_SEQUENCE, &first)) {
        return err_set(e, ERR_UNPACK_MALFORMED, "a certificate in it is malformed");
    }
    return cert_from_der(first.whole, first.whole_len, &cert, e) &&
           unpack_found_add_cert(&reader->found, cert, name, e);
}

static bool foreign_key(const char *kind, struct err *e) {
    (void)err_set(e, ERR_UNPACK_ALGORITHM, "it is a private key in %s format", kind);
    return err_hint(e, "convert a copy of it with: ssh-keygen -p -m PKCS8 -f FILE");
}

/* name may be NULL */
static bool add_der(struct pem_reader *reader, enum sniff_kind kind, const uint8_t *der, size_t len,
                    const char *name, struct err *e) {
    if (kind == SNIFF_PRIVATE_KEY) {
        return add_plain_key(reader, der, len, name, e);
    }
    if (kind == SNIFF_ENCRYPTED_PRIVATE_KEY) {
        return add_encrypted_key(reader, der, len, name, e);
    }
    if (kind == SNIFF_CERTIFICATE) {
        return add_cert(reader, der, len, name, e);
    }
    if (kind == SNIFF_SSH_PRIVATE_KEY || kind == SNIFF_PUTTY_KEY) {
        return foreign_key(kind == SNIFF_PUTTY_KEY ? "PuTTY's" : "OpenSSH's", e);
    }
    if (kind == SNIFF_PKCS12) {
        return err_set(e, ERR_UNPACK_MALFORMED, "it is a PFX file, not a private key by itself");
    }
    return true;
}

static bool add_block(struct pem_reader *reader, const struct pem_block *block, struct err *e) {
    if (pem_block_is_encrypted(block)) {
        return add_legacy_key(reader, block, e);
    }
    return add_der(reader, sniff_pem_block(block), block->content.data, block->content.len,
                   block->friendly_name, e);
}

static bool add_text(struct pem_reader *reader, const struct buf *text, struct err *e) {
    PL_AUTO(pem_clear) struct pem pem = {0};
    PL_AUTO(buf_cleanse) struct buf der;
    buf_init(&der, UNPACK_INPUT_MAX);
    if (!pem_read(buf_string(text), text->len, &pem, e)) {
        return false;
    }
    for (size_t i = 0; i < pem.count; i++) {
        if (!add_block(reader, &pem.blocks[i], e)) {
            return err_wrap(e, "cannot read the %s in line %zu", pem.blocks[i].label,
                            pem.blocks[i].line);
        }
    }
    if (pem.count > 0) {
        return true;
    }
    if (!pem_read_bare(buf_string(text), text->len, &der, e)) {
        return false;
    }
    return der.len > 0 ? add_der(reader, sniff_der(der.data, der.len), der.data, der.len, NULL, e)
                       : add_der(reader, sniff_bytes(text->data, text->len), NULL, 0, NULL, e);
}

static bool add_file(struct pem_reader *reader, const uint8_t *bytes, size_t len, struct err *e) {
    PL_AUTO(buf_cleanse) struct buf text;
    buf_init(&text, 2 * UNPACK_INPUT_MAX);
    if (der_is_one_sequence(bytes, len)) {
        return add_der(reader, sniff_der(bytes, len), bytes, len, NULL, e);
    }
    return text_normalize(bytes, len, &text, e) && add_text(reader, &text, e);
}

bool unpack_pem(const uint8_t *bytes, size_t len, const struct secret *password,
                struct unpacked *out, struct err *e) {
    PL_AUTO(reader_clear) struct pem_reader reader = {0};
    unpack_found_init(&reader.found);
    if (len > UNPACK_INPUT_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "it is larger than %d bytes", UNPACK_INPUT_MAX);
    }
    if (!unpack_context_init(&reader.context, password, e) || !add_file(&reader, bytes, len, e)) {
        return false;
    }
    if (reader.found.key_count == 0) {
        return err_set(e, ERR_UNPACK_NO_KEY, "it holds no private key");
    }
    return unpack_found_finish(&reader.found, out, e);
}
