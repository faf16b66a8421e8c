/*
 * Files: read whole with a limit, written whole or not at all.
 */
#ifndef PL_SYS_FILE_H
#define PL_SYS_FILE_H

#include "base/buf.h"
#include "base/list.h"
#include "base/secret.h"

#include <sys/types.h>

/*
 * Reads a whole file ("-": standard input) into out, whose max is the limit.
 * Fails sys.file.missing, sys.file.read (a folder, no permission), sys.file.too_large, base.oom
 */
bool file_read(const char *path, struct buf *out, struct err *e) PL_MUST_USE;

/* The same into locked memory, at most SECRET_MAX bytes; regular files only. */
bool file_read_secret(const char *path, struct secret *out, struct err *e) PL_MUST_USE;

/*
 * Writes beside path and renames, after fsync of file and folder: path has the old or the new
 * content, never half. Mode as given, whatever the umask. Fails sys.file.write.
 */
bool file_replace(const char *path, const void *bytes, size_t len, mode_t mode, struct err *e)
    PL_MUST_USE;

/* The same, but never over an existing file. Fails sys.file.exists, sys.file.write. */
bool file_create(const char *path, const void *bytes, size_t len, mode_t mode, struct err *e)
    PL_MUST_USE;

/*
 * Makes the folder and its parents; existing ones are fine. New ones get the mode. Fails
 * sys.file.write.
 */
bool file_make_folder(const char *path, mode_t mode, struct err *e) PL_MUST_USE;

/* Makes path's entry in its folder last through a power cut. Fails sys.file.write. */
bool file_sync_folder_of(const char *path, struct err *e) PL_MUST_USE;

bool file_exists(const char *path);
/*
 * Appends the names in a folder that end so, sorted, those that begin with a dot left out; a folder
 * that is not there has none. Limits: the list's own maximum. Fails sys.file.read, base.oom,
 * base.limit.
 */
bool file_list(const char *folder, const char *ending, struct list *out_names, struct err *e)
    PL_MUST_USE;

/* "FOLDER/NAME"; caller owns, mem_free(). Fails base.oom. */
bool file_join(const char *folder, const char *name, char **out_path, struct err *e) PL_MUST_USE;

#endif
