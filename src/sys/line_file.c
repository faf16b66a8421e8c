/* A file of lines that grows. */
#include "sys/line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024, MODE = 0600 };

void line_file_clear(struct line_file *file) {
    if (file->is_open) {
        (void)close(file->fd);
    }
    *file = (struct line_file){.is_open = false};
}

static bool read_all(const struct line_file *file, struct buf *content, struct err *e) {
    for (;;) {
        if (!buf_reserve(content, READ_SIZE, NULL)) {
            return err_set(e, ERR_SYS_FILE_TOO_LARGE, "%s is larger than %zu bytes", file->path,
                           content->max - READ_SIZE);
        }
        ssize_t got = read(file->fd, content->data + content->len, READ_SIZE);
        if (got > 0) {
            content->len += (size_t)got;
            content->data[content->len] = '\0';
        } else if (got == 0) {
            return true;
        } else if (errno != EINTR) {
            return err_set_errno(e, ERR_SYS_FILE_READ, errno, "cannot read %s", file->path);
        }
    }
}

/* Whoever was ended in the middle of a line has left half of one. */
static bool cut_half_line(const struct line_file *file, size_t before, struct buf *content,
                          struct err *e) {
    size_t whole = content->len;
    while (whole > before && content->data[whole - 1] != '\n') {
        whole--;
    }
    if (whole == content->len) {
        return true;
    }
    content->len = whole;
    content->data[whole] = '\0';
    return ftruncate(file->fd, (off_t)(whole - before)) == 0 ||
           err_set_errno(e, ERR_SYS_FILE_WRITE, errno, "cannot shorten %s", file->path);
}

bool line_file_open(struct line_file *file, const char *path, struct buf *content, struct err *e) {
    struct stat about;
    size_t before = content->len;
    *file = (struct line_file){.path = path};
    file->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, MODE);
    if (file->fd < 0) {
        return err_set_errno(e, ERR_SYS_FILE_WRITE, errno, "cannot open %s", path);
    }
    file->is_open = true;
    bool ok = fstat(file->fd, &about) == 0 && S_ISREG(about.st_mode);
    if (!ok) {
        (void)err_set(e, ERR_SYS_FILE_READ, "%s is no regular file", path);
    } else if (lockf(file->fd, F_TLOCK, 0) != 0) {
        ok = err_set(e, ERR_SYS_FILE_WRITE, "another process is writing %s", path);
    } else {
        ok = read_all(file, content, e) && cut_half_line(file, before, content, e);
    }
    if (!ok) {
        line_file_clear(file);
    }
    return ok;
}

bool line_file_add(const struct line_file *file, const void *bytes, size_t len, struct err *e) {
    char end = '\n';
    struct iovec parts[] = {{.iov_base = (void *)(uintptr_t)bytes, .iov_len = len},
                            {.iov_base = &end, .iov_len = 1}};
    ssize_t written = 0;
    do {
        written = writev(file->fd, parts, 2);
    } while (written < 0 && errno == EINTR);
    if (written == (ssize_t)(len + 1)) {
        return true;
    }
    /* What is half there is cut off when the file is opened again. */
    return err_set_errno(e, ERR_SYS_FILE_WRITE, written < 0 ? errno : ENOSPC, "cannot write %s",
                         file->path);
}
