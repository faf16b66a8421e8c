/* pki/cert_pool: the same bytes are one certificate, other bytes another; it never grows too large.
 */
#include "unit.h"

#include "make_cert.h"
#include "pki/cert_pool.h"

static void test_same_bytes_same_certificate(void **state) {
    (void)state;
    struct err e = {0};
    struct made one = make_cert((struct make_cert){.name = "One", .is_ca = true});
    struct made other = make_cert((struct make_cert){.name = "Other", .is_ca = true});
    struct cert_pool *pool = NULL;
    struct cert *certs[4] = {NULL};
    assert_ok(cert_pool_new(&pool, &e), &e);
    assert_ok(cert_pool_read(pool, one.cert->der, one.cert->der_len, &certs[0], &e), &e);
    assert_ok(cert_pool_read(pool, other.cert->der, other.cert->der_len, &certs[1], &e), &e);
    assert_ok(cert_pool_read(pool, one.cert->der, one.cert->der_len, &certs[2], &e), &e);
    assert_ok(cert_pool_read(NULL, one.cert->der, one.cert->der_len, &certs[3], &e), &e);
    assert_ptr_equal(certs[0], certs[2]);
    assert_ptr_not_equal(certs[0], certs[1]);
    assert_ptr_not_equal(certs[0], certs[3]);
    assert_true(cert_equal(certs[0], certs[3]));
    cert_pool_free(pool);
    assert_string_equal(certs[2]->subject_text, "CN=One"); /* references outlive the pool */
    for (size_t i = 0; i < PL_ARRAY_LEN(certs); i++) {
        cert_free(certs[i]);
    }
    made_clear(&one);
    made_clear(&other);
}

static void test_more_than_it_holds(void **state) {
    (void)state;
    struct err e = {0};
    struct cert_pool *pool = NULL;
    struct made made = make_cert((struct make_cert){.name = "Many", .is_ca = true});
    uint8_t der[2048];
    size_t len = made.cert->der_len;
    memcpy(der, made.cert->der, len);
    assert_ok(cert_pool_new(&pool, &e), &e);
    for (unsigned i = 0; i < 2 * CERT_POOL_MAX + 10; i++) {
        struct cert *cert = NULL;
        der[len - 1] = (uint8_t)i; /* of the signature: still a certificate */
        der[len - 2] = (uint8_t)(i >> 8);
        assert_ok(cert_pool_read(pool, der, len, &cert, &e), &e);
        assert_memory_equal(cert->der, der, len);
        cert_free(cert);
    }
    der[0] = 0;
    struct cert *none = NULL;
    assert_fails(cert_pool_read(pool, der, len, &none, &e), &e, ERR_PKI_CERT_MALFORMED);
    cert_pool_free(pool);
    made_clear(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bytes_same_certificate),
        cmocka_unit_test(test_more_than_it_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
