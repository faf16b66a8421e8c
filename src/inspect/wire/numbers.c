/* The tables of records, messages and alerts. */
#include "inspect/wire/numbers.h"

const uint8_t wire_retry_random[WIRE_RANDOM] = {
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
    0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C};

struct named {
    uint8_t code;
    const char *name;
};

static const struct named records[] = {
    {WIRE_CHANGE_CIPHER_SPEC, "change_cipher_spec"},
    {WIRE_ALERT, "alert"},
    {WIRE_HANDSHAKE, "handshake"},
    {WIRE_APPLICATION_DATA, "application_data"},
};

static const struct named messages[] = {
    {WIRE_HELLO_REQUEST, "HelloRequest"},
    {WIRE_CLIENT_HELLO, "ClientHello"},
    {WIRE_SERVER_HELLO, "ServerHello"},
    {WIRE_NEW_SESSION_TICKET, "NewSessionTicket"},
    {WIRE_END_OF_EARLY_DATA, "EndOfEarlyData"},
    {WIRE_ENCRYPTED_EXTENSIONS, "EncryptedExtensions"},
    {WIRE_CERTIFICATE, "Certificate"},
    {WIRE_SERVER_KEY_EXCHANGE, "ServerKeyExchange"},
    {WIRE_CERTIFICATE_REQUEST, "CertificateRequest"},
    {WIRE_SERVER_HELLO_DONE, "ServerHelloDone"},
    {WIRE_CERTIFICATE_VERIFY, "CertificateVerify"},
    {WIRE_CLIENT_KEY_EXCHANGE, "ClientKeyExchange"},
    {WIRE_FINISHED, "Finished"},
    {WIRE_CERTIFICATE_STATUS, "CertificateStatus"},
    {WIRE_KEY_UPDATE, "KeyUpdate"},
    {WIRE_COMPRESSED_CERTIFICATE, "CompressedCertificate"},
    {WIRE_MESSAGE_HASH, "message_hash"},
};

static const struct wire_alert_about alerts[] = {
    {0, "close_notify", "the sender has said all that it wants to say"},
    {10, "unexpected_message", "a message came that has no place here"},
    {20, "bad_record_mac",
     "a record could not be decrypted: the two sides have different keys, or "
     "somebody changed it on its way"},
    {21, "decryption_failed", "a record could not be decrypted (TLS 1.0's word for it)"},
    {22, "record_overflow", "a record was longer than allowed"},
    {30, "decompression_failure", "a compressed record could not be read"},
    {40, "handshake_failure", "nothing of what was offered is acceptable together"},
    {41, "no_certificate", "SSL 3.0's way to say that the client has no certificate"},
    {42, "bad_certificate", "a certificate is damaged, or its signature is wrong"},
    {43, "unsupported_certificate", "a certificate is of a kind that is not taken"},
    {44, "certificate_revoked", "a certificate has been revoked"},
    {45, "certificate_expired", "a certificate has expired or is not valid yet"},
    {46, "certificate_unknown", "a certificate was not accepted for a reason that has no name"},
    {47, "illegal_parameter", "a field has a value that is not allowed there"},
    {48, "unknown_ca", "the certificate's issuer is not trusted"},
    {49, "access_denied", "the certificate is valid, and its holder may not enter"},
    {50, "decode_error", "a message does not have the form that it must have"},
    {51, "decrypt_error", "a signature or a Finished message is wrong"},
    {60, "export_restriction", "a key is too long for the export rules of the nineties"},
    {70, "protocol_version", "the version offered is not spoken here"},
    {71, "insufficient_security", "the server demands stronger suites than were offered"},
    {80, "internal_error", "something failed that has nothing to do with the other side"},
    {86, "inappropriate_fallback", "the client tries an older version than both sides know"},
    {90, "user_canceled", "somebody gave up"},
    {100, "no_renegotiation", "no new handshake on this connection"},
    {109, "missing_extension", "an extension is missing that the others demand"},
    {110, "unsupported_extension", "an extension came that was not asked for"},
    {112, "unrecognized_name", "the server has no site of the name that was asked for"},
    {113, "bad_certificate_status_response", "the stapled word on revocation is not valid"},
    {115, "unknown_psk_identity", "no such pre-shared key is known"},
    {116, "certificate_required", "the server lets nobody in without a certificate"},
    {120, "no_application_protocol", "none of the protocols offered by ALPN is spoken here"},
    {121, "ech_required", "the server wants an encrypted ClientHello"},
};

static const char *find(const struct named *table, size_t count, uint8_t code) {
    for (size_t i = 0; i < count; i++) {
        if (table[i].code == code) {
            return table[i].name;
        }
    }
    return "unknown";
}

const char *wire_record_name(uint8_t type) {
    return find(records, PL_ARRAY_LEN(records), type);
}

const char *wire_message_name(uint8_t type) {
    return find(messages, PL_ARRAY_LEN(messages), type);
}

const char *wire_version_name(uint16_t version) {
    static const char *const names[] = {"SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"};
    bool is_known = version >= WIRE_SSL30 && version <= WIRE_TLS13;
    return version == 0x0002 ? "SSL 2.0" : is_known ? names[version - WIRE_SSL30] : "unknown";
}

const struct wire_alert_about *wire_alert_find(uint8_t code) {
    for (size_t i = 0; i < PL_ARRAY_LEN(alerts); i++) {
        if (alerts[i].code == code) {
            return &alerts[i];
        }
    }
    return NULL;
}
