/*
 * The last line before a process begins its work: from then on it can do what its role needs and
 * nothing else, whoever has taken it over.
 *
 * seccomp: system calls that are not on the role's list fail with ENOSYS, those that only an
 * intruder would make (another program, another process's memory) end the process. Landlock: files
 * outside the named folders, and connections, fail with EACCES where the kernel knows it (files
 * 5.13, TCP 6.7); an older kernel leaves that part out, which sandbox_enter() tells. No new
 * privileges, not dumpable, no memory that is both written and run.
 *
 * Under AddressSanitizer, which needs what a sandbox takes away, nothing is restricted.
 */
#ifndef PL_SYS_SANDBOX_H
#define PL_SYS_SANDBOX_H

#include "base/compiler.h"
#include "base/err.h"

enum sandbox_right {
    SANDBOX_ACCEPT = 1 << 0,  /* take connections from listeners that it has */
    SANDBOX_CONNECT = 1 << 1, /* make connections, look up names */
    SANDBOX_READ = 1 << 2,    /* open files beneath its folders */
    SANDBOX_WRITE = 1 << 3,   /* make and write files beneath its folders */
    SANDBOX_THREADS = 1 << 4,
};

enum { SANDBOX_FOLDERS_MAX = 1024 };

struct sandbox_wish {
    unsigned rights;
    const int *folders; /* descriptors; all that is beneath them may be used as rights say */
    size_t folder_count;
};

struct sandbox_report {
    bool is_seccomp;  /* system calls are restricted */
    bool is_landlock; /* files are restricted */
};

/*
 * For good, and for all processes that this one starts.
 *
 * out_report  what the kernel has; both false under a sanitizer
 * Fails       sys.sandbox (never because the kernel lacks landlock)
 * Source      seccomp(2), landlock(7)
 */
bool sandbox_enter(const struct sandbox_wish *wish, struct sandbox_report *out_report,
                   struct err *e) PL_MUST_USE;

/* Gives up all capabilities, also of a process that stays root. Fails sys.sandbox. */
bool sandbox_drop_capabilities(struct err *e) PL_MUST_USE;

#endif
