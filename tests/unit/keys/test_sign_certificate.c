/* keys/sign_certificate, sign_crl, tbs, issuer_key: what a CA key signs, and what it refuses. */
#include "make_cert.h"
#include "make_keys.h"
#include "unit.h"

#include "base/clock.h"
#include "base/hex.h"
#include "codec/der.h"
#include "pki/key_id.h"
#include "pki/openssl.h"

enum { SIGNED_MAX = 1024 * 1024 };

static struct made_keys ring;
static struct made root;

static const struct key_limits root_limits = {.may_sign_ca = true,
                                              .path_length_max = 1,
                                              .lifetime_max_ms = 365 * CLOCK_DAY_MS,
                                              .may_sign_crl = true};

/* The first value inside the outer SEQUENCE: what is signed. Borrowed. */
static struct der_value tbs_of(const uint8_t *der, size_t len) {
    struct der_reader file = der_reader_init(der, len);
    struct der_value whole, tbs;
    assert_true(der_reader_take(&file, DER_SEQUENCE, &whole));
    struct der_reader parts = der_reader_enter(&whole);
    assert_true(der_reader_take(&parts, DER_SEQUENCE, &tbs));
    return tbs;
}

static struct der_value tbs_of_made(const struct made *made) {
    return tbs_of(made->cert->der, made->cert->der_len);
}

static bool sign(const struct sealed_key *ca, const uint8_t *tbs, size_t len, struct err *e) {
    PL_AUTO(buf_clear) struct buf der;
    buf_init(&der, SIGNED_MAX);
    return keys_sign_certificate(ring.keys, ca, tbs, len, &der, e);
}

/* A certificate of the root's by this wish is refused with code, or signed (ERR_NONE). */
static void assert_answer(struct make_cert wish, struct key_limits limits, enum err_code code) {
    struct err e = {0};
    wish.issuer = &root;
    struct made made = make_cert(wish);
    struct der_value tbs = tbs_of_made(&made);
    PL_AUTO(sealed_key_clear) struct sealed_key ca = seal_ca(ring.keys, root.key, limits);
    (void)sign(&ca, tbs.whole, tbs.whole_len, &e);
    assert_string_equal(err_code_text(e.code), err_code_text(code));
    made_clear(&made);
}

static void test_the_answer_holds_the_same_bytes_and_verifies(void **state) {
    (void)state;
    const char *const key_types[] = {"P-256", "P-384", "P-521", "RSA-2048", "ED25519"};
    const char *const digests[] = {"SHA256", "SHA384", "SHA512", "SHA256", NULL};
    for (size_t i = 0; i < PL_ARRAY_LEN(key_types); i++) {
        struct err e = {0};
        struct made ca =
            make_cert((struct make_cert){.name = "CA", .is_ca = true, .key_type = key_types[i]});
        struct made leaf = make_cert((struct make_cert){
            .name = "leaf", .issuer = &ca, .sans = "DNS:www.example.com", .digest = digests[i]});
        struct der_value tbs = tbs_of_made(&leaf);
        PL_AUTO(sealed_key_clear) struct sealed_key key = seal_ca(ring.keys, ca.key, root_limits);
        PL_AUTO(cert_freep) struct cert *signed_cert = NULL;
        PL_AUTO(buf_clear) struct buf der;
        buf_init(&der, SIGNED_MAX);
        assert_ok(buf_append(&der, "before", 6, &e), &e);
        assert_ok(keys_sign_certificate(ring.keys, &key, tbs.whole, tbs.whole_len, &der, &e), &e);
        assert_memory_equal(der.data, "before", 6);
        struct der_value again = tbs_of(der.data + 6, der.len - 6);
        assert_int_equal(again.whole_len, tbs.whole_len);
        assert_memory_equal(again.whole, tbs.whole, tbs.whole_len);
        assert_ok(cert_from_der(der.data + 6, der.len - 6, &signed_cert, &e), &e);
        assert_true(cert_is_issued_by(signed_cert, ca.cert));
        made_clear(&leaf);
        made_clear(&ca);
    }
}

static void test_a_root_signs_itself_and_a_ca(void **state) {
    (void)state;
    struct err e = {0};
    struct der_value tbs = tbs_of_made(&root);
    PL_AUTO(sealed_key_clear) struct sealed_key key = seal_ca(ring.keys, root.key, root_limits);
    assert_ok(sign(&key, tbs.whole, tbs.whole_len, &e), &e);
    assert_answer((struct make_cert){.name = "CA", .is_ca = true, .path_length = 1}, root_limits,
                  ERR_NONE);
}

static void test_a_ca_is_signed_only_by_a_key_that_may(void **state) {
    (void)state;
    struct key_limits leaves_only = root_limits;
    leaves_only.may_sign_ca = false;
    struct make_cert ca = {.name = "CA", .is_ca = true, .path_length = 1};
    assert_answer(ca, leaves_only, ERR_KEYS_LIMIT_CA);
    assert_answer((struct make_cert){.name = "leaf"}, leaves_only, ERR_NONE);
    ca.basic_constraints = "CA:TRUE,pathlen:0"; /* not critical */
    assert_answer(ca, root_limits, ERR_KEYS_LIMIT_CA);
}

static void test_a_leaf_may_not_sign_certificates_or_lists(void **state) {
    (void)state;
    assert_answer((struct make_cert){.name = "leaf", .key_usage = "critical,keyCertSign"},
                  root_limits, ERR_KEYS_LIMIT_CA);
    assert_answer((struct make_cert){.name = "leaf", .key_usage = "critical,cRLSign"}, root_limits,
                  ERR_KEYS_LIMIT_CA);
    assert_answer((struct make_cert){.name = "leaf", .basic_constraints = "", .key_usage = ""},
                  root_limits, ERR_NONE);
    assert_answer((struct make_cert){.name = "leaf",
                                     .basic_constraints = "",
                                     .key_usage = "digitalSignature,keyCertSign"},
                  root_limits, ERR_KEYS_LIMIT_CA);
}

static void test_the_path_length_has_a_limit(void **state) {
    (void)state;
    struct make_cert ca = {.name = "CA", .is_ca = true};
    ca.path_length = 2; /* pathlen:1, the limit */
    assert_answer(ca, root_limits, ERR_NONE);
    ca.path_length = 3;
    assert_answer(ca, root_limits, ERR_KEYS_LIMIT_PATH_LENGTH);
    ca.path_length = 0; /* none said: any length */
    assert_answer(ca, root_limits, ERR_KEYS_LIMIT_PATH_LENGTH);
}

static void test_the_lifetime_has_a_limit(void **state) {
    (void)state;
    struct make_cert leaf = {.name = "leaf", .not_before_ms = MAKE_CERT_NOT_BEFORE_MS};
    leaf.not_after_ms = leaf.not_before_ms + root_limits.lifetime_max_ms;
    assert_answer(leaf, root_limits, ERR_NONE);
    leaf.not_after_ms += CLOCK_SECOND_MS;
    assert_answer(leaf, root_limits, ERR_KEYS_LIMIT_LIFETIME);
    leaf.not_after_ms = leaf.not_before_ms - CLOCK_SECOND_MS;
    assert_answer(leaf, root_limits, ERR_KEYS_LIMIT_MALFORMED);
}

static void test_times_from_2050_are_read(void **state) {
    (void)state;
    struct key_limits limits = root_limits;
    limits.lifetime_max_ms = 40 * 366 * CLOCK_DAY_MS;
    struct make_cert leaf = {.name = "leaf", .not_before_ms = MAKE_CERT_NOT_BEFORE_MS};
    leaf.not_after_ms = clock_from_civil(2050, 1, 1, 0, 0, 0) * CLOCK_SECOND_MS;
    assert_answer(leaf, limits, ERR_NONE);
    leaf.not_after_ms = clock_from_civil(2150, 1, 1, 0, 0, 0) * CLOCK_SECOND_MS;
    assert_answer(leaf, limits, ERR_KEYS_LIMIT_LIFETIME);
}

static void test_the_issuers_key_identifier_is_this_keys(void **state) {
    (void)state;
    struct err e = {0};
    struct made leaf = make_cert((struct make_cert){.name = "leaf", .issuer = &root});
    struct der_value tbs = tbs_of_made(&leaf);
    PL_AUTO(evp_pkey_freep) EVP_PKEY *pkey = EVP_EC_gen("P-256");
    PL_AUTO(sealed_key_clear) struct sealed_key other = seal_ca(ring.keys, pkey, root_limits);
    assert_fails(sign(&other, tbs.whole, tbs.whole_len, &e), &e, ERR_KEYS_LIMIT_ISSUER);
    made_clear(&leaf);
    assert_answer((struct make_cert){.name = "leaf", .has_no_key_ids = true}, root_limits,
                  ERR_KEYS_LIMIT_ISSUER);
}

static void test_our_own_form_of_key_identifiers_passes(void **state) {
    (void)state;
    struct err e = {0};
    uint8_t key_id[KEY_ID_LEN];
    char text[2 * KEY_ID_LEN + 1];
    PL_AUTO(buf_clear) struct buf spki;
    buf_init(&spki, KEY_DER_MAX);
    assert_ok(key_append_spki(root.key, &spki, &e), &e);
    assert_ok(key_id_from_spki(spki.data, spki.len, key_id, &e), &e);
    hex_encode(key_id, sizeof(key_id), text);
    struct made ca =
        make_cert((struct make_cert){.name = "CA", .is_ca = true, .key_of = &root, .key_id = text});
    struct made leaf = make_cert((struct make_cert){.name = "leaf", .issuer = &ca});
    struct der_value tbs = tbs_of_made(&leaf);
    PL_AUTO(sealed_key_clear) struct sealed_key key = seal_ca(ring.keys, root.key, root_limits);
    assert_ok(sign(&key, tbs.whole, tbs.whole_len, &e), &e);
    made_clear(&leaf);
    made_clear(&ca);
}

static void test_the_roots_key_has_no_second_name(void **state) {
    (void)state;
    assert_answer(
        (struct make_cert){.name = "another", .is_ca = true, .path_length = 1, .key_of = &root},
        root_limits, ERR_KEYS_LIMIT_ISSUER);
}

static void test_the_signature_algorithm_is_this_keys(void **state) {
    (void)state;
    assert_answer((struct make_cert){.name = "leaf", .digest = "SHA384"}, root_limits,
                  ERR_KEYS_LIMIT_ALGORITHM);
    assert_answer((struct make_cert){.name = "leaf", .digest = "SHA1"}, root_limits,
                  ERR_KEYS_LIMIT_ALGORITHM);
}

static void test_old_versions_and_odd_serials_are_refused(void **state) {
    (void)state;
    assert_answer((struct make_cert){.name = "leaf", .is_v1 = true}, root_limits,
                  ERR_KEYS_LIMIT_MALFORMED);
    assert_answer((struct make_cert){.name = "leaf", .serial = "00"}, root_limits,
                  ERR_KEYS_LIMIT_MALFORMED);
    assert_answer(
        (struct make_cert){.name = "leaf", .serial = "7fffffffffffffffffffffffffffffffffffffff"},
        root_limits, ERR_NONE);
    assert_answer(
        (struct make_cert){.name = "leaf", .serial = "800000000000000000000000000000000000000000"},
        root_limits, ERR_KEYS_LIMIT_MALFORMED);
}

/* Whatever is cut off or put behind, no signature comes out. */
static void test_cut_and_lengthened_bytes_are_refused(void **state) {
    (void)state;
    struct err e = {0};
    struct made leaf = make_cert((struct make_cert){.name = "leaf", .issuer = &root});
    struct der_value tbs = tbs_of_made(&leaf);
    PL_AUTO(sealed_key_clear) struct sealed_key key = seal_ca(ring.keys, root.key, root_limits);
    for (size_t len = 0; len < tbs.whole_len; len++) {
        err_init(&e);
        assert_fails(sign(&key, tbs.whole, len, &e), &e, ERR_KEYS_LIMIT_MALFORMED);
    }
    assert_fails(sign(&key, tbs.whole, tbs.whole_len + 1, &e), &e, ERR_KEYS_LIMIT_MALFORMED);
    made_clear(&leaf);
}

/* Any one changed byte gives a refusal or a certificate within the limits, never one beyond. */
static void test_no_changed_byte_makes_a_ca_of_a_leaf(void **state) {
    (void)state;
    struct err e = {0};
    struct key_limits leaves_only = root_limits;
    leaves_only.may_sign_ca = false;
    struct made made = make_cert((struct make_cert){.name = "leaf", .issuer = &root});
    struct der_value tbs = tbs_of_made(&made);
    PL_AUTO(sealed_key_clear) struct sealed_key key = seal_ca(ring.keys, root.key, leaves_only);
    PL_AUTO(mem_freep) void *memory = NULL;
    assert_ok(mem_dup(tbs.whole, tbs.whole_len, &memory, &e), &e);
    uint8_t *bytes = memory;
    for (size_t i = 0; i < tbs.whole_len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[i] ^= (uint8_t)(1U << bit);
            PL_AUTO(buf_clear) struct buf der;
            buf_init(&der, SIGNED_MAX);
            if (keys_sign_certificate(ring.keys, &key, bytes, tbs.whole_len, &der, &e)) {
                const uint8_t *at = der.data;
                PL_AUTO(x509_freep) X509 *x509 = d2i_X509(NULL, &at, (long)der.len);
                assert_non_null(x509); /* what we sign, others can read */
                assert_int_equal(X509_check_ca(x509), 0);
            }
            bytes[i] ^= (uint8_t)(1U << bit);
        }
    }
    made_clear(&made);
}

/* make_crl with the issuer's key identifier. */
static X509_CRL *make_list(struct make_crl wish) {
    X509_CRL *crl = make_crl(wish);
    X509V3_CTX context;
    X509V3_set_ctx(&context, wish.issuer->x509, NULL, NULL, crl, 0);
    PL_AUTO(x509_extension_freep)
    X509_EXTENSION *identifier =
        X509V3_EXT_nconf_nid(NULL, &context, NID_authority_key_identifier, "keyid:always");
    assert_non_null(identifier);
    assert_int_equal(X509_CRL_add_ext(crl, identifier, -1), 1);
    assert_true(X509_CRL_sign(crl, wish.issuer->key, EVP_sha256()) > 0);
    return crl;
}

static bool sign_list(const struct sealed_key *ca, X509_CRL *crl, struct err *e) {
    uint8_t *der = NULL;
    int len = i2d_X509_CRL(crl, &der);
    assert_true(len > 0);
    struct der_value tbs = tbs_of(der, (size_t)len);
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, SIGNED_MAX);
    bool ok = keys_sign_crl(ring.keys, ca, tbs.whole, tbs.whole_len, &out, e);
    if (ok) {
        const uint8_t *at = out.data;
        PL_AUTO(x509_crl_freep) X509_CRL *back = d2i_X509_CRL(NULL, &at, (long)out.len);
        struct der_value again = tbs_of(out.data, out.len);
        assert_memory_equal(again.whole, tbs.whole, tbs.whole_len);
        assert_int_equal(X509_CRL_verify(back, root.key), 1);
    }
    OPENSSL_free(der);
    return ok;
}

static void test_lists_are_signed_by_keys_that_may(void **state) {
    (void)state;
    struct err e = {0};
    struct made leaf = make_cert((struct make_cert){.name = "leaf", .issuer = &root});
    const struct make_revoked revoked = {.cert = &leaf, .reason = 1, .at_ms = MAKE_CERT_NOW_MS};
    PL_AUTO(x509_crl_freep)
    X509_CRL *crl =
        make_list((struct make_crl){.issuer = &root, .revoked = &revoked, .revoked_count = 1});
    PL_AUTO(x509_crl_freep) X509_CRL *empty = make_list((struct make_crl){.issuer = &root});
    struct key_limits no_lists = root_limits;
    no_lists.may_sign_crl = false;
    PL_AUTO(sealed_key_clear) struct sealed_key key = seal_ca(ring.keys, root.key, root_limits);
    PL_AUTO(sealed_key_clear) struct sealed_key other = seal_ca(ring.keys, root.key, no_lists);
    assert_ok(sign_list(&key, crl, &e), &e);
    assert_ok(sign_list(&key, empty, &e), &e);
    assert_fails(sign_list(&other, crl, &e), &e, ERR_KEYS_LIMIT_CRL);
    made_clear(&leaf);
}

static void test_lists_of_other_issuers_or_without_an_end_are_refused(void **state) {
    (void)state;
    struct err e = {0};
    struct made other = make_cert((struct make_cert){.name = "other", .is_ca = true});
    PL_AUTO(x509_crl_freep) X509_CRL *foreign = make_list((struct make_crl){.issuer = &other});
    PL_AUTO(x509_crl_freep)
    X509_CRL *nameless = make_crl((struct make_crl){.issuer = &root}); /* no key identifier */
    PL_AUTO(x509_crl_freep)
    X509_CRL *endless = make_list((struct make_crl){.issuer = &root, .next_ms = -1});
    PL_AUTO(sealed_key_clear) struct sealed_key key = seal_ca(ring.keys, root.key, root_limits);
    assert_fails(sign_list(&key, foreign, &e), &e, ERR_KEYS_LIMIT_ISSUER);
    assert_fails(sign_list(&key, endless, &e), &e, ERR_KEYS_LIMIT_MALFORMED);
    assert_fails(sign_list(&key, nameless, &e), &e, ERR_KEYS_LIMIT_ISSUER);
    made_clear(&other);
}

static void test_a_list_is_no_certificate_and_the_other_way_round(void **state) {
    (void)state;
    struct err e = {0};
    struct der_value tbs = tbs_of_made(&root);
    PL_AUTO(sealed_key_clear) struct sealed_key key = seal_ca(ring.keys, root.key, root_limits);
    PL_AUTO(x509_crl_freep) X509_CRL *crl = make_list((struct make_crl){.issuer = &root});
    PL_AUTO(buf_clear) struct buf out;
    buf_init(&out, SIGNED_MAX);
    assert_fails(keys_sign_crl(ring.keys, &key, tbs.whole, tbs.whole_len, &out, &e), &e,
                 ERR_KEYS_LIMIT_MALFORMED);
    uint8_t *der = NULL;
    int len = i2d_X509_CRL(crl, &der);
    struct der_value list = tbs_of(der, (size_t)len);
    assert_fails(sign(&key, list.whole, list.whole_len, &e), &e, ERR_KEYS_LIMIT_MALFORMED);
    OPENSSL_free(der);
}

static bool sign_root(const struct sealed_key *key, struct err *e) {
    struct der_value tbs = tbs_of_made(&root);
    return sign(key, tbs.whole, tbs.whole_len, e);
}

static void test_no_memory_is_told(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(sealed_key_clear) struct sealed_key key = seal_ca(ring.keys, root.key, root_limits);
    assert_survives_oom(sign_root(&key, &e), &e);
}

static int set_up(void **state) {
    (void)state;
    ring = make_keys();
    root = make_cert((struct make_cert){.name = "Root", .is_ca = true, .path_length = 2});
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    made_clear(&root);
    made_keys_clear(&ring);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_answer_holds_the_same_bytes_and_verifies),
        cmocka_unit_test(test_a_root_signs_itself_and_a_ca),
        cmocka_unit_test(test_a_ca_is_signed_only_by_a_key_that_may),
        cmocka_unit_test(test_a_leaf_may_not_sign_certificates_or_lists),
        cmocka_unit_test(test_the_path_length_has_a_limit),
        cmocka_unit_test(test_the_lifetime_has_a_limit),
        cmocka_unit_test(test_times_from_2050_are_read),
        cmocka_unit_test(test_the_issuers_key_identifier_is_this_keys),
        cmocka_unit_test(test_our_own_form_of_key_identifiers_passes),
        cmocka_unit_test(test_the_roots_key_has_no_second_name),
        cmocka_unit_test(test_the_signature_algorithm_is_this_keys),
        cmocka_unit_test(test_old_versions_and_odd_serials_are_refused),
        cmocka_unit_test(test_cut_and_lengthened_bytes_are_refused),
        cmocka_unit_test(test_no_changed_byte_makes_a_ca_of_a_leaf),
        cmocka_unit_test(test_lists_are_signed_by_keys_that_may),
        cmocka_unit_test(test_lists_of_other_issuers_or_without_an_end_are_refused),
        cmocka_unit_test(test_a_list_is_no_certificate_and_the_other_way_round),
        cmocka_unit_test(test_no_memory_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
