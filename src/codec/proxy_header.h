/*
 * Reads the PROXY protocol's header, versions 1 and 2: before anything else on a connection, a
 * proxy in front of us says who its client is. Pure functions.
 *
 * Not done: who may say so is the caller's to know; what else a version 2 header tells (TLVs, its
 * checksum too) is skipped unread.
 * Limits: PROXY_HEADER_V1_MAX, PROXY_HEADER_V2_MAX bytes. Source: haproxy, doc/proxy-protocol.txt
 */
#ifndef PL_CODEC_PROXY_HEADER_H
#define PL_CODEC_PROXY_HEADER_H

#include "base/compiler.h"
#include "codec/ip.h"

enum {
    PROXY_HEADER_V1_MAX = 107,       /* the longest line of version 1 with its end */
    PROXY_HEADER_V2_MAX = 16 + 2048, /* its fixed part, addresses and TLVs */
};

enum proxy_header_result {
    PROXY_HEADER_WHOLE,
    PROXY_HEADER_MORE, /* so far well formed; more bytes are needed */
    PROXY_HEADER_MALFORMED,
};

struct proxy_header {
    struct ip client; /* len 0: not told (UNKNOWN, LOCAL, a local socket): it is the proxy itself */
    uint16_t port;
};

/*
 * bytes       the connection's first bytes, all of them at each call
 * out_header  only with PROXY_HEADER_WHOLE
 * out_len     how many bytes the header is; what follows is the client's; only with
 *             PROXY_HEADER_WHOLE
 */
enum proxy_header_result proxy_header_read(const uint8_t *bytes, size_t len,
                                           struct proxy_header *out_header, size_t *out_len)
    PL_MUST_USE;

#endif
