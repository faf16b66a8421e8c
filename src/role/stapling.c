/* Messages about OCSP responses. */
#include "role/stapling.h"

void stapling_pack(const struct stapling_wish *wish, struct pack_writer *w) {
    pack_u64(w, wish->number);
    pack_text(w, wish->url);
    pack_bytes(w, wish->cert, wish->cert_len);
    pack_bytes(w, wish->issuer, wish->issuer_len);
}

bool stapling_read(const uint8_t *bytes, size_t len, struct stapling_wish *out_wish) {
    struct unpack_reader r;
    unpack_init(&r, bytes, len);
    out_wish->number = unpack_u64(&r);
    out_wish->url = unpack_text(&r, STAPLING_URL_MAX);
    out_wish->cert = unpack_bytes(&r, STAPLING_CERT_MAX, &out_wish->cert_len);
    out_wish->issuer = unpack_bytes(&r, STAPLING_CERT_MAX, &out_wish->issuer_len);
    return unpack_is_done(&r) && out_wish->url != NULL && out_wish->cert != NULL &&
           out_wish->issuer != NULL;
}

void stapling_pack_answer(const struct stapling_answer *answer, struct pack_writer *w) {
    pack_u64(w, answer->number);
    pack_bytes(w, answer->der, answer->der_len);
    pack_err(w, &answer->error);
}

bool stapling_read_answer(const uint8_t *bytes, size_t len, struct stapling_answer *out_answer) {
    struct unpack_reader r;
    unpack_init(&r, bytes, len);
    out_answer->number = unpack_u64(&r);
    out_answer->der = unpack_bytes(&r, STAPLING_DER_MAX, &out_answer->der_len);
    unpack_err(&r, &out_answer->error);
    return unpack_is_done(&r);
}
