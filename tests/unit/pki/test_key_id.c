/* pki/key_id: RFC 7093 method 1, against the hash taken by hand. */
#include "unit.h"

#include "pki/key.h"
#include "pki/key_id.h"
#include "pki/openssl.h"

/* SHA-256 over the 65 bytes of the point, which end an EC P-256 SubjectPublicKeyInfo. */
static void test_identifier_is_the_hash_of_the_bits_cut_short(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    PL_AUTO(buf_clear) struct buf spki;
    uint8_t id[KEY_ID_LEN];
    uint8_t digest[32];
    buf_init(&spki, KEY_DER_MAX);
    assert_ok(key_append_spki(key, &spki, &e), &e);
    assert_ok(key_id_from_spki(spki.data, spki.len, id, &e), &e);
    assert_ok(sha256(spki.data + spki.len - 65, 65, digest, &e), &e);
    assert_memory_equal(id, digest, KEY_ID_LEN);
}

static void test_what_is_no_key_is_refused(void **state) {
    (void)state;
    struct err e = {0};
    uint8_t id[KEY_ID_LEN];
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    PL_AUTO(buf_clear) struct buf spki;
    buf_init(&spki, KEY_DER_MAX);
    assert_ok(key_append_spki(key, &spki, &e), &e);
    assert_fails(key_id_from_spki(spki.data, spki.len - 1, id, &e), &e, ERR_PKI_KEY_INVALID);
    assert_ok(buf_append_byte(&spki, 0, &e), &e);
    assert_fails(key_id_from_spki(spki.data, spki.len, id, &e), &e, ERR_PKI_KEY_INVALID);
    assert_fails(key_id_from_spki((const uint8_t *)"", 0, id, &e), &e, ERR_PKI_KEY_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identifier_is_the_hash_of_the_bits_cut_short),
        cmocka_unit_test(test_what_is_no_key_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
