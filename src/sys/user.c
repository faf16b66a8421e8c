/* System users. Reading as another user is asked of the kernel, by a child that becomes that user.
 */
#include "sys/user.h"

#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PASSWD_TEXT_MAX = 16 * 1024, CHILD_OK = 0, CHILD_CANNOT_BECOME = 255 };

static bool take_entry(const struct passwd *entry, struct user *out_user) {
    out_user->uid = entry->pw_uid;
    out_user->gid = entry->pw_gid;
    return str_copy(out_user->name, sizeof(out_user->name), entry->pw_name);
}

bool user_find(const char *name, struct user *out_user, bool *out_found, struct err *e) {
    char text[PASSWD_TEXT_MAX];
    struct passwd entry;
    struct passwd *found = NULL;
    int reason = getpwnam_r(name, &entry, text, sizeof(text), &found);
    if (reason != 0) {
        return err_set_errno(e, ERR_SYS_USER, reason, "cannot look up the user \"%.60s\"", name);
    }
    *out_found = found != NULL && take_entry(found, out_user);
    return true;
}

static bool user_self(struct user *out_user) {
    char text[PASSWD_TEXT_MAX];
    struct passwd entry;
    struct passwd *found = NULL;
    if (getpwuid_r(geteuid(), &entry, text, sizeof(text), &found) == 0 && found != NULL &&
        take_entry(found, out_user)) {
        return true;
    }
    out_user->uid = geteuid();
    out_user->gid = getegid();
    return str_copy(out_user->name, sizeof(out_user->name), "this user");
}

bool user_serving(struct user *out_user, struct err *e) {
    bool is_found = false;
    if (geteuid() == 0 && !user_find("padlock", out_user, &is_found, e)) {
        return false;
    }
    return is_found || user_self(out_user);
}

bool user_become(const struct user *user, struct err *e) {
    if (geteuid() != 0 || user->uid == 0) {
        return true;
    }
    if (initgroups(user->name, user->gid) != 0 || setresgid(user->gid, user->gid, user->gid) != 0 ||
        setresuid(user->uid, user->uid, user->uid) != 0) {
        return err_set_errno(e, ERR_SYS_USER, errno, "cannot become the user \"%s\"", user->name);
    }
    return true;
}

/* In the child: the errno of the first thing that does not work, 0 when all does. */
static int try_reading(const char *path) {
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return errno;
    }
    DIR *listing = fdopendir(folder);
    if (listing == NULL) {
        return errno;
    }
    /* One regular file is enough: modes differ by file, and the server says so for each it cannot
     * read. */
    const struct dirent *entry = NULL;
    while ((entry = readdir(listing)) != NULL) {
        if (entry->d_type == DT_REG) {
            int file = openat(folder, entry->d_name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
            return file < 0 ? errno : 0;
        }
    }
    return 0;
}

static bool ask_child(const struct user *user, const char *path, int *out_reason, struct err *e) {
    pid_t child = fork();
    if (child < 0) {
        return err_set_errno(e, ERR_SYS_USER, errno, "cannot start a process");
    }
    if (child == 0) {
        int reason = user_become(user, NULL) ? try_reading(path) : CHILD_CANNOT_BECOME;
        _exit(reason > CHILD_CANNOT_BECOME ? EIO : reason);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return err_set_errno(e, ERR_SYS_USER, errno, "cannot wait for a process");
        }
    }
    *out_reason = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
    return true;
}

/* The first folder of the path that its mode closes to the user; the path itself when none is
 * found. */
static void find_closed_folder(const struct user *user, const char *path, char out[PATH_MAX]) {
    (void)str_copy(out, PATH_MAX, path);
    for (char *at = out; *at != '\0'; at++) {
        char after = at[1];
        bool is_boundary = after == '/' || after == '\0';
        if (!is_boundary) {
            continue;
        }
        at[1] = '\0';
        struct stat about;
        bool is_known = stat(out, &about) == 0;
        bool is_open = is_known && ((about.st_mode & S_IXOTH) != 0 ||
                                    (about.st_gid == user->gid && (about.st_mode & S_IXGRP) != 0) ||
                                    (about.st_uid == user->uid && (about.st_mode & S_IXUSR) != 0));
        if (is_known && !is_open) {
            return;
        }
        at[1] = after;
    }
}

bool user_can_read_folder(const struct user *user, const char *path, struct err *e) {
    int reason = 0;
    if (!ask_child(user, path, &reason, e)) {
        return false;
    }
    if (reason == CHILD_OK) {
        return true;
    }
    if (reason == CHILD_CANNOT_BECOME) {
        return err_set(e, ERR_SYS_USER, "cannot become the user \"%s\"", user->name);
    }
    if (reason == ENOENT || reason == ENOTDIR) {
        return err_set_errno(e, ERR_SYS_FILE_MISSING, reason, "\"%.300s\" is not a folder", path);
    }
    char closed[PATH_MAX];
    find_closed_folder(user, path, closed);
    (void)err_set_errno(e, ERR_SYS_USER_CANNOT_READ, reason,
                        "the serving user \"%s\" cannot read \"%.300s\"", user->name, path);
    return err_hint(e, "\"%.200s\" is closed to it: chmod o+rX, or give it to the group of \"%s\"",
                    closed, user->name);
}
