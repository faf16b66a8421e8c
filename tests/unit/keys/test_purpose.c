/* Each purpose against each call: a key does what it is for, and nothing else. */
#include "make_keys.h"
#include "unit.h"

#include "pki/openssl.h"

static struct made_keys ring;

static bool call_sign_certificate(const struct sealed_key *key, struct err *e) {
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, 64 * 1024);
    return keys_sign_certificate(ring.keys, key, (const uint8_t *)"\x30\0", 2, &out, e);
}

static bool call_sign_crl(const struct sealed_key *key, struct err *e) {
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, 64 * 1024);
    return keys_sign_crl(ring.keys, key, (const uint8_t *)"\x30\0", 2, &out, e);
}

static bool call_sign_handshake(const struct sealed_key *key, struct err *e) {
    const uint8_t hash[32] = {0};
    uint8_t signature[KEYS_SIGNATURE_MAX];
    size_t len = 0;
    return ring_sign_handshake(ring.ring, key, HANDSHAKE_TLS13_SERVER_VERIFY, 0x0403, hash,
                               sizeof(hash), signature, &len, e);
}

static bool call_sign_request(const struct sealed_key *key, struct err *e) {
    struct request_names names = {0};
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, 64 * 1024);
    bool ok = dn_add(&names.subject, NID_commonName, "www.example.com", e) &&
              keys_sign_request(ring.keys, key, &names, &out, e);
    request_names_clear(&names);
    return ok;
}

static bool call_public(const struct sealed_key *key, struct err *e) {
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, 64 * 1024);
    return keys_public(ring.keys, key, &out, e);
}

enum { SERVER = 1 << KEY_PURPOSE_TLS_SERVER, CLIENT = 1 << KEY_PURPOSE_TLS_CLIENT };
enum { CA = 1 << KEY_PURPOSE_CA, ALL = 0x7E };

static const struct call {
    const char *name;
    bool (*make)(const struct sealed_key *key, struct err *e);
    unsigned allowed;
} calls[] = {
    {"sign_certificate", call_sign_certificate, CA},
    {"sign_crl", call_sign_crl, CA},
    {"sign_handshake", call_sign_handshake, SERVER},
    {"sign_request", call_sign_request, SERVER | CLIENT | CA},
    {"public", call_public, ALL},
};

static void test_each_purpose_opens_its_own_calls(void **state) {
    (void)state;
    for (unsigned purpose = KEY_PURPOSE_TLS_SERVER; purpose <= KEY_PURPOSE_AUDIT; purpose++) {
        PL_AUTO(sealed_key_clear)
        struct sealed_key key = make_sealed(ring.keys, "ec:p256", (enum key_purpose)purpose);
        for (size_t i = 0; i < PL_ARRAY_LEN(calls); i++) {
            struct err e = {0};
            bool is_allowed = (calls[i].allowed & (1U << purpose)) != 0;
            /* an allowed call may still fail, by what it is given, but not by purpose */
            bool ok = calls[i].make(&key, &e);
            if ((e.code == ERR_KEYS_PURPOSE) == is_allowed || (ok && !is_allowed)) {
                fail_msg("%s with purpose %u: %s", calls[i].name, purpose, err_code_text(e.code));
            }
        }
    }
}

/* A row of the store that claims another purpose does not help. */
static void test_a_purpose_cannot_be_claimed(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(sealed_key_clear)
    struct sealed_key key = make_sealed(ring.keys, "ec:p256", KEY_PURPOSE_TLS_CLIENT);
    assert_fails(call_sign_handshake(&key, &e), &e, ERR_KEYS_PURPOSE);
    key.purpose = KEY_PURPOSE_TLS_SERVER;
    assert_fails(call_sign_handshake(&key, &e), &e, ERR_KEYS_BLOB_BROKEN);
}

static int set_up(void **state) {
    (void)state;
    ring = make_keys();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    made_keys_clear(&ring);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_purpose_opens_its_own_calls),
        cmocka_unit_test(test_a_purpose_cannot_be_claimed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
