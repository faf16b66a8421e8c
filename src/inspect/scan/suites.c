/* The table of suites, and its names taken apart. */
#include "inspect/scan/suites.h"

#include "base/str.h"

#include <string.h>

static const struct {
    uint16_t code;
    const char *name;
} table[] = {
#define SCAN_SUITE(code, name) {code, name},
#include "inspect/scan/suites.def"
#undef SCAN_SUITE
};

/* What stands before _WITH_; the longest first. */
static const struct {
    const char *name;
    enum scan_exchange exchange;
    enum scan_auth auth;
    bool is_export;
} exchanges[] = {
    {"TLS_RSA_EXPORT1024", SCAN_EXCHANGE_STATIC, SCAN_AUTH_RSA, true},
    {"TLS_RSA_EXPORT", SCAN_EXCHANGE_STATIC, SCAN_AUTH_RSA, true},
    {"TLS_RSA_PSK", SCAN_EXCHANGE_PSK, SCAN_AUTH_RSA, false},
    {"TLS_RSA", SCAN_EXCHANGE_STATIC, SCAN_AUTH_RSA, false},
    {"TLS_ECDHE_ECDSA", SCAN_EXCHANGE_ECDHE, SCAN_AUTH_ECDSA, false},
    {"TLS_ECDHE_RSA", SCAN_EXCHANGE_ECDHE, SCAN_AUTH_RSA, false},
    {"TLS_ECDHE_PSK", SCAN_EXCHANGE_PSK, SCAN_AUTH_OTHER, false},
    {"TLS_DHE_RSA_EXPORT", SCAN_EXCHANGE_DHE, SCAN_AUTH_RSA, true},
    {"TLS_DHE_RSA", SCAN_EXCHANGE_DHE, SCAN_AUTH_RSA, false},
    {"TLS_DHE_DSS_EXPORT", SCAN_EXCHANGE_DHE, SCAN_AUTH_OTHER, true},
    {"TLS_DHE_DSS", SCAN_EXCHANGE_DHE, SCAN_AUTH_OTHER, false},
    {"TLS_DHE_PSK", SCAN_EXCHANGE_PSK, SCAN_AUTH_OTHER, false},
    {"TLS_DH_anon_EXPORT", SCAN_EXCHANGE_ANON, SCAN_AUTH_NONE, true},
    {"TLS_DH_anon", SCAN_EXCHANGE_ANON, SCAN_AUTH_NONE, false},
    {"TLS_ECDH_anon", SCAN_EXCHANGE_ANON, SCAN_AUTH_NONE, false},
    {"TLS_DH_RSA_EXPORT", SCAN_EXCHANGE_STATIC, SCAN_AUTH_RSA, true},
    {"TLS_DH_DSS_EXPORT", SCAN_EXCHANGE_STATIC, SCAN_AUTH_OTHER, true},
    {"TLS_DH_RSA", SCAN_EXCHANGE_STATIC, SCAN_AUTH_RSA, false},
    {"TLS_DH_DSS", SCAN_EXCHANGE_STATIC, SCAN_AUTH_OTHER, false},
    {"TLS_ECDH_RSA", SCAN_EXCHANGE_STATIC, SCAN_AUTH_RSA, false},
    {"TLS_ECDH_ECDSA", SCAN_EXCHANGE_STATIC, SCAN_AUTH_ECDSA, false},
    {"TLS_KRB5_EXPORT", SCAN_EXCHANGE_STATIC, SCAN_AUTH_OTHER, true},
    {"TLS_KRB5", SCAN_EXCHANGE_STATIC, SCAN_AUTH_OTHER, false},
    {"TLS_GOST", SCAN_EXCHANGE_STATIC, SCAN_AUTH_OTHER, false},
    /* Whatever else there is begins with a shared secret: PSK, SRP, ECJPAKE, ECCPWD. */
    {"TLS_", SCAN_EXCHANGE_PSK, SCAN_AUTH_OTHER, false},
};

/* The first that the rest of the name contains. */
static const struct {
    const char *name;
    enum scan_mode mode;
    uint16_t bits;
    bool is_block64;
} ciphers[] = {
    {"CHACHA20_POLY1305", SCAN_MODE_AEAD, 256, false},
    {"AES_128_GCM", SCAN_MODE_AEAD, 128, false},
    {"AES_256_GCM", SCAN_MODE_AEAD, 256, false},
    {"AES_128_CCM", SCAN_MODE_AEAD, 128, false},
    {"AES_256_CCM", SCAN_MODE_AEAD, 256, false},
    {"128_OCB", SCAN_MODE_AEAD, 128, false},
    {"256_OCB", SCAN_MODE_AEAD, 256, false},
    {"CAMELLIA_128_GCM", SCAN_MODE_AEAD, 128, false},
    {"CAMELLIA_256_GCM", SCAN_MODE_AEAD, 256, false},
    {"ARIA_128_GCM", SCAN_MODE_AEAD, 128, false},
    {"ARIA_256_GCM", SCAN_MODE_AEAD, 256, false},
    {"SM4_GCM", SCAN_MODE_AEAD, 128, false},
    {"SM4_CCM", SCAN_MODE_AEAD, 128, false},
    {"AEGIS_256", SCAN_MODE_AEAD, 256, false},
    {"AEGIS_128L", SCAN_MODE_AEAD, 128, false},
    {"MGM", SCAN_MODE_AEAD, 256, false},
    {"RC4_40", SCAN_MODE_STREAM, 40, false},
    {"RC4_56", SCAN_MODE_STREAM, 56, false},
    {"RC4_128", SCAN_MODE_STREAM, 128, false},
    {"DES40_CBC", SCAN_MODE_CBC, 40, true},
    {"DES_CBC_40", SCAN_MODE_CBC, 40, true},
    {"RC2_CBC_40", SCAN_MODE_CBC, 40, true},
    {"RC2_CBC_56", SCAN_MODE_CBC, 56, true},
    {"3DES_EDE", SCAN_MODE_CBC, 112, true},
    {"DES_CBC", SCAN_MODE_CBC, 56, true},
    {"IDEA_CBC", SCAN_MODE_CBC, 128, true},
    {"SEED_CBC", SCAN_MODE_CBC, 128, false},
    {"128_CBC", SCAN_MODE_CBC, 128, false},
    {"256_CBC", SCAN_MODE_CBC, 256, false},
    {"28147_CNT", SCAN_MODE_STREAM, 256, true},
    {"SALSA20", SCAN_MODE_STREAM, 256, false},
    {"_CTR_", SCAN_MODE_STREAM, 256, false},
    {"NULL", SCAN_MODE_NULL, 0, false},
    /* TLS_SHA256_SHA256: integrity alone (RFC 9150) */
    {"TLS_SHA", SCAN_MODE_NULL, 0, false},
};

size_t scan_suite_count(void) {
    return PL_ARRAY_LEN(table);
}

uint16_t scan_suite_code(size_t index) {
    return table[index].code;
}

bool scan_suite_is_tls13(uint16_t code) {
    return code >> 8 == 0x13 || code == 0x00C6 || code == 0x00C7 || code == 0xC0B4 ||
           code == 0xC0B5;
}

static void read_cipher(struct scan_suite *out) {
    const char *with = strstr(out->name, "_WITH_");
    const char *rest = with == NULL ? out->name : with + strlen("_WITH_");
    for (size_t i = 0; i < PL_ARRAY_LEN(ciphers); i++) {
        if (strstr(rest, ciphers[i].name) != NULL) {
            out->mode = ciphers[i].mode;
            out->bits = ciphers[i].bits;
            out->is_block64 = ciphers[i].is_block64;
            break;
        }
    }
    out->is_rc4 = strstr(rest, "RC4_") != NULL;
}

static void read_exchange(struct scan_suite *out) {
    for (size_t i = 0; i < PL_ARRAY_LEN(exchanges); i++) {
        if (str_starts_with(out->name, exchanges[i].name)) {
            out->exchange = exchanges[i].exchange;
            out->auth = exchanges[i].auth;
            out->is_export = exchanges[i].is_export;
            out->is_rsa_export = str_starts_with(out->name, "TLS_RSA_EXPORT_");
            return;
        }
    }
}

void scan_suite_at(size_t index, struct scan_suite *out) {
    *out = (struct scan_suite){.code = table[index].code, .name = table[index].name};
    read_cipher(out);
    if (scan_suite_is_tls13(out->code)) {
        out->exchange = SCAN_EXCHANGE_TLS13;
        out->auth = SCAN_AUTH_TLS13;
    } else {
        read_exchange(out);
    }
}

bool scan_suite_find(uint16_t code, struct scan_suite *out) {
    for (size_t i = 0; i < PL_ARRAY_LEN(table); i++) {
        if (table[i].code == code) {
            scan_suite_at(i, out);
            return true;
        }
    }
    *out = (struct scan_suite){.code = code, .name = "", .mode = SCAN_MODE_NULL};
    return false;
}
