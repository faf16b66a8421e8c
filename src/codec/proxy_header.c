/* The PROXY protocol's header. */
#include "codec/proxy_header.h"

#include <string.h>

enum {
    V2_FIXED_LEN = 16,
    V2_COMMAND = 12, /* where they are */
    V2_FAMILY = 13,
    V2_LEN = 14,
    V2_LOCAL = 0x20,
    V2_PROXY = 0x21,
    V2_UNSPEC = 0x00,
    V2_TCP4 = 0x11,
    V2_TCP6 = 0x21,
    V2_UNIX_STREAM = 0x31,
    V2_TCP4_LEN = 12,
    V2_TCP6_LEN = 36,
    IP4_LEN = 4,
    PORT_DIGITS_MAX = 5,
};

static const uint8_t v2_signature[] = {'\r', '\n', '\r', '\n', 0,   '\r',
                                       '\n', 'Q',  'U',  'I',  'T', '\n'};
static const char v1_signature[] = "PROXY ";

/* --- version 1 -----------------------------------------------------------------------------------
 */

/* The next word of the line, and the one space after it; false when there is none. */
static bool take_word(const char **at, const char *end, char *out, size_t size) {
    const char *stop = memchr(*at, ' ', (size_t)(end - *at));
    size_t len = (size_t)((stop == NULL ? end : stop) - *at);
    if (len == 0 || len >= size) {
        return false;
    }
    memcpy(out, *at, len);
    out[len] = '\0';
    *at += len + (stop == NULL ? 0 : 1);
    return strlen(out) == len;
}

static bool read_ip(const char **at, const char *end, size_t ip_len, struct ip *out) {
    char text[IP_TEXT_SIZE];
    return take_word(at, end, text, sizeof(text)) && text[0] != '[' && ip_parse(text, out) &&
           out->len == ip_len;
}

static bool read_port(const char **at, const char *end, uint16_t *out) {
    char text[PORT_DIGITS_MAX + 1];
    uint32_t port = 0;
    if (!take_word(at, end, text, sizeof(text)) || (text[0] == '0' && text[1] != '\0')) {
        return false;
    }
    for (const char *digit = text; *digit != '\0'; digit++) {
        if (*digit < '0' || *digit > '9') {
            return false;
        }
        port = port * 10 + (uint32_t)(*digit - '0');
    }
    *out = (uint16_t)port;
    return port <= UINT16_MAX;
}

/* "TCP4 SOURCE DESTINATION SOURCE-PORT DESTINATION-PORT", or "UNKNOWN" and anything. */
static bool read_line(const char *at, const char *end, struct proxy_header *out) {
    char family[8];
    struct ip destination;
    uint16_t destination_port = 0;
    if (!take_word(&at, end, family, sizeof(family))) {
        return false;
    }
    if (strcmp(family, "UNKNOWN") == 0) {
        return true;
    }
    size_t ip_len = strcmp(family, "TCP4") == 0   ? IP4_LEN
                    : strcmp(family, "TCP6") == 0 ? IP_LEN_MAX
                                                  : 0;
    return ip_len != 0 && read_ip(&at, end, ip_len, &out->client) &&
           read_ip(&at, end, ip_len, &destination) && read_port(&at, end, &out->port) &&
           read_port(&at, end, &destination_port) && at == end && end[-1] != ' ';
}

static enum proxy_header_result read_v1(const uint8_t *bytes, size_t len,
                                        struct proxy_header *out_header, size_t *out_len) {
    size_t max = len < PROXY_HEADER_V1_MAX ? len : PROXY_HEADER_V1_MAX;
    const uint8_t *end = memchr(bytes, '\n', max);
    if (end == NULL) {
        return len < PROXY_HEADER_V1_MAX ? PROXY_HEADER_MORE : PROXY_HEADER_MALFORMED;
    }
    const char *line = (const char *)bytes + sizeof(v1_signature) - 1;
    const char *stop = (const char *)end - 1;
    if (stop < line || *stop != '\r' || !read_line(line, stop, out_header)) {
        return PROXY_HEADER_MALFORMED;
    }
    *out_len = (size_t)(end - bytes) + 1;
    return PROXY_HEADER_WHOLE;
}

/* --- version 2 -----------------------------------------------------------------------------------
 */

static uint16_t read_u16(const uint8_t *at) {
    return (uint16_t)(at[0] << 8 | at[1]);
}

static bool read_addresses(const uint8_t *fixed, size_t len, struct proxy_header *out) {
    const uint8_t *at = fixed + V2_FIXED_LEN;
    size_t ip_len = 0;
    switch (fixed[V2_FAMILY]) {
    case V2_UNSPEC:
    case V2_UNIX_STREAM:
        return true;
    case V2_TCP4:
        ip_len = len >= V2_TCP4_LEN ? IP4_LEN : 0;
        break;
    case V2_TCP6:
        ip_len = len >= V2_TCP6_LEN ? IP_LEN_MAX : 0;
        break;
    default:
        return false;
    }
    if (ip_len == 0 || !ip_from_bytes(at, ip_len, &out->client)) {
        return false;
    }
    out->port = read_u16(at + 2 * ip_len);
    return true;
}

static enum proxy_header_result read_v2(const uint8_t *bytes, size_t len,
                                        struct proxy_header *out_header, size_t *out_len) {
    if (len < V2_FIXED_LEN) {
        return PROXY_HEADER_MORE;
    }
    size_t rest = read_u16(bytes + V2_LEN);
    uint8_t command = bytes[V2_COMMAND];
    if ((command != V2_LOCAL && command != V2_PROXY) || V2_FIXED_LEN + rest > PROXY_HEADER_V2_MAX) {
        return PROXY_HEADER_MALFORMED;
    }
    if (len - V2_FIXED_LEN < rest) {
        return PROXY_HEADER_MORE;
    }
    if (command == V2_PROXY && !read_addresses(bytes, rest, out_header)) {
        return PROXY_HEADER_MALFORMED;
    }
    *out_len = V2_FIXED_LEN + rest;
    return PROXY_HEADER_WHOLE;
}

static bool begins(const uint8_t *bytes, size_t len, const void *signature, size_t signature_len) {
    return memcmp(bytes, signature, len < signature_len ? len : signature_len) == 0;
}

enum proxy_header_result proxy_header_read(const uint8_t *bytes, size_t len,
                                           struct proxy_header *out_header, size_t *out_len) {
    struct proxy_header header = {0};
    enum proxy_header_result result = PROXY_HEADER_MORE;
    if (len == 0) {
        return PROXY_HEADER_MORE;
    }
    if (begins(bytes, len, v2_signature, sizeof(v2_signature))) {
        result = read_v2(bytes, len, &header, out_len);
    } else if (!begins(bytes, len, v1_signature, sizeof(v1_signature) - 1)) {
        result = PROXY_HEADER_MALFORMED;
    } else if (len >= sizeof(v1_signature) - 1) {
        result = read_v1(bytes, len, &header, out_len);
    }
    if (result == PROXY_HEADER_WHOLE) {
        *out_header = header;
    }
    return result;
}
