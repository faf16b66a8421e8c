/* Open folders and what is beneath them; the kernel does the containment, not string tests. */
#include "sys/folder.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

struct folder {
    unsigned references;
    int fd;
};

bool folder_from_fd(int fd, struct folder **out_folder, struct err *e) {
    void *memory = NULL;
    if (!mem_alloc(sizeof(struct folder), &memory, e)) {
        (void)close(fd);
        return false;
    }
    struct folder *folder = memory;
    *folder = (struct folder){.references = 1, .fd = fd};
    *out_folder = folder;
    return true;
}

bool folder_open(const char *path, struct folder **out_folder, struct err *e) {
    /* Read permission is asked for now: files beneath need only search, but the index page of a
     * folder that cannot be read is a surprise better told when the site is made. */
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        enum err_code code = errno == ENOENT ? ERR_SYS_FOLDER_MISSING : ERR_SYS_FOLDER_READ;
        return err_set_errno(e, code, errno, "cannot open the folder \"%.300s\"", path);
    }
    return folder_from_fd(fd, out_folder, e);
}

struct folder *folder_ref(struct folder *folder) {
    folder->references++;
    return folder;
}

void folder_free(struct folder *folder) {
    if (folder == NULL || --folder->references > 0) {
        return;
    }
    (void)close(folder->fd);
    mem_free(folder);
}

int folder_fd(const struct folder *folder) {
    return folder->fd;
}

int folder_open_beneath(const struct folder *folder, const char *path) {
    struct open_how how = {
        .flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, folder->fd, path[0] == '\0' ? "." : path, &how, sizeof(how));
}
