/* pki/key_known: list files of keys whose private half is known. */
#include "unit.h"

#include "base/hex.h"
#include "pki/key_known.h"
#include "pki/openssl.h"
#include "sys/file.h"

#include <openssl/pem.h>

#include <stdio.h>
#include <unistd.h>

static char list_path[] = "/tmp/padlock-test-key-known-XXXXXX";

static EVP_PKEY *read_rsa_key(void) {
    PL_AUTO(bio_freep) BIO *bio = BIO_new_file(PL_TEST_DATA "/key/rsa_good.pem", "r");
    EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    assert_non_null(key);
    return key;
}

/* openssl rsa -pubin -in rsa_good.pem -modulus -noout | sha1sum | cut -c21-40 */
static const char modulus_line[] = "579099901efa2eb10dee";
/* openssl pkey -pubin -in rsa_good.pem -outform DER | sha256sum */
static const char spki_line[] = "2b7287cad4dc83afec06267c087fab96eba6639a98835d40f6cf0efe8bd9e15f";

static bool read_list(const char *text, struct key_known_list **out_list, struct err *e) {
    struct err ignored = {0};
    assert_ok(file_replace(list_path, text, strlen(text), 0600, &ignored), &ignored);
    return key_known_list_read(list_path, out_list, e);
}

static void assert_listed(const char *text, const EVP_PKEY *key, bool is_listed) {
    struct err e = {0};
    PL_AUTO(key_known_list_freep) struct key_known_list *list = NULL;
    assert_ok(read_list(text, &list, &e), &e);
    if (is_listed) {
        assert_fails(key_known_list_check(list, key, &e), &e, ERR_PKI_KEY_WEAK_KNOWN);
    } else {
        assert_ok(key_known_list_check(list, key, &e), &e);
    }
}

static void test_both_kinds_of_line_name_the_key(void **state) {
    (void)state;
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = read_rsa_key();
    assert_listed(spki_line, key, true);
    assert_listed(modulus_line, key, true);
    assert_listed("", key, false);
    assert_listed("# nothing\n\n00000000000000000000\n", key, false);
}

static void test_lines_may_be_in_any_order_and_end_any_way(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = read_rsa_key();
    PL_AUTO(buf_clear) struct buf text;
    buf_init(&text, 64 * 1024);
    for (unsigned i = 0; i < 200; i++) {
        assert_ok(buf_printf(&text, &e, "%020X\r\n", 255 - i), &e);
    }
    assert_ok(buf_printf(&text, &e, "%s\n# the end", modulus_line), &e);
    assert_listed(buf_string(&text), key, true);
}

static void test_other_keys_pass(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
    PL_AUTO(key_known_list_freep) struct key_known_list *list = NULL;
    PL_AUTO(mem_freep) char *text = NULL;
    assert_ok(mem_printf(&text, &e, "%s\n%s\n", spki_line, modulus_line), &e);
    assert_ok(read_list(text, &list, &e), &e);
    assert_int_equal(key_known_list_count(list), 2);
    assert_ok(key_known_list_check(list, key, &e), &e);
}

static void test_a_line_that_is_no_hash_is_named(void **state) {
    (void)state;
    const char *const lines[] = {"0123", "0123456789abcdef012", "0123456789abcdef01234",
                                 "zz23456789abcdef0123", " 0123456789abcdef012"};
    for (size_t i = 0; i < PL_ARRAY_LEN(lines); i++) {
        struct err e = {0};
        PL_AUTO(mem_freep) char *text = NULL;
        PL_AUTO(key_known_list_freep) struct key_known_list *list = NULL;
        assert_ok(mem_printf(&text, &e, "# first\n%s\n", lines[i]), &e);
        assert_fails(read_list(text, &list, &e), &e, ERR_PKI_KEY_KNOWN_LIST);
        assert_non_null(strstr(e.step[0], "line 2"));
    }
}

static void test_a_missing_file_is_told(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(key_known_list_freep) struct key_known_list *list = NULL;
    assert_fails(key_known_list_read("/nonexistent/list", &list, &e), &e, ERR_SYS_FILE_MISSING);
}

static bool read_and_check(const EVP_PKEY *key, struct err *e) {
    PL_AUTO(key_known_list_freep) struct key_known_list *list = NULL;
    return key_known_list_read(list_path, &list, e) && key_known_list_check(list, key, e);
}

static void test_no_memory_is_told(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = read_rsa_key();
    PL_AUTO(key_known_list_freep) struct key_known_list *list = NULL;
    assert_ok(read_list("00000000000000000000\n", &list, &e), &e);
    assert_survives_oom(read_and_check(key, &e), &e);
}

static int make_file(void **state) {
    (void)state;
    int fd = mkstemp(list_path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state) {
    (void)state;
    return unlink(list_path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_kinds_of_line_name_the_key),
        cmocka_unit_test(test_lines_may_be_in_any_order_and_end_any_way),
        cmocka_unit_test(test_other_keys_pass),
        cmocka_unit_test(test_a_line_that_is_no_hash_is_named),
        cmocka_unit_test(test_a_missing_file_is_told),
        cmocka_unit_test(test_no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
