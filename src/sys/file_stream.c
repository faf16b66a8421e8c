/* Files in pieces. */
#include "sys/file_stream.h"

#include "base/hex.h"
#include "base/id.h"
#include "base/mem.h"
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- reading --------------------------------------------------------------------------------- */

bool file_reader_open(struct file_reader *reader, const char *path, struct err *e) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        int reason = errno;
        enum err_code code =
            reason == ENOENT || reason == ENOTDIR ? ERR_SYS_FILE_MISSING : ERR_SYS_FILE_READ;
        return err_set_errno(e, code, reason, "cannot open \"%.300s\"", path);
    }
    *reader = (struct file_reader){.is_open = true, .fd = fd, .path = path};
    return true;
}

bool file_reader_read(struct file_reader *reader, void *out, size_t len, size_t *out_got,
                      struct err *e) {
    uint8_t *at = out;
    size_t done = 0;
    while (done < len) {
        ssize_t got = read(reader->fd, at + done, len - done);
        if (got == 0) {
            break;
        }
        if (got < 0 && errno != EINTR) {
            return err_set_errno(e, ERR_SYS_FILE_READ, errno, "cannot read \"%.300s\"",
                                 reader->path);
        }
        done += got > 0 ? (size_t)got : 0;
    }
    *out_got = done;
    return true;
}

void file_reader_clear(struct file_reader *reader) {
    if (reader->is_open) {
        (void)close(reader->fd);
    }
    *reader = (struct file_reader){0};
}

/* --- writing --------------------------------------------------------------------------------- */

static bool write_failed(const struct file_writer *writer, int reason, struct err *e) {
    enum err_code code = reason == EEXIST ? ERR_SYS_FILE_EXISTS : ERR_SYS_FILE_WRITE;
    return err_set_errno(e, code, reason, "cannot write \"%.300s\"", writer->path);
}

static bool name_both(struct file_writer *writer, const char *path, struct err *e) {
    uint8_t random[6];
    char tag[2 * sizeof(random) + 1];
    if (!random_bytes(random, sizeof(random), e)) {
        return false;
    }
    hex_encode(random, sizeof(random), tag);
    return mem_strdup(path, &writer->path, e) &&
           mem_printf(&writer->beside, e, "%s.%s.new", path, tag);
}

bool file_writer_open(struct file_writer *writer, const char *path, struct err *e) {
    PL_AUTO(file_writer_clear) struct file_writer made = {0};
    if (!name_both(&made, path, e)) {
        return false;
    }
    made.fd = open(made.beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (made.fd < 0) {
        return write_failed(&made, errno, e);
    }
    made.is_open = true;
    *writer = made;
    made = (struct file_writer){0};
    return true;
}

bool file_writer_write(struct file_writer *writer, const void *bytes, size_t len, struct err *e) {
    const uint8_t *at = bytes;
    while (len > 0) {
        ssize_t written = write(writer->fd, at, len);
        if (written < 0 && errno != EINTR) {
            return write_failed(writer, errno, e);
        }
        at += written > 0 ? written : 0;
        len -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

static bool put_in_place(const struct file_writer *writer, mode_t mode, bool is_over) {
    return fchmod(writer->fd, mode) == 0 && fsync(writer->fd) == 0 &&
           (is_over ? rename(writer->beside, writer->path) : link(writer->beside, writer->path)) ==
               0;
}

bool file_writer_finish(struct file_writer *writer, mode_t mode, bool is_over, struct err *e) {
    if (!put_in_place(writer, mode, is_over)) {
        return write_failed(writer, errno, e);
    }
    if (!file_sync_folder_of(writer->path, e)) {
        return false;
    }
    file_writer_clear(writer);
    return true;
}

void file_writer_clear(struct file_writer *writer) {
    if (writer->is_open) {
        (void)close(writer->fd);
        (void)unlink(writer->beside);
    }
    mem_free(writer->path);
    mem_free(writer->beside);
    *writer = (struct file_writer){0};
}
