/* Capture files. Numbers are little-endian in pcapng's blocks and big-endian in packets. */
#include "inspect/trace/capture.h"

#include "base/clock.h"
#include "base/hex.h"
#include "codec/ip.h"
#include "inspect/wire/builder.h"
#include "inspect/trace/told.h"

#include <string.h>

enum {
    BLOCK_SECTION = 0x0A0D0D0A,
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
    BLOCK_SECRETS = 10,
    SECRETS_TLS = 0x544C534B,
    LINK_RAW = 101, /* packets begin with their IP header */
    TCP_FIN = 1,
    TCP_SYN = 2,
    TCP_PUSH = 8,
    TCP_ACK = 16,
    PROTOCOL_TCP = 6,
    SEGMENT_MAX = 1400,
    KEY_LOG_MAX = 256 * 1024,
    PACKET_MAX = 2048,
};

/* --- blocks --------------------------------------------------------------------------------------
 */

static void put_little(struct wire_builder *b, size_t size, uint32_t number) {
    for (size_t i = 0; i < size; i++) {
        const uint8_t byte = (uint8_t)(number >> (8 * i));
        wire_put_bytes(b, &byte, 1);
    }
}

static void put_padding(struct wire_builder *b, size_t len) {
    static const uint8_t zeros[4];
    wire_put_bytes(b, zeros, (4 - len % 4) % 4);
}

static void put_block(struct wire_builder *b, uint32_t type, const struct buf *body) {
    uint32_t len = (uint32_t)(12 + body->len + (4 - body->len % 4) % 4);
    put_little(b, 4, type);
    put_little(b, 4, len);
    wire_put_bytes(b, body->data, body->len);
    put_padding(b, body->len);
    put_little(b, 4, len);
}

static void put_head(struct wire_builder *b) {
    PL_AUTO(buf_clear) struct buf section = {.max = 64};
    PL_AUTO(buf_clear) struct buf interface = {.max = 64};
    struct wire_builder s = {.out = &section};
    struct wire_builder i = {.out = &interface};
    put_little(&s, 4, 0x1A2B3C4D);
    put_little(&s, 2, 1);
    put_little(&s, 2, 0);
    put_little(&s, 4, UINT32_MAX); /* the section's length is not told */
    put_little(&s, 4, UINT32_MAX);
    put_little(&i, 2, LINK_RAW);
    put_little(&i, 2, 0);
    put_little(&i, 4, 0);
    b->is_failed = b->is_failed || s.is_failed || i.is_failed;
    put_block(b, BLOCK_SECTION, &section);
    put_block(b, BLOCK_INTERFACE, &interface);
}

bool trace_key_log(const json_t *document, struct buf *out, struct err *e) {
    const json_t *handshakes = json_object_get(document, "handshakes");
    bool ok = true;
    for (size_t i = 0; ok && i < json_array_size(handshakes); i++) {
        const json_t *lines = json_object_get(json_array_get(handshakes, i), "key_log");
        for (size_t n = 0; ok && n < json_array_size(lines); n++) {
            const char *line = json_string_value(json_array_get(lines, n));
            ok = line == NULL || strpbrk(line, "\r\n") != NULL ||
                 (buf_append_string(out, line, e) && buf_append_byte(out, '\n', e));
        }
    }
    return ok;
}

static void put_secrets(struct wire_builder *b, const json_t *document) {
    PL_AUTO(buf_cleanse) struct buf log = {.max = KEY_LOG_MAX};
    PL_AUTO(buf_cleanse) struct buf body = {.max = KEY_LOG_MAX + 64};
    struct wire_builder s = {.out = &body};
    b->is_failed = b->is_failed || !trace_key_log(document, &log, NULL);
    if (log.len == 0) {
        return;
    }
    put_little(&s, 4, SECRETS_TLS);
    put_little(&s, 4, (uint32_t)log.len);
    wire_put_bytes(&s, log.data, log.len);
    b->is_failed = b->is_failed || s.is_failed;
    put_block(b, BLOCK_SECRETS, &body);
}

/* --- packets -------------------------------------------------------------------------------------
 */

struct side {
    uint8_t address[16];
    uint16_t port;
    uint32_t sequence;
};

struct flow {
    struct wire_builder *b;
    bool is_ip6;
    struct side sides[2]; /* client, server */
    int64_t time_us;
};

static uint32_t sum_words(const uint8_t *bytes, size_t len, uint32_t sum) {
    for (size_t i = 0; i < len; i++) {
        sum += (uint32_t)bytes[i] << (i % 2 == 0 ? 8 : 0);
    }
    return sum;
}

static uint16_t fold(uint32_t sum) {
    while (sum >> 16 != 0) {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

static void set_number(uint8_t *at, uint16_t number) {
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

static void put_ip_header(struct wire_builder *p, const struct flow *flow, const struct side *from,
                          const struct side *to, size_t tcp_len) {
    if (flow->is_ip6) {
        wire_put(p, 4, 0x60000000);
        wire_put(p, 2, (uint32_t)tcp_len);
        wire_put(p, 1, PROTOCOL_TCP);
        wire_put(p, 1, 64);
        wire_put_bytes(p, from->address, 16);
        wire_put_bytes(p, to->address, 16);
        return;
    }
    wire_put(p, 2, 0x4500);
    wire_put(p, 2, (uint32_t)(20 + tcp_len));
    wire_put(p, 4, 0x00004000); /* not to be fragmented */
    wire_put(p, 1, 64);
    wire_put(p, 1, PROTOCOL_TCP);
    wire_put(p, 2, 0);
    wire_put_bytes(p, from->address, 4);
    wire_put_bytes(p, to->address, 4);
}

static void set_checksums(struct buf *packet, const struct flow *flow, size_t tcp_len) {
    uint8_t *ip = packet->data;
    size_t header = flow->is_ip6 ? 40 : 20;
    const uint8_t *addresses = flow->is_ip6 ? ip + 8 : ip + 12;
    uint32_t sum = PROTOCOL_TCP + (uint32_t)tcp_len;
    sum = sum_words(addresses, flow->is_ip6 ? 32 : 8, sum);
    set_number(ip + header + 16, fold(sum_words(ip + header, tcp_len, sum)));
    if (!flow->is_ip6) {
        set_number(ip + 10, fold(sum_words(ip, header, 0)));
    }
}

static void put_packet(struct flow *flow, const struct buf *packet) {
    PL_AUTO(buf_clear) struct buf body = {.max = PACKET_MAX + 64};
    struct wire_builder p = {.out = &body};
    put_little(&p, 4, 0);
    put_little(&p, 4, (uint32_t)((uint64_t)flow->time_us >> 32));
    put_little(&p, 4, (uint32_t)flow->time_us);
    put_little(&p, 4, (uint32_t)packet->len);
    put_little(&p, 4, (uint32_t)packet->len);
    wire_put_bytes(&p, packet->data, packet->len);
    flow->b->is_failed = flow->b->is_failed || p.is_failed;
    put_block(flow->b, BLOCK_PACKET, &body);
}

static void put_segment(struct flow *flow, bool is_client, uint8_t flags, const uint8_t *bytes,
                        size_t len) {
    PL_AUTO(buf_clear) struct buf packet = {.max = PACKET_MAX};
    struct wire_builder p = {.out = &packet};
    struct side *from = &flow->sides[is_client ? 0 : 1];
    const struct side *to = &flow->sides[is_client ? 1 : 0];
    bool is_first = flags == TCP_SYN;
    put_ip_header(&p, flow, from, to, 20 + len);
    wire_put(&p, 2, from->port);
    wire_put(&p, 2, to->port);
    wire_put(&p, 4, from->sequence);
    wire_put(&p, 4, is_first ? 0 : to->sequence);
    wire_put(&p, 1, 5 << 4);
    wire_put(&p, 1, flags);
    wire_put(&p, 2, 65535);
    wire_put(&p, 4, 0);
    wire_put_bytes(&p, bytes, len);
    if (p.is_failed) {
        flow->b->is_failed = true;
        return;
    }
    set_checksums(&packet, flow, 20 + len);
    put_packet(flow, &packet);
    from->sequence += (uint32_t)len + ((flags & (TCP_SYN | TCP_FIN)) != 0 ? 1 : 0);
}

static void put_bytes(struct flow *flow, bool is_client, const uint8_t *bytes, size_t len) {
    while (len > 0) {
        size_t part = len < SEGMENT_MAX ? len : SEGMENT_MAX;
        put_segment(flow, is_client, TCP_PUSH | TCP_ACK, bytes, part);
        bytes += part;
        len -= part;
    }
}

static void put_record(struct flow *flow, const json_t *record) {
    PL_AUTO(buf_clear) struct buf bytes = {.max = 64 * 1024};
    const char *digits = told_text(record, "bytes");
    size_t len = strlen(digits);
    if (len == 0 || len % 2 != 0 || !buf_reserve(&bytes, len / 2, NULL) ||
        !hex_decode(digits, len, bytes.data)) {
        return;
    }
    put_bytes(flow, strcmp(told_text(record, "from"), "client") == 0, bytes.data, len / 2);
}

static void put_handshake(struct flow *flow, const json_t *handshake, int64_t start_us) {
    const json_t *records = json_object_get(handshake, "records");
    flow->time_us = start_us;
    put_segment(flow, true, TCP_SYN, NULL, 0);
    put_segment(flow, false, TCP_SYN | TCP_ACK, NULL, 0);
    put_segment(flow, true, TCP_ACK, NULL, 0);
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *record = json_array_get(records, i);
        flow->time_us = start_us + told_number(record, "time_us");
        put_record(flow, record);
    }
    put_segment(flow, true, TCP_FIN | TCP_ACK, NULL, 0);
    put_segment(flow, false, TCP_FIN | TCP_ACK, NULL, 0);
    put_segment(flow, true, TCP_ACK, NULL, 0);
}

/* An address that is none becomes loopback's. */
static bool set_address(struct side *side, const char *text) {
    static const uint8_t loopback[] = {127, 0, 0, 1};
    struct ip ip;
    if (!ip_parse(text, &ip)) {
        memcpy(side->address, loopback, sizeof(loopback));
        return false;
    }
    memcpy(side->address, ip.bytes, ip.len);
    return ip.len == 16;
}

bool trace_capture(const json_t *document, struct buf *out, struct err *e) {
    const json_t *handshakes = json_object_get(document, "handshakes");
    struct wire_builder b = {.out = out};
    struct side client = {.sequence = 1000, .port = (uint16_t)told_number(document, "client_port")};
    struct side server = {.sequence = 2000, .port = (uint16_t)told_number(document, "port")};
    int64_t start_ms = 0;
    struct err no_time = {0};
    bool is_ip6 = set_address(&client, told_text(document, "client_address"));
    is_ip6 = set_address(&server, told_text(document, "address")) && is_ip6;
    (void)!clock_parse(told_text(document, "time"), &start_ms, &no_time);
    put_head(&b);
    put_secrets(&b, document);
    for (size_t i = 0; i < json_array_size(handshakes) && i < 64; i++) {
        struct flow flow = {.b = &b, .is_ip6 = is_ip6, .sides = {client, server}};
        flow.sides[0].port = (uint16_t)(client.port - i);
        put_handshake(&flow, json_array_get(handshakes, i), start_ms * 1000 + (int64_t)i * 1000000);
    }
    return wire_built(&b, e);
}
