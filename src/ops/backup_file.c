/* The backup's file: scrypt, AES-256-GCM, chunk by chunk. */
#include "ops/backup_file.h"

#include "base/id.h"
#include "base/mem.h"
#include "pki/openssl.h"
#include "sys/file_stream.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <string.h>

enum {
    MAGIC_LEN = 17,
    SALT_LEN = 16,
    TAG_LEN = 16,
    CHECK_LEN = 32,
    CHECKED_LEN = MAGIC_LEN + SALT_LEN + TAG_LEN, /* what the check is over */
    HEAD_LEN = CHECKED_LEN + CHECK_LEN,
    KEY_LEN = 32,
    NONCE_LEN = 12,
    CHUNK_HEAD_LEN = 5,
};

enum chunk_kind { CHUNK_VERIFIER, CHUNK_MORE, CHUNK_LAST };

static const uint8_t magic[MAGIC_LEN + 1] = "PADLOCK-BACKUP-1\n";

static const uint64_t scrypt_n = 1U << 17;
static const uint32_t scrypt_r = 8;
static const uint32_t scrypt_p = 1;
static const uint64_t scrypt_memory_max = 160U * 1024 * 1024;

PL_DEFINE_FREEP(evp_kdf_freep, EVP_KDF, EVP_KDF_free)
PL_DEFINE_FREEP(evp_kdf_ctx_freep, EVP_KDF_CTX, EVP_KDF_CTX_free)

struct backup_writer {
    struct file_writer file;
    struct secret key;
    struct secret chunk; /* what waits to be written; fill bytes of BACKUP_CHUNK_MAX */
    size_t fill;
    uint32_t number; /* of the next chunk */
    uint8_t sealed[CHUNK_HEAD_LEN + BACKUP_CHUNK_MAX + TAG_LEN];
};

struct backup_reader {
    struct file_reader file;
    struct secret key;
    struct secret chunk;
    size_t fill;
    size_t used;
    uint32_t number;
    bool is_last;
    uint8_t sealed[BACKUP_CHUNK_MAX + TAG_LEN];
};

/* --- key and chunks -------------------------------------------------------------------------- */

static bool check_passphrase(const struct secret *passphrase, struct err *e) {
    return (passphrase->len >= 1 && passphrase->len <= BACKUP_PASSPHRASE_MAX) ||
           err_set(e, ERR_OPS_BACKUP_PASSPHRASE, "a backup's passphrase has 1 to %d bytes",
                   BACKUP_PASSPHRASE_MAX);
}

static bool derive_key(const struct secret *passphrase, const uint8_t salt[SALT_LEN],
                       struct secret *out_key, struct err *e) {
    PL_AUTO(evp_kdf_freep) EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
    PL_AUTO(evp_kdf_ctx_freep) EVP_KDF_CTX *context = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
    uint8_t salt_copy[SALT_LEN];
    uint64_t n = scrypt_n;
    uint32_t r = scrypt_r;
    uint32_t p = scrypt_p;
    uint64_t memory_max = scrypt_memory_max;
    memcpy(salt_copy, salt, SALT_LEN);
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, passphrase->bytes,
                                          passphrase->len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt_copy, SALT_LEN),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory_max),
        OSSL_PARAM_construct_end(),
    };
    if (!secret_init(out_key, KEY_LEN, e)) {
        return false;
    }
    return (context != NULL && EVP_KDF_derive(context, out_key->bytes, KEY_LEN, parameters) == 1) ||
           err_set_openssl(e, ERR_BASE_OOM, "cannot derive the backup's key (scrypt, 128 MiB)");
}

static void put_u32(uint8_t out[4], uint32_t value) {
    for (int i = 0; i < 4; i++) {
        out[i] = (uint8_t)(value >> (24 - 8 * i));
    }
}

static uint32_t get_u32(const uint8_t in[4]) {
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

/* The chunk's cipher, its nonce and its authenticated head set. */
static bool begin_chunk(EVP_CIPHER_CTX *cipher, const struct secret *key, uint32_t number,
                        const uint8_t head[CHUNK_HEAD_LEN], bool is_sealing) {
    uint8_t nonce[NONCE_LEN] = {0};
    int len = 0;
    put_u32(nonce + NONCE_LEN - 4, number);
    return cipher != NULL &&
           EVP_CipherInit_ex2(cipher, EVP_aes_256_gcm(), key->bytes, nonce, is_sealing, NULL) ==
               1 &&
           EVP_CipherUpdate(cipher, NULL, &len, head, CHUNK_HEAD_LEN) == 1;
}

/* len ≤ BACKUP_CHUNK_MAX; out_sealed: len bytes, then the tag. */
static bool seal_chunk(const struct secret *key, uint32_t number,
                       const uint8_t head[CHUNK_HEAD_LEN], const uint8_t *plain, size_t len,
                       uint8_t *out_sealed, struct err *e) {
    PL_AUTO(evp_cipher_ctx_freep) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int done = 0;
    int rest = 0;
    bool ok = begin_chunk(cipher, key, number, head, true) &&
              (len == 0 || EVP_CipherUpdate(cipher, out_sealed, &done, plain, (int)len) == 1) &&
              EVP_CipherFinal_ex(cipher, out_sealed + done, &rest) == 1 &&
              EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_LEN, out_sealed + len) == 1;
    return ok || err_set_openssl(e, ERR_BASE_OOM, "cannot encrypt the backup");
}

/* False when any bit is another, or the key is. */
static bool open_chunk(const struct secret *key, uint32_t number,
                       const uint8_t head[CHUNK_HEAD_LEN], uint8_t *sealed, size_t len,
                       uint8_t *out_plain) {
    PL_AUTO(evp_cipher_ctx_freep) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int done = 0;
    int rest = 0;
    uint8_t end[TAG_LEN];
    return begin_chunk(cipher, key, number, head, false) &&
           EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_SET_TAG, TAG_LEN, sealed + len) == 1 &&
           (len == 0 || EVP_CipherUpdate(cipher, out_plain, &done, sealed, (int)len) == 1) &&
           EVP_CipherFinal_ex(cipher, end, &rest) == 1;
}

static void make_chunk_head(enum chunk_kind kind, size_t len, uint8_t out[CHUNK_HEAD_LEN]) {
    out[0] = (uint8_t)kind;
    put_u32(out + 1, (uint32_t)len);
}

/* --- writing --------------------------------------------------------------------------------- */

static bool write_head(struct backup_writer *writer, const struct secret *passphrase,
                       struct err *e) {
    uint8_t head[HEAD_LEN];
    uint8_t verifier[CHUNK_HEAD_LEN];
    uint8_t *salt = head + MAGIC_LEN;
    memcpy(head, magic, MAGIC_LEN);
    make_chunk_head(CHUNK_VERIFIER, 0, verifier);
    return random_bytes(salt, SALT_LEN, e) && derive_key(passphrase, salt, &writer->key, e) &&
           seal_chunk(&writer->key, 0, verifier, NULL, 0, salt + SALT_LEN, e) &&
           sha256(head, CHECKED_LEN, head + CHECKED_LEN, e) &&
           file_writer_write(&writer->file, head, HEAD_LEN, e);
}

bool backup_writer_new(const char *path, const struct secret *passphrase,
                       struct backup_writer **out_writer, struct err *e) {
    void *memory = NULL;
    if (!check_passphrase(passphrase, e) || !mem_alloc(sizeof(struct backup_writer), &memory, e)) {
        return false;
    }
    PL_AUTO(backup_writer_freep) struct backup_writer *writer = memory;
    writer->number = 1;
    if (!secret_init(&writer->chunk, BACKUP_CHUNK_MAX, e) ||
        !file_writer_open(&writer->file, path, e) || !write_head(writer, passphrase, e)) {
        return false;
    }
    *out_writer = PL_TAKE(writer);
    return true;
}

void backup_writer_free(struct backup_writer *writer) {
    if (writer != NULL) {
        file_writer_clear(&writer->file);
        secret_clear(&writer->key);
        secret_clear(&writer->chunk);
        mem_free(writer);
    }
}

static bool write_chunk(struct backup_writer *writer, enum chunk_kind kind, struct err *e) {
    if (writer->number > BACKUP_CHUNKS_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "a backup holds at most %d chunks of %d bytes",
                       BACKUP_CHUNKS_MAX, BACKUP_CHUNK_MAX);
    }
    make_chunk_head(kind, writer->fill, writer->sealed);
    if (!seal_chunk(&writer->key, writer->number, writer->sealed, writer->chunk.bytes, writer->fill,
                    writer->sealed + CHUNK_HEAD_LEN, e) ||
        !file_writer_write(&writer->file, writer->sealed, CHUNK_HEAD_LEN + writer->fill + TAG_LEN,
                           e)) {
        return false;
    }
    writer->number++;
    writer->fill = 0;
    return true;
}

bool backup_writer_write(struct backup_writer *writer, const void *bytes, size_t len,
                         struct err *e) {
    const uint8_t *at = bytes;
    while (len > 0) {
        if (writer->fill == BACKUP_CHUNK_MAX && !write_chunk(writer, CHUNK_MORE, e)) {
            return false;
        }
        size_t room = BACKUP_CHUNK_MAX - writer->fill;
        size_t step = len < room ? len : room;
        memcpy(writer->chunk.bytes + writer->fill, at, step);
        writer->fill += step;
        at += step;
        len -= step;
    }
    return true;
}

bool backup_writer_finish(struct backup_writer *writer, bool is_over, struct err *e) {
    return write_chunk(writer, CHUNK_LAST, e) &&
           file_writer_finish(&writer->file, 0600, is_over, e);
}

/* --- reading --------------------------------------------------------------------------------- */

static bool damaged(struct err *e, const char *how) {
    (void)err_set(e, ERR_OPS_BACKUP_DAMAGED, "the backup is damaged: %s", how);
    return err_hint(e, "use another copy of it");
}

static bool check_head(struct backup_reader *reader, const struct secret *passphrase,
                       struct err *e) {
    uint8_t head[HEAD_LEN];
    uint8_t check[CHECK_LEN];
    uint8_t verifier[CHUNK_HEAD_LEN];
    size_t got = 0;
    if (!file_reader_read(&reader->file, head, HEAD_LEN, &got, e)) {
        return false;
    }
    if (got < MAGIC_LEN || memcmp(head, magic, MAGIC_LEN) != 0) {
        return err_set(e, ERR_OPS_BACKUP_FOREIGN, "it is not a backup that Padlock wrote");
    }
    if (got < HEAD_LEN) {
        return damaged(e, "it ends too early");
    }
    if (!sha256(head, CHECKED_LEN, check, e)) {
        return false;
    }
    if (memcmp(check, head + CHECKED_LEN, CHECK_LEN) != 0) {
        return damaged(e, "its first bytes were changed");
    }
    uint8_t *salt = head + MAGIC_LEN;
    make_chunk_head(CHUNK_VERIFIER, 0, verifier);
    return derive_key(passphrase, salt, &reader->key, e) &&
           (open_chunk(&reader->key, 0, verifier, salt + SALT_LEN, 0, NULL) ||
            err_set(e, ERR_OPS_BACKUP_PASSPHRASE, "the passphrase is not the backup's"));
}

bool backup_reader_new(const char *path, const struct secret *passphrase,
                       struct backup_reader **out_reader, struct err *e) {
    void *memory = NULL;
    if (!check_passphrase(passphrase, e) || !mem_alloc(sizeof(struct backup_reader), &memory, e)) {
        return false;
    }
    PL_AUTO(backup_reader_freep) struct backup_reader *reader = memory;
    reader->number = 1;
    if (!secret_init(&reader->chunk, BACKUP_CHUNK_MAX, e) ||
        !file_reader_open(&reader->file, path, e) || !check_head(reader, passphrase, e)) {
        return false;
    }
    reader->file.path = "the backup"; /* path need not live as long as the reader */
    *out_reader = PL_TAKE(reader);
    return true;
}

void backup_reader_free(struct backup_reader *reader) {
    if (reader != NULL) {
        file_reader_clear(&reader->file);
        secret_clear(&reader->key);
        secret_clear(&reader->chunk);
        mem_free(reader);
    }
}

static bool expect_end(struct backup_reader *reader, struct err *e) {
    uint8_t more;
    size_t got = 0;
    return file_reader_read(&reader->file, &more, 1, &got, e) &&
           (got == 0 || damaged(e, "something follows its end"));
}

static bool read_chunk(struct backup_reader *reader, struct err *e) {
    uint8_t head[CHUNK_HEAD_LEN];
    size_t got = 0;
    if (!file_reader_read(&reader->file, head, CHUNK_HEAD_LEN, &got, e)) {
        return false;
    }
    if (got < CHUNK_HEAD_LEN) {
        return damaged(e, "it ends too early");
    }
    size_t len = get_u32(head + 1);
    bool is_known = head[0] == CHUNK_MORE || head[0] == CHUNK_LAST;
    if (!is_known || len > BACKUP_CHUNK_MAX || reader->number > BACKUP_CHUNKS_MAX) {
        return damaged(e, "a part of it was changed");
    }
    if (!file_reader_read(&reader->file, reader->sealed, len + TAG_LEN, &got, e)) {
        return false;
    }
    if (got < len + TAG_LEN) {
        return damaged(e, "it ends too early");
    }
    if (!open_chunk(&reader->key, reader->number, head, reader->sealed, len, reader->chunk.bytes)) {
        return damaged(e, "a part of it was changed");
    }
    reader->number++;
    reader->fill = len;
    reader->used = 0;
    reader->is_last = head[0] == CHUNK_LAST;
    return !reader->is_last || expect_end(reader, e);
}

bool backup_reader_read(struct backup_reader *reader, void *out, size_t len, size_t *out_got,
                        struct err *e) {
    uint8_t *at = out;
    size_t done = 0;
    while (done < len) {
        if (reader->used == reader->fill) {
            if (reader->is_last) {
                break;
            }
            if (!read_chunk(reader, e)) {
                return false;
            }
            continue;
        }
        size_t there = reader->fill - reader->used;
        size_t step = len - done < there ? len - done : there;
        memcpy(at + done, reader->chunk.bytes + reader->used, step);
        reader->used += step;
        done += step;
    }
    *out_got = done;
    return true;
}
