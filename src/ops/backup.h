/*
 * Backup and restore: the store and the sealing key in one file under a passphrase. Whoever has the
 * file and the passphrase has every private key of the store.
 *
 * The file is that of ops/backup_file.h; inside: the length of the sealing key's file (4 bytes,
 * big-endian), the file, then a consistent copy of the store.
 *
 * Limits: BACKUP_SEALING_KEY_MAX bytes for the sealing key's file; those of ops/backup_file.h.
 * Not done: a restored store is the same node as the one that was backed up. Whoever lets both run
 * has two CAs that count CRLs alike.
 */
#ifndef PL_OPS_BACKUP_H
#define PL_OPS_BACKUP_H

#include "base/secret.h"
#include "ops/ops.h"

enum { BACKUP_SEALING_KEY_MAX = 4096 };

/*
 * Writes the backup (mode 0600), whole or not at all, with an audit record before anything leaves.
 * The copy of the store lies in the data directory meanwhile, and is removed.
 *
 * path      is_over: an existing file is replaced, else sys.file.exists
 * out_len   bytes of the store in it
 * Fails     sys.file.*, store.*, ops.backup.passphrase, keys.sealing.missing
 */
bool ops_backup(struct ops *ops, const char *path, const struct secret *passphrase, bool is_over,
                int64_t *out_len, struct err *e) PL_MUST_USE;

struct restored {
    int64_t store_len; /* bytes */
    int64_t operation; /* number of the newest operation in it */
};

/*
 * Makes a data directory from a backup: all or nothing. It is unpacked beside its place and looked
 * through (the store for damage, the sealing key by opening a key of the store with it) before
 * anything gets its name; all files have mode 0600. An identical sealing key that is there already
 * is accepted.
 *
 * is_dry_run  does all of that and takes it back
 * Fails       store.exists, keys.sealing.exists (another one), ops.backup.*, store.corrupt,
 *             keys.sealing.malformed, keys.sealing.other, sys.file.*
 */
bool ops_restore(const char *data_dir, const char *path, const struct secret *passphrase,
                 bool is_dry_run, struct restored *out_restored, struct err *e) PL_MUST_USE;

#endif
