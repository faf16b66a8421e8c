/* ClientHello, ServerHello, EncryptedExtensions: the hellos and what extensions hold. */
#include "base/buf.h"
#include "inspect/wire/describe.h"
#include "inspect/wire/hello.h"
#include "inspect/wire/unpacked.h"

#include <stdio.h>
#include <string.h>

/* --- extensions ----------------------------------------------------------------------------------
 */

static void say_name_type(uint32_t number, char *out) {
    (void)snprintf(out, WIRE_VALUE_MAX, "%s", number == 0 ? "host_name" : "unknown");
}

static void server_name(struct describer *d) {
    if (!describe_has_more(d)) {
        return; /* a server's answer is empty */
    }
    struct describe_scope list = describe_open(d, 2, "server_name_list", "");
    while (describe_has_more(d)) {
        (void)describe_number(d, 1, "name_type", say_name_type, "");
        (void)describe_text_vector(
            d, 2, "host_name",
            "which of the server's sites is wanted; IIS 7 of the article could not be asked this, "
            "and had one certificate for each address and port");
    }
    describe_close(d, &list);
}

static void alpn(struct describer *d) {
    struct describe_scope list = describe_open(d, 2, "protocol_name_list", "");
    while (describe_has_more(d)) {
        (void)describe_text_vector(d, 1, "protocol",
                                   "what is to be spoken inside once the handshake is over");
    }
    describe_close(d, &list);
}

static void versions(struct describer *d) {
    if (d->setting->is_client) {
        describe_list(d, 1, TLS_KIND_VERSION, "versions",
                      "since TLS 1.3 the real list of versions stands here");
    } else {
        (void)describe_entry(d, TLS_KIND_VERSION, "selected_version",
                             "the version of this connection: this extension, not the old field, "
                             "decides");
    }
}

static void groups(struct describer *d) {
    describe_list(d, 2, TLS_KIND_GROUP, "named_group_list", "");
}

static void schemes(struct describer *d) {
    describe_list(d, 2, TLS_KIND_SCHEME, "supported_signature_algorithms", "");
}

#define ABOUT_SHARE                                                                                \
    "a public value for the key exchange: made new for this connection, and worth nothing to "     \
    "whoever sees it without the private value behind it"

static void key_share(struct describer *d) {
    if (!d->setting->is_client) {
        (void)describe_entry(d, TLS_KIND_GROUP, d->is_retry ? "selected_group" : "group", "");
        if (!d->is_retry) {
            (void)describe_vector(d, 2, "key_exchange", ABOUT_SHARE);
        }
        return;
    }
    struct describe_scope list = describe_open(d, 2, "client_shares", "");
    while (describe_has_more(d)) {
        (void)describe_entry(d, TLS_KIND_GROUP, "group", "");
        (void)describe_vector(d, 2, "key_exchange", ABOUT_SHARE);
    }
    describe_close(d, &list);
}

static void say_psk_mode(uint32_t number, char *out) {
    (void)snprintf(out, WIRE_VALUE_MAX, "%s",
                   number == 0   ? "psk_ke: the old key alone"
                   : number == 1 ? "psk_dhe_ke: the old key and a new key exchange"
                                 : "unknown");
}

static void psk_modes(struct describer *d) {
    struct describe_scope list = describe_open(d, 1, "ke_modes", "");
    while (describe_has_more(d)) {
        (void)describe_number(d, 1, "mode", say_psk_mode,
                              "with a new key exchange a resumed session has forward secrecy too");
    }
    describe_close(d, &list);
}

static void say_point_format(uint32_t number, char *out) {
    (void)snprintf(out, WIRE_VALUE_MAX, "%s", number == 0 ? "uncompressed" : "compressed");
}

static void point_formats(struct describer *d) {
    struct describe_scope list = describe_open(d, 1, "ec_point_format_list", "");
    while (describe_has_more(d)) {
        (void)describe_number(d, 1, "format", say_point_format, "");
    }
    describe_close(d, &list);
}

static void pre_shared_key(struct describer *d) {
    if (!d->setting->is_client) {
        (void)describe_number(d, 2, "selected_identity", NULL,
                              "which of the offered tickets the server takes");
        return;
    }
    struct describe_scope identities = describe_open(d, 2, "identities", "");
    while (describe_has_more(d)) {
        (void)describe_vector(d, 2, "identity",
                              "the ticket of the earlier session: the server's own words, which "
                              "only the server can read");
        (void)describe_number(d, 4, "obfuscated_ticket_age", NULL,
                              "the ticket's age in ms plus the server's ticket_age_add: onlookers "
                              "cannot tie two connections together by it");
    }
    describe_close(d, &identities);
    struct describe_scope binders = describe_open(d, 2, "binders", "");
    while (describe_has_more(d)) {
        (void)describe_vector(
            d, 1, "binder",
            "an HMAC over this ClientHello with a key from the ticket: who copies "
            "the ticket cannot use it");
    }
    describe_close(d, &binders);
}

static void cookie(struct describer *d) {
    (void)describe_vector(d, 2, "cookie", "the server's own words, sent back to it unread");
}

static void say_status_type(uint32_t number, char *out) {
    (void)snprintf(out, WIRE_VALUE_MAX, "%s", number == 1 ? "ocsp" : "unknown");
}

#define ABOUT_STAPLE                                                                               \
    "the issuer's signed word that the certificate is not revoked, not older than it says"

static void status_request(struct describer *d) {
    if (!describe_has_more(d)) {
        return;
    }
    (void)describe_number(d, 1, "status_type", say_status_type, "");
    if (d->setting->is_client) {
        (void)describe_vector(d, 2, "responder_id_list", "");
        (void)describe_vector(d, 2, "request_extensions", "");
    } else {
        (void)describe_vector(d, 3, "ocsp_response", ABOUT_STAPLE);
    }
}

static void sct(struct describer *d) {
    if (!describe_has_more(d)) {
        return;
    }
    struct describe_scope list = describe_open(d, 2, "sct_list", "");
    while (describe_has_more(d)) {
        (void)describe_vector(d, 2, "sct",
                              "a public log's signed promise to show this certificate to everyone");
    }
    describe_close(d, &list);
}

static void renegotiation_info(struct describer *d) {
    (void)describe_vector(d, 1, "renegotiated_connection",
                          "empty in the first handshake; ties a second one to the first");
}

static void authorities(struct describer *d) {
    struct describe_scope list = describe_open(d, 2, "authorities", "");
    while (describe_has_more(d)) {
        (void)describe_vector(d, 2, "distinguished_name", "the DER name of an issuer");
    }
    describe_close(d, &list);
}

static void early_data(struct describer *d) {
    if (describe_has_more(d)) {
        (void)describe_number(d, 4, "max_early_data_size", NULL,
                              "bytes that may be sent ahead when this ticket is used (0-RTT); they "
                              "can be replayed");
    }
}

static void say_compression_of_certificate(uint32_t number, char *out) {
    (void)snprintf(out, WIRE_VALUE_MAX, "%s (%u)", wire_compression_name(number), number);
}

static void compress_certificate(struct describer *d) {
    struct describe_scope list = describe_open(d, 1, "algorithms", "");
    while (describe_has_more(d)) {
        (void)describe_number(d, 2, "algorithm", say_compression_of_certificate, "");
    }
    describe_close(d, &list);
}

void describe_compressed_certificate(struct describer *d) {
    (void)describe_number(d, 2, "algorithm", say_compression_of_certificate,
                          "one of those that the client can undo");
    (void)describe_number(d, 3, "uncompressed_length", NULL,
                          "how long the Certificate message is without it");
    (void)describe_vector(d, 3, "compressed_certificate_message",
                          "the Certificate message, made smaller");
}

static void record_size_limit(struct describer *d) {
    (void)describe_number(d, 2, "record_size_limit", NULL, "");
}

static void say_fragment(uint32_t number, char *out) {
    (void)snprintf(out, WIRE_VALUE_MAX, "%u bytes",
                   number >= 1 && number <= 4 ? 256U << number : 0);
}

static void max_fragment_length(struct describer *d) {
    (void)describe_number(d, 1, "max_fragment_length", say_fragment, "");
}

static const struct {
    uint16_t type;
    void (*describe)(struct describer *d);
} contents[] = {
    {WIRE_EXT_SERVER_NAME, server_name},
    {WIRE_EXT_MAX_FRAGMENT_LENGTH, max_fragment_length},
    {WIRE_EXT_STATUS_REQUEST, status_request},
    {WIRE_EXT_GROUPS, groups},
    {WIRE_EXT_POINT_FORMATS, point_formats},
    {WIRE_EXT_SCHEMES, schemes},
    {WIRE_EXT_ALPN, alpn},
    {WIRE_EXT_SCT, sct},
    {WIRE_EXT_COMPRESS_CERTIFICATE, compress_certificate},
    {WIRE_EXT_RECORD_SIZE_LIMIT, record_size_limit},
    {WIRE_EXT_PRE_SHARED_KEY, pre_shared_key},
    {WIRE_EXT_EARLY_DATA, early_data},
    {WIRE_EXT_VERSIONS, versions},
    {WIRE_EXT_COOKIE, cookie},
    {WIRE_EXT_PSK_MODES, psk_modes},
    {WIRE_EXT_AUTHORITIES, authorities},
    {WIRE_EXT_SCHEMES_CERT, schemes},
    {WIRE_EXT_KEY_SHARE, key_share},
    {WIRE_EXT_RENEGOTIATION_INFO, renegotiation_info},
};

static void extension_content(struct describer *d, uint16_t type) {
    for (size_t i = 0; i < PL_ARRAY_LEN(contents); i++) {
        if (contents[i].type == type) {
            contents[i].describe(d);
            return;
        }
    }
    if (describe_has_more(d)) {
        (void)describe_bytes(d, d->r.left, "content", "");
    }
}

/* The extension's type is read ahead: it names the field that holds the rest. */
static void extension(struct describer *d) {
    struct wire_reader ahead = d->r;
    uint16_t type = (uint16_t)wire_read(&ahead, 2);
    const struct tls_entry *entry = tls_registry_find(TLS_KIND_EXTENSION, type);
    size_t len = wire_read(&ahead, 2);
    size_t whole = ahead.is_failed || len > ahead.left ? d->r.left : len + 4;
    size_t outside = d->r.left - whole;
    d->r.left = whole;
    struct describe_scope scope =
        describe_open(d, 0, "extension", entry == NULL ? "" : entry->about);
    describe_say(d, scope.field, "%s",
                 entry != NULL         ? entry->name
                 : tls_is_grease(type) ? "GREASE"
                                       : "unknown");
    (void)describe_entry(d, TLS_KIND_EXTENSION, "extension_type", "");
    struct describe_scope content = describe_open(d, 2, "extension_data", "");
    extension_content(d, type);
    describe_close(d, &content);
    describe_close(d, &scope);
    if (!d->r.is_failed) {
        d->r.left = outside;
    }
}

void describe_extensions(struct describer *d, const char *about) {
    struct describe_scope scope = describe_open(d, 2, "extensions", about);
    while (describe_has_more(d)) {
        extension(d);
    }
    describe_close(d, &scope);
}

/* --- the hellos ----------------------------------------------------------------------------------
 */

static void say_version(uint32_t number, char *out) {
    (void)snprintf(out, WIRE_VALUE_MAX, "%s (0x%04x)", wire_version_name((uint16_t)number), number);
}

static void say_compression(uint32_t number, char *out) {
    (void)snprintf(out, WIRE_VALUE_MAX, "%s", number == 0 ? "none" : "compressed");
}

#define ABOUT_COMPRESSION                                                                          \
    "none: compression before encryption lets an attacker guess secrets by length (CRIME, 2012)"

void describe_client_hello(struct describer *d) {
    (void)describe_number(d, 2, "legacy_version", say_version,
                          "the highest version of the old kind; TLS 1.3 hides behind 1.2 here, "
                          "because too many devices on the way refuse what they do not know");
    (void)describe_bytes(d, WIRE_RANDOM, "random",
                         "the client's random value (the article's CRC): goes into every key, so "
                         "that no two connections have the same, and old ones cannot be replayed");
    (void)describe_vector(
        d, 1, "legacy_session_id",
        "names an earlier session to be resumed before TLS 1.3; in TLS 1.3 random "
        "bytes that make the connection look like a resumed one of TLS 1.2");
    describe_list(d, 2, TLS_KIND_SUITE, "cipher_suites",
                  "the encryption that the client can do, best first");
    struct describe_scope scope =
        describe_open(d, 1, "legacy_compression_methods", ABOUT_COMPRESSION);
    while (describe_has_more(d)) {
        (void)describe_number(d, 1, "method", say_compression, "");
    }
    describe_close(d, &scope);
    if (describe_has_more(d)) {
        describe_extensions(d, "what the client can do and wants beside the above");
    }
}

static const char *about_server_random(const struct wire_server_hello *hello) {
    static const uint8_t downgrade[] = {'D', 'O', 'W', 'N', 'G', 'R', 'D'};
    if (hello->is_retry) {
        return "not random: this value says that the message is a HelloRetryRequest";
    }
    if (memcmp(hello->random + 24, downgrade, sizeof(downgrade)) == 0) {
        return "the server's random value; its last bytes say DOWNGRD: the server could do a newer "
               "version, and a client that offered one knows that somebody tampered with its hello";
    }
    return "the server's random value (the article's SRC): goes into every key";
}

void describe_server_hello(struct describer *d) {
    struct wire_server_hello hello;
    struct wire_span body = {.bytes = d->r.at, .len = d->r.left};
    bool is_read = wire_server_hello_read(body, &hello);
    d->is_retry = is_read && hello.is_retry;
    (void)describe_number(d, 2, "legacy_version", say_version,
                          is_read && hello.version == WIRE_TLS13
                              ? "TLS 1.2 for the devices on the way; see supported_versions"
                              : "the version that the server has chosen");
    (void)describe_bytes(d, WIRE_RANDOM, "random", is_read ? about_server_random(&hello) : "");
    (void)describe_vector(d, 1, "legacy_session_id_echo",
                          "in TLS 1.3 the client's bytes again; before, the session's number under "
                          "which it may be resumed, or the client's to say that it is");
    (void)describe_entry(d, TLS_KIND_SUITE, "cipher_suite", "");
    (void)describe_number(d, 1, "legacy_compression_method", say_compression, ABOUT_COMPRESSION);
    if (describe_has_more(d)) {
        describe_extensions(d, "the server's answers to the client's extensions");
    }
}
