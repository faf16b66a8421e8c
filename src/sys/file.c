/* Files, whole: the limit is the reader's buffer. */
#include "sys/file.h"

#include "base/hex.h"
#include "base/id.h"
#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_STEP = 16 * 1024 };

static void close_fd(const int *fd) {
    if (*fd > STDERR_FILENO) {
        (void)close(*fd);
    }
}

static bool open_failed(const char *path, int reason, struct err *e) {
    enum err_code code =
        reason == ENOENT || reason == ENOTDIR ? ERR_SYS_FILE_MISSING : ERR_SYS_FILE_READ;
    return err_set_errno(e, code, reason, "cannot open \"%.300s\"", path);
}

/* Appends up to READ_STEP bytes; *out_is_end at the end of the file. */
static bool read_step(int fd, const char *path, struct buf *out, bool *out_is_end, struct err *e) {
    uint8_t step[READ_STEP];
    ssize_t got = read(fd, step, sizeof(step));
    if (got < 0) {
        return errno == EINTR ||
               err_set_errno(e, ERR_SYS_FILE_READ, errno, "cannot read \"%.300s\"", path);
    }
    *out_is_end = got == 0;
    bool fits = (size_t)got <= out->max - out->len;
    if (!fits) {
        (void)err_set(e, ERR_SYS_FILE_TOO_LARGE, "\"%.300s\" is larger than %zu bytes", path,
                      out->max);
    }
    bool ok = fits && buf_append(out, step, (size_t)got, e);
    secret_cleanse(step, sizeof(step));
    return ok;
}

bool file_read(const char *path, struct buf *out, struct err *e) {
    PL_AUTO(close_fd)
    int fd = str_equal(path, "-") ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return open_failed(path, errno, e);
    }
    bool is_end = false;
    while (!is_end) {
        if (!read_step(fd, path, out, &is_end, e)) {
            return false;
        }
    }
    return true;
}

bool file_read_secret(const char *path, struct secret *out, struct err *e) {
    PL_AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat about;
    if (fd < 0 || fstat(fd, &about) != 0) {
        return open_failed(path, errno, e);
    }
    if (!S_ISREG(about.st_mode) || about.st_size > SECRET_MAX) {
        return err_set(e, ERR_SYS_FILE_READ, "\"%.300s\" is not a file of at most %d bytes", path,
                       SECRET_MAX);
    }
    struct secret content;
    if (!secret_init(&content, (size_t)about.st_size, e)) {
        return false;
    }
    size_t len = 0;
    ssize_t got = 1;
    while (got > 0 && len < content.len) {
        got = read(fd, content.bytes + len, content.len - len);
        len += got > 0 ? (size_t)got : 0;
    }
    if (got < 0) {
        int reason = errno;
        secret_clear(&content);
        return err_set_errno(e, ERR_SYS_FILE_READ, reason, "cannot read \"%.300s\"", path);
    }
    secret_cut(&content, len);
    *out = content;
    return true;
}

static bool write_all(int fd, const uint8_t *bytes, size_t len) {
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return false;
        }
        bytes += written;
        len -= (size_t)written;
    }
    return true;
}

/* Makes the folder's entry last: without it, a rename may be gone after a power cut. */
static bool sync_folder_of(const char *path) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    if (len >= sizeof(folder)) {
        errno = ENAMETOOLONG;
        return false;
    }
    (void)str_copy(folder, sizeof(folder), slash == NULL ? "." : len == 0 ? "/" : path);
    if (len > 0) {
        folder[len] = '\0';
    }
    PL_AUTO(close_fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fsync(fd) == 0;
}

static bool write_beside(const char *beside, const void *bytes, size_t len, mode_t mode) {
    PL_AUTO(close_fd)
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd >= 0 && write_all(fd, bytes, len) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
}

enum put_how { PUT_OVER, PUT_NEW };

static bool put_file(const char *path, const void *bytes, size_t len, mode_t mode, enum put_how how,
                     struct err *e) {
    uint8_t random[6];
    char tag[2 * sizeof(random) + 1];
    PL_AUTO(mem_freep) char *beside = NULL;
    if (!random_bytes(random, sizeof(random), e)) {
        return false;
    }
    hex_encode(random, sizeof(random), tag);
    if (!mem_printf(&beside, e, "%s.%s.new", path, tag)) {
        return false;
    }
    bool ok = write_beside(beside, bytes, len, mode) &&
              (how == PUT_OVER ? rename(beside, path) : link(beside, path)) == 0 &&
              sync_folder_of(path);
    int reason = errno;
    (void)unlink(beside);
    if (!ok) {
        enum err_code code = reason == EEXIST ? ERR_SYS_FILE_EXISTS : ERR_SYS_FILE_WRITE;
        return err_set_errno(e, code, reason, "cannot write \"%.300s\"", path);
    }
    return true;
}

bool file_replace(const char *path, const void *bytes, size_t len, mode_t mode, struct err *e) {
    return put_file(path, bytes, len, mode, PUT_OVER, e);
}

bool file_create(const char *path, const void *bytes, size_t len, mode_t mode, struct err *e) {
    return put_file(path, bytes, len, mode, PUT_NEW, e);
}

static bool make_one_folder(const char *path, mode_t mode, struct err *e) {
    struct stat about;
    /* chmod: the umask must not take away what was asked for. */
    if ((mkdir(path, mode) == 0 && chmod(path, mode) == 0) ||
        (errno == EEXIST && stat(path, &about) == 0 && S_ISDIR(about.st_mode))) {
        return true;
    }
    return err_set_errno(e, ERR_SYS_FILE_WRITE, errno, "cannot make the folder \"%.300s\"", path);
}

bool file_make_folder(const char *path, mode_t mode, struct err *e) {
    char part[PATH_MAX];
    if (!str_copy(part, sizeof(part), path)) {
        return err_set_errno(e, ERR_SYS_FILE_WRITE, ENAMETOOLONG,
                             "cannot make the folder \"%.300s\"", path);
    }
    for (char *at = part + 1; part[0] != '\0' && *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            if (!make_one_folder(part, mode, e)) {
                return false;
            }
            *at = '/';
        }
    }
    return make_one_folder(part, mode, e);
}

bool file_sync_folder_of(const char *path, struct err *e) {
    return sync_folder_of(path) || err_set_errno(e, ERR_SYS_FILE_WRITE, errno,
                                                 "cannot sync the folder of \"%.300s\"", path);
}

bool file_exists(const char *path) {
    struct stat about;
    return stat(path, &about) == 0;
}

static void close_folder(DIR **folder) {
    if (*folder != NULL) {
        (void)closedir(*folder);
    }
}

static int compare_names(const void *a, const void *b) {
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

bool file_list(const char *folder, const char *ending, struct list *out_names, struct err *e) {
    PL_AUTO(close_folder) DIR *open = opendir(folder);
    size_t first = out_names->count;
    if (open == NULL) {
        return errno == ENOENT ||
               err_set_errno(e, ERR_SYS_FILE_READ, errno, "cannot read the folder %s", folder);
    }
    for (const struct dirent *entry = readdir(open); entry != NULL; entry = readdir(open)) {
        if (entry->d_name[0] != '.' && str_ends_with(entry->d_name, ending) &&
            !list_add(out_names, entry->d_name, e)) {
            return false;
        }
    }
    if (out_names->count > first) {
        qsort(out_names->items + first, out_names->count - first, sizeof(char *), compare_names);
    }
    return true;
}

bool file_join(const char *folder, const char *name, char **out_path, struct err *e) {
    const char *separator = str_ends_with(folder, "/") ? "" : "/";
    return mem_printf(out_path, e, "%s%s%s", folder, separator, name);
}
