/* System users. Reading as another user is asked of the kernel, by a child that becomes that user.
 */
#include "sys/user.h"

#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
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

bool user_for(enum user_role role, struct user *out_user, struct err *e) {
    static const char *const names[] = {
        [USER_STORE] = "padlock", [USER_NET] = "padlock-net", [USER_KEYS] = "padlock-keys"};
    bool is_found = false;
    if (geteuid() != 0) {
        return user_self(out_user);
    }
    if (!user_find(names[role], out_user, &is_found, e) ||
        (!is_found && role == USER_NET && !user_find("nobody", out_user, &is_found, e))) {
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
static int try_reading(int folder) {
    int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = again < 0 ? NULL : fdopendir(again);
    if (listing == NULL) {
        return errno;
    }
    /* One regular file is enough: modes differ by file, and the server says so for each it cannot
     * read. */
    const struct dirent *entry = NULL;
    while ((entry = readdir(listing)) != NULL) {
        if (entry->d_type == DT_REG) {
            int file = openat(again, entry->d_name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
            return file < 0 ? errno : 0;
        }
    }
    return 0;
}

static bool ask_child(const struct user *user, int folder, int *out_reason, struct err *e) {
    pid_t child = fork();
    if (child < 0) {
        return err_set_errno(e, ERR_SYS_USER, errno, "cannot start a process");
    }
    if (child == 0) {
        int reason = user_become(user, NULL) ? try_reading(folder) : CHILD_CANNOT_BECOME;
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

bool user_can_read_folder(const struct user *user, const char *path, struct err *e) {
    int reason = 0;
    int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        bool is_missing = errno == ENOENT || errno == ENOTDIR;
        return err_set_errno(e, is_missing ? ERR_SYS_FILE_MISSING : ERR_SYS_USER_CANNOT_READ, errno,
                             "\"%.300s\" %s", path,
                             is_missing ? "is not a folder" : "cannot be opened");
    }
    bool is_asked = ask_child(user, folder, &reason, e);
    (void)close(folder);
    if (!is_asked) {
        return false;
    }
    if (reason == CHILD_OK) {
        return true;
    }
    if (reason == CHILD_CANNOT_BECOME) {
        return err_set(e, ERR_SYS_USER, "cannot become the user \"%s\"", user->name);
    }
    (void)err_set_errno(e, ERR_SYS_USER_CANNOT_READ, reason,
                        "the serving user \"%s\" cannot read \"%.300s\"", user->name, path);
    return err_hint(e, "chmod -R o+rX \"%.200s\", or give it to the group of \"%s\"", path,
                    user->name);
}
