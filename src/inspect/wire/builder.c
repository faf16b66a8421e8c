/* The builder of messages. */
#include "inspect/wire/builder.h"

void wire_put_bytes(struct wire_builder *b, const void *bytes, size_t len) {
    b->is_failed = b->is_failed || (len > 0 && !buf_append(b->out, bytes, len, NULL));
}

void wire_put(struct wire_builder *b, size_t size, uint32_t number) {
    for (size_t i = size; i-- > 0;) {
        const uint8_t byte = (uint8_t)(number >> (8 * i));
        wire_put_bytes(b, &byte, 1);
    }
}

size_t wire_open(struct wire_builder *b, size_t size) {
    size_t mark = b->out->len;
    wire_put(b, size, 0);
    return mark;
}

void wire_close(struct wire_builder *b, size_t mark, size_t size) {
    if (b->is_failed) {
        return;
    }
    size_t len = b->out->len - mark - size;
    b->is_failed = len >> (8 * size) != 0;
    for (size_t i = 0; i < size; i++) {
        b->out->data[mark + i] = (uint8_t)(len >> (8 * (size - 1 - i)));
    }
}

void wire_put_vector(struct wire_builder *b, size_t size, const void *bytes, size_t len) {
    size_t mark = wire_open(b, size);
    wire_put_bytes(b, bytes, len);
    wire_close(b, mark, size);
}

bool wire_built(const struct wire_builder *b, struct err *e) {
    return !b->is_failed || err_set(e, ERR_BASE_LIMIT, "a TLS message would be too long");
}
