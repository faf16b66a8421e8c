/* The two hellos. */
#include "inspect/wire/hello.h"

#include "inspect/wire/builder.h"

#include <string.h>

/* --- ClientHello ---------------------------------------------------------------------------------
 */

static void put_numbers(struct wire_builder *b, size_t length_size, struct wire_list list) {
    size_t mark = wire_open(b, length_size);
    for (size_t i = 0; i < list.count; i++) {
        wire_put(b, 2, list.items[i]);
    }
    wire_close(b, mark, length_size);
}

static void put_numbers_extension(struct wire_builder *b, uint16_t type, size_t length_size,
                                  struct wire_list list) {
    if (list.count > 0) {
        wire_put(b, 2, type);
        size_t mark = wire_open(b, 2);
        put_numbers(b, length_size, list);
        wire_close(b, mark, 2);
    }
}

static void put_fixed_extension(struct wire_builder *b, bool is_wanted, uint16_t type,
                                const void *content, size_t len) {
    if (is_wanted) {
        wire_put(b, 2, type);
        wire_put_vector(b, 2, content, len);
    }
}

static void put_server_name(struct wire_builder *b, const char *name) {
    if (name == NULL || name[0] == '\0') {
        return;
    }
    wire_put(b, 2, WIRE_EXT_SERVER_NAME);
    size_t mark = wire_open(b, 2);
    size_t list = wire_open(b, 2);
    wire_put(b, 1, 0);
    wire_put_vector(b, 2, name, strlen(name));
    wire_close(b, list, 2);
    wire_close(b, mark, 2);
}

static void put_protocols(struct wire_builder *b, const char *names) {
    if (names == NULL || names[0] == '\0') {
        return;
    }
    wire_put(b, 2, WIRE_EXT_ALPN);
    size_t mark = wire_open(b, 2);
    size_t list = wire_open(b, 2);
    while (*names != '\0') {
        size_t len = strcspn(names, ",");
        if (len > 0) {
            wire_put_vector(b, 1, names, len);
        }
        names += len + (names[len] == ',' ? 1 : 0);
    }
    wire_close(b, list, 2);
    wire_close(b, mark, 2);
}

static void put_shares(struct wire_builder *b, const struct wire_client_hello *wish) {
    if (!wish->has_key_share) {
        return;
    }
    wire_put(b, 2, WIRE_EXT_KEY_SHARE);
    size_t mark = wire_open(b, 2);
    size_t list = wire_open(b, 2);
    for (size_t i = 0; i < wish->share_count; i++) {
        wire_put(b, 2, wish->shares[i].group);
        wire_put_vector(b, 2, wish->shares[i].key.bytes, wish->shares[i].key.len);
    }
    wire_close(b, list, 2);
    wire_close(b, mark, 2);
}

static void put_cookie(struct wire_builder *b, struct wire_span cookie) {
    if (cookie.len > 0) {
        wire_put(b, 2, WIRE_EXT_COOKIE);
        size_t mark = wire_open(b, 2);
        wire_put_vector(b, 2, cookie.bytes, cookie.len);
        wire_close(b, mark, 2);
    }
}

static void put_renegotiation(struct wire_builder *b, const struct wire_client_hello *wish) {
    if (wish->has_renegotiation_info) {
        wire_put(b, 2, WIRE_EXT_RENEGOTIATION_INFO);
        size_t mark = wire_open(b, 2);
        wire_put_vector(b, 1, wish->renegotiated.bytes, wish->renegotiated.len);
        wire_close(b, mark, 2);
    }
}

/* Always the last (RFC 8446 §4.2.11). */
static void put_psk(struct wire_builder *b, const struct wire_client_hello *wish) {
    static const uint8_t no_binder[64];
    if (wish->psk_identity.len == 0) {
        return;
    }
    wire_put(b, 2, WIRE_EXT_PRE_SHARED_KEY);
    size_t mark = wire_open(b, 2);
    size_t identities = wire_open(b, 2);
    wire_put_vector(b, 2, wish->psk_identity.bytes, wish->psk_identity.len);
    wire_put(b, 4, wish->psk_obfuscated_age);
    wire_close(b, identities, 2);
    size_t binders = wire_open(b, 2);
    wire_put_vector(b, 1, no_binder, wish->psk_binder_len);
    wire_close(b, binders, 2);
    wire_close(b, mark, 2);
}

static void put_extensions(struct wire_builder *b, const struct wire_client_hello *wish) {
    static const uint8_t uncompressed_points[] = {1, 0};
    static const uint8_t ocsp_request[] = {1, 0, 0, 0, 0};
    static const uint8_t psk_with_key_exchange[] = {1, 1};
    static const uint8_t peer_may_send[] = {1};
    size_t mark = wire_open(b, 2);
    put_server_name(b, wish->server_name);
    put_fixed_extension(b, wish->has_status_request, WIRE_EXT_STATUS_REQUEST, ocsp_request,
                        sizeof(ocsp_request));
    put_numbers_extension(b, WIRE_EXT_GROUPS, 2, wish->groups);
    put_fixed_extension(b, wish->groups.count > 0, WIRE_EXT_POINT_FORMATS, uncompressed_points,
                        sizeof(uncompressed_points));
    put_numbers_extension(b, WIRE_EXT_SCHEMES, 2, wish->schemes);
    put_numbers_extension(b, WIRE_EXT_COMPRESS_CERTIFICATE, 1, wish->compressions);
    put_fixed_extension(b, wish->has_heartbeat, WIRE_EXT_HEARTBEAT, peer_may_send,
                        sizeof(peer_may_send));
    put_protocols(b, wish->protocols);
    put_fixed_extension(b, wish->has_sct, WIRE_EXT_SCT, NULL, 0);
    put_fixed_extension(b, wish->has_encrypt_then_mac, WIRE_EXT_ENCRYPT_THEN_MAC, NULL, 0);
    put_fixed_extension(b, wish->has_extended_master_secret, WIRE_EXT_EXTENDED_MASTER_SECRET, NULL,
                        0);
    put_fixed_extension(b, wish->has_ticket, WIRE_EXT_SESSION_TICKET, wish->ticket.bytes,
                        wish->ticket.len);
    put_numbers_extension(b, WIRE_EXT_VERSIONS, 1, wish->versions);
    put_cookie(b, wish->cookie);
    put_fixed_extension(b, wish->has_psk_modes, WIRE_EXT_PSK_MODES, psk_with_key_exchange,
                        sizeof(psk_with_key_exchange));
    put_shares(b, wish);
    put_renegotiation(b, wish);
    put_fixed_extension(b, wish->has_early_data, WIRE_EXT_EARLY_DATA, NULL, 0);
    put_psk(b, wish);
    wire_close(b, mark, 2);
}

bool wire_client_hello_build(const struct wire_client_hello *wish, struct buf *out, struct err *e) {
    static const uint8_t deflate_and_none[] = {1, 0};
    struct wire_builder b = {.out = out};
    wire_put(&b, 1, WIRE_CLIENT_HELLO);
    size_t mark = wire_open(&b, 3);
    wire_put(&b, 2, wish->legacy_version);
    wire_put_bytes(&b, wish->random, WIRE_RANDOM);
    wire_put_vector(&b, 1, wish->session_id.bytes, wish->session_id.len);
    put_numbers(&b, 2, wish->suites);
    if (wish->offers_compression) {
        wire_put_vector(&b, 1, deflate_and_none, sizeof(deflate_and_none));
    } else {
        wire_put_vector(&b, 1, "", 1); /* compression: none */
    }
    if (!wish->has_no_extensions) {
        put_extensions(&b, wish);
    }
    wire_close(&b, mark, 3);
    return wire_built(&b, e);
}

bool wire_record_wrap(uint8_t type, uint16_t version, const void *bytes, size_t len,
                      struct buf *out, struct err *e) {
    enum { CONTENT_MAX = 16384 };
    struct wire_builder b = {.out = out};
    const uint8_t *at = bytes;
    do {
        size_t part = len < CONTENT_MAX ? len : CONTENT_MAX;
        wire_put(&b, 1, type);
        wire_put(&b, 2, version);
        wire_put_vector(&b, 2, at, part);
        at = part == 0 ? at : at + part;
        len -= part;
    } while (len > 0);
    return wire_built(&b, e);
}

/* --- ServerHello ---------------------------------------------------------------------------------
 */

bool wire_next_extension(struct wire_span *rest, uint16_t *out_type,
                         struct wire_span *out_content) {
    struct wire_reader r = wire_reader_of(*rest);
    *out_type = (uint16_t)wire_read(&r, 2);
    *out_content = wire_vector(&r, 2);
    *rest = (struct wire_span){.bytes = r.at, .len = r.is_failed ? 0 : r.left};
    return !r.is_failed;
}

struct wire_span wire_alpn_chosen(struct wire_span content) {
    struct wire_reader r = wire_reader_of(content);
    struct wire_reader list = wire_reader_of(wire_vector(&r, 2));
    struct wire_span name = wire_vector(&list, 1);
    return wire_is_done(&r) && wire_is_done(&list) ? name : (struct wire_span){0};
}

static bool read_share(struct wire_reader *r, struct wire_server_hello *out) {
    out->group = (uint16_t)wire_read(r, 2);
    if (!out->is_retry) {
        out->share = wire_vector(r, 2);
        out->has_share = true;
    }
    return wire_is_done(r);
}

static bool read_extension(uint16_t type, struct wire_span content, struct wire_server_hello *out) {
    struct wire_reader r = wire_reader_of(content);
    switch (type) {
    case WIRE_EXT_VERSIONS:
        out->version = (uint16_t)wire_read(&r, 2);
        return wire_is_done(&r);
    case WIRE_EXT_KEY_SHARE:
        return read_share(&r, out);
    case WIRE_EXT_COOKIE:
        out->cookie = wire_vector(&r, 2);
        return wire_is_done(&r);
    case WIRE_EXT_PRE_SHARED_KEY:
        out->has_psk = true;
        out->psk_index = (uint16_t)wire_read(&r, 2);
        return wire_is_done(&r);
    case WIRE_EXT_ALPN:
        out->protocol = wire_alpn_chosen(content);
        return out->protocol.len > 0;
    case WIRE_EXT_EXTENDED_MASTER_SECRET:
        out->has_extended_master_secret = true;
        return content.len == 0;
    case WIRE_EXT_ENCRYPT_THEN_MAC:
        out->has_encrypt_then_mac = true;
        return content.len == 0;
    case WIRE_EXT_RENEGOTIATION_INFO:
        out->has_renegotiation_info = true;
        return true;
    case WIRE_EXT_SESSION_TICKET:
        out->has_ticket = true;
        return true;
    case WIRE_EXT_STATUS_REQUEST:
        out->has_status_request = true;
        return true;
    case WIRE_EXT_HEARTBEAT:
        out->has_heartbeat = true;
        return true;
    }
    return true;
}

bool wire_server_hello_read(struct wire_span body, struct wire_server_hello *out) {
    struct wire_reader r = wire_reader_of(body);
    *out = (struct wire_server_hello){0};
    out->legacy_version = out->version = (uint16_t)wire_read(&r, 2);
    out->random = wire_take(&r, WIRE_RANDOM).bytes;
    out->session_id = wire_vector(&r, 1);
    out->suite = (uint16_t)wire_read(&r, 2);
    out->compression = (uint8_t)wire_read(&r, 1);
    if (r.is_failed || out->session_id.len > 32) {
        return false;
    }
    out->is_retry = memcmp(out->random, wire_retry_random, WIRE_RANDOM) == 0;
    if (r.left > 0) {
        out->extensions = wire_vector(&r, 2);
    }
    if (!wire_is_done(&r)) {
        return false;
    }
    struct wire_span rest = out->extensions;
    while (rest.len > 0) {
        uint16_t type = 0;
        struct wire_span content = {0};
        if (!wire_next_extension(&rest, &type, &content) || !read_extension(type, content, out)) {
            return false;
        }
    }
    return true;
}
