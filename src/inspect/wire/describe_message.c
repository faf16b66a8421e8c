/* All other handshake messages, alerts, and the header that every message has. */
#include "inspect/wire/describe.h"
#include "inspect/wire/numbers.h"

#include <stdio.h>

static bool is_tls13(const struct describer *d) {
    return d->setting->version == WIRE_TLS13;
}

static void encrypted_extensions(struct describer *d) {
    describe_extensions(d, "answers that the key exchange does not need, and that TLS 1.2 showed "
                           "to everyone");
}

#define ABOUT_CERTIFICATE                                                                          \
    "one certificate in DER: a name and a public key, signed by an issuer (the article's SKU is "  \
    "in the first)"

static void certificate(struct describer *d) {
    if (is_tls13(d)) {
        (void)describe_vector(d, 1, "certificate_request_context",
                              "empty but for a certificate that was asked for later");
    }
    struct describe_scope list =
        describe_open(d, 3, "certificate_list", "the server's own first, then its issuers'");
    while (describe_has_more(d)) {
        (void)describe_vector(d, 3, "cert_data", ABOUT_CERTIFICATE);
        if (is_tls13(d)) {
            describe_extensions(d, "what belongs to this certificate: OCSP response, CT");
        }
    }
    describe_close(d, &list);
}

static void say_certificate_type(uint32_t number, char *out) {
    (void)snprintf(out, WIRE_VALUE_MAX, "%s",
                   number == 1    ? "rsa_sign"
                   : number == 2  ? "dss_sign"
                   : number == 64 ? "ecdsa_sign"
                                  : "unknown");
}

static void certificate_request(struct describer *d) {
    if (is_tls13(d)) {
        (void)describe_vector(d, 1, "certificate_request_context", "");
        describe_extensions(d, "what certificates of the client would do");
        return;
    }
    struct describe_scope types = describe_open(d, 1, "certificate_types", "");
    while (describe_has_more(d)) {
        (void)describe_number(d, 1, "type", say_certificate_type, "");
    }
    describe_close(d, &types);
    if (d->setting->version == WIRE_TLS12) {
        describe_list(d, 2, TLS_KIND_SCHEME, "supported_signature_algorithms", "");
    }
    struct describe_scope names = describe_open(
        d, 2, "certificate_authorities", "issuers that the server takes; empty: it does not say");
    while (describe_has_more(d)) {
        (void)describe_vector(d, 2, "distinguished_name", "the DER name of an issuer");
    }
    describe_close(d, &names);
}

static void say_curve_type(uint32_t number, char *out) {
    (void)snprintf(out, WIRE_VALUE_MAX, "%s", number == 3 ? "named_curve" : "unknown");
}

#define ABOUT_SIGNATURE                                                                            \
    "by the certificate's private key over both random values and the parameters above: the "      \
    "proof that they are this server's, and made for this connection"

static void signature(struct describer *d, const char *about) {
    if (d->setting->version >= WIRE_TLS12) {
        (void)describe_entry(d, TLS_KIND_SCHEME, "algorithm", "");
    }
    (void)describe_vector(d, 2, "signature", about);
}

static void server_key_exchange(struct describer *d) {
    if (d->setting->exchange == WIRE_EXCHANGE_ECDHE) {
        (void)describe_number(d, 1, "curve_type", say_curve_type, "");
        (void)describe_entry(d, TLS_KIND_GROUP, "named_curve", "");
        (void)describe_vector(d, 1, "public", "the server's public value, new for this connection");
    } else {
        (void)describe_vector(d, 2, "dh_p", "the prime in whose field is reckoned");
        (void)describe_vector(d, 2, "dh_g", "the generator");
        (void)describe_vector(d, 2, "dh_Ys", "the server's public value, new for this connection");
    }
    signature(d, ABOUT_SIGNATURE);
}

static void client_key_exchange(struct describer *d) {
    switch (d->setting->exchange) {
    case WIRE_EXCHANGE_RSA:
        if (d->setting->version == WIRE_SSL30) { /* no length in front */
            (void)describe_bytes(d, d->r.left, "encrypted_pre_master_secret", "");
            break;
        }
        (void)describe_vector(
            d, 2, "encrypted_pre_master_secret",
            "48 bytes that the client made up, encrypted to the certificate's RSA key (the "
            "article's step 4): whoever ever gets that private key can decrypt them, and with them "
            "everything that was recorded");
        break;
    case WIRE_EXCHANGE_ECDHE:
        (void)describe_vector(d, 1, "ecdh_Yc", "the client's public value; the secret is not sent");
        break;
    case WIRE_EXCHANGE_DHE:
    case WIRE_EXCHANGE_TLS13:
        (void)describe_vector(d, 2, "dh_Yc", "the client's public value; the secret is not sent");
        break;
    }
}

static void certificate_verify(struct describer *d) {
    signature(d,
              d->setting->is_client
                  ? "by the client's private key over the whole handshake so far: the proof that "
                    "it has the key to its certificate"
                  : "by the certificate's private key over the whole handshake so far: the proof "
                    "that this is the server which the certificate names");
}

static void finished(struct describer *d) {
    (void)describe_bytes(d, d->r.left, "verify_data",
                         "a keyed checksum over every message so far: had anyone changed one byte "
                         "of them, it would not be this");
}

static void say_lifetime(uint32_t number, char *out) {
    (void)snprintf(out, WIRE_VALUE_MAX, "%u s", number);
}

static void new_session_ticket(struct describer *d) {
    (void)describe_number(d, 4, "ticket_lifetime", say_lifetime, "how long it may be used");
    if (!is_tls13(d)) {
        (void)describe_vector(d, 2, "ticket",
                              "the session's keys, encrypted by the server for itself");
        return;
    }
    (void)describe_number(d, 4, "ticket_age_add", NULL,
                          "is added to the age when the ticket is used, so that the age tells "
                          "onlookers nothing");
    (void)describe_vector(d, 1, "ticket_nonce", "makes this ticket's key different from others'");
    (void)describe_vector(d, 2, "ticket", "what the server wants to be reminded of, for itself");
    describe_extensions(d, "");
}

static void certificate_status(struct describer *d) {
    (void)describe_number(d, 1, "status_type", NULL, "");
    (void)describe_vector(d, 3, "ocsp_response",
                          "the issuer's signed word that the certificate is not revoked");
}

static void say_key_update(uint32_t number, char *out) {
    (void)snprintf(out, WIRE_VALUE_MAX, "%s",
                   number == 0   ? "update_not_requested"
                   : number == 1 ? "update_requested"
                                 : "unknown");
}

static void key_update(struct describer *d) {
    (void)describe_number(d, 1, "request_update", say_key_update,
                          "whether the other side is to change its keys as well");
}

static void nothing(struct describer *d) {
    (void)d;
}

static const struct {
    uint8_t type;
    void (*describe)(struct describer *d);
} bodies[] = {
    {WIRE_HELLO_REQUEST, nothing},
    {WIRE_CLIENT_HELLO, describe_client_hello},
    {WIRE_SERVER_HELLO, describe_server_hello},
    {WIRE_NEW_SESSION_TICKET, new_session_ticket},
    {WIRE_ENCRYPTED_EXTENSIONS, encrypted_extensions},
    {WIRE_CERTIFICATE, certificate},
    {WIRE_SERVER_KEY_EXCHANGE, server_key_exchange},
    {WIRE_CERTIFICATE_REQUEST, certificate_request},
    {WIRE_SERVER_HELLO_DONE, nothing},
    {WIRE_END_OF_EARLY_DATA, nothing},
    {WIRE_CERTIFICATE_VERIFY, certificate_verify},
    {WIRE_CLIENT_KEY_EXCHANGE, client_key_exchange},
    {WIRE_FINISHED, finished},
    {WIRE_CERTIFICATE_STATUS, certificate_status},
    {WIRE_KEY_UPDATE, key_update},
    {WIRE_COMPRESSED_CERTIFICATE, describe_compressed_certificate},
};

static void body(struct describer *d, uint8_t type) {
    for (size_t i = 0; i < PL_ARRAY_LEN(bodies); i++) {
        if (bodies[i].type == type) {
            bodies[i].describe(d);
            return;
        }
    }
    if (describe_has_more(d)) {
        (void)describe_bytes(d, d->r.left, "content", "");
    }
}

static bool told(const struct describer *d, struct err *e) {
    return !d->is_full ||
           err_set(e, ERR_BASE_LIMIT, "the messages have more fields than are written down");
}

static struct describer start(struct wire_span bytes, const struct wire_setting *setting,
                              struct wire_fields *out) {
    return (struct describer){
        .r = wire_reader_of(bytes), .start = bytes.bytes, .out = out, .setting = setting};
}

static void say_message_type(uint32_t number, char *out) {
    (void)snprintf(out, WIRE_VALUE_MAX, "%s (%u)", wire_message_name((uint8_t)number), number);
}

bool wire_describe_message(struct wire_span message, const struct wire_setting *setting,
                           struct wire_fields *out, struct err *e) {
    struct describer d = start(message, setting, out);
    uint8_t type = (uint8_t)describe_number(&d, 1, "msg_type", say_message_type, "");
    struct describe_scope scope = describe_open(&d, 3, "body", "");
    body(&d, type);
    describe_close(&d, &scope);
    return told(&d, e);
}

static void say_level(uint32_t number, char *out) {
    (void)snprintf(out, WIRE_VALUE_MAX, "%s",
                   number == 1   ? "warning"
                   : number == 2 ? "fatal"
                                 : "unknown");
}

static void say_alert(uint32_t number, char *out) {
    const struct wire_alert_about *about = wire_alert_find((uint8_t)number);
    (void)snprintf(out, WIRE_VALUE_MAX, "%s (%u)", about == NULL ? "unknown" : about->name, number);
}

bool wire_describe_alert(struct wire_span content, struct wire_fields *out, struct err *e) {
    const struct wire_setting setting = {0};
    struct describer d = start(content, &setting, out);
    (void)describe_number(&d, 1, "level", say_level, "");
    const struct wire_alert_about *about =
        content.len > 1 ? wire_alert_find(content.bytes[1]) : NULL;
    (void)describe_number(&d, 1, "description", say_alert, about == NULL ? "" : about->about);
    return told(&d, e);
}

bool wire_describe_change(struct wire_span content, struct wire_fields *out, struct err *e) {
    const struct wire_setting setting = {0};
    struct describer d = start(content, &setting, out);
    (void)describe_number(&d, 1, "type", NULL, "always 1");
    return told(&d, e);
}
