/*
 * The two hellos, for whoever observes servers: a ClientHello built from a wish, a ServerHello read
 * into its values. No state, no I/O; what a value means is tls/registry.h's.
 *
 * Source: RFC 8446 §4.1, §4.2; RFC 5246 §7.4.1; RFC 6066, 7301, 7366, 7627, 5746, 5077
 */
#ifndef PL_INSPECT_WIRE_HELLO_H
#define PL_INSPECT_WIRE_HELLO_H

#include "base/buf.h"
#include "inspect/wire/numbers.h"
#include "inspect/wire/reader.h"

enum { WIRE_CLIENT_HELLO_MAX = 32 * 1024, WIRE_SHARES_MAX = 8 };

struct wire_list {
    const uint16_t *items;
    size_t count;
};

struct wire_share {
    uint16_t group;
    struct wire_span key;
};

/* Everything that is empty or false is left out. Spans and lists are borrowed. */
struct wire_client_hello {
    uint16_t legacy_version; /* of the message; 0x0303 from TLS 1.2 on */
    const uint8_t *random;   /* WIRE_RANDOM bytes */
    struct wire_span session_id;
    struct wire_list suites;
    const char *server_name;
    const char *protocols; /* ALPN, "h2,http/1.1" */
    struct wire_list versions;
    struct wire_list groups;
    struct wire_list schemes;
    struct wire_list compressions; /* of certificates */
    const struct wire_share *shares;
    size_t share_count;
    bool has_key_share; /* the extension, also without a share */
    struct wire_span cookie;
    bool has_extended_master_secret;
    bool has_encrypt_then_mac;
    bool has_renegotiation_info;
    struct wire_span renegotiated; /* verify_data of the handshake before; empty: the first */
    bool has_status_request;
    bool has_sct;
    bool has_ticket; /* session_ticket, with ticket or empty */
    struct wire_span ticket;
    /* The binder's bytes are zeros: whoever knows the key fills them in, at the message's end. */
    struct wire_span psk_identity;
    uint32_t psk_obfuscated_age;
    size_t psk_binder_len;
    bool has_psk_modes;
    bool has_early_data;
    bool has_heartbeat;      /* RFC 6520: peer may send */
    bool offers_compression; /* DEFLATE before "none" (RFC 3749) */
    bool has_no_extensions;  /* SSL 3.0 */
};

/*
 * Appends the whole handshake message, header and all. An address is no server_name: the caller
 * leaves it out. Fails base.limit, base.oom
 */
bool wire_client_hello_build(const struct wire_client_hello *wish, struct buf *out, struct err *e)
    PL_MUST_USE;

/* Appends records of at most 16 KiB around a message. Fails base.limit, base.oom */
bool wire_record_wrap(uint8_t type, uint16_t version, const void *bytes, size_t len,
                      struct buf *out, struct err *e) PL_MUST_USE;

/* Spans point into the message. */
struct wire_server_hello {
    uint16_t legacy_version;
    uint16_t version; /* supported_versions', else legacy_version */
    const uint8_t *random;
    struct wire_span session_id;
    uint16_t suite;
    uint8_t compression;
    bool is_retry; /* a HelloRetryRequest */
    struct wire_span extensions;
    bool has_share;
    uint16_t group; /* of the share, or wanted by a retry; 0: none */
    struct wire_span share;
    struct wire_span cookie;
    struct wire_span protocol; /* ALPN before TLS 1.3 */
    bool has_psk;
    uint16_t psk_index;
    bool has_extended_master_secret;
    bool has_encrypt_then_mac;
    bool has_renegotiation_info;
    bool has_ticket;
    bool has_status_request;
    bool has_heartbeat;
};

/* The message's body, without its header. False when it is malformed. */
bool wire_server_hello_read(struct wire_span body, struct wire_server_hello *out);
/* The next extension; *rest begins as the list. False at the end or when it is malformed. */
bool wire_next_extension(struct wire_span *rest, uint16_t *out_type, struct wire_span *out_content);
/* The one protocol of a server's ALPN extension; empty when malformed. */
struct wire_span wire_alpn_chosen(struct wire_span content);

#endif
