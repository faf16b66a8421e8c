/* The tables of TLS numbers. */
/* size: table */
#include "tls/registry.h"

#include "base/str.h"

#include <string.h>

#define T13 TLS_ENTRY_TLS13
#define T12 TLS_ENTRY_TLS12
#define OLD (TLS_ENTRY_TLS12 | TLS_ENTRY_LEGACY)
#define ANY (TLS_ENTRY_TLS13 | TLS_ENTRY_TLS12 | TLS_ENTRY_LEGACY)
#define EC TLS_ENTRY_EC
#define RSA TLS_ENTRY_RSA

#define ABOUT_AES128                                                                               \
    "AES with 128-bit keys in GCM mode: encrypts and detects any change; fast on nearly every "    \
    "processor"
#define ABOUT_AES256                                                                               \
    "AES with 256-bit keys in GCM mode: encrypts and detects any change; more margin than "        \
    "anybody needs today, for a little more work"
#define ABOUT_CHACHA                                                                               \
    "ChaCha20 with Poly1305: as strong as AES, and faster on devices without AES in hardware"
#define ABOUT_CCM "AES in CCM mode: sound, but slower than GCM and made for small devices"
#define ABOUT_CBC                                                                                  \
    "AES in CBC mode, whose integrity check comes after the padding: the form behind Lucky "       \
    "Thirteen and POODLE; GCM or ChaCha20 are better"
#define ABOUT_RSA_EXCHANGE                                                                         \
    "the client encrypts the secret to the server's RSA key: whoever gets that key later can "     \
    "read what was recorded today; ECDHE is better"
#define ABOUT_DHE "Diffie-Hellman in a finite field: forward secrecy, but slow; ECDHE is better"
#define ABOUT_BROKEN "broken or exportable encryption of the nineties: never to be used"
#define ABOUT_PSK "a key that both sides know beforehand: not for browsers"
#define ABOUT_SIGNAL "no cipher: a signal to the server in the place of one"

#define GOOD(code, flags, name, library, about)                                                    \
    { code, TLS_RATING_GOOD, flags, name, library, about }
#define FAIR(code, flags, name, library, about)                                                    \
    { code, TLS_RATING_FAIR, flags, name, library, about }
#define POOR(code, flags, name, library, about)                                                    \
    { code, TLS_RATING_POOR, flags, name, library, about }
#define NOTE(code, name, about)                                                                    \
    { code, TLS_RATING_NONE, 0, name, NULL, about }

static const struct tls_entry suites[] = {
    GOOD(0x1301, T13 | EC | RSA, "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", ABOUT_AES128),
    GOOD(0x1302, T13 | EC | RSA, "TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", ABOUT_AES256),
    GOOD(0x1303, T13 | EC | RSA, "TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256",
         ABOUT_CHACHA),
    GOOD(0x1304, T13, "TLS_AES_128_CCM_SHA256", NULL, ABOUT_CCM),
    FAIR(0x1305, T13, "TLS_AES_128_CCM_8_SHA256", NULL, ABOUT_CCM),
    GOOD(0xC02B, T12 | EC, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
         "ECDHE-ECDSA-AES128-GCM-SHA256", ABOUT_AES128),
    GOOD(0xC02F, T12 | RSA, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
         ABOUT_AES128),
    GOOD(0xC02C, T12 | EC, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
         "ECDHE-ECDSA-AES256-GCM-SHA384", ABOUT_AES256),
    GOOD(0xC030, T12 | RSA, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
         ABOUT_AES256),
    GOOD(0xCCA9, T12 | EC, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
         "ECDHE-ECDSA-CHACHA20-POLY1305", ABOUT_CHACHA),
    GOOD(0xCCA8, T12 | RSA, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
         "ECDHE-RSA-CHACHA20-POLY1305", ABOUT_CHACHA),
    FAIR(0xC023, T12 | EC, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ECDHE-ECDSA-AES128-SHA256",
         ABOUT_CBC),
    FAIR(0xC027, T12 | RSA, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256",
         ABOUT_CBC),
    FAIR(0xC009, OLD | EC, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA",
         ABOUT_CBC),
    FAIR(0xC013, OLD | RSA, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA",
         ABOUT_CBC),
    FAIR(0xC024, T12 | EC, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "ECDHE-ECDSA-AES256-SHA384",
         ABOUT_CBC),
    FAIR(0xC028, T12 | RSA, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "ECDHE-RSA-AES256-SHA384",
         ABOUT_CBC),
    FAIR(0xC00A, OLD | EC, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA",
         ABOUT_CBC),
    FAIR(0xC014, OLD | RSA, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA",
         ABOUT_CBC),
    FAIR(0xC0AC, T12, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", NULL, ABOUT_CCM),
    FAIR(0xC0AD, T12, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM", NULL, ABOUT_CCM),
    FAIR(0xC0AE, T12, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", NULL, ABOUT_CCM),
    FAIR(0xC0AF, T12, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8", NULL, ABOUT_CCM),
    FAIR(0x009E, T12, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", NULL, ABOUT_DHE),
    FAIR(0x009F, T12, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", NULL, ABOUT_DHE),
    FAIR(0xCCAA, T12, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", NULL, ABOUT_DHE),
    FAIR(0xC09E, T12, "TLS_DHE_RSA_WITH_AES_128_CCM", NULL, ABOUT_DHE),
    FAIR(0xC09F, T12, "TLS_DHE_RSA_WITH_AES_256_CCM", NULL, ABOUT_DHE),
    FAIR(0x0067, T12, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", NULL, ABOUT_DHE),
    FAIR(0x006B, T12, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", NULL, ABOUT_DHE),
    FAIR(0x0033, OLD, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", NULL, ABOUT_DHE),
    FAIR(0x0039, OLD, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", NULL, ABOUT_DHE),
    POOR(0x0032, OLD, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA", NULL, ABOUT_DHE),
    POOR(0x0038, OLD, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA", NULL, ABOUT_DHE),
    POOR(0x0040, T12, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256", NULL, ABOUT_DHE),
    POOR(0x006A, T12, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256", NULL, ABOUT_DHE),
    POOR(0x00A2, T12, "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256", NULL, ABOUT_DHE),
    POOR(0x00A3, T12, "TLS_DHE_DSS_WITH_AES_256_GCM_SHA384", NULL, ABOUT_DHE),
    POOR(0x009C, T12, "TLS_RSA_WITH_AES_128_GCM_SHA256", NULL, ABOUT_RSA_EXCHANGE),
    POOR(0x009D, T12, "TLS_RSA_WITH_AES_256_GCM_SHA384", NULL, ABOUT_RSA_EXCHANGE),
    POOR(0xC09C, T12, "TLS_RSA_WITH_AES_128_CCM", NULL, ABOUT_RSA_EXCHANGE),
    POOR(0xC09D, T12, "TLS_RSA_WITH_AES_256_CCM", NULL, ABOUT_RSA_EXCHANGE),
    POOR(0xC0A0, T12, "TLS_RSA_WITH_AES_128_CCM_8", NULL, ABOUT_RSA_EXCHANGE),
    POOR(0xC0A1, T12, "TLS_RSA_WITH_AES_256_CCM_8", NULL, ABOUT_RSA_EXCHANGE),
    POOR(0x003C, T12, "TLS_RSA_WITH_AES_128_CBC_SHA256", NULL, ABOUT_RSA_EXCHANGE),
    POOR(0x003D, T12, "TLS_RSA_WITH_AES_256_CBC_SHA256", NULL, ABOUT_RSA_EXCHANGE),
    POOR(0x002F, OLD, "TLS_RSA_WITH_AES_128_CBC_SHA", NULL, ABOUT_RSA_EXCHANGE),
    POOR(0x0035, OLD, "TLS_RSA_WITH_AES_256_CBC_SHA", NULL, ABOUT_RSA_EXCHANGE),
    POOR(0x0041, OLD, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA", NULL, ABOUT_RSA_EXCHANGE),
    POOR(0x0084, OLD, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA", NULL, ABOUT_RSA_EXCHANGE),
    FAIR(0x0045, OLD, "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA", NULL, ABOUT_DHE),
    FAIR(0x0088, OLD, "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA", NULL, ABOUT_DHE),
    FAIR(0x00BE, T12, "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256", NULL, ABOUT_DHE),
    FAIR(0x00C4, T12, "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256", NULL, ABOUT_DHE),
    FAIR(0xC072, T12, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256", NULL, ABOUT_CBC),
    FAIR(0xC073, T12, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384", NULL, ABOUT_CBC),
    FAIR(0xC076, T12, "TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256", NULL, ABOUT_CBC),
    FAIR(0xC077, T12, "TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384", NULL, ABOUT_CBC),
    FAIR(0xC05C, T12, "TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256", NULL, ""),
    FAIR(0xC05D, T12, "TLS_ECDHE_ECDSA_WITH_ARIA_256_GCM_SHA384", NULL, ""),
    FAIR(0xC060, T12, "TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256", NULL, ""),
    FAIR(0xC061, T12, "TLS_ECDHE_RSA_WITH_ARIA_256_GCM_SHA384", NULL, ""),
    POOR(0xC008, OLD, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA", NULL, ABOUT_BROKEN),
    POOR(0xC012, OLD, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", NULL, ABOUT_BROKEN),
    POOR(0x0016, OLD, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", NULL, ABOUT_BROKEN),
    POOR(0x000A, OLD, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", NULL, ABOUT_BROKEN),
    POOR(0x0004, OLD, "TLS_RSA_WITH_RC4_128_MD5", NULL, ABOUT_BROKEN),
    POOR(0x0005, OLD, "TLS_RSA_WITH_RC4_128_SHA", NULL, ABOUT_BROKEN),
    POOR(0x0009, OLD, "TLS_RSA_WITH_DES_CBC_SHA", NULL, ABOUT_BROKEN),
    POOR(0xC007, OLD, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", NULL, ABOUT_BROKEN),
    POOR(0xC011, OLD, "TLS_ECDHE_RSA_WITH_RC4_128_SHA", NULL, ABOUT_BROKEN),
    FAIR(0x00A8, T12, "TLS_PSK_WITH_AES_128_GCM_SHA256", NULL, ABOUT_PSK),
    FAIR(0x00A9, T12, "TLS_PSK_WITH_AES_256_GCM_SHA384", NULL, ABOUT_PSK),
    NOTE(0x00FF, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV",
         ABOUT_SIGNAL ": the client knows secure renegotiation"),
    NOTE(0x5600, "TLS_FALLBACK_SCSV",
         ABOUT_SIGNAL ": the client tries again with an older version than it can do"),
};

#define ABOUT_HYBRID                                                                               \
    "an elliptic curve and ML-KEM together: what is recorded today stays secret even from a "      \
    "future quantum computer, as long as either holds"
#define ABOUT_CURVE                                                                                \
    "sound against all that exists today, not against a future quantum computer; X25519MLKEM768 "  \
    "is better"

static const struct tls_entry groups[] = {
    GOOD(0x11EC, T13, "X25519MLKEM768", "X25519MLKEM768", ABOUT_HYBRID),
    GOOD(0x11EB, T13, "SecP256r1MLKEM768", "SecP256r1MLKEM768", ABOUT_HYBRID),
    GOOD(0x11ED, T13, "SecP384r1MLKEM1024", "SecP384r1MLKEM1024", ABOUT_HYBRID),
    GOOD(0x001D, ANY, "x25519", "X25519", "Curve25519: fast; " ABOUT_CURVE),
    GOOD(0x0017, ANY, "secp256r1", "prime256v1", "NIST P-256: known everywhere; " ABOUT_CURVE),
    GOOD(0x0018, ANY, "secp384r1", "secp384r1", "NIST P-384: slower than P-256; " ABOUT_CURVE),
    GOOD(0x0019, ANY, "secp521r1", "secp521r1", "NIST P-521: slow; " ABOUT_CURVE),
    GOOD(0x001E, ANY, "x448", "X448", "Curve448: slow; " ABOUT_CURVE),
    FAIR(0x6399, T13, "X25519Kyber768Draft00", NULL,
         "a draft of X25519MLKEM768 that nobody uses any more"),
    FAIR(0x0200, T13, "MLKEM512", NULL, "ML-KEM alone, without an elliptic curve beside it"),
    FAIR(0x0201, T13, "MLKEM768", NULL, "ML-KEM alone, without an elliptic curve beside it"),
    FAIR(0x0202, T13, "MLKEM1024", NULL, "ML-KEM alone, without an elliptic curve beside it"),
    FAIR(0x0100, T13, "ffdhe2048", NULL, ABOUT_DHE),
    FAIR(0x0101, T13, "ffdhe3072", NULL, ABOUT_DHE),
    FAIR(0x0102, T13, "ffdhe4096", NULL, ABOUT_DHE),
    FAIR(0x0103, T13, "ffdhe6144", NULL, ABOUT_DHE),
    FAIR(0x0104, T13, "ffdhe8192", NULL, ABOUT_DHE),
    FAIR(0x001A, OLD, "brainpoolP256r1", NULL, "a Brainpool curve: sound, hardly used"),
    FAIR(0x001B, OLD, "brainpoolP384r1", NULL, "a Brainpool curve: sound, hardly used"),
    FAIR(0x001C, OLD, "brainpoolP512r1", NULL, "a Brainpool curve: sound, hardly used"),
    FAIR(0x001F, T13, "brainpoolP256r1tls13", NULL, "a Brainpool curve: sound, hardly used"),
    FAIR(0x0020, T13, "brainpoolP384r1tls13", NULL, "a Brainpool curve: sound, hardly used"),
    FAIR(0x0021, T13, "brainpoolP512r1tls13", NULL, "a Brainpool curve: sound, hardly used"),
    FAIR(0x0016, OLD, "secp256k1", NULL, "Bitcoin's curve: not meant for TLS"),
    POOR(0x0015, OLD, "secp224r1", NULL, "a curve that is too small today"),
    POOR(0x0013, OLD, "secp192r1", NULL, "a curve that is too small today"),
};

#define ABOUT_PKCS1                                                                                \
    "RSA in its form of the nineties: still holds, but TLS 1.3 allows it in certificates alone"
#define ABOUT_SHA1 "uses SHA-1 or MD5, in which collisions are found: not to be relied on"

static const struct tls_entry schemes[] = {
    GOOD(0x0403, T13 | T12 | EC, "ecdsa_secp256r1_sha256", "ecdsa_secp256r1_sha256",
         "ECDSA on P-256: small and fast"),
    GOOD(0x0807, T13 | T12 | TLS_ENTRY_ED25519, "ed25519", "ed25519",
         "Ed25519: small, fast, hard to use wrongly; browsers do not take it in certificates yet"),
    GOOD(0x0804, T13 | T12 | RSA, "rsa_pss_rsae_sha256", "rsa_pss_rsae_sha256",
         "RSA in its modern form (PSS): sound; signing costs the server much more than ECDSA"),
    GOOD(0x0503, T13 | T12 | EC, "ecdsa_secp384r1_sha384", "ecdsa_secp384r1_sha384",
         "ECDSA on P-384: more margin, several times the work of P-256"),
    GOOD(0x0805, T13 | T12 | RSA, "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha384",
         "RSA in its modern form (PSS) with SHA-384"),
    GOOD(0x0806, T13 | T12 | RSA, "rsa_pss_rsae_sha512", "rsa_pss_rsae_sha512",
         "RSA in its modern form (PSS) with SHA-512"),
    GOOD(0x0603, T13 | T12 | EC, "ecdsa_secp521r1_sha512", "ecdsa_secp521r1_sha512",
         "ECDSA on P-521: browsers do not take it in certificates"),
    FAIR(0x0401, T12 | RSA, "rsa_pkcs1_sha256", "rsa_pkcs1_sha256", ABOUT_PKCS1),
    FAIR(0x0501, T12 | RSA, "rsa_pkcs1_sha384", "rsa_pkcs1_sha384", ABOUT_PKCS1),
    FAIR(0x0601, T12 | RSA, "rsa_pkcs1_sha512", "rsa_pkcs1_sha512", ABOUT_PKCS1),
    GOOD(0x0808, T13 | T12, "ed448", NULL, "Ed448: sound, slow, hardly used"),
    GOOD(0x0809, T13 | T12, "rsa_pss_pss_sha256", NULL, "RSA-PSS with a key that allows it alone"),
    GOOD(0x080A, T13 | T12, "rsa_pss_pss_sha384", NULL, "RSA-PSS with a key that allows it alone"),
    GOOD(0x080B, T13 | T12, "rsa_pss_pss_sha512", NULL, "RSA-PSS with a key that allows it alone"),
    GOOD(0x0904, T13, "mldsa44", NULL, "ML-DSA: signatures that a quantum computer cannot forge"),
    GOOD(0x0905, T13, "mldsa65", NULL, "ML-DSA: signatures that a quantum computer cannot forge"),
    GOOD(0x0906, T13, "mldsa87", NULL, "ML-DSA: signatures that a quantum computer cannot forge"),
    GOOD(0x081A, T13, "ecdsa_brainpoolP256r1tls13_sha256", NULL, ""),
    GOOD(0x081B, T13, "ecdsa_brainpoolP384r1tls13_sha384", NULL, ""),
    GOOD(0x081C, T13, "ecdsa_brainpoolP512r1tls13_sha512", NULL, ""),
    FAIR(0x0303, T12, "ecdsa_sha224", NULL, "SHA-224: short"),
    FAIR(0x0301, T12, "rsa_pkcs1_sha224", NULL, "SHA-224: short"),
    FAIR(0x0302, T12, "dsa_sha224", NULL, "DSA: gone from certificates"),
    FAIR(0x0402, T12, "dsa_sha256", NULL, "DSA: gone from certificates"),
    FAIR(0x0502, T12, "dsa_sha384", NULL, "DSA: gone from certificates"),
    FAIR(0x0602, T12, "dsa_sha512", NULL, "DSA: gone from certificates"),
    POOR(0x0201, T12, "rsa_pkcs1_sha1", NULL, ABOUT_SHA1),
    POOR(0x0202, T12, "dsa_sha1", NULL, ABOUT_SHA1),
    POOR(0x0203, T12, "ecdsa_sha1", NULL, ABOUT_SHA1),
    POOR(0xFF01, OLD, "rsa_md5_sha1", NULL, ABOUT_SHA1),
};

static const struct tls_entry extensions[] = {
    NOTE(0, "server_name", "the name of the site that is wanted, readable by everyone on the way"),
    NOTE(1, "max_fragment_length", "asks for smaller records"),
    NOTE(5, "status_request", "asks for a fresh word of the issuer on revocation (OCSP stapling)"),
    NOTE(10, "supported_groups", "the groups for the key exchange, in order of preference"),
    NOTE(11, "ec_point_formats", "how points of elliptic curves may be written"),
    NOTE(13, "signature_algorithms", "the signatures that the client can check"),
    NOTE(14, "use_srtp", "keys for media streams"),
    NOTE(15, "heartbeat", "keep-alive of the record layer, known from Heartbleed"),
    NOTE(16, "application_layer_protocol_negotiation", "the protocols wanted inside TLS (ALPN)"),
    NOTE(17, "status_request_v2", "asks for words on revocation of the whole chain"),
    NOTE(18, "signed_certificate_timestamp", "asks for proofs of publication (CT)"),
    NOTE(19, "client_certificate_type", "other forms of a client's certificate"),
    NOTE(20, "server_certificate_type", "other forms of a server's certificate"),
    NOTE(21, "padding", "zeros that bring the message to a length that old devices can bear"),
    NOTE(22, "encrypt_then_mac", "a better order of encryption and integrity for CBC suites"),
    NOTE(23, "extended_master_secret", "ties the keys to the whole handshake (TLS 1.2)"),
    NOTE(24, "token_binding", "ties cookies to the connection; given up"),
    NOTE(27, "compress_certificate", "compressions of certificates that the client can undo"),
    NOTE(28, "record_size_limit", "the largest record that the client takes"),
    NOTE(34, "delegated_credentials", "short-lived keys signed by the certificate"),
    NOTE(35, "session_ticket", "a ticket to resume an earlier session, or the wish for one"),
    NOTE(41, "pre_shared_key", "a ticket of an earlier session: resumption in TLS 1.3"),
    NOTE(42, "early_data", "data sent before the handshake ends (0-RTT); refused here"),
    NOTE(43, "supported_versions", "the versions of TLS that the client speaks"),
    NOTE(44, "cookie", "a server's own words, sent back"),
    NOTE(45, "psk_key_exchange_modes", "whether a resumed session exchanges new keys"),
    NOTE(47, "certificate_authorities", "the issuers that the client would accept"),
    NOTE(49, "post_handshake_auth", "the client could show a certificate later"),
    NOTE(50, "signature_algorithms_cert", "the signatures that it can check in certificates"),
    NOTE(51, "key_share", "public keys for the exchange, sent ahead to save a round trip"),
    NOTE(57, "quic_transport_parameters", "parameters of QUIC"),
    NOTE(13172, "next_protocol_negotiation", "an early form of ALPN; given up"),
    NOTE(17513, "application_settings", "settings of HTTP/2 ahead of time (Chromium)"),
    NOTE(17613, "application_settings", "settings of HTTP/2 ahead of time (Chromium)"),
    NOTE(30032, "channel_id", "a key for each site; given up (Chromium)"),
    NOTE(64768, "ech_outer_extensions", "parts of an encrypted ClientHello"),
    NOTE(65037, "encrypted_client_hello", "the real name, encrypted (ECH), or noise in its place"),
    NOTE(65281, "renegotiation_info", "the client knows secure renegotiation (TLS 1.2)"),
};

static const struct tls_entry versions[] = {
    GOOD(0x0304, T13, "TLS 1.3", "1.3",
         "the newest version (2018): one round trip, forward secrecy always, certificates hidden "
         "from onlookers"),
    FAIR(0x0303, T12, "TLS 1.2", "1.2",
         "sound with the right cipher suites (2008); certificates and more are readable on the "
         "way; TLS 1.3 is better"),
    POOR(0x0302, TLS_ENTRY_LEGACY, "TLS 1.1", "1.1",
         "formally given up in 2021 (RFC 8996): signs with SHA-1 and MD5; browsers refuse it"),
    POOR(0x0301, TLS_ENTRY_LEGACY, "TLS 1.0", "1.0",
         "of 1999, formally given up in 2021 (RFC 8996); browsers refuse it"),
    POOR(0x0300, 0, "SSL 3.0", NULL, "broken by POODLE (2014), forbidden by RFC 7568"),
};

static const struct {
    const struct tls_entry *entries;
    size_t count;
} tables[TLS_KIND_COUNT] = {
    [TLS_KIND_SUITE] = {suites, PL_ARRAY_LEN(suites)},
    [TLS_KIND_GROUP] = {groups, PL_ARRAY_LEN(groups)},
    [TLS_KIND_SCHEME] = {schemes, PL_ARRAY_LEN(schemes)},
    [TLS_KIND_EXTENSION] = {extensions, PL_ARRAY_LEN(extensions)},
    [TLS_KIND_VERSION] = {versions, PL_ARRAY_LEN(versions)},
};

const struct tls_entry *tls_registry_at(enum tls_kind kind, size_t index) {
    return index < tables[kind].count ? &tables[kind].entries[index] : NULL;
}

const struct tls_entry *tls_registry_find(enum tls_kind kind, uint16_t code) {
    for (size_t i = 0; i < tables[kind].count; i++) {
        if (tables[kind].entries[i].code == code) {
            return &tables[kind].entries[i];
        }
    }
    return NULL;
}

static bool is_named(const char *name, const char *text, size_t len) {
    bool is_same = name != NULL && strlen(name) == len;
    for (size_t i = 0; is_same && i < len; i++) {
        is_same = str_lower_char(name[i]) == str_lower_char(text[i]);
    }
    return is_same;
}

const struct tls_entry *tls_registry_named(enum tls_kind kind, const char *name, size_t len) {
    for (size_t i = 0; i < tables[kind].count; i++) {
        const struct tls_entry *entry = &tables[kind].entries[i];
        if (is_named(entry->name, name, len) || is_named(entry->library, name, len)) {
            return entry;
        }
    }
    return NULL;
}

bool tls_is_grease(uint16_t code) {
    return (code & 0x0F0F) == 0x0A0A && code >> 8 == (code & 0xFF);
}
