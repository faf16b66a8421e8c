/* keys/keys, sealing, sealed_key: keys are born sealed, and open only as what they are. */
#include "make_keys.h"
#include "unit.h"

#include "pki/openssl.h"
#include "sys/file.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct made_keys ring;

static bool open_public(const struct sealed_key *key, struct err *e) {
    PL_AUTO(buf_clear) struct buf spki;
    buf_init(&spki, KEY_DER_MAX);
    return keys_public(ring.keys, key, &spki, e);
}

static void test_a_made_key_is_of_its_kind_and_opens(void **state) {
    (void)state;
    const char *const specs[] = {"rsa:2048", "ec:p256", "ec:p384", "ec:p521", "ed25519"};
    for (size_t i = 0; i < PL_ARRAY_LEN(specs); i++) {
        struct err e = {0};
        char text[KEY_SPEC_TEXT];
        uint8_t spki_sha256[KEY_SPKI_SHA256_LEN];
        PL_AUTO(sealed_key_clear)
        struct sealed_key key = make_sealed(ring.keys, specs[i], KEY_PURPOSE_TLS_SERVER);
        PL_AUTO(evp_pkey_freep) EVP_PKEY *public_key = public_of(ring.keys, &key);
        key_spec_format(&key.spec, text);
        assert_string_equal(text, specs[i]);
        assert_string_equal(key.provider, "software");
        assert_ok(key_spki_sha256(public_key, spki_sha256, &e), &e);
        assert_memory_equal(spki_sha256, key.spki_sha256, sizeof(spki_sha256));
    }
}

static void test_limits_are_kept_for_ca_keys_alone(void **state) {
    (void)state;
    struct err e = {0};
    struct key_wish wish = {.spec = {KEY_EC, 256},
                            .purpose = KEY_PURPOSE_TLS_SERVER,
                            .limits = {.may_sign_ca = true, .lifetime_max_ms = 5}};
    PL_AUTO(sealed_key_clear) struct sealed_key server = {0};
    PL_AUTO(sealed_key_clear) struct sealed_key ca = {0};
    assert_ok(keys_make(ring.keys, &wish, &server, &e), &e);
    assert_false(server.limits.may_sign_ca);
    assert_int_equal(server.limits.lifetime_max_ms, 0);
    wish.purpose = KEY_PURPOSE_CA;
    assert_ok(keys_make(ring.keys, &wish, &ca, &e), &e);
    assert_true(ca.limits.may_sign_ca);
}

static void test_any_flipped_bit_of_a_blob_is_found(void **state) {
    (void)state;
    PL_AUTO(sealed_key_clear)
    struct sealed_key key = make_sealed(ring.keys, "ec:p256", KEY_PURPOSE_TLS_SERVER);
    for (size_t bit = 0; bit < key.blob_len * 8; bit++) {
        struct err e = {0};
        key.blob[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        assert_fails(open_public(&key, &e), &e, ERR_KEYS_BLOB_BROKEN);
        key.blob[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    }
    struct err e = {0};
    assert_ok(open_public(&key, &e), &e);
}

static void test_a_blob_of_any_other_length_is_found(void **state) {
    (void)state;
    PL_AUTO(sealed_key_clear)
    struct sealed_key key = make_sealed(ring.keys, "ed25519", KEY_PURPOSE_TLS_SERVER);
    size_t whole = key.blob_len;
    for (key.blob_len = 0; key.blob_len < whole; key.blob_len++) {
        struct err e = {0};
        assert_fails(open_public(&key, &e), &e, ERR_KEYS_BLOB_BROKEN);
    }
}

/* Each changes one authenticated field to another value that is allowed by itself. */
static void other_id(struct sealed_key *key) {
    key->id.bytes[15] ^= 1;
}
static void other_purpose(struct sealed_key *key) {
    key->purpose = KEY_PURPOSE_TLS_CLIENT;
}
static void other_exportable(struct sealed_key *key) {
    key->is_exportable = !key->is_exportable;
}
static void other_family(struct sealed_key *key) {
    key->spec.family = KEY_RSA;
}
static void other_bits(struct sealed_key *key) {
    key->spec.bits++;
}
static void other_spki(struct sealed_key *key) {
    key->spki_sha256[0] ^= 0x80;
}
static void other_may_sign_ca(struct sealed_key *key) {
    key->limits.may_sign_ca = !key->limits.may_sign_ca;
}
static void other_path_length(struct sealed_key *key) {
    key->limits.path_length_max++;
}
static void other_lifetime(struct sealed_key *key) {
    key->limits.lifetime_max_ms++;
}
static void other_may_sign_crl(struct sealed_key *key) {
    key->limits.may_sign_crl = !key->limits.may_sign_crl;
}

static void test_any_changed_field_is_found_also_while_the_key_is_in_use(void **state) {
    (void)state;
    void (*const changes[])(struct sealed_key *) = {
        other_id,   other_purpose,     other_exportable,  other_family,   other_bits,
        other_spki, other_may_sign_ca, other_path_length, other_lifetime, other_may_sign_crl};
    struct err e = {0};
    PL_AUTO(sealed_key_clear)
    struct sealed_key key = make_sealed(ring.keys, "ec:p256", KEY_PURPOSE_CA);
    assert_ok(open_public(&key, &e), &e); /* now it is unsealed and kept */
    for (size_t i = 0; i < PL_ARRAY_LEN(changes); i++) {
        PL_AUTO(sealed_key_clear) struct sealed_key changed = {0};
        assert_ok(sealed_key_copy(&key, &changed, &e), &e);
        changes[i](&changed);
        assert_fails(open_public(&changed, &e), &e, ERR_KEYS_BLOB_BROKEN);
    }
    assert_ok(open_public(&key, &e), &e);
}

static void test_an_unknown_provider_or_purpose_is_told(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(sealed_key_clear)
    struct sealed_key key = make_sealed(ring.keys, "ec:p256", KEY_PURPOSE_CA);
    key.provider[0] = 'S';
    assert_fails(open_public(&key, &e), &e, ERR_KEYS_PROVIDER);
    key.provider[0] = 's';
    key.purpose = (enum key_purpose)0;
    assert_fails(open_public(&key, &e), &e, ERR_KEYS_PURPOSE);
    key.purpose = (enum key_purpose)40;
    assert_fails(open_public(&key, &e), &e, ERR_KEYS_PURPOSE);
}

static void test_two_keys_cannot_swap_their_blobs(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(sealed_key_clear)
    struct sealed_key a = make_sealed(ring.keys, "ec:p256", KEY_PURPOSE_TLS_SERVER);
    PL_AUTO(sealed_key_clear)
    struct sealed_key b = make_sealed(ring.keys, "ec:p256", KEY_PURPOSE_TLS_SERVER);
    uint8_t *blob = a.blob;
    size_t len = a.blob_len;
    a.blob = b.blob;
    a.blob_len = b.blob_len;
    b.blob = blob;
    b.blob_len = len;
    assert_fails(open_public(&a, &e), &e, ERR_KEYS_BLOB_BROKEN);
    assert_fails(open_public(&b, &e), &e, ERR_KEYS_BLOB_BROKEN);
}

static void test_another_sealing_key_opens_nothing(void **state) {
    (void)state;
    struct err e = {0};
    struct made_keys other = make_keys();
    PL_AUTO(sealed_key_clear)
    struct sealed_key own = make_sealed(ring.keys, "ec:p256", KEY_PURPOSE_CA);
    PL_AUTO(sealed_key_clear)
    struct sealed_key foreign = make_sealed(other.keys, "ec:p256", KEY_PURPOSE_CA);
    assert_fails(open_public(&foreign, &e), &e, ERR_KEYS_SEALING_OTHER);
    memcpy(foreign.sealing_key_id, own.sealing_key_id, KEYS_SEALING_ID_LEN);
    assert_fails(open_public(&foreign, &e), &e, ERR_KEYS_BLOB_BROKEN);
    made_keys_clear(&other);
}

static void test_keys_open_again_after_a_restart(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(sealed_key_clear)
    struct sealed_key key = make_sealed(ring.keys, "ec:p384", KEY_PURPOSE_CA);
    keys_close(ring.keys);
    ring.keys = NULL;
    assert_ok(keys_open(ring.path, &ring.keys, &e), &e);
    assert_ok(open_public(&key, &e), &e);
}

static void test_the_sealing_key_is_never_made_over_another(void **state) {
    (void)state;
    struct err e = {0};
    assert_fails(keys_create_sealing_key(ring.path, &e), &e, ERR_KEYS_SEALING_EXISTS);
    assert_fails(keys_create_sealing_key("/nonexistent/key", &e), &e, ERR_SYS_FILE_WRITE);
}

static void test_a_missing_sealing_key_is_told(void **state) {
    (void)state;
    struct err e = {0};
    struct keys *keys = NULL;
    assert_fails(keys_open("/nonexistent/key", &keys, &e), &e, ERR_KEYS_SEALING_MISSING);
    assert_null(keys);
}

static void test_a_sealing_key_that_others_may_use_is_refused(void **state) {
    (void)state;
    const mode_t modes[] = {0640, 0620, 0610, 0604, 0602, 0601};
    for (size_t i = 0; i < PL_ARRAY_LEN(modes); i++) {
        struct err e = {0};
        struct keys *keys = NULL;
        assert_int_equal(chmod(ring.path, modes[i]), 0);
        assert_fails(keys_open(ring.path, &keys, &e), &e, ERR_KEYS_SEALING_MODE);
    }
    struct err e = {0};
    struct keys *keys = NULL;
    assert_int_equal(chmod(ring.path, 0400), 0);
    assert_ok(keys_open(ring.path, &keys, &e), &e);
    keys_close(keys);
    assert_int_equal(chmod(ring.path, 0600), 0);
}

static void test_a_damaged_sealing_key_is_told(void **state) {
    (void)state;
    struct err e = {0};
    char path[128];
    PL_AUTO(buf_clear) struct buf file;
    buf_init(&file, 1024);
    (void)snprintf(path, sizeof(path), "%s/damaged", ring.folder);
    assert_ok(file_read(ring.path, &file, &e), &e);
    for (size_t i = 0; i < file.len; i++) {
        struct keys *keys = NULL;
        file.data[i] ^= 0x20;
        assert_ok(file_replace(path, file.data, file.len, 0600, &e), &e);
        assert_fails(keys_open(path, &keys, &e), &e, ERR_KEYS_SEALING_MALFORMED);
        file.data[i] ^= 0x20;
        assert_ok(file_replace(path, file.data, i, 0600, &e), &e);
        assert_fails(keys_open(path, &keys, &e), &e, ERR_KEYS_SEALING_MALFORMED);
    }
    assert_int_equal(unlink(path), 0);
}

static bool import(const EVP_PKEY *pkey, struct sealed_key *out_key, struct err *e) {
    PL_AUTO(secret_clear) struct secret pkcs8 = pkcs8_of(pkey);
    struct key_wish wish = {.purpose = KEY_PURPOSE_TLS_SERVER};
    return keys_import(ring.keys, &pkcs8, &wish, out_key, e);
}

static void test_an_imported_key_is_the_same_key(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *pkey = EVP_RSA_gen(2048);
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    assert_ok(import(pkey, &key, &e), &e);
    PL_AUTO(evp_pkey_freep) EVP_PKEY *public_key = public_of(ring.keys, &key);
    assert_int_equal(EVP_PKEY_eq(pkey, public_key), 1);
    assert_int_equal(key.spec.bits, 2048);
}

static void test_kinds_that_are_not_used_here_are_not_imported(void **state) {
    (void)state;
    PL_AUTO(evp_pkey_freep) EVP_PKEY *x25519 = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
    PL_AUTO(evp_pkey_freep) EVP_PKEY *koblitz = EVP_EC_gen("secp256k1");
    PL_AUTO(evp_pkey_freep) EVP_PKEY *small = EVP_RSA_gen(1024);
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    struct err e = {0};
    assert_fails(import(x25519, &key, &e), &e, ERR_KEYS_IMPORT_KIND);
    assert_fails(import(koblitz, &key, &e), &e, ERR_KEYS_IMPORT_KIND);
    assert_fails(import(small, &key, &e), &e, ERR_PKI_KEY_WEAK_SIZE);
    assert_null(key.blob);
}

static void test_damaged_private_keys_are_not_imported(void **state) {
    (void)state;
    struct err e = {0};
    struct key_wish wish = {.purpose = KEY_PURPOSE_TLS_SERVER};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *pkey = EVP_EC_gen("P-256");
    PL_AUTO(secret_clear) struct secret pkcs8 = pkcs8_of(pkey);
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    pkcs8.bytes[40] ^= 1; /* inside the private number, which the public point no longer fits */
    assert_fails(keys_import(ring.keys, &pkcs8, &wish, &key, &e), &e, ERR_PKI_KEY_INVALID);
    secret_cut(&pkcs8, pkcs8.len - 1);
    assert_fails(keys_import(ring.keys, &pkcs8, &wish, &key, &e), &e, ERR_PKI_KEY_INVALID);
    secret_cut(&pkcs8, 0);
    assert_fails(keys_import(ring.keys, &pkcs8, &wish, &key, &e), &e, ERR_PKI_KEY_INVALID);
}

static bool make_and_open(struct err *e) {
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    struct key_wish wish = {.spec = {KEY_ED25519, 256}, .purpose = KEY_PURPOSE_TLS_SERVER};
    return keys_make(ring.keys, &wish, &key, e) && open_public(&key, e);
}

static void test_no_memory_is_told(void **state) {
    (void)state;
    struct err e = {0};
    struct keys *keys = NULL;
    assert_survives_oom(make_and_open(&e), &e);
    assert_survives_oom(keys_open(ring.path, &keys, &e), &e);
    keys_close(keys);
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
        cmocka_unit_test(test_a_made_key_is_of_its_kind_and_opens),
        cmocka_unit_test(test_limits_are_kept_for_ca_keys_alone),
        cmocka_unit_test(test_any_flipped_bit_of_a_blob_is_found),
        cmocka_unit_test(test_a_blob_of_any_other_length_is_found),
        cmocka_unit_test(test_any_changed_field_is_found_also_while_the_key_is_in_use),
        cmocka_unit_test(test_an_unknown_provider_or_purpose_is_told),
        cmocka_unit_test(test_two_keys_cannot_swap_their_blobs),
        cmocka_unit_test(test_another_sealing_key_opens_nothing),
        cmocka_unit_test(test_keys_open_again_after_a_restart),
        cmocka_unit_test(test_the_sealing_key_is_never_made_over_another),
        cmocka_unit_test(test_a_missing_sealing_key_is_told),
        cmocka_unit_test(test_a_sealing_key_that_others_may_use_is_refused),
        cmocka_unit_test(test_a_damaged_sealing_key_is_told),
        cmocka_unit_test(test_an_imported_key_is_the_same_key),
        cmocka_unit_test(test_kinds_that_are_not_used_here_are_not_imported),
        cmocka_unit_test(test_damaged_private_keys_are_not_imported),
        cmocka_unit_test(test_no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
