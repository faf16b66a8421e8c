/*
 * A file of lines that grows while work goes on, and is read when it is taken up again: a line is
 * there whole or not at all. One process at a time.
 */
#ifndef PL_SYS_LINE_FILE_H
#define PL_SYS_LINE_FILE_H

#include "base/buf.h"

/* Clear works on a zeroed struct. */
struct line_file {
    bool is_open;
    int fd;
    const char *path; /* borrowed */
};

/*
 * Opens or makes (mode 0600) it; what was cut off in the middle of a line is taken away.
 * path     borrowed until line_file_clear()
 * content  appended: all whole lines; its maximum bounds the file
 * Fails    sys.file.read (also: not a regular file), sys.file.write (another process has it),
 *          sys.file.too_large, base.oom
 */
bool line_file_open(struct line_file *file, const char *path, struct buf *content, struct err *e)
    PL_MUST_USE;
/* Appends a line; bytes without a line end. Fails sys.file.write. */
bool line_file_add(const struct line_file *file, const void *bytes, size_t len, struct err *e)
    PL_MUST_USE;
void line_file_clear(struct line_file *file);

#endif
