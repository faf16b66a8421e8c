/* keys/export, keys/test_signature: keys leave encrypted, or not at all; a key is its
 * certificate's. */
#include "make_cert.h"
#include "make_keys.h"
#include "unit.h"

#include "pki/openssl.h"

#include <openssl/pem.h>

#include <string.h>

static struct made_keys ring;
static struct made root, leaf;
static struct cert_list chain;
static struct sealed_key exportable, staying;
static struct secret password;

static bool export_pfx(const struct sealed_key *key, enum pfx_reader reader, const char *name,
                       struct buf *out, struct err *e) {
    struct pfx_wish wish = {.reader = reader,
                            .friendly_name = name,
                            .certificate = leaf.cert,
                            .chain = &chain,
                            .password = &password};
    return keys_export_pfx(ring.keys, key, &wish, out, e);
}

static void assert_pfx_holds_all(const struct buf *der, const char *name) {
    const uint8_t *at = der->data;
    PL_AUTO(pkcs12_freep) PKCS12 *pfx = d2i_PKCS12(NULL, &at, (long)der->len);
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = NULL;
    PL_AUTO(x509_freep) X509 *certificate = NULL;
    STACK_OF(X509) *others = NULL;
    assert_int_equal(PKCS12_parse(pfx, secret_string(&password), &key, &certificate, &others), 1);
    assert_int_equal(EVP_PKEY_eq(key, leaf.key), 1);
    assert_int_equal(X509_cmp(certificate, leaf.x509), 0);
    assert_int_equal(sk_X509_num(others), 1);
    assert_int_equal(X509_cmp(sk_X509_value(others, 0), root.x509), 0);
    const char *found = (const char *)X509_alias_get0(certificate, NULL);
    if (name == NULL) {
        assert_null(found);
    } else {
        assert_string_equal(found, name);
    }
    sk_X509_pop_free(others, X509_free);
}

static void test_each_readers_pfx_holds_key_certificate_and_chain(void **state) {
    (void)state;
    const enum pfx_reader readers[] = {PFX_FOR_WINDOWS_2008, PFX_FOR_WINDOWS_2016, PFX_FOR_WINDOWS,
                                       PFX_FOR_JAVA, PFX_FOR_OPENSSL};
    for (size_t i = 0; i < PL_ARRAY_LEN(readers); i++) {
        struct err e = {0};
        PL_AUTO(buf_clear) struct buf der;
        buf_init(&der, 64 * 1024);
        assert_ok(export_pfx(&exportable, readers[i], "Shop 2026", &der, &e), &e);
        assert_pfx_holds_all(&der, "Shop 2026");
    }
}

static void test_java_always_gets_a_name(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf java;
    PL_AUTO(buf_clear) struct buf windows;
    buf_init(&java, 64 * 1024);
    buf_init(&windows, 64 * 1024);
    assert_ok(export_pfx(&exportable, PFX_FOR_JAVA, NULL, &java, &e), &e);
    assert_pfx_holds_all(&java, "www.example.com");
    assert_ok(export_pfx(&exportable, PFX_FOR_WINDOWS, NULL, &windows, &e), &e);
    assert_pfx_holds_all(&windows, NULL);
}

/* The names of all algorithms that a PFX was made with, as found in its bytes. */
static bool holds_oid(const struct buf *der, const char *oid) {
    PL_AUTO(buf_clear) struct buf wanted;
    struct err e = {0};
    buf_init(&wanted, 64);
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    assert_ok(openssl_append_der(&wanted, (i2d_of_void *)i2d_ASN1_OBJECT, object, &e), &e);
    ASN1_OBJECT_free(object);
    return memmem(der->data, der->len, wanted.data, wanted.len) != NULL;
}

static void test_each_reader_gets_what_it_understands(void **state) {
    (void)state;
    const char *const triple_des = "1.2.840.113549.1.12.1.3";
    const char *const sha1 = "1.3.14.3.2.26";
    const char *const aes_256 = "2.16.840.1.101.3.4.1.42";
    const char *const sha256_oid = "2.16.840.1.101.3.4.2.1";
    for (unsigned reader = PFX_FOR_WINDOWS_2008; reader <= PFX_FOR_OPENSSL; reader++) {
        struct err e = {0};
        bool is_old = reader <= PFX_FOR_WINDOWS_2016;
        PL_AUTO(buf_clear) struct buf der;
        buf_init(&der, 64 * 1024);
        assert_ok(export_pfx(&exportable, (enum pfx_reader)reader, "x", &der, &e), &e);
        assert_int_equal(holds_oid(&der, triple_des), is_old);
        assert_int_equal(holds_oid(&der, sha1), is_old);
        assert_int_equal(holds_oid(&der, sha256_oid), !is_old);
        /* the key's algorithm is in the clear, the AES of the certificates as well */
        assert_int_equal(holds_oid(&der, aes_256), !is_old);
    }
}

static void test_keys_that_stay_do_not_leave(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, 64 * 1024);
    assert_fails(export_pfx(&staying, PFX_FOR_WINDOWS, "x", &out, &e), &e, ERR_KEYS_EXPORT_DENIED);
    assert_fails(keys_export_pem(ring.keys, &staying, &password, &out, &e), &e,
                 ERR_KEYS_EXPORT_DENIED);
    struct sealed_key forged = staying;
    forged.is_exportable = true;
    assert_fails(export_pfx(&forged, PFX_FOR_WINDOWS, "x", &out, &e), &e, ERR_KEYS_BLOB_BROKEN);
    assert_fails(keys_export_pem(ring.keys, &forged, &password, &out, &e), &e,
                 ERR_KEYS_BLOB_BROKEN);
    assert_int_equal(out.len, 0);
}

static void test_passwords_have_one_to_a_thousand_bytes(void **state) {
    (void)state;
    const struct {
        size_t len;
        bool is_ok;
    } cases[] = {{0, false}, {1, true}, {KEYS_PASSWORD_MAX, true}, {KEYS_PASSWORD_MAX + 1, false}};
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        struct err e = {0};
        PL_AUTO(buf_clear) struct buf out;
        PL_AUTO(secret_clear) struct secret word = {0};
        buf_init(&out, 64 * 1024);
        assert_ok(secret_init(&word, cases[i].len, &e), &e);
        memset(word.bytes, 'a', cases[i].len);
        bool ok = keys_export_pem(ring.keys, &exportable, &word, &out, &e);
        assert_int_equal(ok, cases[i].is_ok);
        assert_true(ok || e.code == ERR_KEYS_EXPORT_PASSWORD);
    }
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf out;
    PL_AUTO(secret_clear) struct secret word = {0};
    buf_init(&out, 64 * 1024);
    assert_ok(secret_copy(&word, "a\0b", 3, &e), &e);
    assert_fails(keys_export_pem(ring.keys, &exportable, &word, &out, &e), &e,
                 ERR_KEYS_EXPORT_PASSWORD);
}

static void test_an_encrypted_pem_opens_with_its_password_alone(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf pem;
    buf_init(&pem, 64 * 1024);
    assert_ok(keys_export_pem(ring.keys, &exportable, &password, &pem, &e), &e);
    assert_non_null(strstr(buf_string(&pem), "BEGIN ENCRYPTED PRIVATE KEY"));
    PL_AUTO(bio_freep) BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    char wrong[] = "wrong";
    assert_null(PEM_read_bio_PrivateKey(bio, NULL, NULL, wrong));
    PL_AUTO(bio_freep) BIO *again = BIO_new_mem_buf(pem.data, (int)pem.len);
    PL_AUTO(evp_pkey_freep)
    EVP_PKEY *key = PEM_read_bio_PrivateKey(again, NULL, NULL, password.bytes);
    assert_int_equal(EVP_PKEY_eq(key, leaf.key), 1);
}

static void test_a_pfx_is_made_with_the_keys_certificate_alone(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, 64 * 1024);
    struct pfx_wish wish = {
        .reader = PFX_FOR_WINDOWS, .certificate = root.cert, .password = &password};
    assert_fails(keys_export_pfx(ring.keys, &exportable, &wish, &out, &e), &e,
                 ERR_PKI_KEY_MISMATCH);
}

static void test_a_key_is_tested_with_its_certificate(void **state) {
    (void)state;
    struct err e = {0};
    assert_ok(keys_test(ring.keys, &exportable, leaf.cert, &e), &e);
    assert_ok(keys_test(ring.keys, &staying, leaf.cert, &e), &e);
    assert_fails(keys_test(ring.keys, &exportable, root.cert, &e), &e, ERR_PKI_KEY_MISMATCH);
}

static bool export_for_windows(struct err *e) {
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, 64 * 1024);
    return export_pfx(&exportable, PFX_FOR_WINDOWS_2008, "x", &out, e);
}

static void test_no_memory_is_told(void **state) {
    (void)state;
    struct err e = {0};
    assert_survives_oom(export_for_windows(&e), &e);
}

static int set_up(void **state) {
    (void)state;
    struct err e = {0};
    ring = make_keys();
    root = make_cert((struct make_cert){.name = "Root", .is_ca = true});
    leaf = make_cert((struct make_cert){
        .name = "www.example.com", .issuer = &root, .sans = "DNS:www.example.com"});
    exportable = seal_for(ring.keys, leaf.key, KEY_PURPOSE_TLS_SERVER, true);
    staying = seal_for(ring.keys, leaf.key, KEY_PURPOSE_TLS_SERVER, false);
    bool ok = cert_list_add(&chain, root.cert, &e) && secret_copy(&password, "pässwörd", 10, &e);
    return ok ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    secret_clear(&password);
    cert_list_clear(&chain);
    sealed_key_clear(&exportable);
    sealed_key_clear(&staying);
    made_clear(&leaf);
    made_clear(&root);
    made_keys_clear(&ring);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_readers_pfx_holds_key_certificate_and_chain),
        cmocka_unit_test(test_java_always_gets_a_name),
        cmocka_unit_test(test_each_reader_gets_what_it_understands),
        cmocka_unit_test(test_keys_that_stay_do_not_leave),
        cmocka_unit_test(test_passwords_have_one_to_a_thousand_bytes),
        cmocka_unit_test(test_an_encrypted_pem_opens_with_its_password_alone),
        cmocka_unit_test(test_a_pfx_is_made_with_the_keys_certificate_alone),
        cmocka_unit_test(test_a_key_is_tested_with_its_certificate),
        cmocka_unit_test(test_no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
