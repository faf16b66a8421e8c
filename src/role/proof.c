/* The messages between control and probe. */
#include "role/proof.h"

void proof_pack(const struct proof_wish *wish, struct pack_writer *w) {
    pack_u64(w, wish->number);
    pack_text(w, wish->address);
    pack_u16(w, wish->port);
    pack_bool(w, wish->is_proxied);
    pack_text(w, wish->host);
    pack_u8(w, (uint8_t)wish->sha256_count);
    for (size_t i = 0; i < wish->sha256_count; i++) {
        pack_raw(w, wish->sha256[i], sizeof(wish->sha256[i]));
    }
}

bool proof_read(const struct ipc_message *message, struct proof_wish *out_wish) {
    struct unpack_reader r;
    unpack_init(&r, message->bytes, message->len);
    out_wish->number = unpack_u64(&r);
    unpack_text_into(&r, out_wish->address, sizeof(out_wish->address));
    out_wish->port = unpack_u16(&r);
    out_wish->is_proxied = unpack_bool(&r);
    unpack_text_into(&r, out_wish->host, sizeof(out_wish->host));
    out_wish->sha256_count = unpack_u8(&r);
    if (out_wish->sha256_count > PROOF_CERTIFICATES_MAX) {
        return false;
    }
    for (size_t i = 0; i < out_wish->sha256_count; i++) {
        unpack_raw(&r, out_wish->sha256[i], sizeof(out_wish->sha256[i]));
    }
    return unpack_is_done(&r);
}

bool proof_read_answer(const struct ipc_message *message, uint64_t *out_number, bool *out_is_proven,
                       struct err *out_error) {
    struct unpack_reader r;
    unpack_init(&r, message->bytes, message->len);
    *out_number = unpack_u64(&r);
    *out_is_proven = unpack_bool(&r);
    unpack_err(&r, out_error);
    return unpack_is_done(&r);
}
