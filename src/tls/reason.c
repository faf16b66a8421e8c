/* The TLS library's reasons and the protocol's alerts, each with its sentence. */
#include "tls/reason.h"

#include "pki/openssl.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>

static const struct {
    int alert;
    const char *name;
    const char *sentence; /* what a client means by it */
} alerts[] = {
    {SSL_AD_CLOSE_NOTIFY, "close_notify", "the client closed the connection"},
    {SSL_AD_UNEXPECTED_MESSAGE, "unexpected_message",
     "the client did not expect a message of ours"},
    {SSL_AD_BAD_RECORD_MAC, "bad_record_mac", "the client could not decrypt what it got"},
    {SSL_AD_RECORD_OVERFLOW, "record_overflow", "the client got a record that was too long"},
    {SSL_AD_HANDSHAKE_FAILURE, "handshake_failure",
     "the client found nothing in common with this server"},
    {SSL_AD_BAD_CERTIFICATE, "bad_certificate",
     "the client found the certificate or its signature wrong"},
    {SSL_AD_UNSUPPORTED_CERTIFICATE, "unsupported_certificate",
     "the client cannot use this kind of certificate"},
    {SSL_AD_CERTIFICATE_REVOKED, "certificate_revoked",
     "the client says that the certificate is revoked"},
    {SSL_AD_CERTIFICATE_EXPIRED, "certificate_expired",
     "the client says that the certificate is expired or not yet valid"},
    {SSL_AD_CERTIFICATE_UNKNOWN, "certificate_unknown", "the client refused the certificate"},
    {SSL_AD_ILLEGAL_PARAMETER, "illegal_parameter", "the client found a value out of range"},
    {SSL_AD_UNKNOWN_CA, "unknown_ca", "the client does not trust the certificate's issuer"},
    {SSL_AD_ACCESS_DENIED, "access_denied", "the client refused to go on"},
    {SSL_AD_DECODE_ERROR, "decode_error", "the client could not read a message"},
    {SSL_AD_DECRYPT_ERROR, "decrypt_error", "the client found a signature wrong"},
    {SSL_AD_PROTOCOL_VERSION, "protocol_version", "the client does not speak the TLS version"},
    {SSL_AD_INSUFFICIENT_SECURITY, "insufficient_security",
     "the client demands stronger algorithms"},
    {SSL_AD_INTERNAL_ERROR, "internal_error", "the client failed inside"},
    {SSL_AD_INAPPROPRIATE_FALLBACK, "inappropriate_fallback",
     "the client fell back to an older version without need"},
    {SSL_AD_USER_CANCELLED, "user_canceled", "the client's user cancelled"},
    {SSL_AD_NO_RENEGOTIATION, "no_renegotiation", "the client refused to renegotiate"},
    {SSL_AD_MISSING_EXTENSION, "missing_extension", "the client misses an extension"},
    {SSL_AD_UNSUPPORTED_EXTENSION, "unsupported_extension",
     "the client got an extension that it did not offer"},
    {SSL_AD_UNRECOGNIZED_NAME, "unrecognized_name", "the client does not know the name"},
    {SSL_AD_BAD_CERTIFICATE_STATUS_RESPONSE, "bad_certificate_status_response",
     "the client found the OCSP response wrong"},
    {SSL_AD_UNKNOWN_PSK_IDENTITY, "unknown_psk_identity", "the client does not know the key"},
    {SSL_AD_CERTIFICATE_REQUIRED, "certificate_required", "the client demands a certificate"},
    {SSL_AD_NO_APPLICATION_PROTOCOL, "no_application_protocol",
     "the client found no protocol in common"},
};

const char *tls_alert_name(int alert) {
    for (size_t i = 0; i < PL_ARRAY_LEN(alerts); i++) {
        if (alerts[i].alert == alert) {
            return alerts[i].name;
        }
    }
    return "unknown";
}

static bool set_alert(int alert, struct err *e) {
    for (size_t i = 0; i < PL_ARRAY_LEN(alerts); i++) {
        if (alerts[i].alert == alert) {
            return err_set_openssl(e, ERR_TLS_HANDSHAKE_ALERT, "%s (alert %s)", alerts[i].sentence,
                                   alerts[i].name);
        }
    }
    return err_set_openssl(e, ERR_TLS_HANDSHAKE_ALERT, "the client gave up (alert %d)", alert);
}

static bool set_version(const struct tls_reason_facts *facts, struct err *e) {
    return err_set_openssl(e, ERR_TLS_HANDSHAKE_REFUSED,
                           "the client offers %s at most, policy \"%s\" begins at %s",
                           tls_version_text(facts->version_max), facts->policy->name,
                           tls_version_text(facts->policy->version_min));
}

/* Everything that libssl says when the two sides have nothing in common, by what is missing. */
static const struct {
    int reason;
    const char *sentence;
} refusals[] = {
    {SSL_R_NO_SHARED_CIPHER,
     "the client offers no cipher suite that the policy and the certificate's key allow"},
    {SSL_R_NO_SHARED_GROUPS, "the client offers no key exchange group that the policy allows"},
    {SSL_R_NO_SUITABLE_GROUPS, "the client offers no key exchange group that the policy allows"},
    {SSL_R_NO_SUITABLE_KEY_SHARE, "the client offers no key exchange group that the policy allows"},
    {SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS,
     "the client accepts no signature scheme that the policy allows"},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
     "the client accepts no signature scheme of the certificate's key"},
    {SSL_R_NO_APPLICATION_PROTOCOL, "the client offers no HTTP version that is spoken here (ALPN)"},
    {SSL_R_INAPPROPRIATE_FALLBACK, "the client fell back to an older TLS version without need"},
};

/* The client's certificate: not there, or not one that the binding lets in. */
static bool set_client(const struct tls_reason_facts *facts, int reason, struct err *e) {
    if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
        return err_set_openssl(e, ERR_TLS_HANDSHAKE_CLIENT,
                               "the client shows no certificate, and the binding requires one");
    }
    return err_set_openssl(e, ERR_TLS_HANDSHAKE_CLIENT, "the client's certificate is refused: %s",
                           X509_verify_cert_error_string(facts->verify_result));
}

bool tls_reason_set(const struct tls_reason_facts *facts, struct err *e) {
    unsigned long code = ERR_peek_error();
    int reason = ERR_GET_REASON(code);
    if (ERR_GET_LIB(code) != ERR_LIB_SSL) {
        return err_set_openssl(e, ERR_TLS_HANDSHAKE_FAILED, "the TLS library failed");
    }
    if (reason > SSL_AD_REASON_OFFSET) {
        return set_alert(reason - SSL_AD_REASON_OFFSET, e);
    }
    if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_VERSION_TOO_LOW) {
        return set_version(facts, e);
    }
    if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE ||
        reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        return set_client(facts, reason, e);
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(refusals); i++) {
        if (refusals[i].reason == reason) {
            return err_set_openssl(e, ERR_TLS_HANDSHAKE_REFUSED, "%s", refusals[i].sentence);
        }
    }
    const char *text = ERR_reason_error_string(code);
    return err_set_openssl(e, ERR_TLS_HANDSHAKE_FAILED, "the client broke the protocol (%s)",
                           text == NULL ? "no reason known" : text);
}
