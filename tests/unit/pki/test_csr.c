/*
 * pki/csr: requests as tools write them (tests/data/csr/make says how each was made) and as people
 * send them, and everything that is no request.
 */
#include "unit.h"

#include "base/str.h"
#include "codec/pem.h"
#include "pki/openssl.h"
#include "pki/request.h"
#include "sys/file.h"

static struct buf read_data(const char *name) {
    struct err e = {0};
    PL_AUTO(mem_freep) char *path = NULL;
    struct buf bytes;
    buf_init(&bytes, CSR_INPUT_MAX);
    assert_ok(mem_printf(&path, &e, "%s/%s", PL_TEST_DATA, name), &e);
    assert_ok(file_read(path, &bytes, &e), &e);
    return bytes;
}

static struct csr *read_csr(const char *name) {
    struct err e = {0};
    struct csr *csr = NULL;
    PL_AUTO(buf_clear) struct buf bytes = read_data(name);
    assert_ok(csr_read(bytes.data, bytes.len, &csr, &e), &e);
    return csr;
}

static struct csr *read_text(const char *text) {
    struct err e = {0};
    struct csr *csr = NULL;
    assert_ok(csr_read(text, strlen(text), &csr, &e), &e);
    return csr;
}

static void check_sans(const struct csr *csr, const char *expected) {
    struct err e = {0};
    PL_AUTO(mem_freep) char *text = NULL;
    assert_ok(san_list_format(&csr->sans, &text, &e), &e);
    assert_string_equal(text, expected);
}

static void check_subject(const struct csr *csr, const char *expected) {
    struct err e = {0};
    PL_AUTO(mem_freep) char *text = NULL;
    assert_ok(dn_format(&csr->subject, &text, &e), &e);
    assert_string_equal(text, expected);
}

static bool has_notice(const struct csr *csr, const char *part) {
    for (size_t i = 0; i < csr->notices.count; i++) {
        if (strstr(csr->notices.items[i], part) != NULL) {
            return true;
        }
    }
    return false;
}

/* --- as tools write them --- */

struct tool_case {
    const char *file;
    const char *subject;
    const char *sans;
    size_t notice_count;
};

static const char example[] = "CN=www.example.com,OU=Web,O=Example Inc.,L=Houston,ST=Texas,C=US";
static const char both[] = "www.example.com, example.com";
static const char all_four[] = "www.example.com, example.com, 192.0.2.1, 2001:db8::1";

static void test_requests_of_all_tools_are_read(void **state) {
    (void)state;
    const struct tool_case cases[] = {
        {"csr/openssl-rsa.pem", example, all_four, 0},
        {"csr/openssl-new-label.pem", example, all_four, 0},
        {"csr/openssl-ed25519.pem", example, all_four, 0},
        {"csr/openssl-pss.pem", example, all_four, 0},
        {"csr/openssl-text.pem", example, all_four, 1},
        {"csr/openssl-empty-subject.pem", "", "www.example.com", 0},
        {"csr/openssl-utf8.pem",
         "CN=xn--zrich-kva.example,O=Müller / Söhne \\\"AG\\\",L=Zürich,C=CH",
         "xn--zrich-kva.example", 0},
        {"csr/certtool.pem", "CN=www.example.com,O=Example Inc.,L=Houston,ST=Texas,C=US", both, 1},
        {"csr/keytool.pem", "CN=www.example.com,OU=Unknown,O=Example Inc.,L=Houston,ST=Texas,C=US",
         both, 0},
        {"csr/certreq.req", "CN=www.example.com,OU=Büro,O=Example Inc.,L=Houston,ST=Texas,C=US",
         both, 0},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        PL_AUTO(csr_freep) struct csr *csr = read_csr(cases[i].file);
        check_subject(csr, cases[i].subject);
        check_sans(csr, cases[i].sans);
        if (csr->notices.count != cases[i].notice_count) {
            fail_msg("%s: %zu notices, first: %s", cases[i].file, csr->notices.count,
                     csr->notices.count == 0 ? "" : csr->notices.items[0]);
        }
        assert_false(csr->asks_for_ca);
        assert_ok(csr_check(csr, &e), &e);
    }
}

static void test_the_key_is_told(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(csr_freep) struct csr *csr = read_csr("csr/openssl-rsa.pem");
    assert_int_equal(csr->key_spec.family, KEY_RSA);
    assert_int_equal(csr->key_spec.bits, 2048);
    PL_AUTO(buf_clear) struct buf spki;
    buf_init(&spki, KEY_DER_MAX);
    uint8_t digest[KEY_SPKI_SHA256_LEN];
    assert_ok(key_append_spki(csr->key, &spki, &e), &e);
    assert_ok(sha256(spki.data, spki.len, digest, &e), &e);
    assert_memory_equal(csr->spki_sha256, digest, sizeof(digest));
    /* the key stands in the request byte for byte */
    assert_non_null(memmem(csr->der, csr->der_len, spki.data, spki.len));
}

static void test_a_common_name_serves_as_alternative_name(void **state) {
    (void)state;
    PL_AUTO(csr_freep) struct csr *csr = read_csr("csr/openssl-cn-only.pem");
    check_subject(csr, "CN=Shop.Example.com,C=US");
    check_sans(csr, "shop.example.com");
    assert_true(csr->has_common_name_copied);
    assert_true(has_notice(csr, "shop.example.com"));
    assert_true(has_notice(csr, "capitals: US"));
    assert_int_equal(csr->notices.count, 2);
    PL_AUTO(csr_freep) struct csr *person = read_csr("csr/openssl-person.pem");
    assert_int_equal(person->sans.count, 0);
    assert_false(person->has_common_name_copied);
}

static void test_what_is_left_aside_is_said(void **state) {
    (void)state;
    PL_AUTO(csr_freep) struct csr *ca = read_csr("csr/openssl-ca.pem");
    assert_true(ca->asks_for_ca);
    assert_true(has_notice(ca, "become a CA"));
    PL_AUTO(csr_freep) struct csr *staple = read_csr("csr/openssl-must-staple.pem");
    assert_true(has_notice(staple, "TLS Feature"));
    PL_AUTO(csr_freep) struct csr *challenge = read_csr("csr/openssl-challenge.pem");
    assert_true(has_notice(challenge, "challenge password"));
    assert_int_equal(challenge->notices.count, 1);
}

/* --- as people send them --- */

/* The request of openssl-rsa.pem, and its DER. */
static void load(struct buf *text, struct buf *der) {
    struct err e = {0};
    *text = read_data("csr/openssl-rsa.pem");
    PL_AUTO(pem_clear) struct pem pem = {0};
    assert_ok(pem_read(buf_string(text), text->len, &pem, &e), &e);
    buf_init(der, CSR_DER_MAX);
    assert_ok(buf_append(der, pem.blocks[0].content.data, pem.blocks[0].content.len, &e), &e);
}

static void append(struct buf *out, const char *text) {
    struct err e = {0};
    assert_ok(buf_append_string(out, text, &e), &e);
}

static void test_bytes_are_kept_exactly(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf text;
    PL_AUTO(buf_clear) struct buf der;
    load(&text, &der);
    PL_AUTO(csr_freep) struct csr *csr = NULL;
    assert_ok(csr_read(der.data, der.len, &csr, &e), &e);
    assert_int_equal(csr->der_len, der.len);
    assert_memory_equal(csr->der, der.data, der.len);
    assert_int_equal(csr->notices.count, 0);
}

/* Each line of the text with before and after it. */
static struct buf wrap_lines(const struct buf *text, const char *before, const char *after) {
    struct err e = {0};
    struct buf out;
    buf_init(&out, CSR_INPUT_MAX);
    const char *line = buf_string(text);
    while (*line != '\0') {
        size_t len = strcspn(line, "\n");
        append(&out, before);
        assert_ok(buf_append(&out, line, len, &e), &e);
        append(&out, after);
        line += len + (line[len] == '\n' ? 1 : 0);
    }
    return out;
}

static void test_other_systems_lines_are_put_up_with(void **state) {
    (void)state;
    static const char *const wraps[][2] = {
        {"", "\r\n"},  {"", "\r"}, {"    ", "  \n"}, {"> ", "\r\n"},
        {">> ", "\n"}, {"", " "},  {"", "\\n"},      {"", "\\r\\n"},
    };
    PL_AUTO(buf_clear) struct buf text;
    PL_AUTO(buf_clear) struct buf der;
    load(&text, &der);
    for (size_t i = 0; i < PL_ARRAY_LEN(wraps); i++) {
        PL_AUTO(buf_clear) struct buf sent = wrap_lines(&text, wraps[i][0], wraps[i][1]);
        PL_AUTO(csr_freep) struct csr *csr = read_text(buf_string(&sent));
        assert_memory_equal(csr->der, der.data, der.len);
    }
}

static void test_byte_order_marks_and_utf16_are_put_up_with(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf text;
    PL_AUTO(buf_clear) struct buf der;
    load(&text, &der);
    for (int kind = 0; kind < 5; kind++) {
        struct err e = {0};
        PL_AUTO(buf_clear) struct buf sent;
        buf_init(&sent, CSR_INPUT_MAX);
        static const char *const marks[] = {"\xEF\xBB\xBF", "\xFF\xFE", "\xFE\xFF", "", ""};
        append(&sent, marks[kind]);
        bool is_big_endian = kind == 2 || kind == 4;
        for (size_t i = 0; i < text.len; i++) {
            const uint8_t unit[2] = {is_big_endian ? 0 : text.data[i],
                                     is_big_endian ? text.data[i] : 0};
            assert_ok(kind == 0 ? buf_append_byte(&sent, text.data[i], &e)
                                : buf_append(&sent, unit, 2, &e),
                      &e);
        }
        PL_AUTO(csr_freep) struct csr *csr = NULL;
        assert_ok(csr_read(sent.data, sent.len, &csr, &e), &e);
        assert_memory_equal(csr->der, der.data, der.len);
        assert_int_equal(has_notice(csr, "UTF-16"), kind != 0);
    }
}

static void test_base64_without_armour_is_read(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf text;
    PL_AUTO(buf_clear) struct buf der;
    load(&text, &der);
    char *body = (char *)text.data + strlen("-----BEGIN CERTIFICATE REQUEST-----");
    *strstr(body, "-----END") = '\0';
    PL_AUTO(csr_freep) struct csr *csr = read_text(body);
    assert_memory_equal(csr->der, der.data, der.len);
    assert_true(has_notice(csr, "BEGIN and END are missing"));
}

static void test_text_around_is_left_aside(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf text;
    PL_AUTO(buf_clear) struct buf der;
    load(&text, &der);
    PL_AUTO(buf_clear) struct buf mail;
    buf_init(&mail, CSR_INPUT_MAX);
    append(&mail, "Dear CA,\n\nhere is our request:\n\n");
    append(&mail, buf_string(&text));
    append(&mail, "\nRegards, J\xF6rg\n");
    append(&mail, buf_string(&text)); /* the same once more does no harm */
    PL_AUTO(csr_freep) struct csr *csr = read_text(buf_string(&mail));
    assert_memory_equal(csr->der, der.data, der.len);
    assert_true(has_notice(csr, "text around"));
    assert_int_equal(csr->notices.count, 1);
}

static void test_a_key_beside_the_request_is_warned_about(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf both_files = read_data("csr/openssl-rsa.pem");
    append(&both_files,
           "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
           "AAAAAAAAAAAAAAAA\n-----END PRIVATE KEY-----\n");
    PL_AUTO(csr_freep) struct csr *csr = read_text(buf_string(&both_files));
    assert_true(has_notice(csr, "private key"));
}

static void test_a_wrong_label_is_seen_through(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf text;
    PL_AUTO(buf_clear) struct buf der;
    load(&text, &der);
    PL_AUTO(buf_clear) struct buf other;
    buf_init(&other, CSR_INPUT_MAX);
    assert_ok(pem_write("CERTIFICATE", der.data, der.len, &other, &e), &e);
    PL_AUTO(csr_freep) struct csr *csr = read_text(buf_string(&other));
    assert_true(has_notice(csr, "label"));
}

/* --- what is refused --- */

static void check_refused(const void *bytes, size_t len, enum err_code code, const char *reason,
                          const char *hint) {
    struct err e = {0};
    struct csr *csr = NULL;
    assert_fails(csr_read(bytes, len, &csr, &e), &e, code);
    assert_null(csr);
    if (strstr(e.step[0], reason) == NULL || strstr(e.hint, hint) == NULL) {
        fail_msg("reason \"%s\", hint \"%s\"", e.step[0], e.hint);
    }
}

static void check_text_refused(const char *text, enum err_code code, const char *reason,
                               const char *hint) {
    check_refused(text, strlen(text), code, reason, hint);
}

static void test_other_texts_are_told_apart(void **state) {
    (void)state;
    static const char *const cases[][3] = {
        {" \r\n\t ", "empty", "BEGIN CERTIFICATE REQUEST"},
        {"<!DOCTYPE html>\n<html><head><title>Login</title>", "a web page", "download"},
        {"\xEF\xBB\xBF[Version]\r\nSignature=\"$Windows NT$\"\r\n[NewRequest]\r\nSubject=", "INF",
         "certreq -new"},
        {"hello, world", "a text file", "BEGIN CERTIFICATE REQUEST"},
        {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI me@host", "SSH public key", ""},
        {"-----BEGIN PGP MESSAGE-----\n\nwcBM\n=abcd\n-----END PGP MESSAGE-----", "OpenPGP", ""},
        {"%PDF-1.7\n", "PDF", "not inside a document"},
        {"PK\x03\x04xxxx", "ZIP", ""},
        {"\x01\x02\x03\x04", "binary", ""},
        {"-----BEGIN PRIVATE KEY-----\n"
         "MC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
         "-----END PRIVATE KEY-----",
         "a private key", "keep the private key"},
        {"-----BEGIN RSA PRIVATE KEY-----\n"
         "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n"
         "-----END RSA PRIVATE KEY-----",
         "an encrypted private key", "keep the private key"},
        {"-----BEGIN OPENSSH PRIVATE KEY-----\n"
         "b3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----",
         "SSH private key", ""},
        {"-----BEGIN PUBLIC KEY-----\n"
         "MCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
         "-----END PUBLIC KEY-----",
         "a public key", "padlock request new"},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        check_text_refused(cases[i][0], ERR_PKI_CSR_NOT_CSR, cases[i][1], cases[i][2]);
    }
    check_refused("", 0, ERR_PKI_CSR_NOT_CSR, "empty", "BEGIN CERTIFICATE REQUEST");
}

static void test_several_requests_are_refused(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf two = read_data("csr/openssl-rsa.pem");
    PL_AUTO(buf_clear) struct buf second = read_data("csr/certtool.pem");
    append(&two, buf_string(&second));
    check_text_refused(buf_string(&two), ERR_PKI_CSR_SEVERAL, "lines 1 and", "one by one");
}

static void test_cut_text_is_told(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf text;
    PL_AUTO(buf_clear) struct buf der;
    load(&text, &der);
    text.data[text.len / 2] = '\0';
    check_text_refused(buf_string(&text), ERR_CODEC_PEM_END_MISSING, "no end", "whole block");
}

static void test_cut_or_lengthened_der_is_told(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf text;
    PL_AUTO(buf_clear) struct buf der;
    load(&text, &der);
    check_refused(der.data, der.len - 1, ERR_PKI_CSR_MALFORMED, "cut off", "binary");
    assert_ok(buf_append_byte(&der, '\n', &e), &e);
    check_refused(der.data, der.len, ERR_PKI_CSR_MALFORMED, "", "");
    struct csr *csr = NULL;
    assert_fails(csr_from_der(der.data, der.len, &csr, &e), &e, ERR_PKI_CSR_MALFORMED);
    assert_non_null(strstr(e.step[0], "follows"));
}

static void test_sizes_have_their_limits(void **state) {
    (void)state;
    void *memory = NULL;
    struct err e = {0};
    assert_ok(mem_alloc(CSR_INPUT_MAX + 1, &memory, &e), &e);
    memset(memory, ' ', CSR_INPUT_MAX + 1);
    check_refused(memory, CSR_INPUT_MAX, ERR_PKI_CSR_NOT_CSR, "empty", "");
    check_refused(memory, CSR_INPUT_MAX + 1, ERR_BASE_LIMIT, "larger", "");
    struct csr *csr = NULL;
    assert_fails(csr_from_der(memory, CSR_DER_MAX + 1, &csr, &e), &e, ERR_BASE_LIMIT);
    assert_fails(csr_from_der(memory, CSR_DER_MAX, &csr, &e), &e, ERR_PKI_CSR_MALFORMED);
    mem_free(memory);
}

static void test_broken_hashes_are_refused(void **state) {
    (void)state;
    static const char *const files[] = {"csr/openssl-sha1.pem", "csr/openssl-md5.pem",
                                        "csr/openssl-pss-sha1.pem"};
    for (size_t i = 0; i < PL_ARRAY_LEN(files); i++) {
        struct err e = {0};
        PL_AUTO(csr_freep) struct csr *csr = read_csr(files[i]);
        assert_fails(csr_check(csr, &e), &e, ERR_PKI_CSR_WEAK_HASH);
        assert_non_null(strstr(e.hint, "SHA-256"));
    }
}

static void test_weak_keys_are_refused(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(csr_freep) struct csr *csr = read_csr("csr/openssl-rsa1024.pem");
    assert_fails(csr_check(csr, &e), &e, ERR_PKI_KEY_WEAK_SIZE);
}

/* Property: a flipped bit anywhere is refused, or still the same request. */
static void test_any_changed_byte_is_noticed(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf text;
    PL_AUTO(buf_clear) struct buf der;
    load(&text, &der);
    for (size_t i = 0; i < der.len; i += 7) {
        struct err e = {0};
        PL_AUTO(csr_freep) struct csr *csr = NULL;
        der.data[i] ^= 0x04;
        bool is_accepted = csr_from_der(der.data, der.len, &csr, &e) && csr_check(csr, &e);
        assert_false(is_accepted);
        der.data[i] ^= 0x04;
    }
}

static bool read_once(const struct buf *bytes, struct err *e) {
    PL_AUTO(csr_freep) struct csr *csr = NULL;
    return csr_read(bytes->data, bytes->len, &csr, e);
}

static void test_every_allocation_may_fail(void **state) {
    (void)state;
    static const char *const files[] = {"csr/certreq.req", "csr/openssl-text.pem",
                                        "csr/openssl-cn-only.pem", "csr/openssl-must-staple.pem"};
    for (size_t i = 0; i < PL_ARRAY_LEN(files); i++) {
        struct err e = {0};
        PL_AUTO(buf_clear) struct buf bytes = read_data(files[i]);
        assert_survives_oom(read_once(&bytes, &e), &e);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_of_all_tools_are_read),
        cmocka_unit_test(test_the_key_is_told),
        cmocka_unit_test(test_a_common_name_serves_as_alternative_name),
        cmocka_unit_test(test_what_is_left_aside_is_said),
        cmocka_unit_test(test_bytes_are_kept_exactly),
        cmocka_unit_test(test_other_systems_lines_are_put_up_with),
        cmocka_unit_test(test_byte_order_marks_and_utf16_are_put_up_with),
        cmocka_unit_test(test_base64_without_armour_is_read),
        cmocka_unit_test(test_text_around_is_left_aside),
        cmocka_unit_test(test_a_key_beside_the_request_is_warned_about),
        cmocka_unit_test(test_a_wrong_label_is_seen_through),
        cmocka_unit_test(test_other_texts_are_told_apart),
        cmocka_unit_test(test_several_requests_are_refused),
        cmocka_unit_test(test_cut_text_is_told),
        cmocka_unit_test(test_cut_or_lengthened_der_is_told),
        cmocka_unit_test(test_sizes_have_their_limits),
        cmocka_unit_test(test_broken_hashes_are_refused),
        cmocka_unit_test(test_weak_keys_are_refused),
        cmocka_unit_test(test_any_changed_byte_is_noticed),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
