/* pki/detect: files of every kind, as the usual tools write them (tests/data/detect/generate). */
#include "unit.h"

#include "make_cert.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "pki/detect.h"
#include "sys/file.h"

#include <openssl/err.h>

static int64_t now_ms; /* a day after the leaf of the files was made */

static struct buf load(const char *name) {
    struct err e = {0};
    PL_AUTO(mem_freep) char *path = NULL;
    assert_ok(mem_printf(&path, &e, "%s/detect/%s", PL_TEST_DATA, name), &e);
    struct buf bytes;
    buf_init(&bytes, 1024 * 1024);
    assert_ok(file_read(path, &bytes, &e), &e);
    return bytes;
}

static struct detected detect_bytes(const void *bytes, size_t len) {
    struct err e = {0};
    struct detected detected = {0};
    assert_ok(detect(bytes, len, now_ms, &detected, &e), &e);
    assert_int_equal(ERR_peek_error(), 0);
    assert_true(detected.count > 0);
    return detected;
}

static struct detected detect_file(const char *name) {
    PL_AUTO(buf_clear) struct buf bytes = load(name);
    return detect_bytes(bytes.data, bytes.len);
}

static int find_now(void **state) {
    (void)state;
    PL_AUTO(detected_clear) struct detected detected = detect_file("leaf.pem");
    now_ms = detected.items[0].cert->not_before_ms + CLOCK_DAY_MS;
    return 0;
}

/* "\"www.example.com\", … valid until 2126-11-01": the day is the files'. */
static void assert_described(const struct detected *detected, const char *file,
                             const char *expected) {
    const char *end = strstr(detected->description, " until ");
    size_t len =
        end != NULL ? (size_t)(end - detected->description) : strlen(detected->description);
    if (strlen(expected) != len || memcmp(detected->description, expected, len) != 0) {
        fail_msg("%s: %s", file, detected->description);
    }
}

struct file_case {
    const char *file;
    enum sniff_kind kind; /* of the first item */
    size_t count;
    bool needs_password; /* the first item */
    const char *description;
};

static const struct file_case file_cases[] = {
    {"leaf.pem", SNIFF_CERTIFICATE, 1, false,
     "a certificate for \"www.example.com\", issued by \"Detect Issuing\", valid"},
    {"chain.pem", SNIFF_CERTIFICATE, 3, false,
     "a chain of 3 certificates for \"www.example.com\", up to its root"},
    {"chain.unsorted.pem", SNIFF_CERTIFICATE, 4, false,
     "a chain of 3 certificates for \"www.example.com\", up to its root, out of order"},
    {"authorities.pem", SNIFF_CERTIFICATE, 2, false,
     "a chain of 2 certificates for \"Detect Issuing\", up to its root"},
    {"full.pem", SNIFF_PRIVATE_KEY, 3, false,
     "a private key (ECDSA P-256, PKCS #8) and a chain of 2 certificates for \"www.example.com\"; "
     "the key is the certificate's"},
    {"bundle.p7b", SNIFF_PKCS7, 4, false,
     "a PKCS #7 bundle (.p7b) and a chain of 3 certificates for \"www.example.com\", up to its "
     "root"},
    {"bundle.one.p7b", SNIFF_PKCS7, 2, false,
     "a PKCS #7 bundle (.p7b) and a certificate for \"www.example.com\", issued by \"Detect "
     "Issuing\", valid"},
    {"enveloped.p7m", SNIFF_PKCS7, 1, false,
     "a PKCS #7 bundle (.p7b) that cannot be read (this is PKCS #7 data of another kind than a "
     "bundle "
     "of certificates)"},
    {"rsa.pkcs1.pem", SNIFF_PRIVATE_KEY, 1, false, "a private key (RSA 2048, PKCS #1)"},
    {"rsa.pkcs1.der", SNIFF_PRIVATE_KEY, 1, false, "a private key (RSA 2048, PKCS #1)"},
    {"rsa.pkcs8.der", SNIFF_PRIVATE_KEY, 1, false, "a private key (RSA 2048, PKCS #8)"},
    {"rsa.pkcs1.encrypted.pem", SNIFF_ENCRYPTED_PRIVATE_KEY, 1, true,
     "an encrypted private key (PKCS #1, AES-256-CBC), which needs its password"},
    {"ec.sec1.pem", SNIFF_PARAMETERS, 2, false, "a private key (ECDSA P-256, SEC 1)"},
    {"ec.pkcs8.pem", SNIFF_PRIVATE_KEY, 1, false, "a private key (ECDSA P-256, PKCS #8)"},
    {"ec.pkcs8.encrypted.pem", SNIFF_ENCRYPTED_PRIVATE_KEY, 1, true,
     "an encrypted private key (PKCS #8, PBES2), which needs its password"},
    {"ec.pkcs8.encrypted.der", SNIFF_ENCRYPTED_PRIVATE_KEY, 1, true,
     "an encrypted private key (PKCS #8, PBES2), which needs its password"},
    {"ed25519.pem", SNIFF_PRIVATE_KEY, 1, false, "a private key (Ed25519, PKCS #8)"},
    {"ec.public.pem", SNIFF_PUBLIC_KEY, 1, false, "a public key (ECDSA P-256)"},
    {"ec.public.der", SNIFF_PUBLIC_KEY, 1, false, "a public key (ECDSA P-256)"},
    {"rsa.public.pkcs1.pem", SNIFF_PUBLIC_KEY, 1, false, "a public key (RSA 2048)"},
    {"ec.parameters.pem", SNIFF_PARAMETERS, 1, false, "key parameters without a key"},
    {"id_ed25519", SNIFF_SSH_PRIVATE_KEY, 1, false, "an SSH private key (not encrypted)"},
    {"id_encrypted", SNIFF_SSH_PRIVATE_KEY, 1, true,
     "an SSH private key (encrypted), which needs its password"},
    {"id_ed25519.pub", SNIFF_SSH_PUBLIC_KEY, 1, false, "an SSH public key (ssh-ed25519)"},
    {"request.pem", SNIFF_REQUEST, 1, false,
     "a certificate request (CSR) for \"www.example.com\" (ECDSA P-256)"},
    {"request.der", SNIFF_REQUEST, 1, false,
     "a certificate request (CSR) for \"www.example.com\" (ECDSA P-256)"},
    {"request.keytool.pem", SNIFF_REQUEST, 1, false,
     "a certificate request (CSR) for \"java.example.com\" (ECDSA P-256)"},
    {"store.pfx", SNIFF_PKCS12, 1, true,
     "a PKCS #12 file (.pfx, .p12), encrypted, MAC SHA-256, 2048 iterations, which needs its "
     "password"},
    {"store.legacy.pfx", SNIFF_PKCS12, 1, true,
     "a PKCS #12 file (.pfx, .p12), encrypted, MAC SHA-1, 2048 iterations, which needs its "
     "password"},
    {"store.nss.p12", SNIFF_PKCS12, 1, true,
     "a PKCS #12 file (.pfx, .p12), encrypted, MAC SHA-256, 600000 iterations, which needs its "
     "password"},
    {"keystore.p12", SNIFF_PKCS12, 1, true,
     "a PKCS #12 file (.pfx, .p12), encrypted, MAC SHA-256, 10000 iterations, which needs its "
     "password"},
    {"store.nopassword.pfx", SNIFF_PKCS12, 1, false,
     "a PKCS #12 file (.pfx, .p12), encrypted, MAC SHA-256, 2048 iterations"},
    {"store.plain.pfx", SNIFF_PKCS12, 1, false,
     "a PKCS #12 file (.pfx, .p12), not encrypted, no MAC"},
    {"keystore.jks", SNIFF_JAVA_KEYSTORE, 1, true,
     "a Java key store (JKS), version 2, 1 entry, which needs its password"},
    {"ocsp.der", SNIFF_OCSP_RESPONSE, 1, false, "an OCSP response (says: revoked)"},
    {"gpg.asc", SNIFF_OPENPGP, 1, false, "OpenPGP data"},
    {"request.inf", SNIFF_CERTREQ_INF, 1, false, "the INF file from which certreq makes a request"},
    {"page.html", SNIFF_WEB_PAGE, 1, false, "a web page (HTML)"},
    {"archive.zip", SNIFF_ZIP, 1, false, "a ZIP archive"},
    {"data.json", SNIFF_JSON, 1, false, "a JSON document"},
    {"note.txt", SNIFF_TEXT, 1, false, "a text file"},
    {"empty", SNIFF_EMPTY, 1, false, "empty"},
    {"blank", SNIFF_EMPTY, 1, false, "empty"},
    {"garbage.bin", SNIFF_BINARY, 1, false, "a binary file of an unknown kind"},
};

static void test_every_kind_of_file_is_told(void **state) {
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(file_cases); i++) {
        const struct file_case *c = &file_cases[i];
        PL_AUTO(detected_clear) struct detected detected = detect_file(c->file);
        assert_described(&detected, c->file, c->description);
        assert_int_equal(detected.items[0].kind, c->kind);
        assert_int_equal(detected.count, c->count);
        assert_int_equal(detected.items[0].needs_password, c->needs_password);
    }
}

static void test_one_certificate_in_every_dress(void **state) {
    (void)state;
    static const struct {
        const char *file;
        bool was_armoured;
        bool was_bare;
        bool was_utf16;
        bool has_other_text;
    } cases[] = {
        {"leaf.pem", true, false, false, false},
        {"leaf.der", false, false, false, false},
        {"leaf.base64", false, true, false, false},
        {"leaf.bom.crlf.pem", true, false, false, false},
        {"leaf.utf16.pem", true, false, true, false},
        {"leaf.mail.txt", true, false, false, true},
        {"leaf.text.pem", true, false, false, true},
        {"leaf.trusted.pem", true, false, false, false},
    };
    PL_AUTO(detected_clear) struct detected plain = detect_file("leaf.pem");
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        PL_AUTO(detected_clear) struct detected detected = detect_file(cases[i].file);
        const struct detected_item *item = &detected.items[0];
        assert_int_equal(detected.count, 1);
        assert_string_equal(item->problem, "");
        assert_true(cert_equal(item->cert, plain.items[0].cert));
        assert_true(item->has_spki);
        assert_int_equal(detected.was_armoured, cases[i].was_armoured);
        assert_int_equal(detected.was_bare_base64, cases[i].was_bare);
        assert_int_equal(detected.was_utf16, cases[i].was_utf16);
        assert_int_equal(detected.has_other_text, cases[i].has_other_text);
    }
}

static void test_bundle_under_a_certificates_label(void **state) {
    (void)state;
    PL_AUTO(detected_clear) struct detected detected = detect_file("bundle.certsrv.p7b");
    assert_int_equal(detected.items[0].kind, SNIFF_PKCS7);
    assert_string_equal(detected.items[0].label, "CERTIFICATE");
    assert_int_equal(detected.certs.count, 3);
    assert_true(detected.items[1].is_from_bundle);
}

/* What joins the halves is the same in key, public key, request and certificate. */
static void test_halves_share_their_hash(void **state) {
    (void)state;
    static const char *const files[] = {"ec.pkcs8.pem", "ec.public.pem", "ec.public.der",
                                        "request.pem", "request.der"};
    PL_AUTO(detected_clear) struct detected leaf = detect_file("leaf.pem");
    for (size_t i = 0; i < PL_ARRAY_LEN(files); i++) {
        PL_AUTO(detected_clear) struct detected half = detect_file(files[i]);
        assert_true(half.items[0].has_spki);
        assert_memory_equal(half.items[0].spki_sha256, leaf.items[0].spki_sha256, 32);
    }
    PL_AUTO(detected_clear) struct detected other = detect_file("ec.sec1.pem");
    assert_memory_not_equal(other.items[1].spki_sha256, leaf.items[0].spki_sha256, 32);
}

static void test_only_the_public_half_is_kept(void **state) {
    (void)state;
    static const char *const files[] = {"ec.pkcs8.pem", "ec.sec1.pem", "rsa.pkcs1.pem",
                                        "ed25519.pem"};
    for (size_t i = 0; i < PL_ARRAY_LEN(files); i++) {
        PL_AUTO(detected_clear) struct detected detected = detect_file(files[i]);
        const struct detected_item *key = detected_find(&detected, SNIFF_PRIVATE_KEY);
        assert_non_null(key->public_key);
        uint8_t *der = NULL;
        assert_true(i2d_PrivateKey(key->public_key, &der) <= 0);
        ERR_clear_error();
    }
}

static void test_key_formats(void **state) {
    (void)state;
    static const struct {
        const char *file;
        enum key_format format;
    } cases[] = {
        {"rsa.pkcs1.pem", KEY_FORMAT_PKCS1}, {"rsa.pkcs1.encrypted.pem", KEY_FORMAT_PKCS1},
        {"rsa.pkcs8.der", KEY_FORMAT_PKCS8}, {"ec.pkcs8.encrypted.pem", KEY_FORMAT_PKCS8},
        {"id_ed25519", KEY_FORMAT_OPENSSH},  {"leaf.pem", KEY_FORMAT_NONE},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        PL_AUTO(detected_clear) struct detected detected = detect_file(cases[i].file);
        assert_int_equal(detected.items[0].key_format, cases[i].format);
    }
    PL_AUTO(detected_clear) struct detected sec1 = detect_file("ec.sec1.pem");
    assert_int_equal(sec1.items[1].key_format, KEY_FORMAT_SEC1);
}

static void test_friendly_name_of_bag_attributes(void **state) {
    (void)state;
    PL_AUTO(detected_clear) struct detected detected = detect_file("store.bags.pem");
    assert_string_equal(detected.items[0].friendly_name, "Shop 2026");
    assert_non_null(detected_find(&detected, SNIFF_PRIVATE_KEY));
    assert_int_equal(detected.sorting.chain.count, 3);
}

static void test_revocation_list(void **state) {
    (void)state;
    static const char *const files[] = {"crl.pem", "crl.der"};
    for (size_t i = 0; i < PL_ARRAY_LEN(files); i++) {
        PL_AUTO(detected_clear) struct detected detected = detect_file(files[i]);
        PL_AUTO(detected_clear) struct detected leaf = detect_file("leaf.pem");
        const struct crl *crl = detected.items[0].crl;
        struct crl_entry entry = {0};
        assert_int_equal(detected.items[0].kind, SNIFF_CRL);
        assert_string_equal(crl->number, "05");
        assert_true(crl_has_cert(crl, leaf.items[0].cert, &entry));
        assert_int_equal(entry.reason, CRL_REASON_KEY_COMPROMISE);
        assert_non_null(strstr(detected.description, "(CRL) of \"CN=Detect Issuing\" of 20"));
        assert_non_null(strstr(detected.description, "with 1 entry"));
    }
}

static void test_damaged_files_say_where(void **state) {
    (void)state;
    static const char *const files[] = {"leaf.cut.pem", "leaf.damaged.pem"};
    for (size_t i = 0; i < PL_ARRAY_LEN(files); i++) {
        PL_AUTO(detected_clear) struct detected detected = detect_file(files[i]);
        assert_int_equal(detected.count, 1);
        assert_int_equal(detected.items[0].kind, SNIFF_PEM);
        assert_non_null(strstr(detected.items[0].problem, "line"));
        assert_non_null(strstr(detected.description, "cannot be read"));
    }
}

static void test_broken_certificate_costs_only_itself(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf bytes = load("leaf.pem");
    struct err e = {0};
    static const uint8_t broken[] = {0x30, 0x03, 0x02, 0x01, 0x05};
    assert_ok(pem_write("CERTIFICATE", broken, sizeof(broken), &bytes, &e), &e);
    PL_AUTO(detected_clear) struct detected detected = detect_bytes(bytes.data, bytes.len);
    assert_int_equal(detected.count, 2);
    assert_non_null(detected.items[0].cert);
    assert_null(detected.items[1].cert);
    assert_string_not_equal(detected.items[1].problem, "");
    assert_int_equal(detected.certs.count, 1);
}

static void test_key_of_another_certificate_is_told(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf bytes = load("leaf.pem");
    PL_AUTO(buf_clear) struct buf key = load("rsa.pkcs1.pem");
    struct err e = {0};
    assert_ok(buf_append(&bytes, key.data, key.len, &e), &e);
    PL_AUTO(detected_clear) struct detected detected = detect_bytes(bytes.data, bytes.len);
    assert_described(&detected, "leaf + key",
                     "a private key (RSA 2048, PKCS #1) and a certificate for \"www.example.com\", "
                     "issued by \"Detect Issuing\", valid");
    assert_non_null(strstr(detected.description, "; the key is not the certificate's"));
}

static void test_key_chooses_the_leaf(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf bytes = load("chain.pem");
    struct err e = {0};
    struct made other = make_cert((struct make_cert){.name = "other", .sans = "DNS:other.example"});
    PL_AUTO(buf_clear) struct buf first;
    buf_init(&first, 1024 * 1024);
    assert_ok(cert_append_pem(other.cert, &first, &e) &&
                  buf_append(&first, bytes.data, bytes.len, &e),
              &e);
    PL_AUTO(buf_clear) struct buf key = load("ec.pkcs8.pem");
    assert_ok(buf_append(&first, key.data, key.len, &e), &e);
    PL_AUTO(detected_clear) struct detected detected = detect_bytes(first.data, first.len);
    assert_string_equal(cert_display_name(detected.sorting.chain.items[0]), "www.example.com");
    assert_int_equal(detected.sorting.aside.count, 1);
    made_clear(&other);
}

static void test_limits(void **state) {
    (void)state;
    struct err e = {0};
    struct detected none = {0};
    PL_AUTO(mem_freep) void *zeros = NULL;
    assert_ok(mem_alloc(DETECT_INPUT_MAX + 1, &zeros, &e), &e);
    assert_fails(detect(zeros, DETECT_INPUT_MAX + 1, now_ms, &none, &e), &e, ERR_BASE_LIMIT);
    PL_AUTO(detected_clear) struct detected largest = detect_bytes(zeros, DETECT_INPUT_MAX);
    assert_int_equal(largest.items[0].kind, SNIFF_BINARY);
}

static void test_item_limit(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf many;
    buf_init(&many, DETECT_INPUT_MAX);
    for (size_t i = 0; i < DETECT_ITEMS_MAX; i++) {
        assert_ok(pem_write("EC PARAMETERS", "\x05\x00", 2, &many, &e), &e);
    }
    PL_AUTO(detected_clear) struct detected detected = detect_bytes(many.data, many.len);
    assert_int_equal(detected.count, DETECT_ITEMS_MAX);
    assert_non_null(strstr(detected.description, " and 992 more"));
    assert_ok(pem_write("EC PARAMETERS", "\x05\x00", 2, &many, &e), &e);
    struct detected none = {0};
    assert_fails(detect(many.data, many.len, now_ms, &none, &e), &e, ERR_BASE_LIMIT);
}

static void test_long_descriptions_are_cut_at_a_character(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf many;
    buf_init(&many, DETECT_INPUT_MAX);
    PL_AUTO(buf_clear) struct buf crl = load("crl.pem");
    for (size_t i = 0; i < 8; i++) {
        assert_ok(buf_append(&many, crl.data, crl.len, &e), &e);
    }
    PL_AUTO(detected_clear) struct detected detected = detect_bytes(many.data, many.len);
    size_t len = strlen(detected.description);
    assert_int_equal(len, ERR_TEXT_MAX - 1);
    assert_string_equal(detected.description + len - 3, "...");
}

static bool detect_and_drop(const struct buf *bytes, struct err *e) {
    PL_AUTO(detected_clear) struct detected detected = {0};
    return detect(bytes->data, bytes->len, now_ms, &detected, e);
}

static void test_detecting_survives_failing_memory(void **state) {
    (void)state;
    static const char *const files[] = {"full.pem",       "chain.unsorted.pem", "bundle.pem",
                                        "leaf.utf16.pem", "request.pem",        "crl.pem",
                                        "store.pfx",      "leaf.base64"};
    for (size_t i = 0; i < PL_ARRAY_LEN(files); i++) {
        struct err e = {0};
        PL_AUTO(buf_clear) struct buf bytes = load(files[i]);
        assert_survives_oom(detect_and_drop(&bytes, &e), &e);
    }
}

/* No bytes make it fail or fall: every file cut anywhere, and with a byte changed anywhere. */
static void test_damage_anywhere_is_survived(void **state) {
    (void)state;
    static const char *const files[] = {
        "leaf.der",      "bundle.one.p7b", "store.legacy.pfx", "crl.der",  "ec.pkcs8.encrypted.der",
        "ec.public.der", "request.der",    "keystore.jks",     "ocsp.der", "full.pem",
        "id_ed25519"};
    for (size_t i = 0; i < PL_ARRAY_LEN(files); i++) {
        PL_AUTO(buf_clear) struct buf bytes = load(files[i]);
        for (size_t at = 0; at < bytes.len; at += 1 + bytes.len / 150) {
            PL_AUTO(detected_clear) struct detected cut = detect_bytes(bytes.data, at);
            bytes.data[at] ^= 0x41;
            PL_AUTO(detected_clear) struct detected changed = detect_bytes(bytes.data, bytes.len);
            bytes.data[at] ^= 0x41;
            assert_true(utf8_is_valid(cut.description, strlen(cut.description)));
            assert_true(utf8_is_valid(changed.description, strlen(changed.description)));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind_of_file_is_told),
        cmocka_unit_test(test_one_certificate_in_every_dress),
        cmocka_unit_test(test_bundle_under_a_certificates_label),
        cmocka_unit_test(test_halves_share_their_hash),
        cmocka_unit_test(test_only_the_public_half_is_kept),
        cmocka_unit_test(test_key_formats),
        cmocka_unit_test(test_friendly_name_of_bag_attributes),
        cmocka_unit_test(test_revocation_list),
        cmocka_unit_test(test_damaged_files_say_where),
        cmocka_unit_test(test_broken_certificate_costs_only_itself),
        cmocka_unit_test(test_key_of_another_certificate_is_told),
        cmocka_unit_test(test_key_chooses_the_leaf),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_item_limit),
        cmocka_unit_test(test_long_descriptions_are_cut_at_a_character),
        cmocka_unit_test(test_detecting_survives_failing_memory),
        cmocka_unit_test(test_damage_anywhere_is_survived),
    };
    return cmocka_run_group_tests(tests, find_now, NULL);
}
