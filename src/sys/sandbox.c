/* Restricting a process. */
#include "sys/sandbox.h"

#include "sys/sandbox_parts.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

bool sandbox_enter(const struct sandbox_wish *wish, struct sandbox_report *out_report,
                   struct err *e) {
    *out_report = (struct sandbox_report){0};
    if (IS_SANITIZED) {
        return true;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return err_set_errno(e, ERR_SYS_SANDBOX, errno, "cannot give up rights");
    }
    if (!landlock_apply(wish, &out_report->is_landlock, e) || !seccomp_apply(wish->rights, e)) {
        return false;
    }
    out_report->is_seccomp = true;
    return true;
}

bool sandbox_drop_capabilities(struct err *e) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    /* Those beyond what the kernel knows fail, which says that all are done. */
    for (unsigned long i = 0; prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0; i++) {
    }
    return syscall(SYS_capset, &header, none) == 0 ||
           err_set_errno(e, ERR_SYS_SANDBOX, errno, "cannot give up capabilities");
}
