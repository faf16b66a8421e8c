/* The two halves of the sandbox. Private to sys/. */
#ifndef PL_SYS_SANDBOX_PARTS_H
#define PL_SYS_SANDBOX_PARTS_H

#include "sys/sandbox.h"

/* *out_is_there is false when the kernel has no landlock. Fails sys.sandbox. */
bool landlock_apply(const struct sandbox_wish *wish, bool *out_is_there, struct err *e) PL_MUST_USE;
/* Fails sys.sandbox. */
bool seccomp_apply(unsigned rights, struct err *e) PL_MUST_USE;

#endif
