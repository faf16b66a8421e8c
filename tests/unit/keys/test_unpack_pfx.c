/* keys/unpack_pfx: PFX files as the usual programs write them, and broken ones. */
#include "foreign.h"
#include "unit.h"

#include "pki/openssl.h"

#include <openssl/opensslv.h>

static void assert_shop(const char *name, const char *password, const char *encryption) {
    struct err e = {0};
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    if (!foreign_open(unpack_pfx, name, password, &unpacked, &e)) {
        fail_msg("%s: %s [%s]", name, e.step[0], err_code_text(e.code));
    }
    assert_shop_key(&unpacked, name);
    assert_int_equal(unpacked.certs.count, 2);
    assert_string_equal(cert_display_name(unpacked.certs.items[0]), "shop.example.com");
    assert_string_equal(cert_display_name(unpacked.certs.items[1]), "Shop CA");
    assert_string_equal(unpacked.friendly_name, "Shop 2026");
    if (encryption != NULL) {
        assert_string_equal(unpacked.encryption, encryption);
    }
}

static void assert_refused(const char *name, const char *password, enum err_code code) {
    struct err e = {0};
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    if (foreign_open(unpack_pfx, name, password, &unpacked, &e) || e.code != code) {
        fail_msg("%s with \"%s\": expected %s, got %s: %s", name, password, err_code_text(code),
                 err_code_text(e.code), e.step[0]);
    }
    assert_int_equal(unpacked.pkcs8.len, 0);
    assert_int_equal(unpacked.certs.count, 0);
}

static void test_all_common_encryptions_open(void **state) {
    (void)state;
    assert_shop("aes-256.p12", "hunter2", "PBES2 AES-256-CBC, 2048 iterations; MAC SHA256");
    assert_shop("aes-128.p12", "hunter2", "PBES2 AES-128-CBC, 2048 iterations; MAC SHA256");
    assert_shop("3des.p12", "hunter2", "PBE-SHA1-3DES, 2048 iterations; MAC SHA1");
    assert_shop("rc2-40.p12", "hunter2", "PBE-SHA1-RC2-40, 2048 iterations; MAC SHA1");
    assert_shop("rc2-128.p12", "hunter2", "PBE-SHA1-RC2-128, 2048 iterations; MAC SHA1");
    assert_shop("rc4-128.p12", "hunter2", "PBE-SHA1-RC4-128, 2048 iterations; MAC SHA1");
    assert_shop("des.p12", "hunter2", "PBES2 DES-CBC, 2048 iterations; MAC SHA1");
    assert_shop("mac-sha512.p12", "hunter2", "PBES2 AES-256-CBC, 2048 iterations; MAC SHA512");
    assert_shop("no-mac.p12", "hunter2", "PBES2 AES-256-CBC, 2048 iterations; no MAC");
    assert_shop("plain.p12", "", "not encrypted; no MAC");
    assert_shop("plain-with-mac.p12", "hunter2", "not encrypted; MAC SHA256");
}

static void test_files_of_other_programs_open(void **state) {
    (void)state;
    struct err e = {0};
    assert_shop("certtool.pem", "hunter2", NULL);
    assert_shop("certtool.p12", "hunter2", NULL);
    assert_shop("certtool-3des.p12", "hunter2", NULL);
    PL_AUTO(unpacked_clear) struct unpacked java = {0};
    assert_ok(foreign_open(unpack_pfx, "java.p12", "hunter2", &java, &e), &e);
    assert_string_equal(java.friendly_name, "shop");
    assert_int_equal(java.certs.count, 1);
    assert_true(java.pkcs8.len > 0);
    PL_AUTO(unpacked_clear) struct unpacked nss = {0};
    assert_ok(foreign_open(unpack_pfx, "../detect/store.nss.p12", "secret12", &nss, &e), &e);
    assert_true(nss.pkcs8.len > 0);
    assert_int_equal(nss.certs.count, 3);
}

static void test_no_password_and_an_empty_one_are_both_tried(void **state) {
    (void)state;
    assert_shop("password-empty.p12", "", NULL);
    assert_shop("certtool-null.p12", "", NULL);
    assert_shop("certtool-empty.p12", "", NULL);
}

static void test_passwords_beyond_ascii_open_however_they_were_spelt(void **state) {
    (void)state;
    assert_shop("password-utf8.p12", "pässwörd", NULL);
    assert_shop("password-utf8-3des.p12", "pässwörd", NULL);
    assert_shop("password-latin1.p12", "pässwörd", NULL);
    assert_shop("password-latin1.p12", "p\xE4ssw\xF6rd", NULL);
    assert_shop("password-utf8-3des.p12", "p\xE4ssw\xF6rd", NULL);
    assert_shop("password-bytes.p12", "pässwörd", NULL);
    assert_refused("password-utf8.p12", "passwörd", ERR_UNPACK_PASSWORD);
}

static void test_a_wrong_password_is_told_apart(void **state) {
    (void)state;
    const char *const names[] = {"aes-256.p12", "3des.p12", "rc2-40.p12", "no-mac.p12",
                                 "plain-with-mac.p12"};
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        assert_refused(names[i], "hunter3", ERR_UNPACK_PASSWORD);
        assert_refused(names[i], "", ERR_UNPACK_PASSWORD);
    }
    assert_refused("password-empty.p12", "x", ERR_UNPACK_PASSWORD);
}

static void test_certificates_alone_are_no_failure(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    assert_ok(foreign_open(unpack_pfx, "only-certificates.p12", "hunter2", &unpacked, &e), &e);
    assert_int_equal(unpacked.pkcs8.len, 0);
    assert_int_equal(unpacked.certs.count, 1);
    assert_string_equal(unpacked.friendly_name, "Only");
}

static void test_two_keys_are_named(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    assert_fails(foreign_open(unpack_pfx, "two-keys.p12", "hunter2", &unpacked, &e), &e,
                 ERR_UNPACK_SEVERAL_KEYS);
    assert_non_null(strstr(e.step[0], "\"shop\", \"mail\""));
}

/* Within a test's time, because nothing is derived. */
static void test_endless_iterations_are_refused_before_any_is_done(void **state) {
    (void)state;
    assert_refused("iterations-key.p12", "hunter2", ERR_UNPACK_ITERATIONS);
    assert_refused("iterations-mac.p12", "hunter2", ERR_UNPACK_ITERATIONS);
}

/* Opens the bytes with one byte sequence replaced by another of its length. */
static enum err_code code_of_patched(const char *name, const char *from, const char *to,
                                     size_t len) {
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf bytes = foreign_file(name);
    PL_AUTO(secret_clear) struct secret password = foreign_password("hunter2");
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    uint8_t *at = memmem(bytes.data, bytes.len, from, len);
    assert_non_null(at);
    while (at != NULL) {
        memcpy(at, to, len);
        at = memmem(bytes.data, bytes.len, from, len);
    }
    assert_false(unpack_pfx(bytes.data, bytes.len, &password, &unpacked, &e));
    if (e.code == ERR_UNPACK_ALGORITHM) {
        assert_non_null(strstr(e.step[0], "2.16.840.1.101.3.4"));
    }
    return e.code;
}

static void test_an_unknown_algorithm_is_named(void **state) {
    (void)state;
    /* 2.16.840.1.101.3.4.1.42 (AES-256-CBC) becomes ….1.99, 2.16.840.1.101.3.4.2.1 (SHA-256) ….2.99
     */
    assert_int_equal(
        code_of_patched("no-mac.p12", "\x65\x03\x04\x01\x2A", "\x65\x03\x04\x01\x63", 5),
        ERR_UNPACK_ALGORITHM);
    assert_int_equal(
        code_of_patched("aes-256.p12", "\x65\x03\x04\x02\x01", "\x65\x03\x04\x02\x63", 5),
        ERR_UNPACK_ALGORITHM);
}

static void test_cut_files_never_open(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf bytes = foreign_file("plain-with-mac.p12");
    PL_AUTO(secret_clear) struct secret password = foreign_password("hunter2");
    for (size_t len = 0; len < bytes.len; len += 7) {
        struct err e = {0};
        PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
        assert_fails(unpack_pfx(bytes.data, len, &password, &unpacked, &e), &e,
                     ERR_UNPACK_MALFORMED);
    }
}

/* A changed byte is found by the MAC, or lies where nothing is kept. */
static void test_changed_bytes_never_give_another_key(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf bytes = foreign_file("plain-with-mac.p12");
    PL_AUTO(secret_clear) struct secret password = foreign_password("hunter2");
    for (size_t i = 0; i < bytes.len; i += 3) {
        struct err e = {0};
        PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
        bytes.data[i] ^= 0x01;
        if (unpack_pfx(bytes.data, bytes.len, &password, &unpacked, &e)) {
            assert_shop_key(&unpacked, "changed");
        }
        bytes.data[i] ^= 0x01;
    }
}

static void test_other_files_are_told(void **state) {
    (void)state;
    assert_refused("shop.cert.pem", "hunter2", ERR_UNPACK_MALFORMED);
    assert_refused("key.pkcs8.der", "hunter2", ERR_UNPACK_MALFORMED);
}

static void test_the_input_and_the_password_have_limits(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf bytes = foreign_file("plain.p12");
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    PL_AUTO(secret_clear) struct secret password = {0};
    assert_ok(secret_init(&password, UNPACK_PASSWORD_MAX + 1, &e), &e);
    memset(password.bytes, 'a', password.len);
    assert_fails(unpack_pfx(bytes.data, bytes.len, &password, &unpacked, &e), &e, ERR_BASE_LIMIT);
    assert_fails(unpack_pfx(bytes.data, UNPACK_INPUT_MAX + 1, &password, &unpacked, &e), &e,
                 ERR_BASE_LIMIT);
    secret_cut(&password, UNPACK_PASSWORD_MAX);
    assert_ok(unpack_pfx(bytes.data, bytes.len, &password, &unpacked, &e), &e);
}

static EVP_PKEY *shop_key(void) {
    struct err e = {0};
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    assert_ok(foreign_open(unpack_pfx, "plain.p12", "", &unpacked, &e), &e);
    const uint8_t *at = unpacked.pkcs8.bytes;
    PL_AUTO(pkcs8_freep)
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)unpacked.pkcs8.len);
    EVP_PKEY *key = EVP_PKCS82PKEY(info);
    assert_non_null(key);
    return key;
}

static bool open_made(PKCS12 *pfx, const char *text, struct unpacked *out, struct err *e) {
    PL_AUTO(buf_clear) struct buf der;
    PL_AUTO(secret_clear) struct secret password = foreign_password(text);
    buf_init(&der, 64 * 1024);
    assert_ok(openssl_append_der(&der, (i2d_of_void *)i2d_PKCS12, pfx, e), e);
    return unpack_pfx(der.data, der.len, &password, out, e);
}

/* A key without certificates, and no MAC yet. */
static PKCS12 *make_pfx(const char *password) {
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = shop_key();
    PKCS12 *pfx = PKCS12_create(password, NULL, key, NULL, NULL, NID_aes_256_cbc, NID_aes_256_cbc,
                                1000, -1, 0);
    assert_non_null(pfx);
    return pfx;
}

static void test_a_key_with_a_password_of_its_own_is_told(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    PL_AUTO(pkcs12_freep) PKCS12 *pfx = make_pfx("inside");
    assert_int_equal(PKCS12_set_mac(pfx, "outside", -1, NULL, 0, 1000, EVP_sha256()), 1);
    assert_fails(open_made(pfx, "outside", &unpacked, &e), &e, ERR_UNPACK_PASSWORD);
    assert_non_null(strstr(e.step[0], "not for the private key"));
}

static void test_a_mac_of_rfc_9579_is_checked(void **state) {
    (void)state;
#if OPENSSL_VERSION_NUMBER >= 0x30400000L
    struct err e = {0};
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    PL_AUTO(unpacked_clear) struct unpacked none = {0};
    PL_AUTO(pkcs12_freep) PKCS12 *pfx = make_pfx("hunter2");
    assert_int_equal(
        PKCS12_set_pbmac1_pbkdf2(pfx, "hunter2", -1, NULL, 16, 1000, EVP_sha256(), "SHA256"), 1);
    assert_ok(open_made(pfx, "hunter2", &unpacked, &e), &e);
    assert_shop_key(&unpacked, "PBMAC1");
    assert_string_equal(unpacked.encryption, "PBES2 AES-256-CBC, 1000 iterations; PBMAC1 SHA256");
    assert_null(unpacked.friendly_name);
    assert_fails(open_made(pfx, "hunter3", &none, &e), &e, ERR_UNPACK_PASSWORD);
#else
    skip();
#endif
}

static void test_looking_outside_tells_whether_a_password_is_needed(void **state) {
    (void)state;
    const struct {
        const char *name;
        bool needs_password;
    } files[] = {{"aes-256.p12", true},    {"plain.p12", true},       {"certtool.pem", true},
                 {"key.pbes2.pem", true},  {"key.pbes2.der", true},   {"key.dek-3des.pem", true},
                 {"key.bags.pem", true},   {"key.pkcs8.der", false},  {"key.pkcs1.pem", false},
                 {"shop.cert.pem", false}, {"key.openssh.pem", false}};
    for (size_t i = 0; i < PL_ARRAY_LEN(files); i++) {
        PL_AUTO(buf_clear) struct buf bytes = foreign_file(files[i].name);
        if (unpack_needs_password(bytes.data, bytes.len) != files[i].needs_password) {
            fail_msg("%s", files[i].name);
        }
    }
    assert_false(unpack_needs_password((const uint8_t *)"", 0));
}

static bool open_once(const struct buf *bytes, const struct secret *password, struct err *e) {
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    return unpack_pfx(bytes->data, bytes->len, password, &unpacked, e);
}

static void test_no_memory_is_told(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf bytes = foreign_file("plain.p12");
    PL_AUTO(secret_clear) struct secret password = foreign_password("");
    assert_survives_oom(open_once(&bytes, &password, &e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_common_encryptions_open),
        cmocka_unit_test(test_files_of_other_programs_open),
        cmocka_unit_test(test_no_password_and_an_empty_one_are_both_tried),
        cmocka_unit_test(test_passwords_beyond_ascii_open_however_they_were_spelt),
        cmocka_unit_test(test_a_wrong_password_is_told_apart),
        cmocka_unit_test(test_certificates_alone_are_no_failure),
        cmocka_unit_test(test_two_keys_are_named),
        cmocka_unit_test(test_endless_iterations_are_refused_before_any_is_done),
        cmocka_unit_test(test_an_unknown_algorithm_is_named),
        cmocka_unit_test(test_cut_files_never_open),
        cmocka_unit_test(test_changed_bytes_never_give_another_key),
        cmocka_unit_test(test_other_files_are_told),
        cmocka_unit_test(test_the_input_and_the_password_have_limits),
        cmocka_unit_test(test_a_key_with_a_password_of_its_own_is_told),
        cmocka_unit_test(test_a_mac_of_rfc_9579_is_checked),
        cmocka_unit_test(test_looking_outside_tells_whether_a_password_is_needed),
        cmocka_unit_test(test_no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
