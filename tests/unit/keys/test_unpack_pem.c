/* keys/unpack_pem: private keys of every form, and the certificates beside them. */
#include "foreign.h"
#include "unit.h"

#include "pki/openssl.h"

static void assert_shop(const char *name, const char *password, const char *encryption) {
    struct err e = {0};
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    if (!foreign_open(unpack_pem, name, password, &unpacked, &e)) {
        fail_msg("%s: %s [%s]", name, e.step[0], err_code_text(e.code));
    }
    assert_shop_key(&unpacked, name);
    assert_string_equal(unpacked.encryption, encryption);
}

static void assert_refused(const char *name, const char *password, enum err_code code) {
    struct err e = {0};
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    if (foreign_open(unpack_pem, name, password, &unpacked, &e) || e.code != code) {
        fail_msg("%s: expected %s, got %s: %s", name, err_code_text(code), err_code_text(e.code),
                 e.step[0]);
    }
    assert_int_equal(unpacked.pkcs8.len, 0);
}

static void test_plain_keys_of_every_form_open(void **state) {
    (void)state;
    assert_shop("shop.key.pem", "", "not encrypted");
    assert_shop("key.pkcs8.der", "", "not encrypted");
    assert_shop("key.pkcs1.pem", "", "not encrypted");
    assert_shop("key.pkcs1.der", "", "not encrypted");
    assert_shop("key.pkcs1.pem", "not needed", "not encrypted");
}

static void test_encrypted_keys_of_every_form_open(void **state) {
    (void)state;
    assert_shop("key.pbes2.pem", "hunter2", "PBES2 AES-256-CBC, 2048 iterations");
    assert_shop("key.pbes2.der", "hunter2", "PBES2 AES-128-CBC, 2048 iterations");
    assert_shop("key.pbes2-3des.pem", "hunter2", "PBES2 DES-EDE3-CBC, 2048 iterations");
    assert_shop("key.pbes1-md5-des.pem", "hunter2", "PBE-MD5-DES, 2048 iterations");
    assert_shop("key.pbe-rc2-40.pem", "hunter2", "PBE-SHA1-RC2-40, 2048 iterations");
    assert_shop("key.scrypt.pem", "hunter2", "PBES2 AES-256-CBC, 16384 iterations");
    assert_shop("key.dek-aes-256.pem", "hunter2", "DEK-Info AES-256-CBC");
    assert_shop("key.dek-3des.pem", "hunter2", "DEK-Info DES-EDE3-CBC");
    assert_shop("key.dek-des.pem", "hunter2", "DEK-Info DES-CBC");
}

static void test_a_wrong_password_is_told_apart(void **state) {
    (void)state;
    const char *const names[] = {"key.pbes2.pem",    "key.pbes2.der",       "key.pbes1-md5-des.pem",
                                 "key.scrypt.pem",   "key.dek-aes-256.pem", "key.dek-3des.pem",
                                 "key.sec1-dek.pem", "key.bags.pem"};
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        assert_refused(names[i], "hunter3", ERR_UNPACK_PASSWORD);
        assert_refused(names[i], "", ERR_UNPACK_PASSWORD);
    }
}

/* Padding lets one wrong password in 256 pass: what comes out is no key, and is told the same. */
static void test_no_wrong_password_opens_an_old_key(void **state) {
    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        char password[16];
        (void)snprintf(password, sizeof(password), "wrong%u", i);
        assert_refused("key.dek-des.pem", password, ERR_UNPACK_PASSWORD);
    }
}

static void test_curves_and_other_families_open(void **state) {
    (void)state;
    const struct {
        const char *name;
        const char *password;
        struct key_spec spec;
    } keys[] = {{"key.sec1.pem", "", {KEY_EC, 384}},
                {"key.sec1-dek.pem", "hunter2", {KEY_EC, 384}},
                {"key.ed25519.pem", "", {KEY_ED25519, 256}}};
    for (size_t i = 0; i < PL_ARRAY_LEN(keys); i++) {
        struct err e = {0};
        PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
        assert_ok(foreign_open(unpack_pem, keys[i].name, keys[i].password, &unpacked, &e), &e);
        const uint8_t *at = unpacked.pkcs8.bytes;
        PL_AUTO(pkcs8_freep)
        PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)unpacked.pkcs8.len);
        PL_AUTO(evp_pkey_freep) EVP_PKEY *key = EVP_PKCS82PKEY(info);
        struct key_spec spec = key_spec_of(key);
        assert_true(key_spec_equal(&spec, &keys[i].spec));
    }
}

static void test_certificates_beside_the_key_are_kept_its_own_first(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    assert_ok(foreign_open(unpack_pem, "key.with-certificates.pem", "", &unpacked, &e), &e);
    assert_int_equal(unpacked.certs.count, 2);
    assert_string_equal(cert_display_name(unpacked.certs.items[0]), "shop.example.com");
    assert_string_equal(cert_display_name(unpacked.certs.items[1]), "Shop CA");
    assert_null(unpacked.friendly_name);
    PL_AUTO(unpacked_clear) struct unpacked trusted = {0};
    assert_ok(foreign_open(unpack_pem, "key.trusted.pem", "", &trusted, &e), &e);
    assert_int_equal(trusted.certs.count, 1);
}

static void test_the_name_in_bag_attributes_is_kept(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    assert_ok(foreign_open(unpack_pem, "key.bags.pem", "hunter2", &unpacked, &e), &e);
    assert_shop_key(&unpacked, "key.bags.pem");
    assert_string_equal(unpacked.friendly_name, "Shop 2026");
    assert_int_equal(unpacked.certs.count, 2);
}

static void test_two_keys_and_none_are_told(void **state) {
    (void)state;
    assert_refused("key.two.pem", "", ERR_UNPACK_SEVERAL_KEYS);
    assert_refused("shop.cert.pem", "", ERR_UNPACK_NO_KEY);
}

static void test_formats_of_other_programs_are_named(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    assert_fails(foreign_open(unpack_pem, "key.openssh.pem", "", &unpacked, &e), &e,
                 ERR_UNPACK_ALGORITHM);
    assert_non_null(strstr(e.hint, "ssh-keygen"));
    assert_refused("aes-256.p12", "hunter2", ERR_UNPACK_MALFORMED);
}

/* Opens text, with the password "hunter2". */
static enum err_code open_text(const char *text, size_t len) {
    struct err e = {0};
    PL_AUTO(secret_clear) struct secret password = foreign_password("hunter2");
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    bool ok = unpack_pem((const uint8_t *)text, len, &password, &unpacked, &e);
    assert_int_equal(ok, e.code == ERR_NONE);
    return e.code;
}

static enum err_code open_patched(const char *name, const char *from, const char *to) {
    PL_AUTO(buf_clear) struct buf bytes = foreign_file(name);
    char *at = memmem(bytes.data, bytes.len, from, strlen(from));
    assert_non_null(at);
    memcpy(at, to, strlen(to));
    return open_text((const char *)bytes.data, bytes.len);
}

static void test_broken_headers_are_told(void **state) {
    (void)state;
    assert_int_equal(open_patched("key.dek-3des.pem", "DES-EDE3-CBC,", "DES-EDE3-CBC;"),
                     ERR_UNPACK_MALFORMED);
    assert_int_equal(open_patched("key.dek-3des.pem", "DES-EDE3-CBC", "DES-EDE9-CBC"),
                     ERR_UNPACK_ALGORITHM);
    assert_int_equal(open_patched("key.dek-3des.pem", "DES-EDE3-CBC,", "AES-256-CBC,0"),
                     ERR_UNPACK_MALFORMED);
    assert_int_equal(open_patched("key.dek-aes-256.pem", "AES-256-CBC", "AES-256-OFB"),
                     ERR_UNPACK_ALGORITHM);
    assert_int_equal(open_patched("key.dek-3des.pem", "DEK-Info", "DEC-Info"),
                     ERR_UNPACK_MALFORMED);
}

static void test_garbage_holds_no_key(void **state) {
    (void)state;
    const char *const texts[] = {"", "hello", "\x30\x03\x02\x01\x05"};
    for (size_t i = 0; i < PL_ARRAY_LEN(texts); i++) {
        assert_int_equal(open_text(texts[i], strlen(texts[i])), ERR_UNPACK_NO_KEY);
    }
    static const char broken[] =
        "-----BEGIN PRIVATE KEY-----\nMAMCAQU=\n-----END PRIVATE KEY-----\n";
    assert_int_equal(open_text(broken, sizeof(broken) - 1), ERR_UNPACK_MALFORMED);
}

static void test_base64_without_armour_opens(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf bytes = foreign_file("shop.key.pem");
    const char *first = strchr(buf_string(&bytes), '\n') + 1;
    const char *last = strstr(first, "-----END");
    assert_int_equal(open_text(first, (size_t)(last - first)), ERR_NONE);
}

static void test_the_input_has_a_limit(void **state) {
    (void)state;
    assert_int_equal(open_text("x", UNPACK_INPUT_MAX + 1), ERR_BASE_LIMIT);
}

static bool open_once(const struct buf *bytes, const struct secret *password, struct err *e) {
    PL_AUTO(unpacked_clear) struct unpacked unpacked = {0};
    return unpack_pem(bytes->data, bytes->len, password, &unpacked, e);
}

static void test_no_memory_is_told(void **state) {
    (void)state;
    const char *const names[] = {"key.with-certificates.pem", "key.dek-aes-256.pem",
                                 "key.pbes2.der"};
    for (size_t i = 0; i < PL_ARRAY_LEN(names); i++) {
        struct err e = {0};
        PL_AUTO(buf_clear) struct buf bytes = foreign_file(names[i]);
        PL_AUTO(secret_clear) struct secret password = foreign_password("hunter2");
        assert_survives_oom(open_once(&bytes, &password, &e), &e);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_keys_of_every_form_open),
        cmocka_unit_test(test_encrypted_keys_of_every_form_open),
        cmocka_unit_test(test_a_wrong_password_is_told_apart),
        cmocka_unit_test(test_no_wrong_password_opens_an_old_key),
        cmocka_unit_test(test_curves_and_other_families_open),
        cmocka_unit_test(test_certificates_beside_the_key_are_kept_its_own_first),
        cmocka_unit_test(test_the_name_in_bag_attributes_is_kept),
        cmocka_unit_test(test_two_keys_and_none_are_told),
        cmocka_unit_test(test_formats_of_other_programs_are_named),
        cmocka_unit_test(test_broken_headers_are_told),
        cmocka_unit_test(test_garbage_holds_no_key),
        cmocka_unit_test(test_base64_without_armour_opens),
        cmocka_unit_test(test_the_input_has_a_limit),
        cmocka_unit_test(test_no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
