/* keys/sign_handshake: a server's key signs handshakes, with the schemes of its kind, and no more.
 */
#include "make_keys.h"
#include "unit.h"

#include "pki/openssl.h"

#include <openssl/rsa.h>

#include <string.h>

enum { KEY_RSA2048, KEY_P256, KEY_P384, KEY_P521, KEY_ED, KEY_COUNT };
enum { RANDOMS = 64, HASH_MAX = 48 };

static struct made_keys ring;
static struct sealed_key server[KEY_COUNT];
static uint8_t transcript[HASH_MAX];

/* Randoms and ServerECDHParams for a group with a point of that length. */
static size_t write_exchange(uint8_t *out, uint16_t group, size_t point_len, uint8_t first) {
    memset(out, 0x5A, RANDOMS);
    out[RANDOMS] = 3;
    out[RANDOMS + 1] = (uint8_t)(group >> 8);
    out[RANDOMS + 2] = (uint8_t)group;
    out[RANDOMS + 3] = (uint8_t)point_len;
    memset(out + RANDOMS + 4, 0x11, point_len);
    out[RANDOMS + 4] = first;
    return RANDOMS + 4 + point_len;
}

/* What a client computes for itself. */
static size_t write_verify(uint8_t *out, const uint8_t *hash, size_t hash_len) {
    static const char context[] = "TLS 1.3, server CertificateVerify";
    memset(out, ' ', 64);
    memcpy(out + 64, context, sizeof(context));
    memcpy(out + 64 + sizeof(context), hash, hash_len);
    return 64 + sizeof(context) + hash_len;
}

static const struct scheme {
    uint16_t code;
    const char *digest; /* NULL: Ed25519 */
    bool is_pss;
    bool is_rsa;
} schemes[] = {
    {0x0804, "SHA256", true, true},    {0x0805, "SHA384", true, true},
    {0x0806, "SHA512", true, true},    {0x0401, "SHA256", false, true},
    {0x0501, "SHA384", false, true},   {0x0601, "SHA512", false, true},
    {0xFF01, "MD5-SHA1", false, true}, {0x0403, "SHA256", false, false},
    {0x0503, "SHA384", false, false},  {0x0603, "SHA512", false, false},
    {0x0203, "SHA1", false, false},    {0x0807, NULL, false, false},
};

static const struct scheme *scheme_of(uint16_t code) {
    size_t i = 0;
    while (schemes[i].code != code) {
        i++;
        assert_true(i < PL_ARRAY_LEN(schemes));
    }
    return &schemes[i];
}

static bool verifies(EVP_PKEY *key, uint16_t code, const uint8_t *message, size_t message_len,
                     const uint8_t *signature, size_t signature_len) {
    const struct scheme *scheme = scheme_of(code);
    PL_AUTO(evp_md_ctx_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_context = NULL;
    assert_int_equal(
        EVP_DigestVerifyInit_ex(context, &key_context, scheme->digest, NULL, NULL, key, NULL), 1);
    if (scheme->is_pss) {
        assert_true(EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1);
        assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) == 1);
    }
    return EVP_DigestVerify(context, signature, signature_len, message, message_len) == 1;
}

static bool sign(size_t key, enum handshake_kind kind, uint16_t scheme, const uint8_t *input,
                 size_t len, uint8_t out[KEYS_SIGNATURE_MAX], size_t *out_len, struct err *e) {
    return ring_sign_handshake(ring.ring, &server[key], kind, scheme, input, len, out, out_len, e);
}

static void assert_verify_signed(size_t key, uint16_t scheme, size_t hash_len) {
    struct err e = {0};
    uint8_t signature[KEYS_SIGNATURE_MAX];
    uint8_t message[256];
    size_t len = 0;
    PL_AUTO(evp_pkey_freep) EVP_PKEY *public_key = public_of(ring.keys, &server[key]);
    assert_ok(
        sign(key, HANDSHAKE_TLS13_SERVER_VERIFY, scheme, transcript, hash_len, signature, &len, &e),
        &e);
    size_t message_len = write_verify(message, transcript, hash_len);
    assert_true(verifies(public_key, scheme, message, message_len, signature, len));
}

static void assert_exchange_signed(size_t key, uint16_t scheme) {
    struct err e = {0};
    uint8_t signature[KEYS_SIGNATURE_MAX];
    uint8_t input[256];
    size_t len = 0;
    size_t input_len = write_exchange(input, 29, 32, 9);
    PL_AUTO(evp_pkey_freep) EVP_PKEY *public_key = public_of(ring.keys, &server[key]);
    assert_ok(sign(key, HANDSHAKE_TLS12_SERVER_KEY_EXCHANGE, scheme, input, input_len, signature,
                   &len, &e),
              &e);
    assert_true(verifies(public_key, scheme, input, input_len, signature, len));
}

/* Which scheme goes with which key: in TLS 1.3, in TLS 1.2 and before. */
static const struct fit {
    uint16_t scheme;
    bool tls13[KEY_COUNT];
    bool tls12[KEY_COUNT];
} fits[] = {
    /*        RSA P256 P384 P521 Ed     RSA P256 P384 P521 Ed */
    {0x0804, {1, 0, 0, 0, 0}, {1, 0, 0, 0, 0}}, {0x0805, {1, 0, 0, 0, 0}, {1, 0, 0, 0, 0}},
    {0x0806, {1, 0, 0, 0, 0}, {1, 0, 0, 0, 0}}, {0x0401, {0, 0, 0, 0, 0}, {1, 0, 0, 0, 0}},
    {0x0501, {0, 0, 0, 0, 0}, {1, 0, 0, 0, 0}}, {0x0601, {0, 0, 0, 0, 0}, {1, 0, 0, 0, 0}},
    {0xFF01, {0, 0, 0, 0, 0}, {1, 0, 0, 0, 0}}, {0x0403, {0, 1, 0, 0, 0}, {0, 1, 1, 1, 0}},
    {0x0503, {0, 0, 1, 0, 0}, {0, 1, 1, 1, 0}}, {0x0603, {0, 0, 0, 1, 0}, {0, 1, 1, 1, 0}},
    {0x0203, {0, 0, 0, 0, 0}, {0, 1, 1, 1, 0}}, {0x0807, {0, 0, 0, 0, 1}, {0, 0, 0, 0, 1}},
    {0x0201, {0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}}, {0x0000, {0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}},
    {0x0809, {0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}}, {0x0808, {0, 0, 0, 0, 0}, {0, 0, 0, 0, 0}},
};

static void test_each_scheme_goes_with_its_keys_alone(void **state) {
    (void)state;
    uint8_t signature[KEYS_SIGNATURE_MAX];
    uint8_t input[256];
    size_t len = 0;
    size_t input_len = write_exchange(input, 29, 32, 9);
    for (size_t i = 0; i < PL_ARRAY_LEN(fits); i++) {
        for (size_t key = 0; key < KEY_COUNT; key++) {
            struct err e = {0};
            if (fits[i].tls13[key]) {
                assert_verify_signed(key, fits[i].scheme, 32);
                assert_verify_signed(key, fits[i].scheme, 48);
            } else {
                assert_fails(sign(key, HANDSHAKE_TLS13_SERVER_VERIFY, fits[i].scheme, transcript,
                                  32, signature, &len, &e),
                             &e, ERR_KEYS_HANDSHAKE_SCHEME);
            }
            if (fits[i].tls12[key]) {
                assert_exchange_signed(key, fits[i].scheme);
                assert_exchange_signed(key, fits[i].scheme); /* with the context made before */
            } else {
                assert_fails(sign(key, HANDSHAKE_TLS12_SERVER_KEY_EXCHANGE, fits[i].scheme, input,
                                  input_len, signature, &len, &e),
                             &e, ERR_KEYS_HANDSHAKE_SCHEME);
            }
        }
    }
}

static void test_a_transcript_hash_has_one_of_two_lengths(void **state) {
    (void)state;
    uint8_t signature[KEYS_SIGNATURE_MAX];
    uint8_t hash[80] = {0};
    size_t out_len = 0;
    for (size_t len = 0; len < sizeof(hash); len++) {
        struct err e = {0};
        bool ok = sign(KEY_P256, HANDSHAKE_TLS13_SERVER_VERIFY, 0x0403, hash, len, signature,
                       &out_len, &e);
        assert_int_equal(ok, len == 32 || len == 48);
        assert_true(ok || e.code == ERR_KEYS_HANDSHAKE_INPUT);
    }
}

static bool is_signed(const uint8_t *input, size_t len) {
    struct err e = {0};
    uint8_t signature[KEYS_SIGNATURE_MAX];
    size_t out_len = 0;
    bool ok = sign(KEY_P256, HANDSHAKE_TLS12_SERVER_KEY_EXCHANGE, 0x0403, input, len, signature,
                   &out_len, &e);
    assert_true(ok || e.code == ERR_KEYS_HANDSHAKE_INPUT);
    return ok;
}

static void test_key_exchanges_of_every_group_are_signed(void **state) {
    (void)state;
    const struct {
        uint16_t group;
        size_t point_len;
    } groups[] = {{23, 65}, {24, 97}, {25, 133}, {29, 32}, {30, 56}};
    for (size_t i = 0; i < PL_ARRAY_LEN(groups); i++) {
        uint8_t input[256];
        size_t len = write_exchange(input, groups[i].group, groups[i].point_len, 4);
        assert_true(is_signed(input, len));
        assert_false(is_signed(input, len - 1));
        assert_false(is_signed(input, len + 1));
        len = write_exchange(input, groups[i].group, groups[i].point_len - 1, 4);
        assert_false(is_signed(input, len));
        len = write_exchange(input, groups[i].group, groups[i].point_len + 1, 4);
        assert_false(is_signed(input, len));
    }
}

static void test_other_forms_of_key_exchange_are_refused(void **state) {
    (void)state;
    uint8_t input[256];
    size_t len = write_exchange(input, 23, 65, 2); /* a compressed point */
    assert_false(is_signed(input, len));
    len = write_exchange(input, 26, 65, 4); /* brainpoolP256r1 */
    assert_false(is_signed(input, len));
    len = write_exchange(input, 0xFF02, 65, 4); /* explicit_char2 */
    assert_false(is_signed(input, len));
    len = write_exchange(input, 29, 0, 0);
    assert_false(is_signed(input, RANDOMS + 4));
    len = write_exchange(input, 23, 65, 4);
    input[RANDOMS] = 1; /* explicit_prime */
    assert_false(is_signed(input, len));
    assert_false(is_signed(input, 0));
}

/* Else a TLS 1.2 peer could choose a random so that a TLS 1.3 signature comes out. */
static void test_a_certificate_verify_is_no_key_exchange(void **state) {
    (void)state;
    uint8_t message[256];
    size_t len = write_verify(message, transcript, 32);
    assert_false(is_signed(message, len));
    len = write_verify(message, transcript, 48);
    assert_false(is_signed(message, len));
}

static void test_an_unknown_kind_is_refused(void **state) {
    (void)state;
    struct err e = {0};
    uint8_t signature[KEYS_SIGNATURE_MAX];
    size_t len = 0;
    assert_fails(
        sign(KEY_P256, (enum handshake_kind)3, 0x0403, transcript, 32, signature, &len, &e), &e,
        ERR_KEYS_HANDSHAKE_INPUT);
}

static bool sign_once(struct err *e) {
    uint8_t signature[KEYS_SIGNATURE_MAX];
    size_t len = 0;
    return sign(KEY_P384, HANDSHAKE_TLS13_SERVER_VERIFY, 0x0503, transcript, 48, signature, &len,
                e);
}

static void test_no_memory_is_told(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(sign_once(&e), &e);
}

static int set_up(void **state) {
    (void)state;
    const char *const specs[KEY_COUNT] = {"rsa:2048", "ec:p256", "ec:p384", "ec:p521", "ed25519"};
    ring = make_keys();
    memset(transcript, 0xA5, sizeof(transcript));
    for (size_t i = 0; i < KEY_COUNT; i++) {
        server[i] = make_sealed(ring.keys, specs[i], KEY_PURPOSE_TLS_SERVER);
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        sealed_key_clear(&server[i]);
    }
    made_keys_clear(&ring);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_scheme_goes_with_its_keys_alone),
        cmocka_unit_test(test_a_transcript_hash_has_one_of_two_lengths),
        cmocka_unit_test(test_key_exchanges_of_every_group_are_signed),
        cmocka_unit_test(test_other_forms_of_key_exchange_are_refused),
        cmocka_unit_test(test_a_certificate_verify_is_no_key_exchange),
        cmocka_unit_test(test_an_unknown_kind_is_refused),
        cmocka_unit_test(test_no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
