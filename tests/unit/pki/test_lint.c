/*
 * pki/lint: a sound certificate of each kind has nothing to say; every rule has a certificate that
 * breaks it; and what is no certificate is told apart.
 */
/* size: table */
#include "unit.h"

#include "base/clock.h"
#include "codec/der.h"
#include "pki/lint.h"
#include "pki/openssl.h"

#include <openssl/conf.h>
#include <openssl/rsa.h>

#define NOW_MS INT64_C(1795392000000) /* 2026-11-23T00:00:00Z */

static EVP_PKEY *root_key;
static EVP_PKEY *issuing_key;
static EVP_PKEY *leaf_key;
static struct cert *root;
static struct cert *issuing;

/* One change to a sound certificate. */
struct fault {
    const char *rule; /* that finds it */
    enum lint_target target;
    int nid; /* an extension: its value instead; NULL leaves it out */
    const char *value;
    const char *subject; /* "C=US,CN=www.example.com"; "" is empty */
    const char *key;     /* "P-256" … */
    const char *digest;
    void (*change)(X509 *x509); /* before it is signed */
};

/* --- sound certificates, and changed ones --- */

struct extension_text {
    int nid;
    const char *value;
};

static const struct extension_text leaf_extensions[] = {
    {NID_key_usage, "critical,digitalSignature"},
    {NID_ext_key_usage, "serverAuth"},
    {NID_basic_constraints, "critical,CA:FALSE"},
    {NID_authority_key_identifier, "keyid:always"},
    {NID_subject_alt_name, "DNS:www.example.com"},
    {NID_certificate_policies, "2.23.140.1.2.1"},
    {NID_info_access, "caIssuers;URI:http://pki.example.com/a.crt"},
    {NID_crl_distribution_points, "URI:http://pki.example.com/a.crl"},
};
static const struct extension_text issuing_extensions[] = {
    {NID_key_usage, "critical,keyCertSign,cRLSign"},
    {NID_ext_key_usage, "serverAuth"},
    {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
    {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid:always"},
    {NID_certificate_policies, "2.5.29.32.0"},
    {NID_info_access, "caIssuers;URI:http://pki.example.com/r.crt"},
    {NID_crl_distribution_points, "URI:http://pki.example.com/r.crl"},
};
static const struct extension_text root_extensions[] = {
    {NID_key_usage, "critical,keyCertSign,cRLSign"},
    {NID_basic_constraints, "critical,CA:TRUE"},
    {NID_subject_key_identifier, "hash"},
};

static EVP_PKEY *make_key(const char *type) {
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

static void add_entry(X509_NAME *name, const char *type, int string_type, const char *value,
                      int set) {
    assert_int_equal(
        X509_NAME_add_entry_by_txt(name, type, string_type, (const uint8_t *)value, -1, -1, set),
        1);
}

static void set_subject(X509 *x509, const char *text) {
    X509_NAME *name = X509_NAME_new();
    char *copy = strdup(text);
    char *rest = copy;
    for (char *part = strsep(&rest, ","); part != NULL && *part != '\0';
         part = strsep(&rest, ",")) {
        char *value = strchr(part, '=');
        *value++ = '\0';
        bool is_country = strcmp(part, "C") == 0;
        add_entry(name, part, is_country ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING, value, 0);
    }
    assert_int_equal(X509_set_subject_name(x509, name), 1);
    X509_NAME_free(name);
    free(copy);
}

static void set_time(ASN1_TIME *time, int64_t time_ms) {
    assert_non_null(ASN1_TIME_set(time, (time_t)(time_ms / 1000)));
}

static void set_days(X509 *x509, int64_t days) {
    set_time(X509_getm_notBefore(x509), NOW_MS);
    set_time(X509_getm_notAfter(x509), NOW_MS + days * CLOCK_DAY_MS - CLOCK_SECOND_MS);
}

static void set_serial(X509 *x509, const char *hex) {
    BIGNUM *number = NULL;
    assert_true(BN_hex2bn(&number, hex) > 0);
    assert_non_null(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x509)));
    BN_free(number);
}

static void add_extension(X509 *x509, X509V3_CTX *context, int nid, const char *value) {
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(NULL, context, nid, value);
    if (extension == NULL) {
        fail_msg("cannot make %s = %s", OBJ_nid2sn(nid), value);
    }
    assert_int_equal(X509_add_ext(x509, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static void add_extensions(X509 *x509, const X509 *issuer, const struct fault *fault) {
    const struct extension_text *extensions = leaf_extensions;
    size_t count = PL_ARRAY_LEN(leaf_extensions);
    bool is_replaced = fault->nid == 0 || fault->value == NULL;
    X509V3_CTX context;
    if (fault->target == LINT_ISSUING) {
        extensions = issuing_extensions;
        count = PL_ARRAY_LEN(issuing_extensions);
    } else if (fault->target == LINT_ROOT) {
        extensions = root_extensions;
        count = PL_ARRAY_LEN(root_extensions);
    }
    PL_AUTO(x509_freep) X509 *issuer_copy = issuer == NULL ? NULL : X509_dup(issuer);
    X509V3_set_ctx(&context, issuer_copy == NULL ? x509 : issuer_copy, x509, NULL, NULL, 0);
    CONF *no_sections = NCONF_new(NULL); /* policies are not read without */
    X509V3_set_nconf(&context, no_sections);
    for (size_t i = 0; i < count; i++) {
        bool is_faulty = extensions[i].nid == fault->nid;
        const char *value = is_faulty ? fault->value : extensions[i].value;
        if (value != NULL) {
            add_extension(x509, &context, extensions[i].nid, value);
        }
        is_replaced = is_replaced || is_faulty;
    }
    if (!is_replaced) {
        add_extension(x509, &context, fault->nid, fault->value);
    }
    NCONF_free(no_sections);
}

static const char *sound_subject(enum lint_target target) {
    switch (target) {
    case LINT_SERVER:
    case LINT_INTERNAL:
        return "CN=www.example.com";
    case LINT_ISSUING:
        return "C=US,O=Example Inc.,CN=Example Issuing CA";
    case LINT_ROOT:
        return "C=US,O=Example Inc.,CN=Example Root";
    }
    return NULL;
}

static int64_t sound_days(enum lint_target target) {
    switch (target) {
    case LINT_SERVER:
    case LINT_INTERNAL:
        return 90;
    case LINT_ISSUING:
        return 1800;
    case LINT_ROOT:
        return 7300;
    }
    return 0;
}

/* A certificate with one fault, signed. The root signs itself, with root_key. */
static X509 *make_faulty(const struct fault *fault) {
    bool is_leaf = fault->target == LINT_SERVER || fault->target == LINT_INTERNAL;
    EVP_PKEY *own = fault->target == LINT_ROOT ? root_key : is_leaf ? leaf_key : issuing_key;
    EVP_PKEY *signer = is_leaf ? issuing_key : root_key;
    const struct cert *issuer = is_leaf ? issuing : root;
    PL_AUTO(evp_pkey_freep) EVP_PKEY *other = fault->key == NULL ? NULL : make_key(fault->key);
    X509 *x509 = X509_new();
    assert_int_equal(X509_set_version(x509, X509_VERSION_3), 1);
    set_serial(x509, "0123456789abcdef0123456789abcdef");
    set_days(x509, sound_days(fault->target));
    set_subject(x509, fault->subject != NULL ? fault->subject : sound_subject(fault->target));
    const X509_NAME *issuer_name = fault->target == LINT_ROOT ? X509_get_subject_name(x509)
                                                              : X509_get_subject_name(issuer->x509);
    assert_int_equal(X509_set_issuer_name(x509, issuer_name), 1);
    assert_int_equal(X509_set_pubkey(x509, other != NULL ? other : own), 1);
    add_extensions(x509, fault->target == LINT_ROOT ? NULL : issuer->x509, fault);
    if (fault->change != NULL) {
        fault->change(x509);
    }
    const char *digest = fault->digest != NULL ? fault->digest : "SHA256";
    assert_true(X509_sign(x509, signer, EVP_get_digestbyname(digest)) > 0);
    return x509;
}

static const struct cert *issuer_of(enum lint_target target) {
    return target == LINT_ROOT ? NULL : target == LINT_ISSUING ? root : issuing;
}

static void lint_x509(const X509 *x509, enum lint_target target, struct lint_findings *out) {
    struct err e = {0};
    assert_ok(lint_certificate(x509, target, issuer_of(target), out, &e), &e);
}

static bool has_rule(const struct lint_findings *findings, const char *rule) {
    for (size_t i = 0; i < findings->count; i++) {
        if (strcmp(findings->items[i].rule, rule) == 0) {
            return true;
        }
    }
    return false;
}

static int make_cas(void **state) {
    (void)state;
    struct err e = {0};
    root_key = make_key("P-256");
    issuing_key = make_key("P-256");
    leaf_key = make_key("P-256");
    PL_AUTO(x509_freep) X509 *root_x509 = make_faulty(&(struct fault){.target = LINT_ROOT});
    assert_ok(cert_from_x509(root_x509, &root, &e), &e);
    PL_AUTO(x509_freep) X509 *issuing_x509 = make_faulty(&(struct fault){.target = LINT_ISSUING});
    assert_ok(cert_from_x509(issuing_x509, &issuing, &e), &e);
    return 0;
}

static int drop_cas(void **state) {
    (void)state;
    cert_free(root);
    cert_free(issuing);
    EVP_PKEY_free(root_key);
    EVP_PKEY_free(issuing_key);
    EVP_PKEY_free(leaf_key);
    return 0;
}

/* --- changes that are no extension's text --- */

static void have_negative_serial(X509 *x509) {
    set_serial(x509, "-0123456789abcdef0123456789abcdef");
}
static void have_serial_0(X509 *x509) {
    set_serial(x509, "0");
}
static void have_serial_of_160_bits(X509 *x509) {
    set_serial(x509, "80000000000000000000000000000000000000ff");
}
static void have_serial_of_56_bits(X509 *x509) {
    set_serial(x509, "ffffffffffffff");
}
static void name_another_issuer(X509 *x509) {
    PL_AUTO(x509_name_freep) X509_NAME *name = X509_NAME_new();
    add_entry(name, "CN", V_ASN1_UTF8STRING, "Another CA", 0);
    assert_int_equal(X509_set_issuer_name(x509, name), 1);
}
/* The same letters as another string type: equal to people, not byte for byte. */
static void spell_the_issuer_otherwise(X509 *x509) {
    PL_AUTO(x509_name_freep) X509_NAME *name = X509_NAME_new();
    add_entry(name, "C", V_ASN1_PRINTABLESTRING, "US", 0);
    add_entry(name, "O", V_ASN1_PRINTABLESTRING, "Example Inc.", 0);
    add_entry(name, "CN", V_ASN1_PRINTABLESTRING, "Example Issuing CA", 0);
    assert_int_equal(X509_set_issuer_name(x509, name), 1);
}
static void end_before_it_begins(X509 *x509) {
    set_time(X509_getm_notAfter(x509), NOW_MS - CLOCK_DAY_MS);
}
static void write_a_date_of_2027_in_four_digits(X509 *x509) {
    assert_non_null(
        ASN1_GENERALIZEDTIME_set(X509_getm_notAfter(x509), (time_t)(NOW_MS / 1000 + 86400)));
}
static void last_200_days(X509 *x509) {
    set_days(x509, 200);
}
static void last_200_days_and_a_second(X509 *x509) {
    set_days(x509, 200);
    set_time(X509_getm_notAfter(x509), NOW_MS + 200 * CLOCK_DAY_MS);
}
static void last_826_days(X509 *x509) {
    set_days(x509, 826);
}
static void last_8_years_less_a_day(X509 *x509) {
    set_days(x509, 2921);
}
static void last_26_years(X509 *x509) {
    set_days(x509, 9133);
}
static void last_longer_than_the_root(X509 *x509) {
    set_days(x509, 7301);
}
static void begin_before_the_issuer(X509 *x509) {
    set_time(X509_getm_notBefore(x509), NOW_MS - CLOCK_SECOND_MS);
}
static void spell_the_common_name_in_t61(X509 *x509) {
    PL_AUTO(x509_name_freep) X509_NAME *name = X509_NAME_new();
    add_entry(name, "CN", V_ASN1_T61STRING, "www.example.com", 0);
    assert_int_equal(X509_set_subject_name(x509, name), 1);
}
static void join_two_fields(X509 *x509) {
    PL_AUTO(x509_name_freep) X509_NAME *name = X509_NAME_new();
    add_entry(name, "C", V_ASN1_PRINTABLESTRING, "US", 0);
    add_entry(name, "CN", V_ASN1_UTF8STRING, "www.example.com", -1);
    assert_int_equal(X509_set_subject_name(x509, name), 1);
}
static void have_the_issuers_key(X509 *x509) {
    assert_int_equal(X509_set_pubkey(x509, issuing_key), 1);
}
static void add_octets(X509 *x509, int nid, const char *octets, int len) {
    PL_AUTO(x509_extension_freep) X509_EXTENSION *extension = NULL;
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    assert_int_equal(ASN1_OCTET_STRING_set(value, (const uint8_t *)octets, len), 1);
    extension = X509_EXTENSION_create_by_NID(NULL, nid, 0, value);
    assert_int_equal(X509_add_ext(x509, extension, -1), 1);
    ASN1_OCTET_STRING_free(value);
}
static void have_a_key_usage_of_garbage(X509 *x509) {
    X509_EXTENSION_free(X509_delete_ext(x509, X509_get_ext_by_NID(x509, NID_key_usage, -1)));
    add_octets(x509, NID_key_usage, "\x01\x02", 2);
}
static void have_names_twice(X509 *x509) {
    X509_EXTENSION *names = X509_get_ext(x509, X509_get_ext_by_NID(x509, NID_subject_alt_name, -1));
    assert_int_equal(X509_add_ext(x509, names, -1), 1);
}
static void have_a_comment(X509 *x509) {
    add_octets(x509, NID_netscape_comment, "\x16\x02hi", 4);
}
static void name_another_issuers_key(X509 *x509) {
    X509_EXTENSION_free(
        X509_delete_ext(x509, X509_get_ext_by_NID(x509, NID_authority_key_identifier, -1)));
    add_octets(x509, NID_authority_key_identifier, "\x30\x06\x80\x04\x01\x02\x03\x04", 8);
}
static void last_a_week_and_a_second(X509 *x509) {
    set_days(x509, 7);
    set_time(X509_getm_notAfter(x509), NOW_MS + 7 * CLOCK_DAY_MS);
}

#define LONG_65 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* --- the faults, rule by rule --- */

static const struct fault faults[] = {
    {"serial.range", LINT_SERVER, .change = have_negative_serial},
    {"serial.range", LINT_SERVER, .change = have_serial_0},
    {"serial.range", LINT_SERVER, .change = have_serial_of_160_bits},
    {"serial.entropy", LINT_INTERNAL, .change = have_serial_of_56_bits},
    {"signature.algorithm", LINT_SERVER, .digest = "SHA1"},
    {"signature.issuer_key", LINT_SERVER, .digest = "SHA384"},
    {"signature.issuer_key", LINT_ROOT, .digest = "SHA512"},
    {"issuer.name_bytes", LINT_SERVER, .change = name_another_issuer},
    {"issuer.name_bytes", LINT_SERVER, .change = spell_the_issuer_otherwise},
    {"issuer.name_bytes", LINT_ROOT, .change = name_another_issuer},
    {"validity.order", LINT_SERVER, .change = end_before_it_begins},
    {"validity.encoding", LINT_SERVER, .change = write_a_date_of_2027_in_four_digits},
    {"validity.too_long", LINT_SERVER, .change = last_200_days_and_a_second},
    {"validity.too_long", LINT_INTERNAL, .change = last_826_days},
    {"validity.too_long", LINT_ROOT, .change = last_26_years},
    {"validity.too_long", LINT_ROOT, .change = last_8_years_less_a_day},
    {"validity.margin", LINT_SERVER, .change = last_200_days},
    {"validity.issuer", LINT_ISSUING, .change = last_longer_than_the_root},
    {"validity.issuer", LINT_SERVER, .change = begin_before_the_issuer},
    {"subject.encoding", LINT_SERVER, .change = spell_the_common_name_in_t61},
    {"subject.encoding", LINT_SERVER, .change = join_two_fields},
    {"subject.order", LINT_SERVER, .subject = "CN=www.example.com,C=US"},
    {"subject.order", LINT_INTERNAL, .subject = "C=US,O=Example Inc.,L=Austin,CN=www.example.com"},
    {"subject.length", LINT_INTERNAL, .subject = "C=US,O=" LONG_65 ",CN=www.example.com"},
    {"subject.length", LINT_INTERNAL, .subject = "C=US,L=" LONG_65 LONG_65 ",CN=www.example.com"},
    {"subject.country", LINT_SERVER, .subject = "C=us,CN=www.example.com"},
    {"subject.country", LINT_SERVER, .subject = "C=USA,CN=www.example.com"},
    {"subject.unit", LINT_SERVER, .subject = "OU=IT,CN=www.example.com"},
    {"subject.validation", LINT_SERVER, .subject = "O=Example Inc.,CN=www.example.com"},
    {"subject.validation", LINT_SERVER, .nid = NID_certificate_policies, .value = "2.23.140.1.2.2"},
    {"subject.validation", LINT_SERVER, .nid = NID_certificate_policies, .value = "2.23.140.1.2.2",
     .subject = "C=US,O=Example Inc.,CN=www.example.com"},
    {"subject.validation", LINT_SERVER, .nid = NID_certificate_policies, .value = "2.23.140.1.2.2",
     .subject = "C=US,L=Austin,CN=www.example.com"},
    {"subject.validation", LINT_SERVER, .nid = NID_certificate_policies, .value = "2.23.140.1.2.2",
     .subject = "L=Austin,O=Example Inc.,CN=www.example.com"},
    {"subject.validation", LINT_SERVER, .nid = NID_certificate_policies, .value = "2.23.140.1.2.2",
     .subject = "C=US,L=Austin,O=Example Inc.,SN=Doe,CN=www.example.com"},
    {"subject.ca_fields", LINT_ISSUING, .subject = "CN=Example Issuing CA"},
    {"common_name.in_names", LINT_SERVER, .subject = "CN=example.com"},
    {"common_name.in_names", LINT_SERVER, .subject = "CN=WWW.example.com"},
    {"common_name.one", LINT_INTERNAL, .subject = "CN=www.example.com,CN=www.example.com"},
    {"common_name.present", LINT_SERVER, .subject = NULL},
    {"key.strength", LINT_INTERNAL, .key = "RSA-1024"},
    {"key.strength", LINT_SERVER, .key = "P-224"},
    {"key.kind", LINT_SERVER, .key = "ED25519"},
    {"key.mozilla", LINT_SERVER, .key = "P-521"},
    {"key.issuer", LINT_INTERNAL, .change = have_the_issuers_key},
    {"extension.malformed", LINT_SERVER, .change = have_a_key_usage_of_garbage},
    {"extension.duplicate", LINT_SERVER, .change = have_names_twice},
    {"extension.other", LINT_SERVER, .change = have_a_comment},
    {"authority_key_id", LINT_SERVER, .nid = NID_authority_key_identifier, .value = NULL},
    {"authority_key_id", LINT_SERVER, .nid = NID_authority_key_identifier,
     .value = "critical,keyid:always"},
    {"authority_key_id", LINT_SERVER, .nid = NID_authority_key_identifier,
     .value = "keyid:always,issuer:always"},
    {"authority_key_id.issuer", LINT_SERVER, .change = name_another_issuers_key},
    {"authority_key_id.issuer", LINT_ROOT, .nid = NID_authority_key_identifier,
     .value = "keyid:always", .change = name_another_issuers_key},
    {"subject_key_id.ca", LINT_ISSUING, .nid = NID_subject_key_identifier, .value = NULL},
    {"subject_key_id.ca", LINT_ISSUING, .nid = NID_subject_key_identifier,
     .value = "critical,hash"},
    {"subject_key_id.leaf", LINT_SERVER, .nid = NID_subject_key_identifier, .value = "hash"},
    {"basic_constraints.leaf", LINT_SERVER, .nid = NID_basic_constraints,
     .value = "critical,CA:TRUE"},
    {"basic_constraints.leaf", LINT_SERVER, .nid = NID_basic_constraints, .value = "CA:FALSE"},
    {"basic_constraints.leaf", LINT_SERVER, .nid = NID_basic_constraints,
     .value = "critical,CA:FALSE,pathlen:0"},
    {"basic_constraints.ca", LINT_ISSUING, .nid = NID_basic_constraints, .value = NULL},
    {"basic_constraints.ca", LINT_ISSUING, .nid = NID_basic_constraints,
     .value = "critical,CA:FALSE"},
    {"basic_constraints.ca", LINT_ISSUING, .nid = NID_basic_constraints, .value = "CA:TRUE"},
    {"basic_constraints.root_path", LINT_ROOT, .nid = NID_basic_constraints,
     .value = "critical,CA:TRUE,pathlen:1"},
    {"key_usage.leaf", LINT_SERVER, .nid = NID_key_usage, .value = NULL},
    {"key_usage.leaf", LINT_SERVER, .nid = NID_key_usage, .value = "digitalSignature"},
    {"key_usage.leaf", LINT_SERVER, .nid = NID_key_usage,
     .value = "critical,digitalSignature,keyEncipherment"},
    {"key_usage.leaf", LINT_SERVER, .nid = NID_key_usage,
     .value = "critical,digitalSignature,keyCertSign"},
    {"key_usage.leaf", LINT_SERVER, .nid = NID_key_usage, .value = "critical,keyAgreement"},
    {"key_usage.ca", LINT_ISSUING, .nid = NID_key_usage, .value = NULL},
    {"key_usage.ca", LINT_ISSUING, .nid = NID_key_usage, .value = "critical,keyCertSign"},
    {"key_usage.ca", LINT_ISSUING, .nid = NID_key_usage, .value = "critical,cRLSign"},
    {"key_usage.ca", LINT_ROOT, .nid = NID_key_usage, .value = "keyCertSign,cRLSign"},
    {"key_usage.ca", LINT_ROOT, .nid = NID_key_usage,
     .value = "critical,keyCertSign,cRLSign,keyEncipherment"},
    {"extended_key_usage.server", LINT_SERVER, .nid = NID_ext_key_usage, .value = NULL},
    {"extended_key_usage.server", LINT_SERVER, .nid = NID_ext_key_usage, .value = "clientAuth"},
    {"extended_key_usage.server", LINT_INTERNAL, .nid = NID_ext_key_usage,
     .value = "critical,serverAuth"},
    {"extended_key_usage.other", LINT_SERVER, .nid = NID_ext_key_usage,
     .value = "serverAuth,codeSigning"},
    {"extended_key_usage.other", LINT_ISSUING, .nid = NID_ext_key_usage,
     .value = "serverAuth,anyExtendedKeyUsage"},
    {"extended_key_usage.client", LINT_SERVER, .nid = NID_ext_key_usage,
     .value = "serverAuth,clientAuth"},
    {"extended_key_usage.root", LINT_ROOT, .nid = NID_ext_key_usage, .value = "serverAuth"},
    {"name.present", LINT_SERVER, .nid = NID_subject_alt_name, .value = NULL},
    {"name.kind", LINT_SERVER, .nid = NID_subject_alt_name,
     .value = "DNS:www.example.com,email:a@example.com"},
    {"name.kind", LINT_INTERNAL, .nid = NID_subject_alt_name,
     .value = "DNS:www.example.com,URI:http://example.com/"},
    {"name.critical", LINT_SERVER, .nid = NID_subject_alt_name,
     .value = "critical,DNS:www.example.com"},
    {"name.critical", LINT_SERVER, .subject = ""},
    {"name.syntax", LINT_SERVER, .nid = NID_subject_alt_name,
     .value = "DNS:www.example.com,DNS:bad_name.example.com"},
    {"name.syntax", LINT_INTERNAL, .nid = NID_subject_alt_name,
     .value = "DNS:www.example.com,DNS:www.example.com."},
    {"name.syntax", LINT_INTERNAL, .nid = NID_subject_alt_name,
     .value = "DNS:www.example.com,DNS:w*.example.com"},
    {"name.public", LINT_SERVER, .nid = NID_subject_alt_name,
     .value = "DNS:www.example.com,DNS:intranet"},
    {"name.public", LINT_SERVER, .nid = NID_subject_alt_name,
     .value = "DNS:www.example.com,DNS:*.co.uk"},
    {"name.public", LINT_SERVER, .nid = NID_subject_alt_name,
     .value = "DNS:www.example.com,DNS:nas.home.arpa"},
    {"name.public", LINT_SERVER, .nid = NID_subject_alt_name,
     .value = "DNS:www.example.com,DNS:abc.onion"},
    {"name.public", LINT_SERVER, .nid = NID_subject_alt_name,
     .value = "DNS:www.example.com,DNS:8.8.in-addr.arpa"},
    {"name.address", LINT_SERVER, .nid = NID_subject_alt_name,
     .value = "DNS:www.example.com,IP:10.0.0.1"},
    {"name.address", LINT_SERVER, .nid = NID_subject_alt_name,
     .value = "DNS:www.example.com,IP:::1"},
    {"name_constraints.leaf", LINT_INTERNAL, .nid = NID_name_constraints,
     .value = "critical,permitted;DNS:example.com"},
    {"policies.leaf", LINT_SERVER, .nid = NID_certificate_policies, .value = NULL},
    {"policies.leaf", LINT_SERVER, .nid = NID_certificate_policies, .value = "1.2.3.4"},
    {"policies.leaf", LINT_SERVER, .nid = NID_certificate_policies,
     .value = "2.23.140.1.2.1,2.23.140.1.2.2"},
    {"policies.leaf", LINT_SERVER, .nid = NID_certificate_policies,
     .value = "2.23.140.1.2.1,2.5.29.32.0"},
    {"policies.leaf", LINT_SERVER, .nid = NID_certificate_policies,
     .value = "critical,2.23.140.1.2.1"},
    {"policies.ca", LINT_ISSUING, .nid = NID_certificate_policies, .value = NULL},
    {"policies.ca", LINT_ISSUING, .nid = NID_certificate_policies,
     .value = "2.5.29.32.0,2.23.140.1.2.1"},
    {"policies.root", LINT_ROOT, .nid = NID_certificate_policies, .value = "2.5.29.32.0"},
    {"access.present", LINT_SERVER, .nid = NID_info_access, .value = NULL},
    {"access.content", LINT_SERVER, .nid = NID_info_access,
     .value = "critical,caIssuers;URI:http://pki.example.com/a.crt"},
    {"access.content", LINT_INTERNAL, .nid = NID_info_access,
     .value = "caIssuers;URI:https://pki.example.com/a.crt"},
    {"access.content", LINT_SERVER, .nid = NID_info_access,
     .value = "caIssuers;DNS:pki.example.com"},
    {"access.content", LINT_SERVER, .nid = NID_info_access,
     .value = "1.2.3.4;URI:http://pki.example.com/a.crt"},
    {"crl_address.present", LINT_SERVER, .nid = NID_crl_distribution_points, .value = NULL},
    {"crl_address.present", LINT_SERVER, .nid = NID_crl_distribution_points, .value = NULL,
     .change = last_a_week_and_a_second},
    {"crl_address.ca", LINT_ISSUING, .nid = NID_crl_distribution_points, .value = NULL},
    {"crl_address.content", LINT_SERVER, .nid = NID_crl_distribution_points,
     .value = "critical,URI:http://pki.example.com/a.crl"},
    {"crl_address.content", LINT_SERVER, .nid = NID_crl_distribution_points,
     .value = "URI:https://pki.example.com/a.crl"},
    {"crl_address.content", LINT_SERVER, .nid = NID_crl_distribution_points,
     .value = "URI:http://a.example/1.crl,URI:http://b.example/2.crl"},
};

/* --- tests --- */

static void test_sound_certificates_have_nothing_to_say(void **state) {
    (void)state;
    static const enum lint_target targets[] = {LINT_SERVER, LINT_INTERNAL, LINT_ISSUING, LINT_ROOT};
    for (size_t i = 0; i < PL_ARRAY_LEN(targets); i++) {
        PL_AUTO(lint_findings_clear) struct lint_findings findings = {0};
        struct err e = {0};
        PL_AUTO(x509_freep) X509 *x509 = make_faulty(&(struct fault){.target = targets[i]});
        lint_x509(x509, targets[i], &findings);
        bool is_public = targets[i] == LINT_SERVER; /* its common name is a warning */
        if (findings.count != (is_public ? 1 : 0)) {
            fail_msg("%s: %s", findings.items[0].rule, findings.items[0].detail);
        }
        assert_int_equal(has_rule(&findings, "common_name.present"), is_public);
        assert_ok(lint_require(&findings, &e), &e);
    }
}

static void test_each_fault_is_found_by_its_rule(void **state) {
    (void)state;
    for (size_t i = 0; i < PL_ARRAY_LEN(faults); i++) {
        PL_AUTO(lint_findings_clear) struct lint_findings findings = {0};
        PL_AUTO(x509_freep) X509 *x509 = make_faulty(&faults[i]);
        lint_x509(x509, faults[i].target, &findings);
        if (!has_rule(&findings, faults[i].rule)) {
            fail_msg("fault %zu (%s, %s) was not found", i, faults[i].rule,
                     faults[i].value == NULL ? "-" : faults[i].value);
        }
    }
}

/* The same fault where the rule does not apply, or is kept, is not found. */
static void test_rules_hold_only_where_they_apply(void **state) {
    (void)state;
    static const struct fault fine[] = {
        {"name.public", LINT_INTERNAL, .nid = NID_subject_alt_name,
         .value = "DNS:www.example.com,DNS:intranet"},
        {"name.address", LINT_INTERNAL, .nid = NID_subject_alt_name,
         .value = "DNS:www.example.com,IP:10.0.0.1"},
        {"policies.leaf", LINT_INTERNAL, .nid = NID_certificate_policies, .value = NULL},
        {"subject.unit", LINT_INTERNAL, .subject = "OU=IT,CN=www.example.com"},
        {"key.kind", LINT_INTERNAL, .key = "ED25519"},
        {"extended_key_usage.client", LINT_INTERNAL, .nid = NID_ext_key_usage,
         .value = "serverAuth,clientAuth"},
        {"key_usage.leaf", LINT_SERVER, .nid = NID_key_usage,
         .value = "critical,digitalSignature,keyEncipherment", .key = "RSA-2048"},
        {"crl_address.present", LINT_SERVER, .nid = NID_info_access,
         .value =
             "OCSP;URI:http://pki.example.com/ocsp,caIssuers;URI:http://pki.example.com/a.crt"},
        {"subject.validation", LINT_SERVER, .nid = NID_certificate_policies,
         .value = "2.23.140.1.2.2", .subject = "C=US,ST=Texas,O=Example Inc.,CN=www.example.com"},
        {"validity.too_long", LINT_SERVER, .change = last_200_days},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(fine); i++) {
        PL_AUTO(lint_findings_clear) struct lint_findings findings = {0};
        PL_AUTO(x509_freep) X509 *x509 = make_faulty(&fine[i]);
        lint_x509(x509, fine[i].target, &findings);
        if (has_rule(&findings, fine[i].rule)) {
            fail_msg("%s was found although it does not apply", fine[i].rule);
        }
    }
}

/* Where the bytes end that a DER value at der takes, and what is in it. */
static struct der_value first_value(const uint8_t *der, size_t len) {
    struct der_reader reader = der_reader_init(der, len);
    struct der_value value;
    assert_true(der_reader_next(&reader, &value));
    return value;
}

static void sound_der(struct buf *out) {
    struct err e = {0};
    PL_AUTO(x509_freep) X509 *x509 = make_faulty(&(struct fault){.target = LINT_SERVER});
    buf_init(out, CERT_DER_MAX);
    assert_ok(openssl_append_der(out, (i2d_of_void *)i2d_X509, x509, &e), &e);
}

static void lint_der(const struct buf *der, struct lint_findings *out) {
    const uint8_t *at = der->data;
    PL_AUTO(x509_freep) X509 *x509 = d2i_X509(NULL, &at, (long)der->len);
    assert_non_null(x509);
    lint_x509(x509, LINT_SERVER, out);
}

static void test_algorithm_outside_that_is_not_the_one_inside_is_found(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf der;
    PL_AUTO(lint_findings_clear) struct lint_findings findings = {0};
    sound_der(&der);
    struct der_value whole = first_value(der.data, der.len);
    struct der_value tbs = first_value(whole.bytes, whole.len);
    struct der_value algorithm = first_value(tbs.whole + tbs.whole_len, whole.len - tbs.whole_len);
    size_t last = (size_t)(algorithm.whole - der.data) + algorithm.whole_len - 1;
    assert_int_equal(der.data[last], 0x02); /* ecdsa-with-SHA256 is 1.2.840.10045.4.3.2 */
    der.data[last] = 0x03;
    lint_der(&der, &findings);
    assert_true(has_rule(&findings, "signature.same"));
}

static void test_truth_that_is_not_der_is_found(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf der;
    PL_AUTO(lint_findings_clear) struct lint_findings findings = {0};
    sound_der(&der);
    uint8_t *truth = memmem(der.data, der.len, "\x01\x01\xff", 3);
    assert_non_null(truth);
    truth[2] = 0x01; /* true in BER, not in DER */
    lint_der(&der, &findings);
    assert_true(has_rule(&findings, "der.canonical"));
}

static void test_version_2_is_found(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf der;
    PL_AUTO(lint_findings_clear) struct lint_findings findings = {0};
    sound_der(&der);
    uint8_t *version = memmem(der.data, der.len, "\xa0\x03\x02\x01\x02", 5);
    assert_non_null(version);
    version[4] = 0x01;
    lint_der(&der, &findings);
    assert_true(has_rule(&findings, "version.v3"));
}

/* To-be-signed bytes, with extra ones before the extensions. */
static void sound_tbs(const char *extra, size_t extra_len, struct buf *out) {
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf der;
    uint8_t header[8];
    uint8_t *at = header;
    sound_der(&der);
    struct der_value whole = first_value(der.data, der.len);
    struct der_value tbs = first_value(whole.bytes, whole.len);
    struct der_reader parts = der_reader_enter(&tbs);
    struct der_value part;
    buf_init(out, CERT_DER_MAX);
    ASN1_put_object(&at, 1, (int)(tbs.len + extra_len), V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL);
    assert_ok(buf_append(out, header, (size_t)(at - header), &e), &e);
    while (der_reader_next(&parts, &part)) {
        if (part.tag == DER_CONTEXT_0 + 3) {
            assert_ok(buf_append(out, extra, extra_len, &e), &e);
        }
        assert_ok(buf_append(out, part.whole, part.whole_len, &e), &e);
    }
}

static void test_unique_identifier_is_found(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf tbs;
    PL_AUTO(lint_findings_clear) struct lint_findings findings = {0};
    sound_tbs("\x81\x02\x00\xaa", 4, &tbs);
    assert_ok(lint_tbs(tbs.data, tbs.len, LINT_SERVER, issuing, &findings, &e), &e);
    assert_true(has_rule(&findings, "unique_id"));
}

static void test_to_be_signed_bytes_are_linted_like_the_certificate(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf tbs;
    PL_AUTO(lint_findings_clear) struct lint_findings findings = {0};
    sound_tbs("", 0, &tbs);
    assert_ok(lint_tbs(tbs.data, tbs.len, LINT_SERVER, issuing, &findings, &e), &e);
    assert_int_equal(findings.count, 1);
    assert_string_equal(findings.items[0].rule, "common_name.present");
    assert_int_equal(findings.items[0].severity, LINT_WARNING);
}

static void test_every_rule_has_a_certificate_that_breaks_it(void **state) {
    (void)state;
    static const char *const elsewhere[] = {"version.v3", "signature.same", "der.canonical",
                                            "unique_id"};
    for (size_t rule = 0; rule < lint_rule_count(); rule++) {
        bool is_tested = false;
        for (size_t i = 0; i < PL_ARRAY_LEN(faults); i++) {
            is_tested = is_tested || strcmp(faults[i].rule, lint_rule_name(rule)) == 0;
        }
        for (size_t i = 0; i < PL_ARRAY_LEN(elsewhere); i++) {
            is_tested = is_tested || strcmp(elsewhere[i], lint_rule_name(rule)) == 0;
        }
        if (!is_tested) {
            fail_msg("no test breaks %s", lint_rule_name(rule));
        }
    }
}

static void test_errors_are_required_away_and_warnings_are_not(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(lint_findings_clear) struct lint_findings findings = {0};
    PL_AUTO(x509_freep)
    X509 *x509 =
        make_faulty(&(struct fault){.target = LINT_SERVER, .subject = "OU=IT,CN=www.example.com"});
    lint_x509(x509, LINT_SERVER, &findings);
    assert_fails(lint_require(&findings, &e), &e, ERR_PKI_LINT_ERROR);
    assert_string_equal(e.step[0],
                        "the subject has an organizational unit (subject.unit, BR 7.1.2.7.4)");
}

static void test_what_is_no_certificate_is_told(void **state) {
    (void)state;
    struct err e = {0};
    struct lint_findings findings = {0};
    PL_AUTO(buf_clear) struct buf tbs;
    static const uint8_t sequence[] = {0x30, 0x03, 0x02, 0x01, 0x05};
    sound_tbs("", 0, &tbs);
    assert_fails(lint_tbs((const uint8_t *)"", 0, LINT_SERVER, NULL, &findings, &e), &e,
                 ERR_PKI_LINT_MALFORMED);
    assert_fails(lint_tbs(sequence, sizeof(sequence), LINT_SERVER, NULL, &findings, &e), &e,
                 ERR_PKI_LINT_MALFORMED);
    assert_fails(lint_tbs(tbs.data, tbs.len - 1, LINT_SERVER, NULL, &findings, &e), &e,
                 ERR_PKI_LINT_MALFORMED);
    assert_fails(lint_tbs(tbs.data, CERT_DER_MAX + 1, LINT_SERVER, NULL, &findings, &e), &e,
                 ERR_PKI_LINT_MALFORMED);
    assert_null(findings.items);
}

/* Whatever byte is changed, the linter answers and does not fall over. */
static void test_any_changed_byte_is_survived(void **state) {
    (void)state;
    PL_AUTO(buf_clear) struct buf tbs;
    sound_tbs("", 0, &tbs);
    for (size_t i = 0; i < tbs.len; i++) {
        struct err e = {0};
        PL_AUTO(lint_findings_clear) struct lint_findings findings = {0};
        uint8_t old = tbs.data[i];
        tbs.data[i] ^= 0x15;
        if (!lint_tbs(tbs.data, tbs.len, LINT_SERVER, issuing, &findings, &e)) {
            assert_string_equal(err_code_text(e.code), "pki.lint.malformed");
        }
        tbs.data[i] = old;
    }
}

static bool lint_once(const struct buf *tbs, struct err *e) {
    PL_AUTO(lint_findings_clear) struct lint_findings findings = {0};
    return lint_tbs(tbs->data, tbs->len, LINT_SERVER, issuing, &findings, e);
}

static void test_running_out_of_memory_is_told(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(buf_clear) struct buf tbs;
    sound_tbs("", 0, &tbs);
    assert_survives_oom(lint_once(&tbs, &e), &e);
}

static void test_severities_have_names(void **state) {
    (void)state;
    assert_string_equal(lint_severity_name(LINT_NOTICE), "notice");
    assert_string_equal(lint_severity_name(LINT_WARNING), "warning");
    assert_string_equal(lint_severity_name(LINT_ERROR), "error");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound_certificates_have_nothing_to_say),
        cmocka_unit_test(test_each_fault_is_found_by_its_rule),
        cmocka_unit_test(test_rules_hold_only_where_they_apply),
        cmocka_unit_test(test_algorithm_outside_that_is_not_the_one_inside_is_found),
        cmocka_unit_test(test_truth_that_is_not_der_is_found),
        cmocka_unit_test(test_version_2_is_found),
        cmocka_unit_test(test_unique_identifier_is_found),
        cmocka_unit_test(test_to_be_signed_bytes_are_linted_like_the_certificate),
        cmocka_unit_test(test_every_rule_has_a_certificate_that_breaks_it),
        cmocka_unit_test(test_errors_are_required_away_and_warnings_are_not),
        cmocka_unit_test(test_what_is_no_certificate_is_told),
        cmocka_unit_test(test_any_changed_byte_is_survived),
        cmocka_unit_test(test_running_out_of_memory_is_told),
        cmocka_unit_test(test_severities_have_names),
    };
    return cmocka_run_group_tests(tests, make_cas, drop_cas);
}
