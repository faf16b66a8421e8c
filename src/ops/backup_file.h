/*
 * The backup's file: bytes of any kind under a passphrase, written and read in pieces, so that a
 * large store needs no memory of its size. Nothing here knows what the bytes mean.
 *
 * Layout, all numbers big-endian:
 *   "PADLOCK-BACKUP-1\n"   17 bytes
 *   salt                   16 random bytes; the key is scrypt(passphrase, salt, N=2^17, r=8, p=1)
 *   verifier               16 bytes: the tag of chunk 0, which is empty
 *   check                  32 bytes: SHA-256 of all that is before it
 *   chunks 1, 2, …         kind (1 byte: 1 more follow, 2 the last), length (4 bytes), ciphertext,
 *                          tag (16 bytes)
 * Each chunk is AES-256-GCM; its nonce is its number (12 bytes), its kind and length are
 * authenticated with it. The key is new for each file, because the salt is, so that no nonce comes
 * twice under one key. A chunk that is missing, moved, cut or changed is noticed; so is what
 * follows the last one. The check tells a damaged head from a wrong passphrase; it protects
 * nothing.
 *
 * Limits: BACKUP_CHUNK_MAX bytes a chunk, BACKUP_CHUNKS_MAX chunks, a passphrase of
 * 1…BACKUP_PASSPHRASE_MAX bytes, 160 MiB of memory for scrypt.
 * Source: RFC 7914 (scrypt), NIST SP 800-38D (GCM).
 */
#ifndef PL_OPS_BACKUP_FILE_H
#define PL_OPS_BACKUP_FILE_H

#include "base/secret.h"

enum {
    BACKUP_CHUNK_MAX = 64 * 1024,
    BACKUP_CHUNKS_MAX = 1024 * 1024, /* 64 GiB */
    BACKUP_PASSPHRASE_MAX = 1024,
};

struct backup_writer;
struct backup_reader;

/*
 * Starts a file beside path. Fails sys.file.write, ops.backup.passphrase (empty or too long),
 * base.random, base.oom.
 *
 * out_writer  caller owns, backup_writer_free(): without backup_writer_finish() no file is left
 */
bool backup_writer_new(const char *path, const struct secret *passphrase,
                       struct backup_writer **out_writer, struct err *e) PL_MUST_USE;
void backup_writer_free(struct backup_writer *writer);
PL_DEFINE_FREEP(backup_writer_freep, struct backup_writer, backup_writer_free)

/* Any number of bytes. Fails sys.file.write, base.limit (BACKUP_CHUNKS_MAX). */
bool backup_writer_write(struct backup_writer *writer, const void *bytes, size_t len, struct err *e)
    PL_MUST_USE;
/*
 * Writes the last chunk and gives the file its name (mode 0600), whole and synchronised.
 * is_over: an existing file is replaced, else sys.file.exists. Fails sys.file.write.
 */
bool backup_writer_finish(struct backup_writer *writer, bool is_over, struct err *e) PL_MUST_USE;

/*
 * Opens a file and checks the passphrase.
 * Fails  ops.backup.foreign (not a backup), ops.backup.damaged (its head), ops.backup.passphrase
 *        (the wrong one), sys.file.*, base.oom
 */
bool backup_reader_new(const char *path, const struct secret *passphrase,
                       struct backup_reader **out_reader, struct err *e) PL_MUST_USE;
void backup_reader_free(struct backup_reader *reader);
PL_DEFINE_FREEP(backup_reader_freep, struct backup_reader, backup_reader_free)

/*
 * The next len bytes, or fewer at the end: *out_got is below len only when the last chunk was read
 * and nothing follows it. Fails ops.backup.damaged, sys.file.read.
 */
bool backup_reader_read(struct backup_reader *reader, void *out, size_t len, size_t *out_got,
                        struct err *e) PL_MUST_USE;

#endif
