/* Messages about looks and about what is fetched. */
#include "role/look_note.h"

enum { CONTENT_TYPE_MAX = 64 };

static bool is_timeout(int64_t timeout_ms) {
    return timeout_ms >= 0 && timeout_ms <= LOOK_NOTE_TIMEOUT_MAX_MS;
}

void look_note_pack(const struct look_wish *wish, struct pack_writer *w) {
    pack_text(w, wish->host);
    pack_u16(w, wish->port);
    pack_text(w, wish->sni);
    pack_text(w, wish->starttls);
    pack_i64(w, wish->timeout_ms);
}

bool look_note_read(const uint8_t *bytes, size_t len, struct look_wish *out_wish) {
    struct unpack_reader r;
    unpack_init(&r, bytes, len);
    out_wish->host = unpack_text(&r, LOOK_NOTE_TEXT);
    out_wish->port = unpack_u16(&r);
    out_wish->sni = unpack_text(&r, LOOK_NOTE_TEXT);
    out_wish->starttls = unpack_text(&r, LOOK_NOTE_TEXT);
    out_wish->timeout_ms = unpack_i64(&r);
    return unpack_is_done(&r) && out_wish->host != NULL && out_wish->sni != NULL &&
           out_wish->starttls != NULL && is_timeout(out_wish->timeout_ms);
}

void look_note_pack_seen(const struct tls_look *look, struct pack_writer *w) {
    pack_text(w, look->address);
    pack_text(w, look->version);
    pack_text(w, look->suite);
    pack_text(w, look->group);
    pack_bool(w, look->asks_for_certificate);
    pack_bytes(w, look->stapled.data, look->stapled.len);
    pack_bytes(w, look->timestamps.data, look->timestamps.len);
    pack_u8(w, (uint8_t)look->presented.count);
    for (size_t i = 0; i < look->presented.count; i++) {
        pack_bytes(w, look->presented.items[i]->der, look->presented.items[i]->der_len);
    }
}

static bool read_certificates(struct unpack_reader *r, struct cert_list *out, struct err *e) {
    size_t count = unpack_u8(r);
    if (count == 0 || count > TLS_LOOK_CERTS_MAX) {
        return err_set(e, ERR_IPC_MALFORMED, "what was seen has no certificate, or too many");
    }
    for (size_t i = 0; i < count; i++) {
        PL_AUTO(cert_freep) struct cert *cert = NULL;
        size_t len = 0;
        const uint8_t *der = unpack_bytes(r, CERT_DER_MAX, &len);
        if (der == NULL) {
            return err_set(e, ERR_IPC_MALFORMED, "a certificate that was seen is not there");
        }
        if (!cert_from_der(der, len, &cert, e) || !cert_list_add(out, cert, e)) {
            return false;
        }
    }
    return unpack_end(r, e);
}

bool look_note_read_seen(const uint8_t *bytes, size_t len, struct tls_look *out_look,
                         struct err *e) {
    struct unpack_reader r;
    size_t stapled_len = 0;
    size_t timestamps_len = 0;
    unpack_init(&r, bytes, len);
    *out_look = (struct tls_look){0};
    buf_init(&out_look->stapled, TLS_LOOK_PROOF_MAX);
    buf_init(&out_look->timestamps, TLS_LOOK_PROOF_MAX);
    unpack_text_into(&r, out_look->address, sizeof(out_look->address));
    unpack_text_into(&r, out_look->version, sizeof(out_look->version));
    unpack_text_into(&r, out_look->suite, sizeof(out_look->suite));
    unpack_text_into(&r, out_look->group, sizeof(out_look->group));
    out_look->asks_for_certificate = unpack_bool(&r);
    const uint8_t *stapled = unpack_bytes(&r, TLS_LOOK_PROOF_MAX, &stapled_len);
    const uint8_t *timestamps = unpack_bytes(&r, TLS_LOOK_PROOF_MAX, &timestamps_len);
    return (stapled_len == 0 || buf_append(&out_look->stapled, stapled, stapled_len, e)) &&
           (timestamps_len == 0 ||
            buf_append(&out_look->timestamps, timestamps, timestamps_len, e)) &&
           read_certificates(&r, &out_look->presented, e);
}

void fetch_note_pack(const struct fetch_wish *wish, size_t body_max, struct pack_writer *w) {
    pack_text(w, wish->url);
    pack_text(w, wish->content == NULL ? "" : wish->content_type);
    pack_bytes(w, wish->content, wish->content_len);
    pack_u8(w, (uint8_t)wish->networks);
    pack_i64(w, wish->timeout_ms);
    pack_u64(w, body_max);
}

bool fetch_note_read(const uint8_t *bytes, size_t len, struct fetch_wish *out_wish,
                     size_t *out_body_max) {
    struct unpack_reader r;
    unpack_init(&r, bytes, len);
    *out_wish = (struct fetch_wish){0};
    out_wish->url = unpack_text(&r, FETCH_URL_SIZE);
    out_wish->content_type = unpack_text(&r, CONTENT_TYPE_MAX);
    out_wish->content = unpack_bytes(&r, FETCH_CONTENT_MAX, &out_wish->content_len);
    out_wish->networks = unpack_u8(&r);
    out_wish->timeout_ms = unpack_i64(&r);
    uint64_t body_max = unpack_u64(&r);
    *out_body_max = (size_t)body_max;
    return unpack_is_done(&r) && out_wish->url != NULL && out_wish->content_type != NULL &&
           out_wish->networks <= (FETCH_PRIVATE | FETCH_LOOPBACK) &&
           is_timeout(out_wish->timeout_ms) && body_max > 0 && body_max <= FETCH_NOTE_BODY_MAX;
}
