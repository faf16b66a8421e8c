/* Stacks for ASYNC_JOBs. Process: net. */
#include "tls/async_stack.h"

#include <openssl/async.h>
#include <openssl/opensslv.h>

#include <stddef.h>
#include <sys/mman.h>

/* The library asks for 32 KiB, which deep call chains and sanitizers outgrow. */
enum { STACK_SIZE = 256 * 1024, GUARD_SIZE = 4096 };

#if OPENSSL_VERSION_NUMBER >= 0x30300000L

static void *allocate(size_t *len) {
    uint8_t *bytes = mmap(NULL, GUARD_SIZE + STACK_SIZE, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (bytes == MAP_FAILED) {
        return NULL;
    }
    (void)mprotect(bytes, GUARD_SIZE, PROT_NONE);
    *len = STACK_SIZE;
    return bytes + GUARD_SIZE;
}

static void release(void *stack) {
    if (stack != NULL) {
        (void)munmap((uint8_t *)stack - GUARD_SIZE, GUARD_SIZE + STACK_SIZE);
    }
}

bool async_stack_install(struct err *e) {
    return ASYNC_set_mem_functions(allocate, release) == 1 ||
           err_set(e, ERR_TLS_PROVIDER, "the TLS library does not take stacks for handshakes");
}

#else

bool async_stack_install(struct err *e) {
    (void)e;
    return true;
}

#endif
