/* Secrets: one private mapping each, locked (as far as RLIMIT_MEMLOCK goes) and not dumped. */
#include "base/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

void secret_cleanse(void *bytes, size_t len) {
    if (bytes != NULL && len > 0) {
        explicit_bzero(bytes, len);
    }
}

bool secret_equal(const void *a, const void *b, size_t len) {
    const volatile uint8_t *left = a;
    const volatile uint8_t *right = b;
    uint8_t difference = 0;
    for (size_t i = 0; i < len; i++) {
        difference |= (uint8_t)(left[i] ^ right[i]);
    }
    return difference == 0;
}

bool secret_init(struct secret *s, size_t len, struct err *e) {
    *s = (struct secret){0};
    if (len > SECRET_MAX) {
        return err_set(e, ERR_BASE_LIMIT, "a secret is longer than %d bytes", SECRET_MAX);
    }
    void *mapping = mmap(NULL, len + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) {
        return err_set_errno(e, ERR_BASE_OOM, errno, "cannot get memory for a secret");
    }
    /* Both are protections on top: where the limit on locked memory is small, we go on without. */
    (void)mlock(mapping, len + 1);
    (void)madvise(mapping, len + 1, MADV_DONTDUMP);
    *s = (struct secret){.bytes = mapping, .len = len, .mapped = len + 1};
    return true;
}

bool secret_copy(struct secret *s, const void *bytes, size_t len, struct err *e) {
    if (!secret_init(s, len, e)) {
        return false;
    }
    if (len > 0) {
        memcpy(s->bytes, bytes, len);
    }
    return true;
}

void secret_clear(struct secret *s) {
    if (s->bytes != NULL) {
        secret_cleanse(s->bytes, s->mapped);
        (void)munmap(s->bytes, s->mapped);
    }
    *s = (struct secret){0};
}

void secret_cut(struct secret *s, size_t len) {
    PL_BUG_UNLESS(len <= s->len);
    if (s->bytes != NULL) {
        secret_cleanse(s->bytes + len, s->len - len);
    }
    s->len = len;
}

const char *secret_string(const struct secret *s) {
    return s->bytes == NULL ? "" : (const char *)s->bytes;
}
