/*
 * pki/verify against NIST's PKITS: 223 paths with known verdicts, by RFC 5280 with any policy.
 *
 * The verdict stands in the certificate's file name, or in others[] below. A valid path must have
 * no failed check, and its revocation known; an invalid one must fail, or leave revocation open.
 * Where we differ, and why, is in differences[]: a difference that is gone fails the test as a new
 * one does. The certificates have no names of servers: the name is not compared.
 *
 * The files are those of Debian's python3-cryptography-vectors (tools/setup test).
 */
#include "unit.h"

#include "base/str.h"
#include "pki/crl.h"
#include "pki/verify.h"
#include "sys/file.h"

#define PKITS "/usr/lib/python3/dist-packages/cryptography_vectors/x509/PKITS_data"
#define ROOT_NAME "TrustAnchorRootCertificate.crt"

enum { FILES_MAX = 1000, CASES_COUNT = 223 };
#define AT_MS INT64_C(1795392000000) /* 2026-11-23 */

/* Names that do not say it; PKITS §4.8, with the initial policy set "any". */
static const struct {
    const char *name;
    bool is_valid;
} others[] = {
    {"AllCertificatesNoPoliciesTest2EE.crt", true},
    {"AllCertificatesSamePoliciesTest10EE.crt", true},
    {"AllCertificatesSamePoliciesTest13EE.crt", true},
    {"AllCertificatesanyPolicyTest11EE.crt", true},
    {"AnyPolicyTest14EE.crt", true},
    {"CPSPointerQualifierTest20EE.crt", true},
    {"DifferentPoliciesTest3EE.crt", true},
    {"DifferentPoliciesTest4EE.crt", false},
    {"DifferentPoliciesTest5EE.crt", false},
    {"DifferentPoliciesTest7EE.crt", false},
    {"DifferentPoliciesTest8EE.crt", false},
    {"DifferentPoliciesTest9EE.crt", false},
    {"DifferentPoliciesTest12EE.crt", false},
    {"OverlappingPoliciesTest6EE.crt", true},
    {"UserNoticeQualifierTest15EE.crt", true},
    {"UserNoticeQualifierTest16EE.crt", true},
    {"UserNoticeQualifierTest17EE.crt", true},
    {"UserNoticeQualifierTest18EE.crt", true},
    {"UserNoticeQualifierTest19EE.crt", true},
    {"inhibitAnyPolicyTest3EE.crt", true},
};

static const struct {
    const char *name;
    enum err_code code; /* ERR_NONE: we find nothing wrong */
    const char *reason;
} differences[] = {
    {"ValidDSAParameterInheritanceTest5EE.crt", ERR_VERIFY_INCOMPLETE_CHAIN,
     "OpenSSL does not inherit DSA parameters while a path is sought"},
    {"ValidDSASignaturesTest4EE.crt", ERR_VERIFY_WEAK_SIGNATURE, "SHA-1 is refused"},
    {"OverlappingPoliciesTest6EE.crt", ERR_VERIFY_CA_AS_LEAF, "no server is a CA"},
    {"ValidonlyContainsCACertsTest13EE.crt", ERR_VERIFY_CA_AS_LEAF, "no server is a CA"},
    {"ValidpathLenConstraintTest8EE.crt", ERR_VERIFY_CA_AS_LEAF, "no server is a CA"},
    {"ValidpathLenConstraintTest14EE.crt", ERR_VERIFY_CA_AS_LEAF, "no server is a CA"},
};

static struct cert_list anchors;
static struct cert_list issuers;
static struct crl *crls[FILES_MAX];
static size_t crl_count;

static void read_bytes(const char *folder, const char *name, struct buf *out) {
    struct err e = {0};
    PL_AUTO(mem_freep) char *path = NULL;
    assert_ok(file_join(folder, name, &path, &e), &e);
    assert_ok(file_read(path, out, &e), &e);
}

static struct cert *read_cert(const char *name) {
    struct err e = {0};
    struct cert *cert = NULL;
    PL_AUTO(buf_clear) struct buf bytes = {.max = CERT_DER_MAX};
    read_bytes(PKITS "/certs", name, &bytes);
    assert_ok(cert_from_der(bytes.data, bytes.len, &cert, &e), &e);
    return cert;
}

static void list_files(const char *folder, const char *ending, struct list *out) {
    struct err e = {0};
    list_init(out, FILES_MAX);
    assert_ok(file_list(folder, ending, out, &e), &e);
}

static int read_all(void **state) {
    (void)state;
    struct err e = {0};
    PL_AUTO(list_clear) struct list certs;
    PL_AUTO(list_clear) struct list lists;
    list_files(PKITS "/certs", ".crt", &certs);
    list_files(PKITS "/crls", ".crl", &lists);
    for (size_t i = 0; i < certs.count; i++) {
        if (str_ends_with(certs.items[i], "EE.crt")) {
            continue;
        }
        PL_AUTO(cert_freep) struct cert *cert = read_cert(certs.items[i]);
        bool is_root = str_equal(certs.items[i], ROOT_NAME);
        assert_ok(cert_list_add(is_root ? &anchors : &issuers, cert, &e), &e);
    }
    for (size_t i = 0; i < lists.count; i++) {
        PL_AUTO(buf_clear) struct buf bytes = {.max = CRL_DER_MAX};
        read_bytes(PKITS "/crls", lists.items[i], &bytes);
        assert_ok(crl_from_der(bytes.data, bytes.len, &crls[crl_count], &e), &e);
        crl_count++;
    }
    return 0;
}

static int free_all(void **state) {
    (void)state;
    cert_list_clear(&anchors);
    cert_list_clear(&issuers);
    while (crl_count > 0) {
        crl_free(crls[--crl_count]);
    }
    return 0;
}

static bool should_be_valid(const char *name) {
    for (size_t i = 0; i < PL_ARRAY_LEN(others); i++) {
        if (str_equal(others[i].name, name)) {
            return others[i].is_valid;
        }
    }
    assert_true(str_starts_with(name, "Valid") || str_starts_with(name, "Invalid"));
    return str_starts_with(name, "Valid");
}

/* Nothing failed but that there is no name of a server; *out_code is what did. */
static bool is_found_valid(const struct verdict *verdict, enum err_code *out_code) {
    bool is_valid = verdict->checks[VERIFY_REVOCATION].outcome != VERIFY_UNKNOWN;
    *out_code = ERR_NONE;
    for (size_t i = 0; i < verdict->faults.count; i++) {
        enum err_code code = verdict->faults.items[i].code;
        if (code != ERR_VERIFY_NO_NAMES && code != ERR_VERIFY_NAME_MISMATCH) {
            *out_code = *out_code == ERR_NONE ? code : *out_code;
            is_valid = false;
        }
    }
    return is_valid;
}

static bool is_known_difference(const char *name, enum err_code code) {
    for (size_t i = 0; i < PL_ARRAY_LEN(differences); i++) {
        if (str_equal(differences[i].name, name)) {
            assert_string_equal(err_code_text(code), err_code_text(differences[i].code));
            return true;
        }
    }
    return false;
}

static void test_verdicts_are_those_of_pkits(void **state) {
    (void)state;
    PL_AUTO(list_clear) struct list names;
    list_files(PKITS "/certs", "EE.crt", &names);
    assert_int_equal(names.count, CASES_COUNT);
    size_t difference_count = 0;
    for (size_t i = 0; i < names.count; i++) {
        struct err e = {0};
        enum err_code code = ERR_NONE;
        PL_AUTO(cert_freep) struct cert *leaf = read_cert(names.items[i]);
        PL_AUTO(verdict_clear) struct verdict verdict = {0};
        const struct verify_input input = {.leaf = leaf,
                                           .issuers = &issuers,
                                           .anchors = &anchors,
                                           .at_ms = AT_MS,
                                           .crls = (const struct crl *const *)crls,
                                           .crl_count = crl_count};
        assert_ok(verify_certificate(&input, &verdict, &e), &e);
        bool is_valid = should_be_valid(names.items[i]);
        if (is_found_valid(&verdict, &code) != is_valid) {
            difference_count++;
            if (!is_known_difference(names.items[i], code)) {
                fail_msg("%s: %s", names.items[i], err_code_text(code));
            }
        }
    }
    assert_int_equal(difference_count, PL_ARRAY_LEN(differences));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts_are_those_of_pkits),
    };
    return cmocka_run_group_tests(tests, read_all, free_all);
}
