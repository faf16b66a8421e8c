/* ca/tbs: what is to be signed says what it should, and the same each time. */
#include "unit.h"

#include "ca_fixture.h"

#include "ca/crl.h"
#include "ca/gate.h"
#include "keys/keys.h"
#include "pki/key_id.h"
#include "pki/lint.h"

#include <stdio.h>
#include <unistd.h>

static struct test_ca ca;

static int open_ca(void **state) {
    (void)state;
    test_ca_init(&ca, "P-256", FIXTURE_NOW_MS);
    return 0;
}

static int close_ca(void **state) {
    (void)state;
    test_ca_clear(&ca);
    return 0;
}

/* The text form of one extension's value; "" when it is not there. */
static bool extension_text(const struct cert *cert, int nid, char *out, size_t size) {
    int at = X509_get_ext_by_NID(cert->x509, nid, -1);
    out[0] = '\0';
    if (at < 0) {
        return false;
    }
    PL_AUTO(bio_freep) BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(X509V3_EXT_print(bio, X509_get_ext(cert->x509, at), 0, 0), 1);
    int len = BIO_read(bio, out, (int)size - 1);
    out[len < 0 ? 0 : len] = '\0';
    return X509_EXTENSION_get_critical(X509_get_ext(cert->x509, at)) == 1;
}

static void assert_extension(const struct cert *cert, int nid, const char *expected) {
    char text[4096];
    assert_false(extension_text(cert, nid, text, sizeof(text)));
    assert_string_equal(text, expected);
}

static void assert_critical(const struct cert *cert, int nid, const char *expected) {
    char text[4096];
    assert_true(extension_text(cert, nid, text, sizeof(text)));
    assert_string_equal(text, expected);
}

static void assert_no_finding_but(const struct cert *cert, enum lint_target target,
                                  const struct cert *issuer, const char *rule) {
    struct err e = {0};
    PL_AUTO(lint_findings_clear) struct lint_findings findings = {0};
    assert_ok(lint_certificate(cert->x509, target, issuer, &findings, &e), &e);
    for (size_t i = 0; i < findings.count; i++) {
        if (rule == NULL || strcmp(findings.items[i].rule, rule) != 0) {
            fail_msg("%s: %s", findings.items[i].rule, findings.items[i].detail);
        }
    }
}

/* --- leaves --- */

static void test_leaf_of_profile_server_says_what_the_rules_want(void **state) {
    (void)state;
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key("P-256");
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf;
    test_leaf(&leaf, CA_PROFILE_SERVER, key, "www.example.com,example.com,8.8.8.8", FIXTURE_NOW_MS);
    PL_AUTO(cert_freep) struct cert *cert = test_issue(&ca, &leaf);
    test_write(cert, "server_dv_p256");
    assert_true(cert_is_issued_by(cert, ca.issuing));
    assert_int_equal(X509_get_version(cert->x509), X509_VERSION_3);
    assert_string_equal(cert->signature_algorithm, "ecdsa-with-SHA256");
    assert_string_equal(cert->subject_text, "CN=www.example.com");
    assert_int_equal(cert->not_before_ms, leaf.validity.not_before_ms);
    assert_int_equal(cert->not_after_ms, leaf.validity.not_after_ms);
    assert_critical(cert, NID_key_usage, "Digital Signature");
    assert_extension(cert, NID_ext_key_usage, "TLS Web Server Authentication");
    assert_critical(cert, NID_basic_constraints, "CA:FALSE");
    assert_extension(cert, NID_subject_alt_name,
                     "DNS:www.example.com, DNS:example.com, IP Address:8.8.8.8");
    assert_extension(cert, NID_certificate_policies, "Policy: 2.23.140.1.2.1");
    assert_extension(cert, NID_subject_key_identifier, "");
    assert_int_equal(X509_get_ext_count(cert->x509), 8);
    assert_no_finding_but(cert, LINT_SERVER, ca.issuing, "common_name.present");
}

static void test_addresses_are_the_issuers(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key("P-256");
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf;
    PL_AUTO(buf_clear) struct buf tbs;
    PL_AUTO(mem_freep) char *certificate_url = NULL;
    PL_AUTO(mem_freep) char *crl_url = NULL;
    char text[512];
    char expected[512];
    struct ca_issuer issuer = ca.issuer;
    struct ca_serial serial;
    test_leaf(&leaf, CA_PROFILE_SERVER, key, "www.example.com", FIXTURE_NOW_MS);
    issuer.crl_shard_count = 7;
    issuer.has_ocsp = true;
    assert_ok(ca_serial_parse("0100000000000000000000000000000003ff", &serial, &e), &e);
    buf_init(&tbs, CA_TBS_MAX);
    assert_ok(ca_leaf_tbs(&leaf, &issuer, &serial, &tbs, &e), &e);
    PL_AUTO(cert_freep) struct cert *cert = test_sign(&tbs, ca.issuing_key);
    assert_ok(ca_address_certificate(&issuer, &certificate_url, &e), &e);
    assert_ok(ca_address_crl(&issuer, ca_serial_shard(&serial, 7), &crl_url, &e), &e);
    (void)snprintf(expected, sizeof(expected),
                   "OCSP - URI:" FIXTURE_BASE_URL "/ca/ocsp\nCA Issuers - URI:%s", certificate_url);
    assert_extension(cert, NID_info_access, expected);
    (void)extension_text(cert, NID_crl_distribution_points, text, sizeof(text));
    (void)snprintf(expected, sizeof(expected), "Full Name:\n  URI:%s\n", crl_url);
    assert_string_equal(text, expected);
    test_write(cert, "server_dv_p256_ocsp");
}

static void test_leaf_without_subject_has_critical_names(void **state) {
    (void)state;
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key("P-256");
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf;
    test_leaf(&leaf, CA_PROFILE_SERVER, key, "www.example.com", FIXTURE_NOW_MS);
    dn_clear(&leaf.subject);
    PL_AUTO(cert_freep) struct cert *cert = test_issue(&ca, &leaf);
    test_write(cert, "server_dv_no_subject");
    assert_critical(cert, NID_subject_alt_name, "DNS:www.example.com");
    assert_no_finding_but(cert, LINT_SERVER, ca.issuing, NULL);
}

static void test_organization_validated_leaf(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key("RSA-2048");
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf;
    test_leaf(&leaf, CA_PROFILE_SERVER, key, "www.example.com", FIXTURE_NOW_MS);
    dn_clear(&leaf.subject);
    leaf.validation = CA_VALIDATION_ORGANIZATION;
    assert_ok(dn_add(&leaf.subject, NID_countryName, "DE", &e), &e);
    assert_ok(dn_add(&leaf.subject, NID_stateOrProvinceName, "Bayern", &e), &e);
    assert_ok(dn_add(&leaf.subject, NID_localityName, "M\xc3\xbcnchen", &e), &e);
    assert_ok(dn_add(&leaf.subject, NID_organizationName, "Example GmbH", &e), &e);
    assert_ok(dn_add(&leaf.subject, NID_commonName, "www.example.com", &e), &e);
    PL_AUTO(cert_freep) struct cert *cert = test_issue(&ca, &leaf);
    test_write(cert, "server_ov_rsa2048");
    assert_extension(cert, NID_certificate_policies, "Policy: 2.23.140.1.2.2");
    assert_critical(cert, NID_key_usage, "Digital Signature, Key Encipherment");
    assert_no_finding_but(cert, LINT_SERVER, ca.issuing, "common_name.present");
}

static void test_internal_leaf_carries_what_was_asked_for(void **state) {
    (void)state;
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key("ED25519");
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf;
    test_leaf(&leaf, CA_PROFILE_INTERNAL, key, "localhost,127.0.0.1,::1", FIXTURE_NOW_MS);
    leaf.is_client_auth = true;
    PL_AUTO(cert_freep) struct cert *cert = test_issue(&ca, &leaf);
    assert_extension(cert, NID_certificate_policies, "");
    assert_extension(cert, NID_ext_key_usage,
                     "TLS Web Server Authentication, TLS Web Client Authentication");
    assert_critical(cert, NID_key_usage, "Digital Signature");
    assert_extension(cert, NID_subject_alt_name,
                     "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1");
    assert_no_finding_but(cert, LINT_INTERNAL, ca.issuing, NULL);
}

static void test_internal_leaf_needs_no_base_url_and_server_does(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key("P-256");
    PL_AUTO(ca_leaf_clear) struct ca_leaf internal;
    PL_AUTO(ca_leaf_clear) struct ca_leaf server;
    PL_AUTO(buf_clear) struct buf tbs;
    struct ca_issuer issuer = ca.issuer;
    struct ca_serial serial;
    issuer.base_url = NULL;
    buf_init(&tbs, CA_TBS_MAX);
    assert_ok(ca_serial_new(1, &serial, &e), &e);
    test_leaf(&internal, CA_PROFILE_INTERNAL, key, "localhost", FIXTURE_NOW_MS);
    test_leaf(&server, CA_PROFILE_SERVER, key, "www.example.com", FIXTURE_NOW_MS);
    assert_fails(ca_leaf_tbs(&server, &issuer, &serial, &tbs, &e), &e, ERR_CA_PROFILE_BASE_URL);
    assert_int_equal(tbs.len, 0);
    assert_ok(ca_leaf_tbs(&internal, &issuer, &serial, &tbs, &e), &e);
    PL_AUTO(cert_freep) struct cert *cert = test_sign(&tbs, ca.issuing_key);
    assert_extension(cert, NID_info_access, "");
    assert_extension(cert, NID_crl_distribution_points, "");
}

static void test_key_and_issuer_name_are_taken_over_byte_for_byte(void **state) {
    (void)state;
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key("P-384");
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf;
    test_leaf(&leaf, CA_PROFILE_SERVER, key, "www.example.com", FIXTURE_NOW_MS);
    PL_AUTO(cert_freep) struct cert *cert = test_issue(&ca, &leaf);
    test_write(cert, "server_dv_p384");
    uint8_t *spki = NULL;
    int spki_len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert->x509), &spki);
    assert_int_equal(spki_len, leaf.spki_len);
    assert_memory_equal(spki, leaf.spki, leaf.spki_len);
    OPENSSL_free(spki);
    const unsigned char *name = NULL;
    const unsigned char *expected = NULL;
    size_t name_len = 0;
    size_t expected_len = 0;
    assert_int_equal(X509_NAME_get0_der(X509_get_issuer_name(cert->x509), &name, &name_len), 1);
    assert_int_equal(
        X509_NAME_get0_der(X509_get_subject_name(ca.issuing->x509), &expected, &expected_len), 1);
    assert_int_equal(name_len, expected_len);
    assert_memory_equal(name, expected, expected_len);
}

/* An issuer whose name is spelt in string types that we would not write. */
static void test_foreign_issuers_name_keeps_its_string_types(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key("P-256");
    PL_AUTO(x509_freep) X509 *x509 = X509_dup(ca.issuing->x509);
    PL_AUTO(x509_name_freep) X509_NAME *name = X509_NAME_new();
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", V_ASN1_T61STRING,
                                                (const uint8_t *)"Old CA", -1, -1, 0),
                     1);
    assert_int_equal(X509_set_subject_name(x509, name), 1);
    assert_true(X509_sign(x509, ca.issuing_key, EVP_sha256()) > 0);
    PL_AUTO(cert_freep) struct cert *issuer = NULL;
    assert_ok(cert_from_x509(x509, &issuer, &e), &e);
    struct test_ca other = ca;
    other.issuer.certificate = issuer;
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf;
    test_leaf(&leaf, CA_PROFILE_SERVER, key, "www.example.com", FIXTURE_NOW_MS);
    PL_AUTO(cert_freep) struct cert *cert = test_issue(&other, &leaf);
    const X509_NAME_ENTRY *entry = X509_NAME_get_entry(X509_get_issuer_name(cert->x509), 0);
    assert_int_equal(ASN1_STRING_type(X509_NAME_ENTRY_get_data(entry)), V_ASN1_T61STRING);
}

static void test_same_input_gives_same_bytes(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key("RSA-2048");
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf;
    PL_AUTO(buf_clear) struct buf first;
    PL_AUTO(buf_clear) struct buf second;
    struct ca_serial serial;
    buf_init(&first, CA_TBS_MAX);
    buf_init(&second, CA_TBS_MAX);
    assert_ok(ca_serial_new(1, &serial, &e), &e);
    test_leaf(&leaf, CA_PROFILE_SERVER, key, "www.example.com,8.8.4.4", FIXTURE_NOW_MS);
    assert_ok(ca_leaf_tbs(&leaf, &ca.issuer, &serial, &first, &e), &e);
    assert_ok(ca_leaf_tbs(&leaf, &ca.issuer, &serial, &second, &e), &e);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.data, second.data, first.len);
}

/* Read by another reader and written again, each to-be-signed value is the same bytes. */
static void test_bytes_survive_reading_and_writing(void **state) {
    (void)state;
    static const char *const keys[] = {"P-256", "P-384", "P-521", "RSA-2048", "ED25519"};
    for (size_t i = 0; i < PL_ARRAY_LEN(keys); i++) {
        struct err e = {0};
        PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key(keys[i]);
        PL_AUTO(ca_leaf_clear) struct ca_leaf leaf;
        PL_AUTO(buf_clear) struct buf tbs;
        struct ca_serial serial;
        uint8_t *again = NULL;
        buf_init(&tbs, CA_TBS_MAX);
        assert_ok(ca_serial_new(127, &serial, &e), &e);
        test_leaf(&leaf, CA_PROFILE_INTERNAL, key, "www.example.com,intranet,10.0.0.1",
                  FIXTURE_NOW_MS);
        assert_ok(ca_leaf_tbs(&leaf, &ca.issuer, &serial, &tbs, &e), &e);
        PL_AUTO(cert_freep) struct cert *cert = test_sign(&tbs, ca.issuing_key);
        PL_AUTO(x509_freep) X509 *copy = X509_dup(cert->x509);
        int again_len = i2d_re_X509_tbs(copy, &again);
        assert_int_equal(again_len, tbs.len);
        assert_memory_equal(again, tbs.data, tbs.len);
        OPENSSL_free(again);
        char text[CA_SERIAL_TEXT + 1];
        ca_serial_format(&serial, text);
        assert_string_equal(cert->serial, text);
    }
}

static void test_each_issuers_key_signs_with_its_algorithm(void **state) {
    (void)state;
    static const struct {
        const char *key;
        const char *algorithm;
    } kinds[] = {{"P-256", "ecdsa-with-SHA256"},
                 {"P-384", "ecdsa-with-SHA384"},
                 {"P-521", "ecdsa-with-SHA512"},
                 {"RSA-2048", "sha256WithRSAEncryption"},
                 {"ED25519", "ED25519"}};
    for (size_t i = 0; i < PL_ARRAY_LEN(kinds); i++) {
        struct test_ca other;
        test_ca_init(&other, kinds[i].key, FIXTURE_NOW_MS);
        PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key("P-256");
        PL_AUTO(ca_leaf_clear) struct ca_leaf leaf;
        test_leaf(&leaf, CA_PROFILE_SERVER, key, "www.example.com", FIXTURE_NOW_MS);
        PL_AUTO(cert_freep) struct cert *cert = test_issue(&other, &leaf);
        assert_string_equal(cert->signature_algorithm, kinds[i].algorithm);
        assert_true(cert_is_issued_by(cert, other.issuing));
        test_ca_clear(&other);
    }
}

static void test_dates_after_2049_are_generalized_times(void **state) {
    (void)state;
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key("P-256");
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf;
    test_leaf(&leaf, CA_PROFILE_INTERNAL, key, "localhost", FIXTURE_NOW_MS);
    leaf.validity.not_before_ms = INT64_C(2524607999000); /* 2049-12-31T23:59:59Z */
    leaf.validity.not_after_ms = INT64_C(2524608000000);
    PL_AUTO(cert_freep) struct cert *cert = test_issue(&ca, &leaf);
    assert_int_equal(ASN1_STRING_type(X509_get0_notBefore(cert->x509)), V_ASN1_UTCTIME);
    assert_int_equal(ASN1_STRING_type(X509_get0_notAfter(cert->x509)), V_ASN1_GENERALIZEDTIME);
    assert_int_equal(cert->not_before_ms, leaf.validity.not_before_ms);
    assert_int_equal(cert->not_after_ms, leaf.validity.not_after_ms);
}

static void test_serial_with_its_highest_bit_set_stays_positive(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key("P-256");
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf;
    PL_AUTO(buf_clear) struct buf tbs;
    struct ca_serial serial;
    buf_init(&tbs, CA_TBS_MAX);
    test_leaf(&leaf, CA_PROFILE_INTERNAL, key, "localhost", FIXTURE_NOW_MS);
    assert_ok(ca_serial_parse("ff00000000000001", &serial, &e), &e);
    assert_ok(ca_leaf_tbs(&leaf, &ca.issuer, &serial, &tbs, &e), &e);
    PL_AUTO(cert_freep) struct cert *cert = test_sign(&tbs, ca.issuing_key);
    assert_string_equal(cert->serial, "ff00000000000001");
    assert_int_equal(ASN1_STRING_type(X509_get0_serialNumber(cert->x509)), V_ASN1_INTEGER);
}

/* --- from request to certificate --- */

static const struct {
    const char *name;
    const char *key;
    const char *subject;
    const char *sans;
    const char *now;
} samples[] = {
    {"rsa3072_ov", "RSA-3072", "C=US,ST=Texas,L=Austin,O=Example Inc.,OU=IT,CN=www.example.com",
     "DNS:www.example.com,DNS:example.com", "2026-11-23T20:15:00Z"},
    {"p384_ov_country_and_city", "P-384", "C=DE,L=M\xc3\xbcnchen,O=Example GmbH,CN=example.de",
     NULL, "2026-11-23T20:15:00Z"},
    {"p256_dv_country", "P-256", "C=us,CN=www.example.com", NULL, "2026-11-23T20:15:00Z"},
    {"p256_wildcard", "P-256", "CN=*.example.com", "DNS:*.example.com,DNS:example.com",
     "2026-11-23T20:15:00Z"},
    {"p256_idn", "P-256", NULL, "DNS:xn--mnchen-3ya.de,DNS:www.xn--mnchen-3ya.de",
     "2026-11-23T20:15:00Z"},
    {"p384_addresses", "P-384", NULL, "IP:8.8.8.8,IP:2001:4860:4860::8888", "2026-11-23T20:15:00Z"},
    {"p256_last_second_of_397_days", "P-256", "CN=example.com", NULL, "2026-03-14T23:59:59Z"},
    {"p256_first_second_of_199_days", "P-256", "CN=example.com", NULL, "2026-03-15T00:00:00Z"},
    {"p256_first_second_of_99_days", "P-256", "CN=example.com", NULL, "2027-03-15T00:00:00Z"},
    {"p256_first_second_of_46_days", "P-256", "CN=example.com", NULL, "2029-03-15T00:00:00Z"},
    {"p256_long_name", "P-256", NULL,
     "DNS:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
     "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.example.com",
     "2026-11-23T20:15:00Z"},
};

/* What any request becomes has no error in our own linter; $PADLOCK_TEST_OUT is for other linters.
 */
static void test_requests_of_every_kind_become_sound_certificates(void **state) {
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(samples); i++) {
        struct err e = {0};
        struct test_ca then;
        int64_t now_ms = 0;
        struct ca_gate_wish gate = {.profile = ca_profile_get(CA_PROFILE_SERVER)};
        PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key(samples[i].key);
        PL_AUTO(csr_freep)
        struct csr *csr = test_csr(
            (struct test_wish){.key = key, .subject = samples[i].subject, .sans = samples[i].sans});
        PL_AUTO(ca_leaf_clear) struct ca_leaf leaf = {0};
        assert_ok(clock_parse(samples[i].now, &now_ms, &e), &e);
        test_ca_init(&then, "P-256", now_ms - CLOCK_DAY_MS);
        assert_ok(ca_gate(csr, &gate, &then.issuer, now_ms, &leaf, NULL, &e), &e);
        PL_AUTO(cert_freep) struct cert *cert = test_issue(&then, &leaf);
        test_write(cert, samples[i].name);
        assert_no_finding_but(cert, LINT_SERVER, then.issuing, "common_name.present");
        test_ca_clear(&then);
    }
}

/* --- CAs --- */

/* "AB:CD:…" */
static void format_key_id(const struct cert_key_id *id, char out[3 * KEY_ID_LEN]) {
    assert_int_equal(id->len, KEY_ID_LEN);
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < KEY_ID_LEN; i++) {
        out[3 * i] = digits[id->bytes[i] >> 4];
        out[3 * i + 1] = digits[id->bytes[i] & 15];
        out[3 * i + 2] = ':';
    }
    out[3 * KEY_ID_LEN - 1] = '\0';
}

static void test_root_says_what_the_rules_want(void **state) {
    (void)state;
    char key_id[3 * KEY_ID_LEN];
    format_key_id(&ca.root->subject_key_id, key_id);
    test_write(ca.root, "root");
    assert_true(ca.root->is_self_signed);
    assert_string_equal(ca.root->subject_text, "CN=Example Root,O=Example Inc.,C=US");
    assert_critical(ca.root, NID_basic_constraints, "CA:TRUE, pathlen:1");
    assert_critical(ca.root, NID_key_usage, "Certificate Sign, CRL Sign");
    assert_extension(ca.root, NID_subject_key_identifier, key_id);
    assert_extension(ca.root, NID_authority_key_identifier, key_id);
    assert_int_equal(X509_get_ext_count(ca.root->x509), 4);
    assert_no_finding_but(ca.root, LINT_ROOT, NULL, "basic_constraints.root_path");
}

static void test_issuing_ca_says_what_the_rules_want(void **state) {
    (void)state;
    test_write(ca.issuing, "issuing");
    assert_true(cert_is_issued_by(ca.issuing, ca.root));
    assert_critical(ca.issuing, NID_basic_constraints, "CA:TRUE, pathlen:0");
    assert_critical(ca.issuing, NID_key_usage, "Certificate Sign, CRL Sign");
    assert_extension(ca.issuing, NID_ext_key_usage, "TLS Web Server Authentication");
    assert_extension(ca.issuing, NID_certificate_policies, "Policy: X509v3 Any Policy");
    assert_memory_equal(ca.issuing->authority_key_id.bytes, ca.root->subject_key_id.bytes,
                        KEY_ID_LEN);
    assert_int_equal(X509_get_ext_count(ca.issuing->x509), 8);
    assert_no_finding_but(ca.issuing, LINT_ISSUING, ca.root, NULL);
}

static void test_chain_of_all_three_verifies(void **state) {
    (void)state;
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key("P-256");
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf;
    test_leaf(&leaf, CA_PROFILE_SERVER, key, "www.example.com", FIXTURE_NOW_MS);
    PL_AUTO(cert_freep) struct cert *cert = test_issue(&ca, &leaf);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    STACK_OF(X509) *chain = sk_X509_new_null();
    assert_int_equal(X509_STORE_add_cert(store, ca.root->x509), 1);
    assert_true(sk_X509_push(chain, ca.issuing->x509) > 0);
    assert_int_equal(X509_STORE_CTX_init(context, store, cert->x509, chain), 1);
    X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(parameters, FIXTURE_NOW_MS / 1000);
    assert_int_equal(X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT |
                                                                 X509_V_FLAG_POLICY_CHECK |
                                                                 X509_V_FLAG_EXPLICIT_POLICY),
                     1);
    assert_int_equal(X509_VERIFY_PARAM_add0_policy(parameters, OBJ_txt2obj("2.23.140.1.2.1", 1)),
                     1);
    assert_int_equal(X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER), 1);
    assert_int_equal(X509_VERIFY_PARAM_set1_host(parameters, "www.example.com", 0), 1);
    int answer = X509_verify_cert(context);
    if (answer != 1) {
        fail_msg("%s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
    }
    sk_X509_free(chain);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
}

/* --- the keys process signs all of it --- */

struct key_scene {
    char folder[32];
    char sealing_path[64];
    struct keys *keys;
};

static void key_scene_init(struct key_scene *scene) {
    struct err e = {0};
    *scene = (struct key_scene){.folder = "/tmp/padlock-test-XXXXXX"};
    assert_non_null(mkdtemp(scene->folder));
    (void)snprintf(scene->sealing_path, sizeof(scene->sealing_path), "%s/sealing", scene->folder);
    assert_ok(keys_create_sealing_key(scene->sealing_path, &e), &e);
    assert_ok(keys_open(scene->sealing_path, &scene->keys, &e), &e);
}

static void key_scene_clear(struct key_scene *scene) {
    keys_close(scene->keys);
    (void)unlink(scene->sealing_path);
    (void)rmdir(scene->folder);
}

static void test_keys_sign_what_is_built(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(key_scene_clear) struct key_scene scene;
    PL_AUTO(sealed_key_clear) struct sealed_key key = {0};
    PL_AUTO(dn_clear) struct dn subject = {0};
    PL_AUTO(buf_clear) struct buf spki = {.max = KEY_DER_MAX};
    PL_AUTO(buf_clear) struct buf tbs = {.max = CA_TBS_MAX};
    PL_AUTO(buf_clear) struct buf root_der = {.max = CERT_DER_MAX};
    PL_AUTO(buf_clear) struct buf crl_der = {.max = CERT_DER_MAX};
    PL_AUTO(cert_freep) struct cert *root = NULL;
    struct key_wish wish = {.spec = {KEY_EC, 384},
                            .purpose = KEY_PURPOSE_CA,
                            .limits = {.may_sign_ca = true,
                                       .path_length_max = CA_ROOT_PATH_LENGTH,
                                       .lifetime_max_ms = CA_ROOT_LIFETIME_MS,
                                       .may_sign_crl = true}};
    struct ca_serial serial;
    key_scene_init(&scene);
    assert_ok(keys_make(scene.keys, &wish, &key, &e), &e);
    assert_ok(keys_public(scene.keys, &key, &spki, &e), &e);
    assert_ok(dn_add(&subject, NID_commonName, "Example Root", &e), &e);
    assert_ok(ca_serial_new(1, &serial, &e), &e);
    struct ca_authority authority = {.subject = &subject, .spki = spki.data, .spki_len = spki.len};
    assert_ok(
        ca_lifetime_authority(CA_ROOT_LIFETIME_MS, NULL, FIXTURE_NOW_MS, &authority.validity, &e),
        &e);
    assert_ok(ca_root_tbs(&authority, &serial, &tbs, &e), &e);
    assert_ok(keys_sign_certificate(scene.keys, &key, tbs.data, tbs.len, &root_der, &e), &e);
    assert_ok(cert_from_der(root_der.data, root_der.len, &root, &e), &e);
    assert_true(root->is_self_signed);

    struct ca_issuer issuer = {
        .certificate = root, .base_url = FIXTURE_BASE_URL, .crl_shard_count = 4};
    struct ca_crl_entry entry = {serial, FIXTURE_NOW_MS, 4};
    struct ca_crl list = {.entries = &entry,
                          .entry_count = 1,
                          .shard = ca_serial_shard(&serial, 4),
                          .number = 1,
                          .this_update_ms = FIXTURE_NOW_MS,
                          .next_update_ms = FIXTURE_NOW_MS + CA_CRL_LIFETIME_MS};
    buf_reset(&tbs);
    assert_ok(ca_crl_tbs(&issuer, &list, &tbs, &e), &e);
    assert_ok(keys_sign_crl(scene.keys, &key, tbs.data, tbs.len, &crl_der, &e), &e);
    assert_true(memmem(crl_der.data, crl_der.len, tbs.data, tbs.len) != NULL);
}

/* --- what cannot be built --- */

static void test_issuer_without_key_identifier_is_refused(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key("P-256");
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf;
    PL_AUTO(buf_clear) struct buf tbs;
    struct cert without = *ca.issuing;
    struct ca_issuer issuer = ca.issuer;
    struct ca_serial serial;
    buf_init(&tbs, CA_TBS_MAX);
    without.subject_key_id.len = 0;
    issuer.certificate = &without;
    assert_ok(ca_serial_new(1, &serial, &e), &e);
    test_leaf(&leaf, CA_PROFILE_INTERNAL, key, "localhost", FIXTURE_NOW_MS);
    assert_fails(ca_leaf_tbs(&leaf, &issuer, &serial, &tbs, &e), &e, ERR_CA_ISSUER_KEY);
    without.subject_key_id = ca.issuing->subject_key_id;
    without.key_spec = (struct key_spec){KEY_OTHER, 0};
    assert_fails(ca_leaf_tbs(&leaf, &issuer, &serial, &tbs, &e), &e, ERR_CA_ISSUER_KEY);
}

static void test_what_is_no_key_is_refused(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(dn_clear) struct dn subject = {0};
    PL_AUTO(buf_clear) struct buf tbs;
    struct ca_serial serial;
    static const uint8_t garbage[] = {0x30, 0x03, 0x02, 0x01, 0x05};
    struct ca_authority root = {.subject = &subject, .spki = garbage, .spki_len = sizeof(garbage)};
    buf_init(&tbs, CA_TBS_MAX);
    assert_ok(dn_add(&subject, NID_commonName, "Root", &e), &e);
    assert_ok(ca_serial_new(1, &serial, &e), &e);
    assert_fails(ca_root_tbs(&root, &serial, &tbs, &e), &e, ERR_PKI_KEY_INVALID);
    assert_fails(ca_issuing_tbs(&root, &ca.root_issuer, &serial, &tbs, &e), &e,
                 ERR_PKI_KEY_INVALID);
}

static void test_bytes_beyond_the_buffers_limit_are_refused(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key("P-256");
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf;
    PL_AUTO(buf_clear) struct buf tbs;
    struct ca_serial serial;
    buf_init(&tbs, 64);
    assert_ok(ca_serial_new(1, &serial, &e), &e);
    test_leaf(&leaf, CA_PROFILE_INTERNAL, key, "localhost", FIXTURE_NOW_MS);
    assert_fails(ca_leaf_tbs(&leaf, &ca.issuer, &serial, &tbs, &e), &e, ERR_BASE_LIMIT);
    assert_int_equal(tbs.len, 0);
}

static bool build(const struct ca_leaf *leaf, const struct ca_serial *serial, struct err *e) {
    PL_AUTO(buf_clear) struct buf tbs;
    buf_init(&tbs, CA_TBS_MAX);
    return ca_leaf_tbs(leaf, &ca.issuer, serial, &tbs, e);
}

static void test_running_out_of_memory_is_told(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(evp_pkey_freep) EVP_PKEY *key = test_key("P-256");
    PL_AUTO(ca_leaf_clear) struct ca_leaf leaf;
    struct ca_serial serial;
    assert_ok(ca_serial_new(1, &serial, &e), &e);
    test_leaf(&leaf, CA_PROFILE_SERVER, key, "www.example.com", FIXTURE_NOW_MS);
    assert_survives_oom(build(&leaf, &serial, &e), &e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaf_of_profile_server_says_what_the_rules_want),
        cmocka_unit_test(test_addresses_are_the_issuers),
        cmocka_unit_test(test_leaf_without_subject_has_critical_names),
        cmocka_unit_test(test_organization_validated_leaf),
        cmocka_unit_test(test_internal_leaf_carries_what_was_asked_for),
        cmocka_unit_test(test_internal_leaf_needs_no_base_url_and_server_does),
        cmocka_unit_test(test_key_and_issuer_name_are_taken_over_byte_for_byte),
        cmocka_unit_test(test_foreign_issuers_name_keeps_its_string_types),
        cmocka_unit_test(test_same_input_gives_same_bytes),
        cmocka_unit_test(test_bytes_survive_reading_and_writing),
        cmocka_unit_test(test_each_issuers_key_signs_with_its_algorithm),
        cmocka_unit_test(test_dates_after_2049_are_generalized_times),
        cmocka_unit_test(test_serial_with_its_highest_bit_set_stays_positive),
        cmocka_unit_test(test_requests_of_every_kind_become_sound_certificates),
        cmocka_unit_test(test_root_says_what_the_rules_want),
        cmocka_unit_test(test_issuing_ca_says_what_the_rules_want),
        cmocka_unit_test(test_chain_of_all_three_verifies),
        cmocka_unit_test(test_keys_sign_what_is_built),
        cmocka_unit_test(test_issuer_without_key_identifier_is_refused),
        cmocka_unit_test(test_what_is_no_key_is_refused),
        cmocka_unit_test(test_bytes_beyond_the_buffers_limit_are_refused),
        cmocka_unit_test(test_running_out_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, open_ca, close_ca);
}
