/* observe/exchange: RFC 8448's values, and every group against itself. */
#include "inspect_fixture.h"

#include "inspect/observe/exchange.h"

static bool fill_fixed(void *ctx, uint8_t *out, size_t len) {
    memcpy(out, ctx, len);
    return true;
}

static void test_x25519_is_rfc_8448_s(void **state) {
    (void)state;
    struct err e = {0};
    struct exchange x = {0};
    uint8_t private_value[32];
    uint8_t peer[32];
    uint8_t own[EXCHANGE_PUBLIC_MAX];
    (void)fixture_bytes("49af42ba7f7994852d713ef2784bcbcaa7911de26adc5642cb634540e7ea5005",
                        private_value, 32);
    (void)fixture_bytes("c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f", peer,
                        32);
    const struct observe_random random = {fill_fixed, private_value};
    assert_ok(exchange_begin(0x001D, &random, &x, &e), &e);
    assert_int_equal(exchange_public(&x, own), 32);
    assert_bytes(own, 32, "99381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c");
    assert_ok(exchange_finish(&x, (struct wire_span){peer, 32}, &e), &e);
    assert_bytes(x.secret, x.secret_len,
                 "8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d");
    exchange_clear(&x);
}

static void assert_agree(uint16_t group) {
    struct err e = {0};
    uint32_t seed = group;
    const struct observe_random random = {fixture_fill, &seed};
    struct exchange a = {0};
    struct exchange b = {0};
    uint8_t from_a[EXCHANGE_PUBLIC_MAX];
    uint8_t from_b[EXCHANGE_PUBLIC_MAX];
    assert_ok(exchange_begin(group, &random, &a, &e), &e);
    assert_ok(exchange_begin(group, &random, &b, &e), &e);
    const struct wire_span a_public = {from_a, exchange_public(&a, from_a)};
    const struct wire_span b_public = {from_b, exchange_public(&b, from_b)};
    assert_ok(exchange_finish(&a, b_public, &e), &e);
    assert_ok(exchange_finish(&b, a_public, &e), &e);
    assert_true(a.secret_len >= 32 && a.secret_len == b.secret_len);
    assert_memory_equal(a.secret, b.secret, a.secret_len);
    exchange_clear(&a);
    exchange_clear(&b);
}

static void test_curves_agree(void **state) {
    (void)state;
    static const uint16_t groups[] = {0x001D, 0x001E, 0x0017, 0x0018, 0x0019};
    for (size_t i = 0; i < PL_ARRAY_LEN(groups); i++) {
        assert_true(exchange_can(groups[i]));
        assert_agree(groups[i]);
    }
    assert_false(exchange_can(0x0101));
}

/* p of RFC 2409's second Oakley group, 1024 bits: old servers send it. */
static const char oakley[] = "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74"
                             "020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437"
                             "4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed"
                             "ee386bfb5a899fa5ae9f24117c4b1fe649286651ece65381ffffffffffffffff";

static void test_a_field_of_the_server_s_choice(void **state) {
    (void)state;
    struct err e = {0};
    struct exchange a = {0};
    struct exchange b = {0};
    uint8_t p[256];
    uint8_t from_a[EXCHANGE_PUBLIC_MAX];
    uint8_t from_b[EXCHANGE_PUBLIC_MAX];
    const uint8_t two = 2;
    const struct wire_span prime = {p, fixture_bytes(oakley, p, sizeof(p))};
    const struct wire_span g = {&two, 1};
    assert_ok(exchange_begin_field(prime, g, &a, &e), &e);
    assert_ok(exchange_begin_field(prime, g, &b, &e), &e);
    const struct wire_span a_public = {from_a, exchange_public(&a, from_a)};
    const struct wire_span b_public = {from_b, exchange_public(&b, from_b)};
    assert_ok(exchange_finish(&a, b_public, &e), &e);
    assert_ok(exchange_finish(&b, a_public, &e), &e);
    assert_int_equal(a.secret_len, b.secret_len);
    assert_memory_equal(a.secret, b.secret, a.secret_len);
    exchange_clear(&a);
    exchange_clear(&b);
}

static void test_wrong_values_are_refused(void **state) {
    (void)state;
    struct err e = {0};
    uint32_t seed = 7;
    const struct observe_random random = {fixture_fill, &seed};
    struct exchange x = {0};
    uint8_t zeros[2048] = {0};
    assert_ok(exchange_begin(0x0017, &random, &x, &e), &e);
    assert_fails(exchange_finish(&x, (struct wire_span){zeros, 65}, &e), &e,
                 ERR_OBSERVE_PEER_VALUE);
    assert_fails(exchange_finish(&x, (struct wire_span){zeros, 64}, &e), &e,
                 ERR_OBSERVE_PEER_VALUE);
    assert_fails(exchange_finish(&x, (struct wire_span){zeros, 66}, &e), &e,
                 ERR_OBSERVE_PEER_VALUE);
    exchange_clear(&x);
    assert_ok(exchange_begin(0x001D, &random, &x, &e), &e);
    /* All zeros: the secret would be zeros, too. */
    assert_fails(exchange_finish(&x, (struct wire_span){zeros, 32}, &e), &e,
                 ERR_OBSERVE_PEER_VALUE);
    exchange_clear(&x);
    assert_fails(exchange_begin(0x0101, &random, &x, &e), &e, ERR_OBSERVE_CRYPTO);
    assert_fails(
        exchange_begin_field((struct wire_span){zeros, 2000}, (struct wire_span){zeros, 1}, &x, &e),
        &e, ERR_OBSERVE_PEER_VALUE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_x25519_is_rfc_8448_s),
        cmocka_unit_test(test_curves_agree),
        cmocka_unit_test(test_a_field_of_the_server_s_choice),
        cmocka_unit_test(test_wrong_values_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
