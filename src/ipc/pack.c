/* Writing and reading messages. */
#include "ipc/pack.h"

#include "base/str.h"

#include <string.h>

enum { TEXT_NULL = 0, TEXT_THERE = 1 };

/* --- writing -------------------------------------------------------------------------------------
 */

void pack_raw(struct pack_writer *w, const void *bytes, size_t len) {
    if (len > 0 && !w->has_failed) {
        struct err failure = {0};
        w->has_failed = !buf_append(w->out, bytes, len, &failure);
        w->is_out_of_memory = failure.code == ERR_BASE_OOM;
    }
}

void pack_u8(struct pack_writer *w, uint8_t value) {
    pack_raw(w, &value, sizeof(value));
}

void pack_u16(struct pack_writer *w, uint16_t value) {
    pack_raw(w, &value, sizeof(value));
}

void pack_u32(struct pack_writer *w, uint32_t value) {
    pack_raw(w, &value, sizeof(value));
}

void pack_u64(struct pack_writer *w, uint64_t value) {
    pack_raw(w, &value, sizeof(value));
}

void pack_i64(struct pack_writer *w, int64_t value) {
    pack_raw(w, &value, sizeof(value));
}

void pack_bool(struct pack_writer *w, bool value) {
    pack_u8(w, value ? 1 : 0);
}

void pack_bytes(struct pack_writer *w, const void *bytes, size_t len) {
    w->has_failed = w->has_failed || len > UINT32_MAX;
    pack_u32(w, (uint32_t)len);
    pack_raw(w, bytes, len);
}

void pack_text(struct pack_writer *w, const char *text) {
    pack_u8(w, text == NULL ? TEXT_NULL : TEXT_THERE);
    if (text != NULL) {
        pack_bytes(w, text, strlen(text) + 1);
    }
}

void pack_id(struct pack_writer *w, const struct id *id) {
    pack_raw(w, id->bytes, ID_LEN);
}

void pack_err(struct pack_writer *w, const struct err *error) {
    pack_u32(w, (uint32_t)error->code);
    pack_u8(w, (uint8_t)error->step_count);
    for (unsigned i = 0; i < error->step_count; i++) {
        pack_text(w, error->step[i]);
    }
    pack_text(w, error->hint);
    pack_text(w, error->note);
}

bool pack_end(const struct pack_writer *w, struct err *e) {
    if (w->is_out_of_memory) {
        return err_set(e, ERR_BASE_OOM, "out of memory");
    }
    return !w->has_failed ||
           err_set(e, ERR_BASE_LIMIT, "what is to be sent to another process is too large");
}

/* --- reading -------------------------------------------------------------------------------------
 */

void unpack_init(struct unpack_reader *r, const void *bytes, size_t len) {
    *r = (struct unpack_reader){.at = bytes, .left = len};
}

static const uint8_t *take(struct unpack_reader *r, size_t len) {
    if (r->is_broken || len > r->left) {
        r->is_broken = true;
        return NULL;
    }
    const uint8_t *at = r->at;
    r->at += len;
    r->left -= len;
    return at;
}

void unpack_raw(struct unpack_reader *r, void *out, size_t len) {
    const uint8_t *at = take(r, len);
    if (at == NULL) {
        memset(out, 0, len);
    } else if (len > 0) {
        memcpy(out, at, len);
    }
}

uint8_t unpack_u8(struct unpack_reader *r) {
    uint8_t value = 0;
    unpack_raw(r, &value, sizeof(value));
    return value;
}

uint16_t unpack_u16(struct unpack_reader *r) {
    uint16_t value = 0;
    unpack_raw(r, &value, sizeof(value));
    return value;
}

uint32_t unpack_u32(struct unpack_reader *r) {
    uint32_t value = 0;
    unpack_raw(r, &value, sizeof(value));
    return value;
}

uint64_t unpack_u64(struct unpack_reader *r) {
    uint64_t value = 0;
    unpack_raw(r, &value, sizeof(value));
    return value;
}

int64_t unpack_i64(struct unpack_reader *r) {
    int64_t value = 0;
    unpack_raw(r, &value, sizeof(value));
    return value;
}

bool unpack_bool(struct unpack_reader *r) {
    uint8_t value = unpack_u8(r);
    r->is_broken = r->is_broken || value > 1;
    return value == 1;
}

const uint8_t *unpack_bytes(struct unpack_reader *r, size_t max, size_t *out_len) {
    size_t len = unpack_u32(r);
    r->is_broken = r->is_broken || len > max;
    const uint8_t *at = take(r, len);
    *out_len = at == NULL ? 0 : len;
    return *out_len == 0 ? NULL : at;
}

const char *unpack_text(struct unpack_reader *r, size_t max) {
    size_t len = 0;
    if (!unpack_bool(r)) {
        return NULL;
    }
    const uint8_t *at = unpack_bytes(r, max, &len);
    if (len == 0 || memchr(at, '\0', len) != at + len - 1) {
        r->is_broken = true;
        return NULL;
    }
    return (const char *)at;
}

void unpack_text_into(struct unpack_reader *r, char *out, size_t size) {
    const char *text = unpack_text(r, size);
    out[0] = '\0';
    if (text != NULL && !str_copy(out, size, text)) {
        r->is_broken = true;
    }
}

void unpack_id(struct unpack_reader *r, struct id *out_id) {
    unpack_raw(r, out_id->bytes, ID_LEN);
}

void unpack_err(struct unpack_reader *r, struct err *out_error) {
    err_init(out_error);
    uint32_t code = unpack_u32(r);
    unsigned count = unpack_u8(r);
    r->is_broken = r->is_broken || code >= ERR_CODE_COUNT || count > ERR_STEPS_MAX;
    for (unsigned i = 0; i < count && !r->is_broken; i++) {
        unpack_text_into(r, out_error->step[i], ERR_TEXT_MAX);
    }
    unpack_text_into(r, out_error->hint, ERR_TEXT_MAX);
    unpack_text_into(r, out_error->note, ERR_TEXT_MAX);
    out_error->step_count = r->is_broken ? 0 : count;
    out_error->code = r->is_broken ? ERR_NONE : (enum err_code)code;
}

bool unpack_is_done(const struct unpack_reader *r) {
    return !r->is_broken && r->left == 0;
}

bool unpack_end(const struct unpack_reader *r, struct err *e) {
    if (r->is_out_of_memory) {
        return err_set(e, ERR_BASE_OOM, "out of memory");
    }
    return unpack_is_done(r) ||
           err_set(e, ERR_IPC_MALFORMED, "another process sent a message that is malformed");
}
