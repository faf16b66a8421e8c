/*
 * The sealing key's file, and sealing with it.
 *
 * The file is: "PLSEAL1\n", the key (32 random bytes), its id (16 bytes, the first half of SHA-256
 * over "padlock sealing key id" and the key): a file that was cut or changed is told from a good
 * one.
 */
#include "keys/sealing.h"

#include "base/id.h"
#include "pki/openssl.h"
#include "sys/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAGIC_LEN = 8, FILE_LEN = MAGIC_LEN + SEALING_KEY_LEN + KEYS_SEALING_ID_LEN };

static const uint8_t magic[MAGIC_LEN] = {'P', 'L', 'S', 'E', 'A', 'L', '1', '\n'};

/* Writes the id of the key behind the magic number to its place in the file's bytes. */
static bool derive_id(const uint8_t key[SEALING_KEY_LEN], uint8_t out_id[KEYS_SEALING_ID_LEN],
                      struct err *e) {
    static const char label[] = "padlock sealing key id";
    uint8_t hash[32];
    PL_AUTO(secret_clear) struct secret input = {0};
    if (!secret_init(&input, sizeof(label) + SEALING_KEY_LEN, e)) {
        return false;
    }
    memcpy(input.bytes, label, sizeof(label));
    memcpy(input.bytes + sizeof(label), key, SEALING_KEY_LEN);
    if (!sha256(input.bytes, input.len, hash, e)) {
        return false;
    }
    memcpy(out_id, hash, KEYS_SEALING_ID_LEN);
    return true;
}

bool keys_create_sealing_key(const char *path, struct err *e) {
    PL_AUTO(secret_clear) struct secret file = {0};
    struct err reason = {0};
    if (!secret_init(&file, FILE_LEN, e)) {
        return false;
    }
    uint8_t *key = file.bytes + MAGIC_LEN;
    memcpy(file.bytes, magic, MAGIC_LEN);
    if (!random_bytes(key, SEALING_KEY_LEN, e) || !derive_id(key, key + SEALING_KEY_LEN, e)) {
        return false;
    }
    if (file_create(path, file.bytes, file.len, 0600, &reason)) {
        return true;
    }
    if (reason.code == ERR_SYS_FILE_EXISTS) {
        (void)err_set(e, ERR_KEYS_SEALING_EXISTS, "there is a sealing key at \"%.300s\" already",
                      path);
        return err_hint(e, "without it nothing that it sealed can be opened: keep it");
    }
    if (e != NULL) {
        *e = reason;
    }
    return err_wrap(e, "cannot make the sealing key");
}

/* A key that others can read or write protects nothing. */
static bool check_mode(const char *path, struct err *e) {
    struct stat status;
    if (stat(path, &status) != 0) {
        int reason = errno;
        (void)err_set_errno(e, ERR_KEYS_SEALING_MISSING, reason,
                            "cannot find the sealing key \"%.300s\"", path);
        return err_hint(e, "restore it from a backup; stored keys cannot be opened without it");
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0 ||
        (status.st_uid != geteuid() && status.st_uid != 0)) {
        (void)err_set(e, ERR_KEYS_SEALING_MODE,
                      "others than its owner may use the sealing key \"%.300s\" (mode %04o)", path,
                      (unsigned)status.st_mode & 07777U);
        return err_hint(e, "chmod 600 it, and make the user that Padlock runs as its owner");
    }
    return true;
}

static bool parse_file(const struct secret *file, struct sealing *out_sealing, struct err *e) {
    bool has_shape = file->len == FILE_LEN && memcmp(file->bytes, magic, MAGIC_LEN) == 0;
    if (!has_shape) {
        return err_set(e, ERR_KEYS_SEALING_MALFORMED, "it is not a sealing key");
    }
    const uint8_t *key = file->bytes + MAGIC_LEN;
    if (!derive_id(key, out_sealing->id, e)) {
        return false;
    }
    if (memcmp(out_sealing->id, key + SEALING_KEY_LEN, KEYS_SEALING_ID_LEN) != 0) {
        return err_set(e, ERR_KEYS_SEALING_MALFORMED, "the sealing key is damaged");
    }
    return secret_copy(&out_sealing->key, key, SEALING_KEY_LEN, e);
}

bool sealing_open(const char *path, struct sealing *out_sealing, struct err *e) {
    PL_AUTO(secret_clear) struct secret file = {0};
    struct sealing sealing = {0};
    if (!check_mode(path, e) || !file_read_secret(path, &file, e)) {
        return false;
    }
    if (!parse_file(&file, &sealing, e)) {
        return err_wrap(e, "cannot open the sealing key \"%.300s\"", path);
    }
    sealing.cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    if (sealing.cipher == NULL) {
        sealing_clear(&sealing);
        return err_set_openssl(e, ERR_KEYS_SIGN, "the OpenSSL library has no AES-256-GCM");
    }
    *out_sealing = sealing;
    return true;
}

void sealing_clear(struct sealing *sealing) {
    secret_clear(&sealing->key);
    EVP_CIPHER_free(sealing->cipher);
    *sealing = (struct sealing){0};
}

/* At most INT_MAX for OpenSSL: secrets and fields are far below (SECRET_MAX). */
static bool encrypt(const struct sealing *sealing, const struct buf *fields,
                    const struct secret *value, uint8_t *blob) {
    PL_AUTO(evp_cipher_ctx_freep) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    uint8_t *nonce = blob + 1;
    uint8_t *out = nonce + SEALING_NONCE_LEN;
    int len = 0;
    return context != NULL &&
           EVP_EncryptInit_ex2(context, sealing->cipher, sealing->key.bytes, nonce, NULL) == 1 &&
           EVP_EncryptUpdate(context, NULL, &len, fields->data, (int)fields->len) == 1 &&
           EVP_EncryptUpdate(context, out, &len, value->bytes, (int)value->len) == 1 &&
           EVP_EncryptFinal_ex(context, out + len, &len) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, SEALING_TAG_LEN, out + value->len) ==
               1;
}

bool sealing_seal(const struct sealing *sealing, const struct buf *fields,
                  const struct secret *value, struct buf *out_blob, struct err *e) {
    size_t blob_len = value->len + SEALING_OVERHEAD;
    PL_BUG_UNLESS(fields->len > 0 && value->len <= SECRET_MAX);
    if (!buf_reserve(out_blob, blob_len, e)) {
        return false;
    }
    uint8_t *blob = out_blob->data + out_blob->len;
    blob[0] = SEALING_FORMAT;
    if (!random_bytes(blob + 1, SEALING_NONCE_LEN, e)) {
        return false;
    }
    if (!encrypt(sealing, fields, value, blob)) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot seal");
    }
    out_blob->len += blob_len;
    out_blob->data[out_blob->len] = '\0';
    return true;
}

/* False when the tag does not fit, which is no error of the library's. */
static bool decrypt(const struct sealing *sealing, const struct buf *fields, const uint8_t *blob,
                    EVP_CIPHER_CTX *context, struct secret *out) {
    uint8_t tag[SEALING_TAG_LEN];
    const uint8_t *nonce = blob + 1;
    const uint8_t *ciphertext = nonce + SEALING_NONCE_LEN;
    int len = 0;
    memcpy(tag, ciphertext + out->len, SEALING_TAG_LEN);
    return EVP_DecryptInit_ex2(context, sealing->cipher, sealing->key.bytes, nonce, NULL) == 1 &&
           EVP_DecryptUpdate(context, NULL, &len, fields->data, (int)fields->len) == 1 &&
           EVP_DecryptUpdate(context, out->bytes, &len, ciphertext, (int)out->len) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, SEALING_TAG_LEN, tag) == 1 &&
           EVP_DecryptFinal_ex(context, out->bytes + len, &len) == 1;
}

bool sealing_unseal(const struct sealing *sealing, const struct buf *fields, const uint8_t *blob,
                    size_t blob_len, enum err_code broken, struct secret *out_value,
                    struct err *e) {
    PL_AUTO(secret_clear) struct secret value = {0};
    PL_BUG_UNLESS(fields->len > 0);
    if (blob_len < SEALING_OVERHEAD || blob_len - SEALING_OVERHEAD > SECRET_MAX) {
        return err_set(e, broken, "a sealed value has a wrong length");
    }
    if (blob[0] != SEALING_FORMAT) {
        return err_set(e, broken, "a sealed value has format %u, which this version does not know",
                       blob[0]);
    }
    PL_AUTO(evp_cipher_ctx_freep) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (context == NULL) {
        return err_set_openssl(e, ERR_BASE_OOM, "cannot unseal");
    }
    if (!secret_init(&value, blob_len - SEALING_OVERHEAD, e)) {
        return false;
    }
    if (!decrypt(sealing, fields, blob, context, &value)) {
        return err_set_openssl(e, broken,
                               "a sealed value was changed, or is not what it is kept as");
    }
    *out_value = value;
    value = (struct secret){0};
    return true;
}
