/*
 * Landlock: which files and which TCP connections. By its system calls, for there is no library;
 * what is newer than the headers of Debian 12 is spelled out.
 *
 * Source: landlock(7), include/uapi/linux/landlock.h
 */
#include "sys/sandbox_parts.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    ABI_REFER = 2,
    ABI_TRUNCATE = 3,
    ABI_NETWORK = 4,
    ABI_DEVICES = 5,
    ABI_SCOPES = 6,
};

#define FILE_READS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FILE_WRITES                                                                                \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG)
/* Nobody needs these. */
#define FILE_OTHERS                                                                                \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_CHAR |   \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |   \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)
#define FILE_REFER ((uint64_t)1 << 13)
#define FILE_TRUNCATE ((uint64_t)1 << 14)
#define FILE_IOCTL_DEVICE ((uint64_t)1 << 15)
#define NET_BIND_TCP ((uint64_t)1 << 0)
#define NET_CONNECT_TCP ((uint64_t)1 << 1)
#define SCOPE_ABSTRACT_SOCKET ((uint64_t)1 << 0)
#define SCOPE_SIGNAL ((uint64_t)1 << 1)

/* As of ABI 6; older kernels take its beginning. */
struct ruleset {
    uint64_t files;
    uint64_t network;
    uint64_t scopes;
};

static size_t ruleset_size(int abi) {
    if (abi < ABI_NETWORK) {
        return sizeof(uint64_t);
    }
    return abi < ABI_SCOPES ? 2 * sizeof(uint64_t) : sizeof(struct ruleset);
}

static struct ruleset choose_rules(int abi, unsigned rights) {
    struct ruleset rules = {.files = FILE_READS | FILE_WRITES | FILE_OTHERS,
                            .network = NET_BIND_TCP,
                            .scopes = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL};
    rules.files |= abi >= ABI_REFER ? FILE_REFER : 0;
    rules.files |= abi >= ABI_TRUNCATE ? FILE_TRUNCATE : 0;
    rules.files |= abi >= ABI_DEVICES ? FILE_IOCTL_DEVICE : 0;
    rules.network |= (rights & SANDBOX_CONNECT) == 0 ? NET_CONNECT_TCP : 0;
    return rules;
}

static bool add_folder(int ruleset, int folder, uint64_t access, struct err *e) {
    const struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = folder};
    return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0 ||
           err_set_errno(e, ERR_SYS_SANDBOX, errno, "cannot name a folder that may be read");
}

static bool add_folders(int ruleset, int abi, const struct sandbox_wish *wish, struct err *e) {
    uint64_t access = FILE_READS;
    if ((wish->rights & SANDBOX_WRITE) != 0) {
        access |= FILE_WRITES | (abi >= ABI_TRUNCATE ? FILE_TRUNCATE : 0);
    }
    for (size_t i = 0; i < wish->folder_count; i++) {
        if (!add_folder(ruleset, wish->folders[i], access, e)) {
            return false;
        }
    }
    return true;
}

bool landlock_apply(const struct sandbox_wish *wish, bool *out_is_there, struct err *e) {
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    *out_is_there = abi > 0;
    if (abi <= 0) {
        return true;
    }
    const struct ruleset rules = choose_rules((int)abi, wish->rights);
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, ruleset_size((int)abi), 0);
    if (ruleset < 0) {
        return err_set_errno(e, ERR_SYS_SANDBOX, errno, "cannot make a set of rules");
    }
    bool ok = add_folders(ruleset, (int)abi, wish, e);
    if (ok && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) {
        ok = err_set_errno(e, ERR_SYS_SANDBOX, errno, "cannot apply a set of rules");
    }
    (void)close(ruleset);
    return ok;
}
