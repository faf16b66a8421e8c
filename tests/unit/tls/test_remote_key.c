/* tls/remote_key: real handshakes in memory with a key that is not in the SSL, and all that it
 * refuses. */
#include "tls_fixture.h"

#include "tls/policy.h"
#include "tls/remote_key.h"

#include <openssl/core_names.h>
#include <openssl/ssl.h>

struct world {
    OSSL_LIB_CTX *library;
    struct remote_keys *keys;
    struct fixture_signer signer;
};

static const char *const specs[] = {"rsa:2048", "rsa:3072", "ec:p256",
                                    "ec:p384",  "ec:p521",  "ed25519"};

static int set_up(void **state) {
    struct err e = {0};
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    w->library = OSSL_LIB_CTX_new();
    const struct remote_signer signer = {.sign = fixture_sign, .ctx = &w->signer};
    assert_ok(remote_keys_new(w->library, &signer, &w->keys, &e), &e);
    for (uint32_t i = 0; i < PL_ARRAY_LEN(specs); i++) {
        w->signer.keys[i] = fixture_key_new(specs[i], "localhost", i);
    }
    *state = w;
    return 0;
}

static int tear_down(void **state) {
    struct world *w = *state;
    for (uint32_t i = 0; i < PL_ARRAY_LEN(specs); i++) {
        fixture_key_free(w->signer.keys[i]);
    }
    remote_keys_free(w->keys);
    OSSL_LIB_CTX_free(w->library);
    free(w);
    return 0;
}

/* The certificate as the server reads it: in the library context of its own. */
static X509 *server_certificate(struct world *w, const struct fixture_key *key) {
    X509 *certificate = X509_new_ex(w->library, NULL);
    const uint8_t *at = key->der;
    assert_non_null(d2i_X509(&certificate, &at, (long)key->der_len));
    return certificate;
}

static EVP_PKEY *remote_key(struct world *w, const struct fixture_key *key) {
    struct err e = {0};
    EVP_PKEY *made = NULL;
    X509 *certificate = server_certificate(w, key);
    assert_ok(remote_key_new(w->keys, &key->handle, X509_get0_pubkey(certificate), &made, &e), &e);
    X509_free(certificate);
    return made;
}

static SSL *new_server(struct world *w, const struct fixture_key *key) {
    struct err e = {0};
    SSL_CTX *context = NULL;
    assert_ok(tls_policy_new_context(tls_policy_default(), w->library, &context, &e), &e);
    SSL *ssl = SSL_new(context);
    SSL_CTX_free(context);
    X509 *certificate = server_certificate(w, key);
    EVP_PKEY *private_key = remote_key(w, key);
    assert_int_equal(SSL_use_certificate(ssl, certificate), 1);
    assert_int_equal(SSL_use_PrivateKey(ssl, private_key), 1);
    X509_free(certificate);
    EVP_PKEY_free(private_key);
    SSL_set_accept_state(ssl);
    return ssl;
}

static SSL *new_client(const struct fixture_key *key, int version) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    (void)X509_STORE_add_cert(SSL_CTX_get_cert_store(context), key->certificate);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL *ssl = SSL_new(context);
    SSL_CTX_free(context);
    (void)SSL_set_min_proto_version(ssl, version);
    (void)SSL_set_max_proto_version(ssl, version);
    assert_int_equal(SSL_set1_host(ssl, "localhost"), 1);
    SSL_set_connect_state(ssl);
    return ssl;
}

/* Both sides to the end or to the first failure; true when both finished. */
static bool shake_hands(SSL *server, SSL *client) {
    BIO *one = NULL;
    BIO *two = NULL;
    assert_int_equal(BIO_new_bio_pair(&one, 64 * 1024, &two, 64 * 1024), 1);
    SSL_set_bio(server, one, one);
    SSL_set_bio(client, two, two);
    for (int round = 0; round < 10; round++) {
        int client_result = SSL_do_handshake(client);
        int server_result = SSL_do_handshake(server);
        if (client_result == 1 && server_result == 1) {
            return true;
        }
    }
    return false;
}

static bool connects(struct world *w, size_t which, int version) {
    SSL *server = new_server(w, w->signer.keys[which]);
    SSL *client = new_client(w->signer.keys[which], version);
    bool ok = shake_hands(server, client);
    if (ok) {
        assert_int_equal(SSL_version(client), version);
        assert_int_equal(SSL_get_verify_result(client), X509_V_OK);
    }
    SSL_free(server);
    SSL_free(client);
    return ok;
}

static void test_every_kind_of_key_serves_tls_1_2_and_1_3(void **state) {
    struct world *w = *state;
    for (size_t i = 0; i < PL_ARRAY_LEN(specs); i++) {
        w->signer.calls = 0;
        assert_true(connects(w, i, TLS1_3_VERSION));
        assert_int_equal(w->signer.calls, 1);
        assert_int_equal(w->signer.last_kind, REMOTE_TLS13_SERVER_VERIFY);
        assert_true(connects(w, i, TLS1_2_VERSION));
        assert_int_equal(w->signer.calls, 2);
        assert_int_equal(w->signer.last_kind, REMOTE_TLS12_SERVER_KEY_EXCHANGE);
    }
}

static void test_schemes_are_the_wire_s(void **state) {
    struct world *w = *state;
    static const uint16_t tls13[] = {0x0804, 0x0804, 0x0403, 0x0503, 0x0603, 0x0807};
    for (size_t i = 0; i < PL_ARRAY_LEN(specs); i++) {
        assert_true(connects(w, i, TLS1_3_VERSION));
        assert_int_equal(w->signer.last_scheme, tls13[i]);
    }
    SSL *server = new_server(w, w->signer.keys[0]);
    SSL *client = new_client(w->signer.keys[0], TLS1_2_VERSION);
    assert_int_equal(SSL_set1_sigalgs_list(client, (char[]){"RSA+SHA384"}), 1);
    assert_true(shake_hands(server, client));
    assert_int_equal(w->signer.last_scheme, 0x0501);
    SSL_free(server);
    SSL_free(client);
}

static void test_a_signer_that_fails_fails_the_handshake_with_its_reason(void **state) {
    struct world *w = *state;
    struct err e = {0};
    assert_false(remote_keys_take_error(w->keys, &e));
    w->signer.is_broken = true;
    assert_false(connects(w, 2, TLS1_3_VERSION));
    w->signer.is_broken = false;
    assert_true(remote_keys_take_error(w->keys, &e));
    assert_string_equal(e.step[0], "the test's signer is broken");
    assert_false(remote_keys_take_error(w->keys, &e));
    assert_true(connects(w, 2, TLS1_3_VERSION));
}

/* Asks the key itself to sign bytes, as a taken-over process would. */
static bool signs(struct world *w, size_t which, const char *digest, const uint8_t *bytes,
                  size_t len) {
    EVP_PKEY *key = remote_key(w, w->signer.keys[which]);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t signature[REMOTE_SIGNATURE_MAX];
    size_t signature_len = sizeof(signature);
    bool ok = EVP_DigestSignInit_ex(context, NULL, digest, w->library, NULL, key, NULL) == 1 &&
              EVP_DigestSign(context, signature, &signature_len, bytes, len) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return ok;
}

static void test_only_handshake_messages_are_signed(void **state) {
    struct world *w = *state;
    uint8_t verify[98 + 48 + 1];
    memset(verify, ' ', sizeof(verify));
    memcpy(verify + 64, "TLS 1.3, server CertificateVerify", 34);
    assert_true(signs(w, 2, "SHA256", verify, 98 + 32));
    assert_true(signs(w, 2, "SHA256", verify, 98 + 48));
    w->signer.calls = 0;
    static const size_t wrong[] = {1, 63, 98, 98 + 31, 98 + 33, 98 + 47, 98 + 49};
    for (size_t i = 0; i < PL_ARRAY_LEN(wrong); i++) {
        assert_false(signs(w, 2, "SHA256", verify, wrong[i]));
    }
    memcpy(verify + 64, "TLS 1.3, client CertificateVerify", 34);
    assert_false(signs(w, 2, "SHA256", verify, 98 + 32));
    struct err e = {0};
    assert_true(remote_keys_take_error(w->keys, &e));
    assert_string_equal(err_code_text(e.code), "tls.sign.refused");
    assert_int_equal(w->signer.calls, 0);
}

static void test_only_exact_server_key_exchanges_are_signed(void **state) {
    struct world *w = *state;
    uint8_t exchange[64 + 4 + 32 + 1] = {0};
    memcpy(exchange + 64, "\x03\x00\x1d\x20", 4); /* named_curve, x25519, 32 bytes */
    assert_true(signs(w, 2, "SHA256", exchange, sizeof(exchange) - 1));
    w->signer.calls = 0;
    assert_false(signs(w, 2, "SHA256", exchange, sizeof(exchange)));
    assert_false(signs(w, 2, "SHA256", exchange, sizeof(exchange) - 2));
    assert_false(signs(w, 2, "SHA256", exchange, 64 + 4));
    exchange[64] = 1; /* explicit_prime */
    assert_false(signs(w, 2, "SHA256", exchange, sizeof(exchange) - 1));
    assert_int_equal(w->signer.calls, 0);
}

static void test_digests_without_a_scheme_are_refused(void **state) {
    struct world *w = *state;
    uint8_t verify[98 + 32];
    memset(verify, ' ', sizeof(verify));
    memcpy(verify + 64, "TLS 1.3, server CertificateVerify", 34);
    assert_false(signs(w, 2, "SHA1", verify, sizeof(verify)));
    assert_false(signs(w, 0, "MD5-SHA1", verify, sizeof(verify)));
    assert_false(signs(w, 2, "SHA1", verify, sizeof(verify)));
    assert_true(signs(w, 0, "SHA512", verify, sizeof(verify)));
    w->signer.calls = 0;
    assert_false(signs(w, 0, "MD5", verify, sizeof(verify)));
    assert_int_equal(w->signer.calls, 0);
}

/* Before TLS 1.2 the hash is fixed, and goes with a ServerKeyExchange alone. */
static void test_old_hashes_are_for_server_key_exchanges(void **state) {
    struct world *w = *state;
    uint8_t exchange[64 + 4 + 32] = {0};
    memcpy(exchange + 64, "\x03\x00\x1d\x20", 4);
    assert_true(signs(w, 0, "MD5-SHA1", exchange, sizeof(exchange)));
    assert_int_equal(w->signer.last_scheme, 0xFF01);
    assert_true(signs(w, 2, "SHA1", exchange, sizeof(exchange)));
    assert_int_equal(w->signer.last_scheme, 0x0203);
    assert_false(signs(w, 0, "SHA1", exchange, sizeof(exchange)));
    assert_false(signs(w, 2, "MD5-SHA1", exchange, sizeof(exchange)));
}

static void test_a_certificate_of_another_key_is_refused(void **state) {
    struct world *w = *state;
    struct err e = {0};
    struct key_handle handle = w->signer.keys[2]->handle;
    X509 *certificate = server_certificate(w, w->signer.keys[3]);
    EVP_PKEY *made = NULL;
    assert_fails(remote_key_new(w->keys, &handle, X509_get0_pubkey(certificate), &made, &e), &e,
                 ERR_TLS_KEY_MISMATCH);
    assert_null(made);
    X509_free(certificate);
    /* and libssl compares the remote key with the certificate too */
    SSL *server = new_server(w, w->signer.keys[2]);
    EVP_PKEY *other = remote_key(w, w->signer.keys[3]);
    assert_int_equal(SSL_use_PrivateKey(server, other), 0);
    EVP_PKEY_free(other);
    SSL_free(server);
}

static void test_other_families_are_refused(void **state) {
    struct world *w = *state;
    struct err e = {0};
    struct key_handle handle = {0};
    EVP_PKEY *made = NULL;
    EVP_PKEY *x25519 = EVP_PKEY_Q_keygen(w->library, NULL, "X25519");
    assert_fails(remote_key_new(w->keys, &handle, x25519, &made, &e), &e, ERR_TLS_KEY_FAMILY);
    EVP_PKEY_free(x25519);
    EVP_PKEY *k1 = EVP_PKEY_Q_keygen(w->library, NULL, "EC", "secp256k1");
    assert_non_null(k1);
    assert_ok(key_spki_sha256(k1, handle.spki_sha256, &e), &e);
    assert_fails(remote_key_new(w->keys, &handle, k1, &made, &e), &e, ERR_TLS_KEY_FAMILY);
    EVP_PKEY_free(k1);
}

static void test_the_default_library_context_does_not_meet_the_provider(void **state) {
    (void)state;
    EVP_KEYMGMT *found = EVP_KEYMGMT_fetch(NULL, "EC", "provider=padlock-remote");
    assert_null(found);
}

static void test_a_private_key_cannot_be_got_out(void **state) {
    struct world *w = *state;
    EVP_PKEY *key = remote_key(w, w->signer.keys[2]);
    BIGNUM *scalar = NULL;
    assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar), 0);
    uint8_t *der = NULL;
    assert_true(i2d_PrivateKey(key, &der) <= 0);
    EVP_PKEY_free(key);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_of_key_serves_tls_1_2_and_1_3),
        cmocka_unit_test(test_schemes_are_the_wire_s),
        cmocka_unit_test(test_a_signer_that_fails_fails_the_handshake_with_its_reason),
        cmocka_unit_test(test_only_handshake_messages_are_signed),
        cmocka_unit_test(test_only_exact_server_key_exchanges_are_signed),
        cmocka_unit_test(test_digests_without_a_scheme_are_refused),
        cmocka_unit_test(test_old_hashes_are_for_server_key_exchanges),
        cmocka_unit_test(test_a_certificate_of_another_key_is_refused),
        cmocka_unit_test(test_other_families_are_refused),
        cmocka_unit_test(test_the_default_library_context_does_not_meet_the_provider),
        cmocka_unit_test(test_a_private_key_cannot_be_got_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
