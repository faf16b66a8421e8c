/*
 * seccomp: which system calls, by libseccomp. What a process may not do at all is not in its list;
 * how far files and addresses reach is landlock's.
 */
#include "sys/sandbox_parts.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

static const int always[] = {
    SCMP_SYS(brk),
    SCMP_SYS(clock_getres),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(close),
    SCMP_SYS(dup),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(eventfd2),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(fcntl),
    SCMP_SYS(fstat),
    SCMP_SYS(ftruncate),
    SCMP_SYS(futex),
    SCMP_SYS(getegid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(getrandom),
    SCMP_SYS(getrlimit),
    SCMP_SYS(getrusage),
    SCMP_SYS(gettid),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getuid),
    SCMP_SYS(lseek),
    SCMP_SYS(madvise),
    SCMP_SYS(memfd_create),
    SCMP_SYS(mlock),
    SCMP_SYS(mlock2),
    SCMP_SYS(mremap),
    SCMP_SYS(munlock),
    SCMP_SYS(munmap),
    SCMP_SYS(nanosleep),
    SCMP_SYS(newfstatat),
    SCMP_SYS(pipe2),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(pread64),
    SCMP_SYS(preadv),
    SCMP_SYS(preadv2),
    SCMP_SYS(prlimit64),
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(shutdown),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(statx),
    SCMP_SYS(sysinfo),
    SCMP_SYS(time),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(tgkill),
    SCMP_SYS(uname),
    SCMP_SYS(write),
    SCMP_SYS(writev),
};

static const int for_accept[] = {
    SCMP_SYS(accept4),    SCMP_SYS(getpeername), SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt), SCMP_SYS(sendfile),    SCMP_SYS(setsockopt),
};

static const int for_connect[] = {
    SCMP_SYS(bind),       SCMP_SYS(connect), SCMP_SYS(getpeername), SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt), SCMP_SYS(ioctl),   SCMP_SYS(recvmmsg),    SCMP_SYS(sendmmsg),
    SCMP_SYS(setsockopt), SCMP_SYS(socket),  SCMP_SYS(socketpair),
};

static const int for_read[] = {
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(fstatfs),
    SCMP_SYS(getcwd),
    SCMP_SYS(getdents64),
    SCMP_SYS(lstat),
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(openat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(stat),
    SCMP_SYS(statfs),
    SCMP_SYS(inotify_init1),
    SCMP_SYS(inotify_add_watch),
    SCMP_SYS(inotify_rm_watch),
};

static const int for_write[] = {
    SCMP_SYS(fallocate), SCMP_SYS(fchmod),    SCMP_SYS(fchown),  SCMP_SYS(fdatasync),
    SCMP_SYS(fsync),     SCMP_SYS(pwrite64),  SCMP_SYS(pwritev), SCMP_SYS(rename),
    SCMP_SYS(renameat),  SCMP_SYS(renameat2), SCMP_SYS(unlink),  SCMP_SYS(unlinkat),
    SCMP_SYS(utimensat), SCMP_SYS(umask),
};

static const int for_threads[] = {
    SCMP_SYS(clone),
    SCMP_SYS(clone3),
    SCMP_SYS(membarrier),
    SCMP_SYS(rseq),
};

/* What no role ever does: whoever tries has taken the process over. */
static const int fatal[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(kexec_load),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(bpf),
    SCMP_SYS(mount),
};

static int add(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count) {
    int reason = 0;
    for (size_t i = 0; i < count && reason == 0; i++) {
        reason = seccomp_rule_add(filter, action, calls[i], 0);
    }
    return reason;
}

/* Memory that can be run is only what the program was loaded with. */
static int add_memory(scmp_filter_ctx filter) {
    const struct scmp_arg_cmp not_run = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    int reason = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, &not_run);
    return reason != 0
               ? reason
               : seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, &not_run);
}

/* The loop's libraries switch descriptors to not blocking this way. */
static int add_not_blocking(scmp_filter_ctx filter) {
    const struct scmp_arg_cmp is_fionbio = SCMP_A1(SCMP_CMP_EQ, FIONBIO);
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, &is_fionbio);
}

/* Looking up names loads libraries while it runs. */
static int add_any_memory(scmp_filter_ctx filter) {
    static const int memory[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};
    return add(filter, SCMP_ACT_ALLOW, memory, PL_ARRAY_LEN(memory));
}

static int add_rights(scmp_filter_ctx filter, unsigned rights) {
    static const struct {
        unsigned right;
        const int *calls;
        size_t count;
    } lists[] = {
        {SANDBOX_ACCEPT, for_accept, PL_ARRAY_LEN(for_accept)},
        {SANDBOX_CONNECT, for_connect, PL_ARRAY_LEN(for_connect)},
        {SANDBOX_READ, for_read, PL_ARRAY_LEN(for_read)},
        {SANDBOX_WRITE, for_write, PL_ARRAY_LEN(for_write)},
        {SANDBOX_THREADS, for_threads, PL_ARRAY_LEN(for_threads)},
    };
    int reason = add(filter, SCMP_ACT_ALLOW, always, PL_ARRAY_LEN(always));
    for (size_t i = 0; i < PL_ARRAY_LEN(lists) && reason == 0; i++) {
        if ((rights & lists[i].right) != 0) {
            reason = add(filter, SCMP_ACT_ALLOW, lists[i].calls, lists[i].count);
        }
    }
    if (reason == 0 && (rights & SANDBOX_CONNECT) == 0) {
        reason = add_not_blocking(filter);
    }
    if (reason == 0) {
        reason = (rights & SANDBOX_CONNECT) != 0 ? add_any_memory(filter) : add_memory(filter);
    }
    return reason != 0 ? reason : add(filter, SCMP_ACT_KILL_PROCESS, fatal, PL_ARRAY_LEN(fatal));
}

bool seccomp_apply(unsigned rights, struct err *e) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (filter == NULL) {
        return err_set(e, ERR_SYS_SANDBOX, "cannot make a filter for system calls");
    }
    int reason = add_rights(filter, rights);
    /* A tree instead of a list: a busy process pays a few comparisons a call. */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    reason = reason != 0 ? reason : seccomp_load(filter);
    seccomp_release(filter);
    return reason == 0 ||
           err_set_errno(e, ERR_SYS_SANDBOX, -reason, "cannot restrict system calls");
}
