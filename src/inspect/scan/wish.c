/* A scan's wish, as a message. */
#include "inspect/scan/wish.h"

enum { CONNECTIONS = 500, PER_HOST = 4, RATE = 1000, TIMEOUT_MS = 5000 };

void scan_wish_init(struct scan_wish *wish) {
    *wish = (struct scan_wish){.connections = CONNECTIONS,
                               .per_host = PER_HOST,
                               .rate = RATE,
                               .timeout_ms = TIMEOUT_MS,
                               .has_system_trust = true};
    buf_init(&wish->trust, SCAN_TRUST_MAX);
    buf_init(&wish->dns_anchor, DNS_ANCHOR_MAX);
}

void scan_wish_clear(struct scan_wish *wish) {
    buf_clear(&wish->trust);
    buf_clear(&wish->dns_anchor);
}

void scan_wish_pack(const struct scan_wish *wish, struct pack_writer *w) {
    pack_u32(w, (uint32_t)wish->name_count);
    for (size_t i = 0; i < wish->name_count; i++) {
        pack_text(w, wish->names[i]);
    }
    pack_text(w, wish->starttls);
    pack_bool(w, wish->is_quick);
    pack_u32(w, wish->connections);
    pack_u32(w, wish->per_host);
    pack_u32(w, wish->rate);
    pack_i64(w, wish->timeout_ms);
    pack_bool(w, wish->has_caa);
    pack_text(w, wish->dns_server);
    pack_bytes(w, wish->dns_anchor.data, wish->dns_anchor.len);
    pack_bool(w, wish->has_system_trust);
    pack_bytes(w, wish->trust.data, wish->trust.len);
}

static bool is_within(const struct scan_wish *wish) {
    enum { TIMEOUT_MAX_MS = 10 * 60 * 1000 };
    return wish->connections >= 1 && wish->connections <= SCAN_CONNECTIONS_MAX &&
           wish->per_host >= 1 && wish->per_host <= SCAN_PER_HOST_MAX &&
           wish->rate <= SCAN_RATE_MAX && wish->timeout_ms >= 1 &&
           wish->timeout_ms <= TIMEOUT_MAX_MS;
}

bool scan_wish_read(const uint8_t *bytes, size_t len, struct scan_wish *out_wish, struct err *e) {
    struct unpack_reader r;
    size_t trust_len = 0;
    size_t anchor_len = 0;
    scan_wish_init(out_wish);
    unpack_init(&r, bytes, len);
    uint32_t name_count = unpack_u32(&r);
    if (name_count > SCAN_NAMES_MAX) {
        return err_set(e, ERR_IPC_MALFORMED, "a scan has too many names");
    }
    for (out_wish->name_count = 0; out_wish->name_count < name_count; out_wish->name_count++) {
        unpack_text_into(&r, out_wish->names[out_wish->name_count], ASK_NAME_MAX);
    }
    unpack_text_into(&r, out_wish->starttls, sizeof(out_wish->starttls));
    out_wish->is_quick = unpack_bool(&r);
    out_wish->connections = unpack_u32(&r);
    out_wish->per_host = unpack_u32(&r);
    out_wish->rate = unpack_u32(&r);
    out_wish->timeout_ms = unpack_i64(&r);
    out_wish->has_caa = unpack_bool(&r);
    unpack_text_into(&r, out_wish->dns_server, sizeof(out_wish->dns_server));
    const uint8_t *anchor = unpack_bytes(&r, DNS_ANCHOR_MAX, &anchor_len);
    out_wish->has_system_trust = unpack_bool(&r);
    const uint8_t *trust = unpack_bytes(&r, SCAN_TRUST_MAX, &trust_len);
    if (!unpack_end(&r, e)) {
        return false;
    }
    if (!is_within(out_wish)) {
        return err_set(e, ERR_IPC_MALFORMED, "a scan's limits are none");
    }
    return buf_append(&out_wish->dns_anchor, anchor, anchor_len, e) &&
           buf_append(&out_wish->trust, trust, trust_len, e);
}
