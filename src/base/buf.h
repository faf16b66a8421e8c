/*
 * A growing run of bytes with a hard maximum. data is NUL-terminated one byte past len whenever it
 * is not NULL, so a text can be used as a string. Clear works on a zeroed struct.
 */
#ifndef PL_BASE_BUF_H
#define PL_BASE_BUF_H

#include "base/compiler.h"
#include "base/err.h"

#include <stdarg.h>

struct buf {
    uint8_t *data;
    size_t len;
    size_t capacity;
    size_t max; /* bytes; appending beyond fails with base.limit */
};

/* max < SIZE_MAX */
void buf_init(struct buf *b, size_t max);
void buf_clear(struct buf *b);   /* frees; the maximum stays */
void buf_cleanse(struct buf *b); /* overwrites, then frees */
void buf_reset(struct buf *b);   /* empties, keeps the memory */

/* Each fails base.oom or base.limit and then leaves the buffer as it was. */
bool buf_reserve(struct buf *b, size_t more, struct err *e) PL_MUST_USE;
bool buf_append(struct buf *b, const void *bytes, size_t len, struct err *e) PL_MUST_USE;
bool buf_append_string(struct buf *b, const char *string, struct err *e) PL_MUST_USE;
bool buf_append_byte(struct buf *b, uint8_t byte, struct err *e) PL_MUST_USE;
bool buf_printf(struct buf *b, struct err *e, const char *format, ...) PL_MUST_USE PL_PRINTF(3, 4);
bool buf_vprintf(struct buf *b, struct err *e, const char *format, va_list arguments)
    PL_MUST_USE PL_PRINTF(3, 0);

/* Removes the first len bytes (len ≤ b->len). */
void buf_consume(struct buf *b, size_t len);

/*
 * Moves the content out as a NUL-terminated string ("" when empty); the buffer is empty then. Fails
 * base.oom.
 */
bool buf_take_string(struct buf *b, char **out_string, struct err *e) PL_MUST_USE;

const char *buf_string(const struct buf *b); /* borrowed; "" when empty */

#endif
