/* A growing run of bytes with a hard maximum; capacity doubles up to it. */
#include "base/buf.h"

#include "base/mem.h"
#include "base/secret.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

void buf_init(struct buf *b, size_t max) {
    PL_BUG_UNLESS(max < SIZE_MAX);
    *b = (struct buf){.max = max};
}

void buf_clear(struct buf *b) {
    mem_free(b->data);
    *b = (struct buf){.max = b->max};
}

void buf_cleanse(struct buf *b) {
    secret_cleanse(b->data, b->capacity);
    buf_clear(b);
}

void buf_reset(struct buf *b) {
    b->len = 0;
    if (b->data != NULL) {
        b->data[0] = '\0';
    }
}

bool buf_reserve(struct buf *b, size_t more, struct err *e) {
    if (more > b->max || b->len > b->max - more) {
        return err_set(e, ERR_BASE_LIMIT, "more than %zu bytes", b->max);
    }
    size_t needed = b->len + more + 1;
    if (needed <= b->capacity) {
        return true;
    }
    size_t capacity = b->capacity == 0 ? FIRST_CAPACITY : b->capacity;
    while (capacity < needed) {
        capacity = capacity > b->max / 2 ? b->max + 1 : capacity * 2;
    }
    void *data = b->data;
    if (!mem_resize(&data, capacity, e)) {
        return false;
    }
    b->data = data;
    b->capacity = capacity;
    b->data[b->len] = '\0';
    return true;
}

bool buf_append(struct buf *b, const void *bytes, size_t len, struct err *e) {
    if (!buf_reserve(b, len, e)) {
        return false;
    }
    if (len > 0) {
        memcpy(b->data + b->len, bytes, len);
    }
    b->len += len;
    b->data[b->len] = '\0';
    return true;
}

bool buf_append_string(struct buf *b, const char *string, struct err *e) {
    return buf_append(b, string, strlen(string), e);
}

bool buf_append_byte(struct buf *b, uint8_t byte, struct err *e) {
    return buf_append(b, &byte, 1, e);
}

bool buf_vprintf(struct buf *b, struct err *e, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    bool ok = len >= 0 ? buf_reserve(b, (size_t)len, e)
                       : err_set(e, ERR_BASE_LIMIT, "a text is too long to be written");
    if (ok) {
        (void)vsnprintf((char *)b->data + b->len, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    }
    va_end(again);
    return ok;
}

bool buf_printf(struct buf *b, struct err *e, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    bool ok = buf_vprintf(b, e, format, arguments);
    va_end(arguments);
    return ok;
}

void buf_consume(struct buf *b, size_t len) {
    PL_BUG_UNLESS(len <= b->len);
    b->len -= len;
    if (b->data != NULL) {
        memmove(b->data, b->data + len, b->len);
        b->data[b->len] = '\0';
    }
}

bool buf_take_string(struct buf *b, char **out_string, struct err *e) {
    if (!buf_reserve(b, 0, e)) {
        return false;
    }
    *out_string = (char *)b->data;
    *b = (struct buf){.max = b->max};
    return true;
}

const char *buf_string(const struct buf *b) {
    return b->data == NULL ? "" : (const char *)b->data;
}
