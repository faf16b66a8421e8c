/* pki/verify: each check, each code, with certificates that have just that fault. */
#include "unit.h"

#include "make_cert.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "pki/openssl.h"
#include "pki/verify.h"

static struct made root;
static struct made issuing;
static struct made leaf;
static struct cert_list anchors;
static struct cert_list intermediates;

#define LIST_OF(...) list_of((struct cert *[]){__VA_ARGS__, NULL})
static struct cert_list list_of(struct cert *const *certs) {
    struct cert_list list = {0};
    struct err e = {0};
    for (; *certs != NULL; certs++) {
        assert_ok(cert_list_add(&list, *certs, &e), &e);
    }
    return list;
}

static int make_all(void **state) {
    (void)state;
    root = make_cert((struct make_cert){.name = "Root", .is_ca = true});
    issuing = make_cert((struct make_cert){.name = "Issuing", .issuer = &root, .is_ca = true});
    leaf = make_cert((struct make_cert){
        .name = "example.com", .issuer = &issuing, .sans = "DNS:example.com,DNS:shop.example.com"});
    anchors = LIST_OF(root.cert);
    intermediates = LIST_OF(issuing.cert);
    return 0;
}

static int clear_all(void **state) {
    (void)state;
    cert_list_clear(&anchors);
    cert_list_clear(&intermediates);
    made_clear(&leaf);
    made_clear(&issuing);
    made_clear(&root);
    return 0;
}

/* Everything left out: the sound leaf, its issuer presented, the root trusted, example.com, now. */
static struct verdict verify(struct verify_input input) {
    struct err e = {0};
    struct verdict verdict = {0};
    input.leaf = input.leaf != NULL ? input.leaf : leaf.cert;
    input.presented = input.presented != NULL ? input.presented : &intermediates;
    input.anchors = input.anchors != NULL ? input.anchors : &anchors;
    input.host = input.host != NULL ? input.host : "example.com";
    input.at_ms = input.at_ms != 0 ? input.at_ms : MAKE_CERT_NOW_MS;
    assert_ok(verify_certificate(&input, &verdict, &e), &e);
    return verdict;
}

static void assert_check(const struct verdict *verdict, enum verify_check_id id,
                         enum verify_outcome outcome, enum err_code code, const char *sentence) {
    const struct verify_check *check = &verdict->checks[id];
    assert_int_equal(check->id, id);
    assert_string_equal(check->sentence, sentence);
    assert_string_equal(err_code_text(check->code), err_code_text(code));
    assert_int_equal(check->outcome, outcome);
    assert_int_equal(verdict->overall, outcome == VERIFY_FAIL ? VERIFY_FAIL : verdict->overall);
}

static void assert_others_pass(const struct verdict *verdict, enum verify_check_id but) {
    for (size_t i = 0; i < VERIFY_REVOCATION; i++) {
        if (i != (size_t)but && verdict->checks[i].outcome != VERIFY_PASS) {
            fail_msg("%s: %s", verify_check_name((enum verify_check_id)i),
                     verdict->checks[i].sentence);
        }
    }
}

/* One fault, told by one check, and the others not disturbed by it. */
static void assert_only(struct verify_input input, enum verify_check_id id, enum err_code code,
                        const char *sentence) {
    PL_AUTO(verdict_clear) struct verdict verdict = verify(input);
    assert_check(&verdict, id, VERIFY_FAIL, code, sentence);
    assert_others_pass(&verdict, id);
    assert_int_equal(verdict.overall, VERIFY_FAIL);
}

static void test_sound_certificate_passes(void **state) {
    (void)state;
    PL_AUTO(verdict_clear) struct verdict verdict = verify((struct verify_input){0});
    assert_check(&verdict, VERIFY_DATES, VERIFY_PASS, ERR_NONE,
                 "valid from 2026-11-01 to 2027-01-29: it ends in 67 days");
    assert_check(&verdict, VERIFY_TRUST, VERIFY_PASS, ERR_NONE,
                 "issued by \"Issuing\", trusted through \"Root\"");
    assert_check(&verdict, VERIFY_SIGNATURE, VERIFY_PASS, ERR_NONE,
                 "each of the 2 signatures in the chain is right");
    assert_check(&verdict, VERIFY_NAME, VERIFY_PASS, ERR_NONE,
                 "the name example.com is among: example.com, shop.example.com");
    assert_check(&verdict, VERIFY_REVOCATION, VERIFY_UNKNOWN, ERR_VERIFY_REVOCATION_UNKNOWN,
                 "not checked: no revocation list was given");
    assert_int_equal(verdict.overall, VERIFY_PASS);
    assert_int_equal(verdict.chain.count, 3);
    assert_int_equal(verdict.presentation.notes.count, 0);
    assert_false(verdict.presentation.has_missing_intermediate);
}

/* --- dates --- */

static void test_dates_to_the_second(void **state) {
    (void)state;
    static const struct {
        int64_t at_ms;
        enum verify_outcome outcome;
    } cases[] = {
        {MAKE_CERT_NOT_BEFORE_MS - 1, VERIFY_FAIL},   {MAKE_CERT_NOT_BEFORE_MS, VERIFY_PASS},
        {MAKE_CERT_NOT_AFTER_MS, VERIFY_PASS},        {MAKE_CERT_NOT_AFTER_MS + 999, VERIFY_PASS},
        {MAKE_CERT_NOT_AFTER_MS + 1000, VERIFY_FAIL},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        PL_AUTO(verdict_clear)
        struct verdict verdict = verify((struct verify_input){.at_ms = cases[i].at_ms});
        assert_int_equal(verdict.checks[VERIFY_DATES].outcome, cases[i].outcome);
        assert_int_equal(verdict.checks[VERIFY_TRUST].outcome, VERIFY_PASS);
    }
}

static void test_expired_says_when(void **state) {
    (void)state;
    struct made old =
        make_cert((struct make_cert){.name = "example.com",
                                     .issuer = &issuing,
                                     .sans = "DNS:example.com",
                                     .not_after_ms = MAKE_CERT_NOW_MS - 12 * CLOCK_DAY_MS});
    assert_only((struct verify_input){.leaf = old.cert}, VERIFY_DATES, ERR_VERIFY_EXPIRED,
                "expired 12 days ago, on 2026-11-11");
    made_clear(&old);
}

static void test_not_yet_valid_says_when(void **state) {
    (void)state;
    struct made early =
        make_cert((struct make_cert){.name = "example.com",
                                     .issuer = &issuing,
                                     .sans = "DNS:example.com",
                                     .not_before_ms = MAKE_CERT_NOW_MS + 3 * CLOCK_DAY_MS});
    assert_only((struct verify_input){.leaf = early.cert}, VERIFY_DATES, ERR_VERIFY_NOT_YET_VALID,
                "not valid yet: it starts in 3 days, on 2026-11-26");
    made_clear(&early);
}

static void test_issuer_out_of_date_is_named(void **state) {
    (void)state;
    struct made old =
        make_cert((struct make_cert){.name = "Issuing",
                                     .issuer = &root,
                                     .key_of = &issuing,
                                     .is_ca = true,
                                     .not_after_ms = MAKE_CERT_NOW_MS - 2 * CLOCK_DAY_MS});
    struct made early =
        make_cert((struct make_cert){.name = "Issuing",
                                     .issuer = &root,
                                     .key_of = &issuing,
                                     .is_ca = true,
                                     .not_before_ms = MAKE_CERT_NOW_MS + CLOCK_DAY_MS});
    PL_AUTO(cert_list_clear) struct cert_list with_old = LIST_OF(old.cert);
    PL_AUTO(cert_list_clear) struct cert_list with_early = LIST_OF(early.cert);
    assert_only((struct verify_input){.presented = &with_old}, VERIFY_DATES,
                ERR_VERIFY_ISSUER_EXPIRED,
                "its issuer \"Issuing\" expired 2 days ago, on 2026-11-21");
    assert_only((struct verify_input){.presented = &with_early}, VERIFY_DATES,
                ERR_VERIFY_ISSUER_NOT_YET_VALID,
                "its issuer \"Issuing\" is not valid yet: it starts in 1 day, on 2026-11-24");
    made_clear(&old);
    made_clear(&early);
}

/* The leaf once more, with this for its start, in DER's words. */
static struct cert *leaf_from(int type, const char *not_before) {
    struct err e = {0};
    struct cert *cert = NULL;
    PL_AUTO(x509_freep) X509 *x509 = X509_dup(leaf.x509);
    ASN1_TIME *time = ASN1_STRING_type_new(type);
    assert_int_equal(ASN1_STRING_set(time, not_before, -1), 1);
    assert_int_equal(X509_set1_notBefore(x509, time), 1);
    assert_true(X509_sign(x509, issuing.key, EVP_sha256()) > 0);
    assert_ok(cert_from_x509(x509, &cert, &e), &e);
    ASN1_STRING_free(time);
    return cert;
}

/* RFC 5280 §4.1.2.5: no fractions of a second, and Z. Clients refuse anything else. */
static void test_dates_in_another_form(void **state) {
    (void)state;
    static const struct {
        int type;
        const char *text;
        bool is_fine;
    } cases[] = {
        {V_ASN1_UTCTIME, "261101000000Z", true},
        {V_ASN1_UTCTIME, "261101000000+0100", false},
        {V_ASN1_GENERALIZEDTIME, "20261101000000Z", true},
        {V_ASN1_GENERALIZEDTIME, "20261101000000.5Z", false},
        {V_ASN1_GENERALIZEDTIME, "20261101000000-0100", false},
    };
    for (size_t i = 0; i < PL_ARRAY_LEN(cases); i++) {
        PL_AUTO(cert_freep) struct cert *cert = leaf_from(cases[i].type, cases[i].text);
        PL_AUTO(verdict_clear)
        struct verdict verdict = verify((struct verify_input){.leaf = cert});
        if (cases[i].is_fine) {
            assert_int_equal(verdict.overall, VERIFY_PASS);
        } else {
            assert_check(&verdict, VERIFY_TRUST, VERIFY_FAIL, ERR_VERIFY_MALFORMED,
                         "\"example.com\" breaks the rules for certificates: format error in "
                         "certificate's notBefore field");
        }
    }
}

/* --- issuer --- */

static void test_self_signed(void **state) {
    (void)state;
    struct made own =
        make_cert((struct make_cert){.name = "example.com", .sans = "DNS:example.com"});
    assert_only((struct verify_input){.leaf = own.cert}, VERIFY_TRUST, ERR_VERIFY_SELF_SIGNED,
                "signed by its own key, and not among the trusted certificates");
    PL_AUTO(cert_list_clear) struct cert_list trusted = LIST_OF(own.cert);
    PL_AUTO(verdict_clear)
    struct verdict verdict = verify((struct verify_input){.leaf = own.cert, .anchors = &trusted});
    assert_check(&verdict, VERIFY_TRUST, VERIFY_PASS, ERR_NONE,
                 "the certificate itself is among the trusted ones");
    assert_int_equal(verdict.overall, VERIFY_PASS);
    made_clear(&own);
}

static void test_untrusted_root(void **state) {
    (void)state;
    struct made other = make_cert((struct make_cert){.name = "Other Root", .is_ca = true});
    PL_AUTO(cert_list_clear) struct cert_list others = LIST_OF(other.cert);
    PL_AUTO(cert_list_clear) struct cert_list with_root = LIST_OF(issuing.cert, root.cert);
    assert_only((struct verify_input){.presented = &with_root, .anchors = &others}, VERIFY_TRUST,
                ERR_VERIFY_UNTRUSTED, "the chain ends in \"Root\", which is not trusted");
    PL_AUTO(verdict_clear)
    struct verdict verdict = verify((struct verify_input){.anchors = &others});
    assert_check(&verdict, VERIFY_TRUST, VERIFY_FAIL, ERR_VERIFY_UNTRUSTED,
                 "the chain ends at \"Issuing\", whose issuer \"Root\" is not trusted");
    assert_check(
        &verdict, VERIFY_SIGNATURE, VERIFY_UNKNOWN, ERR_VERIFY_INCOMPLETE_CHAIN,
        "the signature on \"Issuing\" cannot be checked without the certificate of \"Root\"");
    assert_false(verdict.presentation.has_missing_intermediate);
    made_clear(&other);
}

static void test_missing_intermediate(void **state) {
    (void)state;
    struct cert_list none = {0};
    PL_AUTO(verdict_clear)
    struct verdict verdict = verify((struct verify_input){.presented = &none});
    assert_check(&verdict, VERIFY_TRUST, VERIFY_FAIL, ERR_VERIFY_INCOMPLETE_CHAIN,
                 "the certificate of its issuer \"Issuing\" was not presented and is not trusted");
    assert_true(verdict.presentation.has_missing_intermediate);
    PL_AUTO(verdict_clear)
    struct verdict known =
        verify((struct verify_input){.presented = &none, .known = &intermediates});
    assert_check(&known, VERIFY_TRUST, VERIFY_FAIL, ERR_VERIFY_INCOMPLETE_CHAIN,
                 "the intermediate certificate \"Issuing\" was not presented");
    assert_int_equal(known.chain.count, 1);
}

static void test_trusted_intermediate_is_enough_here(void **state) {
    (void)state;
    struct cert_list none = {0};
    PL_AUTO(verdict_clear)
    struct verdict verdict =
        verify((struct verify_input){.presented = &none, .anchors = &intermediates});
    assert_check(&verdict, VERIFY_TRUST, VERIFY_PASS, ERR_NONE,
                 "issued by \"Issuing\", which is trusted");
    assert_int_equal(verdict.overall, VERIFY_PASS);
    assert_true(verdict.presentation.has_missing_intermediate);
    assert_int_equal(verdict.presentation.notes.count, 1);
}

static void test_broken_signature(void **state) {
    (void)state;
    struct made broken = make_cert((struct make_cert){.name = "example.com",
                                                      .issuer = &issuing,
                                                      .sans = "DNS:example.com",
                                                      .has_broken_signature = true});
    PL_AUTO(verdict_clear)
    struct verdict verdict = verify((struct verify_input){.leaf = broken.cert});
    assert_check(
        &verdict, VERIFY_TRUST, VERIFY_FAIL, ERR_VERIFY_BAD_SIGNATURE,
        "the path of trust is broken: the signature on \"example.com\" is not its issuer's");
    assert_check(&verdict, VERIFY_SIGNATURE, VERIFY_FAIL, ERR_VERIFY_BAD_SIGNATURE,
                 "the signature on \"example.com\" was not made with the key of \"Issuing\"");
    made_clear(&broken);
}

static void test_issuer_must_be_an_authority(void **state) {
    (void)state;
    struct made server = make_cert((struct make_cert){
        .name = "Server", .issuer = &root, .key_usage = "critical,digitalSignature,keyCertSign"});
    struct made below = make_cert(
        (struct make_cert){.name = "example.com", .issuer = &server, .sans = "DNS:example.com"});
    PL_AUTO(cert_list_clear) struct cert_list presented = LIST_OF(server.cert);
    assert_only((struct verify_input){.leaf = below.cert, .presented = &presented}, VERIFY_TRUST,
                ERR_VERIFY_NOT_A_CA,
                "\"Server\" issued a certificate of the chain, but is no certificate authority");
    made_clear(&server);
    made_clear(&below);
}

static void test_issuer_must_be_for_signing(void **state) {
    (void)state;
    struct made mute = make_cert((struct make_cert){
        .name = "Mute", .issuer = &root, .is_ca = true, .key_usage = "critical,cRLSign"});
    struct made below = make_cert(
        (struct make_cert){.name = "example.com", .issuer = &mute, .sans = "DNS:example.com"});
    PL_AUTO(cert_list_clear) struct cert_list presented = LIST_OF(mute.cert);
    PL_AUTO(verdict_clear)
    struct verdict verdict =
        verify((struct verify_input){.leaf = below.cert, .presented = &presented});
    assert_check(
        &verdict, VERIFY_TRUST, VERIFY_FAIL, ERR_VERIFY_NOT_A_CA,
        "\"Mute\" issued a certificate of the chain, but its key is not for signing certificates");
    made_clear(&mute);
    made_clear(&below);
}

static void test_path_length(void **state) {
    (void)state;
    struct made short_root =
        make_cert((struct make_cert){.name = "Short", .is_ca = true, .path_length = 1});
    struct made middle =
        make_cert((struct make_cert){.name = "Middle", .issuer = &short_root, .is_ca = true});
    struct made below = make_cert(
        (struct make_cert){.name = "example.com", .issuer = &middle, .sans = "DNS:example.com"});
    PL_AUTO(cert_list_clear) struct cert_list presented = LIST_OF(middle.cert);
    PL_AUTO(cert_list_clear) struct cert_list trusted = LIST_OF(short_root.cert);
    assert_only(
        (struct verify_input){.leaf = below.cert, .presented = &presented, .anchors = &trusted},
        VERIFY_TRUST, ERR_VERIFY_PATH_LENGTH,
        "there are more authorities in the chain than \"Short\" allows");
    made_clear(&short_root);
    made_clear(&middle);
    made_clear(&below);
}

static void test_wrong_usage(void **state) {
    (void)state;
    struct made client =
        make_cert((struct make_cert){.name = "example.com",
                                     .issuer = &issuing,
                                     .sans = "DNS:example.com",
                                     .extended_key_usage = "clientAuth,emailProtection"});
    struct made crl_only = make_cert((struct make_cert){.name = "example.com",
                                                        .issuer = &issuing,
                                                        .sans = "DNS:example.com",
                                                        .key_usage = "critical,cRLSign"});
    assert_only((struct verify_input){.leaf = client.cert}, VERIFY_TRUST, ERR_VERIFY_WRONG_USAGE,
                "not for servers, but for: TLS Web Client Authentication, E-mail Protection");
    assert_only((struct verify_input){.leaf = crl_only.cert}, VERIFY_TRUST, ERR_VERIFY_WRONG_USAGE,
                "its key usage does not let a server prove that it has the key");
    made_clear(&client);
    made_clear(&crl_only);
}

static void test_issuer_for_other_usages(void **state) {
    (void)state;
    struct made mail = make_cert((struct make_cert){
        .name = "Mail", .issuer = &root, .is_ca = true, .extended_key_usage = "emailProtection"});
    struct made below = make_cert(
        (struct make_cert){.name = "example.com", .issuer = &mail, .sans = "DNS:example.com"});
    PL_AUTO(cert_list_clear) struct cert_list presented = LIST_OF(mail.cert);
    assert_only((struct verify_input){.leaf = below.cert, .presented = &presented}, VERIFY_TRUST,
                ERR_VERIFY_WRONG_USAGE, "its issuer \"Mail\" is not for certificates of servers");
    made_clear(&mail);
    made_clear(&below);
}

static void test_authority_as_server(void **state) {
    (void)state;
    struct made ca =
        make_cert((struct make_cert){.name = "example.com",
                                     .issuer = &issuing,
                                     .is_ca = true,
                                     .key_usage = "critical,digitalSignature,keyCertSign",
                                     .sans = "DNS:example.com"});
    assert_only((struct verify_input){.leaf = ca.cert}, VERIFY_TRUST, ERR_VERIFY_CA_AS_LEAF,
                "the certificate is a certificate authority's, not a server's");
    made_clear(&ca);
}

static void test_name_constraints(void **state) {
    (void)state;
    struct made bound =
        make_cert((struct make_cert){.name = "Bound",
                                     .issuer = &root,
                                     .is_ca = true,
                                     .name_constraints = "critical,permitted;DNS:example.org"});
    struct made outside = make_cert(
        (struct make_cert){.name = "example.com", .issuer = &bound, .sans = "DNS:example.com"});
    struct made inside =
        make_cert((struct make_cert){.issuer = &bound, .sans = "DNS:www.example.org"});
    PL_AUTO(cert_list_clear) struct cert_list presented = LIST_OF(bound.cert);
    assert_only((struct verify_input){.leaf = outside.cert, .presented = &presented}, VERIFY_TRUST,
                ERR_VERIFY_NAME_CONSTRAINTS,
                "\"Bound\" may certify certain names only, and not those of \"example.com\"");
    PL_AUTO(verdict_clear)
    struct verdict verdict = verify((struct verify_input){
        .leaf = inside.cert, .presented = &presented, .host = "www.example.org"});
    assert_int_equal(verdict.overall, VERIFY_PASS);
    made_clear(&bound);
    made_clear(&outside);
    made_clear(&inside);
}

static void test_unknown_critical_extension(void **state) {
    (void)state;
    struct made odd = make_cert((struct make_cert){.name = "example.com",
                                                   .issuer = &issuing,
                                                   .sans = "DNS:example.com",
                                                   .unknown_critical = "1.3.6.1.4.1.99999.1"});
    assert_only((struct verify_input){.leaf = odd.cert}, VERIFY_TRUST,
                ERR_VERIFY_CRITICAL_EXTENSION,
                "\"example.com\" has a critical extension that clients do not know");
    made_clear(&odd);
}

static void test_issuer_with_another_key_identifier(void **state) {
    (void)state;
    struct made twin = make_cert((struct make_cert){
        .name = "Issuing", .issuer = &root, .key_of = &issuing, .is_ca = true, .key_id = "0102"});
    PL_AUTO(cert_list_clear) struct cert_list presented = LIST_OF(twin.cert);
    PL_AUTO(verdict_clear)
    struct verdict verdict = verify((struct verify_input){.presented = &presented});
    assert_check(
        &verdict, VERIFY_TRUST, VERIFY_FAIL, ERR_VERIFY_MALFORMED,
        "\"example.com\" asks for an issuer with another key identifier than \"Issuing\" has");
    made_clear(&twin);
}

static void test_issuer_without_key_identifier(void **state) {
    (void)state;
    struct made nameless = make_cert((struct make_cert){.name = "Issuing",
                                                        .issuer = &root,
                                                        .key_of = &issuing,
                                                        .is_ca = true,
                                                        .has_no_key_ids = true});
    PL_AUTO(cert_list_clear) struct cert_list presented = LIST_OF(nameless.cert);
    PL_AUTO(verdict_clear)
    struct verdict verdict = verify((struct verify_input){.presented = &presented});
    assert_int_equal(verdict.checks[VERIFY_TRUST].outcome, VERIFY_PASS);
    made_clear(&nameless);
}

static void test_right_issuer_is_found_among_namesakes(void **state) {
    (void)state;
    struct made impostor = make_cert((struct make_cert){
        .name = "Issuing", .issuer = &root, .is_ca = true, .has_no_key_ids = true});
    struct made expired =
        make_cert((struct make_cert){.name = "Issuing",
                                     .issuer = &root,
                                     .key_of = &issuing,
                                     .is_ca = true,
                                     .not_after_ms = MAKE_CERT_NOW_MS - CLOCK_DAY_MS});
    PL_AUTO(cert_list_clear)
    struct cert_list presented = LIST_OF(leaf.cert, impostor.cert, expired.cert, issuing.cert);
    PL_AUTO(verdict_clear)
    struct verdict verdict = verify((struct verify_input){.presented = &presented});
    assert_int_equal(verdict.overall, VERIFY_PASS);
    assert_true(cert_equal(verdict.chain.items[1], issuing.cert));
    assert_int_equal(verdict.presentation.stranger_count, 2);
    made_clear(&impostor);
    made_clear(&expired);
}

static void test_two_faults_are_both_told(void **state) {
    (void)state;
    struct made worst =
        make_cert((struct make_cert){.name = "example.com",
                                     .sans = "DNS:example.net",
                                     .not_after_ms = MAKE_CERT_NOW_MS - CLOCK_DAY_MS});
    PL_AUTO(verdict_clear)
    struct verdict verdict = verify((struct verify_input){.leaf = worst.cert});
    assert_int_equal(verdict.checks[VERIFY_DATES].code, ERR_VERIFY_EXPIRED);
    assert_int_equal(verdict.checks[VERIFY_TRUST].code, ERR_VERIFY_SELF_SIGNED);
    assert_int_equal(verdict.checks[VERIFY_NAME].code, ERR_VERIFY_NAME_MISMATCH);
    made_clear(&worst);
}

/* --- signature --- */

static void test_weak_hashes(void **state) {
    (void)state;
    struct made sha1 = make_cert((struct make_cert){
        .name = "example.com", .issuer = &issuing, .sans = "DNS:example.com", .digest = "SHA1"});
    assert_only((struct verify_input){.leaf = sha1.cert}, VERIFY_SIGNATURE,
                ERR_VERIFY_WEAK_SIGNATURE,
                "the signature on \"example.com\" uses SHA1, which can be forged");
    made_clear(&sha1);
    struct made rsa = make_cert(
        (struct make_cert){.name = "RSA", .issuer = &root, .key_type = "RSA-2048", .is_ca = true});
    struct made md5 = make_cert((struct make_cert){
        .name = "example.com", .issuer = &rsa, .sans = "DNS:example.com", .digest = "MD5"});
    PL_AUTO(cert_list_clear) struct cert_list presented = LIST_OF(rsa.cert);
    assert_only((struct verify_input){.leaf = md5.cert, .presented = &presented}, VERIFY_SIGNATURE,
                ERR_VERIFY_WEAK_SIGNATURE,
                "the signature on \"example.com\" uses MD5, which can be forged");
    made_clear(&rsa);
    made_clear(&md5);
}

static void test_weak_signature_of_a_trusted_root_does_not_matter(void **state) {
    (void)state;
    struct made old_root =
        make_cert((struct make_cert){.name = "Old", .is_ca = true, .digest = "SHA1"});
    struct made below = make_cert(
        (struct make_cert){.name = "example.com", .issuer = &old_root, .sans = "DNS:example.com"});
    PL_AUTO(cert_list_clear) struct cert_list trusted = LIST_OF(old_root.cert);
    PL_AUTO(verdict_clear)
    struct verdict verdict = verify((struct verify_input){.leaf = below.cert, .anchors = &trusted});
    assert_check(&verdict, VERIFY_SIGNATURE, VERIFY_PASS, ERR_NONE,
                 "the signature is right (ecdsa-with-SHA256)");
    made_clear(&old_root);
    made_clear(&below);
}

static void test_weak_key(void **state) {
    (void)state;
    struct made weak = make_cert((struct make_cert){.name = "example.com",
                                                    .issuer = &issuing,
                                                    .sans = "DNS:example.com",
                                                    .key_type = "RSA-1024"});
    assert_only((struct verify_input){.leaf = weak.cert}, VERIFY_SIGNATURE, ERR_VERIFY_WEAK_KEY,
                "the key of \"example.com\" has 1024 bits only");
    made_clear(&weak);
}

/* --- name --- */

static void test_other_names(void **state) {
    (void)state;
    assert_only((struct verify_input){.host = "www.example.com"}, VERIFY_NAME,
                ERR_VERIFY_NAME_MISMATCH,
                "the name www.example.com is not among: example.com, shop.example.com");
}

static void test_many_names_are_counted(void **state) {
    (void)state;
    struct made many = make_cert((struct make_cert){
        .issuer = &issuing,
        .sans = "DNS:a.example,DNS:b.example,DNS:c.example,DNS:d.example,DNS:e.example,"
                "DNS:f.example,DNS:g.example,DNS:h.example"});
    assert_only((struct verify_input){.leaf = many.cert}, VERIFY_NAME, ERR_VERIFY_NAME_MISMATCH,
                "the name example.com is not among: a.example, b.example, c.example, d.example, "
                "e.example, f.example and 2 more");
    made_clear(&many);
}

static void test_common_name_alone(void **state) {
    (void)state;
    struct made old = make_cert((struct make_cert){.name = "example.com", .issuer = &issuing});
    assert_only((struct verify_input){.leaf = old.cert}, VERIFY_NAME, ERR_VERIFY_NO_NAMES,
                "the certificate has no subject alternative names, and clients look at no other");
    made_clear(&old);
}

static void test_no_host_is_no_failure(void **state) {
    (void)state;
    struct err e = {0};
    struct verify_input input = {.leaf = leaf.cert,
                                 .presented = &intermediates,
                                 .anchors = &anchors,
                                 .at_ms = MAKE_CERT_NOW_MS};
    PL_AUTO(verdict_clear) struct verdict verdict = {0};
    assert_ok(verify_certificate(&input, &verdict, &e), &e);
    assert_check(&verdict, VERIFY_NAME, VERIFY_UNKNOWN, ERR_VERIFY_NO_HOST,
                 "no name was given to compare with; it is for: example.com, shop.example.com");
    assert_int_equal(verdict.overall, VERIFY_PASS);
}

/* --- revocation --- */

static struct crl *crl_of(struct make_crl wish) {
    struct err e = {0};
    PL_AUTO(x509_crl_freep) X509_CRL *x509_crl = make_crl(wish);
    PL_AUTO(buf_clear) struct buf der;
    buf_init(&der, CRL_DER_MAX);
    assert_ok(openssl_append_der(&der, (i2d_of_void *)i2d_X509_CRL, x509_crl, &e), &e);
    struct crl *crl = NULL;
    assert_ok(crl_from_der(der.data, der.len, &crl, &e), &e);
    return crl;
}

static void assert_revocation(const struct crl *crl, enum verify_outcome outcome,
                              enum err_code code, const char *sentence) {
    const struct crl *crls[] = {crl};
    PL_AUTO(verdict_clear)
    struct verdict verdict = verify((struct verify_input){.crls = crls, .crl_count = 1});
    assert_check(&verdict, VERIFY_REVOCATION, outcome, code, sentence);
    assert_others_pass(&verdict, VERIFY_REVOCATION);
}

static void test_revoked_leaf(void **state) {
    (void)state;
    struct make_revoked revoked = {
        .cert = &leaf, .reason = 1, .at_ms = MAKE_CERT_NOW_MS - 5 * CLOCK_DAY_MS};
    PL_AUTO(crl_freep)
    struct crl *crl =
        crl_of((struct make_crl){.issuer = &issuing, .revoked = &revoked, .revoked_count = 1});
    assert_revocation(crl, VERIFY_FAIL, ERR_VERIFY_REVOKED,
                      "revoked 5 days ago, on 2026-11-18: key compromise");
    /* an old list still says so */
    PL_AUTO(crl_freep)
    struct crl *old = crl_of((struct make_crl){.issuer = &issuing,
                                               .this_ms = MAKE_CERT_NOW_MS - 4 * CLOCK_DAY_MS,
                                               .next_ms = MAKE_CERT_NOW_MS - 3 * CLOCK_DAY_MS,
                                               .revoked = &revoked,
                                               .revoked_count = 1});
    assert_revocation(old, VERIFY_FAIL, ERR_VERIFY_REVOKED,
                      "revoked 5 days ago, on 2026-11-18: key compromise");
}

/* RFC 5280 §5.3: an entry that nobody can read makes the whole list useless. */
static void test_entry_with_unknown_critical_extension(void **state) {
    (void)state;
    struct make_revoked other = {.cert = &issuing,
                                 .reason = 1,
                                 .at_ms = MAKE_CERT_NOW_MS - CLOCK_DAY_MS,
                                 .has_unknown_critical = true};
    PL_AUTO(crl_freep)
    struct crl *crl =
        crl_of((struct make_crl){.issuer = &issuing, .revoked = &other, .revoked_count = 1});
    const struct crl *crls[] = {crl};
    PL_AUTO(verdict_clear)
    struct verdict verdict = verify((struct verify_input){.crls = crls, .crl_count = 1});
    assert_int_equal(verdict.checks[VERIFY_REVOCATION].outcome, VERIFY_UNKNOWN);
    other.has_unknown_critical = false;
    PL_AUTO(crl_freep)
    struct crl *known =
        crl_of((struct make_crl){.issuer = &issuing, .revoked = &other, .revoked_count = 1});
    crls[0] = known;
    PL_AUTO(verdict_clear)
    struct verdict sound = verify((struct verify_input){.crls = crls, .crl_count = 1});
    assert_int_equal(sound.checks[VERIFY_REVOCATION].outcome, VERIFY_PASS);
}

/* OpenSSL tries the first issuer of the name alone: that one has to be the right one. */
static void test_cross_signed_issuer(void **state) {
    (void)state;
    struct err e = {0};
    struct made trusted = make_cert((struct make_cert){.name = "Trusted", .is_ca = true});
    struct made crossed = make_cert((struct make_cert){
        .name = "Issuing", .issuer = &trusted, .key_of = &issuing, .is_ca = true});
    PL_AUTO(cert_list_clear) struct cert_list shown = {0};
    PL_AUTO(cert_list_clear) struct cert_list trust = {0};
    assert_ok(cert_list_add(&shown, issuing.cert, &e), &e);
    assert_ok(cert_list_add(&shown, root.cert, &e), &e);
    assert_ok(cert_list_add(&shown, crossed.cert, &e), &e);
    assert_ok(cert_list_add(&trust, trusted.cert, &e), &e);
    PL_AUTO(verdict_clear)
    struct verdict verdict = verify((struct verify_input){.presented = &shown, .anchors = &trust});
    assert_int_equal(verdict.checks[VERIFY_TRUST].outcome, VERIFY_PASS);
    assert_int_equal(verdict.chain.count, 3);
    made_clear(&trusted);
    made_clear(&crossed);
}

static void test_revoked_issuer(void **state) {
    (void)state;
    struct make_revoked revoked = {
        .cert = &issuing, .reason = -1, .at_ms = MAKE_CERT_NOW_MS - CLOCK_DAY_MS};
    PL_AUTO(crl_freep)
    struct crl *crl =
        crl_of((struct make_crl){.issuer = &root, .revoked = &revoked, .revoked_count = 1});
    assert_revocation(
        crl, VERIFY_FAIL, ERR_VERIFY_REVOKED,
        "its issuer \"Issuing\" was revoked 1 day ago, on 2026-11-22: no reason given");
}

static void test_not_revoked(void **state) {
    (void)state;
    struct make_revoked later = {
        .cert = &leaf, .reason = 4, .at_ms = MAKE_CERT_NOW_MS + CLOCK_HOUR_MS};
    PL_AUTO(crl_freep) struct crl *clean = crl_of((struct make_crl){.issuer = &issuing});
    PL_AUTO(crl_freep)
    struct crl *future =
        crl_of((struct make_crl){.issuer = &issuing, .revoked = &later, .revoked_count = 1});
    assert_revocation(clean, VERIFY_PASS, ERR_NONE,
                      "not on the issuer's revocation list of 2026-11-22");
    assert_revocation(future, VERIFY_PASS, ERR_NONE,
                      "not on the issuer's revocation list of 2026-11-22");
}

static void test_stale_and_foreign_lists_say_nothing(void **state) {
    (void)state;
    struct made impostor = make_cert((struct make_cert){.name = "Issuing", .is_ca = true});
    PL_AUTO(crl_freep)
    struct crl *stale =
        crl_of((struct make_crl){.issuer = &issuing, .next_ms = MAKE_CERT_NOW_MS - 1000});
    PL_AUTO(crl_freep) struct crl *foreign = crl_of((struct make_crl){.issuer = &impostor});
    assert_revocation(stale, VERIFY_UNKNOWN, ERR_VERIFY_CRL_STALE,
                      "not on the issuer's revocation list, which is out of date since 2026-11-22");
    assert_revocation(foreign, VERIFY_UNKNOWN, ERR_VERIFY_REVOCATION_UNKNOWN,
                      "not checked: nothing proves that the revocation list is by \"CN=Issuing\"");
    made_clear(&impostor);
}

/* An issuer may have another certificate for its lists, as long as that one is valid itself. */
static void test_signer_of_a_list_is_out_of_date(void **state) {
    (void)state;
    struct make_cert wish = {
        .name = "Issuing", .issuer = &root, .key_usage = "critical,cRLSign", .is_ca = true};
    struct made fresh = make_cert(wish);
    wish.not_after_ms = MAKE_CERT_NOW_MS - CLOCK_DAY_MS;
    struct made old = make_cert(wish);
    wish.not_after_ms = 0;
    wish.not_before_ms = MAKE_CERT_NOW_MS + CLOCK_DAY_MS;
    struct made early = make_cert(wish);
    struct made *const signers[] = {&fresh, &old, &early};
    for (size_t i = 0; i < PL_ARRAY_LEN(signers); i++) {
        PL_AUTO(cert_list_clear) struct cert_list issuers = LIST_OF(signers[i]->cert);
        PL_AUTO(crl_freep) struct crl *crl = crl_of((struct make_crl){.issuer = signers[i]});
        const struct crl *crls[] = {crl};
        PL_AUTO(verdict_clear)
        struct verdict verdict =
            verify((struct verify_input){.issuers = &issuers, .crls = crls, .crl_count = 1});
        assert_int_equal(verdict.checks[VERIFY_REVOCATION].outcome,
                         i == 0 ? VERIFY_PASS : VERIFY_UNKNOWN);
        made_clear(signers[i]);
    }
}

/* --- how it was presented --- */

static void test_presentation_faults_are_told_and_harmless(void **state) {
    (void)state;
    struct made stranger = make_cert((struct make_cert){.name = "stranger.example"});
    PL_AUTO(cert_list_clear)
    struct cert_list presented =
        LIST_OF(root.cert, stranger.cert, leaf.cert, issuing.cert, issuing.cert);
    PL_AUTO(verdict_clear)
    struct verdict verdict = verify((struct verify_input){.presented = &presented});
    const struct verify_presentation *p = &verdict.presentation;
    assert_int_equal(verdict.overall, VERIFY_PASS);
    assert_true(p->is_unsorted);
    assert_true(p->has_superfluous_root);
    assert_false(p->has_missing_intermediate);
    assert_int_equal(p->stranger_count, 1);
    assert_int_equal(p->duplicate_count, 1);
    assert_int_equal(p->notes.count, 4);
    assert_string_equal(
        p->notes.items[1],
        "the root \"Root\" was presented as well: clients have it or do not trust it");
    assert_string_equal(
        p->notes.items[3],
        "1 certificate was presented that is no part of the path: stranger.example");
    made_clear(&stranger);
}

static void test_leaf_first_then_issuer_is_in_order(void **state) {
    (void)state;
    PL_AUTO(cert_list_clear) struct cert_list presented = LIST_OF(leaf.cert, issuing.cert);
    PL_AUTO(verdict_clear)
    struct verdict verdict = verify((struct verify_input){.presented = &presented});
    assert_false(verdict.presentation.is_unsorted);
    assert_int_equal(verdict.presentation.notes.count, 0);
}

static bool verify_and_drop(struct err *e) {
    PL_AUTO(verdict_clear) struct verdict verdict = {0};
    struct cert *presented[] = {root.cert, issuing.cert, leaf.cert};
    struct cert_list list = {.items = presented, .count = 3};
    struct verify_input input = {.leaf = leaf.cert,
                                 .presented = &list,
                                 .anchors = &anchors,
                                 .host = "example.com",
                                 .at_ms = MAKE_CERT_NOW_MS};
    return verify_certificate(&input, &verdict, e);
}

static void test_verifying_survives_failing_memory(void **state) {
    (void)state;
    struct err e = {0};
    mem_fail_at(0);
    assert_survives_oom(verify_and_drop(&e), &e);
}

static void test_sentences_are_cut_at_a_character(void **state) {
    (void)state;
    char host[2 * 400 + 2] = "x";
    for (size_t i = 0; i < 400; i++) {
        memcpy(host + 1 + 2 * i, "\xc3\xa9", 2);
    }
    for (size_t start = 0; start < 2; start++) {
        PL_AUTO(verdict_clear)
        struct verdict verdict = verify((struct verify_input){.host = host + start});
        const char *sentence = verdict.checks[VERIFY_NAME].sentence;
        assert_int_equal(verdict.checks[VERIFY_NAME].outcome, VERIFY_FAIL);
        assert_in_range(strlen(sentence), ERR_TEXT_MAX - 2, ERR_TEXT_MAX - 1);
        assert_true(utf8_is_valid(sentence, strlen(sentence)));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound_certificate_passes),
        cmocka_unit_test(test_dates_to_the_second),
        cmocka_unit_test(test_expired_says_when),
        cmocka_unit_test(test_not_yet_valid_says_when),
        cmocka_unit_test(test_issuer_out_of_date_is_named),
        cmocka_unit_test(test_dates_in_another_form),
        cmocka_unit_test(test_self_signed),
        cmocka_unit_test(test_untrusted_root),
        cmocka_unit_test(test_missing_intermediate),
        cmocka_unit_test(test_trusted_intermediate_is_enough_here),
        cmocka_unit_test(test_broken_signature),
        cmocka_unit_test(test_issuer_must_be_an_authority),
        cmocka_unit_test(test_issuer_must_be_for_signing),
        cmocka_unit_test(test_path_length),
        cmocka_unit_test(test_wrong_usage),
        cmocka_unit_test(test_issuer_for_other_usages),
        cmocka_unit_test(test_authority_as_server),
        cmocka_unit_test(test_name_constraints),
        cmocka_unit_test(test_unknown_critical_extension),
        cmocka_unit_test(test_issuer_with_another_key_identifier),
        cmocka_unit_test(test_issuer_without_key_identifier),
        cmocka_unit_test(test_right_issuer_is_found_among_namesakes),
        cmocka_unit_test(test_two_faults_are_both_told),
        cmocka_unit_test(test_weak_hashes),
        cmocka_unit_test(test_weak_signature_of_a_trusted_root_does_not_matter),
        cmocka_unit_test(test_weak_key),
        cmocka_unit_test(test_other_names),
        cmocka_unit_test(test_many_names_are_counted),
        cmocka_unit_test(test_common_name_alone),
        cmocka_unit_test(test_no_host_is_no_failure),
        cmocka_unit_test(test_revoked_leaf),
        cmocka_unit_test(test_entry_with_unknown_critical_extension),
        cmocka_unit_test(test_cross_signed_issuer),
        cmocka_unit_test(test_revoked_issuer),
        cmocka_unit_test(test_not_revoked),
        cmocka_unit_test(test_stale_and_foreign_lists_say_nothing),
        cmocka_unit_test(test_signer_of_a_list_is_out_of_date),
        cmocka_unit_test(test_presentation_faults_are_told_and_harmless),
        cmocka_unit_test(test_leaf_first_then_issuer_is_in_order),
        cmocka_unit_test(test_verifying_survives_failing_memory),
        cmocka_unit_test(test_sentences_are_cut_at_a_character),
    };
    return cmocka_run_group_tests(tests, make_all, clear_all);
}
