/*
 * Stacks of paused handshakes: with a guard page below each, which the library's own lack, and
 * pages that are used on demand.
 */
#ifndef PL_TLS_ASYNC_STACK_H
#define PL_TLS_ASYNC_STACK_H

#include "base/compiler.h"
#include "base/err.h"

/*
 * For the whole process, before its first handshake. Does nothing where the library has no way to
 * set them (before 3.3). Fails tls.provider.
 */
bool async_stack_install(struct err *e) PL_MUST_USE;

#endif
