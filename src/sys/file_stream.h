/*
 * Files in pieces, for those that are too large to be held: read from the start, or written beside
 * their path and put there whole at the end. Small files: sys/file.h.
 */
#ifndef PL_SYS_FILE_STREAM_H
#define PL_SYS_FILE_STREAM_H

#include "base/compiler.h"
#include "base/err.h"

#include <sys/types.h>

/* Clear works on a zeroed struct. */
struct file_reader {
    bool is_open;
    int fd;
    const char *path; /* borrowed, for errors */
};

/* path is borrowed until file_reader_clear(). Fails sys.file.missing, sys.file.read. */
bool file_reader_open(struct file_reader *reader, const char *path, struct err *e) PL_MUST_USE;
/* len bytes; *out_got is smaller only at the end of the file. Fails sys.file.read. */
bool file_reader_read(struct file_reader *reader, void *out, size_t len, size_t *out_got,
                      struct err *e) PL_MUST_USE;
void file_reader_clear(struct file_reader *reader);

/* Clear works on a zeroed struct. */
struct file_writer {
    bool is_open;
    int fd;
    char *path;
    char *beside;
};

/* Begins a new file beside path. Fails sys.file.write, base.oom, base.random. */
bool file_writer_open(struct file_writer *writer, const char *path, struct err *e) PL_MUST_USE;
/* Fails sys.file.write. */
bool file_writer_write(struct file_writer *writer, const void *bytes, size_t len, struct err *e)
    PL_MUST_USE;
/*
 * Gives the file its mode (whatever the umask) and its name, after fsync of file and folder.
 * is_over: an existing file is replaced, else sys.file.exists. Fails sys.file.write.
 */
bool file_writer_finish(struct file_writer *writer, mode_t mode, bool is_over, struct err *e)
    PL_MUST_USE;
/* What was not finished is removed. */
void file_writer_clear(struct file_writer *writer);

#endif
