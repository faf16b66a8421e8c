/*
 * IP addresses. Pure functions over inet_pton and inet_ntop; the networks are IANA's
 * special-purpose registries as of 2026, first match wins.
 */
#include "codec/ip.h"

#include <arpa/inet.h>
#include <string.h>

struct network {
    uint8_t prefix[IP_LEN_MAX];
    unsigned prefix_bits;
    enum ip_kind kind;
};

static const struct network ipv4_networks[] = {
    {{10}, 8, IP_PRIVATE},
    {{100, 64}, 10, IP_PRIVATE}, /* shared by carriers, RFC 6598 */
    {{127}, 8, IP_LOOPBACK},
    {{169, 254}, 16, IP_LINK_LOCAL},
    {{172, 16}, 12, IP_PRIVATE},
    {{192, 168}, 16, IP_PRIVATE},
    {{192, 0, 0, 9}, 32, IP_PUBLIC}, /* anycast, RFC 7723 and RFC 8155 */
    {{192, 0, 0, 10}, 32, IP_PUBLIC},
    {{0}, 8, IP_RESERVED},
    {{192, 0, 0}, 24, IP_RESERVED},
    {{192, 0, 2}, 24, IP_RESERVED},
    {{192, 88, 99}, 24, IP_RESERVED},
    {{198, 18}, 15, IP_RESERVED},
    {{198, 51, 100}, 24, IP_RESERVED},
    {{203, 0, 113}, 24, IP_RESERVED},
    {{224}, 4, IP_RESERVED},
    {{240}, 4, IP_RESERVED},
};

/* What no line matches lies outside 2000::/3 and has been given to no one: reserved. */
static const struct network ipv6_networks[] = {
    {{[15] = 1}, 128, IP_LOOPBACK},
    {{0xfe, 0x80}, 10, IP_LINK_LOCAL},
    {{0xfc}, 7, IP_PRIVATE},
    {{0x20, 0x01, 0x00, 0x03}, 32, IP_PUBLIC},             /* AMT */
    {{0x20, 0x01, 0x00, 0x04, 0x01, 0x12}, 48, IP_PUBLIC}, /* AS112 */
    {{0x20, 0x01, 0x00, 0x20}, 28, IP_PUBLIC},             /* ORCHIDv2 */
    {{0x20, 0x01, 0x00, 0x30}, 28, IP_PUBLIC},             /* drone remote identification */
    {{0x20, 0x01, 0x00}, 23, IP_RESERVED},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, IP_RESERVED},
    {{0x20, 0x02}, 16, IP_RESERVED},
    {{0x3f, 0xff}, 20, IP_RESERVED},
    {{0x20}, 3, IP_PUBLIC},
};

bool ip_from_bytes(const uint8_t *bytes, size_t len, struct ip *out_ip) {
    if (len != 4 && len != IP_LEN_MAX) {
        return false;
    }
    *out_ip = (struct ip){.len = len};
    memcpy(out_ip->bytes, bytes, len);
    return true;
}

/*
 * The text without its brackets; false when it is too long for an address or the brackets are not a
 * pair.
 */
static bool strip_brackets(const char *text, char out[IP_TEXT_SIZE], bool *out_had_brackets) {
    size_t len = strlen(text);
    bool opens = text[0] == '[';
    if (opens && (len < 2 || text[len - 1] != ']')) {
        return false;
    }
    size_t from = opens ? 1 : 0;
    len -= 2 * from;
    if (len == 0 || len >= IP_TEXT_SIZE) {
        return false;
    }
    memcpy(out, text + from, len);
    out[len] = '\0';
    *out_had_brackets = opens;
    return true;
}

bool ip_parse(const char *text, struct ip *out_ip) {
    char bare[IP_TEXT_SIZE];
    bool had_brackets = false;
    if (!strip_brackets(text, bare, &had_brackets)) {
        return false;
    }
    struct ip ip = {0};
    if (!had_brackets && inet_pton(AF_INET, bare, ip.bytes) == 1) {
        ip.len = 4;
    } else if (inet_pton(AF_INET6, bare, ip.bytes) == 1) {
        ip.len = IP_LEN_MAX;
    } else {
        return false;
    }
    *out_ip = ip;
    return true;
}

void ip_format(const struct ip *ip, char out[IP_TEXT_SIZE]) {
    PL_BUG_UNLESS(ip->len == 4 || ip->len == IP_LEN_MAX);
    const char *text = inet_ntop(ip->len == 4 ? AF_INET : AF_INET6, ip->bytes, out, IP_TEXT_SIZE);
    PL_BUG_UNLESS(text != NULL);
}

bool ip_equal(const struct ip *a, const struct ip *b) {
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static bool is_within(const uint8_t *address, const struct network *network) {
    unsigned whole = network->prefix_bits / 8;
    unsigned rest = network->prefix_bits % 8;
    if (memcmp(address, network->prefix, whole) != 0) {
        return false;
    }
    return rest == 0 || ((address[whole] ^ network->prefix[whole]) >> (8 - rest)) == 0;
}

static enum ip_kind find_kind(const uint8_t *address, const struct network *networks, size_t count,
                              enum ip_kind otherwise) {
    for (size_t i = 0; i < count; i++) {
        if (is_within(address, &networks[i])) {
            return networks[i].kind;
        }
    }
    return otherwise;
}

/* The IPv4 address that an IPv6 one stands for (::ffff:0:0/96, NAT64's 64:ff9b::/96), or NULL. */
static const uint8_t *embedded_ipv4(const struct ip *ip) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    bool embeds = memcmp(ip->bytes, mapped, sizeof(mapped)) == 0 ||
                  memcmp(ip->bytes, nat64, sizeof(nat64)) == 0;
    return embeds ? ip->bytes + sizeof(mapped) : NULL;
}

enum ip_kind ip_classify(const struct ip *ip) {
    const uint8_t *ipv4 = ip->len == 4 ? ip->bytes : embedded_ipv4(ip);
    if (ipv4 != NULL) {
        return find_kind(ipv4, ipv4_networks, PL_ARRAY_LEN(ipv4_networks), IP_PUBLIC);
    }
    return find_kind(ip->bytes, ipv6_networks, PL_ARRAY_LEN(ipv6_networks), IP_RESERVED);
}

/* --- networks ------------------------------------------------------------------------------------
 */

static bool same_prefix(const struct ip *a, const struct ip *b, unsigned bits) {
    size_t whole = bits / 8;
    unsigned mask = bits % 8 == 0 ? 0 : 0xff00U >> bits % 8 & 0xffU;
    return a->len == b->len && memcmp(a->bytes, b->bytes, whole) == 0 &&
           (mask == 0 || ((unsigned)(a->bytes[whole] ^ b->bytes[whole]) & mask) == 0);
}

static bool read_bits(const char *text, unsigned max, uint8_t *out_bits) {
    unsigned bits = 0;
    size_t len = strlen(text);
    if (len == 0 || len > 3 || (text[0] == '0' && len > 1)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        bits = bits * 10 + (unsigned)(text[i] - '0');
    }
    *out_bits = (uint8_t)bits;
    return bits <= max;
}

bool ip_network_parse(const char *text, struct ip_network *out_network) {
    struct ip_network network = {0};
    char address[IP_TEXT_SIZE];
    struct ip zero = {0};
    const char *slash = strchr(text, '/');
    size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
    if (len >= sizeof(address)) {
        return false;
    }
    memcpy(address, text, len);
    address[len] = '\0';
    if (!ip_parse(address, &network.ip)) {
        return false;
    }
    unsigned max = (unsigned)network.ip.len * 8;
    network.bits = (uint8_t)max;
    if (slash != NULL && !read_bits(slash + 1, max, &network.bits)) {
        return false;
    }
    /* What is beyond the prefix. */
    zero.len = network.ip.len;
    memcpy(zero.bytes, network.ip.bytes, network.bits / 8);
    if (network.bits % 8 != 0) {
        zero.bytes[network.bits / 8] =
            (uint8_t)(network.ip.bytes[network.bits / 8] & 0xff00 >> network.bits % 8);
    }
    if (!ip_equal(&zero, &network.ip)) {
        return false;
    }
    *out_network = network;
    return true;
}

bool ip_network_has(const struct ip_network *network, const struct ip *ip) {
    return same_prefix(&network->ip, ip, network->bits);
}
