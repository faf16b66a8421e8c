/* observe/derive: the values of the RFCs. */
#include "inspect_fixture.h"

#include "inspect/observe/derive.h"
#include "inspect/wire/numbers.h"

static struct wire_span span_of(const char *text, uint8_t *out, size_t size) {
    return (struct wire_span){.bytes = out, .len = fixture_bytes(text, out, size)};
}

static const char shared_secret[] =
    "8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d";
static const char hello_hash[] = "860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8";

/* RFC 8448 §3: from the shared secret to the server's key. */
static void test_tls13_schedule_is_rfc_8448_s(void **state) {
    (void)state;
    struct err e = {0};
    uint8_t bytes[64];
    uint8_t early[64];
    uint8_t derived[64];
    uint8_t handshake[64];
    uint8_t nothing[64];
    uint8_t secret[64];
    uint8_t key[16];
    const struct wire_span none = {0};
    assert_ok(derive_extract("SHA256", none, none, early, &e), &e);
    assert_bytes(early, 32, "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a");
    assert_ok(derive_hash("SHA256", none, nothing, &e), &e);
    assert_ok(derive_expand_label("SHA256", (struct wire_span){early, 32}, "derived",
                                  (struct wire_span){nothing, 32}, derived, 32, &e),
              &e);
    assert_bytes(derived, 32, "6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba");
    assert_ok(derive_extract("SHA256", (struct wire_span){derived, 32},
                             span_of(shared_secret, bytes, sizeof(bytes)), handshake, &e),
              &e);
    assert_bytes(handshake, 32, "1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac");
    assert_ok(derive_expand_label("SHA256", (struct wire_span){handshake, 32}, "s hs traffic",
                                  span_of(hello_hash, bytes, sizeof(bytes)), secret, 32, &e),
              &e);
    assert_bytes(secret, 32, "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
    assert_ok(
        derive_expand_label("SHA256", (struct wire_span){secret, 32}, "key", none, key, 16, &e),
        &e);
    assert_bytes(key, 16, "3fce516009c21727d0f2e4e86ee403bc");
    assert_ok(
        derive_expand_label("SHA256", (struct wire_span){secret, 32}, "iv", none, key, 12, &e), &e);
    assert_bytes(key, 12, "5d313eb2671276ee13000b30");
}

/* The vector that the TLS working group's list knows (Michael Driscoll and others use it). */
static void test_tls12_prf(void **state) {
    (void)state;
    struct err e = {0};
    uint8_t secret[16];
    uint8_t seed[16];
    uint8_t out[100];
    assert_ok(derive_prf(WIRE_TLS12, "SHA256",
                         span_of("9bbe436ba940f017b17652849a71db35", secret, sizeof(secret)),
                         "test label",
                         span_of("a0ba9f936cda311827a6f796ffd5198c", seed, sizeof(seed)), out,
                         sizeof(out), &e),
              &e);
    assert_bytes(out, sizeof(out),
                 "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a"
                 "6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab"
                 "4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701"
                 "87347b66");
}

/* Longer output begins with the shorter one; each input matters. */
static void test_old_prfs(void **state) {
    (void)state;
    struct err e = {0};
    const uint8_t secret[] = "an odd length";
    uint8_t a[64];
    uint8_t b[64];
    const struct wire_span odd = {secret, 13};
    const struct wire_span seed = {secret, 8};
    assert_ok(derive_prf(WIRE_TLS10, NULL, odd, "label", seed, a, 64, &e), &e);
    assert_ok(derive_prf(WIRE_TLS10, NULL, odd, "label", seed, b, 20, &e), &e);
    assert_memory_equal(a, b, 20);
    assert_ok(derive_prf(WIRE_TLS10, NULL, odd, "labal", seed, b, 20, &e), &e);
    assert_memory_not_equal(a, b, 20);
    assert_ok(derive_ssl3(odd, seed, a, 64, &e), &e);
    assert_ok(derive_ssl3(odd, seed, b, 33, &e), &e);
    assert_memory_equal(a, b, 33);
}

static void test_an_unknown_hash_fails(void **state) {
    (void)state;
    struct err e = {0};
    uint8_t out[64];
    const struct wire_span some = {(const uint8_t *)"x", 1};
    assert_fails(derive_hash("SHA257", some, out, &e), &e, ERR_OBSERVE_CRYPTO);
    assert_fails(derive_hmac("SHA257", some, some, out, &e), &e, ERR_OBSERVE_CRYPTO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls13_schedule_is_rfc_8448_s),
        cmocka_unit_test(test_tls12_prf),
        cmocka_unit_test(test_old_prfs),
        cmocka_unit_test(test_an_unknown_hash_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
