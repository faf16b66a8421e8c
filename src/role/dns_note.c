/* Messages about names. */
#include "role/dns_note.h"

enum { TIMEOUT_MAX_MS = 10 * 60 * 1000 };

void dns_note_pack(const struct dns_wish *wish, struct pack_writer *w) {
    pack_text(w, wish->name);
    pack_u16(w, wish->type);
    pack_text(w, wish->server);
    pack_text(w, wish->anchor);
    pack_bool(w, wish->is_only_name);
    pack_i64(w, wish->timeout_ms);
}

bool dns_note_read(const uint8_t *bytes, size_t len, struct dns_wish *out_wish) {
    struct unpack_reader r;
    unpack_init(&r, bytes, len);
    out_wish->name = unpack_text(&r, DNS_NAME_SIZE);
    out_wish->type = unpack_u16(&r);
    out_wish->server = unpack_text(&r, DNS_SERVER_SIZE);
    out_wish->anchor = unpack_text(&r, DNS_ANCHOR_MAX);
    out_wish->is_only_name = unpack_bool(&r);
    out_wish->timeout_ms = unpack_i64(&r);
    return unpack_is_done(&r) && out_wish->name != NULL && out_wish->server != NULL &&
           out_wish->anchor != NULL && out_wish->timeout_ms >= 0 &&
           out_wish->timeout_ms <= TIMEOUT_MAX_MS;
}

void dns_note_pack_answer(const struct dns_answer *answer, struct pack_writer *w) {
    pack_bool(w, answer->is_proven);
    pack_bool(w, answer->is_forged);
    pack_text(w, answer->reason);
    pack_text(w, answer->name);
    pack_u32(w, (uint32_t)answer->count);
    pack_bytes(w, answer->data.data, answer->data.len);
}

bool dns_note_read_answer(const uint8_t *bytes, size_t len, struct dns_answer *out_answer,
                          struct err *e) {
    struct unpack_reader r;
    size_t data_len = 0;
    unpack_init(&r, bytes, len);
    *out_answer = (struct dns_answer){0};
    buf_init(&out_answer->data, DNS_DATA_MAX);
    out_answer->is_proven = unpack_bool(&r);
    out_answer->is_forged = unpack_bool(&r);
    unpack_text_into(&r, out_answer->reason, sizeof(out_answer->reason));
    unpack_text_into(&r, out_answer->name, sizeof(out_answer->name));
    out_answer->count = unpack_u32(&r);
    const uint8_t *data = unpack_bytes(&r, DNS_DATA_MAX, &data_len);
    return unpack_end(&r, e) && (data_len == 0 || buf_append(&out_answer->data, data, data_len, e));
}
