/* TLS inside the packets of TDS 7. */
#include "inspect/observe/tds.h"

#include "inspect/wire/builder.h"
#include "inspect/wire/numbers.h"

enum { SENT_MAX = 4096, LAST = 1 };

void tds_reader_clear(struct tds_reader *r) {
    buf_clear(&r->in);
}

static bool is_record(uint8_t first) {
    return first >= WIRE_CHANGE_CIPHER_SPEC && first <= WIRE_HEARTBEAT;
}

/* The next packet's content to out; false when it is not whole, or (an error) none. */
static bool take_packet(struct tds_reader *r, struct buf *out, struct err *e) {
    const uint8_t *at = r->in.data;
    if (at[0] != TDS_PRELOGIN && at[0] != TDS_RESPONSE) {
        return err_set(e, ERR_OBSERVE_NOT_TLS, "the server does not go on with TLS");
    }
    if (r->in.len < TDS_HEADER) {
        return false;
    }
    size_t len = (size_t)at[2] << 8 | at[3];
    if (len < TDS_HEADER || len > TDS_PACKET_MAX) {
        return err_set(e, ERR_OBSERVE_NOT_TLS, "the server sent a packet that is too long");
    }
    if (r->in.len < len || !buf_append(out, at + TDS_HEADER, len - TDS_HEADER, e)) {
        return false;
    }
    buf_consume(&r->in, len);
    return true;
}

bool tds_unwrap(struct tds_reader *r, const uint8_t *bytes, size_t len, struct buf *out,
                struct err *e) {
    struct err fault = {0};
    r->in.max = TDS_PACKET_MAX * 4;
    if (r->is_unpacked) {
        return buf_append(out, bytes, len, e);
    }
    if (!buf_append(&r->in, bytes, len, e)) {
        return false;
    }
    while (r->in.len > 0) {
        if (is_record(r->in.data[0])) {
            r->is_unpacked = true;
            bool ok = buf_append(out, r->in.data, r->in.len, e);
            buf_reset(&r->in);
            return ok;
        }
        if (!take_packet(r, out, &fault)) {
            if (fault.code == ERR_NONE) {
                return true;
            }
            if (e != NULL) {
                *e = fault;
            }
            return false;
        }
    }
    return true;
}

bool tds_wrap(struct buf *tls, struct buf *out, struct err *e) {
    uint32_t number = 1;
    while (tls->len > 0) {
        struct wire_builder b = {.out = out};
        size_t part = tls->len < SENT_MAX - TDS_HEADER ? tls->len : SENT_MAX - TDS_HEADER;
        wire_put(&b, 1, TDS_PRELOGIN);
        wire_put(&b, 1, part == tls->len ? LAST : 0);
        wire_put(&b, 2, (uint32_t)(part + TDS_HEADER));
        wire_put(&b, 2, 0); /* the server's process */
        wire_put(&b, 1, number++ & 0xFF);
        wire_put(&b, 1, 0);
        wire_put_bytes(&b, tls->data, part);
        if (!wire_built(&b, e)) {
            return false;
        }
        buf_consume(tls, part);
    }
    return true;
}
