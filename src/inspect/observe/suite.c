/* The suites that the observer can do. */
/* size: table */
#include "inspect/observe/suite.h"

#include "inspect/wire/numbers.h"

static const struct observe_cipher aes128gcm = {"AES-128-GCM", OBSERVE_AEAD, 16,   0, 16,
                                                true,          false,        false};
static const struct observe_cipher aes256gcm = {"AES-256-GCM", OBSERVE_AEAD, 32,   0, 16,
                                                true,          false,        false};
static const struct observe_cipher aes128ccm = {"AES-128-CCM", OBSERVE_AEAD, 16,   0, 16,
                                                true,          true,         false};
static const struct observe_cipher aes256ccm = {"AES-256-CCM", OBSERVE_AEAD, 32,   0, 16,
                                                true,          true,         false};
static const struct observe_cipher aes128ccm8 = {"AES-128-CCM", OBSERVE_AEAD, 16,   0, 8,
                                                 true,          true,         false};
static const struct observe_cipher chacha = {
    "ChaCha20-Poly1305", OBSERVE_AEAD, 32, 0, 16, false, false, false};
static const struct observe_cipher aes128cbc = {"AES-128-CBC", OBSERVE_CBC, 16,   16, 0,
                                                false,         false,       false};
static const struct observe_cipher aes256cbc = {"AES-256-CBC", OBSERVE_CBC, 32,   16, 0,
                                                false,         false,       false};
static const struct observe_cipher camellia128cbc = {
    "CAMELLIA-128-CBC", OBSERVE_CBC, 16, 16, 0, false, false, false};
static const struct observe_cipher camellia256cbc = {
    "CAMELLIA-256-CBC", OBSERVE_CBC, 32, 16, 0, false, false, false};
static const struct observe_cipher des3cbc = {"DES-EDE3-CBC", OBSERVE_CBC, 24,   8, 0,
                                              false,          false,       false};
static const struct observe_cipher descbc = {"DES-CBC", OBSERVE_CBC, 8, 8, 0, false, false, true};
static const struct observe_cipher rc4 = {"RC4", OBSERVE_STREAM, 16, 0, 0, false, false, true};

#define T13 WIRE_EXCHANGE_TLS13
#define RSA WIRE_EXCHANGE_RSA
#define ECDHE WIRE_EXCHANGE_ECDHE
#define DHE WIRE_EXCHANGE_DHE

static const struct observe_suite suites[] = {
    {0x1301, T13, &aes128gcm, NULL, "SHA256"},
    {0x1302, T13, &aes256gcm, NULL, "SHA384"},
    {0x1303, T13, &chacha, NULL, "SHA256"},
    {0x1304, T13, &aes128ccm, NULL, "SHA256"},
    {0xC02B, ECDHE, &aes128gcm, NULL, "SHA256"},
    {0xC02F, ECDHE, &aes128gcm, NULL, "SHA256"},
    {0xC02C, ECDHE, &aes256gcm, NULL, "SHA384"},
    {0xC030, ECDHE, &aes256gcm, NULL, "SHA384"},
    {0xCCA9, ECDHE, &chacha, NULL, "SHA256"},
    {0xCCA8, ECDHE, &chacha, NULL, "SHA256"},
    {0x009E, DHE, &aes128gcm, NULL, "SHA256"},
    {0x009F, DHE, &aes256gcm, NULL, "SHA384"},
    {0xCCAA, DHE, &chacha, NULL, "SHA256"},
    {0xC0AC, ECDHE, &aes128ccm, NULL, "SHA256"},
    {0xC0AD, ECDHE, &aes256ccm, NULL, "SHA256"},
    {0xC0AE, ECDHE, &aes128ccm8, NULL, "SHA256"},
    {0xC023, ECDHE, &aes128cbc, "SHA256", "SHA256"},
    {0xC027, ECDHE, &aes128cbc, "SHA256", "SHA256"},
    {0xC024, ECDHE, &aes256cbc, "SHA384", "SHA384"},
    {0xC028, ECDHE, &aes256cbc, "SHA384", "SHA384"},
    {0xC009, ECDHE, &aes128cbc, "SHA1", "SHA256"},
    {0xC013, ECDHE, &aes128cbc, "SHA1", "SHA256"},
    {0xC00A, ECDHE, &aes256cbc, "SHA1", "SHA256"},
    {0xC014, ECDHE, &aes256cbc, "SHA1", "SHA256"},
    {0x0067, DHE, &aes128cbc, "SHA256", "SHA256"},
    {0x006B, DHE, &aes256cbc, "SHA256", "SHA256"},
    {0x0033, DHE, &aes128cbc, "SHA1", "SHA256"},
    {0x0039, DHE, &aes256cbc, "SHA1", "SHA256"},
    {0x009C, RSA, &aes128gcm, NULL, "SHA256"},
    {0x009D, RSA, &aes256gcm, NULL, "SHA384"},
    {0xC09C, RSA, &aes128ccm, NULL, "SHA256"},
    {0xC09D, RSA, &aes256ccm, NULL, "SHA256"},
    {0x003C, RSA, &aes128cbc, "SHA256", "SHA256"},
    {0x003D, RSA, &aes256cbc, "SHA256", "SHA256"},
    {0x002F, RSA, &aes128cbc, "SHA1", "SHA256"},
    {0x0035, RSA, &aes256cbc, "SHA1", "SHA256"},
    {0x0041, RSA, &camellia128cbc, "SHA1", "SHA256"},
    {0x0084, RSA, &camellia256cbc, "SHA1", "SHA256"},
    {0x0045, DHE, &camellia128cbc, "SHA1", "SHA256"},
    {0x0088, DHE, &camellia256cbc, "SHA1", "SHA256"},
    {0xC008, ECDHE, &des3cbc, "SHA1", "SHA256"},
    {0xC012, ECDHE, &des3cbc, "SHA1", "SHA256"},
    {0x0016, DHE, &des3cbc, "SHA1", "SHA256"},
    {0x000A, RSA, &des3cbc, "SHA1", "SHA256"},
    {0xC007, ECDHE, &rc4, "SHA1", "SHA256"},
    {0xC011, ECDHE, &rc4, "SHA1", "SHA256"},
    {0x0005, RSA, &rc4, "SHA1", "SHA256"},
    {0x0004, RSA, &rc4, "MD5", "SHA256"},
    {0x0009, RSA, &descbc, "SHA1", "SHA256"},
};

const struct observe_suite *observe_suite_at(size_t index) {
    return index < PL_ARRAY_LEN(suites) ? &suites[index] : NULL;
}

const struct observe_suite *observe_suite_find(uint16_t code) {
    for (size_t i = 0; i < PL_ARRAY_LEN(suites); i++) {
        if (suites[i].code == code) {
            return &suites[i];
        }
    }
    return NULL;
}

bool observe_suite_fits(const struct observe_suite *suite, uint16_t version) {
    if (suite->exchange == WIRE_EXCHANGE_TLS13 || version == WIRE_TLS13) {
        return suite->exchange == WIRE_EXCHANGE_TLS13 && version == WIRE_TLS13;
    }
    bool needs_tls12 = suite->mac == NULL || suite->mac[3] == '2' || suite->mac[3] == '3';
    return version == WIRE_TLS12 || !needs_tls12;
}
