/* The texts. */
/* size: table */
#include "inspect/trace/explain.h"

#include "inspect/wire/numbers.h"

enum variant { VARIANT_TLS13, VARIANT_DH, VARIANT_RSA, VARIANT_RESUMED, VARIANT_COUNT };

static enum variant variant_of(const struct trace_facts *facts) {
    if (facts->version == WIRE_TLS13 || facts->version == 0) {
        return facts->is_resumed ? VARIANT_RESUMED : VARIANT_TLS13;
    }
    if (facts->is_resumed) {
        return VARIANT_RESUMED;
    }
    return facts->exchange == WIRE_EXCHANGE_RSA ? VARIANT_RSA : VARIANT_DH;
}

static const struct {
    const char *title;
    const char *article;
    const char *texts[VARIANT_COUNT];
} steps[EXPLAIN_STEPS] = {
    {"The client says what it can do",
     "The client sends its list of encryption algorithms and a random challenge.",
     {"So it is still, and more: the client guesses which key exchange the server will take and "
      "sends its public value for it at once. That saves a round trip.",
      "So it is still. With it come the name of the site that is wanted, the curves and the "
      "signatures that the client knows.",
      "So it is. With it come the name of the site that is wanted and the signatures that the client "
      "knows.",
      "The client also shows the ticket of an earlier session: it would like to go on where that "
      "ended."}},
    {"The server chooses, and shows its certificate",
     "The server sends the algorithm that it has chosen, its random challenge and its certificate.",
     {"The choice and the server's public value are readable; everything after them is encrypted "
      "already, the certificate too. The article's servers showed it to everyone.",
      "The server also sends a public value for the key exchange that it has made just for this "
      "connection, signed with the certificate's key.",
      "As the article tells it. No ServerKeyExchange comes: the key in the certificate is all there "
      "is, and that is the weakness of this way.",
      "The server takes the ticket. It sends no certificate: who could make the ticket's key proved "
      "itself in the earlier session."}},
    {"The client checks who answers",
     "The client authenticates the server by its certificate, and stops if it does not hold.",
     {"The certificate alone proves nothing: anyone can copy it. The signature in "
      "CertificateVerify, over everything said so far, proves that the server has its private key.",
      "The certificate alone proves nothing: anyone can copy it. The signature over the server's "
      "public value and both random values proves that the server has its private key.",
      "The certificate alone proves nothing yet: anyone can copy it. That the server has the private "
      "key shows only at the end, when it can finish the handshake.",
      "Nothing is to be checked anew: only the server of the earlier session knows the key."}},
    {"The pre-master secret",
     "The client makes a pre-master secret and sends it encrypted with the server's public key.",
     {"Not so any more: TLS 1.3 has no RSA key exchange. Each side has sent a public value in its "
      "hello and reckons the same secret from its own private value and the other's public one. No "
      "secret is ever sent, and none is encrypted to the certificate's key.",
      "Not so here. RSA is one way of several, and this is the other: both sides exchange public "
      "values and reckon the same secret. No secret is ever sent, and the private values are thrown "
      "away afterwards: whoever steals the certificate's key later cannot read this connection "
      "(forward secrecy).",
      "Exactly so. The client makes up 48 bytes and encrypts them to the key in the certificate. "
      "Whoever ever gets that private key can decrypt them, and everything recorded with them.",
      "No secret is sent. A resumed TLS 1.3 session usually exchanges new public values as well, so "
      "that it has forward secrecy of its own; before TLS 1.3 the old master secret is used again."}},
    {"The server reckons the same secret",
     "The server decrypts the pre-master secret with its private key.",
     {"The server decrypts nothing: it reckons the shared secret from its own private value. Its "
      "certificate's key has only signed.",
      "The server decrypts nothing: it reckons the shared secret from its own private value. Its "
      "certificate's key has only signed.",
      "As the article tells it: only the private key opens the ClientKeyExchange. A server that "
      "finds wrong padding must not tell (Bleichenbacher's attack of 1998, ROBOT of 2017): it goes on "
      "with random bytes, and the handshake fails at Finished.",
      "The server finds the key in the ticket, which it had encrypted for itself, or in its own "
      "memory."}},
    {"Both reckon the keys",
     "Client and server reckon the master secret, and from it the session key.",
     {"There is no single session key: HKDF makes a tree of secrets, and from its leaves a key and "
      "an IV for each direction and each stage. Every line below is checked: the keys decrypt what "
      "the server sent.",
      "There is no single session key: from the master secret comes a key block, cut into keys for "
      "each direction. Every line below is checked: the keys decrypt what the server sent.",
      "There is no single session key: from the master secret comes a key block, cut into keys for "
      "each direction. Every line below is checked: the keys decrypt what the server sent.",
      "From the earlier session's secret and this connection's random values come new keys: the old "
      "ones are never used again."}},
    {"The client finishes",
     "The client says that it encrypts from now on, and that its part of the handshake is over.",
     {"ChangeCipherSpec has no meaning any more and is sent for old devices on the way. Finished is "
      "more than a sign: it is a checksum over every message, under a key that an attacker does not "
      "have. In TLS 1.3 it comes after the server's.",
      "Finished is more than a sign: it is a checksum over every message, under the master secret. "
      "Had anyone on the way taken the good suites out of the hello, it would come to light here.",
      "Finished is more than a sign: it is a checksum over every message, under the master secret. "
      "Had anyone on the way taken the good suites out of the hello, it would come to light here.",
      "In a resumed session before TLS 1.3 the server finishes first."}},
    {"The server finishes",
     "The server says the same of its side.",
     {"In TLS 1.3 the server finishes first, in the same flight as its certificate.",
      "With its Finished the server also proves that it has reckoned the same secret.",
      "With its Finished the server proves that it could decrypt the pre-master secret, and so that "
      "it has the certificate's private key.",
      "With its Finished the server proves that it knows the earlier session's secret."}},
    {"Data",
     "Client and server encrypt with the session key until a new handshake.",
     {"Each record has its own nonce and a tag that shows any change. Tickets for later sessions come "
      "as messages after the handshake; KeyUpdate changes keys. There are no new handshakes on the "
      "same connection any more.",
      "Each record is encrypted and protected from change. A new handshake on the same connection "
      "(renegotiation) is possible, was attacked in 2009, and is hardly ever used.",
      "Each record is encrypted and protected from change. A new handshake on the same connection "
      "(renegotiation) is possible, was attacked in 2009, and is hardly ever used.",
      "As in any other session."}},
};

struct explain_step explain_step(const struct trace_facts *facts, unsigned number) {
    const unsigned index = number == 0 || number > EXPLAIN_STEPS ? 0 : number - 1;
    return (struct explain_step){.title = steps[index].title,
                                 .article = steps[index].article,
                                 .text = steps[index].texts[variant_of(facts)]};
}

/* --- messages ------------------------------------------------------------------------------------
 */

enum { ANY = 0, ONLY_13 = 1, ONLY_12 = 2 };

static const struct {
    enum trace_kind kind;
    uint8_t type;
    int versions;
    struct explain_message says;
} messages[] = {
    {TRACE_HANDSHAKE,
     WIRE_CLIENT_HELLO,
     ANY,
     {"opens the handshake: everything that the client can do, so that the server can choose",
      "can read it, and could change it; both Finished messages would show that"}},
    {TRACE_HANDSHAKE,
     WIRE_SERVER_HELLO,
     ONLY_13,
     {"the server's choice and its public value: from here on both can reckon the keys",
      "sees both public values and cannot reckon the secret from them"}},
    {TRACE_HANDSHAKE,
     WIRE_SERVER_HELLO,
     ONLY_12,
     {"the server's choice among what was offered",
      "could put another choice in its place; both Finished messages would show that"}},
    {TRACE_HANDSHAKE,
     WIRE_ENCRYPTED_EXTENSIONS,
     ANY,
     {"the server's other answers, hidden from onlookers since TLS 1.3",
      "does not see which protocol is spoken inside"}},
    {TRACE_HANDSHAKE,
     WIRE_CERTIFICATE,
     ONLY_13,
     {"who the sender claims to be: a name, a public key, and the issuers' signatures",
      "who only listens does not see the certificate; and whoever copies it cannot sign with it"}},
    {TRACE_HANDSHAKE,
     WIRE_CERTIFICATE,
     ONLY_12,
     {"who the sender claims to be: a name, a public key, and the issuers' signatures",
      "sees it, can copy it, and has nothing of it without the private key"}},
    {TRACE_HANDSHAKE,
     WIRE_CERTIFICATE_STATUS,
     ANY,
     {"the issuer's fresh word that the certificate is not revoked, brought along by the server so "
      "that the client need not ask and tell the issuer which site it visits",
      "cannot make one: it is signed by the issuer"}},
    {TRACE_HANDSHAKE,
     WIRE_SERVER_KEY_EXCHANGE,
     ANY,
     {"the server's public value for this connection alone, signed with the certificate's key",
      "cannot put a value of its own in its place: the signature would be wrong"}},
    {TRACE_HANDSHAKE,
     WIRE_CERTIFICATE_REQUEST,
     ANY,
     {"the server wants to know who the client is", ""}},
    {TRACE_HANDSHAKE, WIRE_SERVER_HELLO_DONE, ANY, {"the server's turn is over", ""}},
    {TRACE_HANDSHAKE,
     WIRE_CERTIFICATE_VERIFY,
     ANY,
     {"the proof of having the private key to the certificate: a signature over the handshake",
      "cannot sign, and cannot use a signature of another connection: it covers both random values"}},
    {TRACE_HANDSHAKE,
     WIRE_CLIENT_KEY_EXCHANGE,
     ANY,
     {"the client's part of the key exchange", "cannot reckon the secret from it"}},
    {TRACE_HANDSHAKE,
     WIRE_FINISHED,
     ANY,
     {"ends the handshake: a keyed checksum over every message of it",
      "cannot have changed, left out or added anything before it unnoticed"}},
    {TRACE_HANDSHAKE,
     WIRE_NEW_SESSION_TICKET,
     ANY,
     {"what the client shows to resume this session later, with one round trip less work for both",
      "cannot use it without the key that belongs to it"}},
    {TRACE_HANDSHAKE,
     WIRE_COMPRESSED_CERTIFICATE,
     ANY,
     {"the Certificate message, compressed: chains are the largest part of a handshake, and their "
      "texts repeat themselves",
      "sees how long it is, and nothing else of it"}},
    {TRACE_HANDSHAKE,
     WIRE_END_OF_EARLY_DATA,
     ANY,
     {"nothing more comes under the ticket's keys: from here on the client has the new ones",
      "could not leave it out: it is part of what Finished is reckoned over"}},
    {TRACE_HANDSHAKE,
     WIRE_KEY_UPDATE,
     ANY,
     {"the sender's next record has new keys, derived from the old ones",
      "who gets today's keys cannot read what was sent before the update"}},
    {TRACE_HANDSHAKE,
     WIRE_HELLO_REQUEST,
     ANY,
     {"the server would like a new handshake inside this connection (renegotiation): for a "
      "certificate of the client that only a part of the site wants, or for new keys. This client "
      "says no, as browsers do",
      "could once put words of their own before a client's, since nothing tied the second handshake "
      "to the first (CVE-2009-3555); renegotiation_info ties them"}},
    {TRACE_CHANGE,
     0,
     ONLY_13,
     {"means nothing in TLS 1.3: it makes the connection look like TLS 1.2 to devices on the way",
      ""}},
    {TRACE_CHANGE,
     0,
     ONLY_12,
     {"everything that the sender sends after this is encrypted",
      "cannot leave it out: Finished would not be encrypted, and is not taken then"}},
    {TRACE_ALERT, 0, ANY, {"", ""}},
    {TRACE_DATA,
     0,
     ANY,
     {"what the handshake was for", "sees its length and its time, nothing more"}},
    {TRACE_PLAIN,
     0,
     ANY,
     {"plain text before TLS: the protocol asks for TLS in its own words",
      "can read and change it; a client that goes on without TLS when the answer is no can be "
      "stripped of it"}},
};

struct explain_message explain_message(const struct trace_facts *facts,
                                       const struct trace_message *message) {
    static const struct explain_message retry = {
        "the server wants a public value for a group that the client offered and sent none for: one "
        "more round trip",
        "could cause one, and no more"};
    static const struct explain_message rsa = {
        "the pre-master secret, encrypted to the key in the certificate",
        "cannot decrypt it without the certificate's private key; but who gets that key in ten years "
        "can decrypt what was recorded today"};
    static const struct explain_message empty = {
        "an empty record before the data: its last block, which nobody can foresee, is the next "
        "record's IV (the answer to the attack BEAST of 2011)",
        "cannot choose a text by the IV that will be used for it"};
    static const struct explain_message early = {
        "the request goes ahead with the hello, and waits for nobody (0-RTT)",
        "cannot read it, but can send it again: to the server it looks as it did the first time. "
        "Only a request that does no harm twice may go ahead"};
    if (message->kind == TRACE_DATA && message->bytes.len == 0) {
        return empty;
    }
    if (message->kind == TRACE_DATA && message->keys == TRACE_KEYS_EARLY) {
        return early;
    }
    bool is_13 = facts->version == WIRE_TLS13 || facts->version == 0;
    if (message->is_retry) {
        return retry;
    }
    if (message->kind == TRACE_HANDSHAKE && message->type == WIRE_CLIENT_KEY_EXCHANGE &&
        facts->exchange == WIRE_EXCHANGE_RSA) {
        return rsa;
    }
    for (size_t i = 0; i < PL_ARRAY_LEN(messages); i++) {
        bool is_type = message->kind != TRACE_HANDSHAKE || messages[i].type == message->type;
        bool is_version = messages[i].versions == ANY || (messages[i].versions == ONLY_13) == is_13;
        if (messages[i].kind == message->kind && is_type && is_version) {
            return messages[i].says;
        }
    }
    return (struct explain_message){"", ""};
}

const char *explain_readers(const struct trace_facts *facts, const struct trace_message *message) {
    switch (message->keys) {
    case TRACE_KEYS_NONE:
        return "everyone on the way";
    case TRACE_KEYS_EARLY:
        return "client and server, and whoever ever gets the key that the server's tickets are "
               "made with: it has no forward secrecy";
    case TRACE_KEYS_HANDSHAKE:
        return "client and server; who listens cannot, who sits in the middle and answers in the "
               "server's place could, until the signature gives it away";
    case TRACE_KEYS_DATA:
        return facts->exchange == WIRE_EXCHANGE_RSA && facts->version != WIRE_TLS13
                   ? "client and server, and whoever ever gets the certificate's private key"
                   : "client and server alone";
    }
    return "";
}

const char *explain_name(const struct trace_message *message) {
    switch (message->kind) {
    case TRACE_HANDSHAKE:
        return message->is_retry ? "HelloRetryRequest" : wire_message_name(message->type);
    case TRACE_CHANGE:
        return "ChangeCipherSpec";
    case TRACE_ALERT:
        return "Alert";
    case TRACE_DATA:
        return "Application data";
    case TRACE_PLAIN:
        return "Plain text";
    }
    return "";
}

const char *explain_lesson(const struct trace_facts *facts) {
    bool is_hybrid = facts->group > 0x1000;
    if (facts->version == 0) {
        return "The two did not agree on anything.";
    }
    if (facts->version <= WIRE_TLS11) {
        return "A version of the nineties: given up in 2021 (SSL 3.0 in 2015). What it calls "
               "integrity rests on MD5 and SHA-1.";
    }
    if (facts->version == WIRE_TLS12 && facts->exchange == WIRE_EXCHANGE_RSA) {
        return "Whoever ever steals the certificate's private key reads everything that was "
               "recorded: there is no forward secrecy.";
    }
    if (facts->version == WIRE_TLS12) {
        return "Forward secrecy: who steals the certificate's key later can read nothing of this. "
               "The certificate itself was readable on the way.";
    }
    if (facts->has_early_data) {
        return "The request did not wait for the handshake. What went ahead has no forward secrecy, "
               "and whoever recorded it can send it again; all after it is as always.";
    }
    return is_hybrid
               ? "Forward secrecy, a hidden certificate, and an exchange that a future quantum "
                 "computer does not undo."
               : "Forward secrecy and a hidden certificate. A future quantum computer could undo "
                 "the exchange; X25519MLKEM768 would withstand it.";
}

static const struct {
    const char *text;
    const char *word;
} operations[] = {
    [TRACE_GIVEN] = {"given", "given"},
    [TRACE_HASH] = {"Hash", "hash"},
    [TRACE_EXTRACT] = {"HKDF-Extract", "hkdf-extract"},
    [TRACE_EXPAND_LABEL] = {"HKDF-Expand-Label", "hkdf-expand-label"},
    [TRACE_HMAC] = {"HMAC", "hmac"},
    [TRACE_PRF] = {"PRF", "prf"},
    [TRACE_PRF10] = {"PRF of MD5 and SHA-1", "prf-md5-sha1"},
    [TRACE_SSL3] = {"SSL 3.0's MD5 and SHA-1", "ssl3"},
    [TRACE_SLICE] = {"cut from", "slice"},
    [TRACE_CONCAT] = {"joined", "concat"},
    [TRACE_AGREE] = {"Diffie-Hellman", "agree"},
    [TRACE_DECAPSULATE] = {"decapsulate", "decapsulate"},
    [TRACE_RSA_ENCRYPT] = {"RSA encryption", "rsa-encrypt"},
    [TRACE_RSA_DECRYPT] = {"RSA decryption", "rsa-decrypt"},
};

const char *explain_operation(enum trace_operation operation) {
    return operations[operation].text;
}

const char *explain_operation_word(enum trace_operation operation) {
    return operations[operation].word;
}
