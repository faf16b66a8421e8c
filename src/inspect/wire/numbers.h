/*
 * The numbers of the protocol itself: records, handshake messages, alerts, and the names that are
 * not in tls/registry.h. Pure tables.
 *
 * Source: RFC 8446 §4, §5.1, §6; RFC 5246 §7; RFC 6101 (SSL 3.0)
 */
#ifndef PL_INSPECT_WIRE_NUMBERS_H
#define PL_INSPECT_WIRE_NUMBERS_H

#include "base/compiler.h"

enum {
    WIRE_SSL20 = 0x0002,
    WIRE_SSL30 = 0x0300,
    WIRE_TLS10 = 0x0301,
    WIRE_TLS11 = 0x0302,
    WIRE_TLS12 = 0x0303,
    WIRE_TLS13 = 0x0304,

    WIRE_RECORD_HEADER = 5,
    WIRE_RECORD_MAX = 16384 + 2048, /* bytes of one record's content, as the longest allows it */
    WIRE_MESSAGE_HEADER = 4,
    WIRE_MESSAGE_MAX = 256 * 1024, /* bytes of one handshake message that are read */
    WIRE_RANDOM = 32,
};

enum wire_record_type {
    WIRE_CHANGE_CIPHER_SPEC = 20,
    WIRE_ALERT = 21,
    WIRE_HANDSHAKE = 22,
    WIRE_APPLICATION_DATA = 23,
    WIRE_HEARTBEAT = 24, /* RFC 6520 */
};

enum wire_message_type {
    WIRE_HELLO_REQUEST = 0,
    WIRE_CLIENT_HELLO = 1,
    WIRE_SERVER_HELLO = 2,
    WIRE_NEW_SESSION_TICKET = 4,
    WIRE_END_OF_EARLY_DATA = 5,
    WIRE_ENCRYPTED_EXTENSIONS = 8,
    WIRE_CERTIFICATE = 11,
    WIRE_SERVER_KEY_EXCHANGE = 12,
    WIRE_CERTIFICATE_REQUEST = 13,
    WIRE_SERVER_HELLO_DONE = 14,
    WIRE_CERTIFICATE_VERIFY = 15,
    WIRE_CLIENT_KEY_EXCHANGE = 16,
    WIRE_FINISHED = 20,
    WIRE_CERTIFICATE_STATUS = 22,
    WIRE_KEY_UPDATE = 24,
    WIRE_COMPRESSED_CERTIFICATE = 25,
    WIRE_MESSAGE_HASH = 254,
};

enum wire_extension {
    WIRE_EXT_SERVER_NAME = 0,
    WIRE_EXT_MAX_FRAGMENT_LENGTH = 1,
    WIRE_EXT_STATUS_REQUEST = 5,
    WIRE_EXT_GROUPS = 10,
    WIRE_EXT_POINT_FORMATS = 11,
    WIRE_EXT_SCHEMES = 13,
    WIRE_EXT_HEARTBEAT = 15,
    WIRE_EXT_ALPN = 16,
    WIRE_EXT_SCT = 18,
    WIRE_EXT_ENCRYPT_THEN_MAC = 22,
    WIRE_EXT_EXTENDED_MASTER_SECRET = 23,
    WIRE_EXT_COMPRESS_CERTIFICATE = 27,
    WIRE_EXT_RECORD_SIZE_LIMIT = 28,
    WIRE_EXT_SESSION_TICKET = 35,
    WIRE_EXT_PRE_SHARED_KEY = 41,
    WIRE_EXT_EARLY_DATA = 42,
    WIRE_EXT_VERSIONS = 43,
    WIRE_EXT_COOKIE = 44,
    WIRE_EXT_PSK_MODES = 45,
    WIRE_EXT_AUTHORITIES = 47,
    WIRE_EXT_POST_HANDSHAKE_AUTH = 49,
    WIRE_EXT_SCHEMES_CERT = 50,
    WIRE_EXT_KEY_SHARE = 51,
    WIRE_EXT_RENEGOTIATION_INFO = 65281,
};

/* Stands for an empty renegotiation_info among the suites (RFC 5746 §3.3). */
enum { WIRE_SUITE_RENEGOTIATION = 0x00FF };

/* The alerts that a client sends or looks for. */
enum wire_alert {
    WIRE_ALERT_CLOSE_NOTIFY = 0,
    WIRE_ALERT_UNEXPECTED_MESSAGE = 10,
    WIRE_ALERT_BAD_RECORD_MAC = 20,
    WIRE_ALERT_DECRYPTION_FAILED = 21,
    WIRE_ALERT_HANDSHAKE_FAILURE = 40,
    WIRE_ALERT_BAD_CERTIFICATE = 42,
    WIRE_ALERT_ILLEGAL_PARAMETER = 47,
    WIRE_ALERT_DECODE_ERROR = 50,
    WIRE_ALERT_DECRYPT_ERROR = 51,
    WIRE_ALERT_PROTOCOL_VERSION = 70,
    WIRE_ALERT_INAPPROPRIATE_FALLBACK = 86,
    WIRE_ALERT_NO_RENEGOTIATION = 100,
};

/* The random of a ServerHello that is a HelloRetryRequest. Source: RFC 8446 §4.1.3 */
extern const uint8_t wire_retry_random[WIRE_RANDOM];

/* Names as in the specifications; "unknown" for numbers that are none. */
const char *wire_record_name(uint8_t type);
const char *wire_message_name(uint8_t type);
const char *wire_version_name(uint16_t version); /* "TLS 1.3" */

struct wire_alert_about {
    uint8_t code;
    const char *name;  /* "handshake_failure" */
    const char *about; /* what it says, a sentence without full stop */
};
/* NULL when there is no such alert. */
const struct wire_alert_about *wire_alert_find(uint8_t code);

#endif
