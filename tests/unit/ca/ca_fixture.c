/* A CA for tests. */
#include "ca_fixture.h"

#include "unit.h"

#include "codec/der.h"
#include "pki/key_id.h"

#include <openssl/rsa.h>

#include <stdio.h>

EVP_PKEY *test_key(const char *type) {
    EVP_PKEY *key = NULL;
    if (strncmp(type, "RSA-", 4) == 0) {
        key = EVP_RSA_gen((unsigned)strtoul(type + 4, NULL, 10));
    } else if (strcmp(type, "ED25519") == 0) {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    } else {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", type);
    }
    assert_non_null(key);
    return key;
}

void test_spki(EVP_PKEY *key, struct buf *out) {
    struct err e = {0};
    buf_init(out, KEY_DER_MAX);
    assert_ok(key_append_spki(key, out, &e), &e);
}

/* The AlgorithmIdentifier inside to-be-signed bytes: the first SEQUENCE. */
static struct der_value algorithm_of(const struct buf *tbs) {
    struct der_reader file = der_reader_init(tbs->data, tbs->len);
    struct der_value whole, value = {0};
    assert_true(der_reader_take(&file, DER_SEQUENCE, &whole));
    assert_true(der_reader_is_at_end(&file));
    struct der_reader parts = der_reader_enter(&whole);
    while (value.tag != DER_SEQUENCE) {
        assert_true(der_reader_next(&parts, &value));
    }
    return value;
}

static const EVP_MD *digest_of(const struct der_value *algorithm) {
    const uint8_t *at = algorithm->whole;
    X509_ALGOR *parsed = d2i_X509_ALGOR(NULL, &at, (long)algorithm->whole_len);
    const ASN1_OBJECT *object = NULL;
    int digest = NID_undef;
    X509_ALGOR_get0(&object, NULL, NULL, parsed);
    assert_int_equal(OBJ_find_sigid_algs(OBJ_obj2nid(object), &digest, NULL), 1);
    X509_ALGOR_free(parsed);
    return digest == NID_undef ? NULL : EVP_get_digestbynid(digest);
}

static void put_header(struct buf *out, int tag, int constructed, size_t len) {
    struct err e = {0};
    uint8_t header[8];
    uint8_t *at = header;
    ASN1_put_object(&at, constructed, (int)len, tag, V_ASN1_UNIVERSAL);
    assert_ok(buf_append(out, header, (size_t)(at - header), &e), &e);
}

void test_sign_der(const struct buf *tbs, EVP_PKEY *key, struct buf *out) {
    struct err e = {0};
    struct der_value algorithm = algorithm_of(tbs);
    uint8_t signature[1024];
    size_t signature_len = sizeof(signature);
    PL_AUTO(evp_md_ctx_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(context, NULL, digest_of(&algorithm), NULL, key), 1);
    assert_int_equal(EVP_DigestSign(context, signature, &signature_len, tbs->data, tbs->len), 1);

    PL_AUTO(buf_clear) struct buf bits;
    buf_init(&bits, sizeof(signature) + 16);
    put_header(&bits, V_ASN1_BIT_STRING, 0, signature_len + 1);
    assert_ok(buf_append_byte(&bits, 0, &e), &e);
    assert_ok(buf_append(&bits, signature, signature_len, &e), &e);
    put_header(out, V_ASN1_SEQUENCE, 1, tbs->len + algorithm.whole_len + bits.len);
    assert_ok(buf_append(out, tbs->data, tbs->len, &e), &e);
    assert_ok(buf_append(out, algorithm.whole, algorithm.whole_len, &e), &e);
    assert_ok(buf_append(out, bits.data, bits.len, &e), &e);
}

struct cert *test_sign(const struct buf *tbs, EVP_PKEY *key) {
    struct err e = {0};
    struct cert *cert = NULL;
    PL_AUTO(buf_clear) struct buf der;
    buf_init(&der, CERT_DER_MAX);
    test_sign_der(tbs, key, &der);
    assert_ok(cert_from_der(der.data, der.len, &cert, &e), &e);
    return cert;
}

static void make_subject(struct dn *subject, const char *common_name) {
    struct err e = {0};
    assert_ok(dn_add(subject, NID_countryName, "US", &e), &e);
    assert_ok(dn_add(subject, NID_organizationName, "Example Inc.", &e), &e);
    assert_ok(dn_add(subject, NID_commonName, common_name, &e), &e);
}

static void make_root(struct test_ca *ca, int64_t now_ms) {
    struct err e = {0};
    PL_AUTO(dn_clear) struct dn subject = {0};
    PL_AUTO(buf_clear) struct buf spki, tbs;
    ca->root_key = test_key("P-384");
    make_subject(&subject, "Example Root");
    test_spki(ca->root_key, &spki);
    buf_init(&tbs, CA_TBS_MAX);
    struct ca_authority root = {.subject = &subject, .spki = spki.data, .spki_len = spki.len};
    struct ca_serial serial;
    assert_ok(ca_serial_new(1, &serial, &e), &e);
    assert_ok(ca_lifetime_authority(CA_ROOT_LIFETIME_MS, NULL, now_ms, &root.validity, &e), &e);
    assert_ok(ca_root_tbs(&root, &serial, &tbs, &e), &e);
    ca->root = test_sign(&tbs, ca->root_key);
    ca->root_issuer = (struct ca_issuer){.certificate = ca->root,
                                         .base_url = FIXTURE_BASE_URL,
                                         .crl_shard_count = 1,
                                         .backdate_ms = CA_BACKDATE_MS};
}

static void make_issuing(struct test_ca *ca, const char *key_type, int64_t now_ms) {
    struct err e = {0};
    PL_AUTO(dn_clear) struct dn subject = {0};
    PL_AUTO(buf_clear) struct buf spki, tbs;
    ca->issuing_key = test_key(key_type);
    make_subject(&subject, "Example Issuing CA");
    test_spki(ca->issuing_key, &spki);
    buf_init(&tbs, CA_TBS_MAX);
    struct ca_authority authority = {.subject = &subject, .spki = spki.data, .spki_len = spki.len};
    struct ca_serial serial;
    assert_ok(ca_serial_new(1, &serial, &e), &e);
    assert_ok(ca_lifetime_authority(CA_ISSUING_LIFETIME_MS, &ca->root_issuer, now_ms,
                                    &authority.validity, &e),
              &e);
    assert_ok(ca_issuing_tbs(&authority, &ca->root_issuer, &serial, &tbs, &e), &e);
    ca->issuing = test_sign(&tbs, ca->root_key);
    ca->issuer = ca->root_issuer;
    ca->issuer.certificate = ca->issuing;
    ca->issuer.crl_shard_count = 4;
}

void test_ca_init(struct test_ca *ca, const char *key_type, int64_t now_ms) {
    *ca = (struct test_ca){0};
    make_root(ca, now_ms);
    make_issuing(ca, key_type, now_ms);
}

void test_ca_clear(struct test_ca *ca) {
    cert_free(ca->root);
    cert_free(ca->issuing);
    EVP_PKEY_free(ca->root_key);
    EVP_PKEY_free(ca->issuing_key);
    *ca = (struct test_ca){0};
}

/* "C=US,O=Example Inc." */
static void add_subject(X509_REQ *req, const char *text) {
    char *copy = strdup(text);
    char *rest = copy;
    for (char *part = strsep(&rest, ","); part != NULL; part = strsep(&rest, ",")) {
        char *value = strchr(part, '=');
        assert_non_null(value);
        *value++ = '\0';
        /* no MBSTRING type: those hold OpenSSL to X.520's upper bounds */
        assert_int_equal(X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), part,
                                                    V_ASN1_UTF8STRING, (const uint8_t *)value, -1,
                                                    -1, 0),
                         1);
    }
    free(copy);
}

static void add_request_extension(STACK_OF(X509_EXTENSION) * extensions, int nid,
                                  const char *value) {
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    assert_non_null(extension);
    assert_true(sk_X509_EXTENSION_push(extensions, extension) > 0);
}

struct csr *test_csr(struct test_wish wish) {
    struct err e = {0};
    PL_AUTO(x509_req_freep) X509_REQ *req = X509_REQ_new();
    STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
    if (wish.subject != NULL) {
        add_subject(req, wish.subject);
    }
    if (wish.sans != NULL) {
        add_request_extension(extensions, NID_subject_alt_name, wish.sans);
    }
    if (wish.asks_for_ca) {
        add_request_extension(extensions, NID_basic_constraints, "critical,CA:TRUE");
    }
    if (sk_X509_EXTENSION_num(extensions) > 0) {
        assert_int_equal(X509_REQ_add_extensions(req, extensions), 1);
    }
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    assert_int_equal(X509_REQ_set_pubkey(req, wish.key), 1);
    bool has_digest = EVP_PKEY_get_id(wish.key) != EVP_PKEY_ED25519;
    assert_true(X509_REQ_sign(req, wish.key, has_digest ? EVP_sha256() : NULL) > 0);
    uint8_t *der = NULL;
    int der_len = i2d_X509_REQ(req, &der);
    assert_true(der_len > 0);
    if (wish.has_broken_signature) {
        der[der_len - 1] ^= 1;
    }
    struct csr *csr = NULL;
    assert_ok(csr_from_der(der, (size_t)der_len, &csr, &e), &e);
    OPENSSL_free(der);
    return csr;
}

void test_leaf(struct ca_leaf *leaf, enum ca_profile_id profile, EVP_PKEY *key, const char *names,
               int64_t now_ms) {
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf spki;
    *leaf = (struct ca_leaf){.profile = ca_profile_get(profile), .key_spec = key_spec_of(key)};
    leaf->validation = profile == CA_PROFILE_SERVER ? CA_VALIDATION_DOMAIN : CA_VALIDATION_NONE;
    list_init(&leaf->notices, CA_NOTICES_MAX);
    test_spki(key, &spki);
    leaf->spki_len = spki.len;
    void *copy = NULL;
    assert_ok(mem_dup(spki.data, spki.len, &copy, &e), &e);
    leaf->spki = copy;
    assert_ok(key_spki_sha256(key, leaf->spki_sha256, &e), &e);
    char *list = strdup(names);
    char *rest = list;
    for (char *name = strsep(&rest, ","); name != NULL; name = strsep(&rest, ",")) {
        assert_ok(san_list_add_typed(&leaf->sans, name, &e), &e);
    }
    free(list);
    assert_ok(dn_add(&leaf->subject, NID_commonName, leaf->sans.items[0].text, &e), &e);
    leaf->validity.not_before_ms = now_ms - CA_BACKDATE_MS;
    leaf->validity.not_after_ms =
        leaf->validity.not_before_ms + 90 * CLOCK_DAY_MS - CLOCK_SECOND_MS;
}

struct cert *test_issue(const struct test_ca *ca, const struct ca_leaf *leaf) {
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf tbs;
    struct ca_serial serial;
    buf_init(&tbs, CA_TBS_MAX);
    assert_ok(ca_serial_new(1, &serial, &e), &e);
    assert_ok(ca_leaf_tbs(leaf, &ca->issuer, &serial, &tbs, &e), &e);
    return test_sign(&tbs, ca->issuing_key);
}

void test_write(const struct cert *cert, const char *name) {
    const char *folder = getenv("PADLOCK_TEST_OUT");
    if (folder == NULL) {
        return;
    }
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf pem;
    PL_AUTO(mem_freep) char *path = NULL;
    buf_init(&pem, 2 * CERT_DER_MAX);
    assert_ok(cert_append_pem(cert, &pem, &e), &e);
    assert_ok(mem_printf(&path, &e, "%s/%s.pem", folder, name), &e);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(pem.data, 1, pem.len, file), pem.len);
    assert_int_equal(fclose(file), 0);
}
