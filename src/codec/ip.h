/*
 * IP addresses as bytes and as text, and what kind of network they belong to. No I/O.
 * Source: RFC 4291, RFC 5952 (text), IANA special-purpose address registries (RFC 6890).
 */
#ifndef PL_CODEC_IP_H
#define PL_CODEC_IP_H

#include "base/compiler.h"

enum { IP_LEN_MAX = 16, IP_TEXT_SIZE = 46 };

struct ip {
    uint8_t bytes[IP_LEN_MAX];
    size_t len; /* 4 or 16 */
};

enum ip_kind {
    IP_PUBLIC,
    IP_PRIVATE,    /* 10/8, 172.16/12, 192.168/16, 100.64/10, fc00::/7 */
    IP_LOOPBACK,   /* 127/8, ::1 */
    IP_LINK_LOCAL, /* 169.254/16, fe80::/10 */
    IP_RESERVED,   /* the registries' other entries: unspecified, documentation, multicast, … */
};

/*
 * IPv4 as four decimal numbers without leading zeros, IPv6 in any of its text forms, also in
 * brackets. No zone ("%eth0"), no port, no spaces. False on anything else.
 */
bool ip_parse(const char *text, struct ip *out_ip);
/* From 4 or 16 bytes; false for other lengths. */
bool ip_from_bytes(const uint8_t *bytes, size_t len, struct ip *out_ip);
/* The one text form of RFC 5952, without brackets. */
void ip_format(const struct ip *ip, char out[IP_TEXT_SIZE]);
/* "192.0.2.0/24", "2001:db8::/32", or one address. Bits beyond the prefix must be 0. */
struct ip_network {
    struct ip ip;
    uint8_t bits;
};
bool ip_network_parse(const char *text, struct ip_network *out_network);
/* An IPv4 network has no IPv6 addresses, nor the other way round. */
bool ip_network_has(const struct ip_network *network, const struct ip *ip);

bool ip_equal(const struct ip *a, const struct ip *b);
/*
 * The network's kind. An IPv6 address that stands for an IPv4 one (::ffff:0:0/96, 64:ff9b::/96) has
 * the kind of that one.
 */
enum ip_kind ip_classify(const struct ip *ip);

#endif
