/* Foreign files over a channel. */
#include "keys/unpack_wire.h"

#include "base/mem.h"
#include "keys/wire.h"

enum { NAME_MAX_LEN = 64 * 1024 };

bool unpack_wire_call(bool is_pfx, const uint8_t *bytes, size_t len, const struct secret *password,
                      struct buf *out_call, struct err *e) {
    struct pack_writer w = {.out = out_call};
    pack_bool(&w, is_pfx);
    pack_bytes(&w, bytes, len);
    wire_pack_secret(&w, password);
    return pack_end(&w, e);
}

static void pack_unpacked(struct pack_writer *w, const struct unpacked *unpacked) {
    wire_pack_secret(w, &unpacked->pkcs8);
    wire_pack_certs(w, &unpacked->certs);
    pack_text(w, unpacked->friendly_name);
    pack_text(w, unpacked->encryption);
}

bool unpack_wire_serve(const uint8_t *call, size_t call_len, struct buf *out_answer,
                       struct err *e) {
    struct unpack_reader r;
    struct err failure = {0};
    PL_AUTO(secret_clear) struct secret password = {0};
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    size_t len = 0;
    unpack_init(&r, call, call_len);
    bool is_pfx = unpack_bool(&r);
    const uint8_t *bytes = unpack_bytes(&r, UNPACK_INPUT_MAX, &len);
    wire_read_secret(&r, SECRET_MAX, &password);
    if (!unpack_end(&r, e)) {
        return false;
    }
    bool ok = is_pfx ? unpack_pfx(bytes, len, &password, &unpacked, &failure)
                     : unpack_pem(bytes, len, &password, &unpacked, &failure);
    struct pack_writer w = {.out = out_answer};
    pack_bool(&w, ok);
    if (ok) {
        pack_unpacked(&w, &unpacked);
    } else {
        pack_err(&w, &failure);
    }
    return pack_end(&w, e);
}

static bool read_failure(struct unpack_reader *r, struct err *e) {
    struct err failure = {0};
    unpack_err(r, &failure);
    if (unpack_end(r, e) && e != NULL) {
        *e = failure;
    }
    return false;
}

static struct unpacked take_unpacked(struct unpacked *from) {
    struct unpacked taken = *from;
    *from = (struct unpacked){0};
    return taken;
}

bool unpack_wire_result(const uint8_t *answer, size_t answer_len, struct unpacked *out,
                        struct err *e) {
    struct unpack_reader r;
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    unpack_init(&r, answer, answer_len);
    if (!unpack_bool(&r)) {
        return read_failure(&r, e);
    }
    wire_read_secret(&r, SECRET_MAX, &unpacked.pkcs8);
    wire_read_certs(&r, UNPACK_CERTS_MAX, &unpacked.certs);
    const char *name = unpack_text(&r, NAME_MAX_LEN);
    unpack_text_into(&r, unpacked.encryption, sizeof(unpacked.encryption));
    if (!unpack_end(&r, e) || (name != NULL && !mem_strdup(name, &unpacked.friendly_name, e))) {
        return false;
    }
    *out = take_unpacked(&unpacked);
    return true;
}
