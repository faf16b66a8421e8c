/* What an alert or a silence means at this point: the field behind it, and what would help. */
#include "inspect/observe/client_parts.h"

/* Where in the handshake it came. */
enum phase { AFTER_HELLO, LATER, ANYWHERE };

static const struct fault {
    uint8_t alert;
    enum phase phase;
    const char *field;
    const char *meaning;
} faults[] = {
    {70, ANYWHERE, "supported_versions",
     "the server speaks none of the versions that were offered: try another --version"},
    {86, ANYWHERE, "cipher_suites",
     "the server knows a newer version than the one offered and suspects that somebody made us "
     "offer less"},
    {71, ANYWHERE, "cipher_suites",
     "the server wants stronger suites than those that were offered"},
    {112, ANYWHERE, "server_name",
     "the server has no site of this name and does not want to show another's certificate: see "
     "--host"},
    {120, ANYWHERE, "application_layer_protocol_negotiation",
     "the server speaks none of the protocols offered inside TLS: see --alpn"},
    {116, ANYWHERE, "certificate_list",
     "the server lets in only who shows a certificate: see --cert and --key. In TLS 1.3 this comes "
     "after the handshake seemed to be over"},
    {109, ANYWHERE, "extensions", "the server misses an extension in our hello"},
    {110, ANYWHERE, "extensions", "an extension came that nobody asked for"},
    {115, ANYWHERE, "pre_shared_key", "the server does not know the ticket any more"},
    {40, AFTER_HELLO, "cipher_suites",
     "nothing of what was offered is acceptable together: look at cipher_suites, supported_groups "
     "and signature_algorithms, which has to fit the key of the server's certificate; old servers "
     "say the same when they do not know the name"},
    {47, AFTER_HELLO, "extensions", "the server dislikes a value in our hello"},
    {50, AFTER_HELLO, "extensions", "the server cannot read our hello"},
    {40, LATER, "certificate_list",
     "before TLS 1.3 this is how many servers say that they want a certificate of the client"},
    {41, LATER, "certificate_list", "the server wants a certificate of the client"},
    {42, LATER, "cert_data", "the server does not accept the client's certificate"},
    {43, LATER, "cert_data", "the server does not take certificates of this kind"},
    {44, LATER, "cert_data", "the client's certificate has been revoked"},
    {45, LATER, "cert_data", "the client's certificate has expired"},
    {46, LATER, "cert_data", "the server does not accept the client's certificate"},
    {48, LATER, "cert_data", "the server does not trust the issuer of the client's certificate"},
    {49, LATER, "cert_data", "the client's certificate is valid, and may not enter here"},
    {51, LATER, "verify_data", "the server reckons another Finished, or another signature"},
    {20, LATER, "verify_data", "the server cannot decrypt our Finished: it has other keys"},
    {10, ANYWHERE, "msg_type", "the server did not expect our last message"},
    {80, ANYWHERE, "", "something failed inside the server; its log says more"},
};

static bool is_after_hello(const struct observer *o) {
    return o->state == OBSERVER_WAIT_SH;
}

void observer_explain_alert(const struct observer *o, uint8_t alert, const char **out_field,
                            const char **out_meaning) {
    enum phase phase = is_after_hello(o) ? AFTER_HELLO : LATER;
    *out_field = "";
    *out_meaning = "";
    for (size_t i = 0; i < PL_ARRAY_LEN(faults); i++) {
        if (faults[i].alert == alert && (faults[i].phase == ANYWHERE || faults[i].phase == phase)) {
            *out_field = faults[i].field;
            *out_meaning = faults[i].meaning;
            return;
        }
    }
}

const char *observer_explain_silence(const struct observer *o, const char **out_field) {
    *out_field = "";
    if (is_after_hello(o)) {
        return "after the ClientHello: the port may belong to another protocol, or the server, or "
               "something on the way, dislikes what was offered";
    }
    if (o->trace->facts.asks_for_certificate && !o->trace->facts.sent_certificate) {
        *out_field = "certificate_list";
        return "the server had asked for a certificate of the client and got none";
    }
    return "in the middle of the handshake";
}
