/*
 * Reads a TLS ClientHello from the first bytes of a connection, once, for all who need it: choosing
 * the binding, its policy and certificate, and saying what a client offered. The TLS library reads
 * the same bytes again and has the last word on whether they are well formed. Pure functions.
 *
 * Source: RFC 8446 §4.1.2, §5.1; RFC 5246 §7.4.1.2; RFC 6066 §3; RFC 7301
 */
#ifndef PL_CODEC_CLIENT_HELLO_H
#define PL_CODEC_CLIENT_HELLO_H

#include "base/buf.h"
#include "base/compiler.h"

enum {
    CLIENT_HELLO_MAX =
        32 * 1024, /* bytes of the message; with post-quantum shares, about 2 KiB are usual */
    CLIENT_HELLO_RANDOM_LEN = 32,
};

enum client_hello_result {
    CLIENT_HELLO_WHOLE,
    CLIENT_HELLO_MORE, /* so far well formed; more bytes are needed */
    CLIENT_HELLO_HTTP, /* plain HTTP: a letter where a record should begin */
    CLIENT_HELLO_NOT_TLS,
    CLIENT_HELLO_MALFORMED,
    CLIENT_HELLO_TOO_LARGE,
};

struct client_hello_part {
    const uint8_t *bytes;
    size_t len;
};

/* Parts point into the bytes read, or into joined. Lists are the bytes inside the list's length. */
struct client_hello {
    uint16_t legacy_version;
    const uint8_t *random; /* CLIENT_HELLO_RANDOM_LEN */
    struct client_hello_part session_id;
    struct client_hello_part suites;      /* two bytes each */
    struct client_hello_part extensions;  /* type, length, content */
    struct client_hello_part server_name; /* bytes NULL when none was sent */
    struct client_hello_part versions;    /* supported_versions, two bytes each */
    struct client_hello_part schemes;     /* signature_algorithms, two bytes each */
    struct client_hello_part groups;      /* supported_groups, two bytes each */
    struct client_hello_part protocols;   /* ALPN, one length byte each */
    struct client_hello_part key_shares;  /* of TLS 1.3: group, length, key */
};

/*
 * bytes   the connection's first bytes, all of them at each call
 * joined  a caller's buffer; holds the message when it comes in several records
 */
enum client_hello_result client_hello_read(const uint8_t *bytes, size_t len, struct buf *joined,
                                           struct client_hello *out_hello);

/*
 * The next extension, in the client's order; *rest begins as hello's extensions. False at the end.
 */
bool client_hello_next_extension(struct client_hello_part *rest, uint16_t *out_type,
                                 struct client_hello_part *out_content);
/* The next group for which a key was sent along; *rest begins as hello's key_shares. */
bool client_hello_next_key_share(struct client_hello_part *rest, uint16_t *out_group);
/* The next ALPN protocol; *rest begins as hello's protocols. */
bool client_hello_next_protocol(struct client_hello_part *rest,
                                struct client_hello_part *out_protocol);

/* True when the two-byte value is in the list. */
bool client_hello_lists(struct client_hello_part list, uint16_t value);

/* The highest version offered; GREASE is not counted (RFC 8701). */
uint16_t client_hello_version_max(const struct client_hello *hello);

#endif
