/*
 * codec/sniff, codec/der: what files are; real ones are in tests/data/sniff (its make says whose).
 *
 */
#include "unit.h"

#include "codec/sniff.h"
#include "sys/file.h"

static struct buf read_data(const char *name) {
    struct err e = {0};
    PL_AUTO(mem_freep) char *path = NULL;
    struct buf bytes;
    buf_init(&bytes, 64 * 1024);
    assert_ok(mem_printf(&path, &e, "%s/sniff/%s", PL_TEST_DATA, name), &e);
    assert_ok(file_read(path, &bytes, &e), &e);
    return bytes;
}

struct file_case {
    const char *name;
    enum sniff_kind kind;
};

static const struct file_case files[] = {
    {"certificate.der", SNIFF_CERTIFICATE},
    {"request.der", SNIFF_REQUEST},
    {"request_with_names.der", SNIFF_REQUEST},
    {"list.crl", SNIFF_CRL},
    {"bundle.p7b", SNIFF_PKCS7},
    {"indefinite.p7b", SNIFF_PKCS7},
    {"bundle.pfx", SNIFF_PKCS12},
    {"nss.pfx", SNIFF_PKCS12},
    {"pkcs8.der", SNIFF_PRIVATE_KEY},
    {"rsa_key.der", SNIFF_PRIVATE_KEY},
    {"ec_key.der", SNIFF_PRIVATE_KEY},
    {"pkcs8_encrypted.der", SNIFF_ENCRYPTED_PRIVATE_KEY},
    {"public_key.der", SNIFF_PUBLIC_KEY},
    {"ocsp_response.der", SNIFF_OCSP_RESPONSE},
    {"java.jks", SNIFF_JAVA_KEYSTORE},
};

static void test_real_files_are_known(void **state) {
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(files); i++) {
        PL_AUTO(buf_clear) struct buf bytes = read_data(files[i].name);
        enum sniff_kind kind = sniff_bytes(bytes.data, bytes.len);
        if (kind != files[i].kind) {
            fail_msg("%s is taken for %s", files[i].name, sniff_describe(kind));
        }
    }
}

/* Any prefix of any file is looked at without harm, and none is taken for something else. */
static void test_cut_files_are_never_another_kind(void **state) {
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(files); i++) {
        PL_AUTO(buf_clear) struct buf bytes = read_data(files[i].name);
        for (size_t len = 1; len < bytes.len; len++) {
            void *cut = NULL;
            struct err e = {0};
            assert_ok(mem_alloc(len, &cut, &e), &e);
            memcpy(cut, bytes.data, len);
            enum sniff_kind kind = sniff_bytes(cut, len);
            mem_free(cut);
            assert_true(kind == files[i].kind || kind == SNIFF_BINARY || kind == SNIFF_TEXT);
        }
    }
}

struct bytes_case {
    const char *bytes;
    size_t len;
    enum sniff_kind kind;
};

#define BYTES(bytes, kind)                                                                         \
    { bytes, sizeof(bytes) - 1, kind }

static void test_other_bytes_are_told_apart(void **state) {
    (void)state;
    static const struct bytes_case cases[] = {
        BYTES("", SNIFF_EMPTY),
        BYTES(" \r\n\t", SNIFF_EMPTY),
        BYTES("hello", SNIFF_TEXT),
        BYTES("J\xC3\xB6rg", SNIFF_TEXT),
        BYTES("\n\n<!doctype HTML>", SNIFF_WEB_PAGE),
        BYTES("<p><BODY>", SNIFF_WEB_PAGE),
        BYTES("[Version]\n[NEWREQUEST]\n", SNIFF_CERTREQ_INF),
        BYTES("ssh-rsa AAAA", SNIFF_SSH_PUBLIC_KEY),
        BYTES("ecdsa-sha2-nistp256 AAAA", SNIFF_SSH_PUBLIC_KEY),
        BYTES("---- BEGIN SSH2 PUBLIC KEY ----", SNIFF_SSH_PUBLIC_KEY),
        BYTES("PuTTY-User-Key-File-3: ssh-ed25519", SNIFF_PUTTY_KEY),
        BYTES("-----BEGIN PGP PUBLIC KEY BLOCK-----", SNIFF_OPENPGP),
        BYTES("\xCE\xCE\xCE\xCE\0\0", SNIFF_JAVA_KEYSTORE),
        BYTES("PK\x03\x04", SNIFF_ZIP),
        BYTES("%PDF-1.4", SNIFF_PDF),
        BYTES("\x30\x03\x02\x01\x01", SNIFF_DER),
        BYTES("\x30\x00", SNIFF_DER),
        BYTES("\x30\x0D\x06\x03\x2A\x03\x04\xA0\x06\x02\x01\x01\x02\x01\x01", SNIFF_DER),
        BYTES("\x30\x80\x00", SNIFF_BINARY),
        BYTES("\x30\x80\x02\x01\x03\x30\x80", SNIFF_BINARY),
        BYTES("\x01\x02", SNIFF_BINARY),
        BYTES("a\0b", SNIFF_BINARY),
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        enum sniff_kind kind = sniff_bytes(cases[i].bytes, cases[i].len);
        if (kind != cases[i].kind) {
            fail_msg("case %zu is taken for %s", i, sniff_describe(kind));
        }
    }
}

static void test_signs_far_inside_a_text_do_not_count(void **state) {
    (void)state;
    char text[5000];
    memset(text, 'x', sizeof(text));
    memcpy(text + 4000, "<html>", 6);
    assert_int_equal(sniff_bytes(text, sizeof(text)), SNIFF_WEB_PAGE);
    memset(text, 'x', sizeof(text));
    memcpy(text + 4200, "<html>", 6);
    assert_int_equal(sniff_bytes(text, sizeof(text)), SNIFF_TEXT);
}

static void test_labels_name_their_kind(void **state) {
    (void)state;
    assert_int_equal(sniff_pem_label("CERTIFICATE"), SNIFF_CERTIFICATE);
    assert_int_equal(sniff_pem_label("NEW CERTIFICATE REQUEST"), SNIFF_REQUEST);
    assert_int_equal(sniff_pem_label("ENCRYPTED PRIVATE KEY"), SNIFF_ENCRYPTED_PRIVATE_KEY);
    assert_int_equal(sniff_pem_label("EC PARAMETERS"), SNIFF_PARAMETERS);
    assert_int_equal(sniff_pem_label("certificate"), SNIFF_PEM);
    assert_int_equal(sniff_pem_label(""), SNIFF_PEM);
}

static void test_every_kind_has_a_description(void **state) {
    (void)state;
    for (int kind = 0; kind < SNIFF_KIND_COUNT; kind++) {
        assert_non_null(sniff_describe((enum sniff_kind)kind));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_files_are_known),
        cmocka_unit_test(test_cut_files_are_never_another_kind),
        cmocka_unit_test(test_other_bytes_are_told_apart),
        cmocka_unit_test(test_signs_far_inside_a_text_do_not_count),
        cmocka_unit_test(test_labels_name_their_kind),
        cmocka_unit_test(test_every_kind_has_a_description),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
